#include "crypto/post.h"

#include "crypto/test_keys.h"

#define MESH "MeshId00000000000000000000000001"
#define TOPIC "TopicId0000000000000000000000001"
#define PARENT "PostId00000000000000000000000001"
#define BODY "KkHT1E86wfGcpdEr0zFbKAKNCjJ9w5mkytesW0eM"

/* The same stand in web/test/crypto.test.ts. */
#define HASH "786856e61449d5e4f58deda0a64fccce0e8827caeef09d61517edc69808b08ef"
#define TEXT "claudemesh-post-v1|" MESH "|" TOPIC "|2|2|c1|" PARENT "|" HASH
#define SIGNATURE \
	"6e165b5b23d307734150f38803df80d6a5ea61d3f73cc9a5f7f5fdba9f6345a1" \
	"7effaabddb6bf5eff3b98e2b1ca177273353ee293776cd33f10e36be0802d000"

static struct post_claim claim(void)
{
	return (struct post_claim){ S(MESH), S(TOPIC), 2, 2, S("c1"), S(PARENT), S(NONCE_B64), S(BODY) };
}

TEST(a_signature_is_the_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	struct post_claim c = claim();
	str text, signature;

	assert_ok(post_text(a, &c, &text));
	assert_str(text, S(TEXT));
	assert_ok(post_sign(a, &c, &member, &signature));
	assert_str(signature, S(SIGNATURE));
	assert_true(post_check(a, &c, S(MEMBER_PK), signature));
	c = (struct post_claim){ S(MESH), S(TOPIC), 0, 1, S("c1"), STR_NONE, S(NONCE_B64), S("aGk=") };
	assert_ok(post_text(a, &c, &text));
	assert_true(str_starts(text, S("claudemesh-post-v1|" MESH "|" TOPIC "|0|1|c1||")));
}

/* Each thing that a broker could tell otherwise than its author wrote it. */
TEST(nothing_of_a_signed_post_can_be_exchanged)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	struct post_claim good = claim(), bad[9];
	str signature;

	assert_ok(post_sign(a, &good, &member, &signature));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good;
	bad[0].mesh_id = S("MeshId00000000000000000000000002");
	bad[1].topic_id = S("TopicId0000000000000000000000002");
	bad[2].epoch = 1;
	bad[3].body_version = 1;
	bad[4].client_message_id = S("c2");
	bad[5].reply_to = STR_NONE;
	bad[6].nonce = S("AQECAwQFBgcICQoLDA0ODxAREhMUFRYX");
	bad[7].ciphertext = S("KkHT1E86wfGcpdEr0zFbKAKNCjJ9w5mkytesW0eN");
	/* Bytes that wander over the edge between two fields. */
	bad[8].nonce = S(NONCE_B64 "K");
	bad[8].ciphertext = str_skip(S(BODY), 1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (post_check(a, &bad[i], S(MEMBER_PK), signature))
			fail_msg("row %zu", i);
	assert_false(post_check(a, &good, S(SESSION_PK), signature));
	for (size_t bit = 0; bit < 8 * SIGNATURE_HEX_LEN; bit += 8)
		assert_false(post_check(a, &good, S(MEMBER_PK), test_flip(a, signature, bit)));
}

TEST(what_is_no_signature_or_no_key_does_not_hold)
{
	static const char *const signatures[] = { "", "00", "zz", SIGNATURE "00" };
	static const char *const keys[] = {
		"", "8A88E3DD7409F195FD52DB2D3CBA5D72CA6709BF1D94121BF3748801B40F6F5C", "bob",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct post_claim c = claim();

	for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
		assert_false(post_check(a, &c, S(MEMBER_PK), str_from(signatures[i])));
	assert_false(post_check(a, &c, S(MEMBER_PK), STR_NONE));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_false(post_check(a, &c, str_from(keys[i]), S(SIGNATURE)));
	for (size_t i = 0; i < ARRAY_LEN(test_bad_points); i++)
		assert_false(post_check(a, &c, str_from(test_bad_points[i]), S(SIGNATURE)));
}

TEST(what_could_be_read_two_ways_is_not_signed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair member = test_pair(1);
	struct post_claim rows[7];
	str signature;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = claim();
	rows[0].mesh_id = S("a|b");
	rows[1].topic_id = S("a|b");
	rows[2].client_message_id = S("c1|");
	rows[3].reply_to = S("|");
	rows[4].nonce = S("AAEC|");
	rows[5].ciphertext = S("|AAEC");
	rows[6].client_message_id = S("");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_err(post_sign(a, &rows[i], &member, &signature), BAD_REQUEST);
		assert_false(post_check(a, &rows[i], S(MEMBER_PK), S(SIGNATURE)));
	}
}

TEST_MAIN("crypto/post")
