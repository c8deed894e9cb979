#include "crypto/invite.h"

#include "crypto/fingerprint.h"
#include "crypto/test_keys.h"

/* http-data-web.md 12 */
#define OWNER_PK "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define ROOT_KEY "gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8"
#define MESH "MeshId00000000000000000000000001"
#define V1_SIG "5d9f10611e039bcf5859489726aa18dc51b4b936888e170e903b1d2073af527b" \
	"2d5e9e5f86a648d1daea9acc49cba8cf7be74c4daeb6ca7cfeed4cf0d042c602"
#define V2_SIG "6c9b522d44a1706651d355262a5ed7bf911848c89c7d69f25e764ca75cd2cb0f" \
	"91c90193230d52d0cb536535edceb917067afe4776c557d55c5751ef04810d03"

static const struct invite_v1 v1 = {
	S(MESH), S("demo"), S("wss://broker.example/ws"), 1800000000, S(ROOT_KEY), S("member"),
	S(OWNER_PK),
};
static const struct invite_v2 v2 = {
	S(MESH), S("InviteId000000000000000000000001"), 1800000000, S("member"), S(OWNER_PK),
};

static struct sign_pair owner_pair(struct arena *a)
{
	struct sign_pair pair;

	sign_pair_from_seed(test_bytes(a, 0, SIGN_SEED_BYTES), &pair);
	return pair;
}

TEST(version_1_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = owner_pair(a);
	str text, sig, token;

	assert_str(base64url_encode(a, str_of(test_bytes(a, 0x80, 32), 32)), S(ROOT_KEY));
	assert_ok(invite_v1_text(a, &v1, &text));
	assert_str(text, S("1|" MESH "|demo|wss://broker.example/ws|1800000000|" ROOT_KEY
			   "|member|" OWNER_PK));
	assert_ok(invite_v1_sign(a, &v1, &owner, &sig));
	assert_str(sig, S(V1_SIG));
	assert_true(invite_v1_check(a, &v1, sig));
	token = invite_v1_token(a, &v1, sig);
	assert_int_equal(token.len, 583);
	assert_true(str_starts(token, S("eyJ2IjoxLCJtZXNoX2lkIjoiTWVzaElkMDAw")));
	assert_str(sha256_hex(a, token),
		   S("9a9b445073d2ad68eff367a1236ece8a88a74231aee8dfa0a3fcd7af9be9ca61"));
}

TEST(version_2_vector)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = owner_pair(a);
	str text, sig;

	assert_ok(invite_v2_text(a, &v2, &text));
	assert_str(text, S("v=2|" MESH "|InviteId000000000000000000000001|1800000000|member|"
			   OWNER_PK));
	assert_ok(invite_v2_sign(a, &v2, &owner, &sig));
	assert_str(sig, S(V2_SIG));
	assert_true(invite_v2_check(a, &v2, sig));
}

TEST(every_field_and_bit_is_covered)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str sig1 = test_unhex(a, S(V1_SIG)), sig2 = test_unhex(a, S(V2_SIG));
	struct invite_v1 one[7];
	struct invite_v2 two[5];

	for (size_t i = 0; i < ARRAY_LEN(one); i++)
		one[i] = v1;
	one[0].mesh_id = S("MeshId00000000000000000000000002");
	one[1].mesh_slug = S("demo2");
	one[2].broker_url = S("wss://evil.example/ws");
	one[3].expires_s++;
	one[4].mesh_root_key = S("gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnpA");
	one[5].role = S("admin");
	one[6].owner_pubkey = S(MEMBER_PK);
	for (size_t i = 0; i < ARRAY_LEN(one); i++)
		assert_false(invite_v1_check(a, &one[i], S(V1_SIG)));
	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		two[i] = v2;
	two[0].mesh_id = S("MeshId00000000000000000000000002");
	two[1].invite_id = S("InviteId000000000000000000000002");
	two[2].expires_s++;
	two[3].role = S("admin");
	two[4].owner_pubkey = S(MEMBER_PK);
	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		assert_false(invite_v2_check(a, &two[i], S(V2_SIG)));
	for (size_t bit = 0; bit < 8 * SIGN_BYTES; bit++) {
		assert_false(invite_v1_check(a, &v1, hex_encode(a, test_flip(a, sig1, bit))));
		assert_false(invite_v2_check(a, &v2, hex_encode(a, test_flip(a, sig2, bit))));
	}
	assert_false(invite_v1_check(a, &v1, S(V2_SIG)));
	assert_false(invite_v2_check(a, &v2, S("")));
}

TEST(a_bar_in_a_field_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = owner_pair(a);
	struct invite_v1 one = v1;
	struct invite_v2 two = v2;
	str text;

	/* "demo|wss" + ... and "demo" + "wss|..." would be one string. */
	one.mesh_slug = S("demo|wss://evil");
	assert_err(invite_v1_sign(a, &one, &owner, &text), BAD_REQUEST);
	one = v1;
	one.broker_url = S("wss://broker.example/ws|");
	assert_err(invite_v1_text(a, &one, &text), BAD_REQUEST);
	assert_false(invite_v1_check(a, &one, S(V1_SIG)));
	two.role = S("member|admin");
	assert_err(invite_v2_sign(a, &two, &owner, &text), BAD_REQUEST);
	assert_false(invite_v2_check(a, &two, S(V2_SIG)));
}

TEST(token_escapes_what_json_must)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invite_v1 i = v1;
	str json;

	i.mesh_slug = S("a\"b\\c\n\x01\xc3\xa9");
	assert_true(base64url_decode(a, invite_v1_token(a, &i, S("sig")), &json));
	assert_str(json, S("{\"v\":1,\"mesh_id\":\"" MESH
			   "\",\"mesh_slug\":\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\","
			   "\"broker_url\":\"wss://broker.example/ws\",\"expires_at\":1800000000,"
			   "\"mesh_root_key\":\"" ROOT_KEY "\",\"role\":\"member\","
			   "\"owner_pubkey\":\"" OWNER_PK "\",\"signature\":\"sig\"}"));
}

TEST(codes_are_12_symbols_of_32)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 3 };
	struct random r = random_seeded(&seed);
	size_t seen[256] = { 0 };

	assert_int_equal(sizeof(INVITE_CODE_ALPHABET) - 1, 32);
	for (int i = 0; i < 400; i++) {
		str code = invite_code_new(a, &r);

		assert_int_equal(code.len, INVITE_CODE_LEN);
		assert_true(invite_code_is_valid(code));
		for (size_t n = 0; n < code.len; n++)
			seen[(u8)code.ptr[n]]++;
	}
	/* 4,800 draws, 150 each: nothing outside, nothing rare or common. */
	for (int c = 0; c < 256; c++) {
		bool ours = c && str_index(S(INVITE_CODE_ALPHABET), (char)c) >= 0;

		assert_in_range(seen[c], ours ? 90 : 0, ours ? 220 : 0);
	}
}

TEST(codes_of_every_issuer_are_valid)
{
	static const char *const good[] = { "ABCDEF", "abcDEF23", "ABCDEFGHJKLM",
					   "1234567890123456" };
	static const char *const bad[] = { "", "ABCDE", "12345678901234567", "ABC-DEF", "ABCDEF ",
					   "ABCD\xc3\xa9", "../../etc", "ABCDEF%00" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(invite_code_is_valid(str_from(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(invite_code_is_valid(str_from(bad[i])));
}

TEST_MAIN("crypto/invite")
