/*
 * main.c - simulate --seed N [--trace] | --seeds A-B | --seconds S --from N, [--jobs J].
 *
 * Seeds run in child processes, so that a crash or a hang is a finding like any other and
 * names its seed. Exit status 1 if a seed failed; with --expect INVARIANT, if none violated it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "simulate/breaks.h"
#include "simulate/sim.h"

enum { JOBS_MAX = 64, SEED_SECONDS_MAX = 60, FOUND_MAX = 20 };

/* Shared with the children. */
struct board {
	_Atomic u64 next;              /* seed that nobody has taken */
	_Atomic u64 ran, failed, actions;
	_Atomic u64 current[JOBS_MAX];
};

struct plan {
	struct options options;
	u64 from, to;                  /* inclusive */
	i64 seconds;
	int jobs;
	bool twice;
};

static __attribute__((noreturn)) void usage(void)
{
	fprintf(stderr, "usage: simulate --seed N [--trace] | --seeds A-B | --seconds S [--from N]\n"
			"       [--jobs J] [--shards] [--twice] [--no-dedupe] [--break NAME] [--expect INVARIANT]\n");
	exit(2);
}

static i64 number(const char *text)
{
	i64 n;

	if (!text || !str_to_i64(str_from(text), &n) || n < 0)
		usage();
	return n;
}

static void range(const char *text, struct plan *p)
{
	str rest = str_from(text), first;
	i64 from, to;

	if (!str_cut(&rest, '-', &first) || !str_to_i64(first, &from) || !str_to_i64(rest, &to) || from > to)
		usage();
	p->from = (u64)from;
	p->to = (u64)to;
}

static struct plan parse(int argc, char **argv)
{
	struct plan p = { .jobs = 1, .from = 1, .to = UINT64_MAX, .options.dedupe = true };

	for (int i = 1; i < argc; i++) {
		str word = str_from(argv[i]);
		const char *value = argv[i + 1];

		if (str_eq(word, S("--trace")))
			p.options.trace = true;
		else if (str_eq(word, S("--twice")))
			p.twice = true;
		else if (str_eq(word, S("--shards")))
			p.options.shards = true;
		else if (str_eq(word, S("--dedupe")))
			p.options.dedupe = true;
		else if (str_eq(word, S("--no-dedupe")))
			p.options.dedupe = false;
		else if (str_eq(word, S("--seed")) && ++i)
			p.from = p.to = (u64)number(value);
		else if (str_eq(word, S("--seeds")) && ++i && value)
			range(value, &p);
		else if (str_eq(word, S("--from")) && ++i)
			p.from = (u64)number(value);
		else if (str_eq(word, S("--seconds")) && ++i)
			p.seconds = number(value);
		else if (str_eq(word, S("--jobs")) && ++i)
			p.jobs = (int)MIN(number(value), JOBS_MAX);
		else if (str_eq(word, S("--expect")) && ++i && value)
			p.options.expect = value;
		else if (!str_eq(word, S("--break")) || !++i || !value || !break_start(value))
			usage();
	}
	if (p.jobs < 1 || (p.to == UINT64_MAX && !p.seconds))
		usage();
	return p;
}

static bool run_seed(const struct plan *p, u64 seed)
{
	u64 hash, again;
	bool good;

	break_reset();
	good = simulate(seed, &p->options, &hash);
	if (!p->twice)
		return good;
	break_reset();
	good &= simulate(seed, &p->options, &again);
	if (hash != again)
		printf("seed %llu: two runs differ\n", (unsigned long long)seed);
	return good && hash == again;
}

static void child(const struct plan *p, struct board *b, int job, time_t end)
{
	for (;;) {
		u64 seed = b->next++;

		if (seed > p->to || (p->seconds && time(NULL) >= end) || b->failed >= FOUND_MAX)
			break;
		if (p->options.expect && b->failed)
			break;
		b->current[job] = seed;
		alarm(SEED_SECONDS_MAX);
		if (!run_seed(p, seed))
			b->failed++;
		b->ran++;
		fflush(stdout);
	}
	b->current[job] = 0;
	fflush(stdout);
	_exit(0);
}

static pid_t start(const struct plan *p, struct board *b, int job, time_t end)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();

	if (pid < 0)
		abort();
	if (pid == 0)
		child(p, b, job, end);
	return pid;
}

/* Runs until all children have ended by themselves; one that died is replaced. */
static void run_all(const struct plan *p, struct board *b)
{
	time_t end = time(NULL) + p->seconds;
	pid_t pids[JOBS_MAX];
	int running = p->jobs, status;

	for (int i = 0; i < p->jobs; i++)
		pids[i] = start(p, b, i, end);
	while (running) {
		pid_t pid = wait(&status);

		for (int i = 0; i < p->jobs; i++) {
			if (pids[i] != pid)
				continue;
			if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
				running--;
				continue;
			}
			printf("seed %llu: the process %s\n", (unsigned long long)b->current[i],
			       WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hangs" : "died");
			b->failed++;
			b->ran++;
			pids[i] = start(p, b, i, end);
		}
	}
}

int main(int argc, char **argv)
{
	struct plan p = parse(argc, argv);
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (b == MAP_FAILED || !crypto_start())
		abort();
	if (p.options.trace)
		setvbuf(stdout, NULL, _IOLBF, 0);
	log_setup(p.options.trace ? LOG_DEBUG : LOG_OFF, LOG_TEXT, STDOUT_FILENO, "broker");
	if (p.from == p.to) {
		u64 hash;

		bool good = simulate(p.from, &p.options, &hash);

		printf("seed %llu %s, hash %016llx\n", (unsigned long long)p.from, good ? "holds" : "FAILS",
		       (unsigned long long)hash);
		return good == !!p.options.expect;
	}
	b->next = p.from;
	run_all(&p, b);
	printf("%llu seeds, %llu failed\n", (unsigned long long)b->ran, (unsigned long long)b->failed);
	return (b->failed > 0) != !!p.options.expect;
}
