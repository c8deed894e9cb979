/*
 * challenge_test.c - a page's challenge is good once, for a while, and only if it is ours.
 */
#include "base/test.h"

#include "broker/challenge.h"
#include "crypto/secret.h"

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
	assert_true(challenges_use(t.c, one));
	assert_false(challenges_ok(t.c, one));
	assert_false(challenges_use(t.c, one));
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
	assert_true(challenges_use(t.c, one));
	t.at.us += CHALLENGE_MS * 1000;
	assert_false(challenges_use(t.c, one));
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
	assert_false(challenges_use(t.c, S("short")));
	challenges_free(t.c);
	challenges_free(other.c);
}

TEST_MAIN("broker/challenge")
