#include "base/err.h"
#include "base/test.h"

TEST(codes_words_and_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e = FAIL(a, NOT_FOUND, "no peer named '%s'", "bbo");

	assert_str(err_wire(e), S("not_found"));
	assert_int_equal(err_http(e), 404);
	assert_int_equal(err_exit(e), 5);
	assert_str(err_public(e), S("no peer named 'bbo'"));
	assert_str(err_wire(err_word(e, S("mesh_not_found"))), S("mesh_not_found"));
	for (int code = 1; code < ERR_COUNT; code++)
		assert_int_equal(err_from_wire(err_wire(&(struct err){ .code = (enum err_code)code })), code);
	assert_int_equal(err_from_wire(S("nonsense")), ERR_NONE);
}

TEST(inner_faults_are_not_shown)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_false(str_contains(err_public(FAIL(a, INTERNAL, "secret path /x")), S("secret")));
}

TEST(a_copy_outlives_its_arena)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct arena *shorter = arena_new();
	struct err *e = err_word(FAIL(shorter, REFUSED, "no: '%s'", "x"), arena_dup(shorter, S("no_way")));
	struct err *copy = err_copy(a, e);

	arena_free(shorter);
	assert_err(copy, REFUSED);
	assert_str(copy->text, S("no: 'x'"));
	assert_str(err_wire(copy), S("no_way"));
	assert_null(err_copy(a, NULL));
}

TEST(tiers_go_with_the_copy)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct arena *shorter = arena_new();
	const str matches[] = { arena_dup(shorter, S("bob")), arena_dup(shorter, S("bobby")) };
	struct err *copy, *e = FAIL(shorter, AMBIGUOUS, "several");

	assert_null(e->tiers);
	err_explain(shorter, e, &(struct err_tiers){ .field = arena_dup(shorter, S("peer")), .nearest = S("bob"),
						     .matches = matches, .matches_n = 2 });
	copy = err_copy(a, e);
	arena_free(shorter);
	assert_str(copy->tiers->field, S("peer"));
	assert_str(copy->tiers->nearest, S("bob"));
	assert_null(copy->tiers->reason.ptr);
	assert_int_equal(copy->tiers->matches_n, 2);
	assert_str(copy->tiers->matches[1], S("bobby"));
	assert_int_equal(err_exit(copy), 3);
}

TEST_MAIN("base/err")
