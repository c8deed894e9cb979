/*
 * test_keys.h - what the tests of src/crypto share: keys from a seed, hex literals, bit
 * flips. Only *_test.c includes this.
 */
#ifndef CRYPTO_TEST_KEYS_H
#define CRYPTO_TEST_KEYS_H

#include "base/test.h"
#include "crypto/encode.h"
#include "crypto/keys.h"
#include "crypto/secret.h"

/* Public keys of the seeds 32 x 0x01, 0x02, 0x03 (wire-core.md 14). */
#define MEMBER_PK "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define SESSION_PK "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
#define RECIPIENT_PK "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"
#define HELLO_MESH "hello mesh \xe2\x9c\x93"
#define NONCE_B64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

/* n bytes first, first + 1, ... */
static inline const u8 *test_bytes(struct arena *a, u8 first, size_t n)
{
	u8 *p = arena_alloc(a, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (u8)(first + i);
	return p;
}

/* The pair whose seed is 32 times one byte. */
static inline struct sign_pair test_pair(u8 seed_byte)
{
	struct sign_pair pair;
	u8 seed[SIGN_SEED_BYTES];

	memset(seed, seed_byte, sizeof(seed));
	sign_pair_from_seed(seed, &pair);
	return pair;
}

static inline str test_flip(struct arena *a, str bytes, size_t bit)
{
	char *p = arena_cstr(a, bytes);

	p[bit / 8] = (char)(p[bit / 8] ^ (1 << bit % 8));
	return str_of(p, bytes.len);
}

/* Replaces one character. */
static inline str test_poke(struct arena *a, str text, size_t at, char c)
{
	char *p = arena_cstr(a, text);

	p[at] = c;
	return str_of(p, text.len);
}

static inline str test_unhex(struct arena *a, str hex)
{
	str bytes = STR_NONE;

	assert_true(hex_decode(a, hex, false, &bytes));
	return bytes;
}

/* Encodings of points of small order, and two of no point at all. */
static const char *const test_bad_points[] UNUSED = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0200000000000000000000000000000000000000000000000000000000000000",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

#endif
