/*
 * breaks.c - the engine with one fault in it. simulate-broken is linked with --wrap=F for each
 * F below: calls of F from another file come to __wrap_F, __real_F is the engine's own.
 */
#include "simulate/breaks.h"

#include <utlist.h>

#include "engine/archive.h"
#include "engine/audit.h"
#include "engine/receipts.h"
#include "engine/signatures.h"
#include "engine/state.h"
#include "store/number.h"

enum fault {
	NO_FAULT,
	ACK_BEFORE_COMMIT, FAILED_BATCH_LEAVES, NO_LEASE, NO_WAKE_ON_STATUS, NO_WAKE_ON_LOSS,
	CROSS_MESH, NO_HAND_OVER, NO_DEDUPE, WRONG_SENDER, REPLAYED_HELLO, WIDE_WINDOW, WRONG_ORDER,
	NO_ARCHIVE, TOLD_BEFORE_COMMIT,
	NO_COUNT_DOWN, NO_BOUND,
	NO_AUDIT_ROW, OLD_AUDIT_HEAD,
	NO_RESERVATION, WRONG_OWNER,
	FAULTS
};

static const char *const names[FAULTS] = {
	[ACK_BEFORE_COMMIT] = "ack-before-commit",
	[FAILED_BATCH_LEAVES] = "failed-batch-leaves",
	[NO_LEASE] = "no-lease",
	[NO_WAKE_ON_STATUS] = "no-wake-on-status",
	[NO_WAKE_ON_LOSS] = "no-wake-on-loss",
	[CROSS_MESH] = "cross-mesh",
	[NO_HAND_OVER] = "no-hand-over",
	[NO_DEDUPE] = "no-dedupe",
	[WRONG_SENDER] = "wrong-sender",
	[REPLAYED_HELLO] = "replayed-hello",
	[WIDE_WINDOW] = "wide-window",
	[WRONG_ORDER] = "wrong-order",
	[NO_ARCHIVE] = "no-archive",
	[TOLD_BEFORE_COMMIT] = "told-before-commit",
	[NO_COUNT_DOWN] = "no-count-down",
	[NO_BOUND] = "no-bound",
	[NO_AUDIT_ROW] = "no-audit-row",
	[OLD_AUDIT_HEAD] = "old-audit-head",
	[NO_RESERVATION] = "no-reservation",
	[WRONG_OWNER] = "wrong-owner",
};

static enum fault fault;
static bool running, starting, commit_is_late;
static struct engine *engine; /* the last one */

bool break_start(const char *name)
{
	for (int i = 1; i < FAULTS; i++)
		if (str_eq(str_from(name), str_from(names[i])))
			fault = (enum fault)i;
	return fault != NO_FAULT;
}

void break_reset(void)
{
	running = false;
	commit_is_late = false;
}

#define WRAP(type, name, ...) \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

/* Every other commit is only said to be done; the next one does it, if there is a next one. */
WRAP(struct err *, store_commit, struct store *st, struct arena *a)
{
	commit_is_late = running && !commit_is_late && fault == ACK_BEFORE_COMMIT;
	return commit_is_late ? NULL : __real_store_commit(st, a);
}

WRAP(void, effects_undo, struct effects *fx)
{
	if (fault != FAILED_BATCH_LEAVES)
		__real_effects_undo(fx);
}

WRAP(void, timer_set, struct timers *t, struct timer *timer, i64 at_ms)
{
	if (fault != NO_LEASE || timer->fn != presence_lease_run)
		__real_timer_set(t, timer, at_ms);
}

static bool has_just_come(const struct member *m)
{
	const struct presence *p;

	DL_FOREACH2(m->presences, p, member_next)
		if (p->attached_in == p->mesh->engine->batch_no)
			return true;
	return false;
}

WRAP(void, member_wake, struct member *m)
{
	if (fault != NO_WAKE_ON_STATUS || has_just_come(m))
		__real_member_wake(m);
}

WRAP(void, mailbox_wake, struct mailbox *mb)
{
	if (fault != NO_WAKE_ON_LOSS)
		__real_mailbox_wake(mb);
}

WRAP(struct mailbox *, mesh_mailbox, struct mesh *m, str pubkey)
{
	struct mailbox *mb = __real_mesh_mailbox(m, pubkey);
	struct mesh *other, *next;

	if (mb || fault != CROSS_MESH)
		return mb;
	HASH_ITER(hh, m->engine->meshes, other, next)
		if (!mb)
			mb = __real_mesh_mailbox(other, pubkey);
	return mb;
}

WRAP(void, mailbox_hand_over, struct mailbox *mb)
{
	if (fault != NO_HAND_OVER)
		__real_mailbox_hand_over(mb);
}

WRAP(void, backlog_end, struct mailbox *mb, const struct delivery_row *d)
{
	if (fault != NO_COUNT_DOWN)
		__real_backlog_end(mb, d);
}

WRAP(bool, backlog_has_room, const struct mailbox *mb, i64 bytes)
{
	return fault == NO_BOUND || __real_backlog_has_room(mb, bytes);
}

WRAP(struct err *, receipts_get, struct member *sender, struct arena *a, str client_id,
     struct receipt_row **ret_receipt)
{
	if (fault != NO_DEDUPE)
		return __real_receipts_get(sender, a, client_id, ret_receipt);
	*ret_receipt = NULL;
	return NULL;
}

WRAP(struct member *, mesh_member_by_no, struct mesh *m, i64 no)
{
	return __real_mesh_member_by_no(m, fault == WRONG_SENDER && no % 2 == 0 ? no + 1 : no);
}

WRAP(bool, signatures_use, struct engine *e, str signature, i64 until_ms)
{
	return __real_signatures_use(e, signature, until_ms) || fault == REPLAYED_HELLO;
}

WRAP(struct err *, engine_new, struct arena *a, const struct clock *clock, const struct random *random,
     struct store *store, const struct keyfile *keys, const struct engine_settings *settings,
     struct engine **ret_engine)
{
	struct engine_settings other = *settings;

	running = true;
	if (fault == WIDE_WINDOW)
		other.window_messages++;
	starting = true;
	TRY(__real_engine_new(a, clock, random, store, keys, &other, ret_engine));
	starting = false;
	engine = *ret_engine;
	return NULL;
}

/* While an engine reads what it has to remember, another one owns the mesh. */
WRAP(unsigned, mesh_shard, str mesh_id, unsigned shards)
{
	unsigned shard = __real_mesh_shard(mesh_id, shards);

	return fault == WRONG_OWNER && starting ? (shard + 1) % shards : shard;
}

WRAP(void, numbers_reserve, struct store *st)
{
	if (fault != NO_RESERVATION)
		__real_numbers_reserve(st);
}

WRAP(struct err *, archive_find, const struct archive *ar, struct arena *a, u64 hash, i64 **ret_nos, size_t *ret_n)
{
	TRY(__real_archive_find(ar, a, hash, ret_nos, ret_n));
	if (fault == NO_ARCHIVE)
		*ret_n = 0;
	return NULL;
}

/* Of the last row of a chain nobody would know. */
WRAP(void, store_audit_add, struct store *st, const struct audit_row *r, bool may_wait)
{
	if (fault != NO_AUDIT_ROW || r->seq % 5)
		__real_store_audit_add(st, r, may_wait);
}

/* After a failed commit the chain goes on from what was not stored. */
WRAP(struct err *, audit_read, struct mesh *m, struct arena *a)
{
	return fault == OLD_AUDIT_HEAD && m->audit.seq ? NULL : __real_audit_read(m, a);
}

WRAP(bool, store_may_wait, const struct store *st)
{
	bool may = __real_store_may_wait(st);

	if (may && fault == TOLD_BEFORE_COMMIT)
		receipts_tell(engine);
	return may;
}

WRAP(struct err *, store_waiting, struct store *st, struct arena *a, i64 mesh_no, i64 mailbox_no, int max_rank,
     i64 now_ms, size_t limit, struct waiting **ret_rows, size_t *ret_n)
{
	struct waiting *rows;
	size_t n;

	TRY(__real_store_waiting(st, a, mesh_no, mailbox_no, max_rank, now_ms, limit, &rows, &n));
	for (size_t i = 0; fault == WRONG_ORDER && i < n / 2; i++) {
		struct waiting row = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = row;
	}
	*ret_rows = rows;
	*ret_n = n;
	return NULL;
}
