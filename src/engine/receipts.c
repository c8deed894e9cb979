#include "engine/receipts.h"

#include <utlist.h>

#include "engine/dedupe.h"
#include "engine/req.h"

enum {
	LOAD_ROWS = 4096,             /* a page when starting */
	PRUNE_ROWS = 1000,            /* receipts that one sweep deletes at most */
	PRUNE_RECIPIENTS = 20000,     /* and their recipients */
	ENDINGS_MIN = 64,
};
#define RECEIPT_KEEP_MS ((i64)RECEIPT_DAYS * 24 * 3600 * 1000)

struct recent { u64 hash; i64 no, mesh_no; };

struct receipts {
	struct dedupe *dedupe;
	/* Accepted, and not known to be stored: first those of failed batches, then the running's. */
	struct recent *recent;
	size_t n_recent, n_doubtful, cap_recent;
	/* Of the running batch; in its arena. */
	struct ending *endings;
	size_t n_endings, cap_endings;
};

static void remember(struct receipts *r, i64 mesh_no, i64 sender_no, str client_id, i64 no)
{
	dedupe_add(r->dedupe, dedupe_hash(r->dedupe, mesh_no, sender_no, client_id), no);
}

static struct err *load(struct engine *e, struct arena *a)
{
	CLEANUP(arena_freep) struct arena *page = arena_new();
	struct receipt_key *rows;
	i64 last = 0;
	size_t n;

	do {
		struct err *failed;

		arena_reset(page);
		failed = store_receipt_keys(e->store, page, last, LOAD_ROWS, &rows, &n);
		if (failed)
			return err_copy(a, failed);
		for (size_t i = 0; i < n; i++)
			if (rows[i].client_id.len)
				remember(e->receipts, rows[i].mesh_no, rows[i].sender_no,
					 rows[i].client_id, rows[i].no);
		if (n)
			last = rows[n - 1].no;
	} while (n == LOAD_ROWS);
	return NULL;
}

struct err *receipts_load(struct engine *e, struct arena *a)
{
	e->receipts = calloc(1, sizeof(*e->receipts));
	if (!e->receipts)
		abort();
	e->receipts->dedupe = dedupe_new(e->random);
	return load(e, a);
}

void receipts_free(struct engine *e)
{
	if (!e->receipts)
		return;
	dedupe_free(e->receipts->dedupe);
	free(e->receipts->recent);
	free(e->receipts);
}

void receipts_begin(struct engine *e)
{
	struct receipts *r = e->receipts;

	r->n_recent = r->n_doubtful;
	r->endings = NULL;
	r->n_endings = r->cap_endings = 0;
}

void receipts_undo(struct engine *e)
{
	e->receipts->n_doubtful = e->receipts->n_recent;
}

struct err *receipts_settle(struct engine *e, struct arena *a)
{
	struct receipts *r = e->receipts;

	while (r->n_doubtful) {
		struct recent *last = &r->recent[r->n_doubtful - 1];
		struct receipt_row *row;

		TRY(store_receipt(e->store, a, last->mesh_no, last->no, &row));
		if (!row)
			dedupe_drop(r->dedupe, last->hash, last->no);
		r->n_doubtful--;
		r->n_recent--;
		memmove(last, last + 1, (r->n_recent - r->n_doubtful) * sizeof(*last));
	}
	return NULL;
}

size_t receipts_count(const struct engine *e)
{
	return dedupe_count(e->receipts->dedupe);
}

struct err *receipts_get(struct member *sender, struct arena *a, str client_id,
			 struct receipt_row **ret_receipt)
{
	struct engine *e = sender->mesh->engine;
	struct dedupe *d = e->receipts->dedupe;
	u64 hash = dedupe_hash(d, sender->mesh->no, sender->no, client_id);
	size_t at = 0;
	i64 no;

	*ret_receipt = NULL;
	while ((no = dedupe_next(d, hash, &at))) {
		struct receipt_row *row;

		TRY(store_receipt(e->store, a, sender->mesh->no, no, &row));
		if (row && row->sender_no == sender->no && str_eq(row->client_id, client_id)) {
			*ret_receipt = row;
			return NULL;
		}
	}
	return NULL;
}

void receipts_add(struct engine *e, const struct receipt_row *row)
{
	struct receipts *r = e->receipts;
	u64 hash;

	store_receipt_add(e->store, row);
	if (!row->client_id.len)
		return;
	hash = dedupe_hash(r->dedupe, row->mesh_no, row->sender_no, row->client_id);
	dedupe_add(r->dedupe, hash, row->no);
	if (r->n_recent == r->cap_recent) {
		r->cap_recent = MAX(2 * r->cap_recent, (size_t)BATCH_EVENTS);
		r->recent = realloc(r->recent, r->cap_recent * sizeof(*r->recent));
		if (!r->recent)
			abort();
	}
	r->recent[r->n_recent++] = (struct recent){ hash, row->no, row->mesh_no };
}

/* ---- telling senders ---- */

static bool asks(const struct presence *p)
{
	return p->online && p->receipts;
}

static const struct member *sender_who_asks(struct mesh *m, i64 sender_no)
{
	const struct member *sender = mesh_member_by_no(m, sender_no);
	const struct presence *p;

	if (sender)
		DL_FOREACH2(sender->presences, p, member_next)
			if (asks(p))
				return sender;
	return NULL;
}

void receipts_ended(struct engine *e, const struct ending *ending)
{
	struct receipts *r = e->receipts;

	if (!sender_who_asks(ending->mesh, ending->sender_no))
		return;
	if (r->n_endings == r->cap_endings) {
		struct ending *more;

		r->cap_endings = MAX(2 * r->cap_endings, (size_t)ENDINGS_MIN);
		more = NEW_ARRAY(e->batch, struct ending, r->cap_endings);
		if (r->n_endings)
			memcpy(more, r->endings, r->n_endings * sizeof(*more));
		r->endings = more;
	}
	r->endings[r->n_endings] = *ending;
	r->endings[r->n_endings].message_id = arena_dup(e->batch, ending->message_id);
	r->endings[r->n_endings].client_id =
		ending->client_id.len ? arena_dup(e->batch, ending->client_id) : STR_NONE;
	r->endings[r->n_endings].pubkey = arena_dup(e->batch, ending->pubkey);
	r->n_endings++;
}

void receipts_expired(struct engine *e, const struct expiring *row)
{
	struct mesh *m = NULL;
	const struct member *recipient;

	HASH_FIND(hh, e->meshes, row->mesh_id.ptr, (unsigned)row->mesh_id.len, m);
	/* A mesh that is not in memory has nobody who asks. */
	if (!m || m->stale)
		return;
	recipient = mesh_member_by_no(m, row->member_no);
	if (recipient)
		receipts_ended(e, &(struct ending){ m, row->message_no, row->sender_no, row->message_id,
			       row->client_id, recipient, row->pubkey, DELIVERY_EXPIRED, row->expires_ms });
}

str delivery_reason(enum delivery_state state)
{
	return state == DELIVERY_EXPIRED ? S("nobody came for it in 7 days")
	     : state == DELIVERY_REVOKED ? S("the recipient was removed from the mesh")
	     : state == DELIVERY_REFUSED ? S("too much waited for the recipient already")
					 : STR_NONE;
}

static int by_message(const void *left, const void *right)
{
	const struct ending *a = left, *b = right;

	if (a->message_no != b->message_no)
		return a->message_no < b->message_no ? -1 : 1;
	return (a > b) - (a < b);
}

/* The n endings of one message, as one frame to every connection that asked. */
static void tell(struct engine *e, const struct ending *endings, size_t n)
{
	const struct member *sender = sender_who_asks(endings->mesh, endings->sender_no);
	struct recipient_args *items = NEW_ARRAY(e->batch, struct recipient_args, n);
	struct message_state_args state = {
		.messageId = endings->message_id, .client_message_id = endings->client_id,
		.recipients = { items, n, true },
	};
	CLEANUP(block_unrefp) struct block *block = NULL;
	const struct presence *p;

	if (!sender)
		return; /* gone in this very batch */
	for (size_t i = 0; i < n; i++)
		items[i] = (struct recipient_args){
			.name = endings[i].recipient->name, .pubkey = endings[i].pubkey,
			.memberId = str_from(endings[i].recipient->id),
			.status = endings[i].state == DELIVERY_DELIVERED ? S("delivered") : S("disconnected"),
			.state = endings[i].state, .at = time_iso(e->batch, endings[i].at_ms),
			.reason = delivery_reason(endings[i].state),
		};
	block = message_block("message_state", message_state_fields, &state);
	DL_FOREACH2(sender->presences, p, member_next)
		if (asks(p))
			effects_send(e->fx, p->conn, block_ref(block), 0);
}

void receipts_tell(struct engine *e)
{
	struct receipts *r = e->receipts;
	size_t first = 0;

	if (!r->n_endings)
		return;
	qsort(r->endings, r->n_endings, sizeof(*r->endings), by_message);
	for (size_t i = 1; i <= r->n_endings; i++) {
		if (i < r->n_endings && r->endings[i].message_no == r->endings[first].message_no)
			continue;
		tell(e, &r->endings[first], i - first);
		first = i;
	}
	r->n_endings = 0;
}

/* ---- the end of receipts ---- */

struct err *receipts_prune(struct engine *e, bool *ret_more)
{
	struct receipts *r = e->receipts;
	i64 before_ms = e->now_ms - RECEIPT_KEEP_MS, recipients = 0;
	struct receipt_key *rows;
	size_t n, old = 0;
	i64 last = 0;

	TRY(store_receipt_keys(e->store, e->batch, 0, PRUNE_ROWS, &rows, &n));
	for (size_t i = 0; i < n && recipients < PRUNE_RECIPIENTS; i++) {
		last = rows[i].no;
		/* One of a day when the clock was wrong is passed over. */
		if (rows[i].created_ms >= before_ms)
			continue;
		old++;
		recipients += rows[i].recipients;
		if (rows[i].client_id.len)
			dedupe_drop(r->dedupe, dedupe_hash(r->dedupe, rows[i].mesh_no, rows[i].sender_no,
							   rows[i].client_id), rows[i].no);
	}
	if (!old)
		return NULL;
	store_receipts_prune(e->store, last, before_ms);
	e->stats.receipts_pruned += (i64)old;
	*ret_more = n == PRUNE_ROWS || recipients >= PRUNE_RECIPIENTS;
	return NULL;
}
