/*
 * challenge_test.c - a page's challenge is good once, for a while, and only if it is ours.
 */
#include "base/test.h"

#include "broker/challenge.h"
#include "crypto/secret.h"

#define USE(c, challenge) challenges_use(c, challenge, S("key"), S("127.0.0.1"))

struct stage {
	struct clock_fixed at;
	struct clock clock;
	struct random_seed seed;
	struct random random;
	struct challenges *c;
};

static void stage_init(struct stage *t)
{
	*t = (struct stage){ .seed = { 7 } };
	assert_true(crypto_start());
	t->clock = clock_fixed(&t->at);
	t->random = random_seeded(&t->seed);
	t->c = challenges_new(&t->clock, &t->random);
}

TEST(a_challenge_is_good_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage t;
	str one, two;

	stage_init(&t);
	one = challenges_make(t.c, a);
	two = challenges_make(t.c, a);
	assert_int_equal(one.len, 43);
	assert_false(str_eq(one, two));
	assert_true(challenges_ok(t.c, one));
	assert_true(challenges_ok(t.c, one));
	assert_int_equal(USE(t.c, one), CHALLENGE_USED);
	assert_false(challenges_ok(t.c, one));
	assert_int_equal(USE(t.c, one), CHALLENGE_WAS_USED);
	assert_true(challenges_ok(t.c, two));
	challenges_free(t.c);
}

TEST(a_challenge_gets_old)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage t;
	str one;

	stage_init(&t);
	one = challenges_make(t.c, a);
	t.at.us += (CHALLENGE_MS - 1) * 1000;
	assert_true(challenges_ok(t.c, one));
	/* Its socket is open, its hello a little late; nobody else can use it meanwhile. */
	t.at.us += 5000 * 1000;
	assert_false(challenges_ok(t.c, one));
	assert_int_equal(USE(t.c, one), CHALLENGE_USED);
	t.at.us += CHALLENGE_MS * 1000;
	assert_int_equal(USE(t.c, one), CHALLENGE_WAS_USED);
	challenges_free(t.c);
}

TEST(only_ours_are_good)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage t, other;
	char text[44] = { 0 };
	str one;

	stage_init(&t);
	stage_init(&other);
	challenges_free(other.c);
	other.seed.state = 99;
	other.c = challenges_new(&other.clock, &other.random);
	one = challenges_make(t.c, a);
	assert_false(challenges_ok(other.c, one));
	for (size_t i = 0; i < one.len; i++) {
		memcpy(text, one.ptr, one.len);
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_false(challenges_ok(t.c, str_from(text)));
	}
	assert_false(challenges_ok(t.c, S("")));
	assert_false(challenges_ok(t.c, S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
	assert_false(challenges_ok(t.c, arena_printf(a, "%.*s=", STRF(one))));
	assert_int_equal(USE(t.c, S("short")), CHALLENGE_WAS_USED);
	challenges_free(t.c);
	challenges_free(other.c);
}

TEST(nobody_fills_the_table_for_the_others)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage t;
	str one;
	size_t n = 0;

	stage_init(&t);
	/* One key, whatever addresses it has. */
	for (int i = 0; i < CHALLENGES_PER_KEY_MAX; i++)
		assert_int_equal(challenges_use(t.c, challenges_make(t.c, a), S("eve"), arena_printf(a, "10.0.0.%d", i)),
				 CHALLENGE_USED);
	one = challenges_make(t.c, a);
	assert_int_equal(challenges_use(t.c, one, S("eve"), S("10.0.1.1")), CHALLENGE_FULL);
	assert_int_equal(challenges_use(t.c, one, S("alice"), S("10.0.0.1")), CHALLENGE_USED);
	assert_int_equal(challenges_use(t.c, one, S("alice"), S("10.0.0.1")), CHALLENGE_WAS_USED);
	/* One address, whatever keys it makes. */
	while (challenges_use(t.c, challenges_make(t.c, a), arena_printf(a, "key %zu", n), S("10.9.9.9")) ==
	       CHALLENGE_USED)
		n++;
	assert_int_equal(n, CHALLENGES_PER_ADDRESS_MAX);
	assert_int_equal(challenges_use(t.c, challenges_make(t.c, a), S("bob"), S("10.0.0.2")), CHALLENGE_USED);
	/* What was used long ago makes room, for both. */
	t.at.us += 4LL * CHALLENGE_MS * 1000;
	assert_int_equal(challenges_use(t.c, challenges_make(t.c, a), S("eve"), S("10.9.9.9")), CHALLENGE_USED);
	challenges_free(t.c);
}

TEST(what_was_nobodys_is_forgotten)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage t;

	stage_init(&t);
	for (int i = 0; i < 2 * CHALLENGES_PER_KEY_MAX; i++) {
		str one = challenges_make(t.c, a);

		assert_int_equal(USE(t.c, one), CHALLENGE_USED);
		assert_int_equal(USE(t.c, one), CHALLENGE_WAS_USED);
		challenges_forget(t.c, one);
	}
	challenges_forget(t.c, S("short"));
	challenges_forget(t.c, challenges_make(t.c, a));
	challenges_free(t.c);
}

TEST_MAIN("broker/challenge")
