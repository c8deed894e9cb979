#include "daemon/test_api.h"

#include <sys/stat.h>

/* Who may call, before anything is looked at. error NULL: 200. */
static const struct {
	const char *base, *target, *header, *value;
	int status;
	const char *error;
} callers[] = {
	{ NULL, "/v1/version", NULL, NULL, 200, NULL },
	{ "http://127.0.0.1:47823", "/v1/version", NULL, NULL, 200, NULL },
	{ "http://LOCALHOST", "/v1/version", NULL, NULL, 200, NULL },
	{ "http://[::1]", "/v1/version", NULL, NULL, 200, NULL },
	{ "http://[::1]:8080", "/v1/version", NULL, NULL, 200, NULL },
	{ NULL, "/v1/version?token=x", NULL, NULL, 400, "bad_request" },
	{ NULL, "/v1/version?a=b&TOKEN=", NULL, NULL, 400, "bad_request" },
	{ NULL, "/v1/nothing?token=x", NULL, NULL, 400, "bad_request" },
	{ "http://evil.example", "/v1/version", NULL, NULL, 403, "forbidden" },
	{ "http://localhost.evil.example", "/v1/version", NULL, NULL, 403, "forbidden" },
	{ "http://127.0.0.2", "/v1/version", NULL, NULL, 403, "forbidden" },
	{ NULL, "/v1/version", "Origin", "http://localhost", 403, "forbidden" },
	{ NULL, "/v1/version", "Origin", "null", 403, "forbidden" },
	{ NULL, "/v1/nothing", "Origin", "null", 403, "forbidden" },
	{ NULL, "/v1/version", "Authorization", "Bearer x", 401, "unauthorized" },
	{ NULL, "/v1/version", "Authorization", "ClaudeMesh-Session zz", 401, "unknown_session" },
	{ NULL, "/v1/version", "Authorization", "ClaudeMesh-Session " TOKEN_A, 401,
	  "unknown_session" },
};

TEST(who_may_call)
{
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++)
		assert_told(GET(&b, callers[i].target, .base = callers[i].base,
				.header = callers[i].header, .value = callers[i].value),
			    callers[i].status, callers[i].error);
	bench_end(&b);
}

TEST(c_56_tcp_only_when_asked_for_and_with_its_token)
{
	struct bench b;
	const char *bearer;

	bench_start(&b);
	assert_int_equal(api_port(b.api), 0);
	bench_tcp(&b);
	bearer = arena_printf(b.y.a, "Bearer %.*s", STRF(b.token)).ptr;
	assert_told(GET(&b, "/v1/health", .tcp = true), 401, "unauthorized");
	assert_told(GET(&b, "/v1/health", .tcp = true, .header = "Authorization", .value = "Bearer x"),
		    401, "unauthorized");
	assert_told(GET(&b, "/v1/health", .tcp = true, .header = "Authorization", .value = bearer), 200,
		    NULL);
	/* A session's token is for the Unix socket. */
	yard_session(&b.y, TOKEN_A, "session-a");
	assert_told(GET(&b, "/v1/sessions/me", .tcp = true, .session = TOKEN_A), 401, "unauthorized");
	bench_end(&b);
}

/* What a call brings. */
static const struct {
	const char *method, *target, *body;
	int status;
	const char *error, *says;
} calls[] = {
	{ "GET", "/v1/nothing", NULL, 404, "not_found", "/v1/nothing" },
	{ "GET", "/", NULL, 404, "not_found", "" },
	{ "GET", "/v1/inbx", NULL, 404, "not_found", "GET /v1/inbox" },
	{ "PUT", "/v1/inbox", NULL, 404, "not_found", "GET /v1/inbox" },
	{ "GET", "/v1/inbox/a/b", NULL, 404, "not_found", "" },
	{ "GET", "/v1/sessions/", NULL, 404, "not_found", "" },
	{ "POST", "/v1/send", "{", 400, "bad_json", "" },
	{ "POST", "/v1/send", "", 400, "bad_json", "" },
	{ "POST", "/v1/send", "[]", 400, "bad_request", "not a JSON object" },
	{ "POST", "/v1/send", "{}", 400, "bad_request", "'to'" },
	{ "POST", "/v1/send", "{'to':1,'message':'x'}", 400, "bad_request", "'to'" },
	{ "POST", "/v1/send", "{'to':'bob','message':''}", 400, "bad_request", "'message'" },
	{ "POST", "/v1/send", "{'to':'bob','message':'x','priority':'soon'}", 400, "bad_request", "" },
	{ "POST", "/v1/send", "{'to':'bob','message':'x','meta':3}", 400, "bad_request", "" },
	{ "POST", "/v1/send", "{'to':'bob','message':'x','mesh':'other'}", 404, "mesh_not_attached", "" },
	{ "POST", "/v1/send", "{'to':'nobody','message':'x'}", 404, "not_found", "nobody" },
	{ "GET", "/v1/inbox?limit=x", NULL, 400, "bad_request", "limit" },
	{ "GET", "/v1/inbox?limit=1001", NULL, 400, "bad_request", "limit" },
	{ "GET", "/v1/inbox?limit=1&limit=2", NULL, 400, "bad_request", "twice" },
	{ "GET", "/v1/inbox?since=yesterday", NULL, 400, "bad_request", "since" },
	{ "GET", "/v1/inbox?mesh=other", NULL, 404, "mesh_not_attached", "" },
	{ "GET", "/v1/inbox?from=%00", NULL, 400, "bad_request", "" },
	{ "GET", "/v1/inbox/00000000", NULL, 404, "not_found", "" },
	{ "DELETE", "/v1/inbox/00000000", NULL, 404, "not_found", "" },
	{ "DELETE", "/v1/inbox?before=x", NULL, 400, "bad_request", "before" },
	{ "POST", "/v1/inbox/seen", "{'ids':'x'}", 400, "bad_request", "ids" },
	{ "GET", "/v1/outbox?status=soon", NULL, 400, "bad_request", "status" },
	{ "GET", "/v1/outbox?limit=501", NULL, 400, "bad_request", "limit" },
	{ "POST", "/v1/outbox/requeue", "{'id':'00000000'}", 404, "not_found", "" },
	{ "POST", "/v1/profile", "{}", 400, "bad_request", "nothing" },
	{ "POST", "/v1/profile", "{'status':'asleep'}", 400, "bad_request", "asleep" },
	{ "POST", "/v1/profile", "{'visible':'yes'}", 400, "bad_request", "visible" },
	{ "POST", "/v1/sessions/register", "{'token':'zz'}", 400, "bad_request", "token" },
	{ "DELETE", "/v1/sessions/" TOKEN_A, NULL, 404, "not_found", "" },
	{ "GET", "/v1/sessions/me", NULL, 401, "unauthorized", "no session token" },
	{ "GET", "/v1/state?key=k", NULL, 404, "state_not_found", "" },
	{ "POST", "/v1/state", "{'value':1}", 400, "bad_request", "key" },
	{ "GET", "/v1/skills/none", NULL, 404, "skill_not_found", "none" },
	{ "DELETE", "/v1/skills/none", NULL, 404, "skill_not_found", "none" },
	{ "POST", "/v1/skills", "{'name':'a','description':'b'}", 400, "bad_request", "instructions" },
	{ "POST", "/v1/skills", "{'name':'a','description':'','instructions':'c'}", 400, "bad_request", "description" },
	{ "POST", "/v1/groups", "{'role':'lead'}", 400, "bad_request", "name" },
	{ "POST", "/v1/groups", "{'name':'no spaces'}", 400, "bad_request", "" },
	{ "POST", "/v1/groups", "{'name':'a','mesh':'other'}", 404, "mesh_not_attached", "" },
	{ "DELETE", "/v1/groups/no%20spaces", NULL, 400, "bad_request", "" },
};

TEST(c_26_what_makes_no_sense_is_told_as_such)
{
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct told t = bench_ask(&b, (struct ask){ .method = calls[i].method,
							    .target = calls[i].target,
							    .body = calls[i].body });

		if (!str_contains(t.text, str_from(calls[i].says)))
			fail_msg("%s %s: %.*s", calls[i].method, calls[i].target, STRF(t.text));
		assert_told(t, calls[i].status, calls[i].error);
		assert_false(json_get_bool(t.body, S("ok")));
		assert_false(str_empty(json_get_str(t.body, S("detail"))));
	}
	bench_end(&b);
}

TEST(c_26_too_much_is_413)
{
	static const struct { const char *target; int bytes; } bounds[] = {
		{ "/v1/send", 300 << 10 },
		{ "/v1/sessions/register", 70 << 10 },
		{ "/v1/profile", 20 << 10 },
		{ "/v1/outbox/requeue", 5 << 10 },
		{ "/v1/groups", 5 << 10 },
		{ "/v1/skills", 600 << 10 },
	};
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		char *body = arena_alloc(b.y.a, (size_t)bounds[i].bytes + 1);

		memset(body, 'x', (size_t)bounds[i].bytes);
		assert_int_equal(POST(&b, bounds[i].target, body).status, 413);
	}
	bench_end(&b);
}

TEST(what_the_daemon_says_of_itself)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	t = GET(&b, "/v1/version");
	assert_str(json_get_str(t.body, S("ipc_api")), S("v1"));
	assert_str(json_get_str(t.body, S("config_dir")), b.y.paths.dir);
	assert_int_equal(json_get_int(t.body, S("schema_version"), 0), 1);
	t = GET(&b, "/v1/health");
	assert_str(json_get_str(json_get(t.body, S("brokers")), S("flock")), S("open"));
	assert_int_equal(json_get_int(t.body, S("pid"), 0), getpid());
	/* A mesh joined meanwhile is there after a reload. */
	yard_join(&b.y, "mesh0002", "herd");
	assert_told(POST(&b, "/v1/reload", ""), 200, NULL);
	until(&b.y, meshes_get(b.y.d->meshes, S("herd")) != NULL);
	t = POST(&b, "/v1/send", "{'to':'" YARD_BOB "','message':'x'}");
	assert_told(t, 400, "mesh_required");
	assert_int_equal(told_count(t, "attached"), 2);
	bench_end(&b);
}

TEST(a_socket_somebody_else_listens_on_is_left_alone)
{
	struct bench b;
	struct api *second;
	struct stat st;

	bench_start(&b);
	assert_int_equal(stat(b.place.socket.ptr, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	second = api_new(b.y.d, &b.place);
	assert_err(api_listen(b.y.a, second), CONFLICT);
	api_free(second);
	assert_told(GET(&b, "/v1/version"), 200, NULL);
	bench_end(&b);
}

/* A client that goes away in the middle of a call, and one that asks as the daemon ends. */
TEST(calls_whose_asker_or_daemon_is_gone)
{
	struct http_spec spec;
	struct told t = { 0 };
	struct bench b;

	bench_start(&b);
	t.y = &b.y;
	spec = bench_spec(&b, &(struct ask){ .target = "/v1/inbox?wait_ms=20000" });
	http_call_cancel(http_call_start(b.y.loop, &spec, bench_told, &t));
	http_call_start(b.y.loop, &spec, bench_told, &t);
	yard_turns(&b.y, 5);
	api_stop(b.api, NULL, NULL);
	until(&b.y, t.done);
	assert_told(t, 503, "try_again");
	bench_end(&b);
}

TEST_MAIN("daemon/api")
