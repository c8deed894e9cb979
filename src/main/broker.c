/*
 * broker.c - main() of claudemesh-broker: settings, the process's own limits, then broker_run().
 */
#include "broker/broker.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* Each connection is a descriptor. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warn("the limit of open files stays low");
}

/* Before the first thread: few of them, with one heap, so that a broker at rest is small. */
static void set_process_limits(void)
{
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	setenv("UV_THREADPOOL_SIZE", "2", 0);
	mallopt(M_ARENA_MAX, 1);
	raise_descriptors();
}

static struct err *run(struct arena *a, int argc, char *argv[])
{
	struct settings s;

	TRY(settings_read(a, argc - 1, argv + 1, environ, &s));
	if (s.help || s.version) {
		str text = s.help ? settings_help(a) : S("claudemesh-broker " CLAUDEMESH_VERSION "\n");

		fwrite(text.ptr, 1, text.len, stdout);
		return fflush(stdout) == 0 ? NULL : FAIL(a, IO, "standard output cannot be written");
	}
	log_setup((enum log_level)s.log_level, (enum log_format)s.log_format, STDERR_FILENO, "broker");
	return broker_run(a, &s);
}

int main(int argc, char *argv[])
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e;

	set_process_limits();
	e = run(a, argc, argv);
	if (!e)
		return 0;
	fprintf(stderr, "claudemesh-broker: %.*s\n", STRF(e->text));
	return err_exit(e);
}
