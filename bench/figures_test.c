#include "base/test.h"

#include "bench/figures.h"

static struct figures one(u64 lost, u64 rate)
{
	struct figures f = { .n = 0 };

	figures_add(&f, "lost", "", lost);
	figures_add(&f, "rate", "/s", rate);
	return f;
}

TEST(of_several_runs_the_median_is_told)
{
	struct figures runs[] = { one(0, 300), one(1, 100), one(0, 200) }, all;

	figures_join(&all, runs, ARRAY_LEN(runs));
	assert_int_equal(figures_get(&all, "rate")->value, 200);
	assert_int_equal(figures_get(&all, "rate")->least, 100);
	assert_int_equal(figures_get(&all, "rate")->most, 300);
}

TEST(a_count_of_one_run_is_not_hidden_by_the_others)
{
	struct figures runs[] = { one(0, 1), one(1, 1), one(0, 1) }, all;

	figures_join(&all, runs, ARRAY_LEN(runs));
	assert_int_equal(figures_get(&all, "lost")->value, 1);
}

TEST(the_order_of_figures_does_not_matter)
{
	struct figures runs[2] = { one(3, 7) }, all;

	figures_add(&runs[1], "rate", "/s", 9);
	figures_add(&runs[1], "lost", "", 4);
	figures_join(&all, runs, ARRAY_LEN(runs));
	assert_int_equal(figures_get(&all, "lost")->most, 4);
	assert_int_equal(figures_get(&all, "rate")->most, 9);
	assert_null(figures_get(&all, "other"));
}

TEST(no_more_figures_than_there_is_room)
{
	struct figures f = { .n = 0 };

	for (u64 i = 0; i < FIGURES_MAX + 5; i++)
		figures_add(&f, "x", "", i);
	assert_int_equal(f.n, FIGURES_MAX);
}

TEST(a_json_key_says_the_unit)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct figures f = one(0, 1);

	assert_str(figures_json_key(a, "", &f.items[0]), S("lost"));
	assert_str(figures_json_key(a, "yardstick_", &f.items[1]),
		   S("yardstick_rate_per_s"));
}

TEST_MAIN("bench/figures")
