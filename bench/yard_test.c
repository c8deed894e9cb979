/*
 * yard_test.c - what the yardstick makes of frames; that it forwards each once is for the ids of a
 * whole run to show (load/yardstick).
 */
#include "base/test.h"

#include "bench/yard.h"

static const struct { const char *frame, *name, *value; } fields[] = {
	{ "{\"type\":\"send\",\"id\":\"x\"}", "type", "send" },
	{ "{\"type\":\"send\",\"id\":\"x\"}", "id", "x" },
	{ "{\"type\":\"send\",\"id\":\"\"}", "id", "" },
	{ "{\"type\":\"send\"}", "id", "" },
	{ "{\"meshid\":\"m\",\"id\":\"x\"}", "id", "x" },
	{ "{\"id\":\"x", "id", "" },
	{ "{\"id\":5}", "id", "" },
	{ "", "id", "" },
};

TEST(fields_are_found)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		assert_str(yard_field(str_from(fields[i].frame), str_from(fields[i].name)),
			   str_from(fields[i].value));
}

TEST(a_name_that_is_too_long_is_in_no_frame)
{
	char name[100];

	memset(name, 'x', sizeof(name));
	assert_str(yard_field(S("{\"a\":\"b\"}"), str_of(name, sizeof(name))), S(""));
}

TEST_MAIN("bench/yard")
