#include "bench/run.h"

#include <inttypes.h>

#include "bench/flow.h"
#include "bench/peer.h"

enum { TICK_MS = 20, KILL_DELAY_MS = 4 };

i64 run_now_us(void)
{
	return clock_real.mono_us(clock_real.arg);
}

static void over(struct run *r)
{
	r->phase = PHASE_OVER;
	loop_stop(r->loop);
}

void run_fail(struct run *r, const struct err *e)
{
	if (!r->failed)
		r->failed = err_copy(r->arena, e);
	over(r);
}

void run_step(struct run *r)
{
	loop_at_turn_end(r->loop, &r->step);
}

/* Kills. */

/* Somewhere around k parts of K + 1 of the flow: never before it and never after it. */
static void plan_kill(struct run *r)
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
	plan_kill(r);
}

void run_moved(struct run *r)
{
	if (r->ledger.acked + r->ledger.delivered < r->kill_at || loop_timer_is_set(r->kill))
		return;
	/* A few ms later, so that the moment has nothing to do with the ack. */
	loop_timer_set(r->kill, (i64)random_below(&random_system, KILL_DELAY_MS));
}

/* Phases. */

static bool is_sender(const struct run *r, u32 no)
{
	return r->flags->pattern != PATTERN_OFFLINE || no % 2 == 0;
}

static void start_flow(struct run *r)
{
	r->phase = PHASE_FLOW;
	r->flow.start_us = run_now_us();
	if (r->flags->duration)
		r->send_until_us = r->flow.start_us + r->flags->duration * 1000;
	plan_kill(r);
	for (u32 i = 0; i < r->n; i++)
		flow_fill(&r->peers[i]);
}

static void settle(struct run *r)
{
	r->phase = PHASE_SETTLE;
	r->n_settled = 0;
	for (u32 i = 0; i < r->n; i++)
		flow_settle(&r->peers[i]);
}

/* Everything is delivered. */
static void start_settle(struct run *r)
{
	u64 kills = r->broker ? r->broker->kills : 0;

	loop_timer_off(r->kill);
	if (r->flags->kills && !r->flags->kill_every && kills < (u64)r->flags->kills)
		run_fail(r, FAIL(r->scratch, CONFLICT,
				 "the flow ended after %" PRIu64 " of %" PRId64
				 " kills: send more messages",
				 kills, r->flags->kills));
	else
		settle(r);
}

static void start_reconnect(struct run *r)
{
	r->phase = PHASE_RECONNECT;
	r->reconnected = true;
	for (u32 i = 0; i < r->n; i++)
		peer_drop(&r->peers[i]);
	for (u32 i = 0; i < r->n; i++)
		peer_want(&r->peers[i]);
}

static void start_drain(struct run *r)
{
	r->phase = PHASE_DRAIN;
	r->drain.start_us = run_now_us();
	for (u32 i = 0; i < r->n; i++)
		peer_want(&r->peers[i]);
}

static void flow_ended(struct run *r)
{
	r->flow.end_us = run_now_us();
	if (r->flags->pattern == PATTERN_OFFLINE)
		start_drain(r);
	else
		start_settle(r);
}

static bool all_ready(const struct run *r)
{
	return r->n_ready == r->n_wanted;
}

/* At the end of a turn: is this phase over? */
static void step(void *arg)
{
	struct run *r = arg;
	const struct ledger *l = &r->ledger;
	bool all_sent = !r->left || run_now_us() >= r->send_until_us;

	if (r->killed_us && all_ready(r)) {
		r->recovery_us = MAX(r->recovery_us, run_now_us() - r->killed_us);
		r->killed_us = 0;
	}
	switch (r->phase) {
	case PHASE_CONNECT:
		if (r->flags->pattern == PATTERN_HELLO || !all_ready(r))
			break;
		r->connect.end_us = run_now_us();
		start_flow(r);
		break;
	case PHASE_FLOW:
		if (all_sent && all_ready(r) &&
		    (r->flags->pattern == PATTERN_OFFLINE ? l->acked + l->refused : l->done) ==
			    l->sent)
			flow_ended(r);
		break;
	case PHASE_DRAIN:
		if (!r->drain.end_us && l->done == l->sent)
			r->drain.end_us = run_now_us();
		if (l->done == l->sent && all_ready(r))
			start_settle(r);
		break;
	case PHASE_SETTLE:
		if (r->n_settled < r->n)
			break;
		if (r->broker && r->broker->kills && !r->reconnected)
			start_reconnect(r);
		else
			over(r);
		break;
	case PHASE_RECONNECT:
		if (all_ready(r))
			settle(r);
		break;
	case PHASE_OVER: break;
	}
}

void run_peer_ready(struct peer *p)
{
	struct run *r = p->run;

	if (r->flags->pattern == PATTERN_HELLO) {
		r->connect.end_us = run_now_us();
		if (r->hellos >= (u64)r->flags->messages || run_now_us() >= r->send_until_us) {
			over(r);
			return;
		}
		peer_drop(p);
		peer_want(p);
	} else if (r->phase == PHASE_SETTLE) {
		flow_settle(p);
	} else {
		flow_resend(p);
		flow_fill(p);
	}
}

/* Deadlines. */

static const char *const phase_names[] = {
	[PHASE_CONNECT] = "connecting",     [PHASE_FLOW] = "the flow",
	[PHASE_DRAIN] = "draining",         [PHASE_SETTLE] = "settling",
	[PHASE_RECONNECT] = "reconnecting", [PHASE_OVER] = "the end",
};

static struct err *watch(struct run *r)
{
	const struct ledger *l = &r->ledger;
	i64 now_ms = run_now_us() / 1000;
	u64 moved = l->sent + l->acked + l->refused + l->delivered + l->repeats + r->hellos +
		    r->n_settled;

	if (moved != r->moved)
		r->moved_ms = now_ms;
	r->moved = moved;
	if (r->broker)
		TRY(broker_check(r->scratch, r->broker));
	if (now_ms - r->moved_ms <= RUN_STALL_MS && now_ms - r->started_ms <= r->flags->deadline)
		return NULL;
	return FAIL(r->scratch, TIMEOUT,
		    "%s at %s: %u of %u clients connected; %" PRIu64 " sent, %" PRIu64
		    " acked, %" PRIu64 " delivered",
		    now_ms - r->moved_ms > RUN_STALL_MS ? "nothing has moved for long"
							: "the deadline passed",
		    phase_names[r->phase], r->n_ready, r->n_wanted, l->sent, l->acked,
		    l->delivered);
}

static void on_tick(void *arg)
{
	struct run *r = arg;
	struct err *e;

	arena_reset(r->scratch);
	e = watch(r);
	if (e) {
		run_fail(r, e);
		return;
	}
	for (u32 i = 0; i < r->n; i++)
		if (r->peers[i].again && r->peers[i].state == PEER_READY)
			flow_resend(&r->peers[i]);
	run_step(r);
}

/* The whole. */

static void share_out(struct run *r)
{
	u64 senders = r->flags->pattern == PATTERN_OFFLINE ? r->n / 2 : r->n;
	u64 each = (u64)r->flags->messages / senders, more = (u64)r->flags->messages % senders;

	for (u32 i = 0; i < r->n; i++) {
		if (!is_sender(r, i))
			continue;
		r->peers[i].quota = each + (more > 0);
		more -= more > 0;
	}
	r->left = r->flags->pattern == PATTERN_HELLO ? 0 : (u64)r->flags->messages;
}

static void prepare(struct run *r, str tag)
{
	str *pubkeys = NEW_ARRAY(r->arena, str, r->n);

	for (u32 i = 0; i < r->n; i++)
		pubkeys[i] = r->crew->members[i].pubkey;
	ledger_init(&r->ledger, r->arena, tag, pubkeys, r->n);
	r->scratch = arena_new();
	r->out = buf_make(RUN_FRAME_MAX);
	/* Each seals to one and opens from one, with a session key perhaps after trying it. */
	r->boxes = box_cache_new(MIN((size_t)4 * r->n + 16, (size_t)BOX_CACHE_MAX));
	r->step = (struct loop_task){ .fn = step, .arg = r };
	r->tick = loop_timer_new(r->loop, on_tick, r);
	r->kill = loop_timer_new(r->loop, on_kill, r);
	r->queue_end = &r->queue;
	r->send_until_us = INT64_MAX;
	r->kill_at = UINT64_MAX;
	r->peers = NEW_ARRAY(r->arena, struct peer, r->n);
	for (u32 i = 0; i < r->n; i++)
		peer_init(&r->peers[i], r, i);
	share_out(r);
}

struct err *run_all(struct arena *a, struct run *r, const struct bench_flags *flags,
		    struct crew *crew, struct broker *broker, str tag)
{
	*r = (struct run){
		.arena = a, .flags = flags, .crew = crew, .broker = broker, .n = crew->n
	};
	TRY(loop_new(a, &r->loop));
	prepare(r, tag);
	r->connect.start_us = run_now_us();
	r->moved_ms = r->started_ms = r->connect.start_us / 1000;
	if (flags->pattern == PATTERN_HELLO && flags->duration)
		r->send_until_us = r->connect.start_us + flags->duration * 1000;
	for (u32 i = 0; i < r->n; i++)
		if (is_sender(r, i))
			peer_want(&r->peers[i]);
	loop_timer_every(r->tick, TICK_MS);
	loop_run(r->loop);
	/* A broker that ends now has nobody to wait for. */
	for (u32 i = 0; i < r->n; i++)
		peer_drop(&r->peers[i]);
	loop_turn(r->loop, 0);
	return r->failed;
}

void run_done(struct run *r)
{
	if (!r->loop)
		return;
	for (u32 i = 0; i < r->n; i++)
		peer_done(&r->peers[i]);
	loop_task_cancel(&r->step);
	loop_timer_free(r->tick);
	loop_timer_free(r->kill);
	loop_free(r->loop);
	box_cache_free(r->boxes);
	buf_done(&r->out);
	arena_free(r->scratch);
	*r = (struct run){ 0 };
}
