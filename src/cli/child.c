#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { ARGUMENTS_MAX = 8, NOT_STARTED = 127, LOOK_MS = 5 };

static i64 now_ms(void)
{
	return clock_mono_ms(&clock_real);
}

/* In the child; what it complains of is not part of our answer. */
static void become(const char *const *arguments, const struct child_env *env, int in, int out)
{
	char *argv[ARGUMENTS_MAX + 2] = { (char *)(uintptr_t)"claudemesh" };
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[i + 1] = (char *)(uintptr_t)arguments[i];
	for (; env->name; env++) {
		if (env->value)
			setenv(env->name, env->value, 1);
		else
			unsetenv(env->name);
	}
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && (quiet < 0 || dup2(quiet, 2) >= 0))
		execv("/proc/self/exe", argv);
	_exit(NOT_STARTED);
}

static void close_both(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

struct err *child_start(struct arena *a, const char *const *arguments, const struct child_env *env,
			struct child *ret_child)
{
	int in[2], out[2];
	pid_t pid;

	*ret_child = (struct child){ .in = -1, .out = -1 };
	if (pipe2(in, O_CLOEXEC) != 0)
		return FAIL(a, IO, "no pipe: %s", strerror(errno));
	if (pipe2(out, O_CLOEXEC) != 0) {
		close_both(in);
		return FAIL(a, IO, "no pipe: %s", strerror(errno));
	}
	pid = fork();
	if (pid == 0)
		become(arguments, env, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (pid < 0) {
		close(in[1]);
		close(out[0]);
		return FAIL(a, IO, "no process: %s", strerror(errno));
	}
	*ret_child = (struct child){ pid, in[1], out[0], buf_make(CHILD_SAYS_MAX) };
	return NULL;
}

bool child_tell(struct child *c, str text)
{
	while (text.len && c->in >= 0) {
		ssize_t n = write(c->in, text.ptr, text.len);

		if (n < 0 && errno != EINTR)
			return false;
		text = str_skip(text, n > 0 ? (size_t)n : 0);
	}
	return c->in >= 0;
}

void child_tell_end(struct child *c)
{
	if (c->in >= 0)
		close(c->in);
	c->in = -1;
}

/* Reads once, waiting at most so long. False: it says nothing more. */
static bool hear(struct child *c, i64 wait_ms)
{
	struct pollfd p = { .fd = c->out, .events = POLLIN };
	char chunk[4096];
	ssize_t n;

	if (c->out < 0)
		return false;
	if (poll(&p, 1, (int)MAX(wait_ms, 0)) <= 0)
		return true;
	n = read(c->out, chunk, sizeof(chunk));
	if (n > 0)
		buf_add(&c->said, str_of(chunk, (size_t)n));
	return n > 0 || (n < 0 && errno == EINTR);
}

bool child_says(struct child *c, str part, i64 wait_ms)
{
	i64 until_ms = now_ms() + wait_ms;

	do {
		bool more = hear(c, until_ms - now_ms());

		if (str_contains(buf_str(&c->said), part))
			return true;
		if (!more)
			return false;
	} while (now_ms() < until_ms);
	return false;
}

static bool has_ended(struct child *c, int *ret_status)
{
	if (c->pid <= 0 || waitpid(c->pid, ret_status, WNOHANG) != c->pid)
		return false;
	c->pid = 0;
	return true;
}

bool child_finish(struct child *c, i64 wait_ms, int *ret_status)
{
	i64 until_ms = now_ms() + wait_ms;

	while (now_ms() < until_ms && hear(c, until_ms - now_ms()))
		;
	while (!has_ended(c, ret_status)) {
		if (now_ms() >= until_ms)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

void child_done(struct child *c)
{
	int status;

	child_tell_end(c);
	if (c->pid > 0 && !child_finish(c, CHILD_END_MS, &status)) {
		(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, &status, 0);
	}
	if (c->out >= 0)
		close(c->out);
	buf_done(&c->said);
	*c = (struct child){ .in = -1, .out = -1 };
}
