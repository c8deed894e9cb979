/*
 * announce.c - presence pushes: hints that a peer list has changed, never more than that.
 *
 * A connection gets HINTS_PER_SECOND of them. Who has had its share is muted: it costs
 * nothing until the mesh is calm, and then gets one peers_changed for all it did not hear.
 * So a thousand peers that come at once cost each listener fifty pushes, and each of them
 * a walk over those listeners who still listen.
 */
#include "engine/traffic.h"

#include <utlist.h>

#include "json/json.h"
#include "proto/group.h"

enum { DATA_BYTES_MAX = 1 << 20, SECOND_MS = 1000 };

static const char *const words[] = {
	[PEER_JOINED] = "peer_joined", [PEER_RETURNED] = "peer_returned", [PEER_LEFT] = "peer_left",
	[PEER_HIDDEN] = "peer_hidden", [PEER_VISIBLE] = "peer_visible",
};

static void listen_again(struct presence *p)
{
	p->hears = true;
	p->muted = false;
	DL_APPEND2(p->mesh->listeners, p, hears_prev, hears_next);
	p->mesh->n_listeners++;
}

void presence_deafen(struct presence *p)
{
	struct mesh *m = p->mesh;

	if (!p->hears)
		return;
	p->hears = false;
	if (p->muted) {
		DL_DELETE2(m->muted, p, hears_prev, hears_next);
		m->n_muted--;
	} else {
		DL_DELETE2(m->listeners, p, hears_prev, hears_next);
		m->n_listeners--;
	}
}

static void mute(struct presence *p)
{
	struct mesh *m = p->mesh;
	struct engine *e = m->engine;

	presence_deafen(p);
	p->hears = p->muted = true;
	DL_APPEND2(m->muted, p, hears_prev, hears_next);
	if (m->n_muted++ == 0) {
		m->muted_ms = e->mono_ms;
		timer_set(&e->timers, &m->calm, e->mono_ms + HINTS_CALM_MS);
	}
}

/* Who comes while others are muted waits for the same peers_changed: it is one of the crowd. */
void presence_listen(struct presence *p)
{
	if (p->hears || !p->takes)
		return;
	if (p->mesh->n_muted)
		mute(p);
	else
		listen_again(p);
}

/* True if this one may be sent now. */
static bool has_share(struct presence *p)
{
	i64 now = p->mesh->engine->mono_ms;

	if (now - p->hints_from_ms >= SECOND_MS) {
		p->hints_from_ms = now;
		p->hints = 0;
	}
	return p->hints < HINTS_PER_SECOND;
}

void announce_calm(void *engine, void *mesh)
{
	struct engine *e = engine;
	struct mesh *m = mesh;
	struct conn_ref *to;
	struct buf data;
	struct json_out o;
	struct presence *p;
	size_t n = 0;

	if (e->mono_ms - m->hint_ms < HINTS_CALM_MS && e->mono_ms - m->muted_ms < HINTS_MUTED_MAX_MS) {
		timer_set(&e->timers, &m->calm, m->hint_ms + HINTS_CALM_MS);
		return;
	}
	if (!m->muted)
		return;
	to = NEW_ARRAY(e->batch, struct conn_ref, (size_t)m->n_muted);
	while ((p = m->muted)) {
		presence_deafen(p);
		listen_again(p);
		p->hints_from_ms = e->mono_ms;
		p->hints = 1;
		to[n++] = p->conn;
	}
	data = buf_make(DATA_BYTES_MAX);
	o = json_out(&data);
	json_obj(&o);
	json_put_str(&o, "name", m->name);
	json_put_str(&o, "pubkey", S(""));
	json_put_int(&o, "peers", m->n_presences);
	json_obj_end(&o);
	e->stats.hints += (i64)n;
	effects_send_many(e->fx, to, n, push_event(m, S("peers_changed"), buf_str(&data)));
	effects_hint(e->fx);
	effects_anyway(e->fx);
	buf_done(&data);
}

static str data_of(const struct presence *about, enum announcement what)
{
	struct arena *a = about->mesh->engine->batch;
	const struct member *member = about->member;
	struct buf data = buf_make(DATA_BYTES_MAX);
	struct json_out o = json_out(&data);
	str text;

	json_obj(&o);
	json_put_str(&o, "name", presence_name(about));
	json_put_str(&o, "displayName", presence_name(about));
	json_put_str(&o, "pubkey", presence_pubkey(about));
	json_put_str(&o, "memberPubkey", str_from(member->pubkey));
	json_key(&o, S("groups"));
	json_arr(&o);
	for (size_t i = 0; i < about->groups.n; i++) {
		json_obj(&o);
		json_encode(&o, group_fields, &about->groups.items[i]);
		json_obj_end(&o);
	}
	json_arr_end(&o);
	if (what == PEER_RETURNED) {
		json_put_str(&o, "lastSeenAt", time_iso(a, member->seen_ms));
		json_put_opt(&o, "summary", member->last_summary);
	}
	json_obj_end(&o);
	text = arena_dup(a, buf_str(&data));
	buf_done(&data);
	return text;
}

/* The coming and going of a link is of no interest to its own member; of its sessions each
 * hears both (D-54), and of visibility everybody. */
static bool concerns(const struct presence *p, const struct presence *about, enum announcement what)
{
	if (p == about)
		return false;
	return p->member != about->member || about->session || what == PEER_HIDDEN || what == PEER_VISIBLE;
}

/* Of what is hidden, others hear nothing but that it was hidden; one-shot commands neither
 * tell nor hear; what a session stands for is the session's business. */
static bool is_told(const struct presence *about, enum announcement what)
{
	if (what == PEER_HIDDEN || what == PEER_VISIBLE)
		return about->takes;
	return about->takes && !about->hidden && !presence_is_covered(about);
}

void presence_announce(struct presence *about, enum announcement what)
{
	struct mesh *m = about->mesh;
	struct engine *e = m->engine;
	struct conn_ref *to;
	struct presence *p, *next;
	size_t n = 0;

	if (e->quiet || !is_told(about, what))
		return;
	traffic_presence(about, what != PEER_LEFT && what != PEER_HIDDEN);
	m->hint_ms = e->mono_ms;
	if (m->n_listeners) {
		to = NEW_ARRAY(e->batch, struct conn_ref, (size_t)m->n_listeners);
		DL_FOREACH_SAFE2(m->listeners, p, next, hears_next) {
			if (!concerns(p, about, what))
				continue;
			if (has_share(p)) {
				p->hints++;
				to[n++] = p->conn;
			} else {
				mute(p);
			}
		}
	}
	e->stats.hints += (i64)n;
	e->stats.hints_dropped += m->n_muted;
	if (!n)
		return;
	effects_send_many(e->fx, to, n, push_event(m, str_from(words[what]), data_of(about, what)));
	effects_hint(e->fx);
	if (what == PEER_LEFT && about->made_in != e->batch_no)
		effects_anyway(e->fx);
}
