/*
 * topic_push.c - from a topic to the connections of those who are in it.
 *
 * A post goes once, as one block and a list, to everybody in the topic who is there. What a
 * connection has not got waits in the topic's history: its place is a number, so whoever was away,
 * slow, or not to be disturbed is behind and gets the rest from the store, in order, by windows.
 *
 * A connection's place begins where its member's is. That one moves with whatever connection of
 * the member gets a post first, and is stored a moment later: after a crash some come again.
 */
#include "engine/topic.h"

#include <utlist.h>

#include "engine/grant.h"
#include "proto/message.h"

enum {
	PLACES_MS = 1000,             /* how late a member's place is stored */
	POSTS_AT_ONCE = 64,           /* that one connection is behind with, read at once */
};

/* One post on its way to a connection. */
struct topic_sent {
	struct topic_sent *prev, *next;
	i64 seq, sent_ms;
	size_t bytes;
	u64 mark;
	char id[ID_LEN + 1];
	size_t client_id_len;
	char client_id[];
};

/* One connection in one topic. */
struct topic_place {
	struct topic_place *next;             /* sub->places */
	struct topic_place *of_prev, *of_next; /* presence->places */
	struct topic_sub *sub;
	struct presence *p;
	i64 sent_seq;                         /* got, or on its way, or not for it */
	struct topic_sent *sent;              /* oldest first */
	bool behind;                          /* on the engine's list */
	struct topic_place *next_behind;
	struct timer lease;
};

static struct engine *engine_of(const struct topic_sub *sub)
{
	return sub->topic->mesh->engine;
}

static void touch(const struct topic_sub *sub)
{
	sub->topic->mesh->touched_in = engine_of(sub)->batch_no;
}

static void wake(struct topic_place *at)
{
	struct engine *e = engine_of(at->sub);

	if (at->behind || !at->p->online)
		return;
	at->behind = true;
	at->next_behind = e->behind;
	e->behind = at;
}

void topic_sub_dirty(struct topic_sub *sub)
{
	struct engine *e = engine_of(sub);

	sub->dirty = sub->topic->dirty = true;
	if (timer_is_set(&e->places))
		return;
	e->places.fn = topics_flush;
	timer_set(&e->timers, &e->places, e->mono_ms + PLACES_MS);
}

/* The member has got what this connection has. */
static void move_member(struct topic_sub *sub, i64 seq)
{
	if (seq <= sub->place_seq)
		return;
	touch(sub);
	sub->place_seq = seq;
	topic_sub_dirty(sub);
}

static void moved(struct topic_place *at)
{
	move_member(at->sub, at->sent ? at->sent->seq - 1 : at->sent_seq);
}

static void flush(struct topic *t)
{
	struct mesh *m = t->mesh;
	struct topic_sub *sub, *next;

	t->dirty = false;
	m->touched_in = m->engine->batch_no;
	HASH_ITER(hh, t->subs, sub, next) {
		if (sub->dirty)
			store_topic_member_place(m->engine->store, m->no, t->no, sub->member->no, sub->place_seq);
		sub->dirty = false;
	}
}

void topics_flush(void *engine, void *owner UNUSED)
{
	struct engine *e = engine;
	struct mesh *m, *next;
	struct topic *t, *next_t;

	HASH_ITER(hh, e->meshes, m, next)
		HASH_ITER(hh, m->topics, t, next_t) {
			if (t->dirty && m->stale)
				timer_set(&e->timers, &e->places, e->mono_ms + PLACES_MS);
			if (t->dirty && !m->stale)
				flush(t);
		}
}

/* ---- what is on its way ---- */

static void lease_run(void *engine, void *place);

static void sent_add(struct topic_place *at, const struct post_row *row, size_t bytes)
{
	struct engine *e = engine_of(at->sub);
	struct topic_sent *x = calloc(1, sizeof(*x) + row->client_id.len);

	if (!x)
		abort();
	x->seq = row->seq;
	x->sent_ms = e->mono_ms;
	x->bytes = bytes;
	memcpy(x->id, row->id.ptr, MIN(row->id.len, ID_LEN));
	x->client_id_len = row->client_id.len;
	if (x->client_id_len)
		memcpy(x->client_id, row->client_id.ptr, x->client_id_len);
	if (!at->p->acks)
		x->mark = ++at->p->mark;
	DL_APPEND(at->sent, x);
	at->p->n_posts++;
	at->p->posts_bytes += bytes;
	if (at->p->acks && !timer_is_set(&at->lease))
		timer_set(&e->timers, &at->lease, e->mono_ms + e->settings.lease_ms);
}

static void sent_free(struct topic_place *at, struct topic_sent *x)
{
	at->p->n_posts--;
	at->p->posts_bytes -= x->bytes;
	DL_DELETE(at->sent, x);
	free(x);
}

/* What is not known to have arrived goes out again. */
static void take_back(struct topic_place *at)
{
	if (at->sent)
		at->sent_seq = at->sent->seq - 1;
	while (at->sent)
		sent_free(at, at->sent);
	timer_clear(&engine_of(at->sub)->timers, &at->lease);
}

static void lease_run(void *engine, void *place)
{
	struct engine *e = engine;
	struct topic_place *at = place;
	i64 ends = at->sent ? at->sent->sent_ms + e->settings.lease_ms : 0;

	if (!at->sent)
		return;
	if (ends > e->mono_ms) {
		timer_set(&e->timers, &at->lease, ends);
		return;
	}
	touch(at->sub);
	e->stats.redelivered++;
	take_back(at);
	wake(at);
}

static bool has_room(const struct presence *p)
{
	const struct engine_settings *s = &p->mesh->engine->settings;

	return (i64)p->n_posts < s->window_messages && (i64)p->posts_bytes < s->window_bytes;
}

/* Room for one is room for all of the connection's topics. */
static void wake_all(struct presence *p)
{
	struct topic_place *at;

	if ((i64)p->n_posts > p->mesh->engine->settings.window_messages / 2)
		return;
	DL_FOREACH2(p->places, at, of_next)
		if (at->sent_seq < at->sub->topic->last_seq)
			wake(at);
}

static void count_wake(struct presence *p, i64 sent_ms)
{
	struct engine *e = p->mesh->engine;

	histogram_add(&e->stats.wake, (e->mono_ms - sent_ms) * 1000);
}

bool topics_ack(struct presence *p, str id, str client_id)
{
	struct topic_place *at;
	struct topic_sent *x;

	DL_FOREACH2(p->places, at, of_next)
		DL_FOREACH(at->sent, x) {
			bool same = id.len ? str_eq(id, str_from(x->id))
					   : client_id.len && str_eq(client_id, str_of(x->client_id, x->client_id_len));

			if (!same)
				continue;
			count_wake(p, x->sent_ms);
			sent_free(at, x);
			moved(at);
			wake_all(p);
			return true;
		}
	return false;
}

void topics_written(struct presence *p, u64 mark)
{
	struct topic_place *at;
	struct topic_sent *x, *next;

	DL_FOREACH2(p->places, at, of_next) {
		DL_FOREACH_SAFE(at->sent, x, next)
			if (x->mark && x->mark <= mark)
				sent_free(at, x);
		moved(at);
	}
	wake_all(p);
}

/* ---- places ---- */

/* A link of a member leaves posts to sessions of it, unless it asked for them. */
static bool hears(const struct presence *p, bool has_session)
{
	return p->online && p->takes && (p->topics || p->session || !has_session);
}

static struct topic_place *place_get(struct topic_sub *sub, struct presence *p)
{
	struct topic_place *at;

	for (at = sub->places; at; at = at->next)
		if (at->p == p)
			break;
	if (!at) {
		at = calloc(1, sizeof(*at));
		if (!at)
			abort();
		at->sub = sub;
		at->p = p;
		at->sent_seq = MAX(sub->place_seq, sub->topic->last_seq - TOPIC_CATCH_UP_MAX);
		at->lease = (struct timer){ .fn = lease_run, .owner = at };
		at->next = sub->places;
		sub->places = at;
		DL_APPEND2(p->places, at, of_prev, of_next);
	}
	/* What a session has got meanwhile need not come to the link again. */
	if (!p->topics && !p->session && !at->sent)
		at->sent_seq = MAX(at->sent_seq, sub->place_seq);
	return at;
}

static void forget_behind(struct topic_place *at)
{
	for (struct topic_place **to = &engine_of(at->sub)->behind; at->behind && *to; to = &(*to)->next_behind)
		if (*to == at) {
			*to = at->next_behind;
			break;
		}
	at->behind = false;
}

static void place_free(struct topic_place *at)
{
	take_back(at);
	forget_behind(at);
	for (struct topic_place **to = &at->sub->places; *to; to = &(*to)->next)
		if (*to == at) {
			*to = at->next;
			break;
		}
	DL_DELETE2(at->p->places, at, of_prev, of_next);
	free(at);
}

void topics_member_wake(struct member *member)
{
	bool has_session = member_has_session_online(member);
	struct topic_sub *sub;
	struct presence *p;

	if (member->revoked_ms)
		return;
	DL_FOREACH(member->topics, sub) {
		if (!sub->places && sub->place_seq == sub->topic->last_seq)
			continue;
		DL_FOREACH2(member->presences, p, member_next) {
			struct topic_place *at;

			if (!hears(p, has_session))
				continue;
			at = place_get(sub, p);
			if (at->sent_seq < sub->topic->last_seq)
				wake(at);
		}
	}
}

void topics_lost(struct presence *p)
{
	struct topic_place *at;

	DL_FOREACH2(p->places, at, of_next) {
		take_back(at);
		forget_behind(at);
	}
}

void topics_end(struct presence *p)
{
	struct member *member = p->member;

	while (p->places)
		place_free(p->places);
	/* A link takes over what its session has not got. */
	topics_member_wake(member);
}

void topic_places_end(struct topic_sub *sub)
{
	while (sub->places)
		place_free(sub->places);
}

void topic_places_reset(struct topic_sub *sub)
{
	for (struct topic_place *at = sub->places; at; at = at->next) {
		take_back(at);
		at->sent_seq = MIN(at->sent_seq, sub->topic->last_seq);
		wake(at);
	}
}

/* ---- pushing ---- */

/* A member's link drops what its own member sent (wire-core.md 3.6), and nobody needs an echo. */
static bool is_for(const struct topic_place *at, const struct post_row *row)
{
	const struct presence *p = at->p;

	if (row->sender_no != p->member->no)
		return true;
	return (p->session || p->topics) && !str_eq(row->sender_pubkey, presence_pubkey(p));
}

/* Those that one block goes to. */
struct targets { struct conn_ref *items; size_t n; };

struct pushing {
	struct push_blocks blocks;
	struct targets plain, attested;       /* who acks */
	size_t live, withheld;
};

static void put(struct pushing *to, struct topic_place *at, const struct post_row *row)
{
	struct presence *p = at->p;
	struct block *block = push_post_block(&to->blocks, p, at->sub->topic, row);
	struct targets *list = p->attestations ? &to->attested : &to->plain;

	sent_add(at, row, block->len);
	to->live++;
	if (p->acks)
		list->items[list->n++] = p->conn;
	else
		effects_send(p->mesh->engine->fx, p->conn, block_ref(block), p->mark);
}

/* The connection's next post. False: it has to wait. */
static bool offer(struct pushing *to, struct topic_place *at, const struct post_row *row)
{
	if (at->sent_seq != row->seq - 1)
		return false;
	if (is_for(at, row)) {
		if (!has_room(at->p) || row->rank > presence_max_rank(at->p))
			return false;
		if (!grant_allows_post(at->p->member, row)) {
			/* As one that is never acked: the member's place goes on with the next that is. */
			to->withheld++;
			grant_dropped_post(at->sub, row);
			at->sent_seq = row->seq;
			return true;
		}
		put(to, at, row);
	}
	at->sent_seq = row->seq;
	moved(at);
	return true;
}

static void pushing_start(struct pushing *to, struct arena *a, size_t n)
{
	*to = (struct pushing){ .plain = { NEW_ARRAY(a, struct conn_ref, n), 0 },
				.attested = { NEW_ARRAY(a, struct conn_ref, n), 0 } };
}

static void pushing_end(struct pushing *to, struct engine *e, int rank)
{
	if (to->plain.n)
		effects_send_many(e->fx, to->plain.items, to->plain.n, block_ref(to->blocks.plain));
	if (to->attested.n)
		effects_send_many(e->fx, to->attested.items, to->attested.n, block_ref(to->blocks.attested));
	e->stats.pushed += (i64)to->live;
	e->stats.routed[rank] += (i64)to->live;
	push_blocks_done(&to->blocks);
}

/* All places are there before one of them moves the member's. */
static void push_to_member(struct pushing *to, struct topic_sub *sub, const struct post_row *row,
			   const struct presence *by)
{
	bool has_session = member_has_session_online(sub->member);
	struct presence *p;

	DL_FOREACH2(sub->member->presences, p, member_next)
		if (hears(p, has_session))
			(void)place_get(sub, p);
	for (struct topic_place *at = sub->places; at; at = at->next) {
		if (!hears(at->p, has_session) || at->sent_seq >= row->seq)
			continue;
		if (at->p == by && at->sent_seq == row->seq - 1)
			at->sent_seq = row->seq;
		else if (!offer(to, at, row))
			wake(at);
	}
	/* Nobody of the sender has to get it. */
	if (sub->member->no == row->sender_no && sub->place_seq == row->seq - 1)
		move_member(sub, row->seq);
}

void topic_push(struct topic *t, const struct post_row *row, const struct presence *by, i64 *ret_live)
{
	struct engine *e = t->mesh->engine;
	struct topic_sub *sub, *next;
	struct pushing to;

	pushing_start(&to, e->batch, (size_t)t->mesh->n_presences + 1);
	HASH_ITER(hh, t->subs, sub, next)
		if (!sub->member->revoked_ms && (sub->member->presences || sub->member->no == row->sender_no))
			push_to_member(&to, sub, row, by);
	*ret_live = (i64)(to.live + to.withheld);
	pushing_end(&to, e, row->rank);
}

static struct err *refill(struct topic_place *at, struct arena *a)
{
	struct topic *t = at->sub->topic;
	struct engine *e = t->mesh->engine;
	struct post_row *rows;
	size_t n, i;

	if (!hears(at->p, member_has_session_online(at->p->member)) || !has_room(at->p))
		return NULL;
	TRY(store_posts_after(e->store, a, t->mesh->no, t->no, at->sent_seq, POSTS_AT_ONCE, &rows, &n));
	for (i = 0; i < n; i++) {
		struct pushing to;
		bool went;

		/* Of one that is gone nothing is left to wait for. */
		at->sent_seq = MAX(at->sent_seq, rows[i].seq - 1);
		pushing_start(&to, a, 1);
		went = offer(&to, at, &rows[i]);
		pushing_end(&to, e, rows[i].rank);
		if (!went)
			return NULL;
	}
	if (n == POSTS_AT_ONCE)
		wake(at);
	return NULL;
}

struct err *topics_refill(struct engine *e, struct arena *a)
{
	struct err *failed = NULL;

	if (e->mono_ms < e->held_until_ms)
		return NULL;
	while (e->behind) {
		struct topic_place *at = e->behind;

		e->behind = at->next_behind;
		at->behind = false;
		touch(at->sub);
		/* What is stale wakes its places when it is read again. */
		if (!failed && !at->sub->topic->mesh->stale)
			failed = refill(at, a);
	}
	return failed;
}
