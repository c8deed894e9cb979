#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/argv.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/policy.h"
#include "cli/welcome.h"
#include "client/validate.h"
#include "crypto/secret.h"

struct err *cli_hint(struct cli *c, struct err *e, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->hint = arena_dup(c->arena, str_from(text));
	return e;
}

struct err *cli_invalid(struct cli *c, str field, const char *code, str reason, str expected)
{
	struct invalid why;

	invalid_because(&why, field, STR_NONE, code, reason, expected);
	return invalid_err(c->arena, &why);
}

/* Everything up to the end of standard input. */
static struct err *read_stdin(struct cli *c, struct buf *b)
{
	for (;;) {
		char *room = buf_room(b, 4096);
		ssize_t n;

		if (!room)
			return FAIL(c->arena, TOO_LARGE, "standard input is longer than %zu bytes",
				    b->max - 4096);
		n = read(STDIN_FILENO, room, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL(c->arena, IO, "reading standard input failed: %s",
				    strerror(errno));
		if (n == 0)
			return NULL;
		b->len += (size_t)n;
	}
}

struct err *cli_text(struct cli *c, str arg, size_t max, str *ret_text)
{
	CLEANUP(buf_done) struct buf b = buf_make(max + 4096);
	str text = arg;

	if (str_eq(arg, S("-"))) {
		TRY(read_stdin(c, &b));
		text = buf_str(&b);
		if (str_ends(text, S("\n")))
			text.len--;
		if (str_ends(text, S("\r")))
			text.len--;
	}
	if (text.len > max)
		return FAIL(c->arena, TOO_LARGE, "the text has %zu bytes, at most %zu are possible",
			    text.len, max);
	if (!str_is_utf8(text) || str_index(text, '\0') >= 0)
		return cli_invalid(c, S("text"), "bad_charset", S("the text is not UTF-8 text"),
				   S("UTF-8 without NUL"));
	/* It may be an invite link, which holds a secret. */
	*ret_text = secret_dup(c->arena, text);
	secret_wipe(b.ptr, b.len);
	return NULL;
}

bool cli_may_ask(const struct cli *c)
{
	return !c->global.no_input && !c->out.json && c->out.tty && isatty(STDIN_FILENO);
}

struct err *cli_confirm(struct cli *c, const char *fmt, ...)
{
	char question[512], answer[16];
	va_list ap;

	if (c->global.yes)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(question, sizeof(question), fmt, ap);
	va_end(ap);
	if (!cli_may_ask(c))
		return cli_hint(
			c, FAIL(c->arena, BAD_REQUEST, "this has to be confirmed: %s", question),
			"--yes confirms it");
	out_span(&c->out, TONE_PLAIN, "  %s [y/N] ", question);
	TRY(out_flush(&c->out, c->arena));
	if (!fgets(answer, sizeof(answer), stdin)) {
		*answer = '\0';
		out_end(&c->out);
	}
	if (*answer == 'y' || *answer == 'Y')
		return NULL;
	return FAIL(c->arena, CANCELLED, "nothing was changed");
}

/* What is to be done when the command line is well-formed. */
static struct err *dispatch(struct cli *c)
{
	if (c->global.version)
		help_version(c);
	else if (c->global.help && c->command)
		help_of(c, c->command);
	else if (c->global.help)
		help_overview(c);
	if (c->global.version || c->global.help)
		return NULL;
	if (!c->command)
		return welcome_bare(c);
	TRY(policy_gate(c));
	return c->command->run(c, c->flags);
}

int cli_main(int argc, char **argv)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const char *debug = getenv("CLAUDEMESH_DEBUG");
	struct cli c = { .arena = a };
	struct err *e;
	int status = 0;

	log_setup(debug && *debug && *debug != '0' ? LOG_DEBUG : LOG_OFF, LOG_TEXT, STDERR_FILENO,
		  "cli");
	e = argv_parse(&c, argc, argv, commands);
	out_init(&c.out, c.global.json.ptr != NULL, c.global.quiet, c.global.no_color);
	c.out.projection = c.projection;
	c.out.verb = c.command ? str_from(c.command->name) : STR_NONE;
	if (!e)
		e = dispatch(&c);
	if (!e)
		e = out_flush(&c.out, a);
	if (e) {
		log_err(LOG_DEBUG, "command failed", e);
		out_err(&c.out, e, c.hint);
		status = err_exit(e);
	}
	out_done(&c.out);
	return c.exit_status ? c.exit_status : status;
}
