/*
 * rest_test.c - the REST API at the loop's side, over real sockets to an engine that only takes
 * notes: what becomes an event, and what an effect becomes.
 */
#include "net/test_net.h"

#include "broker/rest.h"
#include "crypto/apikey.h"
#include "crypto/secret.h"
#include "engine/op.h"
#include "net/http_client.h"

enum { NOTES_MAX = 8 };

struct stage {
	struct arena *arena;
	struct loop *loop;
	struct policy policy;
	struct hub *hub;
	struct http *http;
	struct server *server;
	struct server_app app;
	struct event *notes[NOTES_MAX];
	size_t n;
	str bearer;
};

struct answer {
	struct arena *arena;
	bool done;
	int status;
	str body, type, tag, cache, retry_after, allow, origin, methods, headers, authenticate;
};

static bool submit(void *arg, unsigned shard, struct event *ev)
{
	struct stage *t = arg;

	assert_int_equal(shard, SHARD_HOUSE);
	assert_true(t->n < NOTES_MAX);
	t->notes[t->n++] = ev;
	return true;
}

static void apply(void *arg, const struct effect *ef)
{
	http_apply(((struct stage *)arg)->http, ef);
}

static void room(void *arg UNUSED, unsigned shard UNUSED) {}

static void on_head(void *arg, struct server_request *rq)
{
	http_on_head(((struct stage *)arg)->http, rq);
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
	t->hub = hub_new(t->loop, &ends);
	t->http = http_new(&(struct http_env){ .clock = &clock_real,
					       .random = &random_system,
					       .policy = &t->policy,
					       .hub = t->hub,
					       .post_bytes_max = 200000 });
	t->app = (struct server_app){ .on_request_head = on_head, .on_request = on_request };
	t->server = server_new(t->loop, &t->app, t, &server_limits_default);
	assert_ok(server_listen(a, t->server, S("127.0.0.1"), 0, NULL));
	http_set_server(t->http, t->server, S("https://mesh.example"));
	t->bearer = arena_printf(a, "Bearer %.*s", STRF(apikey_new(a, &random_system)));
	return t;
}

static void stage_free(struct stage *t)
{
	server_free(t->server);
	http_free(t->http);
	hub_free(t->hub);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	for (size_t i = 0; i < t->n; i++)
		event_free(t->notes[i]);
}

static str header_of(struct answer *out, const struct http_answer *got, const char *name)
{
	return arena_dup(out->arena, http_header_get(got->head, str_from(name)));
}

static void on_answer(void *arg, const struct err *e, const struct http_answer *got)
{
	struct answer *out = arg;

	out->done = true;
	if (e)
		return;
	out->status = got->status;
	out->body = arena_dup(out->arena, got->body);
	out->type = header_of(out, got, "content-type");
	out->tag = header_of(out, got, "etag");
	out->cache = header_of(out, got, "cache-control");
	out->retry_after = header_of(out, got, "retry-after");
	out->allow = header_of(out, got, "allow");
	out->origin = header_of(out, got, "access-control-allow-origin");
	out->methods = header_of(out, got, "access-control-allow-methods");
	out->headers = header_of(out, got, "access-control-allow-headers");
	out->authenticate = header_of(out, got, "www-authenticate");
}

/* more: one further header, or an empty name. */
static struct answer *ask(struct stage *t, const char *method, const char *path, str body,
			  struct http_header more)
{
	struct http_header headers[2] = { { S("Authorization"), t->bearer }, more };
	struct http_spec spec = {
		.method = str_from(method), .body = body, .headers = headers, .n_headers = more.name.len ? 2 : 1,
		.url = arena_printf(t->arena, "http://127.0.0.1:%d%s", server_port(t->server), path),
	};
	struct answer *out = NEW(t->arena, struct answer);

	out->arena = t->arena;
	http_call_start(t->loop, &spec, on_answer, out);
	return out;
}

#define NO_MORE (struct http_header){ S(""), S("") }

static void reply(struct stage *t, int status, const char *body, i64 retry_after_s)
{
	struct effects *fx = effects_new();

	effects_refuse(fx, t->notes[t->n - 1]->from, status, block_new(str_from(body)), retry_after_s);
	hub_on_effects(hub_port(t->hub, 0), fx);
}

TEST(a_request_is_an_event_with_fields_and_a_digest)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = ask(t, "GET", "/api/v1/topics/a%20b/messages?limit=7&x=y", STR_NONE, NO_MORE);
	u8 digest[DIGEST_BYTES];

	UNTIL(t->loop, t->n == 1);
	assert_string_equal(t->notes[0]->op->name, "topic_messages");
	assert_str(event_param(t->notes[0]), S("{\"topic\":\"a b\",\"limit\":7}"));
	assert_str(event_data(t->notes[0]), S(""));
	apikey_digest(str_skip(t->bearer, 7), digest);
	assert_int_equal(t->notes[0]->proof.bearer_kind, BEARER_API_KEY);
	assert_memory_equal(t->notes[0]->proof.bearer, digest, DIGEST_BYTES);
	reply(t, 200, "{\"a\":1}", 0);
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 200);
	assert_str(got->body, S("{\"a\":1}"));
	assert_true(str_starts(got->tag, S("W/\"")));
	assert_str(got->cache, S("private, no-cache"));
	assert_str(got->origin, S("*"));
	stage_free(t);
}

TEST(an_answer_that_is_the_same_is_304)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	static const struct { const char *has, *body; int status; } cases[] = {
		{ "*", "{}", 304 }, { "%s", "{\"a\":1}", 304 }, { "\"x\", %s", "{\"a\":1}", 304 },
		{ "%s", "{\"a\":2}", 200 }, { "\"x\"", "{\"a\":1}", 200 }, { "", "{\"a\":1}", 200 },
	};
	struct answer *first = ask(t, "GET", "/api/v1/peers", STR_NONE, NO_MORE);

	UNTIL(t->loop, t->n == 1);
	reply(t, 200, "{\"a\":1}", 0);
	UNTIL(t->loop, first->done);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at = strstr(cases[i].has, "%s");
		str has = at ? arena_printf(a, "%.*s%.*s", (int)(at - cases[i].has), cases[i].has, STRF(first->tag))
			     : str_from(cases[i].has);
		struct answer *got = ask(t, "GET", "/api/v1/peers", STR_NONE,
					 (struct http_header){ S("If-None-Match"), has });

		UNTIL(t->loop, t->n == i + 2);
		reply(t, 200, cases[i].body, 0);
		UNTIL(t->loop, got->done);
		assert_int_equal(got->status, cases[i].status);
		assert_int_equal(got->body.len, got->status == 304 ? 0 : strlen(cases[i].body));
	}
	stage_free(t);
}

TEST(a_refusal_is_a_problem_and_says_when_to_come_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got = ask(t, "POST", "/api/v1/topics/x", S("hi"),
				 (struct http_header){ S("Content-Type"), S("text/plain") });

	UNTIL(t->loop, t->n == 1);
	assert_str(event_data(t->notes[0]), S("{\"text\":\"hi\"}"));
	reply(t, 429, "{\"status\":429,\"detail\":\"slow\"}", 7);
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 429);
	assert_str(got->type, S("application/problem+json"));
	assert_str(got->retry_after, S("7"));
	assert_true(str_starts(got->body, S("{\"status\":429,\"detail\":\"slow\",\"path\":\"/api/v1/topics/x\",\"request_id\":\"")));
	stage_free(t);
}

TEST(who_has_no_key_never_reaches_the_engine)
{
	static const char *const bad[] = { "", "Bearer", "Bearer x", "Basic cm_x", "Bearer cm_" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct answer *got;

		t->bearer = str_from(bad[i]);
		got = ask(t, "GET", "/api/v1/peers", STR_NONE, NO_MORE);
		UNTIL(t->loop, got->done);
		assert_int_equal(got->status, 401);
		assert_true(str_starts(got->authenticate, S("Bearer ")));
		assert_true(str_contains(got->body, S("\"error\":\"api_key_invalid\"")));
	}
	assert_int_equal(t->n, 0);
	stage_free(t);
}

TEST(a_page_of_another_site_may_ask)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	struct answer *got;

	t->bearer = S("");
	got = ask(t, "OPTIONS", "/api/v1/topics/x/read", STR_NONE, (struct http_header){ S("Origin"), S("https://other.example") });
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 204);
	assert_str(got->origin, S("*"));
	assert_str(got->allow, S("PATCH, OPTIONS"));
	assert_true(str_contains(got->methods, S("PATCH")) && str_contains(got->methods, S("DELETE")));
	assert_true(str_contains(got->headers, S("Authorization")) && str_contains(got->headers, S("Idempotency-Key")));
	stage_free(t);
}

TEST(only_posts_may_be_long)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a);
	char *text = arena_alloc(a, 200001);
	const struct http_header plain = { S("Content-Type"), S("text/plain") };
	struct answer *got;

	memset(text, 'x', 200001);
	got = ask(t, "POST", "/api/v1/topics/x", str_of(text, 200000), plain);
	UNTIL(t->loop, t->n == 1);
	reply(t, 200, "{}", 0);
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 200);
	got = ask(t, "POST", "/api/v1/topics/x", str_of(text, 200001), plain);
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 413);
	got = ask(t, "POST", "/api/v1/topics", str_of(text, 100000), plain);
	UNTIL(t->loop, got->done);
	assert_int_equal(got->status, 413);
	assert_str(got->type, S("application/problem+json"));
	assert_true(str_contains(got->body, S("\"error\":\"too_large\"")));
	assert_int_equal(t->n, 1);
	stage_free(t);
}

TEST_MAIN("broker/rest")
