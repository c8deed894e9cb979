#include "crypto/passphrase.h"

#include "base/test.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

static const u8 salt[PASSPHRASE_SALT_BYTES] = { 1, 2, 3 };
static const u8 nonce[PASSPHRASE_NONCE_BYTES] = { 4, 5, 6 };
/* The least that libsodium takes: tests need no strength. */
static const struct passphrase_cost cheap = { 1, 8192 };

TEST(what_was_sealed_opens_with_the_same_words_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str sealed, plain;

	assert_true(crypto_start());
	assert_true(passphrase_seal(a, S("correct horse"), cheap, salt, nonce, S("head"), S("secret"), &sealed));
	assert_int_equal(sealed.len, 6 + PASSPHRASE_MAC_BYTES);
	assert_true(passphrase_open(a, S("correct horse"), cheap, salt, nonce, S("head"), sealed, &plain));
	assert_str(plain, S("secret"));
	assert_false(passphrase_open(a, S("correct horsf"), cheap, salt, nonce, S("head"), sealed, &plain));
	assert_false(passphrase_open(a, S(""), cheap, salt, nonce, S("head"), sealed, &plain));
	assert_false(passphrase_open(a, S("correct horse"), cheap, salt, nonce, S("heaD"), sealed, &plain));
	assert_false(passphrase_open(a, S("correct horse"), (struct passphrase_cost){ 2, 8192 }, salt, nonce,
				     S("head"), sealed, &plain));
	for (size_t i = 0; i < sealed.len; i++) {
		str changed = arena_dup(a, sealed);

		((char *)changed.ptr)[i] ^= 1;
		assert_false(passphrase_open(a, S("correct horse"), cheap, salt, nonce, S("head"), changed, &plain));
	}
	for (size_t n = 0; n < sealed.len; n++)
		assert_false(passphrase_open(a, S("correct horse"), cheap, salt, nonce, S("head"),
					     str_of(sealed.ptr, n), &plain));
}

TEST(a_cost_is_bounded)
{
	assert_true(passphrase_cost_is_sane(passphrase_interactive));
	assert_true(passphrase_cost_is_sane(passphrase_moderate));
	assert_int_equal(passphrase_interactive.ops, 2);
	assert_int_equal(passphrase_interactive.memory, 64 << 20);
	assert_false(passphrase_cost_is_sane((struct passphrase_cost){ 0, 64 << 20 }));
	assert_false(passphrase_cost_is_sane((struct passphrase_cost){ PASSPHRASE_OPS_MAX + 1, 64 << 20 }));
	assert_false(passphrase_cost_is_sane((struct passphrase_cost){ 2, PASSPHRASE_MEMORY_MAX + 1 }));
	assert_false(passphrase_cost_is_sane((struct passphrase_cost){ 2, 0 }));
	assert_false(passphrase_cost_is_sane((struct passphrase_cost){ UINT64_MAX, UINT64_MAX }));
}

TEST_MAIN("crypto/passphrase")
