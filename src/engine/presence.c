/*
 * presence.c - a connection's life: online, in grace, gone. Every move is one of the
 * functions here, and each of them leaves counters, timers, mailboxes and lists right;
 * so no way of ending a presence can forget one of them (D-08, D-32, D-54).
 */
#include "engine/state.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/topic.h"

void presence_close_with(struct presence *p, int code, str reason)
{
	struct effects *fx = p->mesh->engine->fx;

	effects_close(fx, p->conn, code, reason);
	effects_anyway(fx);
}

void presence_close(struct presence *p, str reason)
{
	presence_close_with(p, 1000, reason);
}

static void life_over(void *engine, void *presence)
{
	struct engine *e = engine;
	struct presence *p = presence;

	p->mesh->touched_in = e->batch_no;
	if (p->online)
		presence_close(p, S("attestation_expired"));
	presence_end(p);
}

static void set_conn(struct presence *p, struct conn_ref conn)
{
	struct engine *e = p->mesh->engine;

	p->mesh->touched_in = e->batch_no;
	p->attached_in = e->batch_no;
	p->conn = conn;
	p->online = true;
	p->heard_ms = e->now_ms;
	HASH_ADD(hh, e->online, conn, sizeof(p->conn), p);
	e->stats.online++;
}

/* For the next hello of the member (wire-core.md 2.8), whatever ends this connection. Only
 * what cannot be wrong: settings are stored when they are set, not when somebody leaves. */
static void remember(struct presence *p)
{
	struct member *m = p->member;
	struct engine *e = p->mesh->engine;

	m->seen_ms = e->now_ms;
	if (p->summary.len)
		own_str(&m->last_summary, p->summary);
	store_member_seen(e->store, p->mesh->no, m->no, m->seen_ms, m->last_summary);
}

static void drop_conn(struct presence *p)
{
	struct engine *e = p->mesh->engine;
	struct pushed *x, *next;

	p->mesh->touched_in = e->batch_no;
	HASH_DELETE(hh, e->online, p);
	p->online = false;
	p->heard_ms = e->now_ms;
	e->stats.online--;
	presence_deafen(p);
	if (p->takes)
		remember(p);
	timer_clear(&e->timers, &p->life);
	DL_FOREACH_SAFE(p->pushed, x, next)
		pushed_return(x);
	topics_lost(p);
}

struct presence *presence_of(struct engine *e, struct conn_ref conn)
{
	struct presence *p;

	HASH_FIND(hh, e->online, &conn, sizeof(conn), p);
	return p;
}

struct presence *presence_add(struct member *member, struct conn_ref conn)
{
	struct mesh *m = member->mesh;
	struct engine *e = m->engine;
	struct presence *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->mesh = m;
	p->member = member;
	p->life = (struct timer){ .fn = life_over, .owner = p };
	p->lease = (struct timer){ .fn = presence_lease_run, .owner = p };
	p->working = (struct timer){ .fn = status_lapse, .owner = p };
	p->connected_ms = e->now_ms;
	p->made_in = e->batch_no;
	memcpy(p->id, id_random(e->batch, e->random).ptr, ID_LEN);
	DL_APPEND(m->presences, p);
	DL_APPEND2(member->presences, p, member_prev, member_next);
	m->n_presences++;
	e->stats.presences++;
	set_conn(p, conn);
	return p;
}

void presence_attach(struct presence *p, struct conn_ref conn)
{
	if (p->online) {
		presence_close(p, S("session_replaced"));
		drop_conn(p);
	}
	timer_clear(&p->mesh->engine->timers, &p->life);
	set_conn(p, conn);
}

void presence_detach(struct presence *p)
{
	struct engine *e = p->mesh->engine;

	drop_conn(p);
	timer_set(&e->timers, &p->life, e->mono_ms + e->settings.grace_ms);
	if (p->mailbox)
		mailbox_hand_over_member(p->mailbox);
	/* Another connection of the member may take what this one held. */
	mailbox_wake(p->member->mailbox);
	topics_member_wake(p->member);
}

bool member_has_session_online(const struct member *m)
{
	const struct presence *p;

	DL_FOREACH2(m->presences, p, member_next)
		if (p->session && p->online && p->takes)
			return true;
	return false;
}

static void release_mailbox(struct presence *p)
{
	struct mailbox *mb = p->mailbox;
	struct engine *e = p->mesh->engine;

	if (!mb)
		return;
	p->mailbox = NULL;
	mb->holder = NULL;
	mb->seen_ms = e->now_ms;
	store_mailbox_seen(e->store, p->mesh->no, mb->no, e->now_ms);
	mailbox_hand_over(mb);
}

void presence_end(struct presence *p)
{
	struct mesh *m = p->mesh;
	struct engine *e = m->engine;

	if (p->online)
		drop_conn(p);
	timer_clear(&e->timers, &p->life);
	timer_clear(&e->timers, &p->lease);
	timer_clear(&e->timers, &p->working);
	DL_DELETE(m->presences, p);
	DL_DELETE2(p->member->presences, p, member_prev, member_next);
	m->n_presences--;
	m->touched_in = e->batch_no;
	e->stats.presences--;
	presence_announce(p, PEER_LEFT);
	audit_left(p);
	release_mailbox(p);
	topics_end(p);
	own_free(&p->session_id);
	own_free(&p->name);
	own_free(&p->hostname);
	own_free(&p->cwd);
	own_free(&p->peer_type);
	own_free(&p->channel);
	own_free(&p->model);
	own_free(&p->summary);
	own_free(&p->role);
	own_free(&p->profile);
	own_free(&p->stats);
	own_free(&p->device_wait);
	own_groups_free(&p->groups);
	free(p);
}

bool presence_same_session(const struct presence *p, str session_id, str hostname)
{
	return p->session_id.len && str_eq(p->session_id, session_id) &&
	       (!p->hostname.len || !hostname.len || str_eq(p->hostname, hostname));
}

/* A session stands before a link, a link before a command. */
static int kind_of(const struct presence *p)
{
	return p->session ? 2 : p->takes ? 1 : 0;
}

bool presence_is_covered(const struct presence *p)
{
	const struct presence *other;

	if (p->session)
		return false;
	DL_FOREACH2(p->member->presences, other, member_next)
		if (kind_of(other) > kind_of(p) && presence_same_session(other, p->session_id, p->hostname))
			return true;
	return false;
}

static int by_session(const void *left, const void *right)
{
	const struct presence *a = *(struct presence *const *)left, *b = *(struct presence *const *)right;
	int order;

	if (a->member != b->member)
		return a->member->no < b->member->no ? -1 : 1;
	order = str_cmp(a->session_id, b->session_id);
	return order ? order : str_cmp(a->hostname, b->hostname);
}

static bool is_one_session(const struct presence *a, const struct presence *b)
{
	return a->member == b->member && a->session_id.len && str_eq(a->session_id, b->session_id);
}

/* Those of one session id, by host; an empty host comes first and is any. */
static void cover_session(struct presence **items, size_t n)
{
	int best = 0, of_any = 0;

	for (size_t i = 0; i < n; i++) {
		best = MAX(best, kind_of(items[i]));
		if (!items[i]->hostname.len)
			of_any = MAX(of_any, kind_of(items[i]));
	}
	for (size_t from = 0, to; from < n; from = to) {
		int here = of_any;

		for (to = from; to < n && str_eq(items[to]->hostname, items[from]->hostname); to++)
			here = MAX(here, kind_of(items[to]));
		if (!items[from]->hostname.len)
			here = best;
		for (size_t i = from; i < to; i++)
			items[i]->covered = here > kind_of(items[i]);
	}
}

void presences_cover(struct mesh *m, struct arena *a)
{
	struct presence **items = NEW_ARRAY(a, struct presence *, (size_t)m->n_presences + 1), *p;
	size_t n = 0;

	DL_FOREACH(m->presences, p) {
		p->covered = false;
		if (p->session_id.len && p->member->presences->member_next)
			items[n++] = p;
	}
	qsort(items, n, sizeof(struct presence *), by_session);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && is_one_session(items[from], items[to]); to++)
			;
		cover_session(&items[from], to - from);
	}
}

str presence_name(const struct presence *p)
{
	return p->name.len ? p->name : p->member->name;
}

str presence_pubkey(const struct presence *p)
{
	return p->mailbox ? str_of(p->mailbox->pubkey, 64) : str_of(p->member->pubkey, 64);
}
