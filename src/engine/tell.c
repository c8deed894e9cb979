/*
 * tell.c - who asked for it is told what became of a message, once that is stored.
 */
#include "engine/receipts.h"

#include <utlist.h>

#include "engine/req.h"

enum { ENDINGS_MIN = 64 };

/* Of the batches since the last commit. */
struct endings {
	struct arena *arena;
	struct ending *items;
	size_t n, cap;
};

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

struct endings *endings_new(void)
{
	struct endings *all = calloc(1, sizeof(*all));

	if (!all)
		abort();
	all->arena = arena_new();
	return all;
}

void endings_free(struct endings *all)
{
	if (!all)
		return;
	arena_free(all->arena);
	free(all);
}

void endings_forget(struct endings *all)
{
	all->items = NULL;
	all->n = all->cap = 0;
	arena_reset(all->arena);
}

void receipts_ended(struct engine *e, const struct ending *ending)
{
	struct endings *all = e->endings;
	struct ending *more;

	if (!sender_who_asks(ending->mesh, ending->sender_no))
		return;
	if (all->n == all->cap) {
		all->cap = MAX(2 * all->cap, (size_t)ENDINGS_MIN);
		more = NEW_ARRAY(all->arena, struct ending, all->cap);
		if (all->n)
			memcpy(more, all->items, all->n * sizeof(*more));
		all->items = more;
	}
	more = &all->items[all->n++];
	*more = *ending;
	more->message_id = arena_dup(all->arena, ending->message_id);
	more->client_id = ending->client_id.len ? arena_dup(all->arena, ending->client_id) : STR_NONE;
	more->pubkey = arena_dup(all->arena, ending->pubkey);
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

static int by_message(const void *left, const void *right)
{
	const struct ending *a = left, *b = right;

	if (a->message_no != b->message_no)
		return a->message_no < b->message_no ? -1 : 1;
	return (a > b) - (a < b);
}

/* A hint like others: whoever misses one asks message_status. */
static bool has_share(struct presence *p)
{
	struct engine *e = p->mesh->engine;

	if (!bucket_has(&p->states, e->mono_ms, STATES_PER_MINUTE, STATES_BURST)) {
		e->stats.states_dropped++;
		return false;
	}
	bucket_take(&p->states);
	e->stats.states++;
	return true;
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
	struct presence *p;

	if (!sender)
		return; /* gone meanwhile */
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
		if (asks(p) && has_share(p))
			effects_send(e->fx, p->conn, block_ref(block), 0);
}

void receipts_tell(struct engine *e)
{
	struct endings *all = e->endings;
	size_t first = 0;

	if (!all->n)
		return;
	qsort(all->items, all->n, sizeof(*all->items), by_message);
	for (size_t i = 1; i <= all->n; i++) {
		if (i < all->n && all->items[i].message_no == all->items[first].message_no)
			continue;
		tell(e, &all->items[first], i - first);
		first = i;
	}
	endings_forget(all);
}
