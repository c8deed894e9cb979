/*
 * argv.h - the command line into a command, its flags and its arguments.
 *
 * Flags may stand anywhere and are typed by their command. `--key=value` and `--key value`
 * are the same, `--` ends the flags, `-` is an argument (standard input). Before the
 * command's name a flag is read as the first command that has it takes it. Unknown names are
 * refused with the nearest valid one. An invite link in the place of a command is
 * `launch --join LINK`.
 */
#ifndef CLI_ARGV_H
#define CLI_ARGV_H

#include "cli/cli.h"

enum { ARGV_WORDS_MAX = 4096 };

/* Fills global, command, flags, args, passed, hint of *c; c->arena must be set. Where it
 * fails, the global flags that were understood are set all the same. argv[0] is skipped. */
struct err *argv_parse(struct cli *c, int argc, char *const *argv,
		       const struct command *const *list) MUST_CHECK;

/* The row with this name or alias; NULL if none. */
const struct command *command_get(const struct command *const *list, str name);
/* Nearest name or alias, or STR_NONE. */
str command_nearest(const struct command *const *list, str typed);

#endif
