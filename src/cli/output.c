#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/text.h"

static const char *const tone_codes[] = {
	[TONE_PLAIN] = "",          [TONE_BOLD] = "1",
	[TONE_DIM] = "2",           [TONE_GREEN] = "32",
	[TONE_YELLOW] = "33",       [TONE_RED] = "31",
	[TONE_CYAN] = "36",         [TONE_CLAY] = "38;5;173",
	[TONE_ORANGE] = "38;5;208", [TONE_PAPER] = "38;5;16;48;5;231",
};

static bool wants_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && *term &&
	       !str_eq(str_from(term), S("dumb"));
}

static size_t columns_of(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return OUTPUT_COLUMNS;
	return MIN(size.ws_col, OUTPUT_COLUMNS_MAX);
}

void out_init(struct output *o, bool json, bool quiet, bool no_color)
{
	*o = (struct output){ .buf = buf_make(OUTPUT_BYTES_MAX),
			      .fd = STDOUT_FILENO,
			      .json_buf = buf_make(OUTPUT_BYTES_MAX),
			      .err_fd = STDERR_FILENO,
			      .json = json,
			      .quiet = quiet };
	o->tty = isatty(o->fd);
	o->color = !no_color && wants_color(o->fd);
	o->err_color = !no_color && wants_color(o->err_fd);
	o->columns = o->tty ? columns_of(o->fd) : OUTPUT_COLUMNS;
}

void out_done(struct output *o)
{
	buf_done(&o->buf);
	buf_done(&o->json_buf);
}

/* Writes everything or says why not in errno. */
static bool write_all(int fd, str s)
{
	while (s.len) {
		ssize_t n = write(fd, s.ptr, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s = str_skip(s, (size_t)n);
	}
	return true;
}

/* What the envelope holds so far becomes output. */
static void json_move(struct output *o)
{
	text_add_json(&o->buf, buf_str(&o->json_buf));
	o->buf.full |= o->json_buf.full;
	buf_clear(&o->json_buf);
}

struct err *out_flush(struct output *o, struct arena *a)
{
	bool full, written;

	if (o->json_open)
		json_move(o);
	full = o->buf.full;
	written = write_all(o->fd, buf_str(&o->buf));
	buf_clear(&o->buf);
	if (full)
		return FAIL(a, TOO_LARGE, "the output is longer than %d bytes", OUTPUT_BYTES_MAX);
	if (!written)
		return FAIL(a, IO, "writing the output failed: %s", strerror(errno));
	return NULL;
}

static void add_span(struct buf *b, bool color, enum tone tone, str text)
{
	color = color && tone != TONE_PLAIN;
	if (color)
		buf_printf(b, "\x1b[%sm", tone_codes[tone]);
	text_add_line(b, text);
	if (color)
		buf_add(b, S("\x1b[0m"));
}

/* Formats into memory of its own; texts here are bounded by what the broker may send. */
static struct buf format(const char *fmt, va_list ap)
{
	struct buf b = buf_make(OUTPUT_BYTES_MAX);
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	p = n < 0 ? NULL : buf_room(&b, (size_t)n + 1);
	if (p) {
		vsnprintf(p, (size_t)n + 1, fmt, ap);
		b.len = (size_t)n;
	}
	return b;
}

#define FORMAT(text, fmt) \
	CLEANUP(buf_done) struct buf text; \
	do { \
		va_list ap_; \
		va_start(ap_, fmt); \
		text = format(fmt, ap_); \
		va_end(ap_); \
	} while (0)

void out_span(struct output *o, enum tone tone, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (!o->json)
		add_span(&o->buf, o->color, tone, buf_str(&text));
}

void out_end(struct output *o)
{
	if (!o->json)
		buf_add_byte(&o->buf, '\n');
}

void out_block(struct output *o, size_t indent, str text)
{
	if (o->json)
		return;
	buf_printf(&o->buf, "%*s", (int)indent, "");
	text_add_block(&o->buf, text, indent);
	out_end(o);
}

/* "  <sign> text" with dim detail in parentheses. */
static void add_signed(struct buf *b, bool color, enum tone tone, str sign, str text, str detail)
{
	buf_add(b, S("  "));
	add_span(b, color, tone, sign);
	buf_add_byte(b, ' ');
	text_add_line(b, text);
	if (!str_empty(detail)) {
		CLEANUP(buf_done) struct buf d = buf_make(OUTPUT_BYTES_MAX);

		buf_printf(&d, "(%.*s)", STRF(detail));
		buf_add_byte(b, ' ');
		add_span(b, color, TONE_DIM, buf_str(&d));
	}
	buf_add_byte(b, '\n');
}

static void add_under(struct buf *b, bool color, str text)
{
	if (str_empty(text))
		return;
	buf_add(b, S("    "));
	add_span(b, color, TONE_DIM, text);
	buf_add_byte(b, '\n');
}

void out_ok(struct output *o, str detail, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (!o->json && !o->quiet)
		add_signed(&o->buf, o->color, TONE_GREEN, S("✔"), buf_str(&text), detail);
}

void out_warn(struct output *o, str hint, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (o->json)
		return;
	add_signed(&o->buf, o->color, TONE_YELLOW, S("⚠"), buf_str(&text), STR_NONE);
	add_under(&o->buf, o->color, hint);
}

void out_info(struct output *o, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (o->json || o->quiet)
		return;
	buf_add(&o->buf, S("  "));
	text_add_line(&o->buf, buf_str(&text));
	out_end(o);
}

void out_hint(struct output *o, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf line = buf_make(OUTPUT_BYTES_MAX);
	FORMAT(text, fmt);
	if (o->json || o->quiet)
		return;
	buf_printf(&line, "→ %.*s", STRF(buf_str(&text)));
	buf_add(&o->buf, S("  "));
	add_span(&o->buf, o->color, TONE_DIM, buf_str(&line));
	out_end(o);
}

void out_section(struct output *o, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (o->json || o->quiet)
		return;
	buf_add(&o->buf, S("\n  "));
	add_span(&o->buf, o->color, TONE_DIM, S("—"));
	buf_add_byte(&o->buf, ' ');
	add_span(&o->buf, o->color, TONE_CLAY, buf_str(&text));
	buf_add(&o->buf, S("\n\n"));
}

void out_link(struct output *o, str url)
{
	if (o->json)
		return;
	buf_add(&o->buf, S("  "));
	add_span(&o->buf, o->color, TONE_CLAY, url);
	out_end(o);
}

void out_note(struct output *o, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf line = buf_make(OUTPUT_BYTES_MAX);
	FORMAT(text, fmt);
	if (o->quiet)
		return;
	buf_add(&line, S("  "));
	add_span(&line, o->err_color, TONE_DIM, buf_str(&text));
	buf_add_byte(&line, '\n');
	/* A remark that cannot be written has nobody to be reported to. */
	(void)write_all(o->err_fd, buf_str(&line));
}

void out_kv(struct output *o, const struct kv *pairs, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (pairs[i].value.ptr)
			width = MAX(width, text_columns(str_from(pairs[i].key)));
	for (size_t i = 0; i < n; i++) {
		if (!pairs[i].value.ptr)
			continue;
		out_span(o, TONE_DIM, "  %-*s", (int)width + 2, pairs[i].key);
		out_span(o, TONE_PLAIN, "%.*s", STRF(pairs[i].value));
		out_end(o);
	}
}

struct json_out *out_json(struct output *o)
{
	o->json_out = json_out(&o->json_buf);
	o->json_open = true;
	json_obj(&o->json_out);
	json_put_str(&o->json_out, "schema_version", S("1.0"));
	return &o->json_out;
}

void out_json_list(struct output *o, const char *key)
{
	json_key(&o->json_out, str_from(key));
	json_arr(&o->json_out);
	o->json_in_list = true;
}

void out_json_list_end(struct output *o)
{
	json_arr_end(&o->json_out);
	o->json_in_list = false;
}

static void json_close(struct output *o)
{
	json_obj_end(&o->json_out);
	json_move(o);
	buf_add_byte(&o->buf, '\n');
	o->json_open = false;
}

void out_json_end(struct output *o)
{
	json_put_bool(&o->json_out, "ok", true);
	json_close(o);
}

static void err_json(struct output *o, const struct err *e, str hint)
{
	struct json_out *j = &o->json_out;

	if (!o->json_open)
		out_json(o);
	if (o->json_in_list)
		out_json_list_end(o);
	json_put_bool(j, "ok", false);
	json_put_str(j, "error", err_wire(e));
	json_put_str(j, "message", e->text);
	if (!str_empty(hint))
		json_put_str(j, "hint", hint);
	json_close(o);
}

void out_err(struct output *o, const struct err *e, str hint)
{
	CLEANUP(buf_done) struct buf line = buf_make(OUTPUT_BYTES_MAX);
	/* What a broker said has a code worth telling; our own sentences say it all. */
	bool tell_code = !str_empty(e->word) || err_exit(e) == 12;

	if (o->json)
		err_json(o, e, hint);
	/* One failure is reported; that this could not be written either adds nothing. */
	(void)write_all(o->fd, buf_str(&o->buf));
	buf_clear(&o->buf);
	if (o->json)
		return;
	add_signed(&line, o->err_color, TONE_RED, S("✘"), e->text,
		   tell_code ? err_wire(e) : STR_NONE);
	add_under(&line, o->err_color, hint);
	(void)write_all(o->err_fd, buf_str(&line));
}
