#include "bench/broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "bench/usage.h"
#include "net/http_client.h"

enum { RETRY_MS = 10, HEALTH_MS = 2000, PORT_TRIES = 100 };

static bool port_is_free(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static struct err *choose_port(struct arena *a, int *ret_port)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		int port = BROKER_PORT_LOW +
			   (int)random_below(&random_system, BROKER_PORT_HIGH - BROKER_PORT_LOW);

		if (port_is_free(port)) {
			*ret_port = port;
			return NULL;
		}
	}
	return FAIL(a, NETWORK, "no free port between %d and %d", BROKER_PORT_LOW,
		    BROKER_PORT_HIGH);
}

struct err *broker_init(struct arena *a, struct broker *b, const struct broker_spec *spec)
{
	str data = spec->data;
	const char *tmp = getenv("TMPDIR");
	char *dir;

	*b = (struct broker){ .arena = a, .program = arena_cstr(a, spec->program) };
	if (!str_empty(spec->database))
		b->database = arena_cstr(a, spec->database);
	if (access(b->program, X_OK) != 0)
		return FAIL(a, NOT_FOUND, "there is no program %s: %s", b->program,
			    strerror(errno));
	TRY(choose_port(a, &b->port));
	dir = arena_cstr(a,
			 arena_printf(a, "%s/claudemesh-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp"));
	if (str_empty(data)) {
		if (!mkdtemp(dir))
			return FAIL(a, IO, "making %s failed: %s", dir, strerror(errno));
		b->is_temporary = true;
		b->dir = str_from(dir);
		data = arena_printf(a, "%s/data", dir);
	} else {
		b->dir = data;
		if (mkdir(arena_cstr(a, data), 0700) != 0 && errno != EEXIST)
			return FAIL(a, IO, "making %.*s failed: %s", STRF(data), strerror(errno));
	}
	b->data = arena_cstr(a, data);
	b->log = arena_cstr(a, arena_printf(a, "%.*s/bench-broker.log", STRF(b->dir)));
	return NULL;
}

/* Only what is allowed between fork and exec. */
static void child_run(const struct broker *b, char *const argv[], pid_t parent)
{
	int log = open(b->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (log < 0 || getppid() != parent)
		_exit(126);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(b->program, argv);
	_exit(127);
}

static struct err *launch(struct arena *a, struct broker *b)
{
	char *argv[] = {
		b->program,
		arena_cstr(a, S("--listen")),
		arena_cstr(a, arena_printf(a, "127.0.0.1:%d", b->port)),
		arena_cstr(a, S("--data")),
		b->data,
		arena_cstr(a, S("--rate-limit=0")),
		arena_cstr(a, S("--max-waiting=0")),
		arena_cstr(a, S("--max-waiting-bytes=0")),
		arena_cstr(a, S("--max-sent-waiting=0")),
		arena_cstr(a, S("--max-sent-waiting-bytes=0")),
		b->database ? arena_cstr(a, S("--database")) : NULL,
		b->database,
		NULL,
	};
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		child_run(b, argv, parent);
	if (pid < 0)
		return FAIL(a, IO, "fork failed: %s", strerror(errno));
	b->pid = pid;
	return NULL;
}

static void count_usage(struct broker *b, const struct rusage *use)
{
	b->pid = 0;
	b->cpu_us += (i64)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1000000 +
		     use->ru_utime.tv_usec + use->ru_stime.tv_usec;
	b->peak_bytes = MAX(b->peak_bytes, (i64)use->ru_maxrss * 1024);
}

static bool ended(struct broker *b, int *ret_status)
{
	struct rusage use;

	if (!b->pid || wait4(b->pid, ret_status, WNOHANG, &use) != b->pid)
		return false;
	count_usage(b, &use);
	return true;
}

static str status_text(struct arena *a, int status)
{
	if (WIFSIGNALED(status))
		return arena_printf(a, "died of signal %d", WTERMSIG(status));
	return arena_printf(a, "ended with status %d", WEXITSTATUS(status));
}

static str log_tail(struct arena *a, const struct broker *b)
{
	FILE *f = fopen(b->log, "rb");
	char *text = arena_alloc(a, BROKER_LOG_SHOWN);
	size_t n;

	if (!f)
		return S("");
	if (fseek(f, -BROKER_LOG_SHOWN, SEEK_END) != 0)
		rewind(f);
	n = fread(text, 1, BROKER_LOG_SHOWN, f);
	fclose(f);
	return str_trim(str_of(text, n));
}

struct err *broker_check(struct arena *a, struct broker *b)
{
	int status;

	if (!ended(b, &status))
		return NULL;
	return FAIL(a, IO, "the broker %.*s on its own; its log ends with:\n%.*s",
		    STRF(status_text(a, status)), STRF(log_tail(a, b)));
}

struct err *broker_start(struct arena *a, struct broker *b)
{
	i64 deadline = clock_mono_ms(&clock_real) + BROKER_START_MS;
	struct http_spec health = {
		.url = arena_printf(a, "http://127.0.0.1:%d/health", b->port),
		.deadline_ms = HEALTH_MS,
	};
	struct http_answer answer;

	TRY(launch(a, b));
	while (http_fetch(a, &health, &answer) || answer.status != 200) {
		TRY(broker_check(a, b));
		if (clock_mono_ms(&clock_real) > deadline)
			return FAIL(a, TIMEOUT, "the broker was not ready in %d ms",
				    BROKER_START_MS);
		poll(NULL, 0, RETRY_MS);
	}
	b->rest_bytes = usage_resident(b->pid);
	return NULL;
}

static void kill_now(struct broker *b)
{
	struct rusage use;

	if (!b->pid)
		return;
	kill(b->pid, SIGKILL);
	if (wait4(b->pid, NULL, 0, &use) == b->pid)
		count_usage(b, &use);
	b->pid = 0;
}

struct err *broker_kill_restart(struct arena *a, struct broker *b)
{
	TRY(broker_check(a, b));
	kill_now(b);
	b->kills++;
	return launch(a, b);
}

struct err *broker_stop(struct arena *a, struct broker *b)
{
	i64 deadline = clock_mono_ms(&clock_real) + BROKER_STOP_MS;
	int status;

	if (!b->pid)
		return NULL;
	TRY(broker_check(a, b));
	kill(b->pid, SIGTERM);
	while (!ended(b, &status)) {
		if (clock_mono_ms(&clock_real) > deadline)
			return FAIL(a, TIMEOUT, "the broker did not end %d ms after SIGTERM",
				    BROKER_STOP_MS);
		poll(NULL, 0, RETRY_MS);
	}
	if (status != 0)
		return FAIL(a, IO, "after SIGTERM the broker %.*s; its log ends with:\n%.*s",
			    STRF(status_text(a, status)), STRF(log_tail(a, b)));
	return NULL;
}

struct err *broker_stop_restart(struct arena *a, struct broker *b)
{
	TRY(broker_stop(a, b));
	b->kills++;
	return launch(a, b);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

void broker_done(struct broker *b, bool keep)
{
	kill_now(b);
	if (b->is_temporary && !keep)
		nftw(arena_cstr(b->arena, b->dir), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
