#include "base/test.h"
#include "base/utf8.h"

TEST(characters_are_taken_one_by_one)
{
	static const struct { const char *text; u32 want[4]; size_t n; bool good; } cases[] = {
		{ "a", { 'a' }, 1, true },
		{ "\xc3\xa9z", { 0xe9, 'z' }, 2, true },
		{ "\xe2\x80\xa8", { 0x2028 }, 1, true },
		{ "\xf3\xa0\x81\x81!", { 0xe0041, '!' }, 2, true },
		{ "\xe2\x80", { UTF8_BAD, UTF8_BAD }, 2, false },   /* cut off */
		{ "\xc0\xbc", { UTF8_BAD, UTF8_BAD }, 2, false },   /* '<' in two bytes */
		{ "\xed\xa0\x80", { UTF8_BAD, UTF8_BAD, UTF8_BAD }, 3, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str rest = str_from(cases[i].text), bytes;
		u32 c;

		for (size_t k = 0; k < cases[i].n; k++) {
			bool good = utf8_take(&rest, &c, &bytes);

			assert_int_equal(c, cases[i].want[k]);
			assert_true(good == (c != UTF8_BAD));
		}
		assert_int_equal(rest.len, 0);
	}
}

TEST(what_acts_or_hides_is_told_from_what_is_only_blank)
{
	static const struct { u32 c; bool unsafe, blank; } cases[] = {
		{ 'a', false, false }, { ' ', false, true },   { '\n', true, true },      { 0x1b, true, true },
		{ 0x9b, true, true },  { 0x200b, true, true }, { 0x200d, false, true },   { 0x202e, true, true },
		{ 0xad, false, true }, { 0xe9, false, false }, { 0xe0041, true, true },   { 0x4e2d, false, false },
		{ 0xa0, false, true }, { 0xfe0f, false, true }, { 0x1f600, false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(utf8_is_unsafe(cases[i].c) == cases[i].unsafe);
		assert_true(utf8_is_blank(cases[i].c) == cases[i].blank);
	}
}

TEST_MAIN("base/utf8")
