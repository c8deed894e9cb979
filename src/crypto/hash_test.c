#include "crypto/hash.h"

#include "base/test.h"

/* The vector of the SipHash paper: key 00..0f, input 00..0e. */
TEST(siphash_as_published)
{
	u8 key[HASH_KEY_BYTES], in[15];

	for (u8 i = 0; i < 16; i++)
		key[i] = i;
	memcpy(in, key, sizeof(in));
	assert_true(hash_keyed(key, str_of(in, sizeof(in))) == 0xa129ca6149be45e5);
	key[0] ^= 1;
	assert_true(hash_keyed(key, str_of(in, sizeof(in))) != 0xa129ca6149be45e5);
}

TEST(parts_are_told_apart)
{
	static const str cases[][2] = { { S("ab"), S("c") }, { S("a"), S("bc") }, { S("abc"), S("") },
					{ S(""), S("abc") }, { S("ab"), S("d") } };
	u8 digest[ARRAY_LEN(cases)][DIGEST_BYTES], again[DIGEST_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		digest_parts(cases[i], 2, digest[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(digest[i], digest[k], DIGEST_BYTES);
	}
	digest_parts(cases[1], 2, again);
	assert_memory_equal(again, digest[1], DIGEST_BYTES);
	digest_parts(cases[0], 1, again);
	assert_memory_not_equal(again, digest[0], DIGEST_BYTES);
}

TEST(sha256_as_published)
{
	static const u8 abc[4] = { 0xba, 0x78, 0x16, 0xbf };
	u8 digest[DIGEST_BYTES];

	digest_sha256(S("abc"), digest);
	assert_memory_equal(digest, abc, sizeof(abc));
}

TEST_MAIN("crypto/hash")
