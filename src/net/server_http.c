#include "net/server.h"

#include "net/server_conn.h"
#include "net/ws_handshake.h"

struct request *request_of(struct server_request *pub)
{
	return (struct request *)((char *)pub - offsetof(struct request, pub));
}

static struct request *request_new(struct server_conn *c)
{
	struct arena *a = arena_new();
	struct request *rq = NEW(a, struct request);

	rq->conn = c;
	rq->pub.arena = a;
	rq->pub.head = &rq->head;
	rq->pub.peer = &c->peer;
	rq->pub.local = c->local;
	rq->pub.is_tls = stream_is_tls(c->s);
	rq->pub.body_max = c->sv->limits.body_max;
	return rq;
}

void request_free(struct request *rq)
{
	if (!rq)
		return;
	buf_done(&rq->content);
	arena_free(rq->pub.arena);
}

static str input(const struct server_conn *c)
{
	return c->in.ptr ? str_skip(buf_str(&c->in), c->pos) : STR_NONE;
}

/* The server's own refusal: of what no application should have to see. */
static void refuse(struct server_conn *c, int status, const char *why)
{
	const struct http_header type = { S("Content-Type"), S("application/json") };
	struct buf out = buf_make(2048), body = buf_make(1024);

	c->sv->stats.bad_requests++;
	buf_printf(&body, "{\"ok\":false,\"error\":\"%s\"}", why);
	if (http_write_response(&out, status, &type, 1, buf_str(&body), HTTP_CLOSE))
		stream_send(c->s, buf_str(&out));
	buf_done(&out);
	buf_done(&body);
	conn_end(c, true);
}

/* Answers. */

static unsigned answer_flags(const struct request *rq, enum answer_end end)
{
	unsigned flags = end == ANSWER_KEEP ? 0 : HTTP_CLOSE;

	if (end == ANSWER_KEEP && rq->head.minor == 0)
		flags |= HTTP_KEEP_ALIVE;
	if (end == ANSWER_OPEN)
		flags |= HTTP_NO_LENGTH;
	/* The body goes separately, see below. */
	return flags | HTTP_HEAD_ONLY;
}

/* block: NULL, or what holds the body, which then is not copied. */
static void send_answer_of(struct request *rq, int status, const struct http_header *headers,
			   size_t n_headers, str body, struct block *block, enum answer_end end)
{
	struct buf head = buf_make(4 * HTTP_HEAD_MAX);
	bool has_body = status >= 200 && status != 204 && status != 304;

	if (!http_write_response(&head, status, headers, n_headers, body, answer_flags(rq, end))) {
		buf_clear(&head);
		body = S("{\"ok\":false,\"error\":\"internal error\"}");
		if (!http_write_response(&head, 500, NULL, 0, body, answer_flags(rq, end)))
			abort();
	}
	/* Large bodies are copied once: into the queue. */
	if (!has_body || str_eq(rq->head.method, S("HEAD")))
		body = STR_NONE;
	if (block && body.ptr == block_str(block).ptr)
		stream_send_pair_block(rq->conn->s, buf_str(&head), block);
	else
		stream_send_pair(rq->conn->s, buf_str(&head), body);
	buf_done(&head);
}

void send_answer(struct request *rq, int status, const struct http_header *headers,
		 size_t n_headers, str body, enum answer_end end)
{
	send_answer_of(rq, status, headers, n_headers, body, NULL, end);
}

/* The request is over and the connection goes on. */
static void next_request(struct server_conn *c)
{
	request_free(c->rq);
	c->rq = NULL;
	conn_rename(c);
	conn_set_state(c, CONN_HEAD);
	loop_timer_set(c->timer, c->sv->limits.write_ms);
}

static void respond(struct server_request *pub, int status, const struct http_header *headers,
		    size_t n_headers, str body, struct block *block, bool keep)
{
	struct request *rq = request_of(pub);
	struct server_conn *c = rq->conn;
	bool body_read = c->state != CONN_BODY;

	if (rq->answered || c->state == CONN_GONE)
		return;
	rq->answered = true;
	keep = keep && rq->head.keep_alive && body_read && !c->sv->stopping;
	send_answer_of(rq, status, headers, n_headers, body, block, keep ? ANSWER_KEEP : ANSWER_CLOSE);
	if (!keep)
		conn_end(c, true);
	else if (!c->busy)
		loop_next_turn(c->sv->loop, &c->more);
}

void server_respond(struct server *sv, struct server_request *rq, int status,
		    const struct http_header *headers, size_t n_headers, str body)
{
	respond(rq, status, headers, n_headers, body, NULL, true);
}

void server_respond_block(struct server *sv UNUSED, struct server_request *rq, int status,
			  const struct http_header *headers, size_t n_headers, struct block *body)
{
	respond(rq, status, headers, n_headers, block_str(body), body, true);
}

void server_respond_last(struct server *sv, struct server_request *rq, int status,
			 const struct http_header *headers, size_t n_headers, str body)
{
	respond(rq, status, headers, n_headers, body, NULL, false);
}

/* Requests. Each step returns false when it cannot go on now. */

static void upgrade(struct server_conn *c, struct request *rq)
{
	struct ws_answer answer = { .status = 101, .why = "refused" };
	const char *why = NULL;
	struct http_head head = rq->head;
	struct buf out = buf_make(4 * HTTP_HEAD_MAX);
	int status;

	if (c->sv->app->ws_query)
		head.target = head.path;
	status = ws_check_request(&head, str_from(c->sv->app->ws_path), &why);
	if (status == 101 && c->sv->stopping) {
		status = 503;
		why = "shutting down";
	}
	if (status == 101 && c->sv->app->on_upgrade) {
		c->sv->app->on_upgrade(c->sv->arg, &rq->pub, &answer);
		status = answer.status;
		why = answer.why;
	}
	if (status == 101 && ws_write_accept(&out, &rq->head, answer.headers, answer.n_headers)) {
		stream_send(c->s, buf_str(&out));
		buf_done(&out);
		conn_ws_start(c, rq);
		return;
	}
	c->sv->stats.bad_requests++;
	if (status == 101) {
		status = 500;
		why = "internal error";
	}
	if (ws_write_refusal(&out, status, why))
		stream_send(c->s, buf_str(&out));
	buf_done(&out);
	conn_end(c, true);
}

/* Body and all. */
static bool give_to_app(struct server_conn *c, struct request *rq)
{
	loop_timer_set(c->timer, c->sv->limits.answer_ms);
	if (!rq->answered) {
		rq->pub.body = rq->content.ptr ? buf_str(&rq->content) : S("");
		c->sv->app->on_request(c->sv->arg, &rq->pub);
	}
	return c->state == CONN_ANSWER;
}

static void send_continue(struct server_conn *c)
{
	struct buf out = buf_make(64);

	if (http_write_continue(&out))
		stream_send(c->s, buf_str(&out));
	buf_done(&out);
}

/* The head is whole and behind us. */
static bool begin(struct server_conn *c, struct request *rq)
{
	const struct server_app *app = c->sv->app;
	enum http_result r;

	c->sv->stats.requests++;
	if (app->ws_path && http_header_has_token(&rq->head, S("Upgrade"), S("websocket"))) {
		upgrade(c, rq);
		return false;
	}
	/* An answer before the body is read ends the connection. */
	conn_set_state(c, rq->head.framing == HTTP_BODY_NONE ? CONN_ANSWER : CONN_BODY);
	if (app->on_request_head)
		app->on_request_head(c->sv->arg, &rq->pub);
	if (c->state == CONN_GONE || c->state == CONN_STREAM)
		return false;
	if (c->state == CONN_ANSWER)
		return give_to_app(c, rq);
	rq->content = buf_make(rq->pub.body_max);
	r = http_body_init(&rq->body, &rq->head, rq->pub.body_max);
	if (r == HTTP_BAD) {
		refuse(c, rq->body.error_status, rq->body.error);
		return false;
	}
	loop_timer_set(c->timer, c->sv->limits.body_ms);
	if (rq->head.expect_continue && !input(c).len)
		send_continue(c);
	return true;
}

static bool head_step(struct server_conn *c)
{
	str in = input(c);
	enum http_result r;

	if (!in.len && !c->rq)
		return false;
	if (!c->rq) {
		c->rq = request_new(c);
		c->rq->pub.id = c->id;
		loop_timer_set(c->timer, c->sv->limits.head_ms);
	}
	r = http_parse_request(&c->rq->head, in);
	if (r == HTTP_BAD) {
		refuse(c, c->rq->head.error_status, c->rq->head.error);
		return false;
	}
	if (r != HTTP_COMPLETE)
		return false;
	/* The head outlives the input buffer: parsed again from the request's own copy. */
	in.len = c->rq->head.length;
	c->pos += in.len;
	in = arena_dup(c->rq->pub.arena, in);
	c->rq->head = (struct http_head){ 0 };
	if (http_parse_request(&c->rq->head, in) != HTTP_COMPLETE)
		abort();
	return begin(c, c->rq);
}

static bool body_step(struct server_conn *c)
{
	struct request *rq = c->rq;
	str in = input(c);
	size_t had = in.len;
	enum http_result r = http_body_read(&rq->body, &in, &rq->content);

	c->pos += had - in.len;
	if (r == HTTP_BAD) {
		refuse(c, rq->body.error_status, rq->body.error);
		return false;
	}
	if (r != HTTP_COMPLETE)
		return false;
	conn_set_state(c, CONN_ANSWER);
	return give_to_app(c, rq);
}

static bool step(struct server_conn *c)
{
	switch (c->state) {
	case CONN_HEAD: return head_step(c);
	case CONN_BODY: return body_step(c);
	case CONN_ANSWER:
		if (!c->rq->answered)
			return false;
		next_request(c);
		return true;
	default: return false;
	}
}

/* Answers that nobody reads hold up the next request. */
static bool may_begin(const struct server_conn *c)
{
	return c->state != CONN_HEAD || c->rq || stream_waiting(c->s) <= PIPELINE_WAITING_MAX;
}

/* What is left of the input moves to the front; nothing left, no memory. */
static void tidy(struct server_conn *c)
{
	buf_consume(&c->in, c->pos);
	c->pos = 0;
	buf_shrink(&c->in);
}

static void process_run(void *arg)
{
	struct server_conn *c = arg;
	int n = 0;

	if (c->state == CONN_STREAM) {
		conn_stream_process(c);
		return;
	}
	c->busy++;
	while (n < REQUESTS_PER_TURN && may_begin(c) && step(c))
		n += c->state == CONN_HEAD;
	c->busy--;
	if (c->state == CONN_GONE || c->state == CONN_WS) {
		if (c->state == CONN_GONE)
			conn_end(c, true);
		return;
	}
	if (c->state == CONN_STREAM) {
		conn_stream_process(c);
		return;
	}
	tidy(c);
	/* Input that is not wanted yet stays in the kernel. */
	if (c->state == CONN_ANSWER || (c->state == CONN_HEAD && !c->rq && c->in.len)) {
		stream_pause(c->s);
		if (n == REQUESTS_PER_TURN)
			loop_next_turn(c->sv->loop, &c->more);
		return;
	}
	stream_resume(c->s);
	if (c->eof)
		conn_end(c, true);
}

static void on_data(void *arg, char *data, size_t len)
{
	struct server_conn *c = arg;

	if (c->state == CONN_STREAM)
		return;
	buf_add(&c->in, str_of(data, len));
	if (c->in.full)
		refuse(c, 431, "too much input at once");
	else
		process_run(c);
}

static void on_written(void *arg, u64 total)
{
	struct server_conn *c = arg;

	if (c->state == CONN_STREAM) {
		conn_stream_written(c);
		return;
	}
	if (c->state == CONN_HEAD && !c->rq) {
		bool all = !stream_waiting(c->s);

		loop_timer_set(c->timer, all ? c->sv->limits.idle_ms : c->sv->limits.write_ms);
		if (c->in.len)
			process_run(c);
	}
}

static void on_stream_end(void *arg, enum stream_end why, const char *text)
{
	struct server_conn *c = arg;

	if (c->state == CONN_STREAM)
		conn_stream_close(c, why == STREAM_EOF);
	/* A peer that has only finished sending still reads its answers. */
	else if (why == STREAM_EOF && (c->state == CONN_ANSWER || (c->in.len && !c->rq)))
		c->eof = true;
	else
		conn_end(c, why == STREAM_EOF);
}

static void on_timer(void *arg)
{
	struct server_conn *c = arg;

	switch (c->state) {
	case CONN_HEAD:
		if (c->rq)
			refuse(c, 408, "the request took too long");
		else
			conn_end(c, !stream_waiting(c->s));
		break;
	case CONN_BODY: refuse(c, 408, "the request took too long"); break;
	case CONN_ANSWER:
		server_respond_last(c->sv, &c->rq->pub, 504, NULL, 0,
				    S("{\"ok\":false,\"error\":\"no answer in time\"}"));
		break;
	case CONN_STREAM: conn_stream_close(c, false); break;
	default: break;
	}
}

static const struct stream_handler stream_handler = {
	.on_data = on_data,
	.on_written = on_written,
	.on_end = on_stream_end,
};

void conn_http_start(struct server_conn *c)
{
	c->more = (struct loop_task){ .fn = process_run, .arg = c };
	c->timer = loop_timer_new(c->sv->loop, on_timer, c);
	loop_timer_set(c->timer, c->sv->limits.head_ms);
	stream_start(c->s, &stream_handler, c, c->sv->limits.out_max);
}

void conn_http_stop(struct server_conn *c)
{
	if (c->state == CONN_HEAD && !c->rq && !c->in.len)
		conn_end(c, true);
}
