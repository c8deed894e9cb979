#include "engine/backlog.h"

#include <utlist.h>

#include "engine/state.h"
#include "store/grant.h"

static void adjust(struct mailbox *mb, i64 messages, i64 bytes)
{
	mb->backlog.messages += messages;
	mb->backlog.bytes += bytes;
	mb->member->mesh->engine->stats.waiting += messages;
}

static void charge(struct mesh *m, i64 sender_no, i64 messages, i64 bytes)
{
	struct member *sender = mesh_member_by_no(m, sender_no);

	if (!sender)
		return;
	sender->backlog.messages += messages;
	sender->backlog.bytes += bytes;
}

/* As queries.def has it. */
static i64 share_of(i64 shared, i64 bytes)
{
	return shared > 1 ? bytes / shared : bytes;
}

i64 message_bytes(const struct message_row *m)
{
	const str texts[] = { m->id, m->sender_pubkey, m->sender_name, m->target, m->nonce, m->ciphertext,
			      m->client_id, m->fingerprint, m->reply_to };
	i64 bytes = 0;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		bytes += (i64)texts[i].len;
	return bytes;
}

static void adjust_withheld(struct mailbox *mb, const struct delivery_row *d, i64 messages)
{
	if (d->rank < RANK_WITHHELD)
		return;
	mb->withheld.messages += messages;
	mb->withheld.bytes += messages * d->bytes;
}

void backlog_withhold(struct mailbox *mb, i64 bytes)
{
	mb->withheld.messages++;
	mb->withheld.bytes += bytes;
}

void backlog_add(struct mailbox *mb, const struct delivery_row *d)
{
	adjust(mb, 1, d->bytes);
	adjust_withheld(mb, d, 1);
	charge(mb->member->mesh, d->sender_no, 1, share_of(d->shared, d->bytes));
}

void backlog_end(struct mailbox *mb, const struct delivery_row *d)
{
	adjust(mb, -1, -d->bytes);
	adjust_withheld(mb, d, -1);
	charge(mb->member->mesh, d->sender_no, -1, -share_of(d->shared, d->bytes));
}

void backlog_expired(struct mesh *m, const struct expiring *row)
{
	struct mailbox *mb = mesh_mailbox(m, row->pubkey);
	struct pushed *x;

	if (!mb)
		return;
	m->touched_in = m->engine->batch_no;
	/* Its ack may still come, and must not end it twice. */
	DL_FOREACH2(mb->pushed, x, mailbox_next)
		if (x->row.message_no == row->message_no)
			x->expired = true;
	backlog_end(mb, &(struct delivery_row){ .sender_no = row->sender_no, .shared = row->shared,
						.rank = row->rank, .bytes = row->bytes });
}

void backlog_move(struct mailbox *from, struct mailbox *to)
{
	struct mesh *m = from->member->mesh;
	struct engine *e = m->engine;
	struct backlog moved = from->backlog;
	struct backlog_row *covered;
	struct err *failed;
	size_t n;

	if (from == to || !moved.messages)
		return;
	/* All of it is forgotten or read again; or it is not known how much of what is withheld moves. */
	if (e->quiet || from->withheld.messages) {
		m->uncounted = true;
		return;
	}
	failed = store_backlog_covered(e->store, e->batch, m->no, from->no, to->no, &covered, &n);
	if (failed) {
		m->uncounted = true;
		n = 0;
	}
	adjust(from, -moved.messages, -moved.bytes);
	for (size_t i = 0; i < n; i++) {
		charge(m, covered[i].sender_no, -covered[i].messages, -covered[i].share);
		moved.messages -= covered[i].messages;
		moved.bytes -= covered[i].bytes;
	}
	adjust(to, moved.messages, moved.bytes);
}

void backlog_move_sole(struct mailbox *from, struct mailbox *to)
{
	struct mesh *m = from->member->mesh;
	struct engine *e = m->engine;
	struct backlog_row *sole;
	struct err *failed;

	if (!from->backlog.messages)
		return;
	if (e->quiet || from->withheld.messages) {
		m->uncounted = true;
		return;
	}
	failed = store_backlog_sole(e->store, e->batch, m->no, from->no, to->no, &sole);
	if (failed) {
		m->uncounted = true;
		return;
	}
	adjust(from, -sole->messages, -sole->bytes);
	adjust(to, sole->messages, sole->bytes);
}

static void clear(struct mesh *m)
{
	struct mailbox *mb, *next_mb;
	struct member *member, *next;

	HASH_ITER(hh, m->mailboxes, mb, next_mb) {
		adjust(mb, -mb->backlog.messages, -mb->backlog.bytes);
		mb->withheld = (struct backlog){ 0 };
	}
	HASH_ITER(hh, m->members, member, next)
		member->backlog = (struct backlog){ 0 };
}

struct err *backlog_read(struct mesh *m, struct arena *a)
{
	struct store *st = m->engine->store;
	struct backlog_row *boxes, *senders;
	size_t n_boxes, n_senders;

	TRY(store_backlog_of_mailboxes(st, a, m->no, &boxes, &n_boxes));
	TRY(store_backlog_of_senders(st, a, m->no, &senders, &n_senders));
	clear(m);
	for (size_t i = 0; i < n_senders; i++)
		charge(m, senders[i].sender_no, senders[i].messages, senders[i].bytes);
	for (size_t i = 0; i < n_boxes; i++) {
		struct mailbox *mb = mesh_mailbox(m, boxes[i].pubkey);

		if (!mb)
			continue;
		adjust(mb, boxes[i].messages, boxes[i].bytes);
		mb->withheld = (struct backlog){ boxes[i].withheld, boxes[i].withheld_bytes };
	}
	m->uncounted = false;
	return NULL;
}

void backlog_drop(struct mailbox *mb)
{
	adjust(mb, -mb->backlog.messages, -mb->backlog.bytes);
}

/* One fits always, however large. */
static bool fits(i64 now, i64 more, i64 max)
{
	return !max || !now || now + more <= max;
}

struct backlog backlog_seen(const struct mailbox *mb, bool withheld)
{
	if (withheld)
		return mb->backlog;
	return (struct backlog){ mb->backlog.messages - mb->withheld.messages,
				 mb->backlog.bytes - mb->withheld.bytes };
}

bool backlog_has_room(const struct mailbox *mb, i64 bytes, bool withheld)
{
	const struct engine_settings *s = &mb->member->mesh->engine->settings;
	struct backlog seen = backlog_seen(mb, withheld);

	return fits(seen.messages, 1, s->mailbox_messages) && fits(seen.bytes, bytes, s->mailbox_bytes);
}

bool backlog_sender_has_room(const struct member *sender, i64 n, i64 bytes)
{
	const struct engine_settings *s = &sender->mesh->engine->settings;

	return fits(sender->backlog.messages, n, s->sender_messages) &&
	       fits(sender->backlog.bytes, bytes, s->sender_bytes);
}
