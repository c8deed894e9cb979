#include "cli/text.h"
#include "base/test.h"

enum { TEXT_MAX = 4096 };

static const struct {
	const char *in, *line;
} lines[] = {
	{ "bob", "bob" },
	{ "zoë 日本 👩‍💻", "zoë 日本 👩‍💻" },
	{ "\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m" },
	{ "a\nb\tc\rd", "a\\u{a}b\\u{9}c\\u{d}d" },
	{ "\a\b\x7f", "\\u{7}\\u{8}\\u{7f}" },
	{ "\xc2\x9b"
	  "31m",
	  "\\u{9b}31m" }, /* C1 CSI */
	{ "\xe2\x80\xae"
	  "gpj.exe",
	  "\\u{202e}gpj.exe" }, /* right-to-left override */
	{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u{2066}x\\u{2069}" },
	{ "b\xe2\x80\x8bob", "b\\u{200b}ob" },
	{ "\xf3\xa0\x81\x81", "\\u{e0041}" }, /* tag letter */
	{ "\xff\x80z", "\xef\xbf\xbd\xef\xbf\xbdz" },
	{ "\xc2", "\xef\xbf\xbd" },
	{ "\x9b", "\xef\xbf\xbd" }, /* C1 as a bare byte */
	{ "\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "", "" },
};

TEST(what_acts_on_a_terminal_becomes_visible)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		CLEANUP(buf_done) struct buf b = buf_make(TEXT_MAX);

		text_add_line(&b, str_from(lines[i].in));
		assert_str(buf_str(&b), str_from(lines[i].line));
	}
}

static const struct {
	const char *in, *block;
} blocks[] = {
	{ "one", "one" },
	{ "one\ntwo\n", "one\n  two" },
	{ "one\r\ntwo", "one\n  two" },
	{ "a\tb\n\n\x1b"
	  "c",
	  "a\tb\n  \n  \\u{1b}c" },
	{ "x\ry", "x\\u{d}y" },
	{ "", "" },
};

TEST(a_block_keeps_its_lines_and_indents_them)
{
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		CLEANUP(buf_done) struct buf b = buf_make(TEXT_MAX);

		text_add_block(&b, str_from(blocks[i].in), 2);
		assert_str(buf_str(&b), str_from(blocks[i].block));
	}
}

TEST(json_is_as_safe_as_text)
{
	CLEANUP(buf_done) struct buf b = buf_make(TEXT_MAX);

	text_add_json(&b, S("{\"a\":\"\xc2\x9b é \xe2\x80\xae \xf3\xa0\x81\x81 \x7f\"}\n"));
	assert_str(buf_str(&b), S("{\"a\":\"\\u009b é \\u202e \\udb40\\udc41 \\u007f\"}\n"));
}

TEST(columns_and_cuts_count_characters)
{
	assert_int_equal(text_columns(S("zoë")), 3);
	assert_str(text_cut(S("zoë!"), 3), S("zoë"));
	assert_str(text_cut(S("zoë"), 9), S("zoë"));
	assert_str(text_cut(S("ë"), 0), S(""));
}

TEST(words_of_a_shell_are_quoted_when_they_must)
{
	static const char *const cases[][2] = {
		{ "/usr/bin/claudemesh", "/usr/bin/claudemesh" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" }, { "", "''" },
		{ "$(x)", "'$(x)'" }, { "a;b", "'a;b'" }, { "--x=1", "--x=1" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(text_shell_word(a, str_from(cases[i][0])), str_from(cases[i][1]));
}

TEST_MAIN("cli/text")
