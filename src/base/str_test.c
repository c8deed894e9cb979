#include "base/str.h"
#include "base/test.h"

TEST(numbers)
{
	i64 n;

	assert_true(str_to_i64(S("-9223372036854775808"), &n) && n == INT64_MIN);
	assert_true(str_to_i64(S("9223372036854775807"), &n) && n == INT64_MAX);
	assert_false(str_to_i64(S("9223372036854775808"), &n));
	assert_false(str_to_i64(S(""), &n));
	assert_false(str_to_i64(S("-"), &n));
	assert_false(str_to_i64(S("1 "), &n));
	assert_false(str_to_i64(S("+1"), &n));
}

TEST(utf8)
{
	static const char *const good[] = { "", "plain ascii text", "h\xc3\xa9llo \xe2\x9c\x93", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = {
		"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80", "\xff", "12345678\xe2\x9c", "abc\xc3(",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(str_is_utf8(str_from(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(str_is_utf8(str_from(bad[i])));
}

TEST(cut_and_trim)
{
	str rest = S("a,b,,c"), part;
	const char *const want[] = { "a", "b", "", "c" };

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(str_cut(&rest, ',', &part));
		assert_str(part, str_from(want[i]));
	}
	assert_false(str_cut(&rest, ',', &part));
	assert_str(str_trim(S(" \tx y\r\n")), S("x y"));
}

TEST(distance)
{
	assert_int_equal(str_distance(S("kitten"), S("sitting")), 3);
	assert_int_equal(str_distance(S(""), S("abc")), 3);
	assert_int_equal(str_distance(S("bob"), S("bob")), 0);
}

TEST(hex)
{
	assert_true(str_is_hex(S("00ff"), 2, true));
	assert_true(str_is_hex(S("00FF"), 2, false));
	assert_false(str_is_hex(S("00FF"), 2, true));
	assert_false(str_is_hex(S("00f"), 2, true));
	assert_false(str_is_hex(S("00fg"), 2, true));
}

TEST_MAIN("base/str")
