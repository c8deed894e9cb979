#include "crypto/apikey.h"

#include "base/test.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

TEST(a_new_key_has_the_reference_form)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 7 };
	struct random r = random_seeded(&seed);
	str one = apikey_new(a, &r), two = apikey_new(a, &r), bytes;

	assert_int_equal(one.len, APIKEY_LEN);
	assert_true(str_starts(one, S("cm_")));
	assert_true(base64url_decode(a, str_skip(one, 3), &bytes));
	assert_int_equal(bytes.len, 32);
	assert_true(apikey_is_well_formed(one));
	assert_true(apikey_is_well_formed(two));
	assert_false(str_eq(one, two));
}

/* Whichever character is another one: it shows. */
TEST(a_mistyped_key_is_no_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 8 };
	struct random r = random_seeded(&seed);
	str key = apikey_new(a, &r);

	for (size_t i = 0; i < key.len; i++) {
		char *bad = arena_cstr(a, key);

		bad[i] = bad[i] == 'x' ? 'y' : 'x';
		assert_false(apikey_is_well_formed(str_of(bad, key.len)));
	}
	assert_false(apikey_is_well_formed(str_of(key.ptr, key.len - 1)));
	assert_false(apikey_is_well_formed(arena_printf(a, "%.*sA", STRF(key))));
	assert_false(apikey_is_well_formed(S("")));
	assert_false(apikey_is_well_formed(STR_NONE));
	assert_false(apikey_is_well_formed(S("cm_")));
}

/* SHA-256 of the characters, as the reference stores it. */
TEST(the_digest_is_sha_256_of_the_text)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 digest[DIGEST_BYTES];

	apikey_digest(S("abc"), digest);
	assert_str(hex_encode(a, str_of(digest, sizeof(digest))),
		   S("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST_MAIN("crypto/apikey")
