#include "json/json.h"

#include "base/test.h"

static str canonical(struct arena *a, const char *text,
		     void (*write)(struct json_out *, const struct json *))
{
	struct buf buf = buf_make(4096);
	struct json_out out = json_out(&buf);
	const struct json *v;
	str copy;

	assert_ok(json_parse(a, str_from(text), &v));
	write(&out, v);
	copy = arena_dup(a, buf_str(&buf));
	buf_done(&buf);
	return copy;
}

TEST(keys_as_javascript_orders_them)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{}", "{}" },
		{ " [ 1 , { } ] ", "[1,{}]" },
		/* wire-core.md 14 */
		{ "{\"b\":1,\"a\":{\"y\":true,\"x\":[2,{\"d\":1,\"c\":null}]},\"10\":1,\"9\":2}",
		  "{\"9\":2,\"10\":1,\"a\":{\"x\":[2,{\"c\":null,\"d\":1}],\"y\":true},\"b\":1}" },
		{ "{\"b\":1,\"10\":1,\"9\":2}", "{\"9\":2,\"10\":1,\"b\":1}" },
		/* Only canonical decimals from 0 to 2^32 - 2 are indices. */
		{ "{\"4294967295\":1,\"4294967294\":2,\"5\":3}",
		  "{\"5\":3,\"4294967294\":2,\"4294967295\":1}" },
		{ "{\"1\":1,\"0\":2,\"01\":3,\"-1\":4,\"1.0\":5,\"\":6,\" 1\":7}",
		  "{\"0\":2,\"1\":1,\"\":6,\" 1\":7,\"-1\":4,\"01\":3,\"1.0\":5}" },
		{ "{\"aa\":1,\"a\":2,\"A\":3,\"ab\":4}", "{\"A\":3,\"a\":2,\"aa\":1,\"ab\":4}" },
		/* U+1F600 is D83D DE00 in UTF-16: before U+E000 and U+FF5E, behind U+D7FF. */
		{ "{\"\xf0\x9f\x98\x80\":1,\"\xee\x80\x80\":2,\"\xef\xbd\x9e\":3,\"\xed\x9f\xbf\":4,\"\xf0\x9f\x98\x81\":5}",
		  "{\"\xed\x9f\xbf\":4,\"\xf0\x9f\x98\x80\":1,\"\xf0\x9f\x98\x81\":5,\"\xee\x80\x80\":2,\"\xef\xbd\x9e\":3}" },
		{ "\"\\u0041\\/\\u000a\\u001f\\\"\\u00e9\"", "\"A/\\n\\u001f\\\"\xc3\xa9\"" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(canonical(a, cases[i].text, json_canonical), str_from(cases[i].want));
}

TEST(the_audit_log_has_plain_key_order)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(canonical(a, "{\"9\":2,\"b\":{\"9\":1,\"10\":1},\"10\":1}",
			     json_canonical_audit),
		   S("{\"10\":1,\"9\":2,\"b\":{\"10\":1,\"9\":1}}"));
	assert_str(
		canonical(a,
			  "{\"role\":\"control-plane\",\"restored\":false,\"pubkey\":\"ab\","
			  "\"groups\":[{\"role\":\"lead\",\"name\":\"g\"}]}",
			  json_canonical_audit),
		S("{\"groups\":[{\"name\":\"g\",\"role\":\"lead\"}],\"pubkey\":\"ab\",\"restored\":false,"
		  "\"role\":\"control-plane\"}"));
}

/* The right-hand sides are what ECMAScript prints. */
TEST(numbers_as_javascript_writes_them)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "-0.0", "0" },
		{ "0e5", "0" },
		{ "1", "1" },
		{ "-1", "-1" },
		{ "100", "100" },
		{ "1e2", "100" },
		{ "1.50", "1.5" },
		{ "-1.5e0", "-1.5" },
		{ "123.456", "123.456" },
		{ "0.1", "0.1" },
		{ "0.30000000000000004", "0.30000000000000004" },
		{ "0.000001", "0.000001" },
		{ "0.0000123", "0.0000123" },
		{ "1e-7", "1e-7" },
		{ "0.00000012", "1.2e-7" },
		{ "1e20", "100000000000000000000" },
		{ "123456789012345680000", "123456789012345680000" },
		{ "1e21", "1e+21" },
		{ "1.5e300", "1.5e+300" },
		{ "999999999999999999999", "1e+21" },
		{ "9007199254740992", "9007199254740992" },
		{ "9007199254740993", "9007199254740992" },
		{ "-9007199254740993", "-9007199254740992" },
		{ "9223372036854775807", "9223372036854776000" },
		{ "18446744073709551616", "18446744073709552000" },
		{ "1.7976931348623157e308", "1.7976931348623157e+308" },
		{ "5e-324", "5e-324" },
		{ "4.94e-324", "5e-324" },
		{ "2.2250738585072014e-308", "2.2250738585072014e-308" },
		{ "2.225073858507201e-308", "2.225073858507201e-308" },
		{ "1e-400", "0" },
		{ "1e400", "null" },
		{ "-1e400", "null" },
		/* 2^-44: the nearest 16 digits do not read back, the next ones up do. */
		{ "5.684341886080801486968994140625e-14", "5.684341886080802e-14" },
		{ "9.5367431640625e-7", "9.5367431640625e-7" },
		{ "1.1125369292536007e-308", "1.1125369292536007e-308" },
		{ "4.35", "4.35" },
		{ "0.00001", "0.00001" },
		{ "1e5", "100000" },
		{ "12345.678e-2", "123.45678" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(canonical(a, cases[i].text, json_canonical), str_from(cases[i].want));
}

TEST_MAIN("json/canonical")
