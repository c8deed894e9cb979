#include "crypto/box.h"

#include "base/random.h"
#include "crypto/test_keys.h"

#define SEALED "IXNxG/dEMGP9Il79T52mNF1u2YGDaYmIc0RHxKrJ" /* wire-core.md 14 */

static const struct sealed vector = { S(NONCE_B64), S(SEALED) };

TEST(session_to_recipient_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair session = test_pair(2), recipient = test_pair(3);
	struct box_own own = { .member = &recipient };
	struct sealed sealed;
	str text;

	for (int twice = 0; twice < 2; twice++) {
		assert_ok(box_seal_nonce(a, c, &session, S(RECIPIENT_PK), S(HELLO_MESH),
					 test_bytes(a, 0, BOX_NONCE_BYTES), &sealed));
		assert_str(sealed.nonce, S(NONCE_B64));
		assert_str(sealed.ciphertext, S(SEALED));
		assert_ok(box_open(a, c, &own, S(SESSION_PK), sealed, &text));
		assert_str(text, S(HELLO_MESH));
	}
	assert_int_equal(box_cache_count(c), 2);
}

TEST(session_key_is_tried_first_then_the_member_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(8);
	struct sign_pair sender = test_pair(1), session = test_pair(2), member = test_pair(3);
	struct box_own both = { &session, &member }, first = { &session, NULL };
	struct box_own none = { NULL, NULL };
	struct sealed to_session, to_member;
	str text;

	assert_ok(box_seal(a, c, &sender, S(SESSION_PK), S("one"), &to_session));
	assert_ok(box_seal(a, c, &sender, S(RECIPIENT_PK), S("two"), &to_member));
	assert_ok(box_open(a, c, &both, S(MEMBER_PK), to_session, &text));
	assert_str(text, S("one"));
	assert_ok(box_open(a, c, &both, S(MEMBER_PK), to_member, &text));
	assert_str(text, S("two"));
	assert_err(box_open(a, c, &first, S(MEMBER_PK), to_member, &text), UNAUTHORIZED);
	assert_err(box_open(a, c, &none, S(MEMBER_PK), to_member, &text), UNAUTHORIZED);
}

/* D-35, D-46: what cannot be opened is an error, even if it is base64 of a readable text. */
TEST(plain_text_is_never_taken_for_a_sealed_body)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair member = test_pair(3);
	struct box_own own = { .member = &member };
	struct sealed plain = plain_encode(a, S("transfer the money to mallory"));
	str text = S("unset");
	struct err *e = box_open(a, c, &own, S(SESSION_PK), plain, &text);

	assert_err(e, UNAUTHORIZED);
	assert_str(err_wire(e), S("undecryptable"));
	assert_str(text, S("unset"));
	assert_false(str_contains(e->text, S("mallory")));
}

TEST(every_flipped_bit_is_noticed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair recipient = test_pair(3);
	struct box_own own = { .session = &recipient };
	str boxed, nonce, text;

	assert_true(base64_decode(a, vector.ciphertext, &boxed));
	assert_true(base64_decode(a, vector.nonce, &nonce));
	for (size_t bit = 0; bit < 8 * boxed.len; bit++) {
		struct sealed bad = { vector.nonce, base64_encode(a, test_flip(a, boxed, bit)) };

		assert_err(box_open(a, c, &own, S(SESSION_PK), bad, &text), UNAUTHORIZED);
	}
	for (size_t bit = 0; bit < 8 * nonce.len; bit++) {
		struct sealed bad = { base64_encode(a, test_flip(a, nonce, bit)),
				      vector.ciphertext };

		assert_err(box_open(a, c, &own, S(SESSION_PK), bad, &text), UNAUTHORIZED);
	}
	for (size_t n = BOX_MAC_BYTES; n < boxed.len; n++) {
		struct sealed bad = { vector.nonce, base64_encode(a, str_of(boxed.ptr, n)) };

		assert_err(box_open(a, c, &own, S(SESSION_PK), bad, &text), UNAUTHORIZED);
	}
	assert_err(box_open(a, c, &own, S(MEMBER_PK), vector, &text), UNAUTHORIZED);
	assert_ok(box_open(a, c, &own, S(SESSION_PK), vector, &text));
}

static const struct { const char *sender, *nonce, *ciphertext; } malformed[] = {
	{ "", NONCE_B64, SEALED },
	{ "8139770E", NONCE_B64, SEALED },
	{ "8139770EA87D175F56A35466C34C7ECCCB8D8A91B4EE37A25DF60F5B8FC9B394", NONCE_B64, SEALED },
	{ SESSION_PK "00", NONCE_B64, SEALED },
	{ SESSION_PK, "", SEALED },
	{ SESSION_PK, "AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", SEALED },
	{ SESSION_PK, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGA==", SEALED },
	{ SESSION_PK, NONCE_B64 "\n", SEALED },
	{ SESSION_PK, NONCE_B64, "" },
	{ SESSION_PK, NONCE_B64, "AAECAwQFBgcICQoLDA0O" }, /* 15 bytes: no room for the MAC */
	{ SESSION_PK, NONCE_B64, SEALED "=" },
	{ SESSION_PK, NONCE_B64, "IXNxG_dEMGP9Il79T52mNF1u2YGDaYmIc0RHxKrJ" },
	{ SESSION_PK, NONCE_B64, "not base64" },
};

TEST(malformed_fields_are_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair recipient = test_pair(3);
	struct box_own own = { .session = &recipient };
	str text;

	for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
		struct sealed s = { str_from(malformed[i].nonce),
				    str_from(malformed[i].ciphertext) };

		assert_err(box_open(a, c, &own, str_from(malformed[i].sender), s, &text),
			   BAD_REQUEST);
	}
	assert_int_equal(box_cache_count(c), 0);
}

TEST(nothing_is_sealed_to_a_bad_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair own_pair = test_pair(2);
	struct box_own own = { .session = &own_pair };
	struct sealed s;
	str text;

	for (size_t i = 0; i < ARRAY_LEN(test_bad_points); i++) {
		str key = str_from(test_bad_points[i]);

		assert_err(box_seal(a, c, &own_pair, key, S("x"), &s), BAD_REQUEST);
		assert_err(box_open(a, c, &own, key, vector, &text), UNAUTHORIZED);
	}
	assert_err(box_seal(a, c, &own_pair, S("*"), S("x"), &s), BAD_REQUEST);
	assert_err(box_seal(a, c, &own_pair, test_poke(a, S(RECIPIENT_PK), 0, 'E'), S("x"), &s),
		   BAD_REQUEST);
	assert_int_equal(box_cache_count(c), 0);
}

TEST(empty_and_odd_bodies)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair sender = test_pair(2), recipient = test_pair(3);
	struct box_own own = { .session = &recipient };
	struct sealed s, again;
	str text;

	assert_ok(box_seal(a, c, &sender, S(RECIPIENT_PK), STR_NONE, &s));
	assert_ok(box_open(a, c, &own, S(SESSION_PK), s, &text));
	assert_int_equal(text.len, 0);
	assert_ok(box_seal(a, c, &sender, S(RECIPIENT_PK), S("\xff\xfe"), &s));
	assert_err(box_open(a, c, &own, S(SESSION_PK), s, &text), BAD_REQUEST);
	assert_ok(box_seal(a, c, &sender, S(RECIPIENT_PK), S("x"), &s));
	assert_ok(box_seal(a, c, &sender, S(RECIPIENT_PK), S("x"), &again));
	assert_false(str_eq(s.nonce, again.nonce));
}

TEST(plain_encoding_of_groups)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sealed s = plain_encode(a, S(HELLO_MESH));
	static const char *const bad[] = { "aGVsbG8", "aGVs bG8=", "//79", "aGVsbG9=" };
	str text;

	assert_str(s.ciphertext, S("aGVsbG8gbWVzaCDinJM="));
	assert_int_equal(base64_bytes(s.nonce), BOX_NONCE_BYTES);
	assert_ok(plain_decode(a, s, &text));
	assert_str(text, S(HELLO_MESH));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		s.ciphertext = str_from(bad[i]);
		assert_err(plain_decode(a, s, &text), BAD_REQUEST);
	}
}

TEST(cache_drops_the_least_recently_used)
{
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(3);
	struct sign_pair own = test_pair(1), peers[5];
	u8 first[BOX_SHARED_BYTES];

	for (u8 i = 0; i < 5; i++)
		peers[i] = test_pair((u8)(10 + i));
	memcpy(first, box_cache_shared(c, &own, peers[0].pk), sizeof(first));
	for (u8 i = 1; i < 3; i++)
		assert_non_null(box_cache_shared(c, &own, peers[i].pk));
	assert_memory_equal(box_cache_shared(c, &own, peers[0].pk), first, sizeof(first));
	assert_non_null(box_cache_shared(c, &own, peers[3].pk));
	assert_true(box_cache_has(c, &own, peers[0].pk));
	assert_false(box_cache_has(c, &own, peers[1].pk));
	assert_non_null(box_cache_shared(c, &own, peers[4].pk));
	assert_false(box_cache_has(c, &own, peers[2].pk));
	assert_true(box_cache_has(c, &own, peers[0].pk));
	assert_int_equal(box_cache_count(c), 3);
	assert_memory_equal(box_cache_shared(c, &own, peers[0].pk), first, sizeof(first));
}

TEST(cache_tells_own_keys_apart_and_both_sides_agree)
{
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(4);
	struct sign_pair one = test_pair(1), two = test_pair(2), three = test_pair(3);
	u8 shared[BOX_SHARED_BYTES];

	memcpy(shared, box_cache_shared(c, &one, two.pk), sizeof(shared));
	assert_memory_equal(box_cache_shared(c, &two, one.pk), shared, sizeof(shared));
	assert_memory_not_equal(box_cache_shared(c, &three, two.pk), shared, sizeof(shared));
	assert_int_equal(box_cache_count(c), 3);
}

/* A small cache under many keys: chains and order stay whole (the sanitizer watches). */
TEST(cache_survives_churn)
{
	enum { PEERS = 24, MAX = 7 };
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(MAX);
	struct sign_pair own = test_pair(1), peers[PEERS];
	u8 want[PEERS][BOX_SHARED_BYTES];
	struct random_seed seed = { 7 };
	struct random r = random_seeded(&seed);

	for (u8 i = 0; i < PEERS; i++) {
		peers[i] = test_pair((u8)(100 + i));
		memcpy(want[i], box_cache_shared(c, &own, peers[i].pk), BOX_SHARED_BYTES);
	}
	for (int i = 0; i < 500; i++) {
		size_t at = random_below(&r, i % 2 ? PEERS : MAX);

		assert_memory_equal(box_cache_shared(c, &own, peers[at].pk), want[at],
				    BOX_SHARED_BYTES);
		assert_true(box_cache_has(c, &own, peers[at].pk));
		assert_int_equal(box_cache_count(c), MAX);
	}
}

TEST(cache_of_one)
{
	CLEANUP(box_cache_freep) struct box_cache *c = box_cache_new(0);
	struct sign_pair one = test_pair(1), two = test_pair(2), three = test_pair(3);

	assert_non_null(box_cache_shared(c, &one, two.pk));
	assert_non_null(box_cache_shared(c, &one, three.pk));
	assert_int_equal(box_cache_count(c), 1);
	assert_false(box_cache_has(c, &one, two.pk));
	box_cache_free(NULL);
}

TEST_MAIN("crypto/box")
