#include "client/members.h"

#include "base/test.h"

TEST(a_sender_is_verified_by_the_list_and_its_own_proof)
{
	struct members m = { 0 };
	struct member_args rows[] = { { .pubkey = S("alice"), .verified = true }, { .pubkey = S("bob") } };
	struct member_list list = { rows, ARRAY_LEN(rows), true };
	static const struct { const char *key; bool proven, verified; } cases[] = {
		{ "alice", true, true },
		{ "alice", false, false },   /* only said to be hers */
		{ "bob", true, false },      /* nobody vouches for him */
		{ "carol", true, false },
		{ "", true, false },
	};

	members_take(&m, &list, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct inbound from = { .from_member_pubkey = str_from(cases[i].key),
					.proven = cases[i].proven };

		members_verify_sender(&m, &from);
		assert_int_equal(from.verified, cases[i].verified);
	}
	members_done(&m);
}

TEST(the_list_is_asked_for_when_it_may_tell_more_and_not_for_each_message)
{
	struct members m = { 0 };
	struct member_args row = { .pubkey = S("alice"), .verified = true };
	struct member_list list = { &row, 1, true };
	struct inbound alice = { .from_member_pubkey = S("alice"), .proven = true },
		       bob = { .from_member_pubkey = S("bob"), .proven = true }, nobody = { 0 };

	assert_false(members_want(&m, &nobody, 0));
	assert_true(members_want(&m, &alice, 0));
	members_take(&m, &list, 0);
	assert_false(members_want(&m, &alice, 0));
	assert_false(members_want(&m, &bob, MEMBERS_AGAIN_MS - 1));
	assert_true(members_want(&m, &bob, MEMBERS_AGAIN_MS));
	/* It could not be had: what is known stays. */
	members_take(&m, NULL, MEMBERS_AGAIN_MS);
	assert_false(members_want(&m, &bob, MEMBERS_AGAIN_MS + 1));
	members_verify_sender(&m, &alice);
	assert_true(alice.verified);
	members_done(&m);
}

TEST_MAIN("client/members")
