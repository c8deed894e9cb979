/*
 * main.c - claudemesh-bench: loads a broker and checks what comes out (README.md beside this).
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"
#include "bench/report.h"
#include "crypto/secret.h"

enum { EXIT_BAD_RESULT = 1, TAG_BYTES = 6 };

static i64 own_cpu_us(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (i64)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec +
	       use.ru_stime.tv_usec;
}

/* A connection is a descriptor, at both ends when the broker is our child. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static struct err *load(struct arena *a, const struct bench_flags *flags, struct broker *broker,
			str url, struct run *run, i64 *ret_cpu_us)
{
	struct crew *crew = NEW(a, struct crew);
	struct crew_spec spec = {
		.broker_url = url,
		.clients = (u32)flags->clients,
		.meshes = (u32)flags->meshes,
		.sleepers = flags->queued > 0,
	};
	str tag = id_random(a, &random_system);
	struct err *e;
	i64 cpu_us;

	tag.len = TAG_BYTES;
	spec.tag = tag;
	e = crew_make(a, crew, &spec);
	if (!e) {
		cpu_us = own_cpu_us();
		e = run_all(a, run, flags, crew, &(struct run_server){ .broker = broker }, tag);
		*ret_cpu_us = own_cpu_us() - cpu_us;
	}
	crew_wipe(crew);
	return e;
}

static int bench(struct arena *a, const struct bench_flags *flags)
{
	struct broker *broker = str_empty(flags->spawn) ? NULL : NEW(a, struct broker);
	struct run *run = NEW(a, struct run);
	str url = flags->broker;
	struct err *e = NULL, *end;
	i64 cpu_us = 0;
	bool ok;

	if (broker) {
		e = broker_init(a, broker, &(struct broker_spec){ flags->spawn, flags->data, flags->database });
		if (!e)
			e = broker_start(a, broker);
		url = arena_printf(a, "http://127.0.0.1:%d", broker->port);
	}
	if (!e)
		e = load(a, flags, broker, url, run, &cpu_us);
	if (broker && broker->arena) {
		end = broker_stop(a, broker);
		e = e ? e : end;
	}
	ok = run->flags && report_is_ok(run, e);
	if (run->flags) {
		str text = report(a, run, e, cpu_us);

		printf("%.*s", STRF(text));
	} else {
		fprintf(stderr, "claudemesh-bench: %.*s\n", STRF(e->text));
	}
	if (broker && broker->arena) {
		if (!ok && broker->log)
			fprintf(stderr,
				"claudemesh-bench: the broker's data and log are kept in %.*s\n",
				STRF(broker->dir));
		broker_done(broker, !ok);
	}
	run_done(run);
	return ok ? 0 : EXIT_BAD_RESULT;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct bench_flags flags;
	struct err *e;

	log_setup(LOG_WARN, LOG_TEXT, 2, "bench");
	e = options_parse(a, argc, argv, &flags);
	if (e) {
		fprintf(stderr, "claudemesh-bench: %.*s\n", STRF(e->text));
		return err_exit(e);
	}
	if (flags.help) {
		printf("%.*s", STRF(options_help(a)));
		return 0;
	}
	if (flags.version) {
		printf("claudemesh-bench %s\n", CLAUDEMESH_VERSION);
		return 0;
	}
	if (!crypto_start()) {
		fprintf(stderr, "claudemesh-bench: libsodium finds no randomness\n");
		return EXIT_BAD_RESULT;
	}
	raise_descriptors();
	return bench(a, &flags);
}
