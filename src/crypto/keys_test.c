#include "crypto/keys.h"

#include "crypto/test_keys.h"

TEST(start_can_be_repeated)
{
	assert_true(crypto_start());
	assert_true(crypto_start());
}

static const struct { u8 seed; const char *pk, *x_sk, *x_pk; } vectors[] = {
	{ 1, MEMBER_PK, NULL, NULL },
	{ 2, SESSION_PK, "a83c626bc9c38c8c201878ebb1d5b0b50ac40e8986c78793db1d4ef369fca14e",
	  "60346e7c911a5f6ba154129174cafe75b294ac3bbd5549632f48cec6266f8410" },
	{ 3, RECIPIENT_PK, NULL,
	  "75e270df2952c57ba8367ba8618c178f9fe50db2799d304e74e918d985686146" },
};

TEST(seeds_give_the_keys_of_the_specification)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct sign_pair pair = test_pair(vectors[i].seed);
		struct box_pair box;
		u8 x_pk[BOX_KEY_BYTES];

		assert_str(sign_pair_pubkey(a, &pair), str_from(vectors[i].pk));
		box_pair_from_sign(&pair, &box);
		assert_true(box_pk_from_sign(pair.pk, x_pk));
		assert_memory_equal(x_pk, box.pk, sizeof(x_pk));
		if (vectors[i].x_pk)
			assert_str(hex_encode(a, str_of(x_pk, 32)), str_from(vectors[i].x_pk));
		if (vectors[i].x_sk)
			assert_str(hex_encode(a, str_of(box.sk, 32)), str_from(vectors[i].x_sk));
	}
}

TEST(converted_recipient_of_the_invite_vectors)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair pair;
	struct box_pair box;

	sign_pair_from_seed(test_bytes(a, 0x20, 32), &pair);
	assert_str(sign_pair_pubkey(a, &pair),
		   S("29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7"));
	box_pair_from_sign(&pair, &box);
	assert_str(hex_encode(a, str_of(box.pk, 32)),
		   S("5730800ab340fcb18ce5111eda9d705f91388b41e4544cbd103ba5942db2233e"));
}

TEST(box_pairs_from_seeds)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct box_pair box;

	box_pair_from_seed(test_bytes(a, 0x40, 32), &box);
	assert_str(hex_encode(a, str_of(box.pk, 32)),
		   S("f14b5173130a1b80687f273d49e8f4740a793a949b83b105837f2a61e8fee14f"));
	assert_str(hex_encode(a, str_of(box.sk, 32)),
		   S("6428d4276d036d787ba4df5803e7d15ae9165e486417ad3ae5e48b49290cd696"));
	box_pair_from_seed(test_bytes(a, 0x60, 32), &box);
	assert_str(base64url_encode(a, str_of(box.pk, 32)),
		   S("4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo"));
	assert_str(hex_encode(a, str_of(box.sk, 32)),
		   S("db37bddf3a71712960db96d3a4bdc43ea7d7ebb89680c0d374d27733cfe9bccc"));
}

TEST(secret_hex_both_ways)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair pair = test_pair(7), got = { 0 };
	str hex = sign_pair_secret(a, &pair);

	assert_int_equal(hex.len, 128);
	assert_true(sign_pair_from_hex(hex, &got));
	assert_memory_equal(&got, &pair, sizeof(pair));
	/* The wrong public half would sign for a key that is not ours. */
	for (size_t at = 0; at < hex.len; at += 127) {
		char other = hex.ptr[at] == '0' ? '1' : '0';

		assert_false(sign_pair_from_hex(test_poke(a, hex, at, other), &got));
	}
	assert_false(sign_pair_from_hex(test_poke(a, hex, 5, 'x'), &got));
	assert_false(sign_pair_from_hex(str_of(hex.ptr, 126), &got));
	assert_false(sign_pair_from_hex(str_of(hex.ptr, 64), &got));
	assert_false(sign_pair_from_hex(STR_NONE, &got));
	assert_memory_equal(&got, &pair, sizeof(pair));
}

TEST(new_pairs_differ_and_wiping_wipes)
{
	struct sign_pair one, two;
	struct box_pair box, other;
	static const u8 zero[sizeof(struct sign_pair)];

	sign_pair_new(&one);
	sign_pair_new(&two);
	assert_memory_not_equal(one.sk, two.sk, sizeof(one.sk));
	sign_pair_wipe(&one);
	assert_memory_equal(&one, zero, sizeof(one));
	box_pair_new(&box);
	box_pair_new(&other);
	assert_memory_not_equal(box.sk, other.sk, sizeof(box.sk));
	box_pair_wipe(&box);
	assert_memory_equal(&box, zero, sizeof(box));
}

TEST(every_flipped_bit_breaks_a_signature)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair pair = test_pair(1);
	str text = S("mesh0001|member01"), pk = str_of(pair.pk, sizeof(pair.pk));
	u8 sig[SIGN_BYTES];

	sign_make(text, &pair, sig);
	assert_true(sign_check(text, sig, pair.pk));
	for (size_t bit = 0; bit < 8 * sizeof(sig); bit++) {
		str bad = test_flip(a, str_of(sig, sizeof(sig)), bit);

		assert_false(sign_check(text, (const u8 *)bad.ptr, pair.pk));
	}
	for (size_t bit = 0; bit < 8 * text.len; bit++)
		assert_false(sign_check(test_flip(a, text, bit), sig, pair.pk));
	for (size_t bit = 0; bit < 8 * pk.len; bit++)
		assert_false(sign_check(text, sig, (const u8 *)test_flip(a, pk, bit).ptr));
	assert_false(sign_check(str_of(text.ptr, text.len - 1), sig, pair.pk));
}

TEST(hex_signatures_sizes_and_case)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair pair = test_pair(1), other = test_pair(2);
	str pk = S(MEMBER_PK), sig = sign_hex(a, S("text"), &pair);
	str mixed_pk = test_poke(a, pk, 1, 'A');
	char *upper = arena_cstr(a, sig);

	for (char *p = upper; *p; p++)
		if (*p >= 'a')
			*p = (char)(*p - 0x20);
	assert_true(str_is_hex(sig, SIGN_BYTES, true));
	assert_true(sign_check_hex(S("text"), sig, pk));
	assert_true(sign_check_hex(S("text"), str_from(upper), pk));
	assert_true(sign_check_hex(S("text"), sig, mixed_pk));
	assert_str(hex_lower(a, str_from(upper)), sig);
	assert_false(sign_check_hex(S("text"), sig, sign_pair_pubkey(a, &other)));
	assert_false(sign_check_hex(S("text"), str_of(sig.ptr, 126), pk));
	assert_false(sign_check_hex(S("text"), arena_printf(a, "%.*s00", STRF(sig)), pk));
	assert_false(sign_check_hex(S("text"), test_poke(a, sig, 3, 'g'), pk));
	assert_false(sign_check_hex(S("text"), sig, str_of(pk.ptr, 62)));
	assert_false(sign_check_hex(S("text"), STR_NONE, pk));
	assert_false(sign_check_hex(S("text"), sig, STR_NONE));
	assert_true(sign_check_hex(STR_NONE, sign_hex(a, S(""), &pair), pk));
}

/* With a key of small order one signature could pass for many texts. */
TEST(points_of_small_order_are_no_keys)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 sig[SIGN_BYTES] = { 1 }, x_pk[BOX_KEY_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(test_bad_points); i++) {
		str pk = test_unhex(a, str_from(test_bad_points[i]));

		assert_false(sign_check(S("any text"), sig, (const u8 *)pk.ptr));
		assert_false(box_pk_from_sign((const u8 *)pk.ptr, x_pk));
	}
}

TEST(valid_public_keys_are_lower_case)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str pk = S(MEMBER_PK);

	assert_true(pubkey_is_valid(pk));
	assert_false(pubkey_is_valid(test_poke(a, pk, 1, 'A')));
	assert_false(pubkey_is_valid(test_poke(a, pk, 1, 'g')));
	assert_false(pubkey_is_valid(str_of(pk.ptr, 63)));
	assert_false(pubkey_is_valid(STR_NONE));
}

TEST(secrets_are_wiped_with_their_arena)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str copy = secret_dup(a, S("top secret"));
	const volatile char *p = copy.ptr;

	assert_str(copy, S("top secret"));
	arena_reset(a);
	/* The first block survives a reset, so the memory can be looked at. */
	for (size_t i = 0; i < copy.len; i++)
		assert_int_equal(p[i], 0);
}

TEST(constant_time_comparison)
{
	assert_true(secret_eq(S("abc"), S("abc")));
	assert_false(secret_eq(S("abc"), S("abd")));
	assert_false(secret_eq(S("abc"), S("ab")));
	assert_true(secret_eq(S(""), STR_NONE));
}

TEST_MAIN("crypto/keys")
