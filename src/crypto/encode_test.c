#include "crypto/encode.h"

#include <sodium.h>

#include "crypto/test_keys.h"

/* RFC 4648 section 10, and one with both of the last two symbols. */
static const struct { const char *bytes, *base64, *url, *hex; } pairs[] = {
	{ "", "", "", "" },
	{ "f", "Zg==", "Zg", "66" },
	{ "fo", "Zm8=", "Zm8", "666f" },
	{ "foo", "Zm9v", "Zm9v", "666f6f" },
	{ "foob", "Zm9vYg==", "Zm9vYg", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172" },
	{ "\xfb\xff\xbf\xfe", "+/+//g==", "-_-__g", "fbffbffe" },
};

TEST(known_texts_both_ways)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		str bytes = str_from(pairs[i].bytes), got = S("unset");

		assert_str(base64_encode(a, bytes), str_from(pairs[i].base64));
		assert_str(base64url_encode(a, bytes), str_from(pairs[i].url));
		assert_str(hex_encode(a, bytes), str_from(pairs[i].hex));
		assert_true(base64_is_strict(str_from(pairs[i].base64)));
		assert_int_equal(base64_bytes(str_from(pairs[i].base64)), bytes.len);
		assert_true(base64_decode(a, str_from(pairs[i].base64), &got));
		assert_str(got, bytes);
		assert_true(base64url_decode(a, str_from(pairs[i].url), &got));
		assert_str(got, bytes);
		assert_true(hex_decode(a, str_from(pairs[i].hex), true, &got));
		assert_str(got, bytes);
	}
}

TEST(absent_text_is_the_empty_text)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str got;

	assert_true(base64_is_strict(STR_NONE));
	assert_true(base64_decode(a, STR_NONE, &got));
	assert_int_equal(got.len, 0);
	assert_true(base64url_decode(a, STR_NONE, &got));
	assert_int_equal(base64_encode(a, STR_NONE).len, 0);
	assert_int_equal(hex_encode(a, STR_NONE).len, 0);
}

static const char *const not_base64[] = {
	"Z", "Zg", "Zg=", "Zm8", "Zg===", "Zg==Zg==", "=", "==", "====", "A===", "Zm=v", "=Zm9",
	"Zh==", "Zn==", "Zv==", "Zm9=", "Zm+=", "Zm/=", /* bits behind the last byte */
	"Zg==\n", "\nZg==", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v    ", "Zm9v Zm9v",
	"-_-__g==", "Zm9-", "Zm9_", "Zm9v!AAA", "Zm9\xc3", "\xff\xff\xff\xff", "Zm9*", "Zm,v",
};

TEST(base64_is_strict_about_everything)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str got = S("unset");
	u8 bytes[64];

	for (size_t i = 0; i < ARRAY_LEN(not_base64); i++) {
		str text = str_from(not_base64[i]);

		if (base64_is_strict(text))
			fail_msg("taken for strict: '%s'", not_base64[i]);
		assert_false(base64_decode(a, text, &got));
		for (size_t n = 0; n < 8; n++)
			assert_false(base64_read(text, bytes, n));
	}
	assert_str(got, S("unset"));
	assert_false(base64_is_strict(str_of("Zm\0v", 4)));
}

static const char *const not_base64url[] = {
	"Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9vY", "+/+//g", "Zm9v\n", "Zm9 ", "Zg=", "\xc3\xa9",
};

TEST(base64url_is_strict_about_everything)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str got = S("unset");

	for (size_t i = 0; i < ARRAY_LEN(not_base64url); i++)
		if (base64url_decode(a, str_from(not_base64url[i]), &got))
			fail_msg("taken for base64url: '%s'", not_base64url[i]);
	assert_str(got, S("unset"));
}

/* Of all texts of four characters made by changing one, only those that re-encode pass. */
TEST(what_decodes_encodes_to_the_same_text)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	static const char *const starts[] = { "Zm9v", "Zm8=", "Zg==" };
	size_t passed = 0;

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		for (size_t at = 0; at < 4; at++)
			for (int c = 0; c < 256; c++) {
				str text = test_poke(a, str_from(starts[i]), at, (char)c), got;
				bool strict = base64_is_strict(text);

				assert_int_equal(strict, base64_decode(a, text, &got));
				if (strict)
					assert_str(base64_encode(a, got), text);
				passed += strict;
			}
	/* By place: any symbol; one without spare bits; the padding that stood there. */
	assert_int_equal(passed, 4 * 64 + (64 + 64 + 16 + 64 + 1) + (64 + 4 + 16 + 1 + 1));
}

TEST(random_bytes_agree_with_libsodium)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 bytes[200];
	char text[400];
	str got;

	for (size_t n = 0; n < sizeof(bytes); n++) {
		str raw = str_of(bytes, n);

		secret_random(bytes, n);
		sodium_bin2base64(text, sizeof(text), bytes, n, sodium_base64_VARIANT_ORIGINAL);
		assert_str(base64_encode(a, raw), str_from(text));
		assert_true(base64_decode(a, str_from(text), &got));
		assert_str(got, raw);
		sodium_bin2base64(text, sizeof(text), bytes, n,
				  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		assert_str(base64url_encode(a, raw), str_from(text));
		assert_true(base64url_decode(a, str_from(text), &got));
		assert_str(got, raw);
		assert_str(encode_secret_base64url(a, bytes, n), str_from(text));
		assert_str(encode_secret_hex(a, bytes, n), hex_encode(a, raw));
	}
}

TEST(read_takes_one_size_only)
{
	u8 bytes[4] = { 9, 9, 9, 9 };

	assert_false(base64_read(S("Zm8="), bytes, 1));
	assert_false(base64_read(S("Zm8="), bytes, 3));
	assert_false(hex_read(S("0a0b"), true, bytes, 1));
	assert_false(hex_read(S("0a0b"), true, bytes, 3));
	assert_int_equal(bytes[0], 9);
	assert_true(base64_read(S("Zm8="), bytes, 2));
	assert_int_equal(bytes[1], 'o');
	assert_int_equal(bytes[2], 9);
}

TEST(hex_case_and_length)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	static const char *const bad[] = { "a", "0g", "g0", "0x", "0a ", " 0a", "0a0", "/0", ":0",
					   "@0", "`0", "\xc3\xa9" };
	str got = STR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(hex_decode(a, str_from(bad[i]), false, &got));
	assert_false(hex_decode(a, S("aB"), true, &got));
	assert_true(hex_decode(a, S("aBFf09"), false, &got));
	assert_str(got, S("\xab\xff\x09"));
	assert_str(hex_lower(a, S("aBFf09G")), S("abff09G"));
}

TEST(secret_decoders_are_strict_and_wipe)
{
	u8 bytes[3] = { 9, 9, 9 };

	assert_true(decode_secret_hex(S("0A0b0c"), bytes, 3));
	assert_int_equal(bytes[0], 10);
	assert_false(decode_secret_hex(S("0a0b0"), bytes, 3));
	assert_int_equal(bytes[0], 0);
	assert_false(decode_secret_hex(S("0a0b0cff"), bytes, 3));
	assert_false(decode_secret_hex(S("0a0b0g"), bytes, 3));
	assert_true(decode_secret_base64url(S("-_-_"), bytes, 3));
	assert_int_equal(bytes[0], 0xfb);
	assert_false(decode_secret_base64url(S("+/+/"), bytes, 3));
	assert_int_equal(bytes[0], 0);
	assert_false(decode_secret_base64url(S("Zm9"), bytes, 2)); /* spare bits */
	assert_false(decode_secret_base64url(S("Zm8="), bytes, 2));
	assert_true(decode_secret_base64url(S("Zm8"), bytes, 2));
	for (int c = 0x80; c <= 0xff; c++) {
		char text[4] = { (char)c, (char)c, (char)c, (char)c };

		assert_false(decode_secret_base64url(str_of(text, 4), bytes, 3));
	}
}

TEST_MAIN("crypto/encode")
