#include "base/ids.h"
#include "base/test.h"

TEST(message_ids_rise_and_their_first_8_characters_tell_milliseconds_apart)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct clock_fixed at = { .us = 1700000000000000 };
	struct clock clock = clock_fixed(&at);
	struct random_seed seed = { 1 };
	struct random random = random_seeded(&seed);
	struct id_source src = { &clock, &random, 0 };
	str ids[1000];

	for (size_t i = 0; i < 1000; i++, at.us += 1000)
		ids[i] = id_message(a, &src);
	for (size_t i = 0; i < 1000; i++) {
		size_t hits = 0;

		for (size_t j = 0; j < 1000; j++)
			hits += str_starts(ids[j], str_of(ids[i].ptr, 8));
		assert_int_equal(hits, 1);
		assert_true(i == 0 || str_cmp(ids[i - 1], ids[i]) < 0);
		assert_int_equal(ids[i].len, ID_LEN);
	}
}

TEST(message_ids_rise_when_the_clock_stands_or_goes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct clock_fixed at = { .us = 1700000000000000 };
	struct clock clock = clock_fixed(&at);
	struct id_source src = { &clock, &random_system, 0 };
	str last = id_message(a, &src);

	for (int i = 0; i < 100; i++) {
		str next = id_message(a, &src);

		assert_true(str_cmp(last, next) < 0);
		last = next;
		at.us -= 10;
	}
}

TEST(ids_are_base62_and_prefixes_are_checked)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str id = id_random(a, &random_system);

	assert_true(id_is_prefix(id, ID_LEN));
	assert_true(id_is_prefix(S("abcdEFG1"), 8));
	assert_false(id_is_prefix(S("abcdEFG"), 8));
	assert_false(id_is_prefix(S("abcd_FG1"), 8));
	assert_int_equal(id_uuid(a, &random_system).len, 36);
	assert_int_equal(id_uuid(a, &random_system).ptr[14], '4');
}

/* Takes bytes from the kernel's generator and counts them. */
static void fill_counting(void *arg, void *out, size_t n)
{
	*(size_t *)arg += n;
	random_fill(&random_system, out, n);
}

/* D-45: every character but the time comes from the generator that is handed in, which is the
 * kernel's outside tests; none from a cheaper one. */
TEST(ids_are_made_of_the_given_randomness_and_nothing_else)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct clock_fixed at = { .us = 1700000000000000 };
	struct clock clock = clock_fixed(&at);
	struct random_seed one = { 1 }, same = { 1 }, other = { 2 };
	struct random r1 = random_seeded(&one), r2 = random_seeded(&same),
		      r3 = random_seeded(&other);
	size_t bytes = 0;
	struct random counting = { fill_counting, &bytes };
	struct id_source src = { &clock, &counting, 0 };
	str id = id_random(a, &r1);

	assert_str(id, id_random(a, &r2));
	assert_false(str_eq(id, id_random(a, &r3)));
	(void)id_random(a, &counting);
	assert_true(bytes >= ID_LEN * 3 / 4); /* 62 symbols need more than 5 bits each */
	bytes = 0;
	(void)id_message(a, &src);
	assert_true(bytes >= (ID_LEN - ID_TIME_LEN) * 3 / 4);
}

/* Many ids from one call to the kernel, no byte of it used twice. */
TEST(message_ids_share_what_was_asked_for_at_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct clock_fixed at = { .us = 1700000000000000 };
	struct clock clock = clock_fixed(&at);
	size_t bytes = 0;
	struct random counting = { fill_counting, &bytes };
	struct id_source src = { &clock, &counting, 0 };
	str ids[1000];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ids[i] = id_message(a, &src);
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(str_skip(ids[i], ID_TIME_LEN), str_skip(ids[k], ID_TIME_LEN)));
	}
	assert_in_range(bytes, 1000 * (ID_LEN - ID_TIME_LEN), 1100 * (ID_LEN - ID_TIME_LEN));
}

TEST(an_id_tells_its_time_and_a_prefix_a_span)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	static const i64 times[] = { 0, 61, 62, 1700000000000000, 1795423361123456 };
	static const struct { const char *prefix; i64 first, last; } cases[] = {
		{ "000000000", 0, 0 },       { "00000000Z", 35, 35 },  { "00000000z", 61, 61 },
		{ "00000000a", 36, 36 },     { "00000001", 62, 123 },  { "000000010zzz", 62, 62 },
		{ "0000000", 0, 62 * 62 - 1 },
	};
	i64 first, last;

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct clock_fixed at = { .us = times[i] };
		struct clock clock = clock_fixed(&at);
		struct id_source src = { &clock, &random_system, -1 };
		str id = id_message(a, &src);

		id_times(id, &first, &last);
		assert_true(first == times[i] && last == times[i]);
		id_times(str_of(id.ptr, 8), &first, &last);
		assert_true(first <= times[i] && times[i] <= last && last - first == 61);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		id_times(str_from(cases[i].prefix), &first, &last);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(last, cases[i].last);
	}
}

TEST(alphabets_are_used_evenly)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 7 };
	struct random random = random_seeded(&seed);
	str text = id_from_alphabet(a, &random, S("abc"), 30000);
	int counts[3] = { 0 };

	for (size_t i = 0; i < text.len; i++)
		counts[text.ptr[i] - 'a']++;
	for (int i = 0; i < 3; i++)
		assert_in_range(counts[i], 9600, 10400);
}

TEST_MAIN("base/ids")
