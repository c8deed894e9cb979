/*
 * skill_text.h - a skill of the mesh as text for an agent: YAML front matter and
 * instructions (client.md 8.2, wire-platform.md 5).
 */
#ifndef MCP_SKILL_TEXT_H
#define MCP_SKILL_TEXT_H

#include "base/buf.h"
#include "proto/skill.h"

/* As a prompt: front matter only where the manifest says something; context "fork" puts the
 * instruction to run it in a sub-agent in front. */
void skill_prompt(struct buf *b, const struct skill_args *s, const struct skill_manifest_args *m);
/* As a file: name, description and tags, then the manifest. */
void skill_file(struct buf *b, const struct skill_args *s, const struct skill_manifest_args *m);

#endif
