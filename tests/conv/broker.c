#include "conv/broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conv/wire.h"

enum { RETRY_MS = 10, FIXED_ARGS = 8 };

struct err *broker_set_flags(struct arena *a, struct broker *b, str flags)
{
	bool rate = false;
	str flag;

	b->flag_count = b->env_count = 0;
	while (str_cut(&flags, ' ', &flag)) {
		if (str_empty(flag))
			continue;
		if (b->flag_count + b->env_count + FIXED_ARGS == BROKER_FLAGS_MAX)
			return FAIL(a, TOO_LARGE, "too many flags");
		if (flag.ptr[0] >= 'A' && flag.ptr[0] <= 'Z' && str_index(flag, '=') > 0) {
			b->env[b->env_count++] = arena_cstr(b->arena, flag);
			continue;
		}
		rate = rate || str_starts(flag, S("--rate-limit"));
		b->flags[b->flag_count++] = arena_cstr(b->arena, flag);
	}
	if (!rate) {
		b->flags[b->flag_count++] = "--rate-limit";
		b->flags[b->flag_count++] = "0";
	}
	return NULL;
}

/* A port that nobody listens on now. */
static struct err *free_port(struct arena *a, int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	     getsockname(fd, (struct sockaddr *)&at, &len) == 0;
	if (fd >= 0)
		close(fd);
	if (!ok)
		return FAIL(a, NETWORK, "no free port: %s", strerror(errno));
	*ret_port = ntohs(at.sin_port);
	return NULL;
}

/* Only what is allowed between fork and exec. */
static void child_run(const struct broker *b, char *const argv[], pid_t parent)
{
	int log = open(b->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (log < 0 || getppid() != parent)
		_exit(126);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	for (size_t i = 0; i < b->env_count; i++)
		putenv(b->env[i]);
	execv(b->program, argv);
	_exit(127);
}

/* On PostgreSQL (postgres.sh) each runner has a schema of its own. */
static char *test_database(struct arena *a, const struct broker *b)
{
	const char *kind = getenv("CLAUDEMESH_TEST_DB"), *url = getenv("CLAUDEMESH_TEST_PG");

	if (!kind || strcmp(kind, "pg") != 0 || !url)
		return NULL;
	for (size_t i = 0; i < b->flag_count; i++)
		if (str_starts(str_from(b->flags[i]), S("--database")))
			return NULL;
	return arena_cstr(a, arena_printf(a, "--database=%s&schema=conv%ld", url, (long)getpid()));
}

static struct err *spawn(struct arena *a, struct broker *b)
{
	char *argv[FIXED_ARGS + BROKER_FLAGS_MAX] = {
		arena_cstr(a, str_from(b->program)), arena_cstr(a, S("--listen")),
		arena_cstr(a, arena_printf(a, "127.0.0.1:%d", b->port)),
		arena_cstr(a, S("--data")), arena_cstr(a, str_from(b->data_dir)),
	};
	pid_t parent = getpid(), pid;
	size_t n = 5;

	argv[n] = test_database(a, b);
	n += argv[n] != NULL;
	for (size_t i = 0; i < b->flag_count; i++)
		argv[n++] = arena_cstr(a, str_from(b->flags[i]));
	pid = fork();
	if (pid == 0)
		child_run(b, argv, parent);
	if (pid < 0)
		return FAIL(a, IO, "fork failed: %s", strerror(errno));
	b->pid = pid;
	b->stopping = false;
	return NULL;
}

bool broker_ended(struct broker *b, int *ret_status)
{
	if (waitpid(b->pid, ret_status, WNOHANG) != b->pid)
		return false;
	b->pid = 0;
	return true;
}

static struct err *wait_end(struct arena *a, struct broker *b, int *ret_status)
{
	i64 deadline = wire_now_ms() + BROKER_STOP_MS;

	while (!broker_ended(b, ret_status)) {
		if (wire_now_ms() > deadline) {
			broker_kill(b);
			return FAIL(a, TIMEOUT, "the broker did not end in %d ms", BROKER_STOP_MS);
		}
		poll(NULL, 0, RETRY_MS);
	}
	return NULL;
}

static str status_text(struct arena *a, int status)
{
	if (WIFSIGNALED(status))
		return arena_printf(a, "died of signal %d", WTERMSIG(status));
	return arena_printf(a, "ended with status %d", WEXITSTATUS(status));
}

struct err *broker_start(struct arena *a, struct broker *b)
{
	i64 deadline = wire_now_ms() + BROKER_START_MS;
	struct http_result_text answer;

	if (!b->port)
		TRY(free_port(a, &b->port));
	TRY(spawn(a, b));
	while (wire_http(a, b->port, S("GET"), S("/health"), NULL, 0, STR_NONE, &answer) ||
	       answer.status != 200) {
		int status;

		if (broker_ended(b, &status))
			return FAIL(a, IO, "the broker %.*s instead of starting",
				    STRF(status_text(a, status)));
		if (wire_now_ms() > deadline)
			return FAIL(a, TIMEOUT, "the broker was not ready in %d ms", BROKER_START_MS);
		poll(NULL, 0, RETRY_MS);
	}
	return NULL;
}

void broker_ask_to_stop(struct broker *b)
{
	if (b->pid && !b->stopping)
		kill(b->pid, SIGTERM);
	b->stopping = true;
}

struct err *broker_stop(struct arena *a, struct broker *b)
{
	int status;

	if (!b->pid)
		return NULL;
	if (!b->stopping && broker_ended(b, &status))
		return FAIL(a, IO, "the broker %.*s on its own", STRF(status_text(a, status)));
	broker_ask_to_stop(b);
	TRY(wait_end(a, b, &status));
	if (status != 0)
		return FAIL(a, IO, "after SIGTERM the broker %.*s", STRF(status_text(a, status)));
	return NULL;
}

void broker_kill(struct broker *b)
{
	if (!b->pid)
		return;
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	b->pid = 0;
}

struct err *broker_refuses(struct arena *a, struct broker *b, str words)
{
	int status;

	TRY(spawn(a, b));
	TRY(wait_end(a, b, &status));
	if (status == 0 || WIFSIGNALED(status))
		return FAIL(a, CONFLICT, "the broker %.*s", STRF(status_text(a, status)));
	if (!str_contains(broker_log(a, b), words))
		return FAIL(a, CONFLICT, "the broker did not say '%.*s'", STRF(words));
	return NULL;
}

struct err *broker_fill_disk(struct arena *a, const struct broker *b, bool full)
{
	struct rlimit limit;

	if (!b->pid)
		return FAIL(a, CONFLICT, "the broker does not run");
	if (prlimit(b->pid, RLIMIT_FSIZE, NULL, &limit) != 0)
		return FAIL(a, IO, "prlimit failed: %s", strerror(errno));
	limit.rlim_cur = full ? 1 : limit.rlim_max;
	if (prlimit(b->pid, RLIMIT_FSIZE, &limit, NULL) != 0)
		return FAIL(a, IO, "prlimit failed: %s", strerror(errno));
	return NULL;
}

str broker_log(struct arena *a, const struct broker *b)
{
	FILE *f = fopen(b->log_path, "rb");
	char *text = arena_alloc(a, BROKER_LOG_SHOWN);
	size_t n;

	if (!f)
		return STR_NONE;
	if (fseek(f, -BROKER_LOG_SHOWN, SEEK_END) != 0)
		rewind(f);
	n = fread(text, 1, BROKER_LOG_SHOWN, f);
	fclose(f);
	return str_of(text, n);
}
