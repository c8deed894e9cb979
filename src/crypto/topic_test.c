#include "crypto/topic.h"

#include "crypto/test_keys.h"

/* wire-core.md 14 */
#define TOPIC_SEALED "YDRufJEaX2uhVBKRdMr+dbKUrDu9VUljL0jOxiZvhBCt8obZpiogNNqFTCMzUnvbJBqk" \
	"/P1Y9fwRPXY3J0s/DaPBsamqooyJtIkL38sP19k="
#define TOPIC_BODY "KkHT1E86wfGcpdEr0zFbKAKNCjJ9w5mkytesW0eM"

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

static const struct topic_slot slot_one = { S("MeshId01"), S("TopicId1"), 1 };

/* The web page's tests have the same vectors. */
#define SLOT_TAG_HEX "b49e596602ae6a68144fd269e89e67bf"

TEST(a_key_of_a_slot_opens_and_is_bound_to_it)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair own = test_pair(1), recipient = test_pair(3);
	u8 key[TOPIC_KEY_BYTES] = { 7 }, got[TOPIC_KEY_BYTES];
	struct sealed sealed, again;
	bool bound = false;
	str nonce;

	assert_ok(topic_slot_seal(a, key, &slot_one, &own, S(RECIPIENT_PK), &sealed));
	assert_true(base64_decode(a, sealed.nonce, &nonce));
	assert_str(hex_encode(a, str_of(nonce.ptr, 16)), S(SLOT_TAG_HEX));
	assert_ok(topic_slot_open(a, sealed, &slot_one, &recipient, S(MEMBER_PK), got, &bound));
	assert_true(bound);
	assert_memory_equal(got, key, sizeof(got));
	/* As the reference opens it. */
	memset(got, 0, sizeof(got));
	assert_ok(topic_key_open(a, sealed, &recipient, got));
	assert_memory_equal(got, key, sizeof(got));
	assert_ok(topic_slot_seal(a, key, &slot_one, &own, S(RECIPIENT_PK), &again));
	assert_false(str_eq(again.nonce, sealed.nonce));
}

/* A broker that passes one copy off as another is found out. */
TEST(a_key_of_another_slot_is_not_bound)
{
	static const struct topic_slot others[] = {
		{ S("MeshId01"), S("TopicId1"), 2 },
		{ S("MeshId01"), S("TopicId2"), 1 },
		{ S("MeshId02"), S("TopicId1"), 1 },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair own = test_pair(1), recipient = test_pair(3);
	struct sealed sealed, reference = { S(NONCE_B64), S(TOPIC_SEALED) };
	u8 key[TOPIC_KEY_BYTES] = { 7 }, got[TOPIC_KEY_BYTES];
	bool bound;

	assert_ok(topic_slot_seal(a, key, &slot_one, &own, S(RECIPIENT_PK), &sealed));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		bound = true;
		assert_ok(topic_slot_open(a, sealed, &others[i], &recipient, S(MEMBER_PK), got, &bound));
		assert_false(bound);
	}
	bound = true;
	assert_ok(topic_slot_open(a, reference, &slot_one, &recipient, S(SESSION_PK), got, &bound));
	assert_false(bound);
	/* Nor can the nonce be exchanged for one that fits. */
	reference.nonce = sealed.nonce;
	assert_err(topic_slot_open(a, reference, &slot_one, &recipient, S(SESSION_PK), got, &bound), UNAUTHORIZED);
}

TEST(a_key_of_a_slot_is_of_the_sender_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair own = test_pair(1), recipient = test_pair(3);
	u8 key[TOPIC_KEY_BYTES] = { 7 }, got[TOPIC_KEY_BYTES] = { 9 };
	struct sealed sealed, bad;
	struct err *e;
	bool bound;

	assert_ok(topic_slot_seal(a, key, &slot_one, &own, S(RECIPIENT_PK), &sealed));
	e = topic_slot_open(a, sealed, &slot_one, &recipient, S(SESSION_PK), got, &bound);
	assert_err(e, UNAUTHORIZED);
	assert_str(err_wire(e), S("wrong_sender"));
	assert_err(topic_slot_open(a, sealed, &slot_one, &recipient, S("abc"), got, &bound), BAD_REQUEST);
	for (size_t i = 0; i < ARRAY_LEN(test_bad_points); i++)
		assert_err(topic_slot_open(a, sealed, &slot_one, &recipient, str_from(test_bad_points[i]), got,
					   &bound),
			   BAD_REQUEST);
	bad = sealed;
	bad.ciphertext = S("AAEC");
	assert_err(topic_slot_open(a, bad, &slot_one, &recipient, S(MEMBER_PK), got, &bound), BAD_REQUEST);
	assert_err(topic_slot_open(a, sealed, &slot_one, &own, S(MEMBER_PK), got, &bound), UNAUTHORIZED);
	assert_int_equal(got[0], 9);
}

TEST_MAIN("crypto/topic")
