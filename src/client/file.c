#include "client/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ids.h"
#include "crypto/secret.h"

enum { PRIVATE_MODE = 0600, PRIVATE_DIR_MODE = 0700, OTHERS_MASK = 077, TEMP_RANDOM = 12, LOCK_POLL_MS = 20 };

struct file_lock {
	int fd;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Is it ours, plain, closed to others? The answer is about the open file, not its name. */
static struct err *check_private(struct arena *a, int fd, str path, off_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return FAIL(a, IO, "cannot look at '%.*s': %s", STRF(path), strerror(errno));
	if (!S_ISREG(st.st_mode))
		return FAIL(a, FORBIDDEN, "'%.*s' is not a plain file", STRF(path));
	if (st.st_uid != geteuid())
		return FAIL(
			a, FORBIDDEN,
			"'%.*s' belongs to another user; it must be yours alone: chown %u '%.*s'",
			STRF(path), (unsigned)geteuid(), STRF(path));
	if (st.st_mode & OTHERS_MASK)
		return FAIL(a, FORBIDDEN,
			    "'%.*s' can be read or written by other users (mode %04o) and holds "
			    "secret keys; run: chmod 600 '%.*s'",
			    STRF(path), (unsigned)(st.st_mode & 07777), STRF(path));
	if (st.st_size > FILE_BYTES_MAX)
		return FAIL(a, TOO_LARGE, "'%.*s' has more than %d bytes", STRF(path),
			    FILE_BYTES_MAX);
	*ret_size = st.st_size;
	return NULL;
}

struct err *file_read_private(struct arena *a, str path, str *ret_content)
{
	CLEANUP(close_fd)
	int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	off_t size = 0;
	size_t used = 0;
	u8 *content;

	if (fd < 0 && errno == ENOENT) {
		*ret_content = STR_NONE;
		return NULL;
	}
	if (fd < 0)
		return FAIL(a, IO, "cannot open '%.*s': %s", STRF(path), strerror(errno));
	TRY(check_private(a, fd, path, &size));
	content = secret_alloc(a, (size_t)size + 1);
	while (used < (size_t)size) {
		ssize_t n = read(fd, content + used, (size_t)size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL(a, IO, "cannot read '%.*s': %s", STRF(path), strerror(errno));
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*ret_content = str_of(content, used);
	return NULL;
}

static bool write_all(int fd, str content)
{
	while (content.len) {
		ssize_t n = write(fd, content.ptr, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		content = str_skip(content, (size_t)n);
	}
	return true;
}

/* The new name is on disk only when its directory is. */
static bool sync_dir_of(struct arena *a, str path)
{
	size_t len = path.len;
	CLEANUP(close_fd) int fd = -1;

	while (len && path.ptr[len - 1] != '/')
		len--;
	fd = open(len ? arena_cstr(a, str_of(path.ptr, len)) : ".",
		  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0;
}

static bool write_temp(int fd, str content)
{
	/* The umask may have taken bits away, but never more than 0600 is given. */
	return fd >= 0 && fchmod(fd, PRIVATE_MODE) == 0 && write_all(fd, content) && fsync(fd) == 0;
}

struct err *file_write_private(struct arena *a, str path, str content)
{
	str suffix = id_from_alphabet(a, &random_system, S("0123456789abcdef"), TEMP_RANDOM);
	const char *name = arena_cstr(a, path);
	const char *temp = arena_printf(a, "%s.%.*s.tmp", name, STRF(suffix)).ptr;
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, PRIVATE_MODE);
	bool written = write_temp(fd, content);
	int failed = errno;

	close_fd(&fd);
	if (written && rename(temp, name) == 0 && sync_dir_of(a, path))
		return NULL;
	if (written)
		failed = errno;
	if (fd >= 0)
		unlink(temp);
	return FAIL(a, IO, "cannot write '%s': %s", name, strerror(failed));
}

struct err *file_make_private_dir(struct arena *a, str path)
{
	const char *name = arena_cstr(a, path);
	struct stat st;

	if (mkdir(name, PRIVATE_DIR_MODE) < 0 && errno != EEXIST)
		return FAIL(a, IO, "cannot make the directory '%s': %s", name, strerror(errno));
	if (lstat(name, &st) < 0)
		return FAIL(a, IO, "cannot look at '%s': %s", name, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return FAIL(a, FORBIDDEN, "'%s' is not a directory of yours: remove it", name);
	if ((st.st_mode & OTHERS_MASK) && chmod(name, PRIVATE_DIR_MODE) < 0)
		return FAIL(a, IO, "cannot take away the access of others to '%s': %s", name,
			    strerror(errno));
	return NULL;
}

struct err *file_remove(struct arena *a, str path)
{
	if (unlink(arena_cstr(a, path)) < 0 && errno != ENOENT)
		return FAIL(a, IO, "cannot remove '%.*s': %s", STRF(path), strerror(errno));
	return NULL;
}

void file_unlock(struct file_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void lock_release(void *obj)
{
	file_unlock(obj);
}

struct err *file_lock(struct arena *a, str path, i64 wait_ms, struct file_lock **ret_lock)
{
	i64 deadline = clock_mono_ms(&clock_real) + wait_ms;
	struct file_lock *l = NEW(a, struct file_lock);

	l->fd = open(arena_cstr(a, path), O_RDWR | O_CREAT | O_CLOEXEC, PRIVATE_MODE);
	if (l->fd < 0)
		return FAIL(a, IO, "cannot open the lock '%.*s': %s", STRF(path), strerror(errno));
	arena_defer(a, lock_release, l);
	while (flock(l->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return FAIL(a, IO, "cannot lock '%.*s': %s", STRF(path), strerror(errno));
		if (clock_mono_ms(&clock_real) >= deadline)
			return FAIL(a, TRY_AGAIN, "another claudemesh holds '%.*s'; try again",
				    STRF(path));
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_POLL_MS * 1000000L }, NULL);
	}
	*ret_lock = l;
	return NULL;
}
