/*
 * skill.h - the bundled skill: what `claudemesh skill` prints and `install` puts where agents
 * look for it. The file is skills/claudemesh/SKILL.md.
 */
#ifndef CLI_SKILL_H
#define CLI_SKILL_H

extern const char skill_bundled[];

#endif
