/*
 * server_stream.c - answers that go on: a head without a length, then what the application
 * sends, until one of the two closes the connection.
 *
 * Reading goes on, or we would not notice that the peer left; what it sends is thrown away.
 */
#include "net/server_conn.h"

struct conn_id server_stream_start(struct server *sv, struct server_request *pub, int status,
				   const struct http_header *headers, size_t n_headers)
{
	struct request *rq = request_of(pub);
	struct server_conn *c = rq->conn;
	struct buf probe = buf_make(HTTP_HEAD_MAX);
	bool ok = http_write_headers(&probe, headers, n_headers) && c->state == CONN_ANSWER &&
		  !rq->answered;

	buf_done(&probe);
	if (!ok || str_eq(rq->head.method, S("HEAD"))) {
		server_respond_last(sv, pub, ok ? status : 500, headers, ok ? n_headers : 0, S(""));
		return (struct conn_id){ 0 };
	}
	rq->answered = true;
	send_answer(rq, status, headers, n_headers, STR_NONE, ANSWER_OPEN);
	conn_set_state(c, CONN_STREAM);
	conn_trust(c);
	c->stream_user = pub->user;
	loop_timer_set(c->timer, sv->limits.write_ms);
	if (!c->busy)
		loop_next_turn(sv->loop, &c->more);
	return c->id;
}

static struct server_conn *stream_get(struct server *sv, struct conn_id id)
{
	struct server_conn *c = conn_get(sv, id);

	return c && c->state == CONN_STREAM && !c->stream_over ? c : NULL;
}

/* The deadline runs while something waits. */
static void sent(struct server_conn *c)
{
	if (!loop_timer_is_set(c->timer))
		loop_timer_set(c->timer, c->sv->limits.write_ms);
}

bool server_stream_send(struct server *sv, struct conn_id id, str bytes)
{
	struct server_conn *c = stream_get(sv, id);

	if (!c)
		return false;
	stream_send(c->s, bytes);
	sent(c);
	return true;
}

bool server_stream_send_block(struct server *sv, struct conn_id id, struct block *b)
{
	struct server_conn *c = stream_get(sv, id);

	if (!c)
		return false;
	stream_send_block(c->s, b);
	sent(c);
	return true;
}

size_t server_stream_waiting(struct server *sv, struct conn_id id)
{
	struct server_conn *c = stream_get(sv, id);

	return c ? stream_waiting(c->s) : 0;
}

void *server_stream_user(struct server *sv, struct conn_id id)
{
	struct server_conn *c = stream_get(sv, id);

	return c ? c->stream_user : NULL;
}

void server_stream_end(struct server *sv, struct conn_id id)
{
	struct server_conn *c = stream_get(sv, id);

	if (c)
		conn_end(c, true);
}

void conn_stream_close(struct server_conn *c, bool politely)
{
	const struct server_app *app = c->sv->app;

	c->stream_over = true;
	if (app->on_stream_close)
		app->on_stream_close(c->sv->arg, c->id, c->stream_user);
	conn_end(c, politely);
}

void conn_stream_stop(struct server_conn *c)
{
	c->stream_over = true;
	loop_next_turn(c->sv->loop, &c->more);
}

/* The request is over; input is not wanted. */
void conn_stream_process(struct server_conn *c)
{
	if (c->stream_over) {
		conn_stream_close(c, true);
		return;
	}
	request_free(c->rq);
	c->rq = NULL;
	buf_done(&c->in);
	c->in = buf_make(CONN_INPUT_MAX);
	c->pos = 0;
	stream_resume(c->s);
}

void conn_stream_written(struct server_conn *c)
{
	const struct server_app *app = c->sv->app;

	if (stream_waiting(c->s)) {
		loop_timer_set(c->timer, c->sv->limits.write_ms);
		return;
	}
	loop_timer_off(c->timer);
	if (app->on_stream_drained && !c->stream_over)
		app->on_stream_drained(c->sv->arg, c->id, c->stream_user);
}
