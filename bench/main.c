/*
 * main.c - claudemesh-bench: loads a broker and checks what comes out (README.md beside this).
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"
#include "bench/report.h"
#include "crypto/secret.h"

enum { EXIT_BAD_RESULT = 1 };

/* A connection is a descriptor, at both ends when the broker is our child. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* What was not ok leaves its traces behind. */
static void tell_kept(const struct trial *t)
{
	if (!str_empty(t->kept))
		fprintf(stderr, "claudemesh-bench: the broker's data and log are kept in %.*s\n",
			STRF(t->kept));
	if (!t->happened)
		fprintf(stderr, "claudemesh-bench: %.*s\n", STRF(t->error));
}

/* In turns, so that what else the machine does meets both. */
static int bench(struct arena *a, const struct bench_flags *flags)
{
	struct trial *ours = NEW_ARRAY(a, struct trial, (size_t)flags->rounds);
	struct trial *bare = NEW_ARRAY(a, struct trial, (size_t)flags->rounds);
	struct report_of *one = NEW(a, struct report_of), *yardstick = NEW(a, struct report_of);
	str text;

	for (i64 i = 0; i < flags->rounds; i++) {
		if (flags->compare) {
			trial_run(a, flags, true, &bare[i]);
			tell_kept(&bare[i]);
		}
		trial_run(a, flags, flags->yardstick, &ours[i]);
		tell_kept(&ours[i]);
	}
	report_join(one, flags->yardstick ? "yardstick" : "broker", ours, flags->rounds);
	if (flags->compare)
		report_join(yardstick, "yardstick", bare, flags->rounds);
	text = report(a, flags, one, flags->compare ? yardstick : NULL);
	printf("%.*s", STRF(text));
	return one->ok && (!flags->compare || yardstick->ok) ? 0 : EXIT_BAD_RESULT;
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
