/*
 * mailbox.c - from a mailbox to the connection that takes from it.
 *
 * A delivery is on disk until it ends. `pushed` lists those that are with a connection;
 * `waiting` says that there are others on disk. A new message may only overtake the disk
 * when nothing waits there. Reading what waits happens once a batch, before the commit.
 * A connection takes from its session's mailbox and perhaps from its member's, in one order.
 */
#include "engine/state.h"

#include <utlist.h>

#include "engine/grant.h"
#include "engine/receipts.h"
#include "engine/topic.h"
#include "store/grant.h"

/* How far a taker looks behind messages of its own member. */
enum { OWN_SKIP_MAX = 1024 };

static i64 lease_end(const struct presence *p)
{
	return p->pushed ? p->pushed->sent_ms + p->mesh->engine->settings.lease_ms : INT64_MAX;
}

static void lease_set(struct presence *p)
{
	struct timers *timers = &p->mesh->engine->timers;

	if (p->pushed && p->acks)
		timer_set(timers, &p->lease, lease_end(p));
	else
		timer_clear(timers, &p->lease);
}

static bool has_room(const struct presence *p)
{
	const struct engine_settings *s = &p->mesh->engine->settings;

	return (i64)p->n_pushed < s->window_messages && (i64)p->pushed_bytes < s->window_bytes;
}

/* What the taker's status lets through: working and dnd hear `now` only, but who keeps what
 * comes until the next turn also `next` while it works. */
int presence_max_rank(const struct presence *p)
{
	enum status status = presence_status(p);

	if (status == STATUS_WORKING && p->keeps)
		return PRIORITY_NEXT - PRIORITY_NOW;
	return status == STATUS_IDLE ? PRIORITY_LOW - PRIORITY_NOW : 0;
}

struct presence *mailbox_taker(const struct mailbox *mb)
{
	struct presence *link = NULL, *p;

	if (mb->session)
		return mb->holder && mb->holder->online && mb->holder->takes ? mb->holder : NULL;
	DL_FOREACH2(mb->member->presences, p, member_next) {
		if (!p->online || !p->takes)
			continue;
		if (p->session)
			return p;
		/* A link that acks shows what it takes; a reference command's drops it. */
		if (!link || (p->acks && !link->acks))
			link = p;
	}
	return link;
}

static void push_to(struct presence *p, struct mailbox *mb, const struct message_row *m, i64 shared,
		    i64 bytes, struct block *block)
{
	struct engine *e = p->mesh->engine;
	struct pushed *x = calloc(1, sizeof(*x) + m->client_id.len);

	if (!x)
		abort();
	p->mesh->touched_in = e->batch_no;
	x->mailbox = mb;
	x->to = p;
	x->row = (struct delivery_row){ mb->no, m->no, m->rank, shared, m->sender_no, bytes };
	memcpy(x->id, m->id.ptr, MIN(m->id.len, ID_LEN));
	x->bytes = block->len;
	x->sent_ms = e->mono_ms;
	x->created_ms = m->created_ms;
	x->sender_no = m->sender_no;
	x->mark = ++p->mark;
	x->client_id_len = m->client_id.len;
	if (m->client_id.len)
		memcpy(x->client_id, m->client_id.ptr, m->client_id.len);
	DL_APPEND(p->pushed, x);
	DL_APPEND2(mb->pushed, x, mailbox_prev, mailbox_next);
	mb->n_pushed++;
	p->n_pushed++;
	p->pushed_bytes += x->bytes;
	if (p->n_pushed == 1)
		lease_set(p);
	effects_send(e->fx, p->conn, block_ref(block), p->acks ? 0 : x->mark);
	e->stats.pushed++;
	e->stats.routed[m->rank]++;
}

static void unlink_pushed(struct pushed *x)
{
	struct presence *p = x->to;
	bool first = p->pushed == x;

	p->mesh->touched_in = p->mesh->engine->batch_no;
	DL_DELETE(p->pushed, x);
	DL_DELETE2(x->mailbox->pushed, x, mailbox_prev, mailbox_next);
	x->mailbox->n_pushed--;
	p->n_pushed--;
	p->pushed_bytes -= x->bytes;
	if (first)
		lease_set(p);
}

void presence_acks(struct presence *p)
{
	if (p->acks)
		return;
	p->acks = true;
	lease_set(p);
}

static void delivered(const struct pushed *x)
{
	const struct presence *p = x->to;
	struct engine *e = p->mesh->engine;

	store_delivery_end(e->store, p->mesh->no, &x->row,
			   &(struct delivery_end){ p->member->no, DELIVERY_DELIVERED, e->now_ms });
	receipts_ended(e, &(struct ending){ p->mesh, x->row.message_no, x->sender_no, str_of(x->id, ID_LEN),
		       str_of(x->client_id, x->client_id_len), p->member, str_of(x->mailbox->pubkey, 64),
		       DELIVERY_DELIVERED, e->now_ms });
	backlog_end(x->mailbox, &x->row);
}

void pushed_end(struct pushed *x)
{
	struct presence *p = x->to;
	struct engine *e = p->mesh->engine;

	/* What has expired has had its end, and its sender was told of that one. */
	if (!x->expired)
		delivered(x);
	unlink_pushed(x);
	free(x);
	/* Half a window at a time: reading for every ack would read the rest of it each time.
	 * The window is shared, so room for one mailbox is room for the other. */
	if ((i64)p->n_pushed > e->settings.window_messages / 2)
		return;
	mailbox_wake(p->member->mailbox);
	if (p->mailbox)
		mailbox_wake(p->mailbox);
}

void pushed_return(struct pushed *x)
{
	x->mailbox->waiting = true;
	mailbox_wake(x->mailbox);
	unlink_pushed(x);
	free(x);
}

void presence_lease_run(void *engine, void *presence)
{
	struct engine *e = engine;
	struct presence *p = presence;
	struct pushed *x, *next;

	DL_FOREACH_SAFE(p->pushed, x, next) {
		if (x->sent_ms + e->settings.lease_ms > e->mono_ms)
			break;
		e->stats.redelivered++;
		pushed_return(x);
	}
	lease_set(p);
}

/* Its other mailbox, when p is to take what waits there; else NULL. */
static struct mailbox *other_waiting(const struct presence *p, const struct mailbox *mb)
{
	struct mailbox *other = mb == p->mailbox ? p->member->mailbox : p->mailbox;

	return other && other->waiting && mailbox_taker(other) == p ? other : NULL;
}

/* Senders seal one to the person and a copy to each of its devices (client/resolve.c). */
static bool is_copy(const struct mailbox *mb, const struct message_row *m)
{
	enum { KEY_START = 8 };
	str device = str_of(mb->member->pubkey, KEY_START);

	return mb->member->device_of && str_ends(m->client_id, device) && m->client_id.len > device.len &&
	       m->client_id.ptr[m->client_id.len - device.len - 1] == '.';
}

static void count_dropped(const struct mailbox *mb, const struct message_row *m)
{
	if (is_copy(mb, m))
		return;
	grant_dropped(mb->member, m->sender_no, m->sender_pubkey, grant_of_target(m->target), m->no);
}

bool mailbox_looks_pushed(const struct mailbox *mb, int rank)
{
	const struct presence *p = mailbox_taker(mb);

	return rank >= RANK_WITHHELD && p && rank - RANK_WITHHELD <= presence_max_rank(p) &&
	       (i64)p->n_pushed + mb->withheld.messages <= p->mesh->engine->settings.window_messages;
}

/* Who takes everything would have taken what is withheld by now. */
static void settle_withheld(struct mailbox *mb)
{
	if (mb->withheld_waits && mailbox_looks_pushed(mb, PRIORITY_LOW - PRIORITY_NOW + RANK_WITHHELD))
		mb->withheld_waits = false;
}

/* True if it would have left for a connection. */
static bool withhold(struct mailbox *mb, const struct message_row *m, struct delivery_row *row)
{
	struct mesh *mesh = mb->member->mesh;
	const struct presence *p = mailbox_taker(mb);
	bool leaves;

	settle_withheld(mb);
	leaves = p && !mb->waiting && !other_waiting(p, mb) && has_room(p);
	leaves = leaves && !(mb->withheld_waits && mb->withheld.messages);
	row->rank += RANK_WITHHELD;
	store_delivery_add(mesh->engine->store, mesh->no, row);
	backlog_add(mb, row);
	count_dropped(mb, m);
	leaves = leaves && mailbox_looks_pushed(mb, row->rank);
	mb->withheld_waits |= !leaves;
	return leaves;
}

bool mailbox_deliver(struct mailbox *mb, const struct message_row *m, i64 shared,
		     struct push_blocks *blocks)
{
	struct mesh *mesh = mb->member->mesh;
	struct presence *p = mailbox_taker(mb);
	struct delivery_row row = { mb->no, m->no, m->rank, shared, m->sender_no, message_bytes(m) };

	if (!grant_allows_message(mb->member, m))
		return withhold(mb, m, &row);
	store_delivery_add(mesh->engine->store, mesh->no, &row);
	backlog_add(mb, &row);
	if (!p || mb->waiting || other_waiting(p, mb) || !has_room(p) || m->rank > presence_max_rank(p)) {
		mb->waiting = true;
		mailbox_wake(mb);
		return false;
	}
	push_to(p, mb, m, shared, row.bytes, push_block(blocks, p, m));
	return true;
}

void mailbox_wake(struct mailbox *mb)
{
	struct engine *e = mb->member->mesh->engine;

	settle_withheld(mb);
	if (mb->refill || !mb->waiting)
		return;
	mb->refill = true;
	mb->next_refill = e->refill;
	e->refill = mb;
}

void member_wake(struct member *m)
{
	struct presence *p;

	mailbox_wake(m->mailbox);
	DL_FOREACH2(m->presences, p, member_next)
		if (p->mailbox)
			mailbox_wake(p->mailbox);
	topics_member_wake(m);
}

static bool is_pushed(const struct mailbox *mb, i64 message_no)
{
	const struct pushed *x;

	DL_FOREACH2(mb->pushed, x, mailbox_next)
		if (x->row.message_no == message_no)
			return true;
	return false;
}

void mailbox_hand_over(struct mailbox *mb)
{
	struct mesh *m = mb->member->mesh;
	struct engine *e = m->engine;

	if (!mb->waiting && !mb->withheld.messages)
		return;
	m->touched_in = e->batch_no;
	backlog_move(mb, mb->member->mailbox);
	store_deliveries_move(e->store, m->no, mb->no, mb->member->mailbox->no);
	mb->waiting = false;
	mb->member->mailbox->waiting = true;
	mb->member->mailbox->withheld_waits |= mb->withheld.messages > 0;
	mailbox_wake(mb->member->mailbox);
}

void mailbox_hand_over_member(struct mailbox *mb)
{
	struct mailbox *to = mb->member->mailbox;
	struct mesh *m = mb->member->mesh;

	if ((!mb->waiting && !mb->withheld.messages) || !mb->session)
		return;
	m->touched_in = m->engine->batch_no;
	backlog_move_sole(mb, to);
	/* Not all may have moved, so `waiting` stays. */
	store_deliveries_move_sole(m->engine->store, m->no, mb->no, to->no);
	to->waiting = true;
	to->withheld_waits |= mb->withheld.messages > 0;
	mailbox_wake(to);
}

/* A member link drops what its own member sent without an ack, and a session what it sent
 * itself (wire-core.md 3.6): such a message waits for another session. */
static bool is_for(const struct presence *p, const struct mailbox *mb, const struct message_row *m)
{
	if (mb->session || m->sender_no != mb->member->no)
		return true;
	return p->session && !str_eq(m->sender_pubkey, presence_pubkey(p));
}

/* What waits in one of the mailboxes that a presence takes from. */
struct source {
	struct mailbox *mb;
	struct waiting *rows;
	size_t n, limit, at;
	bool skipped;                         /* some are not for this taker */
};

/* What came before its recipient said that it does not want it; returns how many rows that takes away. */
static size_t withhold_waiting(struct source *s)
{
	const struct mesh *mesh = s->mb->member->mesh;
	size_t n = 0, before = s->n;

	for (size_t i = 0; i < before; i++) {
		const struct waiting *x = &s->rows[i];
		const struct message_row *m = &x->message;

		if (grant_allows_message(s->mb->member, m) || is_pushed(s->mb, m->no)) {
			s->rows[n++] = *x;
			continue;
		}
		store_delivery_withhold(mesh->engine->store, mesh->no,
					&(struct delivery_row){ .mailbox_no = s->mb->no, .message_no = m->no,
								.rank = m->rank });
		backlog_withhold(s->mb, x->bytes);
		count_dropped(s->mb, m);
	}
	s->n = n;
	return before - n;
}

static struct err *read_waiting(struct source *s, const struct presence *p, struct arena *a)
{
	struct engine *e = p->mesh->engine;
	size_t read;

	/* Those behind take their places. */
	do {
		TRY(store_waiting(e->store, a, p->mesh->no, s->mb->no, presence_max_rank(p), e->now_ms, s->limit,
				  &s->rows, &s->n));
		read = s->n;
	} while (withhold_waiting(s) && read == s->limit);
	for (size_t i = 0; i < s->n; i++)
		s->skipped |= !is_for(p, s->mb, &s->rows[i].message);
	return NULL;
}

static struct err *open_source(struct source *s, const struct presence *p, struct mailbox *mb, size_t room,
			       struct arena *a)
{
	*s = (struct source){ .mb = mb, .limit = mb->n_pushed + room };
	TRY(read_waiting(s, p, a));
	if (!s->skipped || s->n < s->limit)
		return NULL;
	/* The member's own stand in front: look behind them, once and not for ever. */
	s->limit += OWN_SKIP_MAX;
	return read_waiting(s, p, a);
}

/* The next row that may be pushed; NULL at the end. */
static const struct waiting *source_head(struct source *s, const struct presence *p)
{
	for (; s->at < s->n; s->at++) {
		const struct message_row *m = &s->rows[s->at].message;

		if (!is_pushed(s->mb, m->no) && is_for(p, s->mb, m))
			return &s->rows[s->at];
	}
	return NULL;
}

static bool is_before(const struct waiting *x, const struct waiting *y)
{
	return x->message.rank != y->message.rank ? x->message.rank < y->message.rank
						  : x->message.no < y->message.no;
}

/* By priority, then by acceptance, whichever mailbox it stands in. */
static void push_sources(struct presence *p, struct source *sources, size_t n)
{
	while (has_room(p)) {
		struct source *first = NULL;
		const struct waiting *row = NULL, *x;
		CLEANUP(push_blocks_done) struct push_blocks blocks = { 0 };

		for (size_t i = 0; i < n; i++) {
			x = source_head(&sources[i], p);
			if (x && (!row || is_before(x, row))) {
				row = x;
				first = &sources[i];
			}
		}
		if (!row)
			return;
		push_to(p, first->mb, &row->message, row->shared, row->bytes,
			push_block(&blocks, p, &row->message));
		first->at++;
	}
}

static struct err *refill(struct mailbox *mb, struct arena *a)
{
	struct presence *p = mailbox_taker(mb);
	struct mailbox *other;
	struct source sources[2];
	size_t room, n = 1;

	if (mb->session && !mb->holder && !timer_is_set(&mb->orphan))
		mailbox_hand_over(mb);
	if (!mb->waiting || !p || !has_room(p))
		return NULL;
	room = (size_t)p->mesh->engine->settings.window_messages - p->n_pushed;
	TRY(open_source(&sources[0], p, mb, room, a));
	other = other_waiting(p, mb);
	if (other)
		TRY(open_source(&sources[n++], p, other, room, a));
	push_sources(p, sources, n);
	/* Held back by the status or the taker: still there. Otherwise fewer rows than asked for
	 * is all. */
	for (size_t i = 0; i < n; i++)
		sources[i].mb->waiting = sources[i].n == sources[i].limit || sources[i].skipped ||
			presence_max_rank(p) < PRIORITY_LOW - PRIORITY_NOW || !has_room(p);
	return NULL;
}

struct err *mailboxes_refill(struct engine *e, struct arena *a)
{
	struct err *failed = NULL;

	if (e->mono_ms < e->held_until_ms)
		return NULL;
	while (e->refill) {
		struct mailbox *mb = e->refill;

		e->refill = mb->next_refill;
		mb->refill = false;
		/* A batch that fails takes back what it has read, and with it the wake-up. */
		mb->member->mesh->touched_in = e->batch_no;
		/* What is stale wakes its mailboxes when it is read again. */
		if (!failed && mb->waiting && !mb->member->mesh->stale)
			failed = refill(mb, a);
	}
	return failed;
}
