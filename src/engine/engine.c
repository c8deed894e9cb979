#include "engine/engine.h"

#include <utlist.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "engine/audit.h"
#include "engine/bearer.h"
#include "engine/guess.h"
#include "engine/tally.h"
#include "engine/mail.h"
#include "engine/reader.h"
#include "engine/receipts.h"
#include "engine/req.h"
#include "engine/signatures.h"
#include "engine/topic.h"

enum {
	TIMERS_PER_BATCH = 256,
	RECOVER_MS = 1000,        /* after a failed commit, unless somebody comes earlier */
	LATER_MS = 50,            /* what may wait for the commit of something else waits so long */
};

struct engine_settings engine_settings_default(void)
{
	return (struct engine_settings){
		.rate_per_minute = RATE_PER_MINUTE_DEFAULT,
		.rate_burst = RATE_BURST_DEFAULT,
		.max_message_bytes = MESSAGE_BYTES_DEFAULT,
		.max_connections_per_mesh = MESH_CONNECTIONS_DEFAULT,
		.max_connections_per_member = MEMBER_CONNECTIONS_MAX,
		.max_session_keys_per_member = MEMBER_SESSION_KEYS_MAX,
		.mailbox_messages = MAILBOX_WAITING_MAX,
		.mailbox_bytes = MAILBOX_WAITING_BYTES_MAX,
		.sender_messages = SENDER_WAITING_MAX,
		.sender_bytes = SENDER_WAITING_BYTES_MAX,
		.meshes_per_day = MESHES_PER_DAY,
		.invites_per_mesh = INVITES_MAX,
		.signatures = SIGNATURES_MAX,
		.lists_kb_per_minute = LISTS_KB_PER_MINUTE,
		.audit_messages = true,
		.audit_presence = true,
		.grace_ms = GRACE_MS,
		.lease_ms = LEASE_MS,
		.window_messages = WINDOW_MESSAGES,
		.window_bytes = WINDOW_BYTES,
		.receipts_in_memory = RECEIPTS_IN_MEMORY,
		.shards = 1,
	};
}

/* Nobody may come for a stale mesh, and still what waits there has to go out. */
static void recover(void *context, void *owner UNUSED)
{
	struct engine *e = context;
	struct err *failed = meshes_read_again(e, e->batch);

	if (!failed)
		failed = receipts_settle(e, e->batch);
	if (!failed)
		return;
	log_err(LOG_WARN, "meshes not read again", failed);
	timer_set(&e->timers, &e->recover, e->mono_ms + RECOVER_MS);
}

static void commit_now(void *context, void *owner UNUSED)
{
	engine_commit(context);
}

void engine_commit(struct engine *e)
{
	e->commits = true;
}

void engine_accepted(struct engine *e, const struct event *ev)
{
	e->stats.accepted++;
	if (ev->at_us && e->n_acks < BATCH_EVENTS)
		e->acks_us[e->n_acks++] = ev->at_us;
}

static i64 engine_us(const struct engine *e)
{
	return e->clock->mono_us(e->clock->arg);
}

struct err *engine_new(struct arena *a, const struct clock *clock, const struct random *random,
		       struct store *store, const struct keyfile *keys,
		       const struct engine_settings *settings, struct engine **ret_engine)
{
	struct engine *e = calloc(1, sizeof(*e));
	struct err *failed;

	if (!e)
		abort();
	e->clock = clock;
	e->random = random;
	e->store = store;
	e->keys = keys;
	e->settings = *settings;
	e->ids = (struct id_source){ .clock = clock, .random = random };
	e->batch = arena_new();
	e->now_ms = clock_ms(clock);
	e->mono_ms = clock_mono_ms(clock);
	e->recover = (struct timer){ .fn = recover };
	e->later = (struct timer){ .fn = commit_now };
	sweeps_start(e);
	failed = signatures_load(e, a);
	if (!failed)
		failed = receipts_load(e, a);
	if (failed) {
		engine_free(e);
		return failed;
	}
	*ret_engine = e;
	return NULL;
}

void engine_free(struct engine *e)
{
	struct mesh *m, *next;

	if (!e)
		return;
	e->fx = effects_new();
	e->quiet = true;
	HASH_ITER(hh, e->meshes, m, next)
		mesh_free(m);
	store_rollback(e->store);
	effects_free(e->fx);
	signatures_free(e);
	guesses_free(e);
	tallies_free(e);
	mails_free(e);
	bearers_forget(e);
	secret_wipe(e->token_key, sizeof(e->token_key));
	receipts_free(e);
	timers_done(&e->timers);
	arena_free(e->batch);
	free(e);
}

/* Back to what the mesh was before the batch, as far as it is not read again. */
static void undo_mesh(struct mesh *m)
{
	struct engine *e = m->engine;
	struct presence *p, *next;
	struct member *member, *next_member;

	DL_FOREACH_SAFE(m->presences, p, next) {
		if (p->made_in == e->batch_no)
			presence_end(p);
		else if (p->online && p->attached_in == e->batch_no)
			presence_detach(p); /* its new connection is refused */
	}
	HASH_ITER(hh, m->members, member, next_member)
		if (member->sends_in == e->batch_no)
			bucket_give_back(&member->sends, member->n_sends);
	readers_undo(m);
	audit_check_undo(m);
	m->stale = true;
}

/* The batch did not happen: no presence it made, no effect but those of what happened outside.
 * What batches before it left to its commit is lost with it, and memory of all of them is read
 * again; their own effects needed no commit. */
static void undo(struct engine *e)
{
	struct mesh *m, *next;

	e->quiet = true;
	HASH_ITER(hh, e->meshes, m, next) {
		if (m->made_in == e->batch_no)
			mesh_free(m);
		else if (m->touched_in > e->stored_in)
			undo_mesh(m);
	}
	e->quiet = false;
	signatures_forget(e);
	bearers_forget(e);
	mails_undo(e);
	receipts_undo(e);
	store_rollback(e->store);
	timer_clear(&e->timers, &e->later);
	e->stored_in = e->batch_no;
	effects_undo(e->fx);
	e->stats.failed_commits++;
	/* What is read again goes out again, is acked, and fails again: not as fast as it can. */
	if (e->stats.db_down && e->mono_ms >= e->held_until_ms)
		e->held_until_ms = e->mono_ms + RECOVER_MS;
	e->stats.db_down = true;
	timer_set(&e->timers, &e->recover, e->mono_ms + RECOVER_MS);
}

static void begin(struct engine *e)
{
	arena_reset(e->batch);
	e->now_ms = clock_ms(e->clock);
	e->mono_ms = clock_mono_ms(e->clock);
	e->batch_no++;
	e->commits = false;
	e->sent = NULL;
	e->n_acks = 0;
	receipts_begin(e);
}

/* All of it since the last commit. */
static struct err *commit(struct engine *e)
{
	i64 from_us, now_us;

	receipts_tell(e);
	effects_hints_last(e->fx);
	from_us = engine_us(e);
	TRY(store_commit(e->store, e->batch));
	now_us = engine_us(e);
	histogram_add(&e->stats.commit, now_us - from_us);
	for (size_t i = 0; i < e->n_acks; i++)
		histogram_add(&e->stats.ack, now_us - e->acks_us[i]);
	receipts_stored(e);
	timer_clear(&e->timers, &e->later);
	e->stored_in = e->batch_no;
	e->stats.commits++;
	e->stats.db_down = false;
	if (e->held_until_ms) {
		e->held_until_ms = 0;
		timer_set(&e->timers, &e->recover, e->mono_ms);
	}
	meshes_hand_on(e);
	return NULL;
}

static void count_queued(struct engine *e, struct event *const *events, size_t n)
{
	i64 now_us = engine_us(e);

	for (size_t i = 0; i < n; i++)
		if (events[i]->at_us)
			histogram_add(&e->stats.queued, now_us - events[i]->at_us);
}

static struct err *run_batch(struct engine *e, struct event *const *events, size_t n)
{
	begin(e);
	count_queued(e, events, n);
	for (size_t i = 0; i < n; i++)
		req_run(e, events[i]);
	timers_run(&e->timers, e->mono_ms, TIMERS_PER_BATCH, e);
	TRY(mailboxes_refill(e, e->batch));
	TRY(topics_refill(e, e->batch));
	audit_flush(e);
	if (store_pending(e->store) && (e->commits || e->alone || !store_may_wait(e->store)))
		return commit(e);
	effects_hints_last(e->fx);
	if (store_pending(e->store) && !timer_is_set(&e->later))
		timer_set(&e->timers, &e->later, e->mono_ms + LATER_MS);
	return NULL;
}

struct effects *engine_step(struct engine *e, struct event *const *events, size_t n)
{
	struct effects *all = effects_new();
	struct err *failed;

	e->fx = all;
	failed = run_batch(e, events, n);
	/* The other shard, or whoever it was, is done by now. */
	if (failed && store_lost_race(failed)) {
		log_err(LOG_WARN, "batch runs again", failed);
		undo(e);
		failed = run_batch(e, events, n);
	}
	if (!failed)
		return all;
	log_err(LOG_ERROR, "batch not stored", failed);
	undo(e);
	/* Neither disk nor connection: one event is poisonous, so that each runs alone. */
	if (failed->code != ERR_TRY_AGAIN && failed->code != ERR_IO && n > 1) {
		e->alone = true;
		for (size_t i = 0; i < n; i++) {
			struct effects *one = effects_new();

			e->fx = one;
			failed = run_batch(e, &events[i], 1);
			if (failed) {
				log_err(LOG_ERROR, "event not stored", failed);
				undo(e);
				req_not_stored(e, events[i]);
			}
			effects_append(all, one);
		}
		e->alone = false;
		return all;
	}
	for (size_t i = 0; i < n; i++)
		req_not_stored(e, events[i]);
	return all;
}

struct effects *engine_stop(struct engine *e)
{
	timer_set(&e->timers, &e->later, 0);
	topics_flush(e, NULL);
	return engine_step(e, NULL, 0);
}

i64 engine_next_ms(const struct engine *e)
{
	return timers_next(&e->timers);
}

void engine_stats_add(struct engine_stats *sum, const struct engine_stats *more)
{
	i64 *to = (i64 *)sum;
	const i64 *from = (const i64 *)more;

	for (size_t i = 0; i < offsetof(struct engine_stats, db_down) / sizeof(i64); i++)
		to[i] += from[i];
	sum->db_down |= more->db_down;
}

struct engine_stats engine_stats(const struct engine *e)
{
	struct engine_stats stats = e->stats;

	stats.receipts = (i64)receipts_count(e);
	return stats;
}
