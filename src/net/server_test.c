#include "net/test_net.h"

#include "net/server.h"

/* A server that does what the path says; later answers are kept by id. */
struct site {
	struct arena *arena;
	struct loop *loop;
	struct server *sv;
	struct server_app app;
	struct conn_id later[8];
	size_t n_later, n_heads;
	struct server_limits limits;
	bool stopped;
};

static void on_head(void *arg, struct server_request *rq)
{
	struct site *t = arg;

	t->n_heads++;
	if (str_eq(rq->head->path, S("/small")))
		rq->body_max = 10;
	if (str_eq(rq->head->path, S("/early")))
		server_respond(t->sv, rq, 403, NULL, 0, S("no"));
}

static void on_request(void *arg, struct server_request *rq)
{
	struct site *t = arg;
	struct http_header bad = { S("X"), S("a\r\nSet-Cookie: x") };

	if (str_eq(rq->head->path, S("/later")))
		t->later[t->n_later++] = rq->id;
	else if (str_eq(rq->head->path, S("/last")))
		server_respond_last(t->sv, rq, 200, NULL, 0, S("last"));
	else if (str_eq(rq->head->path, S("/none")))
		server_respond(t->sv, rq, 204, NULL, 0, S(""));
	else if (str_eq(rq->head->path, S("/inject")))
		server_respond(t->sv, rq, 200, &bad, 1, S("x"));
	else if (str_eq(rq->head->path, S("/big")))
		server_respond(t->sv, rq, 200, NULL, 0,
			       str_of(arena_alloc(rq->arena, 100000), 100000));
	else
		server_respond(t->sv, rq, 200, NULL, 0,
			       arena_printf(rq->arena, "%.*s %.*s", STRF(rq->head->path),
					    STRF(rq->body)));
}

static void site_make(struct site *t)
{
	*t = (struct site){ .arena = arena_new(), .limits = server_limits_default };
	assert_ok(loop_new(t->arena, &t->loop));
	t->app = (struct server_app){ .on_request_head = on_head, .on_request = on_request };
}

static void site_listen(struct site *t)
{
	t->sv = server_new(t->loop, &t->app, t, &t->limits);
	assert_ok(server_listen(t->arena, t->sv, S("127.0.0.1"), 0, NULL));
}

static void site_open(struct site *t)
{
	site_make(t);
	site_listen(t);
}

static void site_done(struct site *t)
{
	server_free(t->sv);
	loop_free(t->loop);
	arena_free(t->arena);
}

#define OK_(body, len) "HTTP/1.1 200 OK\r\nContent-Length: " len "\r\n\r\n" body
#define OK_CLOSE(body, len) \
	"HTTP/1.1 200 OK\r\nContent-Length: " len "\r\nConnection: close\r\n\r\n" body

static const struct {
	const char *send, *expect;
	bool ends;
} talks[] = {
	{ "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", OK_("/a ", "3"), false },
	{ "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", OK_("/a hi", "5"), false },
	{ "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n you\r\n0\r\n\r\n",
	  "HTTP/1.1 400 Bad Request\r\n", true },
	{ "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n4\r\n you\r\n0\r\n\r\n",
	  OK_("/a hi you", "9"), false },
	{ "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
	  OK_("", "3") OK_("/b ", "3"), false },
	{ "GET /none HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
	  "HTTP/1.1 204 No Content\r\n\r\n" OK_("/b ", "3"), false },
	{ "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
	  OK_CLOSE("/a ", "3"), true },
	{ "GET /last HTTP/1.1\r\nHost: h\r\n\r\n", OK_CLOSE("last", "4"), true },
	{ "GET /a HTTP/1.0\r\n\r\n", OK_CLOSE("/a ", "3"), true },
	{ "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n/a ", false },
	{ "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n12345678901",
	  "HTTP/1.1 413 Content Too Large\r\n", true },
	{ "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n",
	  "HTTP/1.1 413 Content Too Large\r\n", true },
	{ "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
	  "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", true },
	{ "GET /early HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
	  "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" OK_("/b ", "3"), false },
	{ "GET /inject HTTP/1.1\r\nHost: h\r\n\r\n",
	  "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 37\r\n", false },
	{ "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
	  "HTTP/1.1 100 Continue\r\n\r\n", false },
	{ "GARBAGE\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true },
	{ "GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true },
	{ "GET /a HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 ", true },
	{ "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "HTTP/1.1 400 Bad Request\r\n", true },
	{ "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	  OK_("/ws ", "4"), false },
};

/* Each conversation in one piece, and byte by byte. */
TEST(conversations)
{
	struct site t;

	site_open(&t);
	for (size_t i = 0; i < 2 * ARRAY_LEN(talks); i++) {
		str send = str_from(talks[i / 2].send);
		struct peer p;

		peer_connect(&p, t.loop, server_port(t.sv));
		if (i % 2 == 0)
			stream_send(p.s, send);
		for (size_t k = 0; i % 2 && k < send.len && !p.ended; k++) {
			stream_send(p.s, str_of(send.ptr + k, 1));
			loop_turn(t.loop, 0);
		}
		peer_expect(&p, str_from(talks[i / 2].expect));
		if (talks[i / 2].ends) {
			UNTIL(t.loop, p.ended);
			assert_int_equal(p.why, STREAM_EOF);
		} else {
			for (int k = 0; k < 3; k++)
				loop_turn(t.loop, 0);
			assert_false(p.ended);
		}
		peer_done(&p);
	}
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	assert_int_equal(server_stats(t.sv).unauth, 0);
	site_done(&t);
}

TEST(an_oversized_head_is_431)
{
	struct site t;
	struct peer p;

	site_open(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "GET /a HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < 20; i++)
		stream_send(p.s, arena_printf(t.arena, "X%d: %01000d\r\n", i, 1));
	peer_expect(&p, S("HTTP/1.1 431 "));
	UNTIL(t.loop, p.ended);
	peer_done(&p);
	site_done(&t);
}

TEST(later_answers_come_in_order_and_only_once)
{
	struct site t;
	struct peer p;
	struct conn_id first;

	site_open(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n"
		      "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, t.n_later == 1);
	for (int i = 0; i < 5; i++)
		loop_turn(t.loop, 1);
	assert_int_equal(p.got, 0);
	assert_int_equal(t.n_heads, 1);
	first = t.later[0];
	server_respond(t.sv, server_request_get(t.sv, first), 200, NULL, 0, S("one"));
	assert_null(server_request_get(t.sv, first));
	UNTIL(t.loop, t.n_later == 2);
	assert_null(server_request_get(t.sv, first));
	server_respond(t.sv, server_request_get(t.sv, t.later[1]), 200, NULL, 0, S("two"));
	peer_expect(&p, S(OK_("one", "3") OK_("/b ", "3") OK_("two", "3") OK_("/c ", "3")));
	peer_done(&p);
	site_done(&t);
}

TEST(an_answer_to_someone_who_left_is_dropped)
{
	struct site t;
	struct peer p;

	site_open(&t);
	for (int i = 0; i < 3; i++) {
		peer_connect(&p, t.loop, server_port(t.sv));
		peer_send(&p, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
		UNTIL(t.loop, t.n_later == (size_t)i + 1);
		peer_done(&p);
		loop_turn(t.loop, 5);
		/* The server reads nothing while it owes an answer: it notices when it writes. */
		server_respond(t.sv, server_request_get(t.sv, t.later[i]), 200, NULL, 0, S("one"));
		UNTIL(t.loop, server_stats(t.sv).conns == 0);
	}
	/* The slot was used again, under another name. */
	assert_int_equal(t.later[0].slot, t.later[1].slot);
	assert_int_not_equal(t.later[0].gen, t.later[1].gen);
	assert_null(server_request_get(t.sv, (struct conn_id){ 0, 0 }));
	assert_null(server_request_get(t.sv, (struct conn_id){ 9999, 1 }));
	site_done(&t);
}

TEST(a_peer_that_finished_sending_gets_its_answers)
{
	struct site t;
	struct peer p;

	site_open(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, t.n_later == 1);
	stream_close(p.s);
	p.s = NULL;
	loop_turn(t.loop, 5);
	assert_int_equal(server_stats(t.sv).conns, 1);
	server_respond(t.sv, server_request_get(t.sv, t.later[0]), 200, NULL, 0, S("one"));
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	peer_done(&p);
	site_done(&t);
}

/* Many large answers to one peer: the next request waits until the last answer is taken. */
TEST(pipelining_does_not_pile_up_answers)
{
	enum { N = 200 };
	struct site t;
	struct peer p;

	site_make(&t);
	t.limits.out_max = 200000;
	site_listen(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	p.forget = true;
	for (int i = 0; i < N; i++)
		peer_send(&p, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop,
	      p.got == N * (strlen("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n") + 100000));
	assert_false(p.ended);
	peer_done(&p);
	site_done(&t);
}

static const struct {
	const char *send, *expect;
} slow[] = {
	{ "", "" },
	{ "GET /a HT", "HTTP/1.1 408 Request Timeout\r\n" },
	{ "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe",
	  "HTTP/1.1 408 Request Timeout\r\n" },
	{ "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 504 Gateway Timeout\r\n" },
	{ "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", OK_("/a ", "3") },
};

TEST(every_wait_has_a_deadline)
{
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		struct site t;
		struct peer p;

		site_make(&t);
		t.limits.head_ms = t.limits.body_ms = t.limits.answer_ms = t.limits.idle_ms = 200;
		site_listen(&t);
		peer_connect(&p, t.loop, server_port(t.sv));
		stream_send(p.s, str_from(slow[i].send));
		UNTIL(t.loop, p.ended);
		peer_expect(&p, str_from(slow[i].expect));
		assert_int_equal(p.why, STREAM_EOF);
		peer_done(&p);
		UNTIL(t.loop, server_stats(t.sv).conns == 0);
		site_done(&t);
	}
}

/* A byte now and then does not extend the deadline of the head. */
TEST(dripping_does_not_help)
{
	struct site t;
	struct peer p;

	site_make(&t);
	t.limits.head_ms = 60;
	site_listen(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	while (!p.ended) {
		peer_send(&p, "G");
		loop_turn(t.loop, 10);
		assert_true(stream_sent_total(p.s) < 100000);
	}
	peer_done(&p);
	site_done(&t);
}

TEST(an_answer_nobody_takes_is_given_up)
{
	struct site t;
	struct peer p;

	site_make(&t);
	t.limits.write_ms = 50;
	site_listen(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	stream_pause(p.s);
	for (int i = 0; i < 200; i++)
		peer_send(&p, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, server_stats(t.sv).requests > 0);
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	assert_true(server_stats(t.sv).requests < 200);
	peer_done(&p);
	site_done(&t);
}

TEST(caps_on_unauthenticated_sockets)
{
	struct site t;
	struct peer p[4];

	site_make(&t);
	t.limits.unauth_per_addr_max = 2;
	site_listen(&t);
	for (int i = 0; i < 3; i++)
		peer_connect(&p[i], t.loop, server_port(t.sv));
	UNTIL(t.loop, p[2].ended);
	assert_int_equal(server_stats(t.sv).refused_addr, 1);
	assert_int_equal(server_stats(t.sv).conns, 2);
	peer_done(&p[0]);
	UNTIL(t.loop, server_stats(t.sv).conns == 1);
	peer_connect(&p[3], t.loop, server_port(t.sv));
	peer_send(&p[3], "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
	peer_expect(&p[3], S(OK_("/a ", "3")));
	for (int i = 0; i < 4; i++)
		peer_done(&p[i]);
	site_done(&t);
}

TEST(the_total_cap)
{
	struct site t;
	struct peer p[3];

	site_make(&t);
	t.limits.unauth_max = 2;
	site_listen(&t);
	for (int i = 0; i < 3; i++)
		peer_connect(&p[i], t.loop, server_port(t.sv));
	UNTIL(t.loop, p[2].ended);
	assert_int_equal(server_stats(t.sv).refused_total, 1);
	for (int i = 0; i < 3; i++)
		peer_done(&p[i]);
	site_done(&t);
}

static void on_stopped(void *arg)
{
	((struct site *)arg)->stopped = true;
}

TEST(stopping_finishes_what_is_under_way)
{
	struct site t;
	struct peer idle, busy, late;
	struct dial_to to = { .host = S("127.0.0.1"), .deadline_ms = 2000 };

	site_open(&t);
	to.port = server_port(t.sv);
	peer_connect(&idle, t.loop, to.port);
	peer_connect(&busy, t.loop, to.port);
	peer_send(&busy, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, t.n_later == 1);
	server_stop(t.sv, 5000, on_stopped, &t);
	UNTIL(t.loop, idle.ended);
	assert_false(t.stopped);
	peer_dial(&late, t.loop, &to);
	assert_true(late.failed);
	server_respond(t.sv, server_request_get(t.sv, t.later[0]), 200, NULL, 0, S("done"));
	UNTIL(t.loop, t.stopped);
	peer_expect(&busy, S(OK_CLOSE("done", "4")));
	peer_done(&idle);
	peer_done(&busy);
	site_done(&t);
}

/* The last answer is out before the program may end. */
TEST(stopping_waits_for_the_last_bytes)
{
	struct site t;
	struct peer p;
	str big;

	site_make(&t);
	t.limits.out_max = 64 << 20;
	site_listen(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	stream_pause(p.s);
	peer_send(&p, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, t.n_later == 1);
	server_stop(t.sv, 60000, on_stopped, &t);
	big = str_of(arena_alloc(t.arena, 32 << 20), 32 << 20);
	server_respond(t.sv, server_request_get(t.sv, t.later[0]), 200, NULL, 0, big);
	for (int i = 0; i < 10; i++)
		loop_turn(t.loop, 10);
	assert_int_equal(server_stats(t.sv).conns, 0);
	assert_false(t.stopped);
	stream_resume(p.s);
	UNTIL(t.loop, t.stopped && p.ended);
	assert_true(p.got > big.len);
	peer_done(&p);
	site_done(&t);
}

TEST(stopping_has_a_deadline)
{
	struct site t;
	struct peer p;

	site_open(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, t.n_later == 1);
	server_stop(t.sv, 20, on_stopped, &t);
	UNTIL(t.loop, t.stopped);
	assert_null(server_request_get(t.sv, t.later[0]));
	UNTIL(t.loop, p.ended);
	peer_done(&p);
	site_done(&t);
}

TEST_MAIN("net/server")
