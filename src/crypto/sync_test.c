#include "crypto/sync.h"

#include "base/test.h"
#include "crypto/encode.h"

TEST(a_claim_holds_for_what_was_signed_and_nothing_else)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair key;
	struct sync_claim c = { S("account1"), S("mesh1"), STR_NONE, 1700000000000 }, other;
	str signature;

	sign_pair_new(&key);
	c.pubkey = hex_encode(a, str_of(key.pk, sizeof(key.pk)));
	assert_ok(sync_claim_sign(a, &c, &key, &signature));
	assert_true(sync_claim_check(a, &c, signature));
	other = c;
	other.account = S("account2");
	assert_false(sync_claim_check(a, &other, signature));
	other = c;
	other.mesh_id = S("mesh2");
	assert_false(sync_claim_check(a, &other, signature));
	other = c;
	other.timestamp_ms++;
	assert_false(sync_claim_check(a, &other, signature));
	/* Nothing moves from one field to the next. */
	other = c;
	other.account = S("account1|mesh1");
	assert_err(sync_claim_sign(a, &other, &key, &signature), BAD_REQUEST);
}

TEST_MAIN("crypto/sync")
