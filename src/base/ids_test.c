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
