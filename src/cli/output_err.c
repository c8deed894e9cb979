/*
 * output_err.c - how an error is shown: three tiers to people, one document to programs.
 */
#include "cli/output_internal.h"

#include "cli/busy.h"
#include "cli/text.h"

enum { MATCHES_SHOWN = 5, WRAP_INDENT = 4 };

/* The words of client.md 4 for what was wrong with the command line, else the error's own. */
static str word_of(const struct err *e)
{
	bool is_argument = e->code == ERR_BAD_REQUEST || e->code == ERR_NOT_SUPPORTED ||
			   (e->code == ERR_AMBIGUOUS && e->tiers && e->tiers->code.len);

	if (!e->tiers || !str_empty(e->word))
		return err_wire(e);
	return is_argument ? S("invalid_argument")
	       : e->code == ERR_AMBIGUOUS ? S("ambiguous_prefix")
					  : err_wire(e);
}

static void tiers_json(struct json_out *j, const struct err *e)
{
	const struct err_tiers *t = e->tiers;

	json_put_opt(j, "field", str_empty(t->field) ? STR_NONE : t->field);
	json_put_opt(j, "code", str_empty(t->code) ? STR_NONE : t->code);
	if (e->code == ERR_NOT_FOUND && str_eq(t->field, S("messageId"))) {
		json_put_str(j, "id", t->input);
		json_put_bool(j, "isPrefix", t->is_prefix);
	} else {
		json_put_opt(j, "input", t->input);
	}
	json_put_opt(j, "reason", str_empty(t->reason) ? STR_NONE : t->reason);
	json_put_opt(j, "expected", str_empty(t->expected) ? STR_NONE : t->expected);
	json_put_opt(j, "nearest", str_empty(t->nearest) ? STR_NONE : t->nearest);
	if (!t->matches_n)
		return;
	json_key(j, S("matches"));
	json_arr(j);
	for (size_t i = 0; i < t->matches_n && i < MATCHES_SHOWN; i++)
		json_str(j, t->matches[i]);
	json_arr_end(j);
}

static void err_json(struct output *o, const struct err *e, str hint)
{
	struct json_out *j = &o->json_out;

	if (!o->json_open)
		out_json(o);
	if (o->json_in_list)
		out_json_list_end(o);
	o->projection = NULL;
	json_put_bool(j, "ok", false);
	json_put_str(j, "error", word_of(e));
	if (e->tiers)
		tiers_json(j, e);
	json_put_str(j, "message", e->text);
	if (!str_empty(hint))
		json_put_str(j, "hint", hint);
	out_json_close(o);
}

static void tier(struct buf *b, bool color, enum tone tone, const char *label, str text)
{
	if (str_empty(text))
		return;
	buf_printf(b, "     %s", label);
	out_add_span(b, color, tone, text);
	buf_add_byte(b, '\n');
}

/* What may be meant, or what there is, a line each. */
static void matches(struct buf *b, bool color, const struct err_tiers *t)
{
	for (size_t i = 0; i < t->matches_n && i < MATCHES_SHOWN; i++)
		tier(b, color, TONE_CYAN, "  ", t->matches[i]);
	if (t->matches_n > MATCHES_SHOWN)
		buf_printf(b, "       and %zu more\n", t->matches_n - MATCHES_SHOWN);
}

static void err_tiers_text(struct output *o, struct buf *b, const struct err *e)
{
	const struct err_tiers *t = e->tiers;
	CLEANUP(buf_done) struct buf head = buf_make(OUTPUT_BYTES_MAX);
	CLEANUP(buf_done) struct buf reason = buf_make(OUTPUT_BYTES_MAX);
	bool spaced = str_empty(o->verb) || str_empty(t->input);

	/* "✘ msg-status abc" */
	buf_printf(&head, "%.*s%s%.*s", STRF(o->verb), spaced ? "" : " ", STRF(t->input));
	buf_printf(&reason, "%.*s.", STRF(t->reason));
	out_add_signed(b, o->err_color, TONE_RED, S("✘"), buf_str(head.len ? &head : &reason), STR_NONE);
	if (head.len)
		tier(b, o->err_color, TONE_PLAIN, "", buf_str(&reason));
	tier(b, o->err_color, TONE_PLAIN, "expected: ", t->expected);
	tier(b, o->err_color, TONE_CYAN, "did you mean: ", t->nearest);
	if (str_empty(t->nearest))
		matches(b, o->err_color, t);
}

/* The columns of a word; what sets a colour has none. */
static size_t columns_in(str word)
{
	size_t n = 0;
	ptrdiff_t at;

	while ((at = str_index(word, '\033')) >= 0) {
		n += text_columns(str_of(word.ptr, (size_t)at));
		at = str_index(word, 'm');
		word = at < 0 ? S("") : str_skip(word, (size_t)at + 1);
	}
	return n + text_columns(word);
}

/* Breaks a line between words where the terminal ends. */
static void wrap_line(struct buf *b, str line, size_t columns)
{
	size_t indent = 0, at;
	bool first = true;
	str word;

	while (indent < line.len && line.ptr[indent] == ' ')
		indent++;
	buf_add(b, str_of(line.ptr, indent));
	line = str_skip(line, indent);
	at = indent;
	/* Behind the sign of the first line. */
	indent = MAX(indent, (size_t)WRAP_INDENT);
	while (str_cut(&line, ' ', &word)) {
		size_t wide = columns_in(word);

		if (!first && at + 1 > indent && at + 1 + wide > columns) {
			buf_printf(b, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			buf_add_byte(b, ' ');
			at++;
		}
		buf_add(b, word);
		at += wide;
		first = false;
	}
}

static void write_err(struct output *o, str text)
{
	CLEANUP(buf_done) struct buf wrapped = buf_make(OUTPUT_BYTES_MAX);
	str line;

	if (str_ends(text, S("\n")))
		text.len--;
	while (str_cut(&text, '\n', &line)) {
		if (o->err_columns)
			wrap_line(&wrapped, line, o->err_columns);
		else
			buf_add(&wrapped, line);
		buf_add_byte(&wrapped, '\n');
	}
	(void)out_write_all(o->err_fd, buf_str(&wrapped));
}

void out_err(struct output *o, const struct err *e, str hint)
{
	CLEANUP(buf_done) struct buf line = buf_make(OUTPUT_BYTES_MAX);
	/* What a broker said has a code worth telling; our own sentences say it all. */
	bool tell_code = !str_empty(e->word) || err_exit(e) == 12;

	busy_stop();
	if (o->json)
		err_json(o, e, hint);
	/* One failure is reported; that this could not be written either adds nothing. */
	(void)out_write_all(o->fd, buf_str(&o->buf));
	buf_clear(&o->buf);
	if (o->json)
		return;
	if (e->tiers && !str_empty(e->tiers->reason))
		err_tiers_text(o, &line, e);
	else
		out_add_signed(&line, o->err_color, TONE_RED, S("✘"), e->text,
			       tell_code ? err_wire(e) : STR_NONE);
	out_add_under(&line, o->err_color, hint);
	write_err(o, buf_str(&line));
}
