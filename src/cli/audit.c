#include "cli/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_BYTES_MAX = 8192, OPEN_TRIES = 8 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The file, locked, and still the one of that name; -1 with errno. */
static int open_locked(const char *path)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		struct stat ours, named;

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX) == 0 && fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
		    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
			return fd;
		/* Another process has turned it meanwhile. */
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

static bool is_full(int fd, size_t more)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size + (off_t)more > AUDIT_BYTES_MAX;
}

static bool append(struct arena *a, const char *path, str line)
{
	CLEANUP(close_fd) int fd = open_locked(path);

	if (fd < 0)
		return false;
	if (is_full(fd, line.len)) {
		if (rename(path, arena_printf(a, "%s.1", path).ptr) != 0)
			return false;
		close(fd);
		fd = open_locked(path);
	}
	/* One write: a reader sees whole lines. */
	return fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, line.ptr, line.len) == (ssize_t)line.len;
}

struct err *audit_add(struct arena *a, str dir, const struct audit_line *line)
{
	CLEANUP(buf_done) struct buf b = buf_make(LINE_BYTES_MAX);
	const char *path = arena_printf(a, "%.*s/audit.log", STRF(dir)).ptr;
	struct json_out j = json_out(&b);

	json_obj(&j);
	json_put_str(&j, "ts", time_iso(a, line->now_ms));
	json_put_str(&j, "resource", line->call->resource);
	json_put_str(&j, "verb", line->call->verb);
	json_put_str(&j, "mesh", str_empty(line->call->mesh) ? STR_NONE : line->call->mesh);
	json_put_str(&j, "mode", enum_word(approval_words, (int)line->call->mode));
	json_put_bool(&j, "isWrite", line->call->is_write);
	json_put_bool(&j, "yes", line->yes);
	json_put_str(&j, "decision", line->decision);
	json_put_str(&j, "reason", line->reason);
	json_put_str(&j, "command", line->command);
	json_obj_end(&j);
	buf_add_byte(&b, '\n');
	if (b.full)
		return FAIL(a, TOO_LARGE, "a line of audit.log is longer than %d bytes", LINE_BYTES_MAX);
	if (!append(a, path, buf_str(&b)))
		return FAIL(a, IO, "writing '%s' failed: %s", path, strerror(errno));
	return NULL;
}
