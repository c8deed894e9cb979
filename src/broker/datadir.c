#include "broker/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_TEXT_MAX = 24 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The directory and those above it. */
static struct err *make_dirs(struct arena *a, str path)
{
	char *cpath = arena_cstr(a, path);

	for (size_t i = 1; i <= path.len; i++) {
		if (i < path.len && cpath[i] != '/')
			continue;
		cpath[i] = '\0';
		if (mkdir(cpath, 0700) != 0 && errno != EEXIST)
			return FAIL(a, IO, "data directory '%.*s' cannot be made: '%s': %s",
				    STRF(path), cpath, strerror(errno));
		if (i < path.len)
			cpath[i] = '/';
	}
	return NULL;
}

static struct err *check_dir(struct arena *a, str path, bool root_may)
{
	struct stat st;

	if (stat(arena_cstr(a, path), &st) != 0)
		return FAIL(a, IO, "data directory '%.*s': %s", STRF(path), strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return FAIL(a, IO, "data directory '%.*s' is no directory", STRF(path));
	if (st.st_uid != geteuid() && !(root_may && geteuid() == 0))
		return FAIL(a, FORBIDDEN,
			    "data directory '%.*s' belongs to another user (%u): chown it "
			    "to the user of the broker, or run the broker as that user",
			    STRF(path), (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return FAIL(a, FORBIDDEN,
			    "others may write to the data directory '%.*s': chmod 700 '%.*s'",
			    STRF(path), STRF(path));
	return NULL;
}

static struct err *take_lock(struct arena *a, struct datadir *d)
{
	char holder[PID_TEXT_MAX] = "";
	str name = datadir_file(a, d, "broker.lock");

	d->lock_fd = open(arena_cstr(a, name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock_fd < 0)
		return FAIL(a, IO, "'%.*s': %s", STRF(name), strerror(errno));
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = pread(d->lock_fd, holder, sizeof(holder) - 1, 0);

		return FAIL(a, CONFLICT,
			    "data directory '%.*s' is in use by another broker (process %.*s): "
			    "stop it first, or give this one another --data",
			    STRF(d->path), (int)MAX(n, 0), holder);
	}
	snprintf(holder, sizeof(holder), "%ld", (long)getpid());
	if (ftruncate(d->lock_fd, 0) != 0 || pwrite(d->lock_fd, holder, strlen(holder), 0) < 0)
		return FAIL(a, IO, "'%.*s' cannot be written: %s", STRF(name), strerror(errno));
	return NULL;
}

static struct err *open_dir(struct arena *a, str path, bool root_may, struct datadir *ret_dir)
{
	struct datadir d = { .path = path, .lock_fd = -1 };
	struct err *e;

	while (d.path.len > 1 && str_ends(d.path, S("/")))
		d.path.len--;
	TRY(make_dirs(a, d.path));
	TRY(check_dir(a, d.path, root_may));
	e = take_lock(a, &d);
	if (e) {
		close_fd(&d.lock_fd);
		return e;
	}
	*ret_dir = d;
	return NULL;
}

struct err *datadir_open(struct arena *a, str path, struct datadir *ret_dir)
{
	return open_dir(a, path, false, ret_dir);
}

struct err *datadir_open_admin(struct arena *a, str path, struct datadir *ret_dir)
{
	return open_dir(a, path, true, ret_dir);
}

void datadir_close(struct datadir *d)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (d->lock_fd < 0)
		return;
	unlink(arena_cstr(a, datadir_file(a, d, "broker.addr")));
	close(d->lock_fd);
	d->lock_fd = -1;
}

str datadir_file(struct arena *a, const struct datadir *d, const char *name)
{
	return arena_printf(a, "%.*s/%s", STRF(d->path), name);
}

struct err *datadir_announce(struct arena *a, const struct datadir *d, str address)
{
	str name = datadir_file(a, d, "broker.addr"), next = datadir_file(a, d, "broker.addr.new");
	str line = arena_printf(a, "%.*s\n", STRF(address));
	CLEANUP(close_fd)
	int fd = open(arena_cstr(a, next), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, line.ptr, line.len) != (ssize_t)line.len ||
	    rename(arena_cstr(a, next), arena_cstr(a, name)) != 0)
		return FAIL(a, IO, "'%.*s' cannot be written: %s", STRF(name), strerror(errno));
	return NULL;
}
