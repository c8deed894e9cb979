#include "engine/sweep.h"

#include "base/log.h"
#include "engine/guess.h"
#include "engine/mail.h"
#include "engine/receipts.h"
#include "engine/signatures.h"
#include "engine/tally.h"
#include "proto/account.h"
#include "store/account.h"

enum {
	SWEEP_AGAIN_MS = 50,          /* there was more than one sweep takes */
	ARCHIVE_AGAIN_MS = 20,        /* faster than messages come */
	PROBE_AGAIN_MS = 1000,        /* while the database is down */
	EXPIRE_MESSAGES = 1000,       /* looked at */
	EXPIRE_ROWS = 4000,           /* of their deliveries ended */
};

/* A mesh that is not in memory has nobody who asks, and its backlog is not counted. */
static void expired(struct engine *e, const struct expiring *row)
{
	struct mesh *m = NULL;

	store_expire(e->store, row);
	e->stats.expired++;
	HASH_FIND(hh, e->meshes, row->mesh_id.ptr, (unsigned)row->mesh_id.len, m);
	if (!m || m->stale)
		return;
	backlog_expired(m, row);
	receipts_expired(e, row);
}

/* Who waits to hear of them is told. What is of other shards they see in their own sweeps. */
static struct err *expire(struct engine *e, bool *ret_more)
{
	struct expiring *rows;
	size_t n, messages = 0, ours = 0;

	TRY(store_expiring(e->store, e->batch, e->now_ms, EXPIRE_MESSAGES, EXPIRE_ROWS, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		messages += i == 0 || rows[i].message_no != rows[i - 1].message_no;
		if (!engine_owns(e, rows[i].mesh_id))
			continue;
		expired(e, &rows[i]);
		ours++;
	}
	/* One in between that waits longer is no end. */
	*ret_more = ours && (n == EXPIRE_ROWS || 2 * messages >= EXPIRE_MESSAGES);
	return NULL;
}

static struct err *prune_signatures(struct engine *e, bool *ret_more UNUSED)
{
	signatures_prune(e);
	return NULL;
}

static struct err *prune_guesses(struct engine *e, bool *ret_more UNUSED)
{
	guesses_prune(e);
	return NULL;
}

/* A session that is over is listed for nobody; it stays a day, so that its token has one answer. */
static struct err *prune_logins(struct engine *e, bool *ret_more UNUSED)
{
	tallies_prune(e);
	if (!e->logins_until_ms)
		return NULL;
	if (e->logins_until_ms < e->now_ms)
		e->logins_until_ms = 0;
	store_login_codes_prune(e->store, e->now_ms);
	store_login_devices_prune(e->store, e->now_ms);
	store_sessions_prune(e->store, e->now_ms - ACCOUNT_DAY_MS);
	return NULL;
}

static struct err *unload_meshes(struct engine *e, bool *ret_more UNUSED)
{
	meshes_unload(e);
	return NULL;
}

/* A database that only reads is down, too: after a failed commit it must take a write. */
static struct err *probe(struct engine *e, bool *ret_more)
{
	struct err *failed;

	*ret_more = e->stats.db_down;
	if (e->stats.db_down) {
		store_probe(e->store, e->now_ms);
		engine_commit(e);
		return NULL;
	}
	failed = store_ping(e->store, e->batch);
	if (!failed)
		return NULL;
	e->stats.db_down = *ret_more = true;
	return failed;
}

static const struct sweep {
	const char *put_off;
	struct err *(*run)(struct engine *e, bool *ret_more);
	i64 every_ms, again_ms;
} kinds[SWEEP_COUNT] = {
	[SWEEP_MESSAGES] = { "messages not expired yet", expire, 60000 },
	[SWEEP_ARCHIVE] = { "receipts not archived yet", receipts_archive, 300000, ARCHIVE_AGAIN_MS },
	[SWEEP_RECEIPTS] = { "receipts not pruned yet", receipts_prune, 300000 },
	[SWEEP_MAILBOXES] = { "mailboxes not pruned yet", mailboxes_prune, 600000 },
	[SWEEP_SIGNATURES] = { "signatures not pruned yet", prune_signatures, 60000 },
	[SWEEP_MESHES] = { "meshes not unloaded yet", unload_meshes, 60000 },
	[SWEEP_MAILS] = { "mails not tried again yet", mails_retry, 15000 },
	[SWEEP_LOGINS] = { "logins not pruned yet", prune_logins, 60000 },
	[SWEEP_GUESSES] = { "guesses not pruned yet", prune_guesses, 60000 },
	[SWEEP_PROBE] = { "database does not answer", probe, PROBE_MS, PROBE_AGAIN_MS },
};

static void sweep(void *context, void *owner)
{
	struct engine *e = context;
	struct timer *timer = owner;
	const struct sweep *kind = &kinds[timer - e->sweeps];
	bool more = false;
	struct err *failed = kind->run(e, &more);

	if (failed)
		log_err(LOG_WARN, kind->put_off, failed);
	timer_set(&e->timers, timer, e->mono_ms + (!more ? kind->every_ms : kind->again_ms ? kind->again_ms
									      : SWEEP_AGAIN_MS));
}

void sweep_soon(struct engine *e, enum sweep_kind kind)
{
	struct timer *timer = &e->sweeps[kind];

	if (timer->at_ms > e->mono_ms + SWEEP_AGAIN_MS)
		timer_set(&e->timers, timer, e->mono_ms);
}

void sweeps_start(struct engine *e)
{
	for (size_t i = 0; i < SWEEP_COUNT; i++) {
		e->sweeps[i] = (struct timer){ .fn = sweep, .owner = &e->sweeps[i] };
		timer_set(&e->timers, &e->sweeps[i], e->mono_ms + kinds[i].every_ms);
	}
}
