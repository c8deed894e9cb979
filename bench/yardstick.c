#include "bench/yardstick.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/yard.h"

enum { BACKLOG = 4096, ZEROS = 1 << 20 };

static struct err *listen_at(struct arena *a, int *ret_fd, int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		if (fd >= 0)
			close(fd);
		return FAIL(a, NETWORK, "the yardstick cannot listen: %s", strerror(errno));
	}
	*ret_fd = fd;
	*ret_port = ntohs(at.sin_port);
	return NULL;
}

/* Written full of zeros, so that later writes change nothing but data. */
static bool fill(int fd)
{
	static const char zeros[ZEROS];

	for (size_t done = 0; done < YARDSTICK_LOG_BYTES; done += ZEROS)
		if (pwrite(fd, zeros, ZEROS, (off_t)done) != ZEROS)
			return false;
	return fsync(fd) == 0;
}

static struct err *make_log(struct arena *a, str dir, int *ret_fd)
{
	int fd = open(arena_cstr(a, dir), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || !fill(fd)) {
		struct err *e = FAIL(a, IO, "making the yardstick's log in %.*s failed: %s",
				     STRF(dir), strerror(errno));
		if (fd >= 0)
			close(fd);
		return e;
	}
	*ret_fd = fd;
	return NULL;
}

/* The child keeps the two descriptors, we keep neither. */
static struct err *start_with(struct arena *a, struct yardstick *y, int listener, int log)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		yard_serve(listener, log);
	}
	close(listener);
	close(log);
	if (pid < 0)
		return FAIL(a, IO, "fork failed: %s", strerror(errno));
	y->pid = pid;
	return NULL;
}

struct err *yardstick_start(struct arena *a, struct yardstick *y, str dir)
{
	int listener = -1, log = -1;
	struct err *e;

	*y = (struct yardstick){ 0 };
	TRY(make_log(a, dir, &log));
	e = listen_at(a, &listener, &y->port);
	if (e) {
		close(log);
		return e;
	}
	return start_with(a, y, listener, log);
}

struct err *yardstick_stop(struct arena *a, struct yardstick *y)
{
	pid_t pid = y->pid;
	int status;

	if (!pid)
		return NULL;
	y->pid = 0;
	/* It has nothing to put in order. If it ended before, this signal finds a body only. */
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return NULL;
	return FAIL(a, IO, "the yardstick ended on its own");
}
