#include "crypto/secretbox.h"

#include "crypto/test_keys.h"

/* wire-core.md 14 */
#define SEALEDBOX "l5AWg/bzsls5GhHeusSD9MFBLuB/uHS5wTJat2DYOn0lNojq1ex7NQ0KapQG82DOb0kkO9bn" \
	"KF7c9BYjvGsofOGJZjIRo7YllgE+1QD5Y8c="

TEST(sealed_box_vectors)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair recipient = test_pair(3);
	struct box_pair own;
	str boxed, plain;

	box_pair_from_sign(&recipient, &own);
	assert_true(base64_decode(a, S(SEALEDBOX), &boxed));
	assert_true(sealedbox_open(a, boxed, &own, &plain));
	assert_int_equal(plain.len, 32);
	for (size_t i = 0; i < plain.len; i++)
		assert_int_equal(plain.ptr[i], 0x11);
	/* http-data-web.md 12: a root key sealed to a claim */
	box_pair_from_seed(test_bytes(a, 0x60, 32), &own);
	assert_true(base64url_decode(a, S("c45BPAiCtojmXFFqtUuqKwKQ3Hck2a8Lkw76qSn9DjI7pKPtDnf_h41Q"
					  "Kx-s038IdqZCV4CfqWkUIkLZ8D-z2SmGlxpK1EwgFA7UEEcmeV8"),
				     &boxed));
	assert_true(sealedbox_open(a, boxed, &own, &plain));
	assert_str(plain, str_of(test_bytes(a, 0x80, 32), 32));
}

TEST(sealed_boxes_notice_changes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct box_pair own, other;
	str boxed, plain = S("unset");
	static const u8 small_order[BOX_KEY_BYTES];

	box_pair_new(&own);
	box_pair_new(&other);
	assert_true(sealedbox_seal(a, S("root key"), own.pk, &boxed));
	assert_int_equal(boxed.len, 8 + SEALEDBOX_EXTRA);
	for (size_t bit = 0; bit < 8 * boxed.len; bit++)
		assert_false(sealedbox_open(a, test_flip(a, boxed, bit), &own, &plain));
	for (size_t n = 0; n < boxed.len; n++)
		assert_false(sealedbox_open(a, str_of(boxed.ptr, n), &own, &plain));
	assert_false(sealedbox_open(a, boxed, &other, &plain));
	assert_str(plain, S("unset"));
	assert_true(sealedbox_open(a, boxed, &own, &plain));
	assert_str(plain, S("root key"));
	assert_false(sealedbox_seal(a, S("root key"), small_order, &boxed));
}

TEST(packed_secrets_notice_changes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const u8 *key = test_bytes(a, 0, 32), *other = test_bytes(a, 1, 32);
	str packed = secretbox_pack(a, S("secret"), key), plain = S("unset");

	assert_int_equal(packed.len, SECRET_NONCE_BYTES + 6 + SECRET_MAC_BYTES);
	assert_false(str_eq(packed, secretbox_pack(a, S("secret"), key)));
	for (size_t bit = 0; bit < 8 * packed.len; bit++)
		assert_false(secretbox_unpack(a, test_flip(a, packed, bit), key, &plain));
	for (size_t n = 0; n < packed.len; n++)
		assert_false(secretbox_unpack(a, str_of(packed.ptr, n), key, &plain));
	assert_false(secretbox_unpack(a, packed, other, &plain));
	assert_false(secretbox_unpack(a, STR_NONE, key, &plain));
	assert_str(plain, S("unset"));
	assert_true(secretbox_unpack(a, packed, key, &plain));
	assert_str(plain, S("secret"));
}

TEST(derived_keys_differ_by_number_context_and_master)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const u8 *master = test_bytes(a, 0, 32);
	u8 one[32], two[32];

	kdf_derive(master, 1, "cminvite", one);
	kdf_derive(master, 1, "cminvite", two);
	assert_memory_equal(one, two, 32);
	kdf_derive(master, 2, "cminvite", two);
	assert_memory_not_equal(one, two, 32);
	kdf_derive(master, 1, "cmother_", two);
	assert_memory_not_equal(one, two, 32);
	kdf_derive(test_bytes(a, 1, 32), 1, "cminvite", two);
	assert_memory_not_equal(one, two, 32);
}

TEST_MAIN("crypto/secretbox")
