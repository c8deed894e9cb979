#include "crypto/jwt.h"

#include "base/test.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

#define KEY S("0123456789abcdef-secret")
#define PAYLOAD S("{\"sub\":\"u1\",\"email\":\"z@x.org\",\"name\":\"Zo\xc3\xab \xe5\xad\xa6 \xf0\x9f\xa6\x8a\"}")
#define BODY "eyJzdWIiOiJ1MSIsImVtYWlsIjoiekB4Lm9yZyIsIm5hbWUiOiJab8OrIOWtpiDwn6aKIn0"
/* Computed by another program (Python's hmac). */
#define TOKEN "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." BODY ".ePOJLMUZ6x3jdwvxAZWc8xV4osQyqYiYREJzL2Tal9o"

TEST(B21_names_of_all_characters_are_signed_as_utf8)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str payload;

	assert_str(jwt_sign(a, KEY, PAYLOAD), S(TOKEN));
	assert_true(jwt_open(a, KEY, S(TOKEN), &payload));
	assert_true(str_eq(payload, PAYLOAD));
}

/* Signed well, by other means: nothing of it is believed. */
static const char *const forged[] = {
	"", ".", "..", "a.b.c", BODY,
	/* alg none, without and with a signature under the right key */
	"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." BODY ".",
	"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." BODY ".LXPT45F_pb0KwJcYOvDZMghUj2Y13nO2U5ly-8sT28w",
	/* the right header, no signature, a cut one, one of zeros */
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." BODY ".",
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." BODY ".ePOJLMUZ6x3jdwvxAZWc8xV4osQyqYiYREJzL2Tal9",
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." BODY ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	/* the same bytes, written otherwise */
	TOKEN "=", TOKEN "\n", " " TOKEN,
};

TEST(A4_a_forged_token_does_not_open)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str payload = S("untouched"), token = S(TOKEN);

	for (size_t i = 0; i < ARRAY_LEN(forged); i++)
		assert_false(jwt_open(a, KEY, str_from(forged[i]), &payload));
	assert_false(jwt_open(a, S("0123456789abcdef-Secret"), token, &payload));
	assert_str(payload, S("untouched"));
	for (size_t i = 0; i < token.len; i++) {
		char *bad = arena_cstr(a, token);

		bad[i] = bad[i] == 'x' ? 'y' : 'x';
		assert_false(jwt_open(a, KEY, str_of(bad, token.len), &payload));
	}
	for (size_t i = 0; i < token.len; i++)
		assert_false(jwt_open(a, KEY, str_of(token.ptr, i), &payload));
}

TEST(a_token_may_have_so_many_bytes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *much = arena_alloc(a, JWT_BYTES_MAX);
	str payload;

	memset(much, 'a', JWT_BYTES_MAX);
	assert_true(jwt_open(a, KEY, jwt_sign(a, KEY, str_of(much, 1000)), &payload));
	assert_false(jwt_open(a, KEY, jwt_sign(a, KEY, str_of(much, JWT_BYTES_MAX)), &payload));
}

TEST(a_code_is_of_one_purpose_and_one_division)
{
	const str ab_c[] = { S("ab"), S("c") }, a_bc[] = { S("a"), S("bc") };
	u8 one[MAC_BYTES], other[MAC_BYTES];

	mac_parts(KEY, S("p"), ab_c, 2, one);
	mac_parts(KEY, S("p"), ab_c, 2, other);
	assert_memory_equal(one, other, MAC_BYTES);
	mac_parts(KEY, S("p"), a_bc, 2, other);
	assert_memory_not_equal(one, other, MAC_BYTES);
	mac_parts(KEY, S("q"), ab_c, 2, other);
	assert_memory_not_equal(one, other, MAC_BYTES);
	mac_parts(S("another secret..."), S("p"), ab_c, 2, other);
	assert_memory_not_equal(one, other, MAC_BYTES);
}

TEST_MAIN("crypto/jwt")
