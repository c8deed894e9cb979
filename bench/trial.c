#include "bench/trial.h"

#include <stdlib.h>

#include "base/ids.h"
#include "bench/measured.h"
#include "bench/yardstick.h"

enum { TAG_BYTES = 6, QUEUED_FOR_ONE = 10000 };

/* What is loaded: a broker of ours, somebody's, or the yardstick. */
struct server {
	struct broker *broker; /* NULL: none of ours */
	struct yardstick yardstick;
	str url;
};

static struct err *start(struct arena *a, const struct bench_flags *flags, bool against_yardstick,
			 struct server *s)
{
	struct broker_spec spec = { flags->spawn, flags->data, flags->database };
	const char *tmp = getenv("TMPDIR");

	*s = (struct server){ .url = flags->broker };
	if (against_yardstick) {
		TRY(yardstick_start(a, &s->yardstick, str_from(tmp && *tmp ? tmp : "/tmp")));
		s->url = arena_printf(a, "http://127.0.0.1:%d", s->yardstick.port);
	} else if (!str_empty(flags->spawn)) {
		s->broker = NEW(a, struct broker);
		TRY(broker_init(a, s->broker, &spec));
		TRY(broker_start(a, s->broker));
		s->url = arena_printf(a, "http://127.0.0.1:%d", s->broker->port);
	}
	return NULL;
}

/* So many that none reaches what a broker keeps for one recipient. */
static u32 sleepers(const struct bench_flags *flags)
{
	i64 room = flags->meshes * QUEUED_FOR_ONE;

	return (u32)((flags->queued + room - 1) / room);
}

static struct err *load(struct arena *a, const struct bench_flags *flags, const struct server *s,
			struct run *run)
{
	struct run_server server = { s->broker, s->yardstick.pid };
	struct crew *crew = NEW(a, struct crew);
	struct crew_spec spec = {
		.broker_url = s->url,
		.tag = id_random(a, &random_system),
		.clients = (u32)flags->clients,
		.meshes = (u32)flags->meshes,
		.sleepers = sleepers(flags),
		.is_bare = s->yardstick.pid != 0,
	};
	struct err *e;

	spec.tag.len = TAG_BYTES;
	e = crew_make(a, crew, &spec);
	if (!e)
		e = run_all(a, run, flags, crew, &server, spec.tag);
	crew_wipe(crew);
	return e;
}

static struct err *stop(struct arena *a, struct server *s)
{
	if (s->broker && s->broker->data)
		return broker_stop(a, s->broker);
	return yardstick_stop(a, &s->yardstick);
}

void trial_run(struct arena *a, const struct bench_flags *flags, bool against_yardstick,
	       struct trial *ret_trial)
{
	struct run *run = NEW(a, struct run);
	struct trial t = { .error = STR_NONE };
	struct server server;
	struct err *e = start(a, flags, against_yardstick, &server), *end;

	if (!e)
		e = load(a, flags, &server, run);
	end = stop(a, &server);
	e = e ? e : end;
	t.happened = run->flags != NULL;
	t.ok = t.happened && !e && measured_is_clean(run);
	if (t.happened) {
		measured(run, &t.figures);
		t.problem = str_empty(run->ledger.problem) ? STR_NONE : run->ledger.problem;
	}
	t.error = e ? e->text : STR_NONE;
	if (server.broker && server.broker->arena) {
		if (!t.ok)
			t.kept = server.broker->dir;
		broker_done(server.broker, !t.ok);
	}
	run_done(run);
	*ret_trial = t;
}
