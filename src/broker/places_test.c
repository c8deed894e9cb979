/*
 * places_test.c - who is where, and how often one may ask.
 */
#include "broker/places.h"

#include "base/test.h"
#include "crypto/secret.h"
#include "engine/prove.h"
#include "proto/limits.h"

static struct places *nobody(void)
{
	assert_true(crypto_start());
	return places_new(&random_system);
}

static struct proof at(i64 pid, const char *cwd)
{
	struct proof p = { 0 };

	proof_place(&p, pid, str_from(cwd));
	return p;
}

TEST(a_place_is_an_address_a_process_and_a_directory)
{
	struct places *ps = nobody();
	struct place a = { 0 }, b = { 0 }, c = { 0 };
	struct proof here = at(7, "/srv"), other = at(8, "/srv"), there = at(7, "/srv/x");

	assert_null(places_find(ps, S("10.0.0.1"), here.place));
	places_enter(ps, &a, S("10.0.0.1"), here.place);
	places_enter(ps, &b, S("10.0.0.2"), here.place);
	places_enter(ps, &c, S("10.0.0.1"), other.place);
	assert_ptr_equal(places_find(ps, S("10.0.0.1"), here.place), &a);
	assert_ptr_equal(places_find(ps, S("10.0.0.2"), here.place), &b);
	assert_ptr_equal(places_find(ps, S("10.0.0.1"), other.place), &c);
	assert_null(places_find(ps, S("10.0.0.1"), there.place));
	assert_null(places_find(ps, S("10.0.0.12"), here.place));
	places_leave(ps, &a);
	places_leave(ps, &a);
	assert_null(places_find(ps, S("10.0.0.1"), here.place));
	places_leave(ps, &b);
	places_leave(ps, &c);
	places_free(ps);
}

TEST(of_several_the_newest_is_meant)
{
	struct places *ps = nobody();
	struct place p[3] = { 0 };
	struct proof here = at(7, "/srv");

	for (int i = 0; i < 3; i++)
		places_enter(ps, &p[i], S("::1"), here.place);
	assert_ptr_equal(places_find(ps, S("::1"), here.place), &p[2]);
	places_leave(ps, &p[1]);
	assert_ptr_equal(places_find(ps, S("::1"), here.place), &p[2]);
	places_leave(ps, &p[2]);
	assert_ptr_equal(places_find(ps, S("::1"), here.place), &p[0]);
	places_leave(ps, &p[0]);
	assert_null(places_find(ps, S("::1"), here.place));
	places_free(ps);
}

TEST(who_tells_no_process_or_no_directory_is_nowhere)
{
	assert_true(at(1, "/").has_place);
	assert_false(at(0, "/").has_place);
	assert_false(at(-1, "/").has_place);
	assert_false(at(1, "").has_place);
}

TEST(lies_are_counted_for_each_address_and_the_oldest_address_is_forgotten)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct places *ps = nobody();

	for (int i = 0; i < HOOK_MISSES_BURST; i++)
		assert_true(places_charge(ps, S("10.0.0.1"), 1000));
	assert_false(places_charge(ps, S("10.0.0.1"), 1000));
	assert_true(places_charge(ps, S("10.0.0.2"), 1000));
	places_give_back(ps, S("10.0.0.1"));
	places_give_back(ps, S("10.0.0.3"));
	assert_true(places_charge(ps, S("10.0.0.1"), 1000));
	assert_false(places_charge(ps, S("10.0.0.1"), 1000));
	assert_false(places_charge(ps, S("10.0.0.1"), 1000 + 60000 / HOOK_MISSES_PER_MINUTE - 1));
	assert_true(places_charge(ps, S("10.0.0.1"), 1000 + 60000 / HOOK_MISSES_PER_MINUTE));
	for (int i = 0; i < PLACES_CALLERS_MAX; i++)
		assert_true(places_charge(ps, arena_printf(a, "10.1.%d.%d", i / 256, i % 256), 2000));
	assert_true(places_charge(ps, S("10.0.0.1"), 2000));
	places_free(ps);
}

TEST(true_ones_are_counted_for_each_connection)
{
	struct place p = { 0 }, other = { 0 };

	for (int i = 0; i < HOOKS_PER_MINUTE; i++)
		assert_true(place_charge(&p, 1000));
	assert_false(place_charge(&p, 1000));
	assert_true(place_charge(&other, 1000));
	assert_true(place_charge(&p, 1000 + 60000 / HOOKS_PER_MINUTE));
}

TEST_MAIN("broker/places")
