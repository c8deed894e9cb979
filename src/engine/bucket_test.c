#include "engine/bucket.h"

#include "base/test.h"

TEST(a_burst_then_the_rate)
{
	const struct { i64 per_minute, burst, first, in_an_hour; } cases[] = {
		{ 60, 10, 10, 3600 }, { 1, 1, 1, 60 }, { 7, 3, 3, 420 }, { 60000, 1, 1, 3600000 },
	};

	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		struct bucket b = { 0 };
		i64 taken = 0, now_ms = 1000000;

		while (bucket_has(&b, now_ms, cases[c].per_minute, cases[c].burst)) {
			bucket_take(&b);
			taken++;
		}
		assert_int_equal(taken, cases[c].first);
		taken = 0;
		for (i64 ms = 1; ms <= 3600000; ms++) {
			while (bucket_has(&b, now_ms + ms, cases[c].per_minute, cases[c].burst)) {
				bucket_take(&b);
				taken++;
			}
		}
		/* Nothing is lost however often one asks. */
		assert_in_range(taken, cases[c].in_an_hour - 1, cases[c].in_an_hour + 1);
	}
}

TEST(no_rate_is_no_limit)
{
	struct bucket b = { 0 };

	for (int i = 0; i < 1000; i++) {
		assert_true(bucket_has(&b, 1, 0, 1));
		bucket_take(&b);
	}
}

TEST(it_holds_no_more_than_its_burst)
{
	struct bucket b = { .at_ms = 1000 };
	int taken = 0;

	bucket_take(&b);
	assert_false(bucket_is_full(&b, 1999, 60));
	assert_true(bucket_is_full(&b, 2000, 60));
	while (bucket_has(&b, INT64_C(86400000) * 365, 60, 10)) {
		bucket_take(&b);
		taken++;
	}
	assert_int_equal(taken, 10);
	bucket_give_back(&b, 2);
	assert_true(bucket_has(&b, INT64_C(86400000) * 365, 60, 10));
	bucket_give_back(&b, 1000);
	assert_int_equal(b.used, 0);
}

TEST(what_is_owed_is_paid_first)
{
	struct bucket b = { .at_ms = 0 };

	assert_true(bucket_has(&b, 0, 60, 10));
	bucket_take_many(&b, 15);
	assert_false(bucket_has(&b, 5000, 60, 10));
	assert_true(bucket_has(&b, 6000, 60, 10));
}

TEST(a_clock_that_goes_back_gives_nothing)
{
	struct bucket b = { 0 };

	assert_true(bucket_has(&b, 5000, 60, 1));
	bucket_take(&b);
	assert_false(bucket_has(&b, 1000, 60, 1));
	assert_false(bucket_has(&b, 1999, 60, 1));
	assert_true(bucket_has(&b, 2000, 60, 1));
}

TEST_MAIN("engine/bucket")
