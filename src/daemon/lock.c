#include "daemon/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { POLL_MS = 20 };

struct lock {
	int fd;
	const char *path;
};

void lock_release(struct lock *l)
{
	if (!l || l->fd < 0)
		return;
	/* No pid without a daemon; should it fail, the missing lock says the same. */
	if (lock_is_current(l) && ftruncate(l->fd, 0) < 0)
		errno = 0;
	close(l->fd);
	l->fd = -1;
}

static void release(void *obj)
{
	lock_release(obj);
}

bool lock_is_current(const struct lock *l)
{
	struct stat held, named;

	return fstat(l->fd, &held) == 0 && stat(l->path, &named) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static struct err *open_file(struct arena *a, struct lock *l)
{
	struct stat st;

	l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0)
		return FAIL(a, IO, "cannot open '%s': %s", l->path, strerror(errno));
	if (fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		return NULL;
	close(l->fd);
	l->fd = -1;
	return FAIL(a, FORBIDDEN, "'%s' is not a plain file of yours; remove it", l->path);
}

static struct err *taken(struct arena *a, const struct place *pl)
{
	i64 pid;

	if (place_is_locked(a, pl, &pid) && pid)
		return FAIL(a, EXISTS, "a daemon is already running (pid %" PRId64 ")", pid);
	return FAIL(a, EXISTS, "another daemon is starting or ending");
}

static struct err *write_pid(struct arena *a, struct lock *l)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(l->fd, 0) == 0 && pwrite(l->fd, text, (size_t)n, 0) == n)
		return NULL;
	return FAIL(a, IO, "cannot write '%s': %s", l->path, strerror(errno));
}

struct err *lock_take(struct arena *a, const struct place *pl, struct lock **ret_lock)
{
	i64 deadline = clock_mono_ms(&clock_real) + LOCK_WAIT_MS;
	struct lock *l = NEW(a, struct lock);

	l->path = arena_cstr(a, pl->lock);
	l->fd = -1;
	arena_defer(a, release, l);
	for (;;) {
		TRY(open_file(a, l));
		if (flock(l->fd, LOCK_EX | LOCK_NB) == 0 && lock_is_current(l))
			break;
		close(l->fd);
		l->fd = -1;
		if (clock_mono_ms(&clock_real) >= deadline)
			return taken(a, pl);
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
	}
	fchmod(l->fd, 0600);
	TRY(write_pid(a, l));
	*ret_lock = l;
	return NULL;
}
