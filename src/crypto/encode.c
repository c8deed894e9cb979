#include "crypto/encode.h"

#include <sodium.h>

#include "crypto/secret.h"

/* Tables hold value + 1, so that the many absent symbols are 0 and need no line. */
#define ALNUM_VALUES \
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, \
	['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, \
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, \
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, \
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, \
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, \
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, \
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, \
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62
#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const u8 standard_values[256] = { ALNUM_VALUES, ['+'] = 63, ['/'] = 64 };
static const u8 url_values[256] = { ALNUM_VALUES, ['-'] = 63, ['_'] = 64 };
static const char standard_symbols[] = ALNUM "+/";
static const char url_symbols[] = ALNUM "-_";
static const char hex_symbols[] = "0123456789abcdef";

static u8 hex_value(char c)
{
	return (u8)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Every character has been checked. */
static void hex_fill(str text, u8 *out)
{
	for (size_t i = 0; i < text.len / 2; i++)
		out[i] = (u8)(hex_value(text.ptr[2 * i]) << 4 | hex_value(text.ptr[2 * i + 1]));
}

str hex_encode(struct arena *a, str bytes)
{
	char *p = arena_alloc(a, HEX_LEN(bytes.len) + 1);

	for (size_t i = 0; i < bytes.len; i++) {
		u8 b = (u8)bytes.ptr[i];

		p[2 * i] = hex_symbols[b >> 4];
		p[2 * i + 1] = hex_symbols[b & 15];
	}
	return str_of(p, HEX_LEN(bytes.len));
}

bool hex_decode(struct arena *a, str text, bool lower, str *ret_bytes)
{
	u8 *p;

	if (text.len % 2 != 0 || !str_is_hex(text, text.len / 2, lower))
		return false;
	p = arena_alloc(a, text.len / 2 + 1);
	hex_fill(text, p);
	*ret_bytes = str_of(p, text.len / 2);
	return true;
}

bool hex_read(str text, bool lower, u8 *ret_bytes, size_t n)
{
	if (!str_is_hex(text, n, lower))
		return false;
	hex_fill(text, ret_bytes);
	return true;
}

str hex_lower(struct arena *a, str text)
{
	char *p = arena_cstr(a, text);

	for (size_t i = 0; i < text.len; i++)
		if (p[i] >= 'A' && p[i] <= 'F')
			p[i] = (char)(p[i] | 0x20);
	return str_of(p, text.len);
}

/* Characters without padding; returns how many were written. */
static inline size_t sextets(const char *symbols, str bytes, char *out)
{
	const u8 *in = (const u8 *)bytes.ptr;
	char *p = out;
	size_t i = 0;

	for (; i + 3 <= bytes.len; i += 3, p += 4) {
		u32 v = (u32)in[i] << 16 | (u32)in[i + 1] << 8 | in[i + 2];

		p[0] = symbols[v >> 18];
		p[1] = symbols[v >> 12 & 63];
		p[2] = symbols[v >> 6 & 63];
		p[3] = symbols[v & 63];
	}
	if (i < bytes.len) {
		bool two = i + 2 == bytes.len;
		u32 v = (u32)in[i] << 16 | (two ? (u32)in[i + 1] << 8 : 0);

		*p++ = symbols[v >> 18];
		*p++ = symbols[v >> 12 & 63];
		if (two)
			*p++ = symbols[v >> 6 & 63];
	}
	return (size_t)(p - out);
}

/*
 * Reads n characters without padding; out may be NULL (check only). False for a symbol
 * outside the alphabet, an impossible length, or a last symbol with bits that no byte
 * takes: then a second text would decode to the same bytes. An absent symbol becomes
 * 0 - 1, all ones, and shows in `seen`.
 */
static inline bool octets(const u8 *values, const char *text, size_t n, u8 *out)
{
	const u8 *in = (const u8 *)text;
	u32 seen = 0, spare = 0, v;
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		u32 a = values[in[i]] - 1u, b = values[in[i + 1]] - 1u;
		u32 c = values[in[i + 2]] - 1u, d = values[in[i + 3]] - 1u;

		seen |= a | b | c | d;
		if (!out)
			continue;
		v = a << 18 | b << 12 | c << 6 | d;
		*out++ = (u8)(v >> 16);
		*out++ = (u8)(v >> 8);
		*out++ = (u8)v;
	}
	if (n - i == 1)
		return false;
	if (n - i >= 2) {
		u32 a = values[in[i]] - 1u, b = values[in[i + 1]] - 1u;
		u32 c = n - i == 3 ? values[in[i + 2]] - 1u : 0;

		seen |= a | b | c;
		spare = n - i == 3 ? c & 3 : b & 15;
		v = a << 18 | b << 12 | c << 6;
		if (out)
			out[0] = (u8)(v >> 16);
		if (out && n - i == 3)
			out[1] = (u8)(v >> 8);
	}
	return seen <= 63 && spare == 0;
}

/* '=' at the end of a text whose length is a multiple of 4: 0, 1 or 2. */
static size_t padding(str text)
{
	if (text.len < 4 || text.ptr[text.len - 1] != '=')
		return 0;
	return text.ptr[text.len - 2] == '=' ? 2 : 1;
}

str base64_encode(struct arena *a, str bytes)
{
	size_t n = BASE64_LEN(bytes.len);
	char *p = arena_alloc(a, n + 1);
	size_t used = sextets(standard_symbols, bytes, p);

	memset(p + used, '=', n - used);
	return str_of(p, n);
}

bool base64_is_strict(str text)
{
	return text.len % 4 == 0 &&
	       octets(standard_values, text.ptr, text.len - padding(text), NULL);
}

size_t base64_bytes(str text)
{
	return text.len / 4 * 3 - padding(text);
}

bool base64_decode(struct arena *a, str text, str *ret_bytes)
{
	u8 *p;

	if (text.len % 4 != 0)
		return false;
	p = arena_alloc(a, base64_bytes(text) + 1);
	if (!octets(standard_values, text.ptr, text.len - padding(text), p))
		return false;
	*ret_bytes = str_of(p, base64_bytes(text));
	return true;
}

bool base64_read(str text, u8 *ret_bytes, size_t n)
{
	if (!base64_is_strict(text) || base64_bytes(text) != n)
		return false;
	return octets(standard_values, text.ptr, text.len - padding(text), ret_bytes);
}

str base64url_encode(struct arena *a, str bytes)
{
	char *p = arena_alloc(a, BASE64URL_LEN(bytes.len) + 1);

	return str_of(p, sextets(url_symbols, bytes, p));
}

bool base64url_decode(struct arena *a, str text, str *ret_bytes)
{
	u8 *p = arena_alloc(a, text.len / 4 * 3 + 3);

	if (!octets(url_values, text.ptr, text.len, p))
		return false;
	*ret_bytes = str_of(p, text.len * 6 / 8);
	return true;
}

str encode_secret_hex(struct arena *a, const u8 *bytes, size_t n)
{
	char *p = (char *)secret_alloc(a, HEX_LEN(n) + 1);

	sodium_bin2hex(p, HEX_LEN(n) + 1, bytes, n);
	return str_of(p, HEX_LEN(n));
}

str encode_secret_base64url(struct arena *a, const u8 *bytes, size_t n)
{
	size_t room = BASE64URL_LEN(n) + 1;
	char *p = (char *)secret_alloc(a, room);

	sodium_bin2base64(p, room, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return str_of(p, BASE64URL_LEN(n));
}

bool decode_secret_hex(str text, u8 *ret_bytes, size_t n)
{
	size_t used;

	if (text.len == HEX_LEN(n) &&
	    sodium_hex2bin(ret_bytes, n, text.ptr, text.len, NULL, &used, NULL) == 0 && used == n)
		return true;
	sodium_memzero(ret_bytes, n);
	return false;
}

/* libsodium takes some bytes from 0x80 on for letters. */
static bool is_ascii(str text)
{
	u8 all = 0;

	for (size_t i = 0; i < text.len; i++)
		all |= (u8)text.ptr[i];
	return all < 0x80;
}

bool decode_secret_base64url(str text, u8 *ret_bytes, size_t n)
{
	const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	size_t used;

	if (text.len == BASE64URL_LEN(n) && is_ascii(text) &&
	    sodium_base642bin(ret_bytes, n, text.ptr, text.len, NULL, &used, NULL, variant) == 0 &&
	    used == n)
		return true;
	sodium_memzero(ret_bytes, n);
	return false;
}
