/* gate_test.c - the gate between real sockets and an engine that only takes notes. */
#include "net/test_net.h"

#include "broker/gate.h"
#include "crypto/hello.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "net/ws_client.h"

enum { NOTES_MAX = 64, FRAMES_MAX = 32 };

struct client {
	struct ws_client *ws;
	char challenge[64];
	char frames[FRAMES_MAX][512];
	size_t n;
	bool open, closed;
	int code, refused;
	char reason[128];
};

struct stage {
	struct arena *arena;
	struct loop *loop;
	struct policy policy;
	struct pool *pool;
	struct places *places;
	struct hub *hub;
	struct gate *gate;
	struct server *server;
	struct server_app app;
	struct event *notes[NOTES_MAX];
	unsigned shards[NOTES_MAX]; /* to which each went */
	size_t n;
	const char *mesh_id; /* of the next hello */
	size_t full_after; /* submissions after which the queue is full; 0: never */
	struct sign_pair key;
};

static bool submit(void *arg, unsigned shard, struct event *ev)
{
	struct stage *t = arg;

	assert_true(t->n < NOTES_MAX);
	t->shards[t->n] = shard;
	t->notes[t->n++] = ev;
	return !t->full_after || t->n < t->full_after;
}

static void apply(void *arg, const struct effect *ef)
{
	gate_apply(((struct stage *)arg)->gate, ef);
}

static void room(void *arg, unsigned shard)
{
	gate_room(((struct stage *)arg)->gate, shard);
}

static void on_request(void *arg, struct server_request *rq)
{
	server_respond(((struct stage *)arg)->server, rq, 404, NULL, 0, S(""));
}

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	gate_on_upgrade(((struct stage *)arg)->gate, rq, answer);
}

static void on_ws_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	gate_on_open(((struct stage *)arg)->gate, c, rq);
}

static void on_ws_message(void *arg, struct ws_conn *c, str message, bool is_text UNUSED)
{
	gate_on_message(((struct stage *)arg)->gate, c, message);
}

static void on_ws_written(void *arg, struct ws_conn *c, u64 total)
{
	gate_on_written(((struct stage *)arg)->gate, c, total);
}

static void on_ws_close(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	gate_on_close(((struct stage *)arg)->gate, c, end);
}

static struct stage *stage_with(struct arena *a, const struct server_limits *limits)
{
	struct stage *t = NEW(a, struct stage);
	struct hub_ends ends = { submit, apply, room, t };

	assert_true(crypto_start());
	t->arena = a;
	t->mesh_id = "m";
	assert_ok(loop_new(a, &t->loop));
	t->pool = pool_new(t->loop);
	t->places = places_new(&random_system);
	t->hub = hub_new(t->loop, &ends);
	t->gate = gate_new(&(struct gate_env){ &clock_real, &random_system, &t->policy, t->hub,
					       t->pool, t->places, 2 });
	t->app = (struct server_app){
		.on_request = on_request,
		.on_upgrade = on_upgrade,
		.on_ws_open = on_ws_open,
		.on_ws_message = on_ws_message,
		.on_ws_written = on_ws_written,
		.on_ws_close = on_ws_close,
		.ws_path = "/ws",
	};
	t->server = server_new(t->loop, &t->app, t, limits);
	gate_set_server(t->gate, t->server);
	assert_ok(server_listen(a, t->server, S("127.0.0.1"), 0, NULL));
	sign_pair_new(&t->key);
	return t;
}

static struct stage *stage_new(struct arena *a)
{
	return stage_with(a, &server_limits_default);
}

static void stage_free(struct stage *t)
{
	while (pool_is_busy(t->pool))
		loop_turn(t->loop, 50);
	server_free(t->server);
	gate_free(t->gate);
	places_free(t->places);
	hub_free(t->hub);
	pool_free(t->pool);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	for (size_t i = 0; i < t->n; i++)
		event_free(t->notes[i]);
}

static void client_open(void *arg, struct ws_client *ws UNUSED, const struct http_head *answer)
{
	struct client *c = arg;
	str challenge = http_header_get(answer, S("Claudemesh-Challenge"));

	c->open = true;
	snprintf(c->challenge, sizeof(c->challenge), "%.*s", STRF(challenge));
}

static void client_message(void *arg, struct ws_client *ws UNUSED, str message, bool is_text UNUSED)
{
	struct client *c = arg;

	assert_true(c->n < FRAMES_MAX);
	snprintf(c->frames[c->n++], sizeof(c->frames[0]), "%.*s", STRF(message));
}

static void client_fail(void *arg, struct ws_client *ws UNUSED, const struct err *e UNUSED,
			int status)
{
	struct client *c = arg;

	c->closed = true;
	c->refused = status;
}

static void client_close(void *arg, struct ws_client *ws UNUSED, const struct ws_end *end)
{
	struct client *c = arg;

	c->closed = true;
	c->code = end->code;
	snprintf(c->reason, sizeof(c->reason), "%.*s", STRF(end->reason));
}

static const struct ws_client_app client_app = {
	.on_open = client_open,
	.on_message = client_message,
	.on_fail = client_fail,
	.on_close = client_close,
};

static struct client *client_on(struct stage *t, struct loop *loop, const struct http_header *headers,
				size_t n)
{
	struct client *c = NEW(t->arena, struct client);
	struct ws_client_spec spec = {
		.url = arena_printf(t->arena, "ws://127.0.0.1:%d/ws", server_port(t->server)),
		.headers = headers,
		.n_headers = n,
	};

	c->ws = ws_client_new(loop, &spec, &client_app, c);
	while (!c->open && !c->closed) {
		loop_turn(loop, 1);
		if (loop != t->loop)
			loop_turn(t->loop, 1);
	}
	return c;
}

static struct client *client_new(struct stage *t, const struct http_header *headers, size_t n)
{
	return client_on(t, t->loop, headers, n);
}

static str hello(struct stage *t, const char *challenge)
{
	struct arena *a = t->arena;
	struct hello_claim claim = { .mesh_id = str_from(t->mesh_id),
				     .member_id = S("x"),
				     .pubkey = sign_pair_pubkey(a, &t->key),
				     .timestamp_ms = clock_ms(&clock_real),
				     .session_id = S("s"),
				     .challenge = str_from(challenge) };
	str signature;

	if (challenge)
		assert_ok(hello_v2_sign(a, &claim, &t->key, &signature));
	else
		signature = hello_v1_sign(a, &claim, &t->key);
	return arena_printf(
		a,
		"{\"type\":\"hello\",\"meshId\":\"%s\",\"memberId\":\"x\",\"pubkey\":\"%.*s\","
		"\"sessionId\":\"s\",\"timestamp\":%lld,\"signature\":\"%.*s\"%s}",
		t->mesh_id, STRF(claim.pubkey), (long long)claim.timestamp_ms, STRF(signature),
		challenge ? ",\"helloVersion\":2" : "");
}

/* Effects as the engine's thread hands them out. */
static void admit(struct stage *t, struct conn_ref to)
{
	struct effects *fx = effects_new();

	effects_admit(fx, to);
	hub_on_effects(hub_port(t->hub, 0), fx);
}

/* A client whose hello is noted as the newest event. */
static struct client *greeted(struct stage *t)
{
	struct client *c = client_new(t, NULL, 0);
	size_t n = t->n;

	ws_client_send(c->ws, hello(t, NULL));
	UNTIL(t->loop, t->n > n);
	assert_int_equal(t->notes[n]->kind, EVENT_HELLO);
	admit(t, t->notes[n]->from);
	return c;
}

static void settle(struct stage *t)
{
	for (int i = 0; i < 20; i++)
		loop_turn(t->loop, 5);
}

static void assert_frame(const struct client *c, size_t i, const char *part)
{
	if (i >= c->n || !str_contains(str_from(c->frames[i]), str_from(part)))
		fail_msg("frame %zu of %zu lacks '%s': %s", i, c->n, part,
			 i < c->n ? c->frames[i] : "");
}

TEST(every_socket_has_a_challenge_of_its_own)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *one = client_new(t, NULL, 0), *two = client_new(t, NULL, 0);

	assert_int_equal(strlen(one->challenge), HELLO_CHALLENGE_LEN);
	assert_int_equal(strlen(two->challenge), HELLO_CHALLENGE_LEN);
	assert_string_not_equal(one->challenge, two->challenge);
	ws_client_send(one->ws, hello(t, two->challenge));
	ws_client_send(two->ws, hello(t, two->challenge));
	UNTIL(t->loop, one->closed && t->n == 1);
	assert_int_equal(one->code, 1008);
	assert_string_equal(one->reason, "bad_signature");
	assert_frame(one, 0, "\"code\":\"bad_signature\"");
	assert_int_equal(t->notes[0]->kind, EVENT_HELLO);
	assert_str(str_from(t->notes[0]->proof.pubkey), sign_pair_pubkey(a, &t->key));
	assert_true(t->notes[0]->proof.signed_by_key);
	ws_client_free(one->ws);
	ws_client_free(two->ws);
	stage_free(t);
}

TEST(a_foreign_page_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	const struct http_header origin = { S("Origin"), S("https://evil.example") };
	struct client *c = client_new(t, &origin, 1);

	assert_int_equal(c->refused, 403);
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(what_is_no_hello_is_answered_and_the_socket_stays)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = client_new(t, NULL, 0);

	ws_client_send(c->ws, S("{\"type\":\"list_peers\",\"_reqId\":\"r\"}"));
	ws_client_send(c->ws, S("no json"));
	ws_client_send(c->ws, S("[]"));
	ws_client_send(c->ws, hello(t, NULL));
	UNTIL(t->loop, t->n == 1);
	assert_frame(c, 0, "\"code\":\"no_hello\"");
	assert_frame(c, 0, "\"_reqId\":\"r\"");
	assert_frame(c, 1, "\"code\":\"bad_json\"");
	assert_frame(c, 2, "\"code\":\"no_hello\"");
	assert_false(c->closed);
	assert_int_equal(t->notes[0]->kind, EVENT_HELLO);
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(a_refused_hello_never_reaches_the_engine)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = client_new(t, NULL, 0);

	ws_client_send(c->ws, S("{\"type\":\"hello\",\"meshId\":\"m\"}"));
	ws_client_send(c->ws, hello(t, NULL));
	UNTIL(t->loop, c->closed);
	assert_int_equal(c->code, 1008);
	assert_string_equal(c->reason, "malformed");
	assert_int_equal(c->n, 1);
	settle(t);
	assert_int_equal(t->n, 0);
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(frames_wait_for_the_admission_and_keep_their_order)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = client_new(t, NULL, 0);

	ws_client_send(c->ws, hello(t, NULL));
	for (int i = 0; i < 5; i++)
		ws_client_send(c->ws, arena_printf(a, "{\"n\":%d}", i));
	UNTIL(t->loop, t->n == 1);
	settle(t);
	assert_int_equal(t->n, 1);
	admit(t, t->notes[0]->from);
	UNTIL(t->loop, t->n == 6);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(t->notes[i + 1]->kind, EVENT_FRAME);
		assert_str(event_data(t->notes[i + 1]), arena_printf(a, "{\"n\":%d}", i));
		assert_true(conn_ref_eq(t->notes[i + 1]->from, t->notes[0]->from));
	}
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(a_second_hello_is_answered_and_not_passed_on)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = greeted(t);

	ws_client_send(c->ws, hello(t, NULL));
	ws_client_send(c->ws, S("{\"type\":\"session_hello\",\"id\":\"i\"}"));
	ws_client_send(c->ws, S("{\"type\":\"set_summary\",\"summary\":\"hello\"}"));
	UNTIL(t->loop, t->n == 2);
	assert_str(event_data(t->notes[1]), S("{\"type\":\"set_summary\",\"summary\":\"hello\"}"));
	UNTIL(t->loop, c->n == 2);
	assert_frame(c, 0, "\"code\":\"already_hello\"");
	assert_frame(c, 1, "\"id\":\"i\"");
	assert_false(c->closed);
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(a_full_queue_holds_its_filler_until_there_is_room)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = greeted(t), *d = greeted(t);

	settle(t);
	t->full_after = 3;
	for (int i = 0; i < 4; i++)
		ws_client_send(c->ws, arena_printf(a, "{\"n\":%d}", i));
	settle(t);
	assert_int_equal(t->n, 3);
	assert_true(hub_is_full(t->hub, 0));
	/* Who does not know yet may add one more. */
	ws_client_send(d->ws, S("{\"d\":1}"));
	ws_client_send(d->ws, S("{\"d\":2}"));
	settle(t);
	assert_int_equal(t->n, 4);
	t->full_after = 0;
	hub_on_room(hub_port(t->hub, 0));
	UNTIL(t->loop, t->n == 8);
	assert_false(hub_is_full(t->hub, 0));
	for (size_t i = 2, n = 0; i < t->n; i++)
		if (str_starts(event_data(t->notes[i]), S("{\"n\"")))
			assert_str(event_data(t->notes[i]), arena_printf(a, "{\"n\":%zu}", n++));
	ws_client_free(c->ws);
	ws_client_free(d->ws);
	stage_free(t);
}

/* As everybody computes them: shard_test.c. */
#define MESH_OF_0 "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
#define MESH_OF_1 "4f9Kq0bT2mXw7RzN1cYhU8sLdVe3GjPa"

TEST(a_connection_keeps_to_the_shard_of_its_mesh)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c, *d;

	t->mesh_id = MESH_OF_0;
	c = greeted(t);
	t->mesh_id = MESH_OF_1;
	d = greeted(t);
	settle(t);
	t->full_after = 3; /* the third is d's: its shard is full now */
	ws_client_send(d->ws, S("{\"d\":1}"));
	UNTIL(t->loop, t->n == 3);
	t->full_after = 0;
	ws_client_send(d->ws, S("{\"d\":2}"));
	ws_client_send(c->ws, S("{\"c\":1}"));
	settle(t);
	assert_int_equal(t->n, 4); /* the other one's is not held up */
	assert_true(hub_is_full(t->hub, 1) && !hub_is_full(t->hub, 0));
	hub_on_room(hub_port(t->hub, 0));
	settle(t);
	assert_int_equal(t->n, 4);
	hub_on_room(hub_port(t->hub, 1));
	UNTIL(t->loop, t->n == 5);
	ws_client_free(c->ws);
	ws_client_free(d->ws);
	UNTIL(t->loop, t->n == 7);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(t->shards[i], conn_ref_eq(t->notes[i]->from, t->notes[1]->from));
	stage_free(t);
}

TEST(pushes_with_a_mark_are_reported_when_written)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = greeted(t);
	struct conn_ref to = t->notes[0]->from;
	struct effects *fx = effects_new();

	for (u64 i = 0; i < 20; i++)
		effects_send(fx, to, block_new(arena_printf(a, "{\"push\":%d}", (int)i)),
			     i < 12 ? i : 0);
	hub_on_effects(hub_port(t->hub, 0), fx);
	UNTIL(t->loop, c->n == 20 && t->n > 1 && t->notes[t->n - 1]->mark == 11);
	for (size_t i = 0; i < 20; i++)
		assert_string_equal(c->frames[i], arena_printf(a, "{\"push\":%zu}", i).ptr);
	for (size_t i = 1; i < t->n; i++) {
		assert_int_equal(t->notes[i]->kind, EVENT_WRITTEN);
		assert_true(conn_ref_eq(t->notes[i]->from, to));
		assert_true(i == 1 || t->notes[i]->mark > t->notes[i - 1]->mark);
	}
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(the_engine_hears_how_a_connection_ended)
{
	static const struct {
		int code;
		bool clean;
	} ends[] = {
		{ 1000, true }, { 1001, true }, { WS_NO_CODE, true }, { 4000, false }, { 0, false },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct client *c = greeted(t);
		struct conn_ref from = t->notes[t->n - 1]->from;
		size_t n = t->n;

		settle(t);
		if (ends[i].code)
			ws_client_close(c->ws, ends[i].code, S(""));
		else
			ws_client_free(c->ws);
		UNTIL(t->loop, t->n > n);
		assert_int_equal(t->notes[n]->kind, EVENT_CLOSED);
		assert_true(conn_ref_eq(t->notes[n]->from, from));
		assert_int_equal(t->notes[n]->clean, ends[i].clean);
		if (ends[i].code)
			ws_client_free(c->ws);
	}
	stage_free(t);
}

/* Its process hangs or its network is gone: no pong, and after dead_ms no connection. The
 * engine hears of a loss, not of a goodbye, so the presence has its grace. */
TEST(who_gives_no_sign_of_life_is_lost_not_gone)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct server_limits limits = server_limits_default;
	struct stage *t;
	struct loop *elsewhere;
	struct client *alive, *dead;

	limits.ping_ms = 20;
	limits.dead_ms = 300;
	t = stage_with(a, &limits);
	assert_ok(loop_new(a, &elsewhere));
	alive = greeted(t);
	dead = client_on(t, elsewhere, NULL, 0);
	ws_client_send(dead->ws, hello(t, dead->challenge));
	while (t->n < 2) {
		loop_turn(elsewhere, 1);
		loop_turn(t->loop, 1);
	}
	admit(t, t->notes[1]->from);
	/* From here on nobody runs the dead one. */
	UNTIL(t->loop, t->n == 3);
	assert_int_equal(t->notes[2]->kind, EVENT_CLOSED);
	assert_true(conn_ref_eq(t->notes[2]->from, t->notes[1]->from));
	assert_false(t->notes[2]->clean);
	assert_false(alive->closed);
	ws_client_free(alive->ws);
	ws_client_free(dead->ws);
	stage_free(t);
	loop_turn(elsewhere, 0);
	loop_free(elsewhere);
}

TEST(the_engine_refuses_with_an_error_and_a_close)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = client_new(t, NULL, 0);
	struct effects *fx = effects_new();

	ws_client_send(c->ws, hello(t, NULL));
	UNTIL(t->loop, t->n == 1);
	effects_send(fx, t->notes[0]->from, block_new(S("{\"type\":\"error\"}")), 0);
	effects_close(fx, t->notes[0]->from, 4002, S("banned"));
	hub_on_effects(hub_port(t->hub, 0), fx);
	UNTIL(t->loop, c->closed && t->n == 2);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->code, 4002);
	assert_string_equal(c->reason, "banned");
	assert_int_equal(t->notes[1]->kind, EVENT_CLOSED);
	assert_false(t->notes[1]->clean);
	ws_client_free(c->ws);
	stage_free(t);
}

TEST(effects_for_who_is_gone_are_dropped)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = greeted(t), *d = greeted(t);
	struct conn_ref to[] = { t->notes[0]->from, t->notes[1]->from, { 0, 999, 1 }, { 0, 0, 0 } };
	struct effects *fx = effects_new();

	settle(t);
	ws_client_free(c->ws);
	UNTIL(t->loop, t->n == 3);
	effects_send_many(fx, to, ARRAY_LEN(to), block_new(S("{}")));
	effects_close(fx, to[0], 1000, S("late"));
	effects_admit(fx, to[0]);
	effects_admit(fx, to[1]); /* twice */
	hub_on_effects(hub_port(t->hub, 0), fx);
	UNTIL(t->loop, d->n == 1);
	assert_false(d->closed);
	ws_client_free(d->ws);
	stage_free(t);
}

TEST(after_the_end_what_waits_is_applied_and_nothing_submitted)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct client *c = greeted(t);
	struct effects *fx = effects_new();

	settle(t);
	effects_send(fx, t->notes[0]->from, block_new(S("{\"last\":1}")), 5);
	hub_on_effects(hub_port(t->hub, 0), fx);
	hub_end(t->hub);
	ws_client_send(c->ws, S("{}"));
	UNTIL(t->loop, c->n == 1);
	settle(t);
	assert_int_equal(t->n, 1);
	ws_client_free(c->ws);
	stage_free(t);
}

TEST_MAIN("broker/gate")
