#include "daemon/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static struct err *open_log(struct arena *a, const struct place *pl, int *ret_fd)
{
	int fd = open(arena_cstr(a, pl->log),
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0)
		return FAIL(a, IO, "cannot open the log '%.*s': %s", STRF(pl->log), strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    fchmod(fd, 0600) < 0) {
		close(fd);
		return FAIL(a, FORBIDDEN, "the log '%.*s' is not a plain file of yours; remove it",
			    STRF(pl->log));
	}
	*ret_fd = fd;
	return NULL;
}

static void put_in_place(int fd)
{
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

struct err *logfile_open(struct arena *a, const struct place *pl)
{
	int fd = -1;

	TRY(open_log(a, pl, &fd));
	put_in_place(fd);
	return NULL;
}

void logfile_rotate(const struct place *pl, i64 bytes_max)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stat ours, named;
	bool is_named = fstat(STDERR_FILENO, &ours) == 0 &&
			stat(arena_cstr(a, pl->log), &named) == 0 && ours.st_ino == named.st_ino;
	struct err *e;
	int fd = -1;

	if (is_named && ours.st_size < bytes_max)
		return;
	if (is_named && rename(arena_cstr(a, pl->log), arena_cstr(a, pl->old_log)) < 0)
		return;
	/* Until there is a new one the old one is written on. */
	e = open_log(a, pl, &fd);
	if (e)
		log_err(LOG_WARN, "log_not_rotated", e);
	else
		put_in_place(fd);
}
