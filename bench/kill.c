#include "bench/kill.h"

#include <inttypes.h>

enum { KILL_DELAY_MS = 4 };

/* Somewhere around k parts of K + 1 of the flow: never before it and never after it. */
void kill_plan(struct run *r)
{
	const struct bench_flags *f = r->flags;
	u64 k = r->broker ? r->broker->kills : 0, parts = (u64)f->kills + 1;

	r->kill_at = UINT64_MAX;
	if (f->kills && k >= (u64)f->kills)
		return;
	if (f->kill_every || (f->kills && f->duration)) {
		u64 every = f->kill_every ? (u64)f->kill_every : (u64)f->duration / parts;

		loop_timer_set(r->kill, (i64)(every / 2 + random_below(&random_system, every)));
	} else if (f->kills) {
		/* Each message is acked and is delivered. */
		u64 part = 2 * (u64)f->messages / parts;

		r->kill_at = part * (k + 1) - part / 4 + random_below(&random_system, part / 2 + 1);
	}
}

static void on_kill(void *arg)
{
	struct run *r = arg;
	struct err *e;

	if (r->phase != PHASE_FLOW && r->phase != PHASE_DRAIN)
		return;
	arena_reset(r->scratch);
	r->killed_us = run_now_us();
	e = r->flags->gently ? broker_stop_restart(r->scratch, r->broker)
			     : broker_kill_restart(r->scratch, r->broker);
	if (e)
		run_fail(r, e);
	kill_plan(r);
}

void kill_moved(struct run *r)
{
	if (r->ledger.acked + r->ledger.delivered < r->kill_at || loop_timer_is_set(r->kill))
		return;
	/* A few ms later, so that the moment has nothing to do with the ack. */
	loop_timer_set(r->kill, (i64)random_below(&random_system, KILL_DELAY_MS));
}

struct err *kill_end(struct run *r)
{
	u64 kills = r->broker ? r->broker->kills : 0;

	loop_timer_off(r->kill);
	if (r->flags->kills && !r->flags->kill_every && kills < (u64)r->flags->kills)
		return FAIL(r->scratch, CONFLICT,
			    "the flow ended after %" PRIu64 " of %" PRId64
			    " kills: send more messages",
			    kills, r->flags->kills);
	return NULL;
}

void kill_init(struct run *r)
{
	r->kill = loop_timer_new(r->loop, on_kill, r);
	r->kill_at = UINT64_MAX;
}

void kill_done(struct run *r)
{
	loop_timer_free(r->kill);
}
