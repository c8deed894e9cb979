/*
 * daemon_logs.c - the end of the daemon's log, and what is added to it.
 */
#include "cli/commands.h"
#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/json.h"

#define LOGS_FLAGS(F, T) \
	F(T, bool, follow, "", 0, 0, "go on with what is added; Ctrl-C ends it") \
	F(T, i64, lines, "N", 1, 100000, "how many of the last lines; default 50")
CLI_FLAGS(logs, LOGS_FLAGS);

enum { FAILED = 1, LINES_DEFAULT = 50, TAIL_MAX = 16 << 20, LOOK_MS = 200, LINE_MAX_BYTES = 1 << 20 };

/* A line for people: time, level, message, the rest as key=value. */
static void print_line(struct cli *c, str line)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct json *tree;
	str level;

	/* As it is: a document a line, without an envelope. */
	if (c->out.json) {
		buf_add(&c->out.buf, line);
		buf_add_byte(&c->out.buf, '\n');
		return;
	}
	if (json_parse(a, line, &tree) || tree->type != JSON_OBJ) {
		out_span(&c->out, TONE_PLAIN, "%.*s", STRF(line));
		out_end(&c->out);
		return;
	}
	level = json_get_str(tree, S("level"));
	out_span(&c->out, TONE_DIM, "%.*s ", STRF(json_get_str(tree, S("ts"))));
	out_span(&c->out, str_eq(level, S("error")) ? TONE_RED : str_eq(level, S("warn")) ? TONE_YELLOW : TONE_DIM,
		 "%-5.*s ", STRF(level));
	out_span(&c->out, TONE_PLAIN, "%.*s", STRF(json_get_str(tree, S("msg"))));
	for (const struct json *m = tree->first; m; m = m->next)
		if (!str_eq(m->key, S("ts")) && !str_eq(m->key, S("level")) && !str_eq(m->key, S("msg")) &&
		    !str_eq(m->key, S("component")))
			out_span(&c->out, TONE_DIM, " %.*s=%.*s", STRF(m->key), STRF(m->raw));
	out_end(&c->out);
}

/* The last bytes of a file. */
static str read_tail(struct arena *a, int fd, off_t *ret_end)
{
	struct stat st;
	size_t want, got = 0;
	off_t start;
	char *p;

	if (fstat(fd, &st) < 0)
		return STR_NONE;
	want = (size_t)MIN(st.st_size, TAIL_MAX);
	start = st.st_size - (off_t)want;
	p = arena_alloc(a, want + 1);
	while (got < want) {
		ssize_t n = pread(fd, p + got, want - got, start + (off_t)got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	*ret_end = start + (off_t)got;
	return str_of(p, got);
}

static str last_lines(str text, i64 n)
{
	size_t i = text.len;

	if (i && text.ptr[i - 1] == '\n')
		i--;
	for (; i > 0; i--)
		if (text.ptr[i - 1] == '\n' && --n == 0)
			break;
	return str_skip(text, i);
}

static void print_all(struct cli *c, str text)
{
	str line;

	while (text.len && str_cut(&text, '\n', &line))
		if (line.len)
			print_line(c, line);
}

/* Is the name another file by now (rotated), or is ours shorter than what we read? */
static bool is_replaced(const char *path, int fd, off_t at)
{
	struct stat ours, named;

	return fstat(fd, &ours) < 0 || stat(path, &named) < 0 || ours.st_ino != named.st_ino ||
	       ours.st_size < at;
}

/* Whole lines only; the rest is kept for the next look. */
static struct err *follow(struct cli *c, const char *path, int *fd, off_t at)
{
	struct buf text = buf_make(LINE_MAX_BYTES);

	for (;;) {
		char *room = buf_room(&text, 65536);
		ssize_t n = room ? pread(*fd, room, 65536, at) : 0;
		size_t whole;

		if (n > 0) {
			text.len += (size_t)n;
			at += n;
		}
		whole = text.len;
		while (whole && text.ptr[whole - 1] != '\n' && !text.full)
			whole--;
		print_all(c, str_of(text.ptr, whole));
		buf_consume(&text, whole);
		text.full = false;
		TRY(out_flush(&c->out, c->arena));
		if (n > 0)
			continue;
		if (is_replaced(path, *fd, at)) {
			int next = open(path, O_RDONLY | O_CLOEXEC);

			if (next >= 0) {
				close(*fd);
				*fd = next;
				at = 0;
			}
		}
		poll(NULL, 0, LOOK_MS);
	}
}

static struct err *logs_run(struct cli *c, const void *flags)
{
	const struct logs_flags *in = flags;
	struct paths p;
	struct place pl;
	const char *path;
	off_t end = 0;
	int fd;
	struct err *e = NULL;

	TRY(daemon_failed(c, daemon_find(c, &p, &pl), FAILED));
	path = arena_cstr(c->arena, pl.log);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return daemon_failed(c, cli_hint(c, FAIL(c->arena, NOT_FOUND, "there is no log yet: '%s'", path),
						 "claudemesh daemon up"),
				     FAILED);
	print_all(c, last_lines(read_tail(c->arena, fd, &end), in->lines ? in->lines : LINES_DEFAULT));
	if (in->follow)
		e = follow(c, path, &fd, end);
	close(fd);
	return e;
}

const struct command daemon_logs_command = {
	.name = "daemon logs",
	.arguments = "",
	.group = GROUP_DAEMON,
	COMMAND_FREE,
	COMMAND_FLAGS(logs),
	.run = logs_run,
	.doc = "Shows the end of the daemon's log.",
	.more = "With --json the lines as they are in the file: one JSON object each.",
};
