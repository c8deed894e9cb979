/*
 * mention_test.c - which names a text mentions.
 */
#include "engine/mention.h"

#include "base/test.h"

static const struct { const char *text, *names; } cases[] = {
	{ "", "" },
	{ "@", "" },
	{ "@bob", "bob" },
	{ "hi @Bob, @ALICE.", "bob alice" },
	{ "@bob@carol", "bob" },
	{ "a@bob", "" },
	{ "_@bob -@bob 1@bob", "" },
	{ ".@bob", "bob" },
	{ "@@bob", "bob" },
	{ "@a_b-c9!", "a_b-c9" },
	{ "@bob @BOB @bob", "bob" },
	{ "@\xc3\xa9t\xc3\xa9", "" },
	{ "@bob\xc3\xa9", "bob" },
	{ "\n@bob\n", "bob" },
	{ "@1 @2 @3 @4 @5 @6 @7 @8 @9 @10 @11 @12 @13 @14 @15 @16 @17 @18",
	  "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16" },
};

static str joined(struct arena *a, str text)
{
	str names[MENTIONS_MAX], out = S("");
	size_t n = mentions_in(a, text, names);

	for (size_t i = 0; i < n; i++)
		out = arena_printf(a, "%.*s%s%.*s", STRF(out), i ? " " : "", STRF(names[i]));
	return out;
}

TEST(names_in_a_text)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(joined(a, str_from(cases[i].text)), str_from(cases[i].names));
}

TEST(a_name_has_64_characters_at_most)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char text[67] = "@";

	memset(text + 1, 'x', 64);
	assert_int_equal(joined(a, str_of(text, 65)).len, 64);
	text[65] = 'x';
	assert_int_equal(joined(a, str_of(text, 66)).len, 0);
}

TEST(a_name_as_it_is_compared)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(mention_name(a, S("@Bob B")), S("bob b"));
	assert_str(mention_name(a, S("@@x")), S("@x"));
	assert_str(mention_name(a, S("")), S(""));
}

TEST_MAIN("engine/mention")
