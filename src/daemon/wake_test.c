#include "daemon/wake.h"

#include "base/test.h"

/* Two clocks, moved apart at will. */
struct hands {
	i64 wall_us, mono_us;
};

static i64 read_wall(void *arg)
{
	return ((struct hands *)arg)->wall_us;
}

static i64 read_mono(void *arg)
{
	return ((struct hands *)arg)->mono_us;
}

struct told {
	int n;
	i64 gap_ms;
};

static void on_gap(void *arg, i64 gap_ms)
{
	struct told *t = arg;

	t->n++;
	t->gap_ms = gap_ms;
}

TEST(a_gap_is_what_one_clock_has_and_another_has_not)
{
	static const struct {
		const char *what;
		i64 wall_s, mono_s; /* how far the clocks moved between two looks */
		i64 gap_s;          /* 0: nothing is told */
	} cases[] = {
		{ "the usual look", 5, 5, 0 },
		{ "a slow look", 9, 9, 0 },
		{ "a short sleep", 15, 5, 0 },
		{ "a sleep", 20, 5, 15 },
		{ "a night", 8 * 3600, 5, 8 * 3600 - 5 },
		{ "stopped for a minute", 65, 65, 60 },
		{ "stopped, and asleep meanwhile", 100, 65, 95 },
		{ "a wall clock set back by a day", 5 - 86400, 5, 86400 },
		{ "a second less", 4, 5, 0 },
		{ "a wall clock set ahead by a day", 86405, 5, 86400 },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *loop = NULL;

	assert_ok(loop_new(a, &loop));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hands hands = { 1700000000 * (i64)1000000, 77 };
		struct clock clock = { read_wall, read_mono, &hands };
		struct told told = { 0 };
		struct wake *w = wake_new(loop, &clock, on_gap, &told);

		print_message("# %s\n", cases[i].what);
		hands.wall_us += cases[i].wall_s * 1000000;
		hands.mono_us += cases[i].mono_s * 1000000;
		wake_look(w);
		assert_int_equal(told.n, cases[i].gap_s != 0);
		assert_int_equal(told.gap_ms, cases[i].gap_s * 1000);
		/* Told once. */
		hands.wall_us += 5000000;
		hands.mono_us += 5000000;
		wake_look(w);
		assert_int_equal(told.n, cases[i].gap_s != 0);
		wake_free(w);
	}
}

TEST(what_is_freed_looks_no_more)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *loop = NULL;
	struct told told = { 0 };

	assert_ok(loop_new(a, &loop));
	wake_free(wake_new(loop, &clock_real, on_gap, &told));
	wake_free(NULL);
	loop_turn(loop, 0);
	assert_int_equal(told.n, 0);
}

TEST_MAIN("daemon/wake")
