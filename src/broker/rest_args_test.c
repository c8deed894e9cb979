/*
 * rest_args_test.c - which row a path means, and what a request says of its fields.
 */
#include "broker/rest_args.h"

#include "base/test.h"
#include "engine/rest.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(paths_find_their_rows_and_methods)
{
	static const struct { const char *method, *path; int status; const char *name; } cases[] = {
		{ "GET", "/api/v1/peers", 0, "peers" },
		{ "HEAD", "/api/v1/peers", 0, "peers" },
		{ "POST", "/api/v1/peers", 405, NULL },
		{ "BREW", "/api/v1/peers", 405, NULL },
		{ "GET", "/api/v1/peers/", 404, NULL },
		{ "GET", "/api/v1//peers", 404, NULL },
		{ "GET", "/api/v1/Peers", 404, NULL },
		{ "GET", "/api/v1/", 404, NULL },
		{ "GET", "", 404, NULL },
		{ "GET", "/api/v1/peers%2f", 404, NULL },
	};
	ARENA;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_match m = rest_find(a, str_from(cases[i].method), str_from(cases[i].path));

		print_message("# %s %s\n", cases[i].method, cases[i].path);
		if (cases[i].name) {
			assert_non_null(m.op);
			assert_string_equal(m.op->name, cases[i].name);
		} else {
			assert_null(m.op);
			assert_int_equal(m.status, cases[i].status);
		}
	}
}

#define PROBE_ARGS(F, T) \
	F(T, str,  topic, REQ, 0, 0, "in the path") \
	F(T, str,  text,  OPT, 0, 0, "text") \
	F(T, i64,  limit, OPT, 0, 0, "number") \
	F(T, bool, all,   OPT, 0, 0, "bool") \
	F(T, strs, ids,   OPT, 0, 0, "list") \
	F(T, str,  lastEventId, OPT, 0, 0, "of a header")
JSON_ARGS(probe, PROBE_ARGS);

static struct err *nothing(struct req *rq UNUSED, const void *args UNUSED)
{
	return NULL;
}

static const struct op probes[] = {
	REST("get", probe, "GET", "/api/v1/x/:topic/y", 0, 0, nothing, 200, probe_fields, "", ""),
	REST("post", probe, "POST", "/api/v1/x/:topic", 0, REST_TEXT, nothing, 200, probe_fields, "", ""),
	REST("json", probe, "POST", "/api/v1/x", 0, 0, nothing, 200, probe_fields, "", ""),
};

TEST(a_query_becomes_fields_of_their_types)
{
	static const struct { const char *segment, *query, *json; } cases[] = {
		{ "a", "", "{\"topic\":\"a\"}" },
		{ "a%20b%2Fc", "limit=7&all=1", "{\"topic\":\"a b/c\",\"limit\":7,\"all\":true}" },
		{ "a", "all=false", "{\"topic\":\"a\",\"all\":false}" },
		{ "a", "all=yes&limit=7x", "{\"topic\":\"a\",\"limit\":\"7x\",\"all\":\"yes\"}" },
		{ "a", "limit=99999999999999999999", "{\"topic\":\"a\",\"limit\":\"99999999999999999999\"}" },
		{ "a", "ids=1,2&ids=3", "{\"topic\":\"a\",\"ids\":[\"1\",\"2\",\"3\"]}" },
		{ "a", "text=a+b%26&unknown=%zz&&=", "{\"topic\":\"a\",\"text\":\"a b&\"}" },
		{ "a", "topic=b", "{\"topic\":\"a\"}" },
		{ "a", "lastEventId=b", "{\"topic\":\"a\"}" },
		{ "%ff", "", NULL },
		{ "%00", "", NULL },
		{ "a", "limit=1&limit=2", NULL },
		{ "a", "text=%f", NULL },
	};
	ARENA;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_match m = { .op = &probes[0], .params = { str_from(cases[i].segment) } };
		struct http_head head = { .query = str_from(cases[i].query) };
		str json;

		print_message("# %s?%s\n", cases[i].segment, cases[i].query);
		if (cases[i].json) {
			assert_ok(rest_given(a, &m, &head, &json));
			assert_str(json, str_from(cases[i].json));
		} else {
			assert_err(rest_given(a, &m, &head, &json), BAD_REQUEST);
		}
	}
}

TEST(a_header_is_a_field_and_a_post_has_no_query)
{
	ARENA;
	struct rest_match m = { .op = &probes[1], .params = { S("a") } };
	struct http_head head = { .query = S("limit=7"), .n_headers = 1,
				  .headers = { { S("last-event-id"), S("x\"y") } } };
	char *long_text = arena_alloc(a, REST_GIVEN_MAX + 1);
	str json;

	assert_ok(rest_given(a, &m, &head, &json));
	assert_str(json, S("{\"topic\":\"a\",\"lastEventId\":\"x\\\"y\"}"));
	memset(long_text, 'x', REST_GIVEN_MAX);
	head.headers[0].value = str_of(long_text, REST_GIVEN_MAX);
	assert_err(rest_given(a, &m, &head, &json), TOO_LARGE);
}

/* `curl -d hi` says that it sends a form. */
TEST(a_text_is_taken_as_it_stands_where_the_row_wants_one)
{
	static const struct { size_t probe; const char *type, *body, *json; } cases[] = {
		{ 1, "application/x-www-form-urlencoded", "hi & \"you\"", "{\"text\":\"hi & \\\"you\\\"\"}" },
		{ 1, "text/plain; charset=utf-8", "a\n", "{\"text\":\"a\\n\"}" },
		{ 1, "TEXT/PLAIN", "x", "{\"text\":\"x\"}" },
		{ 1, "application/json", "{}", "{}" },
		{ 1, NULL, "{}", "{}" },
		{ 1, "text/plain", "", "" },
		{ 1, "text/plain", "\xff", NULL },
		{ 1, "multipart/form-data; boundary=x", "x", NULL },
		{ 1, "text/html", "x", NULL },
		{ 2, "text/plain", "x", NULL },
		{ 2, "application/json; charset=utf-8", "{}", "{}" },
	};
	ARENA;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err *failed;
		str json;

		print_message("# %s %s\n", cases[i].type ? cases[i].type : "", cases[i].body);
		failed = rest_body(a, &probes[cases[i].probe], str_from(cases[i].type), str_from(cases[i].body), &json);
		assert_true(!failed == !!cases[i].json);
		if (!failed)
			assert_str(json, str_from(cases[i].json));
	}
	assert_err(rest_body(a, &probes[1], S("text/plain"), S("a\0b"), &(str){ 0 }), BAD_REQUEST);
	assert_err(rest_body(a, &probes[2], S("text/plain"), S("a"), &(str){ 0 }), NOT_SUPPORTED);
}

TEST_MAIN("broker/rest_args")
