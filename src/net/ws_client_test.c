#include "net/test_certs.h"

#include "net/test_net.h"

#include "net/listener.h"
#include "net/server.h"
#include "net/ws_client.h"

/* A server and one client on one loop. The server echoes, except: */
struct pair {
	struct arena *arena;
	struct loop *loop;
	struct server *sv;
	struct server_limits limits;
	struct ws_conn *guest;
	struct ws_end guest_end;
	bool guest_closed, refuse, silent;
	struct test_cert cert;
	struct tls *server_tls, *client_tls;

	struct ws_client *c;
	struct ws_client_spec spec;
	bool open, failed, closed, free_in_message, free_at_open;
	char challenge[32], error[256], reason[128], cause[256];
	int status, code;
	bool by_peer, clean;
	struct buf got;
	size_t n;
	u64 written;
};

static void on_request(void *arg, struct server_request *rq) {}

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct pair *t = arg;
	struct http_header *h = NEW(rq->arena, struct http_header);

	assert_str(http_header_get(rq->head, S("X-Mine")), S("1"));
	*h = (struct http_header){ S("Claudemesh-Challenge"), S("abc") };
	answer->headers = h;
	answer->n_headers = 1;
	if (t->refuse)
		*answer = (struct ws_answer){ .status = 503, .why = "full" };
}

static void on_ws_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	struct pair *t = arg;

	t->guest = c;
	t->guest_closed = false;
	ws_conn_authenticated(c);
	ws_conn_send(c, S("welcome"));
}

static void on_ws_message(void *arg, struct ws_conn *c, str message, bool is_text)
{
	struct pair *t = arg;

	if (str_eq(message, S("kick me")))
		ws_conn_close(c, 4001, S("kicked"));
	else if (str_eq(message, S("drop me")))
		ws_conn_abort(c);
	else if (!t->silent)
		ws_conn_send(c, message);
}

static void on_ws_close(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	struct pair *t = arg;

	t->guest = NULL;
	t->guest_closed = true;
	t->guest_end = *end;
}

static const struct server_app server_app = {
	.on_request = on_request,
	.on_upgrade = on_upgrade,
	.on_ws_open = on_ws_open,
	.on_ws_message = on_ws_message,
	.on_ws_close = on_ws_close,
	.ws_path = "/ws",
};

static void client_free(struct pair *t)
{
	ws_client_free(t->c);
	t->c = NULL;
}

static void on_open(void *arg, struct ws_client *c, const struct http_head *answer)
{
	struct pair *t = arg;

	t->open = true;
	snprintf(t->challenge, sizeof(t->challenge), "%.*s",
		 STRF(http_header_get(answer, S("Claudemesh-Challenge"))));
	if (t->free_at_open)
		client_free(t);
}

static void on_message(void *arg, struct ws_client *c, str message, bool is_text)
{
	struct pair *t = arg;

	buf_add(&t->got, message);
	buf_add_byte(&t->got, ';');
	t->n++;
	if (t->free_in_message)
		client_free(t);
}

static void on_written(void *arg, struct ws_client *c, u64 total)
{
	((struct pair *)arg)->written = total;
}

static void on_fail(void *arg, struct ws_client *c, const struct err *e, int http_status)
{
	struct pair *t = arg;

	t->failed = true;
	t->status = http_status;
	snprintf(t->error, sizeof(t->error), "%.*s", STRF(e->text));
	client_free(t);
}

static void on_close(void *arg, struct ws_client *c, const struct ws_end *end)
{
	struct pair *t = arg;

	t->closed = true;
	t->code = end->code;
	t->by_peer = end->by_peer;
	t->clean = end->clean;
	snprintf(t->reason, sizeof(t->reason), "%.*s", STRF(end->reason));
	snprintf(t->cause, sizeof(t->cause), "%.*s", STRF(end->cause));
	client_free(t);
}

static const struct ws_client_app client_app = {
	.on_open = on_open,
	.on_message = on_message,
	.on_written = on_written,
	.on_fail = on_fail,
	.on_close = on_close,
};

static const struct http_header mine = { S("X-Mine"), S("1") };

static void pair_make(struct pair *t, bool tls)
{
	*t = (struct pair){ .arena = arena_new(), .limits = server_limits_default };
	t->got = buf_make(256 << 20);
	assert_ok(loop_new(t->arena, &t->loop));
	if (tls) {
		t->cert = test_cert_new("DNS:localhost", 1);
		assert_ok(tls_server_new(t->arena, str_from(t->cert.cert), str_from(t->cert.key),
					 &t->server_tls));
		assert_ok(tls_client_new(t->arena, str_from(t->cert.cert), &t->client_tls));
	}
	t->spec = (struct ws_client_spec){ .headers = &mine, .n_headers = 1, .tls = t->client_tls };
}

static void pair_serve(struct pair *t)
{
	t->sv = server_new(t->loop, &server_app, t, &t->limits);
	assert_ok(server_listen(t->arena, t->sv, S("127.0.0.1"), 0, t->server_tls));
	t->spec.url = arena_printf(t->arena, "%s://localhost:%d/ws", t->server_tls ? "wss" : "ws",
				   server_port(t->sv));
}

static void pair_connect(struct pair *t)
{
	t->c = ws_client_new(t->loop, &t->spec, &client_app, t);
	UNTIL(t->loop, t->open || t->failed);
}

static void pair_open(struct pair *t, bool tls)
{
	pair_make(t, tls);
	pair_serve(t);
	pair_connect(t);
	assert_string_equal(t->error, "");
}

static void pair_done(struct pair *t)
{
	ws_client_free(t->c);
	server_free(t->sv);
	tls_free(t->server_tls);
	tls_free(t->client_tls);
	if (t->server_tls)
		test_cert_remove(&t->cert);
	loop_free(t->loop);
	buf_done(&t->got);
	arena_free(t->arena);
}

TEST(messages_both_ways)
{
	for (int tls = 0; tls < 2; tls++) {
		struct pair t;
		u64 mark;

		pair_open(&t, tls);
		assert_string_equal(t.challenge, "abc");
		assert_true(ws_client_is_open(t.c));
		ws_client_send(t.c, S("one"));
		mark = ws_client_send(t.c, str_of(arena_alloc(t.arena, 200000), 200000));
		UNTIL(t.loop, t.n == 3);
		assert_true(str_starts(buf_str(&t.got), S("welcome;one;")));
		assert_int_equal(t.got.len, 12 + 200001);
		assert_true(t.written >= mark);
		ws_client_close(t.c, 1000, S("bye"));
		assert_true(ws_client_send(t.c, S("late")) == UINT64_MAX);
		UNTIL(t.loop, t.closed && t.guest_closed);
		assert_true(t.clean && !t.by_peer && t.code == 1000);
		assert_true(t.guest_end.clean && t.guest_end.by_peer && t.guest_end.code == 1000);
		pair_done(&t);
	}
}

TEST(the_servers_close_is_told)
{
	struct pair t;

	pair_open(&t, false);
	ws_client_send(t.c, S("kick me"));
	UNTIL(t.loop, t.closed && t.guest_closed);
	assert_int_equal(t.code, 4001);
	assert_string_equal(t.reason, "kicked");
	assert_true(t.by_peer && t.clean);
	assert_true(t.guest_end.clean);
	pair_done(&t);
}

TEST(a_lost_connection_is_1006)
{
	struct pair t;

	pair_open(&t, false);
	ws_client_send(t.c, S("drop me"));
	UNTIL(t.loop, t.closed);
	assert_int_equal(t.code, WS_ABNORMAL);
	assert_false(t.clean || t.by_peer);
	assert_true(strlen(t.cause) > 0);
	pair_done(&t);
}

TEST(refusals_and_wrong_addresses)
{
	static const struct {
		const char *url, *error;
	} bad[] = {
		{ "http://localhost/ws",
		  "the address of localhost does not start with ws:// or wss://" },
		{ "ws://no-such-host.invalid/ws",
		  "cannot find the host 'no-such-host.invalid': no such name" },
	};
	struct pair t;

	pair_make(&t, false);
	pair_serve(&t);
	t.refuse = true;
	pair_connect(&t);
	assert_int_equal(t.status, 503);
	assert_null(t.c);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		t.failed = false;
		t.spec.url = str_from(bad[i].url);
		pair_connect(&t);
		assert_string_equal(t.error, bad[i].error);
	}
	pair_done(&t);
}

static void ignore(void *arg, struct stream *s)
{
	stream_pause(s);
	stream_start(s, &peer_handler, arg, 1000);
	((struct peer *)arg)->s = s;
}

TEST(a_server_that_says_nothing_costs_the_deadline)
{
	struct pair t;
	struct peer p = { 0 };
	struct listener *ln = NULL;

	pair_make(&t, false);
	assert_ok(listener_open(t.arena, t.loop, S("127.0.0.1"), 0, NULL, ignore, &p, &ln));
	t.spec.url = arena_printf(t.arena, "ws://127.0.0.1:%d/ws", listener_addr(ln)->port);
	t.spec.deadline_ms = 30;
	pair_connect(&t);
	assert_true(str_ends(str_from(t.error), S("failed: no answer in time")));
	peer_done(&p);
	listener_close(ln);
	pair_done(&t);
}

TEST(the_watchdog_notices_a_dead_server)
{
	struct pair t;

	pair_make(&t, false);
	t.limits.ping_ms = 0;
	t.limits.dead_ms = 0;
	t.spec.ping_ms = 50;
	t.spec.dead_ms = 500;
	pair_serve(&t);
	pair_connect(&t);
	/* Answered pings keep it alive. */
	for (i64 end = loop_now_ms(t.loop) + 700; loop_now_ms(t.loop) < end;)
		loop_turn(t.loop, 10);
	assert_false(t.closed);
	/* A paused server answers nothing. */
	ws_conn_pause(t.guest);
	UNTIL(t.loop, t.closed);
	assert_string_equal(t.cause, "no sign of life");
	pair_done(&t);
}

TEST(freeing_in_callbacks)
{
	struct pair t;

	pair_make(&t, false);
	t.free_at_open = true;
	pair_serve(&t);
	pair_connect(&t);
	UNTIL(t.loop, t.guest_closed);
	t.free_at_open = t.open = false;
	t.free_in_message = true;
	pair_connect(&t);
	UNTIL(t.loop, t.n == 1 && t.guest_closed);
	assert_false(t.closed);
	/* At any time of connecting. */
	for (int turns = 0; turns < 6; turns++) {
		t.c = ws_client_new(t.loop, &t.spec, &client_app, &t);
		for (int i = 0; i < turns; i++)
			loop_turn(t.loop, 0);
		client_free(&t);
	}
	pair_done(&t);
}

TEST(pausing_holds_messages)
{
	struct pair t;

	pair_open(&t, false);
	UNTIL(t.loop, t.n == 1);
	ws_client_pause(t.c);
	for (int i = 0; i < 500; i++)
		ws_client_send(t.c, S("x"));
	for (int i = 0; i < 10; i++)
		loop_turn(t.loop, 5);
	assert_int_equal(t.n, 1);
	ws_client_resume(t.c);
	UNTIL(t.loop, t.n == 501);
	pair_done(&t);
}

/* The other end floods while nothing is read: the client ends, it does not grow. */
TEST(output_is_bounded)
{
	struct pair t;
	str big;

	pair_make(&t, false);
	t.spec.out_max = 100000;
	pair_serve(&t);
	pair_connect(&t);
	ws_conn_pause(t.guest);
	big = str_of(arena_alloc(t.arena, 50000), 50000);
	for (int i = 0; i < 2000 && !t.closed; i++) {
		ws_client_send(t.c, big);
		assert_true(ws_client_room(t.c) <= 100000);
		loop_turn(t.loop, 0);
	}
	assert_true(t.closed);
	assert_string_equal(t.cause, "the peer does not read what it is sent");
	pair_done(&t);
}

TEST_MAIN("net/ws-client")
