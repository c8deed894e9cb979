/*
 * launch_wizard.h - the questions of `launch` on a terminal: who one is in the session.
 */
#ifndef CLI_LAUNCH_WIZARD_H
#define CLI_LAUNCH_WIZARD_H

#include "cli/cli.h"

/* Empty: not said. */
struct launch_wishes {
	str agent, name, role, groups;
	str mode;                     /* push, inbox or off */
};

/* Is somebody there who wants to be asked? Not with --yes, --quiet, --no-input, --json. */
bool launch_wizard_may(const struct cli *c);
/* Asks for what was not said, with name as its default; then whether to start. CANCELLED: no. */
struct err *launch_wizard(struct cli *c, str mesh, str cwd, str name, struct launch_wishes *w) MUST_CHECK;

#endif
