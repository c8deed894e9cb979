#include "bench/run.h"

#include <inttypes.h>

#include "bench/flow.h"
#include "bench/kill.h"
#include "bench/peer.h"

enum { TICK_MS = 20 };

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

void run_moved(struct run *r)
{
	kill_moved(r);
}

bool run_sends(const struct run *r)
{
	return r->flags->pattern != PATTERN_CONNECT && r->flags->pattern != PATTERN_IDLE;
}

bool run_drains(const struct run *r)
{
	return r->flags->pattern == PATTERN_DRAIN || r->flags->pattern == PATTERN_OFFLINE;
}

static struct usage use(const struct run *r)
{
	return usage_now(r->broker ? r->broker->pid : r->server);
}

/* Who is there. */

static bool is_away(const struct run *r, u32 no)
{
	u32 place = no % r->crew->per_mesh;

	switch (r->flags->pattern) {
	case PATTERN_OFFLINE: return place % 2 == 1;
	case PATTERN_DRAIN: return place == r->crew->per_mesh - 1;
	default: return false;
	}
}

static bool is_sender(const struct run *r, u32 no)
{
	return run_sends(r) && !is_away(r, no) && no % r->crew->per_mesh < (u64)r->flags->senders;
}

/* Phases. */

static void fill_all(struct run *r)
{
	for (u32 i = 0; i < r->n; i++)
		flow_fill(&r->peers[i]);
}

static void on_pause(void *arg)
{
	struct run *r = arg;

	r->is_pausing = false;
	arena_reset(r->scratch);
	fill_all(r);
	run_step(r);
}

void run_next(struct run *r, struct peer *sender)
{
	if (r->flags->pause && r->phase == PHASE_FLOW) {
		r->is_pausing = true;
		loop_timer_set(r->pause, r->flags->pause);
	} else {
		flow_fill(sender);
	}
	run_step(r);
}

static void start_queue(struct run *r)
{
	r->phase = PHASE_QUEUE;
	r->queuing.start_us = run_now_us();
	fill_all(r);
}

/* From here on it counts. */
static void start_measuring(struct run *r)
{
	r->is_measuring = true;
	r->flow.start_us = run_now_us();
	r->acked_before = r->ledger.acked;
	r->delivered_before = r->ledger.delivered;
	ledger_restart_clocks(&r->ledger);
	if (r->flags->duration)
		r->send_until_us = r->flow.start_us + r->flags->duration * 1000;
	r->before = use(r);
}

static void start_flow(struct run *r)
{
	r->phase = PHASE_FLOW;
	r->done_before = r->ledger.done;
	if (!r->flags->warmup)
		start_measuring(r);
	kill_plan(r);
	fill_all(r);
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
	struct err *e = kill_end(r);

	if (e)
		run_fail(r, e);
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
	r->before = use(r);
	r->drain.start_us = run_now_us();
	for (u32 i = 0; i < r->n; i++)
		peer_want(&r->peers[i]);
}

static void flow_ended(struct run *r)
{
	r->flow.end_us = run_now_us();
	r->after = use(r);
	if (run_drains(r))
		start_drain(r);
	else
		start_settle(r);
}

/* The first half lets what the connecting left behind come to rest; the second is measured. */
static void start_rest(struct run *r)
{
	r->phase = PHASE_REST;
	loop_timer_set(r->rest, r->flags->duration / 2);
}

static void on_rest(void *arg)
{
	struct run *r = arg;

	if (!r->is_measuring) {
		r->is_measuring = true;
		r->before = use(r);
		loop_timer_set(r->rest, r->flags->duration / 2);
		return;
	}
	r->after = use(r);
	start_settle(r);
}

static bool all_ready(const struct run *r)
{
	return r->n_ready == r->n_wanted;
}

static void connected(struct run *r)
{
	r->connect.end_us = run_now_us();
	if (r->flags->pattern == PATTERN_IDLE)
		start_rest(r);
	else if (r->to_queue)
		start_queue(r);
	else
		start_flow(r);
}

static void step_flow(struct run *r)
{
	const struct ledger *l = &r->ledger;
	bool all_sent = !r->left || run_now_us() >= r->send_until_us;

	if (!r->is_measuring && (l->done - r->done_before >= (u64)r->flags->warmup || all_sent))
		start_measuring(r);
	if (all_sent && all_ready(r) && (run_drains(r) ? l->acked + l->refused : l->done) == l->sent)
		flow_ended(r);
}

/* At the end of a turn: is this phase over? */
static void step(void *arg)
{
	struct run *r = arg;
	const struct ledger *l = &r->ledger;

	if (r->killed_us && all_ready(r)) {
		r->recovery_us = MAX(r->recovery_us, run_now_us() - r->killed_us);
		r->killed_us = 0;
	}
	switch (r->phase) {
	case PHASE_CONNECT:
		if (r->flags->pattern != PATTERN_CONNECT && all_ready(r))
			connected(r);
		break;
	case PHASE_QUEUE:
		if (r->to_queue || l->acked + l->refused < l->sent)
			break;
		r->queuing.end_us = run_now_us();
		start_flow(r);
		break;
	case PHASE_FLOW: step_flow(r); break;
	case PHASE_DRAIN:
		if (!r->drain.end_us && l->done == l->sent) {
			r->drain.end_us = run_now_us();
			r->after = use(r);
		}
		if (l->done == l->sent && all_ready(r))
			start_settle(r);
		break;
	case PHASE_REST: break;
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

	if (r->flags->pattern == PATTERN_CONNECT) {
		r->connect.end_us = run_now_us();
		if (r->hellos >= (u64)r->flags->messages || run_now_us() >= r->send_until_us) {
			r->after = use(r);
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
	[PHASE_CONNECT] = "connecting",     [PHASE_QUEUE] = "queuing",
	[PHASE_FLOW] = "the flow",	    [PHASE_DRAIN] = "draining",
	[PHASE_REST] = "resting",	    [PHASE_SETTLE] = "settling",
	[PHASE_RECONNECT] = "reconnecting", [PHASE_OVER] = "the end",
};

static struct err *watch(struct run *r)
{
	const struct ledger *l = &r->ledger;
	i64 now_ms = run_now_us() / 1000;
	u64 moved = l->sent + l->acked + l->refused + l->delivered + l->repeats + r->hellos +
		    r->n_settled;

	if (moved != r->moved || r->phase == PHASE_REST)
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
	flow_ack_due(r);
	run_step(r);
}

/* The whole. */

static u64 share(u64 *left, u32 *parts)
{
	u64 part = (*left + *parts - 1) / *parts;

	*left -= part;
	--*parts;
	return part;
}

static void share_out(struct run *r)
{
	u64 messages, queued = (u64)r->flags->queued;
	u32 senders = 0, queuers;

	if (!run_sends(r))
		return;
	for (u32 i = 0; i < r->n; i++)
		senders += is_sender(r, i);
	messages = MIN((u64)(r->flags->messages + r->flags->warmup), (u64)LEDGER_MAX);
	r->to_queue = queued;
	r->left = messages;
	queuers = senders;
	for (u32 i = 0; i < r->n; i++) {
		if (!is_sender(r, i))
			continue;
		r->peers[i].quota = share(&messages, &senders);
		r->peers[i].to_queue = share(&queued, &queuers);
	}
}

static void prepare(struct run *r, str tag)
{
	str *pubkeys = NEW_ARRAY(r->arena, str, r->n);

	for (u32 i = 0; i < r->n; i++)
		pubkeys[i] = r->crew->members[i].pubkey;
	ledger_init(&r->ledger, r->arena, tag, pubkeys, r->n, r->crew->per_mesh);
	r->scratch = arena_new();
	r->out = buf_make(RUN_FRAME_MAX);
	/* Each seals to one and opens from one, with a session key perhaps after trying it. */
	r->boxes = box_cache_new(MIN((size_t)4 * r->n + 16, (size_t)BOX_CACHE_MAX));
	r->step = (struct loop_task){ .fn = step, .arg = r };
	r->tick = loop_timer_new(r->loop, on_tick, r);
	r->rest = loop_timer_new(r->loop, on_rest, r);
	r->pause = loop_timer_new(r->loop, on_pause, r);
	kill_init(r);
	r->queue_end = &r->queue;
	r->send_until_us = INT64_MAX;
	r->peers = NEW_ARRAY(r->arena, struct peer, r->n);
	for (u32 i = 0; i < r->n; i++)
		peer_init(&r->peers[i], r, i);
	share_out(r);
}

struct err *run_all(struct arena *a, struct run *r, const struct bench_flags *flags,
		    struct crew *crew, const struct run_server *server, str tag)
{
	*r = (struct run){
		.arena = a,
		.flags = flags,
		.crew = crew,
		.broker = server->broker,
		.server = server->pid,
		.n = crew->n,
	};
	TRY(loop_new(a, &r->loop));
	prepare(r, tag);
	r->before = use(r);
	r->members_bytes = r->before.resident_bytes;
	r->connect.start_us = run_now_us();
	r->moved_ms = r->started_ms = r->connect.start_us / 1000;
	if (flags->pattern == PATTERN_CONNECT && flags->duration)
		r->send_until_us = r->connect.start_us + flags->duration * 1000;
	for (u32 i = 0; i < r->n; i++)
		if (!is_away(r, i))
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
	loop_timer_free(r->rest);
	loop_timer_free(r->pause);
	kill_done(r);
	loop_free(r->loop);
	box_cache_free(r->boxes);
	buf_done(&r->out);
	arena_free(r->scratch);
	*r = (struct run){ 0 };
}
