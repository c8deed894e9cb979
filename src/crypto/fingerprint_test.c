#include "crypto/fingerprint.h"

#include "crypto/test_keys.h"

/* wire-core.md 14, client.md 7.2 */
static const struct { struct request_parts rq; const char *hex; } requests[] = {
	{ { S("dm"), S(RECIPIENT_PK), S(""), S("next"), S(""), S(HELLO_MESH) },
	  "bec66428635c917fb8c4c65216bdf940341f0142d52cec9d5bb8ae84d068b01a" },
	{ { S("topic"), S("*"), S("msgid"), S("now"),
	    S("{\"9\":2,\"10\":1,\"a\":{\"x\":[2,{\"c\":null,\"d\":1}],\"y\":true},\"b\":1}"),
	    S("x") },
	  "2e8850688ca402b01ac9c0243cf0447299ee58fe4efa27ccc76550aeb38bbeeb" },
	{ { S("dm"), S("alice"), S(""), S("next"), S(""), S("hello") },
	  "dc13f9d139b04e9886a09444fa269f46468843858070b13afee7889305c2aa09" },
	{ { S("topic"), S("*"), S(""), S("now"), S("{\"a\":2,\"z\":1}"), S("h\xc3\xa9llo") },
	  "c848b33dfd7c4fc77817fbbef00fd1952e2f27a498c22675991842aec6de3756" },
	{ { S("topic"), S("ops"), S("bm-1"), S("low"), S("{}"), S("x") },
	  "e7620498fba7b76f3d7b8711a30e7e0bdb2a0c59c31da281bd88e0f5640d437c" },
};

TEST(request_vectors)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		assert_str(request_fingerprint(a, &requests[i].rq), str_from(requests[i].hex));
}

TEST(absent_fields_of_a_request)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct request_parts rq = { .destination_kind = S("dm"), .destination_ref = S("alice"),
				    .body = S("hello") };

	assert_str(request_fingerprint(a, &rq), str_from(requests[2].hex));
	rq.meta = S("{}");
	assert_false(str_eq(request_fingerprint(a, &rq), str_from(requests[2].hex)));
}

/* What belongs to one field must not count for the next. */
TEST(neighbouring_fields_do_not_run_together)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct request_parts one = { S("dm"), S("ab"), S("c"), S("next"), S(""), S("x") };
	struct request_parts two = { S("dm"), S("a"), S("bc"), S("next"), S(""), S("x") };

	assert_false(str_eq(request_fingerprint(a, &one), request_fingerprint(a, &two)));
}

#define REPEAT8(s) s s s s s s s s
static const struct { const char *one, *two, *number; } safety[] = {
	{ REPEAT8("00000000"), REPEAT8("ffffffff"), "68657 29533 23627 91550 30625 52390" },
	{ REPEAT8("11111111"), REPEAT8("22222222"), "33980 90793 41877 89284 88166 24261" },
};

TEST(safety_numbers_are_the_same_from_both_sides)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(safety); i++) {
		str one = str_from(safety[i].one), two = str_from(safety[i].two), got;

		assert_true(safety_number(a, one, two, &got));
		assert_str(got, str_from(safety[i].number));
		assert_true(safety_number(a, two, one, &got));
		assert_str(got, str_from(safety[i].number));
		assert_false(safety_number(a, str_of(one.ptr, 62), two, &got));
		assert_false(safety_number(a, one, test_poke(a, two, 9, 'x'), &got));
	}
}

static const struct { u8 first; bool rising; const char *secret, *prefix, *hash; } keys[] = {
	{ 7, false, "cm_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", "cm_BwcHBwcH",
	  "2e2cc6ecd0965bf57f5012310790b4c735ed0885ffcec9872576b2ca93389506" },
	{ 1, true, "cm_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", "cm_AQIDBAUG",
	  "250f9cf1dc2401c048a8629f5c5ebc3f3f966b552c30a79b8db989df1c706c6e" },
};

TEST(api_key_vectors)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		u8 bytes[API_KEY_BYTES];
		struct api_key key;

		for (size_t n = 0; n < sizeof(bytes); n++)
			bytes[n] = (u8)(keys[i].first + (keys[i].rising ? n : 0));
		api_key_from_bytes(a, bytes, &key);
		assert_str(key.secret, str_from(keys[i].secret));
		assert_str(key.prefix, str_from(keys[i].prefix));
		assert_str(key.hash, str_from(keys[i].hash));
		assert_true(api_key_is_valid(key.secret));
		assert_true(api_key_check(a, key.secret, key.hash));
		assert_false(api_key_check(a, test_flip(a, key.secret, 100), key.hash));
		assert_false(api_key_check(a, key.secret, test_flip(a, key.hash, 511)));
		assert_false(api_key_check(a, key.secret, STR_NONE));
	}
}

TEST(new_api_keys_differ_and_malformed_ones_are_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct api_key one, two;

	api_key_new(a, &one);
	api_key_new(a, &two);
	assert_true(api_key_is_valid(one.secret));
	assert_false(str_eq(one.secret, two.secret));
	assert_false(api_key_is_valid(STR_NONE));
	assert_false(api_key_is_valid(S("cm_")));
	assert_false(api_key_is_valid(str_of(one.secret.ptr, 45)));
	assert_false(api_key_is_valid(test_poke(a, one.secret, 0, 'C')));
	assert_false(api_key_is_valid(test_poke(a, one.secret, 9, '%')));
	assert_false(api_key_is_valid(test_poke(a, str_from(keys[0].secret), 45, 'd')));
}

#define JWT "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1c2VyMSIsImVtYWlsIjoiYUBiLmMiLCJu" \
	"YW1lIjoiQSIsInR5cGUiOiJjbGktc2Vzc2lvbiIsImp0aSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAw" \
	"MDAwMDAwMDAwMCIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAyNTkyMDAwfQ.kg8v8A_k46zeCGuqYweM7" \
	"vc1Q_TAeGJ6v2wNAlE8S9Y"

TEST(sha256_of_known_texts)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(sha256_hex(a, STR_NONE),
		   S("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	assert_str(sha256_hex(a, S("abc")),
		   S("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	assert_str(sha256_hex(a, S(JWT)),
		   S("c6b51de9ddc5d3871c64643e4ed6f415b7290bdbb02fb091808e5715ea6e4f04"));
}

TEST_MAIN("crypto/fingerprint")
