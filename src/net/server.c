#include "net/server.h"

#include "base/log.h"
#include "net/loop_uv.h"
#include "net/server_conn.h"

enum { WARN_EVERY_MS = 60000 };

const struct server_limits server_limits_default = {
#define LIMIT_DEFAULT_(type, name, dflt, doc) .name = dflt,
	SERVER_LIMITS(LIMIT_DEFAULT_)
#undef LIMIT_DEFAULT_
};

/* The moves a connection may make; GONE is always allowed. */
void conn_set_state(struct server_conn *c, enum conn_state state)
{
	static const unsigned allowed[] = {
		[CONN_HEAD] = 1u << CONN_BODY | 1u << CONN_ANSWER | 1u << CONN_WS,
		[CONN_BODY] = 1u << CONN_ANSWER,
		[CONN_ANSWER] = 1u << CONN_HEAD | 1u << CONN_STREAM,
		[CONN_WS] = 0,
		[CONN_STREAM] = 0,
		[CONN_GONE] = 0,
	};

	if (state != CONN_GONE && !(allowed[c->state] & 1u << state)) {
		log_error("connection in the wrong state", LOG_I("from", c->state),
			  LOG_I("to", state));
		abort();
	}
	c->state = state;
}

/* Slots. */

static u32 slot_take(struct server *sv)
{
	u32 slot = sv->first_free;

	if (slot == sv->n_slots) {
		u32 n = MAX(64u, sv->n_slots * 2);

		sv->slots = realloc(sv->slots, n * sizeof(*sv->slots));
		if (!sv->slots)
			abort();
		for (u32 i = sv->n_slots; i < n; i++)
			sv->slots[i] = (struct slot){ .next_free = i + 1 };
		sv->n_slots = n;
	}
	sv->first_free = sv->slots[slot].next_free;
	return slot;
}

void conn_rename(struct server_conn *c)
{
	struct slot *slot = &c->sv->slots[c->id.slot];

	slot->gen++;
	if (slot->gen == 0)
		slot->gen = 1;
	c->id.gen = slot->gen;
}

struct server_conn *conn_get(struct server *sv, struct conn_id id)
{
	if (id.gen == 0 || id.slot >= sv->n_slots || sv->slots[id.slot].gen != id.gen)
		return NULL;
	return sv->slots[id.slot].conn;
}

struct server_request *server_request_get(struct server *sv, struct conn_id id)
{
	struct server_conn *c = conn_get(sv, id);

	return c && c->rq && !c->rq->answered ? &c->rq->pub : NULL;
}

struct ws_conn *ws_conn_get(struct server *sv, struct conn_id id)
{
	struct server_conn *c = conn_get(sv, id);

	return c && c->ws && ws_link_is_open(c->ws->link) ? c->ws : NULL;
}

/* Counts. */

static void group_add(struct server_conn *c)
{
	struct group *g;

	HASH_FIND(hh, c->sv->groups, c->peer.group, sizeof(c->peer.group), g);
	if (!g) {
		g = calloc(1, sizeof(*g));
		if (!g)
			abort();
		memcpy(g->key, c->peer.group, sizeof(g->key));
		HASH_ADD(hh, c->sv->groups, key, sizeof(g->key), g);
	}
	g->n++;
	c->group = g;
}

void conn_trust(struct server_conn *c)
{
	struct group *g = c->group;

	if (!c->unauth)
		return;
	c->unauth = false;
	c->group = NULL;
	c->sv->stats.unauth--;
	if (!g || --g->n)
		return;
	HASH_DEL(c->sv->groups, g);
	free(g);
}

static void warn_refused(struct server *sv, const char *why, const struct addr *peer)
{
	i64 now = loop_now_ms(sv->loop);

	if (sv->warned_ms && now - sv->warned_ms < WARN_EVERY_MS)
		return;
	sv->warned_ms = now;
	log_warn("connection refused", LOG_S("why", str_from(why)),
		 LOG_S("peer", str_from(peer->text)));
}

/* Is there room for one more from there? */
static bool admit(struct server *sv, const struct addr *peer)
{
	struct group *g = NULL;

	if (sv->stats.conns >= sv->limits.conns_max || sv->stats.unauth >= sv->limits.unauth_max) {
		sv->stats.refused_total++;
		warn_refused(sv, "too many connections", peer);
		return false;
	}
	if (!peer->is_unix)
		HASH_FIND(hh, sv->groups, peer->group, sizeof(peer->group), g);
	if (g && g->n >= sv->limits.unauth_per_addr_max) {
		sv->stats.refused_addr++;
		warn_refused(sv, "too many connections from one address", peer);
		return false;
	}
	return true;
}

static void on_accept(void *arg, struct stream *s)
{
	struct server *sv = arg;
	struct server_conn *c;

	sv->stats.accepted++;
	if (!admit(sv, stream_peer(s))) {
		stream_abort(s);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->sv = sv;
	c->s = s;
	c->peer = *stream_peer(s);
	c->local = malloc(sizeof(*c->local));
	if (!c->local)
		abort();
	*c->local = *stream_local(s);
	stream_forget_ends(s);
	c->in = buf_make(CONN_INPUT_MAX);
	c->id.slot = slot_take(sv);
	sv->slots[c->id.slot].conn = c;
	conn_rename(c);
	sv->stats.conns++;
	sv->stats.unauth++;
	c->unauth = true;
	if (!c->peer.is_unix)
		group_add(c);
	conn_http_start(c);
}

void conn_end(struct server_conn *c, bool politely)
{
	struct server *sv = c->sv;

	if (c->state != CONN_GONE) {
		conn_set_state(c, CONN_GONE);
		conn_trust(c);
		sv->slots[c->id.slot].conn = NULL;
		sv->slots[c->id.slot].next_free = sv->first_free;
		sv->first_free = c->id.slot;
		sv->stats.conns--;
		loop_task_cancel(&c->more);
		loop_timer_free(c->timer);
		if (c->s && politely)
			stream_close(c->s);
		else if (c->s)
			stream_abort(c->s);
		if (c->ws) {
			ws_link_free(c->ws->link);
			free(c->ws);
			sv->stats.ws--;
		}
		buf_done(&c->in);
		if (sv->stopping && !sv->stats.conns)
			loop_at_turn_end(sv->loop, &sv->stopped);
	}
	if (c->busy)
		return;
	request_free(c->rq);
	free(c->local);
	free(c);
}

/* The server. */

static void stopped_run(void *arg)
{
	struct server *sv = arg;

	if (!sv->on_stopped)
		return;
	/* The last answers belong to no connection any more, but they must get out. */
	if (sv->loop->n_unsent && !sv->overdue) {
		loop_timer_set(sv->stop_check, STOP_CHECK_MS);
		return;
	}
	loop_timer_off(sv->stop_timer);
	sv->on_stopped(sv->stopped_arg);
}

/* Who has all we had to say and does not say goodbye is not waited for. */
static void cut_flushed(struct server *sv)
{
	for (u32 i = 0; i < sv->n_slots; i++) {
		struct server_conn *c = sv->slots[i].conn;

		if (c && c->ws && ws_link_waiting(c->ws->link) == 0)
			ws_link_abort(c->ws->link, "no close frame in time");
	}
}

static void on_stop_deadline(void *arg)
{
	struct server *sv = arg;
	i64 left = sv->stop_until - loop_now_ms(sv->loop);

	if (left > 0) {
		loop_timer_set(sv->stop_timer, MIN(left, STOP_CHECK_MS));
		cut_flushed(sv);
		return;
	}
	sv->overdue = true;
	log_warn("connections dropped at the stop's deadline",
		 LOG_I("count", sv->stats.conns + sv->loop->n_unsent));
	if (!sv->stats.conns)
		loop_at_turn_end(sv->loop, &sv->stopped);
	for (u32 i = 0; i < sv->n_slots; i++) {
		struct server_conn *c = sv->slots[i].conn;

		if (c && c->ws)
			ws_link_abort(c->ws->link, "the server stopped");
		else if (c && c->state == CONN_STREAM)
			conn_stream_close(c, false);
		else if (c)
			conn_end(c, false);
	}
}

struct server *server_new(struct loop *l, const struct server_app *app, void *arg,
			  const struct server_limits *limits)
{
	struct server *sv = calloc(1, sizeof(*sv));

	if (!sv)
		abort();
	sv->loop = l;
	sv->app = app;
	sv->arg = arg;
	sv->limits = *limits;
	sv->stopped = (struct loop_task){ .fn = stopped_run, .arg = sv };
	sv->stop_timer = loop_timer_new(l, on_stop_deadline, sv);
	sv->stop_check = loop_timer_new(l, stopped_run, sv);
	return sv;
}

static struct err *room_to_listen(struct arena *a, const struct server *sv)
{
	if (sv->n_listeners == LISTENERS_MAX)
		return FAIL(a, TOO_LARGE, "cannot listen on more than %d addresses", LISTENERS_MAX);
	return NULL;
}

struct err *server_listen(struct arena *a, struct server *sv, str host, int port, struct tls *tls)
{
	struct listener **ln = &sv->listeners[sv->n_listeners];

	TRY(room_to_listen(a, sv));
	TRY(listener_open(a, sv->loop, host, port, tls, on_accept, sv, ln));
	sv->n_listeners++;
	if (!sv->port)
		sv->port = listener_addr(*ln)->port;
	return NULL;
}

struct err *server_listen_unix(struct arena *a, struct server *sv, str path)
{
	TRY(room_to_listen(a, sv));
	TRY(listener_open_unix(a, sv->loop, path, on_accept, sv, &sv->listeners[sv->n_listeners]));
	sv->n_listeners++;
	return NULL;
}

struct err *server_listen_fd(struct arena *a, struct server *sv, int fd)
{
	struct listener **ln = &sv->listeners[sv->n_listeners];

	TRY(room_to_listen(a, sv));
	TRY(listener_open_fd(a, sv->loop, fd, on_accept, sv, ln));
	sv->n_listeners++;
	if (!sv->port)
		sv->port = listener_addr(*ln)->port;
	return NULL;
}

int server_port(const struct server *sv)
{
	return sv->port;
}

static void stop_listening(struct server *sv)
{
	while (sv->n_listeners)
		listener_close(sv->listeners[--sv->n_listeners]);
}

void server_stop(struct server *sv, i64 deadline_ms, void (*on_stopped)(void *arg), void *arg)
{
	sv->stopping = true;
	sv->on_stopped = on_stopped;
	sv->stopped_arg = arg;
	stop_listening(sv);
	sv->stop_until = loop_now_ms(sv->loop) + deadline_ms;
	loop_timer_set(sv->stop_timer, MIN(deadline_ms, STOP_CLOSE_MS));
	for (u32 i = 0; i < sv->n_slots; i++) {
		struct server_conn *c = sv->slots[i].conn;

		if (c && c->ws)
			ws_link_close(c->ws->link, WS_GOING_AWAY, S("shutting down"));
		else if (c && c->state == CONN_STREAM)
			conn_stream_stop(c);
		else if (c)
			conn_http_stop(c);
	}
	if (!sv->stats.conns)
		loop_at_turn_end(sv->loop, &sv->stopped);
}

void server_free(struct server *sv)
{
	if (!sv)
		return;
	stop_listening(sv);
	sv->stopping = false;
	for (u32 i = 0; i < sv->n_slots; i++)
		if (sv->slots[i].conn)
			conn_end(sv->slots[i].conn, false);
	loop_task_cancel(&sv->stopped);
	loop_timer_free(sv->stop_timer);
	loop_timer_free(sv->stop_check);
	free(sv->slots);
	free(sv);
}

struct server_stats server_stats(const struct server *sv)
{
	return sv->stats;
}
