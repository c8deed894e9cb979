#include "base/clock.h"
#include "base/test.h"

TEST(iso_times_both_ways)
{
	static const struct { i64 ms; const char *text; } cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1767323045678, "2026-01-02T03:04:05.678Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	i64 ms;

	/* The time zone of the process must not matter (D-44). */
	setenv("TZ", "America/Adak", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_str(time_iso(a, cases[i].ms), str_from(cases[i].text));
		assert_true(time_from_iso(str_from(cases[i].text), &ms));
		assert_int_equal(ms, cases[i].ms);
	}
}

TEST(what_is_not_a_time_is_refused)
{
	static const char *const bad[] = {
		"", "2026", "2026-13-01T00:00:00Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05",
		"2026-01-02T03:04:05.67Z", "2026-01-02T24:00:00Z", "2026-01-02T03:04:05.678Zx",
		"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-12-32T00:00:00Z",
		"2026-01-02T03:04:60Z",
	};
	i64 ms;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(time_from_iso(str_from(bad[i]), &ms));
}

TEST(durations)
{
	i64 ms;

	assert_true(time_from_duration(S("90s"), &ms) && ms == 90000);
	assert_true(time_from_duration(S("7d"), &ms) && ms == 604800000);
	assert_false(time_from_duration(S("d"), &ms));
	assert_false(time_from_duration(S("0h"), &ms));
	assert_false(time_from_duration(S("-1h"), &ms));
	assert_false(time_from_duration(S("9223372036854775807d"), &ms));
	assert_false(time_from_duration(S("5 m"), &ms));
}

TEST_MAIN("base/clock")
