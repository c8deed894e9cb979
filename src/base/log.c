#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"

#include <unistd.h>

enum { LOG_LINE_MAX = 8192 };

static struct {
	enum log_level least;
	enum log_format format;
	int fd;
	const char *component;
} log_state = { LOG_INFO, LOG_TEXT, STDERR_FILENO, "claudemesh" };

/* Whose request this thread is about. */
static _Thread_local str request;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_setup(enum log_level least, enum log_format format, int fd, const char *component)
{
	log_state.least = least;
	log_state.format = format;
	log_state.fd = fd;
	log_state.component = component;
}

void log_request(str id)
{
	request = id;
}

bool log_enabled(enum log_level level)
{
	return level >= log_state.least && level < LOG_OFF;
}

/* A character that ends a line for somebody, or steers a terminal: C1 (U+0080 to U+009F),
 * U+2028, U+2029, and the marks that turn the direction of text around. 0: none. */
static size_t steering(str rest)
{
	const u8 *p = (const u8 *)rest.ptr;

	if (rest.len >= 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return 2;
	if (rest.len >= 3 && p[0] == 0xe2 &&
	    ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
	     (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
		return 3;
	return 0;
}

/* A JSON string; control characters and invalid UTF-8 cannot break the line. */
static void add_quoted(struct buf *b, str s)
{
	bool utf8 = str_is_utf8(s);

	buf_add_byte(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		u8 c = (u8)s.ptr[i];
		size_t n = utf8 ? steering(str_skip(s, i)) : 0;

		if (n == 2)
			buf_printf(b, "\\u%04x", (u8)s.ptr[i + 1]);
		else if (n == 3)
			buf_printf(b, "\\u%04x",
				   0x2000u | ((u8)s.ptr[i + 1] & 0x3fu) << 6 |
					   ((u8)s.ptr[i + 2] & 0x3fu));
		i += n ? n - 1 : 0;
		if (n)
			continue;
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			buf_printf(b, "\\u%04x", c);
		else
			buf_add_byte(b, (char)c);
	}
	buf_add_byte(b, '"');
}

static void add_json(struct buf *b, enum log_level level, str now, const char *msg,
		     const struct log_field *fields)
{
	buf_printf(b, "{\"ts\":\"%.*s\",\"level\":\"%s\",\"component\":\"%s\",\"msg\":", STRF(now),
		   level_names[level], log_state.component);
	add_quoted(b, str_from(msg));
	if (request.len) {
		buf_add(b, S(",\"request\":"));
		add_quoted(b, request);
	}
	for (const struct log_field *f = fields; f->key; f++) {
		buf_printf(b, ",\"%s\":", f->key);
		if (f->is_number)
			buf_printf(b, "%lld", (long long)f->i);
		else
			add_quoted(b, f->s);
	}
	buf_add(b, S("}\n"));
}

static void add_text(struct buf *b, enum log_level level, str now, const char *msg,
		     const struct log_field *fields)
{
	buf_printf(b, "%.*s %-5s %s", STRF(now), level_names[level], msg);
	if (request.len) {
		buf_add(b, S(" request="));
		add_quoted(b, request);
	}
	for (const struct log_field *f = fields; f->key; f++) {
		buf_printf(b, " %s=", f->key);
		if (f->is_number)
			buf_printf(b, "%lld", (long long)f->i);
		else
			add_quoted(b, f->s);
	}
	buf_add_byte(b, '\n');
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf line = buf_make(LOG_LINE_MAX);
	str now = time_iso(a, clock_ms(&clock_real));

	if (log_state.format == LOG_JSON)
		add_json(&line, level, now, msg, fields);
	else
		add_text(&line, level, now, msg, fields);
	if (line.full) {
		buf_clear(&line);
		buf_printf(&line,
			   "{\"level\":\"error\",\"msg\":\"log line over %d bytes dropped\"}\n",
			   LOG_LINE_MAX);
	}
	/* A log that cannot be written must not stop the program. */
	ssize_t ignored UNUSED = write(log_state.fd, line.ptr, line.len);
}

void log_err(enum log_level level, const char *msg, const struct err *e)
{
	LOG_(level, msg, LOG_S("code", err_wire(e)), LOG_S("error", e->text),
	     LOG_S("file", str_from(e->file)), LOG_I("line", e->line));
}
