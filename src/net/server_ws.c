#include "net/server.h"

#include "net/server_conn.h"

static void on_message(void *arg, str message, bool is_text)
{
	struct ws_conn *c = arg;
	struct server *sv = c->conn->sv;

	sv->app->on_ws_message(sv->arg, c, message, is_text);
}

static void on_written(void *arg, u64 total)
{
	struct ws_conn *c = arg;
	struct server *sv = c->conn->sv;

	if (sv->app->on_ws_written)
		sv->app->on_ws_written(sv->arg, c, total);
}

static void on_end(void *arg, const struct ws_end *end)
{
	struct ws_conn *c = arg;
	struct server_conn *conn = c->conn;
	struct server *sv = conn->sv;

	sv->app->on_ws_close(sv->arg, c, end);
	conn_end(conn, false);
}

static const struct ws_link_handler link_handler = {
	.on_message = on_message,
	.on_written = on_written,
	.on_end = on_end,
};

void conn_ws_start(struct server_conn *c, struct request *rq)
{
	const struct server_limits *lim = &c->sv->limits;
	struct ws_link_limits limits = {
		.ping_ms = lim->ping_ms,
		.dead_ms = lim->dead_ms,
		.close_ms = lim->close_ms,
		.message_max = lim->message_max,
		.out_max = lim->out_max,
		.messages_per_turn = lim->messages_per_turn,
	};
	struct ws_conn *ws = calloc(1, sizeof(*ws));
	struct stream *s = c->s;
	str rest = str_skip(buf_str(&c->in), c->pos);

	if (!ws)
		abort();
	rq->answered = true;
	conn_rename(c);
	conn_set_state(c, CONN_WS);
	/* The link has a timer of its own. */
	loop_timer_free(c->timer);
	c->timer = NULL;
	c->s = NULL;
	c->ws = ws;
	c->sv->stats.ws++;
	ws->conn = c;
	ws->link = ws_link_new(c->sv->loop, s, false, &limits, &link_handler, ws);
	ws_link_hello_deadline(ws->link, lim->hello_ms);
	ws_link_input(ws->link, rest);
	buf_done(&c->in);
	c->pos = 0;
	rq->pub.id = c->id;
	c->sv->app->on_ws_open(c->sv->arg, ws, &rq->pub);
	request_free(rq);
	c->rq = NULL;
	free(c->local);
	c->local = NULL;
}

struct conn_id ws_conn_id(const struct ws_conn *c)
{
	return c->conn->id;
}

void *ws_conn_user(const struct ws_conn *c)
{
	return c->user;
}

void ws_conn_set_user(struct ws_conn *c, void *user)
{
	c->user = user;
}

const struct addr *ws_conn_peer(const struct ws_conn *c)
{
	return &c->conn->peer;
}

void ws_conn_authenticated(struct ws_conn *c)
{
	conn_trust(c->conn);
	ws_link_hello_deadline(c->link, 0);
}

u64 ws_conn_send(struct ws_conn *c, str message)
{
	return ws_link_send(c->link, message);
}

u64 ws_conn_send_block(struct ws_conn *c, struct block *message)
{
	return ws_link_send_block(c->link, message);
}

u64 ws_conn_written(const struct ws_conn *c)
{
	return ws_link_written(c->link);
}

size_t ws_conn_waiting(const struct ws_conn *c)
{
	return ws_link_waiting(c->link);
}

size_t ws_conn_room(const struct ws_conn *c)
{
	return ws_link_room(c->link);
}

void ws_conn_pause(struct ws_conn *c)
{
	ws_link_pause(c->link);
}

void ws_conn_resume(struct ws_conn *c)
{
	ws_link_resume(c->link);
}

void ws_conn_close(struct ws_conn *c, int code, str reason)
{
	ws_link_close(c->link, code, reason);
}

void ws_conn_abort(struct ws_conn *c)
{
	ws_link_abort(c->link, "dropped by the server");
}
