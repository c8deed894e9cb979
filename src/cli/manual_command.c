/*
 * manual_command.c - `__manual`: the manual, for tools/gen-cli.
 */
#include "cli/commands.h"
#include "cli/manual.h"

enum { MANUAL_BYTES_MAX = 1 << 20 };

static struct err *manual_run(struct cli *c, const void *flags UNUSED)
{
	CLEANUP(buf_done) struct buf b = buf_make(MANUAL_BYTES_MAX);

	if (str_eq(c->args[0], S("man")))
		manual_man(c->arena, &b);
	else
		manual_markdown(c->arena, &b);
	out_block(&c->out, 0, buf_str(&b));
	return NULL;
}

const struct command manual_command = {
	.name = "__manual",
	.arguments = "man|markdown",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = manual_run,
	.doc = "Prints the manual for tools/gen-cli.",
	.hidden = true,
};
