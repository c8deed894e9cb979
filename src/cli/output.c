#include "cli/output_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/busy.h"
#include "cli/text.h"

static const char *const tone_codes[] = {
	[TONE_PLAIN] = "",          [TONE_BOLD] = "1",
	[TONE_DIM] = "2",           [TONE_GREEN] = "32",
	[TONE_YELLOW] = "33",       [TONE_RED] = "31",
	[TONE_CYAN] = "36",         [TONE_CLAY] = "38;5;173",
	[TONE_ORANGE] = "38;5;208", [TONE_PAPER] = "38;5;16;48;5;231",
};

static bool is_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !*term || str_eq(str_from(term), S("dumb"));
}

static bool wants_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && !(no_color && *no_color) && !is_dumb();
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
	o->err_tty = isatty(o->err_fd);
	o->err_dumb = is_dumb();
	o->color = !no_color && wants_color(o->fd);
	o->err_color = !no_color && wants_color(o->err_fd);
	o->columns = o->tty ? columns_of(o->fd) : OUTPUT_COLUMNS;
	o->err_columns = o->err_tty ? columns_of(o->err_fd) : 0;
}

void out_busy(struct output *o, const char *text)
{
	if (o->err_tty && !o->quiet)
		busy_start(o->err_fd, !o->err_dumb, text);
}

void out_done(struct output *o)
{
	busy_stop();
	buf_done(&o->buf);
	buf_done(&o->json_buf);
}

/* Writes everything or says why not in errno. */
bool out_write_all(int fd, str s)
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

struct err *out_flush(struct output *o, struct arena *a)
{
	bool full, written;

	busy_stop();
	if (o->json_open)
		out_json_move(o);
	full = o->buf.full;
	written = out_write_all(o->fd, buf_str(&o->buf));
	buf_clear(&o->buf);
	if (full)
		return FAIL(a, TOO_LARGE, "the output is longer than %d bytes", OUTPUT_BYTES_MAX);
	if (!written)
		return FAIL(a, IO, "writing the output failed: %s", strerror(errno));
	return NULL;
}

void out_add_span(struct buf *b, bool color, enum tone tone, str text)
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

/* As much as there is room for in this row; "…" tells that something is missing. */
static void add_cut(struct output *o, enum tone tone, str text)
{
	CLEANUP(buf_done) struct buf safe = buf_make(OUTPUT_BYTES_MAX);
	size_t room = o->columns - o->column, columns;

	text_add_line(&safe, text);
	columns = text_columns(buf_str(&safe));
	if (room == 0)
		return;
	if (columns <= room) {
		out_add_span(&o->buf, o->color, tone, buf_str(&safe));
		o->column += columns;
		return;
	}
	out_add_span(&o->buf, o->color, tone, text_cut_columns(buf_str(&safe), room - 1));
	buf_add(&o->buf, S("…"));
	o->column = o->columns;
}

void out_row(struct output *o)
{
	o->cut = o->tty;
	o->column = 0;
}

void out_span(struct output *o, enum tone tone, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (o->json)
		return;
	if (o->cut)
		add_cut(o, tone, buf_str(&text));
	else
		out_add_span(&o->buf, o->color, tone, buf_str(&text));
}

void out_end(struct output *o)
{
	o->cut = false;
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
void out_add_signed(struct buf *b, bool color, enum tone tone, str sign, str text, str detail)
{
	buf_add(b, S("  "));
	out_add_span(b, color, tone, sign);
	buf_add_byte(b, ' ');
	text_add_line(b, text);
	if (!str_empty(detail)) {
		CLEANUP(buf_done) struct buf d = buf_make(OUTPUT_BYTES_MAX);

		buf_printf(&d, "(%.*s)", STRF(detail));
		buf_add_byte(b, ' ');
		out_add_span(b, color, TONE_DIM, buf_str(&d));
	}
	buf_add_byte(b, '\n');
}

void out_add_under(struct buf *b, bool color, str text)
{
	if (str_empty(text))
		return;
	buf_add(b, S("    "));
	out_add_span(b, color, TONE_DIM, text);
	buf_add_byte(b, '\n');
}

void out_ok(struct output *o, str detail, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (!o->json && !o->quiet)
		out_add_signed(&o->buf, o->color, TONE_GREEN, S("✔"), buf_str(&text), detail);
}

void out_warn(struct output *o, str hint, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (o->json)
		return;
	out_add_signed(&o->buf, o->color, TONE_YELLOW, S("⚠"), buf_str(&text), STR_NONE);
	out_add_under(&o->buf, o->color, hint);
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
	out_add_span(&o->buf, o->color, TONE_DIM, buf_str(&line));
	out_end(o);
}

void out_section(struct output *o, const char *fmt, ...)
{
	FORMAT(text, fmt);
	if (o->json || o->quiet)
		return;
	buf_add(&o->buf, S("\n  "));
	out_add_span(&o->buf, o->color, TONE_DIM, S("—"));
	buf_add_byte(&o->buf, ' ');
	out_add_span(&o->buf, o->color, TONE_CLAY, buf_str(&text));
	buf_add(&o->buf, S("\n\n"));
}

void out_link(struct output *o, str url)
{
	if (o->json)
		return;
	buf_add(&o->buf, S("  "));
	out_add_span(&o->buf, o->color, TONE_CLAY, url);
	out_end(o);
}

void out_note(struct output *o, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf line = buf_make(OUTPUT_BYTES_MAX);
	FORMAT(text, fmt);
	if (o->quiet)
		return;
	busy_stop();
	buf_add(&line, S("  "));
	out_add_span(&line, o->err_color, TONE_DIM, buf_str(&text));
	buf_add_byte(&line, '\n');
	/* A remark that cannot be written has nobody to be reported to. */
	(void)out_write_all(o->err_fd, buf_str(&line));
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
