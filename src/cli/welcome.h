/*
 * welcome.h - `claudemesh` without a command.
 */
#ifndef CLI_WELCOME_H
#define CLI_WELCOME_H

#include "cli/cli.h"

/* On a terminal: the first steps, or launch; else the overview of the commands. */
struct err *welcome_bare(struct cli *c) MUST_CHECK;

#endif
