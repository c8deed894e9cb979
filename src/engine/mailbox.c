/*
 * mailbox.c - from a mailbox to the connection that takes from it.
 *
 * A delivery is on disk until it ends. `pushed` lists those that are with a connection;
 * `waiting` says that there are others on disk. A new message may only overtake the disk
 * when nothing waits there. Reading what waits happens once a batch, before the commit.
 */
#include "engine/state.h"

#include <utlist.h>

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

/* What the taker's status lets through: working and dnd hear `now` only. */
static int max_rank(const struct presence *p)
{
	return presence_status(p) == STATUS_IDLE ? PRIORITY_LOW - PRIORITY_NOW : 0;
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
		if (!link)
			link = p;
	}
	return link;
}

static void push_to(struct presence *p, struct mailbox *mb, const struct message_row *m, bool shared,
		    struct block *block)
{
	struct engine *e = p->mesh->engine;
	struct pushed *x = calloc(1, sizeof(*x) + m->client_id.len);

	if (!x)
		abort();
	p->mesh->touched_in = e->batch_no;
	x->mailbox = mb;
	x->to = p;
	x->row = (struct delivery_row){ mb->no, m->no, m->rank, shared };
	memcpy(x->id, m->id.ptr, MIN(m->id.len, ID_LEN));
	x->bytes = block->len;
	x->sent_ms = e->mono_ms;
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

void pushed_end(struct pushed *x)
{
	struct presence *p = x->to;
	struct engine *e = p->mesh->engine;

	store_delivery_end(e->store, p->mesh->no, &x->row);
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

bool mailbox_deliver(struct mailbox *mb, const struct message_row *m, bool shared, struct block **block)
{
	struct mesh *mesh = mb->member->mesh;
	struct presence *p = mailbox_taker(mb);

	store_delivery_add(mesh->engine->store, mesh->no,
			   &(struct delivery_row){ mb->no, m->no, m->rank, shared });
	if (!p || mb->waiting || !has_room(p) || m->rank > max_rank(p)) {
		mb->waiting = true;
		mailbox_wake(mb);
		return false;
	}
	if (!*block)
		*block = push_block(mesh, m);
	push_to(p, mb, m, shared, *block);
	return true;
}

void mailbox_wake(struct mailbox *mb)
{
	struct engine *e = mb->member->mesh->engine;

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

	if (!mb->waiting)
		return;
	m->touched_in = e->batch_no;
	store_deliveries_move(e->store, m->no, mb->no, mb->member->mailbox->no);
	mb->waiting = false;
	mb->member->mailbox->waiting = true;
	mailbox_wake(mb->member->mailbox);
}

/* A member link drops what its own member sent without an ack, and a session what it sent
 * itself (wire-core.md 3.6): such a message waits for another session. */
static bool is_for(const struct presence *p, const struct mailbox *mb, const struct message_row *m)
{
	if (mb->session || m->sender_no != mb->member->no)
		return true;
	return p->session && !str_eq(m->sender_pubkey, presence_pubkey(p));
}

/* How many more pushes p may get from mb: the window is shared with p's other mailbox. */
static size_t room_for(const struct presence *p, const struct mailbox *mb)
{
	const struct mailbox *other = mb == p->mailbox ? p->member->mailbox : p->mailbox;
	i64 room = p->mesh->engine->settings.window_messages - (i64)p->n_pushed;

	if (other && other != mb && other->waiting && mailbox_taker(other) == p)
		room = MAX(room / 2, 1);
	return (size_t)room;
}

/* Pushes at most `room` of the rows; counts those that are not for this taker. */
static size_t push_rows(struct presence *p, struct mailbox *mb, const struct waiting *rows, size_t n,
			size_t room, size_t *ret_skipped)
{
	size_t pushed = 0, skipped = 0;

	for (size_t i = 0; i < n && pushed < room && has_room(p); i++) {
		const struct message_row *m = &rows[i].message;
		CLEANUP(block_unrefp) struct block *block = NULL;

		if (is_pushed(mb, m->no))
			continue;
		if (!is_for(p, mb, m)) {
			skipped++;
			continue;
		}
		block = push_block(p->mesh, m);
		push_to(p, mb, m, rows[i].shared, block);
		pushed++;
	}
	*ret_skipped = skipped;
	return pushed;
}

static struct err *refill(struct mailbox *mb, struct arena *a)
{
	struct mesh *mesh = mb->member->mesh;
	struct engine *e = mesh->engine;
	struct presence *p = mailbox_taker(mb);
	struct waiting *rows;
	size_t limit, n, room, skipped, pushed;

	if (mb->session && !mb->holder && !timer_is_set(&mb->orphan))
		mailbox_hand_over(mb);
	if (!mb->waiting || !p || !has_room(p))
		return NULL;
	room = room_for(p, mb);
	limit = mb->n_pushed + room;
	TRY(store_waiting(e->store, a, mesh->no, mb->no, max_rank(p), e->now_ms, limit, &rows, &n));
	pushed = push_rows(p, mb, rows, n, room, &skipped);
	if (skipped && n == limit) {
		/* The member's own stand in front: look behind them, once and not for ever. */
		limit += OWN_SKIP_MAX;
		TRY(store_waiting(e->store, a, mesh->no, mb->no, max_rank(p), e->now_ms, limit, &rows, &n));
		push_rows(p, mb, rows, n, room - pushed, &skipped);
	}
	/* Held back by the status or the taker: still there. Otherwise fewer rows than asked for
	 * is all. */
	mb->waiting = n == limit || skipped || max_rank(p) < PRIORITY_LOW - PRIORITY_NOW || !has_room(p);
	return NULL;
}

struct err *mailboxes_refill(struct engine *e, struct arena *a)
{
	struct err *failed = NULL;

	while (e->refill) {
		struct mailbox *mb = e->refill;

		e->refill = mb->next_refill;
		mb->refill = false;
		/* What is stale wakes its mailboxes when it is read again. */
		if (!failed && mb->waiting && !mb->member->mesh->stale)
			failed = refill(mb, a);
	}
	return failed;
}
