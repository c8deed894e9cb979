/*
 * broker.c - main() of claudemesh-broker: settings, the process's own limits, then broker_run().
 */
#include "base/harden.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/check.h"
#include "engine/openapi.h"
#include "engine/protocol.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { PROTOCOL_BYTES_MAX = 4 << 20 };

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

/* Before the first thread: few of them, with two heaps, so that a broker at rest is small. */
static void set_process_limits(void)
{
	harden_process();
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails */
	setenv("UV_THREADPOOL_SIZE", "2", 0);
	mallopt(M_ARENA_MAX, 2);
	raise_descriptors();
}

static struct err *print(struct arena *a, str text)
{
	if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
		return FAIL(a, IO, "standard output cannot be written");
	return NULL;
}

/* `protocol [NAME]`: the messages and routes, from the rows that carry them out. */
static struct err *print_protocol(struct arena *a, int argc, char *argv[])
{
	CLEANUP(buf_done) struct buf b = buf_make(PROTOCOL_BYTES_MAX);

	if (argc > 1)
		return FAIL(a, BAD_REQUEST,
			    "usage: claudemesh-broker protocol [NAME|--markdown|--rest|--openapi|--settings|--man]");
	if (argc && str_eq(str_from(argv[0]), S("--markdown")))
		protocol_markdown(&b);
	else if (argc && str_eq(str_from(argv[0]), S("--rest")))
		openapi_markdown(&b);
	else if (argc && str_eq(str_from(argv[0]), S("--openapi")))
		openapi_json(&b, S(""));
	else if (argc && str_eq(str_from(argv[0]), S("--settings")))
		settings_markdown(&b);
	else if (argc && str_eq(str_from(argv[0]), S("--man")))
		settings_man(&b);
	else
		TRY(protocol_json(a, &b, argc ? str_from(argv[0]) : S("")));
	buf_add_byte(&b, '\n');
	return print(a, buf_str(&b));
}

/* `admin COMMAND ...`: asks the broker of the data directory. */
static struct err *run_admin(struct arena *a, int argc, char *argv[])
{
	str text = STR_NONE;

	TRY(admin_run(a, argc, argv, environ, &text));
	return print(a, text);
}

/* `check-config [FLAGS]` */
static struct err *run_check(struct arena *a, int argc, char *argv[])
{
	struct settings s;
	str text;

	TRY(settings_read(a, argc, argv, environ, &s));
	log_setup(LOG_WARN, LOG_TEXT, STDERR_FILENO, "broker");
	TRY(check_config(a, &s, &text));
	return print(a, text);
}

static struct err *run_settings(struct arena *a, int argc, char *argv[])
{
	str text;

	TRY(settings_print(a, argc, argv, environ, &text));
	return print(a, text);
}

static struct err *run(struct arena *a, int argc, char *argv[])
{
	struct settings s;

	if (argc > 1 && str_eq(str_from(argv[1]), S("protocol")))
		return print_protocol(a, argc - 2, argv + 2);
	if (argc > 1 && str_eq(str_from(argv[1]), S("admin")))
		return run_admin(a, argc - 2, argv + 2);
	if (argc > 1 && str_eq(str_from(argv[1]), S("check-config")))
		return run_check(a, argc - 2, argv + 2);
	TRY(settings_read(a, argc - 1, argv + 1, environ, &s));
	if (s.print_settings)
		return run_settings(a, argc - 1, argv + 1);
	if (s.help)
		return print(a, settings_help(a));
	if (s.version)
		return print(a, S("claudemesh-broker " CLAUDEMESH_VERSION "\n"));
	log_setup((enum log_level)s.log_level, (enum log_format)s.log_format, STDERR_FILENO,
		  "broker");
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
