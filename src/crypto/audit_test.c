/*
 * audit_test.c - the chain's formula against the vectors of wire-core.md 14 and
 * http-data-web.md 12, and checkpoints.
 */
#include "crypto/audit.h"

#include "base/clock.h"
#include "crypto/test_keys.h"

static str hex(struct arena *a, const u8 hash[AUDIT_HASH_BYTES])
{
	return hex_encode(a, str_of(hash, AUDIT_HASH_BYTES));
}

static i64 at(const char *iso)
{
	i64 ms = 0;

	assert_true(time_from_iso(str_from(iso), &ms));
	return ms;
}

TEST(the_chain_of_the_reference)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct audit_link joined = {
		S("mesh0001"), S("peer_joined"), S("member01"),
		S("{\"groups\":[{\"name\":\"g\",\"role\":\"lead\"}],\"pubkey\":\"ab\",\"restored\":false,"
		  "\"role\":\"control-plane\"}"), at("2026-01-02T03:04:05.678Z"),
	};
	struct audit_link left = { S("mesh0001"), S("peer_left"), S("member01"), S("{}"),
				   at("2026-01-02T03:05:05.678Z") };
	struct audit_link nobody = { S("MeshId00000000000000000000000001"), S("peer_joined"), STR_NONE,
				     S("{\"a\":1,\"b\":[true,\"x\"]}"), at("2026-01-02T03:04:05.006Z") };
	u8 first[AUDIT_HASH_BYTES], second[AUDIT_HASH_BYTES];

	audit_hash(a, &joined, NULL, first);
	assert_str(hex(a, first), S("7a0c3fdaccd62222895fc6f226b1adf5dd72dbd9d552577addb8019a6d7c0db5"));
	audit_hash(a, &left, first, second);
	assert_str(hex(a, second), S("d08d6ad44e05ac8ff89c603fa4b45407b6432c3b63d55f3064d95da08ac86977"));
	audit_hash(a, &nobody, NULL, first);
	assert_str(hex(a, first), S("8ae62c7b5e7a2be5e1e077aa94db8920b3c5fe5bb258372337d8f63201874540"));
}

TEST(every_field_and_every_bit_of_a_row_counts)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct audit_link link = { S("mesh"), S("kicked"), S("member"), S("{\"a\":\"b|c\"}"), 1000 };
	struct audit_link changed = link;
	str *texts[] = { &changed.mesh_id, &changed.event, &changed.actor, &changed.payload };
	u8 prev[AUDIT_HASH_BYTES] = { 1 }, want[AUDIT_HASH_BYTES], got[AUDIT_HASH_BYTES];

	audit_hash(a, &link, prev, want);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		str good = *texts[i];

		for (size_t bit = 0; bit < 8 * good.len; bit++) {
			*texts[i] = test_flip(a, good, bit);
			audit_hash(a, &changed, prev, got);
			assert_memory_not_equal(got, want, sizeof(want));
		}
		*texts[i] = good;
	}
	changed.created_ms++;
	audit_hash(a, &changed, prev, got);
	assert_memory_not_equal(got, want, sizeof(want));
	for (size_t bit = 0; bit < 8 * sizeof(prev); bit++) {
		prev[bit / 8] ^= (u8)(1 << bit % 8);
		audit_hash(a, &link, prev, got);
		assert_memory_not_equal(got, want, sizeof(want));
		prev[bit / 8] ^= (u8)(1 << bit % 8);
	}
	audit_hash(a, &link, NULL, got);
	assert_memory_not_equal(got, want, sizeof(want));
}

TEST(a_checkpoint_holds_as_it_was_signed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct checkpoint c = { S("mesh"), 7, S("ab"), 1000 };
	struct checkpoint others[] = {
		{ S("mesi"), 7, S("ab"), 1000 }, { S("mesh"), 8, S("ab"), 1000 },
		{ S("mesh"), 7, S("ac"), 1000 }, { S("mesh"), 7, S("ab"), 1001 },
		{ S("mesh|7"), 7, S("ab"), 1000 }, { S("mesh"), 7, S("ab|1"), 1000 },
	};
	struct keyfile keys = { .key = { 1, 2, 3 } }, other_keys = { .key = { 1, 2, 4 } };
	struct sign_pair pair, other;
	str signature, pubkey;

	checkpoint_pair(&keys, &pair);
	checkpoint_pair(&other_keys, &other);
	pubkey = sign_pair_pubkey(a, &pair);
	assert_ok(checkpoint_sign(a, &c, &pair, &signature));
	assert_true(checkpoint_check(a, &c, pubkey, signature));
	assert_false(checkpoint_check(a, &c, sign_pair_pubkey(a, &other), signature));
	assert_false(checkpoint_check(a, &c, STR_NONE, signature));
	assert_false(checkpoint_check(a, &c, pubkey, STR_NONE));
	for (size_t bit = 0; bit < 8 * signature.len; bit += 5)
		assert_false(checkpoint_check(a, &c, pubkey, test_flip(a, signature, bit)));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(checkpoint_check(a, &others[i], pubkey, signature));
	assert_err(checkpoint_sign(a, &others[4], &pair, &signature), BAD_REQUEST);
}

/* Pinned: a checkpoint that somebody keeps has to hold in later versions. */
TEST(the_key_of_checkpoints_never_changes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct keyfile keys;
	struct sign_pair pair;
	u8 seed[32];

	memcpy(keys.key, test_bytes(a, 0, 32), 32);
	checkpoint_pair(&keys, &pair);
	kdf_derive(test_bytes(a, 0, 32), 1, "cmcheckp", seed);
	assert_memory_equal(pair.sk, seed, sizeof(seed));
}

TEST_MAIN("crypto/audit")
