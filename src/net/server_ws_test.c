#include "net/test_net.h"

#include "net/server.h"
#include "net/ws_client.h"
#include "net/ws_handshake.h"

enum { GUESTS_MAX = 64 };

#define UPGRADE \
	"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define ACCEPTED \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

/* What the server's application saw of one connection. */
struct guest {
	struct ws_conn *c;
	struct conn_id id;
	size_t n;
	struct buf log; /* the messages, each with a ';' */
	u64 written;
	bool closed, by_peer, clean;
	int code;
	char reason[128], cause[200];
};

struct site {
	struct arena *arena;
	struct loop *loop;
	struct server *sv;
	struct server_app app;
	struct server_limits limits;
	struct guest guests[GUESTS_MAX];
	size_t n;
	bool echo, trust, stopped;
	size_t pause_after, close_after;
	size_t most_in_turn, in_turn;
	struct loop_task turn_end;
};

static void on_turn_end(void *arg)
{
	struct site *t = arg;

	t->most_in_turn = MAX(t->most_in_turn, t->in_turn);
	t->in_turn = 0;
}

static void on_request(void *arg, struct server_request *rq)
{
	struct site *t = arg;

	server_respond(t->sv, rq, 404, NULL, 0, S("not found"));
}

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct http_header *h = NEW(rq->arena, struct http_header);

	if (http_header_get(rq->head, S("Origin")).ptr) {
		*answer = (struct ws_answer){ .status = 403, .why = "foreign origin" };
		return;
	}
	*h = (struct http_header){ S("Claudemesh-Challenge"), S("abc") };
	answer->headers = h;
	answer->n_headers = 1;
	rq->user = arg;
}

static void on_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	struct site *t = arg;
	struct guest *g = &t->guests[t->n++];

	assert_ptr_equal(rq->user, t);
	*g = (struct guest){ .c = c, .id = ws_conn_id(c), .log = buf_make(64 << 20) };
	ws_conn_set_user(c, g);
	assert_ptr_equal(ws_conn_get(t->sv, g->id), c);
	if (t->trust)
		ws_conn_authenticated(c);
}

static void on_message(void *arg, struct ws_conn *c, str message, bool is_text)
{
	struct site *t = arg;
	struct guest *g = ws_conn_user(c);

	t->in_turn++;
	loop_at_turn_end(t->loop, &t->turn_end);
	g->n++;
	buf_add(&g->log, message);
	buf_add_byte(&g->log, is_text ? ';' : '#');
	if (t->echo)
		ws_conn_send(c, message);
	if (t->pause_after == g->n)
		ws_conn_pause(c);
	if (t->close_after == g->n)
		ws_conn_close(c, 4001, S("kicked"));
}

static void on_written(void *arg, struct ws_conn *c, u64 total)
{
	((struct guest *)ws_conn_user(c))->written = total;
}

static void on_close(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	struct guest *g = ws_conn_user(c);

	assert_false(g->closed);
	g->closed = true;
	g->c = NULL;
	g->code = end->code;
	g->by_peer = end->by_peer;
	g->clean = end->clean;
	snprintf(g->reason, sizeof(g->reason), "%.*s", STRF(end->reason));
	snprintf(g->cause, sizeof(g->cause), "%.*s", STRF(end->cause));
}

static void site_make(struct site *t)
{
	*t = (struct site){ .arena = arena_new(), .limits = server_limits_default, .trust = true };
	assert_ok(loop_new(t->arena, &t->loop));
	t->turn_end = (struct loop_task){ .fn = on_turn_end, .arg = t };
	t->app = (struct server_app){
		.on_request = on_request,
		.on_upgrade = on_upgrade,
		.on_ws_open = on_open,
		.on_ws_message = on_message,
		.on_ws_written = on_written,
		.on_ws_close = on_close,
		.ws_path = "/ws",
	};
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
	for (size_t i = 0; i < t->n; i++)
		buf_done(&t->guests[i].log);
	loop_task_cancel(&t->turn_end);
	loop_free(t->loop);
	arena_free(t->arena);
}

/* A raw peer after its upgrade. */
static void raw_open(struct peer *p, struct site *t)
{
	size_t before = t->n;

	peer_connect(p, t->loop, server_port(t->sv));
	peer_send(p, UPGRADE "\r\n");
	peer_expect(p, S(ACCEPTED "Claudemesh-Challenge: abc\r\n\r\n"));
	UNTIL(t->loop, t->n == before + 1);
}

static void raw_frame(struct peer *p, enum ws_opcode op, str payload)
{
	static const u8 mask[4] = { 1, 2, 3, 4 };
	struct buf b = buf_make(32 << 20);

	assert_true(ws_write(&b, op, payload, mask));
	stream_send(p->s, buf_str(&b));
	buf_done(&b);
}

TEST(upgrade_and_echo_byte_by_byte)
{
	struct site t;
	struct peer p;
	str send = S(UPGRADE "\r\n"
			     "\x81\x82\x01\x02\x03\x04\x69\x6b"
			     "\x81\x80\x01\x02\x03\x04");

	site_open(&t);
	t.echo = true;
	peer_connect(&p, t.loop, server_port(t.sv));
	for (size_t i = 0; i < send.len; i++) {
		stream_send(p.s, str_of(send.ptr + i, 1));
		loop_turn(t.loop, 0);
	}
	peer_expect(&p, S(ACCEPTED "Claudemesh-Challenge: abc\r\n\r\n"
				   "\x81\x02hi"
				   "\x81\x00"));
	assert_int_equal(server_stats(t.sv).ws, 1);
	peer_done(&p);
	UNTIL(t.loop, t.guests[0].closed);
	assert_int_equal(t.guests[0].code, WS_ABNORMAL);
	assert_false(t.guests[0].clean);
	assert_int_equal(server_stats(t.sv).ws, 0);
	site_done(&t);
}

/* Messages that came in one piece with the handshake. */
TEST(frames_behind_the_handshake)
{
	struct site t;
	struct peer p;

	site_open(&t);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, UPGRADE "\r\n"
			      "\x81\x82\x01\x02\x03\x04\x69\x6b"
			      "\x82\x82\x01\x02\x03\x04\x69\x6b"
			      "\x88\x80\x01\x02\x03\x04");
	UNTIL(t.loop, t.n == 1 && t.guests[0].closed);
	assert_str(buf_str(&t.guests[0].log), S("hi;hi#"));
	assert_int_equal(t.guests[0].code, WS_NO_CODE);
	assert_true(t.guests[0].by_peer && t.guests[0].clean);
	UNTIL(t.loop, p.ended);
	peer_done(&p);
	site_done(&t);
}

static const struct {
	const char *send, *expect;
} refusals[] = {
	{ UPGRADE "Origin: https://evil.example\r\n\r\n", "HTTP/1.1 403 " },
	{ "GET /ws/ HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	  "HTTP/1.1 404 " },
	{ "GET /ws?x=1 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	  "HTTP/1.1 404 " },
	{ "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	  "HTTP/1.1 426 " },
	{ "POST /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	  "HTTP/1.1 405 " },
};

TEST(upgrades_that_are_refused)
{
	struct site t;

	site_open(&t);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct peer p;

		peer_connect(&p, t.loop, server_port(t.sv));
		stream_send(p.s, str_from(refusals[i].send));
		peer_expect(&p, str_from(refusals[i].expect));
		UNTIL(t.loop, p.ended);
		peer_done(&p);
	}
	assert_int_equal(t.n, 0);
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	site_done(&t);
}

/* An oversized frame is 1009, whatever else came with it; a faulty one 1002 or 1007. */
static const struct {
	const char *send;
	size_t len;
	int code;
} broken[] = {
	{ "\x81\xfe\x04\x01", 4, WS_TOO_BIG },
	{ "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10, WS_TOO_BIG },
	{ "\x81\x02hi", 4, WS_PROTOCOL_ERROR },
	{ "\x83\x80\x01\x02\x03\x04", 6, WS_PROTOCOL_ERROR },
	{ "\x81\x81\x00\x00\x00\x00\xff", 7, WS_BAD_DATA },
};

TEST(broken_frames_close_with_their_code)
{
	struct site t;

	site_make(&t);
	t.limits.message_max = 1024;
	site_listen(&t);
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct peer p;

		raw_open(&p, &t);
		raw_frame(&p, WS_OP_TEXT, S("before"));
		stream_send(p.s, str_of(broken[i].send, broken[i].len));
		UNTIL(t.loop, t.guests[i].closed && p.ended);
		assert_str(buf_str(&t.guests[i].log), S("before;"));
		assert_int_equal(t.guests[i].code, broken[i].code);
		assert_false(t.guests[i].by_peer);
		assert_true(p.in.len >= 4);
		assert_int_equal((u8)p.in.ptr[0], 0x88);
		assert_int_equal((u8)p.in.ptr[2] << 8 | (u8)p.in.ptr[3], broken[i].code);
		peer_done(&p);
	}
	site_done(&t);
}

TEST(pings_are_answered_and_pongs_ignored)
{
	struct site t;
	struct peer p;

	site_open(&t);
	raw_open(&p, &t);
	raw_frame(&p, WS_OP_PING, S("are you there"));
	raw_frame(&p, WS_OP_PONG, S("unasked"));
	raw_frame(&p, WS_OP_PING, S(""));
	peer_expect(&p, S("\x8a\x0d"
			  "are you there"
			  "\x8a\x00"));
	assert_int_equal(t.guests[0].n, 0);
	peer_done(&p);
	site_done(&t);
}

/* A peer that neither sends nor answers pings is dropped; one that answers is not. */
TEST(dead_peers_are_dropped)
{
	struct site t;
	struct peer alive, dead;

	site_make(&t);
	t.limits.ping_ms = 50;
	t.limits.dead_ms = 500;
	site_listen(&t);
	raw_open(&alive, &t);
	raw_open(&dead, &t);
	while (!t.guests[1].closed) {
		loop_turn(t.loop, 5);
		while (alive.in.len >= 2) {
			assert_memory_equal(alive.in.ptr, "\x89\x00", 2);
			buf_consume(&alive.in, 2);
			raw_frame(&alive, WS_OP_PONG, S(""));
		}
	}
	assert_int_equal(t.guests[1].code, WS_ABNORMAL);
	assert_string_equal(t.guests[1].cause, "no sign of life");
	assert_true(dead.got >= 4);
	assert_false(t.guests[0].closed);
	peer_done(&alive);
	peer_done(&dead);
	site_done(&t);
}

TEST(no_hello_no_connection)
{
	struct site t;
	struct peer silent, good;

	site_make(&t);
	t.limits.hello_ms = 300;
	t.trust = false;
	site_listen(&t);
	raw_open(&silent, &t);
	raw_open(&good, &t);
	assert_int_equal(server_stats(t.sv).unauth, 2);
	ws_conn_authenticated(t.guests[1].c);
	ws_conn_authenticated(t.guests[1].c);
	assert_int_equal(server_stats(t.sv).unauth, 1);
	peer_expect(&silent, S("\x88\x12\x03\xf0no hello in time"));
	raw_frame(&silent, WS_OP_CLOSE, S("\x03\xf0"));
	UNTIL(t.loop, t.guests[0].closed);
	assert_int_equal(t.guests[0].code, WS_POLICY);
	assert_true(t.guests[0].clean);
	for (int i = 0; i < 10; i++)
		loop_turn(t.loop, 5);
	assert_false(t.guests[1].closed);
	assert_int_equal(server_stats(t.sv).unauth, 0);
	peer_done(&silent);
	peer_done(&good);
	site_done(&t);
}

/* wire-core.md 1.5: every complete message before the close frame is carried out, although
 * the peer is gone and the replies come to nothing. */
TEST(fire_and_forget)
{
	enum { N = 1000 };
	struct site t;
	struct peer p;

	site_open(&t);
	t.echo = true;
	raw_open(&p, &t);
	for (int i = 0; i < N; i++)
		raw_frame(&p, WS_OP_TEXT, S("x"));
	raw_frame(&p, WS_OP_CLOSE,
		  S("\x03\xe8"
		    "bye"));
	loop_turn(t.loop, 0);
	peer_done(&p);
	UNTIL(t.loop, t.guests[0].closed);
	assert_int_equal(t.guests[0].n, N);
	assert_true(t.guests[0].by_peer);
	assert_int_equal(t.guests[0].code, WS_NORMAL);
	assert_string_equal(t.guests[0].reason, "bye");
	site_done(&t);
}

TEST(one_connection_has_its_share_of_a_turn)
{
	enum { N = 5000 };
	struct site t;
	struct peer loud, quiet;

	site_make(&t);
	t.limits.messages_per_turn = 10;
	site_listen(&t);
	raw_open(&loud, &t);
	raw_open(&quiet, &t);
	for (int i = 0; i < N; i++)
		raw_frame(&loud, WS_OP_TEXT, S("loud"));
	UNTIL(t.loop, t.guests[0].n > 0);
	raw_frame(&quiet, WS_OP_TEXT, S("quiet"));
	UNTIL(t.loop, t.guests[1].n == 1);
	assert_true(t.guests[0].n < 1000);
	UNTIL(t.loop, t.guests[0].n == N);
	assert_true(t.most_in_turn <= 11);
	peer_done(&loud);
	peer_done(&quiet);
	site_done(&t);
}

TEST(pausing_holds_messages_and_loses_none)
{
	struct site t;
	struct peer p;

	site_open(&t);
	t.pause_after = 3;
	raw_open(&p, &t);
	for (int i = 0; i < 10; i++)
		raw_frame(&p, WS_OP_TEXT, str_of(&"0123456789"[i], 1));
	raw_frame(&p, WS_OP_CLOSE, S(""));
	UNTIL(t.loop, t.guests[0].n == 3);
	for (int i = 0; i < 5; i++)
		loop_turn(t.loop, 1);
	assert_int_equal(t.guests[0].n, 3);
	ws_conn_resume(t.guests[0].c);
	UNTIL(t.loop, t.guests[0].closed);
	assert_str(buf_str(&t.guests[0].log), S("0;1;2;3;4;5;6;7;8;9;"));
	peer_done(&p);
	site_done(&t);
}

TEST(our_close_is_answered_or_timed_out)
{
	struct site t;
	struct peer polite, rude;

	site_make(&t);
	t.limits.close_ms = 300;
	t.close_after = 1;
	site_listen(&t);
	raw_open(&polite, &t);
	raw_open(&rude, &t);
	raw_frame(&polite, WS_OP_TEXT, S("a"));
	raw_frame(&polite, WS_OP_TEXT, S("too late"));
	raw_frame(&rude, WS_OP_TEXT, S("a"));
	peer_expect(&polite, S("\x88\x08\x0f\xa1kicked"));
	assert_null(ws_conn_get(t.sv, t.guests[0].id));
	assert_true(ws_conn_send(t.guests[0].c, S("dropped")) == UINT64_MAX);
	raw_frame(&polite, WS_OP_CLOSE, S("\x0f\xa1"));
	UNTIL(t.loop, t.guests[0].closed && t.guests[1].closed);
	assert_int_equal(t.guests[0].n, 1);
	assert_int_equal(t.guests[0].code, 4001);
	assert_string_equal(t.guests[0].reason, "kicked");
	assert_true(t.guests[0].clean);
	assert_false(t.guests[1].clean);
	assert_int_equal(t.guests[1].code, 4001);
	assert_string_equal(t.guests[1].cause, "no close frame in time");
	assert_false(t.guests[0].by_peer || t.guests[1].by_peer);
	peer_done(&polite);
	peer_done(&rude);
	site_done(&t);
}

TEST(a_connection_aborted_is_told_once_and_later)
{
	struct site t;
	struct peer p;

	site_open(&t);
	raw_open(&p, &t);
	ws_conn_abort(t.guests[0].c);
	assert_false(t.guests[0].closed);
	ws_conn_abort(t.guests[0].c);
	ws_conn_close(t.guests[0].c, 1000, S(""));
	UNTIL(t.loop, t.guests[0].closed && p.ended);
	assert_int_equal(t.guests[0].code, WS_ABNORMAL);
	peer_done(&p);
	site_done(&t);
}

TEST(marks_say_what_the_kernel_took)
{
	struct site t;
	struct peer p;
	CLEANUP(block_unrefp) struct block *b = block_room(5000);
	u64 first, second;

	site_open(&t);
	memset(b->bytes, 'z', b->len);
	raw_open(&p, &t);
	first = ws_conn_send(t.guests[0].c, S("one"));
	second = ws_conn_send_block(t.guests[0].c, b);
	assert_true(first < second);
	assert_int_equal(atomic_load(&b->refs), 2);
	assert_true(ws_conn_written(t.guests[0].c) < first);
	UNTIL(t.loop, t.guests[0].written >= second);
	assert_int_equal(ws_conn_waiting(t.guests[0].c), 0);
	peer_expect(&p, S("\x81\x03one\x81\x7e\x13\x88zzz"));
	peer_done(&p);
	site_done(&t);
}

TEST(a_slow_websocket_reader_is_dropped)
{
	struct site t;
	struct peer p;
	CLEANUP(block_unrefp) struct block *b = block_room(100000);

	site_make(&t);
	t.limits.out_max = 300000;
	site_listen(&t);
	raw_open(&p, &t);
	stream_pause(p.s);
	for (int i = 0; i < 1000 && !t.guests[0].closed; i++) {
		ws_conn_send_block(t.guests[0].c, b);
		assert_true(atomic_load(&b->refs) <= 5);
		loop_turn(t.loop, 0);
	}
	assert_true(t.guests[0].closed);
	assert_string_equal(t.guests[0].cause, "the peer does not read what it is sent");
	assert_int_equal(atomic_load(&b->refs), 1);
	peer_done(&p);
	site_done(&t);
}

TEST(names_are_never_used_again)
{
	struct site t;
	struct peer p;
	struct conn_id ids[20];

	site_open(&t);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		raw_open(&p, &t);
		ids[i] = t.guests[i].id;
		peer_done(&p);
		UNTIL(t.loop, t.guests[i].closed);
		for (size_t k = 0; k <= i; k++)
			assert_null(ws_conn_get(t.sv, ids[k]));
	}
	assert_int_equal(ids[0].slot, ids[1].slot);
	site_done(&t);
}

static void on_stopped(void *arg)
{
	((struct site *)arg)->stopped = true;
}

TEST(stopping_says_going_away)
{
	struct site t;
	struct peer p;

	site_open(&t);
	raw_open(&p, &t);
	ws_conn_send(t.guests[0].c, S("last"));
	server_stop(t.sv, 5000, on_stopped, &t);
	peer_expect(&p, S("\x81\x04last\x88\x0f\x03\xe9shutting down"));
	assert_false(t.stopped);
	raw_frame(&p, WS_OP_CLOSE, S("\x03\xe9"));
	UNTIL(t.loop, t.stopped);
	assert_true(t.guests[0].closed && t.guests[0].clean);
	peer_done(&p);
	site_done(&t);
}

/* A second for the close frame of who has everything; and never beyond the deadline. */
TEST(stopping_does_not_wait_for_ever)
{
	for (int soon = 0; soon < 2; soon++) {
		struct site t;
		struct peer p;

		site_open(&t);
		raw_open(&p, &t);
		server_stop(t.sv, soon ? 20 : 60000, on_stopped, &t);
		UNTIL(t.loop, t.stopped);
		assert_true(t.guests[0].closed && !t.guests[0].clean);
		peer_done(&p);
		site_done(&t);
	}
}

TEST_MAIN("net/server-ws")
