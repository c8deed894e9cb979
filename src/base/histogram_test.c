#include "base/histogram.h"

#include "base/test.h"

TEST(bounds_rise)
{
	for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(histogram_bounds_us[i - 1] < histogram_bounds_us[i]);
}

TEST(a_bound_belongs_to_its_bucket)
{
	static const struct { i64 us; size_t bucket; } cases[] = {
		{ -5, 0 }, { 0, 0 }, { 100, 0 }, { 101, 1 }, { 1000, 3 }, { 1001, 4 },
		{ 86400LL * 1000000, HISTOGRAM_BOUNDS - 1 }, { 86400LL * 1000000 + 1, HISTOGRAM_BOUNDS },
		{ INT64_MAX / 2, HISTOGRAM_BOUNDS },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct histogram h = { 0 };

		histogram_add(&h, cases[i].us);
		assert_int_equal((int)h.counts[cases[i].bucket], 1);
		assert_int_equal(histogram_count(&h), 1);
		assert_int_equal(h.sum_us, MAX(cases[i].us, 0));
	}
}

TEST(sums_up)
{
	struct histogram h = { 0 };

	for (i64 us = 1; us <= 1000; us++)
		histogram_add(&h, us);
	assert_int_equal(histogram_count(&h), 1000);
	assert_int_equal(h.counts[0], 100);
	assert_int_equal(h.counts[1], 150);
	assert_int_equal(h.sum_us, 500500);
}

TEST_MAIN("base/histogram")
