/*
 * http_test.c - calls over real sockets to an engine that only takes notes.
 */
#include "net/test_net.h"

#include "broker/http.h"
#include "crypto/secret.h"
#include "engine/op.h"
#include "engine/prove.h"
#include "net/http_client.h"
#include "proto/limits.h"

enum { NOTES_MAX = 8 };

struct stage {
	struct arena *arena;
	struct loop *loop;
	struct policy policy;
	struct clock_fixed at;
	struct clock clock;
	struct pool *pool;
	struct places *places;
	struct hub *hub;
	struct http *http;
	struct server *server;
	struct server_app app;
	struct event *notes[NOTES_MAX];
	unsigned shards[NOTES_MAX]; /* to which each went */
	size_t n;
	u8 digest[PLACE_BYTES];
	bool full, db_down;
};

/* An answer, copied. */
struct answer {
	struct arena *arena;
	bool done;
	int status;
	str body, type, allow, request_id, retry_after, cors;
};

static bool submit(void *arg, unsigned shard, struct event *ev)
{
	struct stage *t = arg;

	assert_true(t->n < NOTES_MAX);
	t->shards[t->n] = shard;
	t->notes[t->n++] = ev;
	return !t->full;
}

static void apply(void *arg, const struct effect *ef)
{
	http_apply(((struct stage *)arg)->http, ef);
}

static void room(void *arg UNUSED, unsigned shard UNUSED) {}

static struct engine_stats stats(void *arg)
{
	return (struct engine_stats){ .db_down = ((struct stage *)arg)->db_down };
}

static void on_request(void *arg, struct server_request *rq)
{
	http_on_request(((struct stage *)arg)->http, rq);
}

static struct stage *stage_new(struct arena *a)
{
	struct stage *t = NEW(a, struct stage);
	struct hub_ends ends = { submit, apply, room, t };

	assert_true(crypto_start());
	t->arena = a;
	assert_ok(loop_new(a, &t->loop));
	t->policy = (struct policy){ .create = CREATE_LOOPBACK, .public_is_local = true };
	t->pool = pool_new(t->loop);
	t->places = places_new(&random_system);
	t->hub = hub_new(t->loop, &ends);
	t->clock = clock_fixed(&t->at);
	t->http = http_new(&(struct http_env){ .clock = &t->clock,
					       .random = &random_system,
					       .policy = &t->policy,
					       .hub = t->hub,
					       .pool = t->pool,
					       .places = t->places,
					       .stats = stats,
					       .stats_arg = t });
	t->app = (struct server_app){ .on_request = on_request };
	t->server = server_new(t->loop, &t->app, t, &server_limits_default);
	assert_ok(server_listen(a, t->server, S("127.0.0.1"), 0, NULL));
	http_set_server(t->http, t->server, S("https://mesh.example"));
	return t;
}

static void stage_free(struct stage *t)
{
	while (pool_is_busy(t->pool))
		loop_turn(t->loop, 50);
	server_free(t->server);
	http_free(t->http);
	places_free(t->places);
	hub_free(t->hub);
	pool_free(t->pool);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	for (size_t i = 0; i < t->n; i++)
		event_free(t->notes[i]);
}

static void on_answer(void *arg, const struct err *e, const struct http_answer *got)
{
	struct answer *out = arg;

	out->done = true;
	if (e)
		return;
	out->status = got->status;
	out->body = arena_dup(out->arena, got->body);
	out->type = arena_dup(out->arena, http_header_get(got->head, S("content-type")));
	out->allow = arena_dup(out->arena, http_header_get(got->head, S("allow")));
	out->request_id = arena_dup(out->arena, http_header_get(got->head, S("x-request-id")));
	out->retry_after = arena_dup(out->arena, http_header_get(got->head, S("retry-after")));
	out->cors = arena_dup(out->arena,
			      http_header_get(got->head, S("access-control-allow-origin")));
}

static struct answer *ask(struct stage *t, const char *method, const char *path, const char *body,
			  const char *type)
{
	struct http_header header = { S("Content-Type"), str_from(type) };
	struct http_spec spec = {
		.method = str_from(method),
		.body = str_from(body),
		.headers = &header,
		.n_headers = type ? 1 : 0,
		.url = arena_printf(t->arena, "http://127.0.0.1:%d%s", server_port(t->server),
				    path),
	};
	struct answer *out = NEW(t->arena, struct answer);

	out->arena = t->arena;
	http_call_start(t->loop, &spec, on_answer, out);
	return out;
}

static struct answer *asked(struct stage *t, const char *method, const char *path, const char *body,
			    const char *type)
{
	struct answer *out = ask(t, method, path, body, type);

	UNTIL(t->loop, out->done);
	return out;
}

static void reply(struct stage *t, struct conn_ref to, int status, const char *body)
{
	struct effects *fx = effects_new();

	effects_reply(fx, to, status, block_new(str_from(body)));
	hub_on_effects(hub_port(t->hub, 0), fx);
}

static void assert_body(const struct answer *got, const char *part)
{
	if (!str_contains(got->body, str_from(part)))
		fail_msg("'%.*s' lacks '%s'", STRF(got->body), part);
}

#define JSON "application/json"
#define CREATE "{\"name\":\"n\",\"pubkey\":\"x\"}"

TEST(a_call_becomes_an_event_and_its_effect_the_answer)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = ask(t, "POST", "/cli/mesh/create?x=1", CREATE, JSON);

	UNTIL(t->loop, t->n == 1);
	assert_int_equal(t->notes[0]->kind, EVENT_CALL);
	assert_string_equal(t->notes[0]->op->name, "mesh_create");
	assert_str(event_data(t->notes[0]), S(CREATE));
	assert_str(event_param(t->notes[0]), S(""));
	assert_string_equal(t->notes[0]->address, "127.0.0.1");
	assert_true(t->notes[0]->may_create);
	assert_false(t->notes[0]->proof.signed_by_key);
	reply(t, t->notes[0]->from, 200, "{\"id\":1}");
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 200);
	assert_str(got->body, S("{\"id\":1}"));
	assert_str(got->type, S(JSON));
	assert_str(got->cors, S("*"));
	assert_int_equal(got->request_id.len, 16);
	stage_free(t);
}

TEST(the_path_is_decoded_and_the_policy_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);

	t->policy.create = CREATE_ACCOUNTS;
	ask(t, "POST", "/cli/mesh/a%20b/invite", "{}", JSON);
	UNTIL(t->loop, t->n == 1);
	assert_str(event_param(t->notes[0]), S("a b"));
	assert_false(t->notes[0]->may_create);
	reply(t, t->notes[0]->from, 429, "{}");
	stage_free(t);
}

TEST(a_call_without_a_body_is_passed_on)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = ask(t, "GET", "/api/public/invite-code/abc", NULL, NULL);

	UNTIL(t->loop, t->n == 1);
	assert_str(event_param(t->notes[0]), S("abc"));
	assert_int_equal(t->notes[0]->data_len, 0);
	reply(t, t->notes[0]->from, 429, "{}");
	UNTIL(t->loop, got->done);
	assert_str(got->retry_after, S("2"));
	stage_free(t);
}

/* What the engine must never see. */
static const struct {
	const char *method, *path, *body, *type;
	int status;
	const char *part;
} refused[] = {
	{ "POST", "/join", "{\"x\"", JSON, 400, "\"ok\":false,\"error\":\"bad_json\"" },
	{ "POST", "/join", "{\"invite_token\":7}", JSON, 400, "invite_token" },
	{ "POST", "/cli/mesh/create", "{\"x\":1,\"x\":2}", JSON, 400, "\"error\":\"bad_json\"" },
	{ "POST", "/cli/mesh/create", CREATE, "text/plain", 415, "application/json" },
	{ "POST", "/cli/mesh/create", CREATE, "application/x-www-form-urlencoded", 415,
	  "not_json" },
	{ "POST", "/cli/mesh/%ff/invite", "{}", JSON, 400, "escape" },
	{ "GET", "/nothing-like-it-at-all", NULL, NULL, 404, "\"error\":\"not_found\"" },
	{ "GET", "/helth", NULL, NULL, 404, "did you mean GET /health?" },
	{ "GET", "/ws", NULL, NULL, 426, "WebSocket" },
	{ "GET", "/page/a%3Cb", NULL, NULL, 404, "not_found" },
	{ "GET", "/install", NULL, NULL, 404, "hands out no programs" },
};

TEST(refusals_are_json_and_never_reach_the_engine)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct answer *got = asked(t, refused[i].method, refused[i].path, refused[i].body,
					   refused[i].type);

		print_message("# %s %s\n", refused[i].method, refused[i].path);
		assert_int_equal(got->status, refused[i].status);
		assert_body(got, refused[i].part);
		assert_str(got->type, S(JSON));
		assert_body(got,
			    arena_printf(a, "\"request_id\":\"%.*s\"", STRF(got->request_id)).ptr);
	}
	assert_int_equal(t->n, 0);
	stage_free(t);
}

TEST(methods_are_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = asked(t, "DELETE", "/health", NULL, NULL);

	assert_int_equal(got->status, 405);
	assert_str(got->allow, S("GET, HEAD, OPTIONS"));
	got = asked(t, "OPTIONS", "/anything", NULL, NULL);
	assert_int_equal(got->status, 204);
	assert_str(got->cors, S("*"));
	got = asked(t, "HEAD", "/health", NULL, NULL);
	assert_int_equal(got->status, 200);
	assert_int_equal(got->body.len, 0);
	stage_free(t);
}

TEST(health_is_answered_without_the_engine)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = asked(t, "GET", "/health", NULL, NULL);

	assert_body(got, "{\"status\":\"ok\",\"db\":\"up\",\"version\":\"" CLAUDEMESH_VERSION
			 "\",\"gitSha\":\"");
	assert_body(got, "\"uptime\":0}");
	t->db_down = true;
	got = asked(t, "GET", "/health", NULL, NULL);
	assert_int_equal(got->status, 200);
	assert_body(got, "\"db\":\"down\"");
	assert_int_equal(t->n, 0);
	stage_free(t);
}

TEST(ready_tells_what_is_missing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = asked(t, "GET", "/health/ready", NULL, NULL);

	assert_int_equal(got->status, 200);
	assert_body(got, "{\"status\":\"ready\",\"version\":");
	t->db_down = true;
	got = asked(t, "GET", "/health/ready", NULL, NULL);
	assert_int_equal(got->status, 503);
	assert_body(got, "{\"status\":\"not_ready\",\"reason\":\"db_down\"}");
	assert_true(got->retry_after.len > 0);
	stage_free(t);
}

/* The query is no part of a route (D3); the page is only for programs here (D13). */
TEST(metrics_are_for_this_machine)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = asked(t, "GET", "/metrics?x=1", NULL, NULL);

	assert_int_equal(got->status, 200);
	assert_str(got->type, S("text/plain; version=0.0.4; charset=utf-8"));
	assert_body(got, "\nbroker_db_healthy 1\n");
	(void)asked(t, "GET", "/health", NULL, NULL);
	got = asked(t, "GET", "/metrics", NULL, NULL);
	assert_body(got, "claudemesh_http_requests_total{code=\"2xx\",route=\"/health\"} 1\n");
	stage_free(t);
}

#define HOOK(pid) "{\"cwd\":\"/srv\",\"pid\":" #pid ",\"status\":\"idle\"}"
#define HOOK_PATH "/hook/set-status"

/* Somebody at 127.0.0.1 in /srv, on the second shard. */
static struct place somebody(struct stage *t, i64 pid)
{
	struct place p = { .conn = { 5, 6 }, .shard = 1 };
	struct proof proof = { 0 };

	proof_place(&proof, pid, S("/srv"));
	p.conn.gen = (u32)pid;
	assert_true(proof.has_place);
	memcpy(t->digest, proof.place, sizeof(t->digest));
	return p;
}

TEST(a_hook_goes_to_the_shard_of_the_connection_that_it_is_beside)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct place p = somebody(t, 7);
	struct answer *got;

	places_enter(t->places, &p, S("127.0.0.1"), t->digest);
	got = ask(t, "POST", HOOK_PATH, HOOK(7), JSON);
	UNTIL(t->loop, t->n == 1);
	assert_int_equal(t->shards[0], 1);
	assert_true(conn_ref_eq(t->notes[0]->about, (struct conn_ref){ 0, 5, 7 }));
	reply(t, t->notes[0]->from, 200, "{}");
	UNTIL(t->loop, got->done);
	places_leave(t->places, &p);
	got = asked(t, "POST", HOOK_PATH, HOOK(7), JSON);
	assert_int_equal(got->status, 404);
	places_enter(t->places, &p, S("127.0.0.2"), t->digest);
	got = asked(t, "POST", HOOK_PATH, HOOK(7), JSON);
	assert_int_equal(got->status, 404);
	assert_int_equal(t->n, 1);
	places_leave(t->places, &p);
	stage_free(t);
}

/* Who knows the truth after so many lies is told the same, so nothing can be tried out. */
TEST(a_flood_of_hooks_ends_before_the_engine_and_learns_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct place p = somebody(t, 7);
	struct answer *got;

	places_enter(t->places, &p, S("127.0.0.1"), t->digest);
	for (int i = 0; i < HOOK_MISSES_BURST; i++) {
		got = asked(t, "POST", HOOK_PATH, i % 2 ? HOOK(8) : "{", JSON);
		assert_int_equal(got->status, i % 2 ? 404 : 400);
	}
	for (int i = 0; i < 3; i++) {
		static const char *const bodies[] = { HOOK(8), HOOK(7), "{" };

		got = asked(t, "POST", HOOK_PATH, bodies[i], JSON);
		assert_int_equal(got->status, 429);
		assert_body(got, "{\"ok\":false,\"error\":\"rate limited\"");
	}
	assert_int_equal(t->n, 0);
	t->at.us += 60 * 1000 * 1000 / HOOK_MISSES_PER_MINUTE;
	ask(t, "POST", HOOK_PATH, HOOK(7), JSON);
	UNTIL(t->loop, t->n == 1);
	reply(t, t->notes[0]->from, 200, "{}");
	places_leave(t->places, &p);
	stage_free(t);
}

TEST(a_full_queue_or_the_end_is_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *first, *got;

	t->full = true;
	first = ask(t, "POST", "/cli/mesh/create", CREATE, JSON);
	UNTIL(t->loop, t->n == 1);
	got = asked(t, "POST", "/cli/mesh/create", CREATE, JSON);
	assert_int_equal(got->status, 503);
	assert_body(got, "{\"error\":\"try_again\"");
	assert_str(got->retry_after, S("2"));
	/* The one that filled it was taken. */
	reply(t, t->notes[0]->from, 200, "{}");
	UNTIL(t->loop, first->done);
	assert_int_equal(first->status, 200);
	hub_end(t->hub);
	got = asked(t, "GET", "/api/public/invite-code/x", NULL, NULL);
	assert_int_equal(got->status, 503);
	assert_body(got, "shutting down");
	stage_free(t);
}

static void forward(struct stage *t, unsigned shard, const struct event *ev)
{
	struct effects *fx = effects_new();

	effects_forward(fx, shard, ev);
	hub_on_effects(hub_port(t->hub, 0), fx);
}

TEST(a_forwarded_call_is_answered_by_its_shard)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = ask(t, "POST", "/cli/mesh/a%20b/invite", "{}", JSON), *other;

	UNTIL(t->loop, t->n == 1);
	assert_int_equal(t->shards[0], 0);
	assert_false(t->notes[0]->forwarded);
	forward(t, 1, t->notes[0]);
	UNTIL(t->loop, t->n == 2);
	assert_int_equal(t->shards[1], 1);
	assert_true(t->notes[1]->forwarded);
	assert_string_equal(t->notes[1]->op->name, "invite_create");
	assert_str(event_data(t->notes[1]), S("{}"));
	assert_str(event_param(t->notes[1]), S("a b"));
	assert_true(conn_ref_eq(t->notes[0]->from, t->notes[1]->from));
	assert_int_equal(t->notes[1]->may_create, t->notes[0]->may_create);
	assert_string_equal(t->notes[1]->address, "127.0.0.1");
	reply(t, t->notes[1]->from, 200, "{}");
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 200);
	/* Its caller is gone by now: it is carried out all the same, and fills the queue. */
	t->full = true;
	forward(t, 1, t->notes[0]);
	UNTIL(t->loop, t->n == 3);
	t->full = false;
	other = ask(t, "POST", "/cli/mesh/a%20b/invite", "{}", JSON);
	UNTIL(t->loop, t->n == 4); /* the house is not full */
	forward(t, 1, t->notes[3]);
	UNTIL(t->loop, other->done);
	assert_int_equal(other->status, 503);
	assert_int_equal(t->n, 4);
	stage_free(t);
}

TEST(an_effect_for_a_request_that_is_gone_is_dropped)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = ask(t, "POST", "/cli/mesh/create", CREATE, JSON);

	UNTIL(t->loop, t->n == 1);
	reply(t, t->notes[0]->from, 200, "{\"n\":1}");
	reply(t, t->notes[0]->from, 200, "{\"n\":2}");
	reply(t, (struct conn_ref){ 0, 77, 1 }, 200, "{\"n\":3}");
	UNTIL(t->loop, got->done);
	assert_str(got->body, S("{\"n\":1}"));
	assert_int_equal(asked(t, "GET", "/health", NULL, NULL)->status, 200);
	stage_free(t);
}

TEST_MAIN("broker/http")
