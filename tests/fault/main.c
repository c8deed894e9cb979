/*
 * fault BROKER PRELOAD KIND [--every N | --only N] - plays talk.h's conversation again and again, each time
 * with another call that fails: the first, the second, ... until none does any more. TAP.
 *
 * On PostgreSQL if CLAUDEMESH_TEST_DB is pg, and for the faults of the connection to it.
 * With --every only each Nth, another set in each KIND; the suite `benchmark` has all.
 */
#include "fault/talk.h"
#include "fault/kinds.h"
#include "fault/proxy.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CALLS_MAX = 20000, PATH_BYTES_MAX = 128, BAD_MAX = 3 };

struct stage {
	const char *program, *preload;
	char dir[PATH_BYTES_MAX];
	struct fault_plan *plan;
	str server, proxied;          /* PostgreSQL; empty: SQLite */
};

static int remove_entry(const char *path, const struct stat *st UNUSED, int type UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

static bool prepare(struct stage *s)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_BYTES_MAX + 8];
	int fd;

	snprintf(s->dir, sizeof(s->dir), "%s/fault-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(s->dir))
		return false;
	snprintf(path, sizeof(path), "%s/plan", s->dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*s->plan)) < 0)
		return false;
	s->plan = mmap(NULL, sizeof(*s->plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return s->plan != MAP_FAILED;
}

static struct err *set_up(struct arena *a, struct stage *s, struct talk *t, long number)
{
	const char *options = getenv("ASAN_OPTIONS");
	str flags = arena_printf(a, "LD_PRELOAD=%s " FAULT_PLAN_ENV "=%s/plan ASAN_OPTIONS=verify_asan_link_order=0:%s",
				 s->preload, s->dir, options ? options : "");

	t->arena = a;
	t->plan = s->plan;
	t->vars.arena = a;
	t->cast = (struct cast){ .arena = a, .vars = &t->vars };
	t->broker = (struct broker){
		.arena = a, .program = s->program,
		.data_dir = arena_printf(a, "%s/data%ld", s->dir, number).ptr,
		.log_path = arena_printf(a, "%s/log%ld", s->dir, number).ptr,
	};
	if (s->server.len) {
		/* libpq goes on reading when a write has failed: only the deadline ends that. */
		str schema = arena_printf(a, "timeout=1&schema=fault%ld_%ld", (long)getpid(), number);

		t->database = arena_printf(a, "%.*s&%.*s", STRF(s->server), STRF(schema));
		flags = arena_printf(a, "%.*s --database=%.*s&%.*s", STRF(flags), STRF(s->proxied), STRF(schema));
	}
	return broker_set_flags(a, &t->broker, flags);
}

/* Prints the first difference to what must be; false then. */
static bool play(struct stage *s, enum fault_kind kind, long fail_at)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct talk *t = NEW(a, struct talk);
	struct err *e = set_up(a, s, t, fail_at);
	str text, line;

	*s->plan = (struct fault_plan){ .kind = (int)kind, .fail_at = fail_at };
	if (!e)
		e = talk_run(a, t);
	for (size_t i = 0; i < TALK_PEERS; i++)
		wire_drop(&t->peers[i].wire);
	broker_kill(&t->broker);
	if (!e) {
		nftw(t->broker.data_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		unlink(t->broker.log_path);
		return true;
	}
	printf("# %s, call %ld: %.*s (%s:%d)\n# The broker's log ends:\n", fault_words[kind], fail_at, STRF(e->text),
	       e->file, e->line);
	text = broker_log(a, &t->broker);
	while (str_cut(&text, '\n', &line))
		printf("# %.*s\n", STRF(line));
	return false;
}

/* False when a conversation failed, or when no call did. */
static bool run(struct stage *s, enum fault_kind kind, long first, long every)
{
	long at = first;
	int bad = 0, played = 0;

	do {
		if (!play(s, kind, at))
			bad++;
		played += s->plan->fired != 0;
		at += every;
	} while (s->plan->fired && at < CALLS_MAX && bad < BAD_MAX);
	printf("%s 1 - %s: whichever call fails, nothing acked is lost or doubled (%d conversations)\n1..1\n",
	       bad || !played ? "not ok" : "ok", fault_words[kind], played);
	return !bad && played;
}

/* The server of tests/postgres.sh, for its faults with something in between. */
static bool use_postgres(struct arena *a, struct stage *s, enum fault_kind kind)
{
	struct err *e = NULL;

	s->proxied = s->server = str_from(getenv("CLAUDEMESH_TEST_PG"));
	if (!s->server.len) {
		fprintf(stderr, "fault: run it by tests/postgres.sh\n");
		return false;
	}
	if (kind >= FAULT_COMMIT_LOST)
		e = proxy_new(a, s->plan, s->server, s->dir, &s->proxied);
	if (e)
		fprintf(stderr, "fault: %.*s\n", STRF(e->text));
	return !e;
}

int main(int argc, char *argv[])
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage s = { .program = argc > 1 ? argv[1] : NULL, .preload = argc > 2 ? argv[2] : NULL };
	long number = argc == 6 ? strtol(argv[5], NULL, 10) : 1;
	bool only = argc == 6 && strcmp(argv[4], "--only") == 0;
	int kind = argc > 3 ? fault_kind_of(argv[3]) : FAULT_KINDS;
	const char *database = getenv("CLAUDEMESH_TEST_DB");
	bool on_postgres;

	if (kind == FAULT_KINDS || number < 1) {
		fprintf(stderr, "usage: fault BROKER PRELOAD KIND [--every N | --only N]\n");
		return 2;
	}
	if (!prepare(&s)) {
		perror("fault");
		return 2;
	}
	on_postgres = kind >= FAULT_COMMIT_LOST || (database && strcmp(database, "pg") == 0);
	if (on_postgres && !use_postgres(a, &s, (enum fault_kind)kind))
		return 2;
	if (!run(&s, (enum fault_kind)kind, only ? number : 1 + kind % number, only ? CALLS_MAX : number))
		return 1;
	nftw(s.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
