/*
 * help.h - help printed from the rows of the commands. Every line fits 80 columns.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

void help_overview(struct cli *c);
void help_of(struct cli *c, const struct command *cmd);
void help_version(struct cli *c);

#endif
