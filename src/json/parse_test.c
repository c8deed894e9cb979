#include "json/json.h"

#include "base/test.h"

TEST(good_texts)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
		{ "null", "null" },
		{ "true", "true" },
		{ "false", "false" },
		{ " \t\r\n 1 \n", "1" },
		{ "0", "0" },
		{ "-0", "-0" },
		{ "-1", "-1" },
		{ "0.5", "0.5" },
		{ "-0.0e-0", "-0.0e-0" },
		{ "1E+9", "1E+9" },
		{ "1e400", "1e400" },
		{ "123456789012345678901234567890", "123456789012345678901234567890" },
		{ "\"\"", "\"\"" },
		{ "\"a\"", "\"a\"" },
		{ "\"\\u0061\"", "\"a\"" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ "\"\\u0001\\u001F\"", "\"\\u0001\\u001f\"" },
		{ "\"\\u00e9\\u20AC\\uD834\\udd1e\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\"" },
		{ "\"\\uDBFF\\uDFFF\\uFFFF\"", "\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\"" },
		{ "\"\xc3\xa9 \xf0\x9d\x84\x9e \x7f\"", "\"\xc3\xa9 \xf0\x9d\x84\x9e \x7f\"" },
		{ "\"12345678901234567890\"", "\"12345678901234567890\"" },
		{ "[]", "[]" },
		{ "[ ]", "[]" },
		{ "{}", "{}" },
		{ "{ }", "{}" },
		{ " [ 1 , [ ] , { \"a\" : null } ] ", "[1,[],{\"a\":null}]" },
		{ "{\"a\":1,\"A\":2,\"\":3,\"a\\n\":[false]}",
		  "{\"a\":1,\"A\":2,\"\":3,\"a\\n\":[false]}" },
		{ "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf buf = buf_make(1000);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_out out = json_out(&buf);
		const struct json *v;

		buf_clear(&buf);
		assert_ok(json_parse(a, str_from(cases[i].text), &v));
		assert_str(v->raw, str_trim(str_from(cases[i].text)));
		json_value(&out, v);
		assert_str(buf_str(&buf), str_from(cases[i].written));
		assert_int_equal(out.depth, 0);
	}
	buf_done(&buf);
}

static const struct {
	str text;
	const char *why;
} bad[] = {
	{ S(""), "expected a value, but the text ends at byte 0" },
	{ S("  "), "expected a value, but the text ends at byte 2" },
	{ S("nul"), "expected a value at byte 0" },
	{ S("nulll"), "expected the end of the text at byte 4" },
	{ S("True"), "expected a value at byte 0" },
	{ S("NaN"), "expected a value at byte 0" },
	{ S("Infinity"), "expected a value at byte 0" },
	{ S("'a'"), "expected a value at byte 0" },
	{ S("1 2"), "expected the end of the text at byte 2" },
	{ S("{}x"), "expected the end of the text at byte 2" },
	{ S("\xef\xbb\xbf{}"), "expected a value at byte 0" },
	{ S("/**/1"), "expected a value at byte 0" },
	{ S("1//"), "expected the end" },
	{ S("\v1"), "expected a value at byte 0" },
	{ S("1\0"), "expected the end" },
	{ S("[1,]"), "expected a value at byte 3" },
	{ S("[,1]"), "expected a value at byte 1" },
	{ S("[1 2]"), "expected ',' or ']' at byte 3" },
	{ S("["), "expected a value, but the text ends at byte 1" },
	{ S("[1"), "expected ',' or ']', but the text ends" },
	{ S("[1}"), "expected ',' or ']' at byte 2" },
	{ S("]"), "expected a value at byte 0" },
	{ S("{"), "expected a key in quotes, but the text ends" },
	{ S("{1:1}"), "expected a key in quotes at byte 1" },
	{ S("{a:1}"), "expected a key in quotes at byte 1" },
	{ S("{\"a\"}"), "expected ':' at byte 4" },
	{ S("{\"a\":}"), "expected a value at byte 5" },
	{ S("{\"a\":1,}"), "expected a key in quotes at byte 7" },
	{ S("{\"a\":1 \"b\":2}"), "expected ',' or '}' at byte 7" },
	{ S("{\"a\":1"), "expected ',' or '}', but the text ends" },
	{ S("{\"a\""), "expected ':', but the text ends" },
	{ S("{,}"), "expected a key in quotes at byte 1" },
	{ S("{\"a\":1]"), "expected ',' or '}' at byte 6" },
	{ S("01"), "expected the end of the text at byte 1" },
	{ S("-01"), "expected the end of the text at byte 2" },
	{ S("+1"), "expected a value at byte 0" },
	{ S("-"), "expected a digit, but the text ends at byte 1" },
	{ S("-a"), "expected a digit at byte 1" },
	{ S("1."), "expected a digit, but the text ends" },
	{ S(".5"), "expected a value at byte 0" },
	{ S("1.e1"), "expected a digit at byte 2" },
	{ S("1e"), "expected a digit, but the text ends" },
	{ S("1e+"), "expected a digit, but the text ends" },
	{ S("1e+-1"), "expected a digit at byte 3" },
	{ S("0x10"), "expected the end of the text at byte 1" },
	{ S("1_000"), "expected the end of the text at byte 1" },
	{ S("--1"), "expected a digit at byte 1" },
	{ S("\""), "a string is not closed, but the text ends at byte 1" },
	{ S("\"a"), "a string is not closed" },
	{ S("\"\\"), "a string is not closed" },
	{ S("\"\\\""), "a string is not closed" },
	{ S("\"a\nb\""), "control character in a string at byte 2" },
	{ S("\"\t\""), "control character" },
	{ S("\"\0\""), "control character in a string at byte 1" },
	{ S("\"123456789\x1f\""), "control character in a string at byte 10" },
	{ S("\"\\x41\""), "unknown escape at byte 1" },
	{ S("\"ab\\'\""), "unknown escape at byte 3" },
	{ S("\"\\\b\""), "unknown escape" },
	{ S("\"\\\n\""), "unknown escape" },
	{ S("\"\\\0\""), "unknown escape" },
	{ S("\"\\U0041\""), "unknown escape" },
	{ S("\"\\\xc3\xa9\""), "unknown escape" },
	{ S("\"\\u12\""), "\\u without four hex digits at byte 1" },
	{ S("\"\\u12g4\""), "\\u without four hex digits" },
	{ S("\"\\u 123\""), "\\u without four hex digits" },
	{ S("\"\\u-123\""), "\\u without four hex digits" },
	{ S("\"\\u"), "a string is not closed" },
	{ S("\"\\u0000\""), "U+0000 is not allowed at byte 1" },
	{ S("\"\\uD800\""), "first half of a surrogate pair without the second at byte 1" },
	{ S("\"\\uD800\\u0041\""), "first half of a surrogate pair" },
	{ S("\"\\uD800x\""), "first half of a surrogate pair" },
	{ S("\"\\uD800\\uD800\""), "first half of a surrogate pair" },
	{ S("\"\\uD800\\n\""), "first half of a surrogate pair" },
	{ S("\"a\\uDC00\""), "second half of a surrogate pair without the first at byte 2" },
	{ S("\"\x80\""), "invalid UTF-8 in the string at byte 1" },
	{ S("\"\xc0\xaf\""), "invalid UTF-8" },
	{ S("\"\xed\xa0\x80\""), "invalid UTF-8" },
	{ S("\"12345678\xe2\x9c\""), "invalid UTF-8" },
	{ S("\"\xf4\x90\x80\x80\""), "invalid UTF-8" },
	{ S("{\"\xff\":1}"), "invalid UTF-8 in the string at byte 2" },
	{ S("\"\\n\xff\""), "invalid UTF-8" },
	{ S("\xff"), "expected a value at byte 0" },
	{ S("{\"a\":1,\"a\":2}"), "key 'a' twice in one object, second value at byte 11" },
	{ S("{\"a\":1,\"\\u0061\":1}"), "key 'a' twice" },
	{ S("{\"\":1,\"b\":1,\"\":1}"), "key '' twice" },
	{ S("[{\"x\\n\":{\"a\":1,\"b\":2},\"x\\u000a\":3}]"), "key 'x?' twice" },
};

TEST(bad_texts_say_what_and_where)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct json *v = NULL;
		struct err *e = json_parse(a, bad[i].text, &v);

		if (!e || !str_contains(e->text, str_from(bad[i].why)))
			print_error("case %zu: '%.*s'\n", i, STRF(e ? e->text : S("accepted")));
		assert_err(e, BAD_JSON);
		assert_true(str_contains(e->text, str_from(bad[i].why)));
		assert_null(v);
	}
}

/* A text that is cut short anywhere is refused, and nothing behind its end is read. */
TEST(every_proper_prefix_is_refused)
{
	static const char text[] =
		"{\"type\":\"push\",\"n\":[1,-2.5e3,true,null],\"s\":\"\\ud834\\udd1e\xc3\xa9\"}";
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct json *v;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *exact = malloc(n + 1);

		memcpy(exact + 1, text, n);
		assert_err(json_parse(a, str_of(exact + 1, n), &v), BAD_JSON);
		free(exact);
	}
	assert_ok(json_parse(a, str_from(text), &v));
	assert_err(json_parse(a, STR_NONE, &v), BAD_JSON);
}

/* The eight-byte steps find the special byte wherever it stands. */
TEST(strings_of_every_length)
{
	static const struct {
		char c;
		bool good;
	} cases[] = {
		{ 'x', true },         { ' ', true },  { 0x7f, true },  { '!', true },
		{ '#', true },         { '[', true },  { ']', true },   { 0x1f, false },
		{ 0, false },          { '"', false }, { '\\', false }, { (char)0x80, false },
		{ (char)0xff, false },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct json *v;
	char text[48];

	for (size_t len = 1; len < 40; len++) {
		for (size_t at = 1; at <= len; at++) {
			for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
				struct err *e;

				memset(text, '0', sizeof(text));
				text[0] = text[len + 1] = '"';
				text[at] = cases[i].c;
				e = json_parse(a, str_of(text, len + 2), &v);
				assert_int_equal(e == NULL, cases[i].good);
				if (cases[i].good)
					assert_true(v->s.ptr == text + 1 && v->s.len == len);
			}
		}
		arena_reset(a);
	}
}

TEST(numbers)
{
	static const struct {
		const char *text;
		enum json_type type;
		i64 value;
	} cases[] = {
		{ "0", JSON_INT, 0 },
		{ "-0", JSON_INT, 0 },
		{ "1700000000000", JSON_INT, 1700000000000 },
		{ "9223372036854775807", JSON_INT, INT64_MAX },
		{ "-9223372036854775808", JSON_INT, INT64_MIN },
		{ "9223372036854775808", JSON_NUM, 0 },
		{ "-9223372036854775809", JSON_NUM, 0 },
		{ "1.0", JSON_NUM, 0 },
		{ "1e3", JSON_NUM, 0 },
		{ "0.25", JSON_NUM, 0 },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct json *v;

		assert_ok(json_parse(a, str_from(cases[i].text), &v));
		assert_int_equal(v->type, cases[i].type);
		assert_true(cases[i].type == JSON_NUM || v->i == cases[i].value);
		assert_str(v->s, str_from(cases[i].text));
	}
}

TEST(depth_is_capped)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf buf = buf_make(1 << 20);
	const struct json *v;
	struct err *e;

	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		buf_clear(&buf);
		for (int i = 0; i < depth; i++)
			buf_add(&buf, i % 2 ? S("{\"a\":") : S("["));
		buf_add(&buf, S("1"));
		for (int i = depth; i-- > 0;)
			buf_add_byte(&buf, i % 2 ? '}' : ']');
		e = json_parse(a, buf_str(&buf), &v);
		assert_int_equal(e == NULL, depth == JSON_DEPTH_MAX);
	}
	assert_true(str_contains(e->text, S("nested too deeply")));
	/* Siblings do not add up. */
	buf_clear(&buf);
	buf_add(&buf, S("[0"));
	for (int i = 0; i < 1000; i++)
		buf_add(&buf, S(",[]"));
	buf_add(&buf, S("]"));
	assert_ok(json_parse(a, buf_str(&buf), &v));
	assert_int_equal(v->count, 1001);
	/* 200,000 brackets end after 33 of them, not in a stack overflow. */
	buf_clear(&buf);
	for (int i = 0; i < 200000; i++)
		buf_add_byte(&buf, '[');
	assert_err(json_parse(a, buf_str(&buf), &v), BAD_JSON);
	buf_done(&buf);
}

/* 0, 1, 2, ... n - 1 as keys, then `last`. */
static void many_keys(struct buf *buf, int n, const char *last)
{
	buf_clear(buf);
	buf_add_byte(buf, '{');
	for (int i = 0; i < n; i++)
		buf_printf(buf, "\"k%d\":%d,", i, i);
	buf_printf(buf, "\"%s\":0}", last);
}

TEST(duplicate_keys_of_many)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf buf = buf_make(4 << 20);
	static const int counts[] = { 1, 14, 15, 16, 17, 18, 100, 100000 };
	const struct json *v;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct err *e;

		many_keys(&buf, counts[i], "x");
		assert_ok(json_parse(a, buf_str(&buf), &v));
		assert_int_equal(v->count, counts[i] + 1);
		assert_int_equal(json_get_int(v, S("x"), -1), 0);
		many_keys(&buf, counts[i], "\\u006b0");
		e = json_parse(a, buf_str(&buf), &v);
		assert_err(e, BAD_JSON);
		assert_true(str_starts(e->text, S("not JSON: key 'k0' twice")));
		/* The second one is shown. */
		assert_true(str_ends(e->text, arena_printf(a, " %zu", buf.len - 2)));
		arena_reset(a);
	}
	buf_done(&buf);
}

TEST(error_quotes_are_short_and_clean)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf buf = buf_make(10000);
	const struct json *v;
	struct err *e;

	buf_add_byte(&buf, '{');
	for (int twice = 0; twice < 2; twice++) {
		buf_add(&buf, twice ? S(",\"\\u001b") : S("\"\\u001b"));
		for (int i = 0; i < 1000; i++)
			buf_add(&buf, S("\xe2\x9c\x93"));
		buf_add(&buf, S("\":1"));
	}
	buf_add_byte(&buf, '}');
	e = json_parse(a, buf_str(&buf), &v);
	assert_err(e, BAD_JSON);
	assert_true(str_is_utf8(e->text) && e->text.len < 200);
	assert_true(str_starts(e->text, S("not JSON: key '?\xe2\x9c\x93")));
	buf_done(&buf);
}

TEST(getters)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct json *v;

	assert_ok(json_parse(
		a, S("{\"s\":\"x\",\"i\":7,\"t\":true,\"f\":1.5,\"n\":null,\"e\":\"\"}"), &v));
	assert_int_equal(v->count, 6);
	assert_str(json_get_str(v, S("s")), S("x"));
	assert_non_null(json_get_str(v, S("e")).ptr);
	assert_null(json_get_str(v, S("i")).ptr);
	assert_null(json_get_str(v, S("missing")).ptr);
	assert_int_equal(json_get_int(v, S("i"), 1), 7);
	assert_int_equal(json_get_int(v, S("s"), 1), 1);
	assert_int_equal(json_get_int(v, S("f"), 1), 1);
	assert_true(json_get_bool(v, S("t")));
	assert_false(json_get_bool(v, S("i")));
	assert_int_equal(json_get(v, S("n"))->type, JSON_NULL);
	assert_null(json_get(NULL, S("s")));
	assert_null(json_get(json_get(v, S("s")), S("s")));
	assert_string_equal(json_type_name(JSON_INT), "number");
	assert_string_equal(json_type_name(JSON_OBJ), "object");
}

TEST_MAIN("json/parse")
