#include "db/sqlstate.h"

#include "base/test.h"

static const struct { const char *state; enum err_code code; } cases[] = {
	{ "23505", ERR_CONFLICT },  { "23502", ERR_CONFLICT },  { "08006", ERR_TRY_AGAIN },
	{ "57P01", ERR_TRY_AGAIN }, { "57P02", ERR_TRY_AGAIN }, { "57P03", ERR_TRY_AGAIN },
	{ "57014", ERR_TRY_AGAIN }, { "40001", ERR_TRY_AGAIN }, { "40P01", ERR_TRY_AGAIN },
	{ "40003", ERR_TRY_AGAIN }, { "53100", ERR_TRY_AGAIN }, { "53300", ERR_TRY_AGAIN },
	{ "55P03", ERR_TRY_AGAIN }, { "25006", ERR_TRY_AGAIN }, { "25P03", ERR_TRY_AGAIN },
	{ "58030", ERR_TRY_AGAIN }, { "28P01", ERR_IO },        { "3D000", ERR_IO },
	{ "42501", ERR_IO },        { "42601", ERR_INTERNAL },  { "42P01", ERR_INTERNAL },
	{ "22021", ERR_INTERNAL },  { "XX001", ERR_INTERNAL },  { "25001", ERR_INTERNAL },
	{ "", ERR_INTERNAL },       { NULL, ERR_TRY_AGAIN },
};

TEST(codes)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (sqlstate_code(cases[i].state) != cases[i].code)
			fail_msg("%s", cases[i].state);
}

TEST(lost_races)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(sqlstate_lost_race(cases[i].state),
				 str_eq(str_from(cases[i].state), S("40001")) ||
					 str_eq(str_from(cases[i].state), S("40P01")));
}

TEST_MAIN("db/sqlstate")
