#include "client/mentions.h"

#include "base/test.h"

static const struct { const char *text, *names; } cases[] = {
	{ "", "" },
	{ "hi", "" },
	{ "@bob", "bob" },
	{ "@Bob, look", "bob" },
	{ "(@bob)", "bob" },
	{ "hi @bob and @al-ice_2.", "bob al-ice_2" },
	{ "@bob @BOB @bob", "bob" },
	{ "mail bob@example.org", "" },
	{ "a_@bob -@bob 1@bob", "" },
	{ "@", "" },
	{ "@ bob", "" },
	{ "@@bob", "bob" },
	{ "@bob@carol", "bob" },
	{ "\xc3\xa9@bob", "bob" },
	{ "@b\xc3\xa9", "b" },
	{ "@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "" },
	{ "@a @b @c @d @e @f @g @h @i @j @k @l @m @n @o @p @q", "a b c d e f g h i j k l m n o p" },
};

TEST(names_behind_an_at_sign)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strs got = mentions_of(a, str_from(cases[i].text));
		str all = S("");

		for (size_t k = 0; k < got.n; k++)
			all = arena_printf(a, "%.*s%s%.*s", STRF(all), k ? " " : "", STRF(got.items[k]));
		assert_str(all, str_from(cases[i].names));
		assert_int_equal(got.present, got.n > 0);
	}
}

TEST_MAIN("client/mentions")
