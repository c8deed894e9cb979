#include "cli/change.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTEXT_LINES = 2, SHOWN_LINES = 400, FILE_MODE = 0644, DIR_MODE = 0755 };

static struct err *read_all(struct arena *a, str path, str *ret_text, mode_t *ret_mode)
{
	int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	size_t n = 0;
	ssize_t got = 0;

	*ret_text = STR_NONE;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return FAIL(a, IO, "cannot read %.*s: %s", STRF(path), fd < 0 ? strerror(errno) : "not a file");
	}
	if (st.st_size >= CHANGE_FILE_MAX) {
		close(fd);
		return FAIL(a, TOO_LARGE, "%.*s has %lld bytes", STRF(path), (long long)st.st_size);
	}
	text = NEW_ARRAY(a, char, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size && (got = read(fd, text + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0)
		return FAIL(a, IO, "cannot read %.*s: %s", STRF(path), strerror(errno));
	*ret_text = str_of(text, n);
	*ret_mode = st.st_mode & 07777;
	return NULL;
}

struct err *change_open(struct arena *a, str path, struct change *ret_change)
{
	mode_t mode = 0;

	*ret_change = (struct change){ .path = path };
	TRY(read_all(a, path, &ret_change->before, &mode));
	ret_change->after = ret_change->before;
	return NULL;
}

bool change_is_none(const struct change *c)
{
	return !c->before.ptr == !c->after.ptr && str_eq(c->before, c->after);
}

/* ---- showing ---- */

struct side { str *lines; size_t n; };

static struct side lines_of(struct arena *a, str text)
{
	struct side s = { .lines = NEW_ARRAY(a, str, text.len + 1) };

	while (text.len && str_cut(&text, '\n', &s.lines[s.n]))
		s.n++;
	return s;
}

/* A tab as four columns: where the next one would stand is nobody's concern here. */
static void show_line(struct output *o, enum tone tone, char mark, str line)
{
	str part;

	out_span(o, tone, "    %c ", mark);
	while (line.len && str_cut(&line, '\t', &part))
		out_span(o, tone, "%.*s%s", STRF(part), line.ptr ? "    " : "");
	out_end(o);
}

static void show_lines(struct output *o, enum tone tone, char mark, const struct side *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (i - from == SHOWN_LINES && to - i > 1) {
			out_span(o, TONE_DIM, "    %c ... %zu more lines", mark, to - i);
			out_end(o);
			return;
		}
		show_line(o, tone, mark, s->lines[i]);
	}
}

/* All of our changes are in one place of a file: what is equal before and behind is left out. */
void change_show(struct output *o, const struct change *c)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct side old = lines_of(a, c->before), new = lines_of(a, c->after);
	size_t head = 0, tail = 0;

	while (head < old.n && head < new.n && str_eq(old.lines[head], new.lines[head]))
		head++;
	while (tail < old.n - head && tail < new.n - head &&
	       str_eq(old.lines[old.n - 1 - tail], new.lines[new.n - 1 - tail]))
		tail++;
	out_span(o, TONE_BOLD, "  %.*s", STRF(c->path));
	if (!c->before.ptr || !c->after.ptr)
		out_span(o, TONE_DIM, c->after.ptr ? " (new)" : " (goes)");
	out_end(o);
	show_lines(o, TONE_DIM, ' ', &old, head > CONTEXT_LINES ? head - CONTEXT_LINES : 0, head);
	show_lines(o, TONE_RED, '-', &old, head, old.n - tail);
	show_lines(o, TONE_GREEN, '+', &new, head, new.n - tail);
	show_lines(o, TONE_DIM, ' ', &old, old.n - tail, old.n - tail + MIN(tail, (size_t)CONTEXT_LINES));
}

/* ---- making ---- */

static struct err *make_parents(struct arena *a, str path)
{
	char *p = arena_cstr(a, path);

	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(p, DIR_MODE) != 0 && errno != EEXIST)
			return FAIL(a, IO, "cannot make %s: %s", p, strerror(errno));
		*slash = '/';
	}
	return NULL;
}

static struct err *write_new(struct arena *a, str path, str text, mode_t mode, bool keep_old)
{
	str temp = arena_printf(a, "%.*s.claudemesh-%d", STRF(path), (int)getpid());
	char *name = arena_cstr(a, temp);
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd >= 0;
	size_t done = 0;
	int why;

	while (ok && done < text.len) {
		ssize_t n = write(fd, text.ptr + done, text.len - done);

		ok = n > 0 || (n < 0 && errno == EINTR);
		done += n > 0 ? (size_t)n : 0;
	}
	ok = ok && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	if (ok && keep_old)
		ok = link(name, arena_cstr(a, path)) == 0 || errno == EEXIST;
	else if (ok)
		ok = rename(name, arena_cstr(a, path)) == 0;
	why = errno;
	if (keep_old || !ok)
		(void)unlink(name);
	return ok ? NULL : FAIL(a, IO, "cannot write %.*s: %s", STRF(path), strerror(why));
}

/* Where the file is, behind symbolic links. */
static str place_of(struct arena *a, const struct change *c)
{
	char resolved[PATH_MAX];

	return realpath(arena_cstr(a, c->path), resolved) ? arena_dup(a, str_from(resolved)) : c->path;
}

struct err *change_copy(struct arena *a, const struct change *c, str *ret_text)
{
	mode_t mode;

	return read_all(a, arena_printf(a, "%.*s" CHANGE_BACKUP, STRF(place_of(a, c))), ret_text, &mode);
}

/* A directory of our name that holds nothing any more goes as well. */
static void drop_directory(struct arena *a, str path)
{
	while (path.len && path.ptr[path.len - 1] != '/')
		path.len--;
	if (str_ends(path, S("/claudemesh/")))
		(void)rmdir(arena_cstr(a, path));
}

static struct err *write_after(struct arena *a, const struct change *c, str path, mode_t mode)
{
	if (c->after.ptr) {
		TRY(make_parents(a, path));
		return write_new(a, path, c->after, mode, false);
	}
	if (unlink(arena_cstr(a, path)) != 0)
		return FAIL(a, IO, "cannot remove %.*s: %s", STRF(path), strerror(errno));
	drop_directory(a, path);
	return NULL;
}

struct err *change_make(struct arena *a, const struct change *c)
{
	str path = place_of(a, c), copy = arena_printf(a, "%.*s" CHANGE_BACKUP, STRF(path)), now, kept;
	mode_t mode = FILE_MODE, copy_mode;

	TRY(read_all(a, path, &now, &mode));
	if (!now.ptr != !c->before.ptr || !str_eq(now, c->before))
		return FAIL(a, TRY_AGAIN, "%.*s was changed by another program just now", STRF(path));
	if (c->before.ptr && !c->undo)
		TRY(write_new(a, copy, c->before, mode, true));
	TRY(write_after(a, c, path, mode));
	if (!c->undo || !c->after.ptr)
		return NULL;
	TRY(read_all(a, copy, &kept, &copy_mode));
	if (kept.ptr && str_eq(kept, c->after))
		(void)unlink(copy.ptr);
	return NULL;
}
