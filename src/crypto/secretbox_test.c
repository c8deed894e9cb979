#include "crypto/secretbox.h"

#include "crypto/test_keys.h"
#include "crypto/topic.h"

/* wire-core.md 14 */
#define TOPIC_SEALED "YDRufJEaX2uhVBKRdMr+dbKUrDu9VUljL0jOxiZvhBCt8obZpiogNNqFTCMzUnvbJBqk" \
	"/P1Y9fwRPXY3J0s/DaPBsamqooyJtIkL38sP19k="
#define TOPIC_BODY "KkHT1E86wfGcpdEr0zFbKAKNCjJ9w5mkytesW0eM"
#define SEALEDBOX "l5AWg/bzsls5GhHeusSD9MFBLuB/uHS5wTJat2DYOn0lNojq1ex7NQ0KapQG82DOb0kkO9bn" \
	"KF7c9BYjvGsofOGJZjIRo7YllgE+1QD5Y8c="

TEST(topic_key_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair session = test_pair(2), recipient = test_pair(3);
	u8 topic_key[TOPIC_KEY_BYTES], got[TOPIC_KEY_BYTES];
	const u8 *nonce = test_bytes(a, 0, BOX_NONCE_BYTES);
	struct box_pair sender;
	struct sealed sealed;
	str text;

	memset(topic_key, 0x11, sizeof(topic_key));
	box_pair_from_sign(&session, &sender);
	assert_ok(topic_key_seal(a, topic_key, &sender, S(RECIPIENT_PK), nonce, &sealed));
	assert_str(sealed.ciphertext, S(TOPIC_SEALED));
	assert_str(sealed.nonce, S(NONCE_B64));
	assert_ok(topic_key_open(a, sealed, &recipient, got));
	assert_memory_equal(got, topic_key, sizeof(got));
	sealed = topic_body_seal(a, S(HELLO_MESH), topic_key, nonce);
	assert_str(sealed.ciphertext, S(TOPIC_BODY));
	assert_ok(topic_body_open(a, sealed, topic_key, &text));
	assert_str(text, S(HELLO_MESH));
}

/* http-data-web.md 12 */
TEST(topic_key_vector_of_the_http_surface)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const u8 *topic_key = test_bytes(a, 0xa0, 32), *nonce = test_bytes(a, 0, BOX_NONCE_BYTES);
	struct sign_pair recipient;
	struct box_pair sender;
	struct sealed sealed;
	u8 got[TOPIC_KEY_BYTES];

	sign_pair_from_seed(test_bytes(a, 0x20, 32), &recipient);
	box_pair_from_seed(test_bytes(a, 0x40, 32), &sender);
	assert_ok(topic_key_seal(a, topic_key, &sender, sign_pair_pubkey(a, &recipient), nonce,
				 &sealed));
	assert_str(sealed.ciphertext,
		   S("8UtRcxMKG4Bofyc9Sej0dAp5OpSbg7EFg38qYej+4U/5hizQ8KV+hpZlTtVp/qpOFXJqj5wd"
		     "nXiyuRj5g0pTWzteWdzTjD9FBv1xpgZgreg="));
	assert_ok(topic_key_open(a, sealed, &recipient, got));
	assert_memory_equal(got, topic_key, sizeof(got));
	sealed = topic_body_seal(a, S("hello"), topic_key, nonce);
	assert_str(sealed.ciphertext, S("5vCSaRl2Ot6KCtDtwC3sle/72SS/"));
}

TEST(topic_keys_are_refused_when_changed_or_malformed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair recipient = test_pair(3), other = test_pair(1);
	struct sealed sealed = { S(NONCE_B64), S(TOPIC_SEALED) }, bad = sealed;
	static const u8 zero_blob[TOPIC_BLOB_BYTES];
	u8 key[TOPIC_KEY_BYTES] = { 9 };
	str blob;

	assert_true(base64_decode(a, sealed.ciphertext, &blob));
	/* Bit 255 of the sender's key is ignored by X25519 (RFC 7748). */
	for (size_t bit = 0; bit < 8 * blob.len; bit++) {
		bad.ciphertext = base64_encode(a, test_flip(a, blob, bit));
		if (bit != 255)
			assert_err(topic_key_open(a, bad, &recipient, key), UNAUTHORIZED);
	}
	assert_err(topic_key_open(a, sealed, &other, key), UNAUTHORIZED);
	for (size_t n = 0; n < blob.len; n++) {
		bad.ciphertext = base64_encode(a, str_of(blob.ptr, n));
		assert_err(topic_key_open(a, bad, &recipient, key), BAD_REQUEST);
	}
	bad.ciphertext = base64_encode(a, arena_printf(a, "%081d", 0));
	assert_err(topic_key_open(a, bad, &recipient, key), BAD_REQUEST);
	/* A sender key of small order: the shared key would be known to all. */
	bad.ciphertext = base64_encode(a, str_of(zero_blob, sizeof(zero_blob)));
	assert_err(topic_key_open(a, bad, &recipient, key), UNAUTHORIZED);
	bad = sealed;
	bad.nonce = S("AAEC");
	assert_err(topic_key_open(a, bad, &recipient, key), BAD_REQUEST);
	assert_int_equal(key[0], 9);
}

TEST(topic_bodies_are_refused_when_changed_or_malformed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sealed sealed = { S(NONCE_B64), S(TOPIC_BODY) }, bad = sealed;
	u8 key[TOPIC_KEY_BYTES];
	str boxed, text = S("unset");

	memset(key, 0x11, sizeof(key));
	assert_true(base64_decode(a, sealed.ciphertext, &boxed));
	for (size_t bit = 0; bit < 8 * boxed.len; bit++) {
		bad.ciphertext = base64_encode(a, test_flip(a, boxed, bit));
		assert_err(topic_body_open(a, bad, key, &text), UNAUTHORIZED);
	}
	bad.ciphertext = S("AAEC");
	assert_err(topic_body_open(a, bad, key, &text), UNAUTHORIZED);
	bad.ciphertext = S("AAE");
	assert_err(topic_body_open(a, bad, key, &text), BAD_REQUEST);
	assert_err(topic_body_open(a, topic_body_seal(a, S("\xff"), key, NULL), key, &text),
		   BAD_REQUEST);
	key[0]++;
	assert_err(topic_body_open(a, sealed, key, &text), UNAUTHORIZED);
	assert_str(text, S("unset"));
}

TEST(topic_keys_go_to_real_keys_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 key[TOPIC_KEY_BYTES] = { 0 };
	struct box_pair sender;
	struct sealed s, again;

	box_pair_new(&sender);
	for (size_t i = 0; i < ARRAY_LEN(test_bad_points); i++)
		assert_err(topic_key_seal(a, key, &sender, str_from(test_bad_points[i]), NULL, &s),
			   BAD_REQUEST);
	assert_err(topic_key_seal(a, key, &sender, S("abcd"), NULL, &s), BAD_REQUEST);
	assert_ok(topic_key_seal(a, key, &sender, S(RECIPIENT_PK), NULL, &s));
	assert_ok(topic_key_seal(a, key, &sender, S(RECIPIENT_PK), NULL, &again));
	assert_false(str_eq(s.nonce, again.nonce));
}

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
