#include "daemon/local_token.h"

#include "client/test_dir.h"

TEST(made_once_and_private)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct place pl;
	str token, again;

	p.daemon = p.dir;
	assert_ok(place_find(a, &p, STR_NONE, &pl));
	assert_ok(local_token_open(a, &pl, &token));
	assert_int_equal(token.len, LOCAL_TOKEN_LEN);
	assert_int_equal(test_mode(a, pl.token), 0600);
	assert_ok(local_token_open(a, &pl, &again));
	assert_str(again, token);
	/* The reference's file ends with a newline. */
	test_write(a, pl.token, arena_printf(a, "%.*s\n", STRF(token)), 0600);
	assert_ok(local_token_open(a, &pl, &again));
	assert_str(again, token);
	test_write(a, pl.token, token, 0644);
	assert_err(local_token_open(a, &pl, &again), FORBIDDEN);
	test_write(a, pl.token, S("hello"), 0600);
	assert_err(local_token_open(a, &pl, &again), BAD_REQUEST);
}

TEST(who_is_admitted)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const str token = S("0123456789012345678901234567890123456789012");

	assert_true(local_token_admits(token, arena_printf(a, "Bearer %.*s", STRF(token))));
	assert_true(local_token_admits(token, arena_printf(a, "bearer  %.*s", STRF(token))));
	assert_false(local_token_admits(token, token));
	assert_false(local_token_admits(token, S("Bearer ")));
	assert_false(local_token_admits(token, S("Bearer")));
	assert_false(local_token_admits(token, STR_NONE));
	assert_false(local_token_admits(token, S("Bearer 0123456789012345678901234567890123456789013")));
	assert_false(local_token_admits(S(""), S("Bearer ")));
	assert_false(local_token_admits(STR_NONE, S("Bearer x")));
}

TEST_MAIN("daemon/local-token")
