/*
 * audit_sent.c - messages in the audit log. Those that one member sends to one target at one priority
 * in one batch are one row that counts them: under load the log costs about a tenth of what is
 * sent, and it still tells of every message, in the commit that stores it.
 */
#include "engine/audit.h"

#include "crypto/hash.h"
#include "proto/enums.h"

enum { SLOTS = 2 * BATCH_EVENTS };

struct sent {
	struct mesh *mesh;
	const struct member *sender;
	str target;
	int rank;
	i64 count;
};

struct audit_batch {
	struct sent items[BATCH_EVENTS];
	size_t n;
	unsigned slots[SLOTS];                /* 1 + index in items, by hash; 0: free */
};

static bool is_same(const struct sent *s, const struct member *sender, str target, int rank)
{
	return s->sender == sender && s->rank == rank && str_eq(s->target, target);
}

/* The slot of such messages, or a free one. */
static size_t find(const struct audit_batch *b, const struct member *sender, str target, int rank)
{
	static const u8 any_key[HASH_KEY_BYTES];
	size_t at = (size_t)(hash_keyed(any_key, target) + (u64)sender->no) % SLOTS;

	while (b->slots[at] && !is_same(&b->items[b->slots[at] - 1], sender, target, rank))
		at = (at + 1) % SLOTS;
	return at;
}

void audit_sent(struct mesh *m, const struct member *sender, str target, int rank)
{
	struct engine *e = m->engine;
	struct audit_batch *b = e->sent;
	size_t at;

	if (!e->settings.audit_messages)
		return;
	if (b && b->n == BATCH_EVENTS)
		audit_flush(e);
	if (!b)
		b = e->sent = NEW(e->batch, struct audit_batch);
	m->touched_in = e->batch_no;
	at = find(b, sender, target, rank);
	if (!b->slots[at]) {
		b->items[b->n++] = (struct sent){ m, sender, arena_dup(e->batch, target), rank, 0 };
		b->slots[at] = (unsigned)b->n;
	}
	b->items[b->slots[at] - 1].count++;
}

void audit_flush(struct engine *e)
{
	struct audit_batch *b = e->sent;

	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++) {
		const struct sent *s = &b->items[i];
		str count = s->count > 1 ? arena_printf(e->batch, "%lld", (long long)s->count) : STR_NONE;

		audit_with(s->mesh, s->sender, "message_sent",
			   AUDIT_FIELDS(AUDIT_RAW("count", count), AUDIT_TEXT("targetSpec", s->target),
					AUDIT_TEXT("priority", str_from(priority_words[PRIORITY_NOW + s->rank]))));
	}
	*b = (struct audit_batch){ 0 };
}
