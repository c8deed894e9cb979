#include "cli/ask.h"

#include <stdio.h>

#include "crypto/secret.h"

enum { ASK_TRIES = 3 };

/* What is typed up to the end of the line; it may be an invite link, which holds a secret. */
static struct err *read_line(struct cli *c, str *ret_line)
{
	char line[ASK_LINE_MAX];
	str text;

	TRY(out_flush(&c->out, c->arena));
	if (!fgets(line, sizeof(line), stdin)) {
		out_end(&c->out);
		return FAIL(c->arena, CANCELLED, "nothing was done");
	}
	text = str_trim(str_from(line));
	*ret_line = secret_dup(c->arena, text);
	if (strlen(line) + 1 == sizeof(line))
		text = STR_NONE;
	else if (!str_is_utf8(text))
		text = STR_NONE;
	else
		text = *ret_line;
	secret_wipe(line, sizeof(line));
	return text.ptr ? NULL : FAIL(c->arena, BAD_REQUEST, "that is too long, or no UTF-8 text");
}

struct err *ask_line(struct cli *c, const char *label, str otherwise, str *ret_line)
{
	out_span(&c->out, TONE_PLAIN, "  %s", label);
	if (otherwise.len)
		out_span(&c->out, TONE_DIM, " [%.*s]", STRF(otherwise));
	out_span(&c->out, TONE_PLAIN, ": ");
	TRY(read_line(c, ret_line));
	if (!ret_line->len)
		*ret_line = otherwise;
	return NULL;
}

struct err *ask_choice(struct cli *c, const char *title, const str *items, size_t n, size_t otherwise,
		       size_t *ret_choice)
{
	out_info(&c->out, "%s", title);
	for (size_t i = 0; i < n; i++) {
		out_span(&c->out, TONE_PLAIN, "    %zu) %.*s", i + 1, STRF(items[i]));
		out_end(&c->out);
	}
	for (int tries = 0; tries < ASK_TRIES; tries++) {
		i64 choice;
		str line;

		TRY(ask_line(c, "Choice", arena_printf(c->arena, "%zu", otherwise + 1), &line));
		if (str_to_i64(line, &choice) && choice >= 1 && choice <= (i64)n) {
			*ret_choice = (size_t)choice - 1;
			return NULL;
		}
		out_info(&c->out, "a number from 1 to %zu", n);
	}
	return FAIL(c->arena, CANCELLED, "nothing was chosen");
}

struct err *ask_yes(struct cli *c, const char *question, bool otherwise, bool *ret_yes)
{
	str line;

	out_span(&c->out, TONE_PLAIN, "  %s [%s] ", question, otherwise ? "Y/n" : "y/N");
	TRY(read_line(c, &line));
	if (!line.len)
		*ret_yes = otherwise;
	else
		*ret_yes = str_eq_nocase(line, S("y")) || str_eq_nocase(line, S("yes"));
	return NULL;
}
