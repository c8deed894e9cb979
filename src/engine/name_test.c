#include "engine/enrol.h"

#include "base/test.h"

static const struct { const char *name; bool ok; } names[] = {
	{ "", true },
	{ "alice", true },
	{ "Zo\xc3\xab", true },
	{ "\xe5\xb1\xb1\xe7\x94\xb0", true },
	{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", true },      /* an emoji of two, joined */
	{ "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85", true }, /* Persian */
	{ "a\nb", false },
	{ "a\x1b[2J", false },
	{ "a\x7f", false },
	{ "\xc2\x9b" "2J", false },              /* C1: a terminal's escape in one character */
	{ "a\xc2\x85", false },
	{ "a\xc2\xa0" "b", true },
	{ "a\xc2\xad" "b", false },
	{ "ali\xe2\x80\x8b" "ce", false },       /* looks like alice */
	{ "ali\xe2\x80\x8d" "ce", false },
	{ "\xe2\x80\x8d" "alice", false },
	{ "\xc3\xab\xe2\x80\x8c", false },       /* joins nothing */
	{ "\xc3\xab\xe2\x80\x8d\xe2\x80\x8d\xc3\xab", false },
	{ "alice\xe2\x80\x8e", false },
	{ "\xe2\x80\xaa" "alice", false },
	{ "\xe2\x80\xae" "ecila", false },       /* turned round */
	{ "\xe2\x81\xa6" "alice\xe2\x81\xa9", false },
	{ "a\xe2\x80\xa8" "b", false },
	{ "\xef\xbb\xbf" "alice", false },
	{ "\xd8\x9c" "alice", false },
	{ "alice\xf3\xa0\x81\xa1", false },      /* an invisible tag */
	{ "\xf0\x9f\x92\xa9", true },
};

TEST(a_name_hides_nothing)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (name_is_printable(str_from(names[i].name)) != names[i].ok)
			fail_msg("row %zu", i);
	assert_false(name_is_printable(str_of("a\0b", 3)));
	/* No more is read than there is. */
	for (size_t i = 0; i < 4; i++)
		(void)name_is_printable(str_of("\xf0\x9f\x92\xa9", i));
}

TEST_MAIN("engine/name")
