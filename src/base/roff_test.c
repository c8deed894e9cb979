#include "base/roff.h"

#include "base/test.h"

static const struct { const char *text, *want; } cases[] = {
	{ "", "" },
	{ "One. Two", "One.\nTwo\n" },
	{ ".Sh NAME", "\\&.Sh NAME\n" },
	{ "a.\n'x' --y \\z ~", "a.\n\\(aqx\\(aq \\-\\-y \\ez \\(ti\n" },
	{ "caf\xc3\xa9", "caf\\[u00E9]\n" },
};

TEST(nothing_is_a_request)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = buf_make(1000);

		roff_text(&b, str_from(cases[i].text));
		assert_str(buf_str(&b), str_from(cases[i].want));
	}
}

TEST(lines_are_short)
{
	CLEANUP(buf_done) struct buf b = buf_make(10000);
	char words[400];
	str rest, line;

	for (size_t i = 0; i < sizeof(words); i++)
		words[i] = i % 7 == 6 ? ' ' : 'w';
	roff_text(&b, str_of(words, sizeof(words)));
	rest = buf_str(&b);
	while (str_cut(&rest, '\n', &line))
		assert_true(line.len <= 72);
}

TEST_MAIN("base/roff")
