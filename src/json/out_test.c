#include "json/json.h"

#include "base/test.h"

TEST(commas_and_nesting)
{
	struct buf buf = buf_make(1000);
	struct json_out out = json_out(&buf), *o = &out;

	json_obj(o);
	json_put_str(o, "type", S("push"));
	json_put_int(o, "n", INT64_MIN);
	json_put_bool(o, "yes", true);
	json_put_raw(o, "raw", S("[1, 2]"));
	json_put_opt(o, "absent", STR_NONE);
	json_put_opt(o, "empty", S(""));
	json_put_str(o, "null", STR_NONE);
	json_key(o, S("list"));
	json_arr(o);
	json_arr(o);
	json_arr_end(o);
	json_obj(o);
	json_obj_end(o);
	json_int(o, 0);
	json_int(o, -7);
	json_int(o, INT64_MAX);
	json_null(o);
	json_bool(o, false);
	json_str(o, S("x"));
	json_arr_end(o);
	json_key(o, S("last"));
	json_obj(o);
	json_put_int(o, "a", 1);
	json_obj_end(o);
	json_obj_end(o);
	assert_str(
		buf_str(&buf),
		S("{\"type\":\"push\",\"n\":-9223372036854775808,\"yes\":true,\"raw\":[1, 2],\"empty\":\"\","
		  "\"null\":null,\"list\":[[],{},0,-7,9223372036854775807,null,false,\"x\"],\"last\":{\"a\":1}}"));
	assert_int_equal(out.depth, 0);
	assert_false(buf.full);
	buf_done(&buf);
}

TEST(escapes)
{
	static const struct {
		str text;
		const char *written;
	} cases[] = {
		{ S(""), "\"\"" },
		{ S("plain"), "\"plain\"" },
		{ S("\""), "\"\\\"\"" },
		{ S("\\"), "\"\\\\\"" },
		{ S("/"), "\"/\"" },
		{ S("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
		{ S("\x01\x1f\v"), "\"\\u0001\\u001f\\u000b\"" },
		{ S("\x7f"), "\"\x7f\"" },
		{ S("\xe2\x80\xa8\xc3\xa9"), "\"\xe2\x80\xa8\xc3\xa9\"" },
		{ S("12345678\"12345678\\12345678\n"), "\"12345678\\\"12345678\\\\12345678\\n\"" },
		{ S("\0"), "\"\\u0000\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf buf = buf_make(1000);
		struct json_out out = json_out(&buf);

		json_str(&out, cases[i].text);
		assert_str(buf_str(&buf), str_from(cases[i].written));
		buf_done(&buf);
	}
}

TEST(keys_are_escaped_too)
{
	struct buf buf = buf_make(1000);
	struct json_out out = json_out(&buf);

	json_obj(&out);
	json_key(&out, S("a\"b"));
	json_int(&out, 1);
	json_obj_end(&out);
	assert_str(buf_str(&buf), S("{\"a\\\"b\":1}"));
	buf_done(&buf);
}

/* Every text of one to three bytes out of an awkward set comes back as it was. */
TEST(strings_round_trip)
{
	static const char *const pieces[] = { "\x01",
					      "\b",
					      "\n",
					      "\"",
					      "\\",
					      "/",
					      "u",
					      "a",
					      "\x7f",
					      "\xc3\xa9",
					      "\xf0\x9f\x98\x80",
					      "\x1f",
					      "1234567" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	size_t n = ARRAY_LEN(pieces);

	for (size_t i = 0; i < n * n * n; i++) {
		str text = arena_printf(a, "%s%s%s", pieces[i % n], pieces[i / n % n],
					pieces[i / n / n]);
		struct buf buf = buf_make(100);
		struct json_out out = json_out(&buf);
		const struct json *v;

		json_str(&out, text);
		assert_ok(json_parse(a, buf_str(&buf), &v));
		assert_str(v->s, text);
		buf_done(&buf);
	}
}

TEST(overflow_is_told_once_at_the_end)
{
	for (size_t max = 0; max < 24; max++) {
		struct buf buf = buf_make(max);
		struct json_out out = json_out(&buf);

		json_obj(&out);
		json_put_str(&out, "key", S("a\nlong value"));
		json_obj_end(&out);
		assert_int_equal(buf.full, max < strlen("{\"key\":\"a\\nlong value\"}"));
		assert_true(buf.len <= max);
		buf_done(&buf);
	}
}

TEST_MAIN("json/out")
