#include "base/timers.h"
#include "base/random.h"
#include "base/test.h"

struct note { struct timer timer; i64 want; };

static void fire(void *context, void *owner)
{
	struct note *n = owner;
	i64 *last = context;

	assert_true(n->want >= *last);
	assert_int_equal(n->want, n->timer.at_ms);
	*last = n->want;
	n->want = -1;
}

TEST(deadlines_fire_in_order_however_they_were_set_moved_and_cleared)
{
	struct random_seed seed = { 3 };
	struct random random = random_seeded(&seed);
	struct timers t = { 0 };
	static struct note notes[500];
	i64 last = 0;

	for (size_t step = 0; step < 5000; step++) {
		struct note *n = &notes[random_below(&random, ARRAY_LEN(notes))];

		n->timer.fn = fire;
		n->timer.owner = n;
		if (random_below(&random, 4) == 0) {
			timer_clear(&t, &n->timer);
			n->want = -1;
		} else {
			n->want = (i64)random_below(&random, 1000);
			timer_set(&t, &n->timer, n->want);
		}
	}
	timers_run(&t, 1000, SIZE_MAX, &last);
	assert_int_equal(timers_next(&t), INT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		assert_true(notes[i].want == -1 || !notes[i].timer.fn);
	timers_done(&t);
}

TEST_MAIN("base/timers")
