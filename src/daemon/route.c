/*
 * route.c - one link of the daemon: the member's, a session's, or one lent to send what an
 * ended session left. What comes in is stored, then acknowledged, then told.
 */
#include "daemon/meshes_internal.h"

#include <unistd.h>

#include "base/ids.h"
#include "base/log.h"
#include "client/brokers.h"
#include "net/url.h"

enum {
	NONCE_LEN = 8,
	EVENT_MAX = 256 << 10,
	ROUTE_SEEN = 256,      /* repeats that the inbox need not be asked about */
	ROUTE_CACHE_KEYS = 64, /* peers whose shared keys are kept */
};

struct route *route_by_serial(struct meshes *ms, u64 serial)
{
	for (struct joined *j = ms->meshes; j; j = j->next)
		for (struct route *r = j->routes; r; r = r->next)
			if (r->serial == serial)
				return r;
	return NULL;
}

static bool is_member(const struct route *r)
{
	return str_empty(r->session_pubkey);
}

static bool has_session(const struct joined *j)
{
	for (const struct route *r = j->routes; r; r = r->next)
		if (!is_member(r) && !r->lent && r->state != ROUTE_CLOSED)
			return true;
	return false;
}

static str data_of(struct arena *a, const struct route *r, const char *event,
		   const struct peer_event *ev, bool flat)
{
	CLEANUP(buf_done) struct buf text = buf_make(EVENT_MAX);
	struct json_out out = json_out(&text);

	json_obj(&out);
	json_put_str(&out, "ts", time_iso(a, clock_ms(r->ms->spec.clock)));
	json_put_str(&out, "mesh", r->mesh->m.slug);
	json_put_str(&out, event ? "event" : "status",
		     event ? str_from(event) : str_from(route_state_word(r->state)));
	if (!event && r->state == ROUTE_CLOSED)
		json_put_str(&out, "reason", r->word);
	if (ev && !flat && ev->data) {
		json_key(&out, S("eventData"));
		json_value(&out, ev->data);
	}
	if (ev && flat) {
		static const char *const taken[] = { "ts", "mesh", "event" };

		for (const struct json *at = ev->data ? ev->data->first : NULL; at; at = at->next) {
			bool skip = false;

			for (size_t i = 0; i < ARRAY_LEN(taken); i++)
				skip = skip || str_eq(at->key, str_from(taken[i]));
			if (skip)
				continue;
			json_key(&out, at->key);
			json_value(&out, at);
		}
	}
	json_obj_end(&out);
	return text.full ? STR_NONE : arena_dup(a, buf_str(&text));
}

static void set_state(struct route *r, enum route_state state, const struct err *why)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct meshes *ms = r->ms;

	r->state = state;
	r->word = r->why = STR_NONE;
	arena_reset(r->why_arena);
	if (why) {
		r->word = arena_dup(r->why_arena, err_wire(why));
		r->why = arena_dup(r->why_arena, why->text);
	}
	if (is_member(r))
		events_publish(ms->spec.events, 0, "broker_status", r->mesh->m.mesh_id, STR_NONE,
			       data_of(a, r, NULL, NULL, false));
	log_info("broker_status", LOG_S("mesh", r->mesh->m.slug),
		 LOG_S("session", is_member(r) ? S("-") : r->session_id),
		 LOG_S("status", str_from(route_state_word(state))), LOG_S("why", r->why));
	if (ms->h->on_route)
		ms->h->on_route(ms->arg, r);
}

static void on_ready(void *arg, struct link *l, const struct hello_ack_args *ack)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct route *r = arg;
	struct joined *j = r->mesh;
	u64 serial = r->serial;
	struct meshes *ms = r->ms;

	if (link_has_challenge(l) && !j->hello2) {
		j->hello2 = true;
		if (brokers_set_hello2(a, ms->spec.paths, j->m.broker_url))
			j->hello2 = false; /* tried again next time */
	}
	if (is_member(r))
		roster_news(j);
	standing_drop(ms->standing, j->m.mesh_id, r->session_pubkey);
	set_state(r, ROUTE_OPEN, NULL);
	r = route_by_serial(ms, serial);
	if (r)
		asks_on_route(r);
	if (r && is_member(r))
		posts_on_ready(j);
}

/* By somebody, not for what the hello looked like. */
static bool is_putting_out(const struct err *why)
{
	return str_eq(why->word, S("kicked")) || str_eq(why->word, S("banned")) || str_eq(why->word, S("revoked"));
}

/* A ban is of the member, whichever of its links heard it first. */
static void remember(struct route *r, const struct err *why)
{
	bool one = str_eq(why->word, S("kicked"));

	standing_put(r->ms->standing, &(struct outcast){
		.mesh_id = r->mesh->m.mesh_id,
		.member_pubkey = r->mesh->m.member_pubkey,
		.session_pubkey = one ? r->session_pubkey : STR_NONE,
		.word = err_wire(why),
		.why = why->text,
		.at_ms = clock_ms(r->ms->spec.clock),
	});
}

/* To the agent whose session was put out; the user sees it in what it asks. */
static void tell_session(struct route *r, const struct err *why)
{
	CLEANUP(buf_done) struct buf text = buf_make(EVENT_MAX);
	struct json_out out = json_out(&text);

	json_obj(&out);
	json_put_str(&out, "ts", time_iso(r->why_arena, clock_ms(r->ms->spec.clock)));
	json_put_str(&out, "mesh", r->mesh->m.slug);
	json_put_str(&out, "event", str_eq(why->word, S("kicked")) ? S("kicked") : S("banned"));
	json_key(&out, S("eventData"));
	json_obj(&out);
	json_put_str(&out, "message", why->text);
	json_obj_end(&out);
	json_obj_end(&out);
	events_publish(r->ms->spec.events, 0, "system", r->mesh->m.mesh_id, r->session_pubkey, buf_str(&text));
}

static void on_down(void *arg, struct link *l, const struct err *why, i64 retry_ms)
{
	struct route *r = arg;
	struct meshes *ms = r->ms;
	u64 serial = r->serial;
	bool put_out;

	if (retry_ms >= 0) {
		set_state(r, ROUTE_RECONNECTING, why);
		return;
	}
	if (ms->closing)
		return;
	put_out = is_putting_out(why);
	if (put_out)
		remember(r, why);
	if (put_out && !is_member(r) && !r->lent)
		tell_session(r, why);
	set_state(r, ROUTE_CLOSED, why);
	r = route_by_serial(ms, serial);
	if (!r)
		return;
	if (!has_session(r->mesh))
		doubles_release(r->mesh);
	asks_fail_route(r);
	if (put_out)
		r->dormant = r->link;
	else
		link_free(r->link);
	r->link = NULL;
}

bool route_is_kicked(const struct route *r)
{
	return r->state == ROUTE_CLOSED && str_eq(r->word, S("kicked"));
}

void route_rejoin(struct route *r)
{
	if (!r->dormant)
		return;
	r->link = r->dormant;
	r->dormant = NULL;
	link_revive(r->link);
	set_state(r, ROUTE_CONNECTING, NULL);
}

static void free_storing(struct storing *st)
{
	struct storing **at = st->ms ? &st->ms->storing : NULL;

	while (at && *at != st)
		at = &(*at)->next;
	if (at)
		*at = st->next;
	arena_free(st->arena);
	free(st);
}

void storing_orphan(struct meshes *ms)
{
	for (struct storing *st = ms->storing; st; st = st->next)
		st->ms = NULL;
	ms->storing = NULL;
}

/* The words by which the link knows the message. */
static struct inbound inbound_of(const struct inbox_row *row)
{
	return (struct inbound){ .message_id = row->message_id,
				 .client_message_id = row->client_message_id,
				 .from_pubkey = row->sender_pubkey,
				 .from_member_pubkey = row->sender_member_pubkey,
				 .from_member_id = row->sender_member_id };
}

/* On disk, or not: only now the broker is told, and whoever listens. */
static void on_stored(void *arg, const struct err *e)
{
	struct storing *st = arg;
	struct inbound m = inbound_of(&st->row);
	struct meshes *ms = st->ms;
	struct route *r = ms ? route_by_serial(ms, st->route) : NULL;

	if (ms && st->is_new) {
		if (e)
			events_cancel(ms->spec.events);
		else
			events_publish_message(ms->spec.events, &st->row);
	}
	if (r && r->link) {
		if (e)
			link_forget(r->link, &m);
		else
			link_ack(r->link, &m);
	}
	if (r && !e && !is_member(r) && !str_empty(st->row.topic))
		doubles_stored(r->mesh, st->row.message_id);
	free_storing(st);
}

/* What we said ourselves and what came back: the user's other machine may have the same key,
 * so for the member only what our outbox knows is an echo. */
static bool is_echo(struct route *r, const struct inbound *m)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct outbox_answer *known = NULL;

	/* What the member itself posts may be of an agent whose commands do not say which session
	 * they are of: it would hear, and answer, itself. */
	if (!is_member(r))
		return str_eq(m->from_pubkey, r->session_pubkey) ||
		       (!str_empty(m->topic) && str_eq(m->from_pubkey, r->mesh->m.member_pubkey));
	if (!str_empty(m->topic) && str_eq(m->from_member_pubkey, r->mesh->m.member_pubkey))
		return true;
	if (!str_eq(m->from_pubkey, r->mesh->m.member_pubkey) || str_empty(m->client_message_id) ||
	    !r->ms->spec.outbox)
		return false;
	return !outbox_check(r->ms->spec.outbox, a, m->client_message_id, S(""), STR_NONE,
			     &known) &&
	       known;
}

/* The owner vouches for the member, as far as the list of members tells; who is not in it makes
 * us ask for a new one. */
static bool is_verified(struct joined *j, const struct inbound *m)
{
	const struct roster *roster = meshes_kept_roster(j->ms, &j->m);

	for (size_t i = 0; m->proven && roster && i < roster->list.members.n; i++)
		if (str_eq(roster->list.members.items[i].pubkey, m->from_member_pubkey))
			return roster->list.members.items[i].verified;
	if (m->proven)
		roster_news(j);
	return false;
}

bool route_store(struct route *r, const struct inbound *m)
{
	struct meshes *ms = r->ms;
	/* What comes for an ended session is its user's. */
	bool for_member = is_member(r) || r->lent;
	struct storing *st;
	struct inbound known = *m;
	struct inbox_for to;
	struct err *e;

	st = calloc(1, sizeof(*st));
	if (!st)
		abort();
	st->arena = arena_new();
	st->ms = ms;
	st->route = r->serial;
	to = (struct inbox_for){
		.mesh_id = r->mesh->m.mesh_id,
		.mesh = r->mesh->m.slug,
		.member_pubkey = r->mesh->m.member_pubkey,
		.recipient_pubkey = for_member ? r->mesh->m.member_pubkey : r->session_pubkey,
		.kind = for_member ? RECIPIENT_MEMBER : RECIPIENT_SESSION,
		.event_id = events_reserve(ms->spec.events),
	};
	known.verified = is_verified(r->mesh, m);
	e = inbox_add(ms->spec.inbox, st->arena, &known, &to, &st->row, &st->is_new);
	if (e || !st->is_new)
		events_cancel(ms->spec.events);
	if (e) {
		log_err(LOG_WARN, "a message could not be stored; the broker sends it again", e);
		arena_free(st->arena);
		free(st);
		return false;
	}
	st->next = ms->storing;
	ms->storing = st;
	inbox_then(ms->spec.inbox, on_stored, st);
	return true;
}

static bool on_message(void *arg, struct link *l, const struct inbound *m)
{
	struct route *r = arg;

	if (is_echo(r, m)) {
		link_ack(l, m);
		return true;
	}
	/* Posts come to the sessions of the member; to itself if there is none. */
	if (!str_empty(m->topic) && is_member(r) && has_session(r->mesh))
		return doubles_take(r, m);
	return m->keyed ? posts_take(r, m) : route_store(r, m);
}

static bool is_own_key(const struct joined *j, str pubkey)
{
	if (str_eq(j->m.member_pubkey, pubkey))
		return true;
	for (const struct route *r = j->routes; r; r = r->next)
		if (!str_empty(r->session_pubkey) && str_eq(r->session_pubkey, pubkey))
			return true;
	return false;
}

/* Only the member's link tells of peers; each session's would say the same again. */
static void on_event(void *arg, struct link *l, const struct peer_event *ev)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct route *r = arg;
	struct meshes *ms = r->ms;
	bool came = str_eq(ev->event, S("peer_joined")) || str_eq(ev->event, S("peer_returned"));
	const char *kind = "system";
	str data;

	if (posts_event(r->mesh, ev))
		return;
	if (str_eq(ev->event, S("peer_joined")))
		kind = "peer_join";
	else if (str_eq(ev->event, S("peer_left")))
		kind = "peer_leave";
	roster_news(r->mesh);
	if (!str_empty(ev->pubkey) && is_own_key(r->mesh, ev->pubkey))
		return;
	data = data_of(a, r, arena_cstr(a, ev->event), ev, *kind == 'p');
	if (!str_empty(data))
		events_publish(ms->spec.events, 0, kind, r->mesh->m.mesh_id, STR_NONE, data);
	if (came && ms->h->on_peer)
		ms->h->on_peer(ms->arg, r->mesh->m.mesh_id, ev->pubkey);
}

static const struct link_handler member_handler = { on_ready, on_message, on_event, on_down };
static const struct link_handler session_handler = { on_ready, on_message, NULL, on_down };

/* One for all links, made when the first one needs it: each would hold all authorities. If it
 * cannot be made, a link tries itself and says why. */
static struct tls *shared_tls(struct meshes *ms, str broker_url)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct url url;

	if (ms->spec.tls || ms->own_tls)
		return ms->spec.tls ? ms->spec.tls : ms->own_tls;
	if (url_parse(a, broker_url, &url) || !url_is_tls(&url) ||
	    tls_client_new(a, STR_NONE, &ms->own_tls))
		return NULL;
	return ms->own_tls;
}

static struct link_spec spec_of(struct joined *j)
{
	const struct meshes_spec *ms = &j->ms->spec;

	return (struct link_spec){
		.loop = ms->loop,
		.clock = ms->clock,
		.random = ms->random,
		.tls = shared_tls(j->ms, j->m.broker_url),
		.url = j->m.broker_url,
		.mesh_id = j->m.mesh_id,
		.member_id = j->member_id,
		.member = &j->member,
		.hello2_known = j->hello2,
		.reconnect = true,
		.patient = true,
		.peer_type = S("ai"),
		.cwd = S("/"),
		.seen_max = ROUTE_SEEN,
		.cache_keys = ROUTE_CACHE_KEYS,
	};
}

static struct route *add_route(struct joined *j, str session_pubkey, str session_id)
{
	struct route *r = calloc(1, sizeof(*r)), **at = &j->routes;

	if (!r)
		abort();
	r->ms = j->ms;
	r->mesh = j;
	r->arena = arena_new();
	r->why_arena = arena_new();
	r->session_pubkey = arena_dup(r->arena, session_pubkey);
	r->session_id = arena_dup(r->arena, session_id);
	r->serial = ++j->ms->serial;
	while (*at)
		at = &(*at)->next;
	*at = r;
	return r;
}

/* Connects, unless it was put out before. */
static void start_link(struct route *r, struct link_spec *spec, const struct link_handler *h)
{
	const struct outcast *o = standing_get(r->ms->standing, r->mesh->m.mesh_id, r->mesh->m.member_pubkey,
					       r->session_pubkey);

	spec->dormant = o != NULL;
	r->link = link_new(spec, h, r);
	if (!o)
		return;
	r->dormant = r->link;
	r->link = NULL;
	r->state = ROUTE_CLOSED;
	r->word = arena_dup(r->why_arena, o->word);
	r->why = arena_dup(r->why_arena, o->why);
}

struct route *route_new_member(struct joined *j)
{
	struct route *r = add_route(j, STR_NONE, STR_NONE);
	struct link_spec spec = spec_of(j);
	str nonce = id_from_alphabet(r->arena, &random_system, S("0123456789abcdef"), NONCE_LEN);

	/* Session ids are compared across hosts, and pids are equal on two of them some day. */
	spec.session_id = arena_printf(r->arena, "daemon-%ld-%.*s", (long)getpid(), STRF(nonce));
	spec.channel = S("claudemesh-daemon");
	spec.display_name = j->m.display_name;
	spec.hears_skills = true;
	spec.hears_topics = true;
	spec.reach = REACH_POLL;
	start_link(r, &spec, &member_handler);
	return r;
}

struct route *route_new_session(struct joined *j, const struct session *s,
				const struct sign_pair *pair)
{
	struct route *r = add_route(j, s->pubkey, s->session_id);
	struct link_spec spec = spec_of(j);

	spec.is_session = true;
	spec.session = pair;
	spec.session_id = s->session_id;
	spec.display_name = s->display_name;
	spec.channel = S("claudemesh-session");
	spec.cwd = s->cwd;
	spec.role = s->role;
	spec.groups = s->groups;
	spec.groups.present = s->groups.n > 0;
	spec.pid = s->pid;
	spec.keeps_next = true;
	spec.reach = session_reach(s);
	start_link(r, &spec, &session_handler);
	return r;
}

static void on_idle(void *arg)
{
	route_free(arg);
}

struct route *route_new_lent(struct joined *j, const struct outbox_sender *who,
			     const struct sign_pair *pair)
{
	struct route *r = add_route(j, who->session_pubkey, who->session_id);
	struct link_spec spec = spec_of(j);

	/* It takes what comes: else the broker would keep that for a session which never does. */
	spec.is_session = true;
	spec.session = pair;
	spec.session_id = who->session_id;
	spec.display_name = who->session_name;
	spec.channel = S("claudemesh-session");
	spec.reach = REACH_POLL;
	r->lent = true;
	r->idle = loop_timer_new(j->ms->spec.loop, on_idle, r);
	loop_timer_set(r->idle, ROUTE_IDLE_MS);
	start_link(r, &spec, &session_handler);
	return r;
}

void route_free(struct route *r)
{
	struct route **at = &r->mesh->routes;

	if (!r->ms->closing && r->ms->h->on_gone)
		r->ms->h->on_gone(r->ms->arg, r);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (!r->ms->closing && r != r->mesh->m.member && !has_session(r->mesh))
		doubles_release(r->mesh);
	asks_drop_route(r);
	loop_timer_free(r->idle);
	leaving_add(r->ms, r->link);
	link_free(r->dormant);
	arena_free(r->why_arena);
	arena_free(r->arena);
	free(r);
}

str route_mesh_id(const struct route *r)
{
	return r->mesh->m.mesh_id;
}

str route_session_pubkey(const struct route *r)
{
	return r->session_pubkey;
}

enum route_state route_get_state(const struct route *r)
{
	return r->state;
}

str route_why(const struct route *r, str *ret_word)
{
	if (ret_word)
		*ret_word = r->word;
	return r->why;
}

struct link *route_link(struct route *r)
{
	return r->link;
}

void route_touch(struct route *r)
{
	if (r->lent)
		loop_timer_set(r->idle, ROUTE_IDLE_MS);
}

void route_release(struct route *r)
{
	if (r->lent)
		loop_timer_set(r->idle, ROUTE_LINGER_MS);
}
