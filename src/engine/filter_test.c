#include "engine/filter.h"

#include "base/random.h"
#include "base/test.h"

TEST(what_was_added_is_there_and_little_else)
{
	static const size_t sizes[] = { 1, 2, 100, 5000, 100000 };

	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		struct random_seed seed = { k }, again = { k };
		struct random r = random_seeded(&seed), same = random_seeded(&again);
		size_t n = sizes[k], size = filter_size(n), mistaken = 0;
		u8 *filter = calloc(size, 1);
		u64 hash;

		assert_true(size % FILTER_BLOCK == 0 && size >= n * FILTER_BYTES_EACH);
		for (size_t i = 0; i < n; i++) {
			random_fill(&r, &hash, sizeof(hash));
			filter_add(filter, size, hash);
		}
		for (size_t i = 0; i < n; i++) {
			random_fill(&same, &hash, sizeof(hash));
			assert_true(filter_has(filter, size, hash));
		}
		for (size_t i = 0; i < 100000; i++) {
			random_fill(&r, &hash, sizeof(hash));
			mistaken += filter_has(filter, size, hash);
		}
		assert_true(mistaken < 200);
		free(filter);
	}
}

TEST(an_empty_one_has_nothing)
{
	u8 filter[FILTER_BLOCK] = { 0 };

	assert_false(filter_has(filter, sizeof(filter), 0));
	assert_false(filter_has(filter, sizeof(filter), UINT64_MAX));
	filter_add(filter, sizeof(filter), UINT64_MAX);
	assert_true(filter_has(filter, sizeof(filter), UINT64_MAX));
	assert_int_equal(filter_size(0), FILTER_BLOCK);
}

/* Written to databases: it must never mean anything else. */
TEST(the_bits_are_fixed)
{
	u8 filter[2 * FILTER_BLOCK] = { 0 };
	size_t bits[2] = { 0 }, sum = 0;

	filter_add(filter, sizeof(filter), 0x0123456789abcdefu);
	filter_add(filter, sizeof(filter), 0xfedcba9876543210u);
	for (size_t i = 0; i < sizeof(filter) * 8; i++) {
		if (!(filter[i / 8] >> i % 8 & 1))
			continue;
		bits[i / (8 * FILTER_BLOCK)]++;
		sum += i;
	}
	assert_int_equal(bits[0], 8);
	assert_int_equal(bits[1], 8);
	assert_int_equal(sum, 8227);
}

TEST_MAIN("engine/filter")
