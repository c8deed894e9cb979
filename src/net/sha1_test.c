#include "net/sha1.h"

#include "base/test.h"

static void expect(const u8 digest[SHA1_BYTES], const char *hex)
{
	char got[2 * SHA1_BYTES + 1];

	for (size_t i = 0; i < SHA1_BYTES; i++)
		snprintf(got + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(got, hex);
}

/* RFC 3174, 7.3, and RFC 6455, 1.3. */
TEST(known_digests)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "",
		  "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "abc",
		  "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
		{ "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
		  "b37a4f2cc0624f1690f64606cf385945b2bec4ea" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		u8 digest[SHA1_BYTES];

		sha1(str_from(cases[i].text), digest);
		expect(digest, cases[i].hex);
	}
}

/* Around the ends of blocks: so many letters 'a'. */
TEST(every_length_is_padded_right)
{
	static const struct {
		size_t len;
		const char *hex;
	} cases[] = {
		{ 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a" },
		{ 56, "c2db330f6083854c99d4b5bfb6e8f29f201be699" },
		{ 63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5" },
		{ 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d" },
		{ 65, "11655326c708d70319be2610e8a57d9a5b959d3b" },
		{ 119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56" },
		{ 120, "f34c1488385346a55709ba056ddd08280dd4c6d6" },
		{ 128, "ad5b3fdbcb526778c2839d2f151ea753995e26a0" },
		{ 1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba" },
	};
	char text[1000];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		u8 digest[SHA1_BYTES];

		sha1(str_of(text, cases[i].len), digest);
		expect(digest, cases[i].hex);
	}
}

TEST_MAIN("net/sha1")
