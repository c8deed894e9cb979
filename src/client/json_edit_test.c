#include "client/json_edit.h"

#include "base/random.h"
#include "base/test.h"

static str set(struct arena *a, const char *text, struct json_path path, const char *value)
{
	str out;

	assert_ok(json_edit_set(a, str_from(text), path, str_from(value), &out));
	return out;
}

TEST(a_member_is_added_and_everything_else_stays)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "", "{\n  \"m\": {\n    \"c\": {\n      \"x\": 1\n    }\n  }\n}\n" },
		{ "{}", "{\n  \"m\": {\n    \"c\": {\n      \"x\": 1\n    }\n  }\n}" },
		{ "{\n\t\"a\": 1.50,\n\t\"m\": {}\n}\n", "{\n\t\"a\": 1.50,\n\t\"m\": {\n\t\t\"c\": {\n\t\t\t\"x\": 1\n\t\t}\n\t}\n}\n" },
		{ "{\n  \"m\": {\n    \"b\": [1,2]\n  },\n  \"z\": \"\\u0041\"\n}",
		  "{\n  \"m\": {\n    \"b\": [1,2],\n    \"c\": {\n      \"x\": 1\n    }\n  },\n  \"z\": \"\\u0041\"\n}" },
		{ "{\"m\":{\"c\":7,\"d\":8}}", "{\"m\":{\"c\":{\"x\":1},\"d\":8}}" },
		{ "{\"m\": {\"d\": 8}}\n", "{\"m\": {\"d\": 8,\"c\":{\"x\":1}}}\n" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(set(a, cases[i].text, JSON_PATH(S("m"), S("c")), "{\"x\":1}"), str_from(cases[i].want));
}

TEST(what_was_added_can_be_taken_away_again)
{
	static const char *const texts[] = {
		"{\n  \"a\": 1,\n  \"m\": {\n    \"b\": 2\n  }\n}\n", "{\n  \"m\": {\n    \"b\": 2\n  },\n  \"z\": [ ]\n}",
		"{\n\t\"m\" : {\n\t\t\"b\" : \"}\\\" ,\"\n\t}\n}", "{\n    \"m\": {\n        \"b\": null\n    }\n}\n",
		"{\"a\":1,\"m\":{\"b\":2}}", " {\"m\": {\"b\": {\"x\": 1}}, \"z\": [ ]}\n",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		str with = set(a, texts[i], JSON_PATH(S("m"), S("c")), "{\"command\":\"x\",\"args\":[\"y\"]}"), again;

		assert_ok(json_edit_remove(a, with, JSON_PATH(S("m"), S("c")), &again));
		assert_str(again, str_from(texts[i]));
	}
}

TEST(members_go_whatever_their_place_and_key)
{
	static const struct { const char *text, *key, *want; } cases[] = {
		{ "{\"a\":1,\"b\":2,\"c\":3}", "a", "{\"b\":2,\"c\":3}" },
		{ "{\"a\":1,\"b\":2,\"c\":3}", "b", "{\"a\":1,\"c\":3}" },
		{ "{\"a\":1,\"b\":2,\"c\":3}", "c", "{\"a\":1,\"b\":2}" },
		{ "{ \"a\" : \"x:y\" }", "a", "{}" },
		{ "{\"q\\\"\\\"q\": 1, \"b\": 2}", "q\"\"q", "{\"b\": 2}" },
		{ "{\"b\": 2, \"\": 3}", "", "{\"b\": 2}" },
		{ "{\"b\": 2}", "a", "{\"b\": 2}" },
		{ "", "a", "" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str out;

		assert_ok(json_edit_remove(a, str_from(cases[i].text), JSON_PATH(str_from(cases[i].key)), &out));
		assert_str(out, str_from(cases[i].want));
	}
}

TEST(lists_grow_and_shrink)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str out;

	assert_ok(json_edit_append(a, S("{}"), JSON_PATH(S("h"), S("Stop")), S("{\"c\":\"x\"}"), &out));
	assert_str(out, S("{\n  \"h\": {\n    \"Stop\": [\n      {\n        \"c\": \"x\"\n      }\n    ]\n  }\n}"));
	assert_ok(json_edit_append(a, out, JSON_PATH(S("h"), S("Stop")), S("2"), &out));
	assert_ok(json_edit_remove_item(a, out, JSON_PATH(S("h"), S("Stop")), 0, &out));
	assert_str(out, S("{\n  \"h\": {\n    \"Stop\": [\n      2\n    ]\n  }\n}"));
	assert_ok(json_edit_remove_item(a, out, JSON_PATH(S("h"), S("Stop")), 0, &out));
	assert_str(out, S("{\n  \"h\": {\n    \"Stop\": []\n  }\n}"));
	assert_err(json_edit_remove_item(a, out, JSON_PATH(S("h"), S("Stop")), 0, &out), NOT_FOUND);
}

TEST(a_number_leads_into_a_list)
{
	const char *text = "{\"h\":{\"Stop\":[1,{\"hooks\":[2,3]}]}}";
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct json_path inner = JSON_PATH(S("h"), S("Stop"), S("1"), S("hooks"));
	const struct json *v;
	str out;

	assert_ok(json_edit_remove_item(a, str_from(text), inner, 0, &out));
	assert_str(out, S("{\"h\":{\"Stop\":[1,{\"hooks\":[3]}]}}"));
	assert_ok(json_edit_get(a, out, JSON_PATH(S("h"), S("Stop"), S("2")), &v));
	assert_null(v);
	assert_ok(json_edit_get(a, out, JSON_PATH(S("h"), S("Stop"), S("-1")), &v));
	assert_null(v);
}

TEST(what_is_not_as_expected_is_refused)
{
	static const struct { const char *text; enum err_code code; } cases[] = {
		{ "{\"m\": 1}", ERR_CONFLICT }, { "{\"m\": [1]}", ERR_CONFLICT }, { "[1]", ERR_BAD_JSON },
		{ "{ // remark\n}", ERR_BAD_JSON }, { "{\"a\":1,\"a\":2}", ERR_BAD_JSON }, { "{\"a\":", ERR_BAD_JSON },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str out;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err *e = json_edit_set(a, str_from(cases[i].text), JSON_PATH(S("m"), S("c")), S("1"), &out);

		assert_non_null(e);
		assert_int_equal(e->code, cases[i].code);
	}
	assert_err(json_edit_append(a, S("{\"m\":{}}"), JSON_PATH(S("m")), S("1"), &out), CONFLICT);
}

TEST(an_edited_text_is_json_with_that_one_change)
{
	static const char *const texts[] = {
		"{\"a\":{\"b\":{\"c\":[1,{\"d\":\"\\\\\"}]}},\"e\":\"{\"}", "{ }", "{\"m\":{\"x\\\\\":1}}", "{\"m\":{\"\\\\\\\"\":{}}}",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		str with = set(a, texts[i], JSON_PATH(S("m"), S("c")), "true"), without;
		const struct json *v;

		assert_ok(json_edit_get(a, with, JSON_PATH(S("m"), S("c")), &v));
		assert_true(v && v->b);
		assert_ok(json_edit_remove(a, with, JSON_PATH(S("m"), S("c")), &without));
		assert_ok(json_edit_get(a, without, JSON_PATH(S("m"), S("c")), &v));
		assert_null(v);
	}
}

TEST_MAIN("client/json_edit")
