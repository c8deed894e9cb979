/*
 * daemon_spawn.c - a detached process with a pipe on which it says that it is ready, or why not.
 *
 * What it says is one line: "ok <pid>", or "<code> <word> <sentence>". Twice forked, so that it is
 * nobody's child here. It gets the user's environment without what belongs to a session.
 */
#include "client/daemon_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_BYTES_MAX = 2048, ARGS_MAX = 6 };

static const char *const not_inherited[] = {
	"CLAUDEMESH_IPC_TOKEN", "CLAUDEMESH_IPC_TOKEN_FILE", "CLAUDEMESH_SESSION_ID",
	"CLAUDEMESH_DISPLAY_NAME", "CLAUDEMESH_ROLE", "CLAUDEMESH_DEBUG", "LISTEN_PID", "LISTEN_FDS",
	"LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
};

struct pipe_ends { int read, write; };

static void close_ends(struct pipe_ends *p)
{
	if (p->read >= 0)
		close(p->read);
	if (p->write >= 0)
		close(p->write);
}

static void set_env(struct arena *a, const struct daemon_spawn_spec *spec, int ready_fd)
{
	char *dir = realpath(arena_cstr(a, spec->paths->dir), NULL);
	const char *daemon_dir = getenv("CLAUDEMESH_DAEMON_DIR");

	for (size_t i = 0; i < ARRAY_LEN(not_inherited); i++)
		unsetenv(not_inherited[i]);
	setenv("CLAUDEMESH_CONFIG_DIR", dir ? dir : arena_cstr(a, spec->paths->dir), 1);
	if (daemon_dir && *daemon_dir && *daemon_dir != '/') {
		char *real = realpath(daemon_dir, NULL);

		if (real)
			setenv("CLAUDEMESH_DAEMON_DIR", real, 1);
	}
	setenv(DAEMON_GUARD_ENV, "1", 1);
	setenv("CLAUDEMESH_INTERNAL_LOG_FILE", "1", 1);
	setenv(DAEMON_READY_ENV, arena_printf(a, "%d", ready_fd).ptr, 1);
}

static void child(struct arena *a, const struct daemon_spawn_spec *spec, int ready_fd)
{
	const char *argv[ARGS_MAX] = { "claudemesh", "daemon", "up", "--foreground", NULL, NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	if (spec->tcp)
		argv[4] = arena_cstr(a, arena_printf(a, "--tcp=%lld", (long long)spec->tcp_port));
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	set_env(a, spec, ready_fd);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(ready_fd, F_SETFD, 0);
	if (chdir("/") == 0)
		execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* In between: only there so that the daemon gets another parent. */
static void intermediate(struct arena *a, const struct daemon_spawn_spec *spec, int ready_fd)
{
	pid_t pid = fork();

	if (pid == 0)
		child(a, spec, ready_fd);
	_exit(pid < 0);
}

/* Reads until the line is whole, the other end is closed, or the time is over. */
static struct err *read_line(struct arena *a, int fd, i64 wait_ms, str *ret_line)
{
	i64 end = clock_mono_ms(&clock_real) + wait_ms;
	char *line = arena_alloc(a, LINE_BYTES_MAX);
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		i64 left = end - clock_mono_ms(&clock_real);
		ssize_t n;

		if (left <= 0)
			return FAIL(a, TIMEOUT, "the daemon was not ready within %lld ms",
				    (long long)wait_ms);
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, line + len, LINE_BYTES_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			len += (size_t)n;
		if (n <= 0 || len == LINE_BYTES_MAX || line[len - 1] == '\n')
			break;
	}
	*ret_line = str_trim(str_of(line, len));
	return NULL;
}

static struct err *read_word(struct arena *a, const struct place *pl, str line, i64 *ret_pid)
{
	str rest = line, word = STR_NONE, narrow = STR_NONE;
	enum err_code code;
	struct err *e;

	if (str_empty(line))
		return FAIL(a, INTERNAL, "the daemon ended before it was ready; see %.*s",
			    STRF(pl->log));
	str_cut(&rest, ' ', &word);
	if (str_eq(word, S("ok")) && str_to_i64(rest, ret_pid))
		return NULL;
	code = err_from_wire(word);
	str_cut(&rest, ' ', &narrow);
	e = err_make(a, code ? code : ERR_INTERNAL, __FILE__, __LINE__, "%.*s", STRF(rest));
	return str_eq(word, narrow) ? e : err_word(e, narrow);
}

struct err *daemon_spawn(struct arena *a, const struct daemon_spawn_spec *spec, i64 *ret_pid)
{
	CLEANUP(close_ends) struct pipe_ends ends = { -1, -1 };
	i64 wait_ms = spec->start_ms ? spec->start_ms : START_MS;
	int fds[2], status;
	pid_t pid;
	str line;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return FAIL(a, IO, "cannot make a pipe: %s", strerror(errno));
	ends = (struct pipe_ends){ fds[0], fds[1] };
	pid = fork();
	if (pid < 0)
		return FAIL(a, IO, "cannot start a process: %s", strerror(errno));
	if (pid == 0)
		intermediate(a, spec, ends.write);
	close(ends.write);
	ends.write = -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	TRY(read_line(a, ends.read, wait_ms, &line));
	return read_word(a, spec->place, line, ret_pid);
}

void daemon_tell_ready(const struct err *e)
{
	const char *text = getenv(DAEMON_READY_ENV);
	struct err plain = e ? *e : (struct err){ 0 };
	char line[LINE_BYTES_MAX];
	i64 fd;
	int n;

	if (!text || !str_to_i64(str_from(text), &fd) || fd <= STDERR_FILENO || fd > 1 << 20)
		return;
	unsetenv(DAEMON_READY_ENV);
	plain.word = STR_NONE;
	if (e)
		n = snprintf(line, sizeof(line), "%.*s %.*s %.*s\n", STRF(err_wire(&plain)),
			     STRF(err_wire(e)), STRF(e->text));
	else
		n = snprintf(line, sizeof(line), "ok %d\n", (int)getpid());
	/* Who started us may have given up waiting. */
	if (write((int)fd, line, (size_t)MIN(n, (int)sizeof(line) - 1)) < 0)
		errno = 0;
	close((int)fd);
}
