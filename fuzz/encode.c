/*
 * encode.c - fuzz target of crypto/encode.h, UTF-8, and the texts of base/clock.h.
 *
 * Input: what it is, then bytes. What decodes is what encoding the result gives again, in
 * every form of the decoder alike; what is encoded decodes to itself.
 */
#include <string.h>

#include "base/clock.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "json/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4096 };

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void hex(struct arena *a, str text)
{
	u8 *bytes = arena_alloc(a, text.len + 1);
	str out, lower;
	bool ok = hex_decode(a, text, false, &out), strict = hex_decode(a, text, true, &lower);

	require(!strict || (ok && str_eq(out, lower) && str_eq(hex_encode(a, out), text)));
	require(!ok || str_eq(hex_encode(a, out), hex_lower(a, text)));
	require(hex_read(text, false, bytes, text.len / 2) == (ok && text.len % 2 == 0));
	require(str_is_hex(text, text.len / 2, false) == ok);
	if (text.len >= 2)
		require(decode_secret_hex(text, bytes, text.len / 2) == ok);
}

static void base64(struct arena *a, str text)
{
	u8 *bytes = arena_alloc(a, text.len + 1);
	str out;
	bool ok = base64_decode(a, text, &out);

	require(base64_is_strict(text) == ok);
	if (!ok)
		return;
	require(str_eq(base64_encode(a, out), text) && base64_bytes(text) == out.len);
	require(base64_read(text, bytes, out.len) && memcmp(bytes, out.ptr, out.len) == 0);
	require(!base64_read(text, bytes, out.len + 1));
}

static void base64url(struct arena *a, str text)
{
	u8 *bytes = arena_alloc(a, text.len + 1);
	size_t n = text.len * 3 / 4;
	str out;
	bool ok = base64url_decode(a, text, &out);

	if (ok)
		require(str_eq(base64url_encode(a, out), text) && out.len == n);
	/* Both decoders refuse the same. */
	if (n && text.len == BASE64URL_LEN(n)) {
		require(decode_secret_base64url(text, bytes, n) == ok);
		require(!ok || memcmp(bytes, out.ptr, n) == 0);
	}
}

static void round_trip(struct arena *a, str bytes)
{
	str out;

	require(hex_decode(a, hex_encode(a, bytes), true, &out) && str_eq(out, bytes));
	require(base64_decode(a, base64_encode(a, bytes), &out) && str_eq(out, bytes));
	require(base64url_decode(a, base64url_encode(a, bytes), &out) && str_eq(out, bytes));
	require(str_eq(encode_secret_hex(a, (const u8 *)bytes.ptr, bytes.len), hex_encode(a, bytes)));
	require(str_eq(encode_secret_base64url(a, (const u8 *)bytes.ptr, bytes.len), base64url_encode(a, bytes)));
}

/* A second reader of UTF-8, by the table of RFC 3629, section 4. */
static size_t sequence(const u8 *p, size_t n)
{
	static const struct { u8 first, last, low, high; size_t tail; } rows[] = {
		{ 0x00, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
		{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 3 }, { 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last || n < rows[i].tail + 1)
			continue;
		if (rows[i].tail && (p[1] < rows[i].low || p[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k <= rows[i].tail; k++)
			if (p[k] < 0x80 || p[k] > 0xbf)
				return 0;
		return rows[i].tail + 1;
	}
	return 0;
}

static void utf8(struct arena *a, str text)
{
	bool ok = true;
	size_t at = 0, used;
	str quoted;

	while (ok && at < text.len) {
		used = sequence((const u8 *)text.ptr + at, text.len - at);
		ok = used > 0;
		at += used;
	}
	require(str_is_utf8(text) == ok);
	if (!ok)
		return;
	quoted = text_quotable(a, text, 20);
	require(str_is_utf8(quoted) && quoted.len <= 20 + sizeof("...") - 1);
	for (size_t i = 0; i < quoted.len; i++) {
		require((u8)quoted.ptr[i] >= 0x20 && quoted.ptr[i] != 0x7f);
		require((u8)quoted.ptr[i] != 0xc2 || (u8)quoted.ptr[i + 1] >= 0xa0);
	}
}

static void times(struct arena *a, str text)
{
	i64 ms, again;

	if (time_from_iso(text, &ms)) {
		str iso = time_iso(a, ms);

		require(time_from_iso(iso, &again) && again == ms);
		/* All but the fraction is as it was. */
		require(text.len >= 19 && memcmp(iso.ptr, text.ptr, 19) == 0);
	}
	if (time_from_duration(text, &ms))
		require(ms > 0 && ms % 1000 == 0);
	if (str_to_i64(text, &ms))
		require(str_to_i64(arena_printf(a, "%lld", (long long)ms), &again) && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct arena *a, str text) = { hex, base64, base64url, round_trip, utf8, times };
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (size < 1 || size > INPUT_MAX || !crypto_start())
		return 0;
	targets[data[0] % ARRAY_LEN(targets)](a, str_of(data + 1, size - 1));
	return 0;
}
