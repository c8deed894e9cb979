#include "net/sha1.h"

enum { BLOCK = 64, LENGTH_AT = 56, ROUNDS = 80 };

static u32 rotate(u32 x, int n)
{
	return x << n | x >> (32 - n);
}

static void take_block(u32 h[5], const u8 block[BLOCK])
{
	u32 w[ROUNDS], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++)
		w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 |
		       (u32)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < ROUNDS; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < ROUNDS; i++) {
		static const u32 constants[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
		u32 mixed = i < 20 ? (b & c) | (~b & d)
			    : i < 40 || i >= 60 ? b ^ c ^ d
						: (b & c) | (b & d) | (c & d);
		u32 next = rotate(a, 5) + mixed + e + constants[i / 20] + w[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1(str data, u8 ret_digest[SHA1_BYTES])
{
	u32 h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	u64 bits = (u64)data.len * 8;
	size_t rest = data.len % BLOCK, whole = data.len - rest;
	u8 last[2 * BLOCK] = { 0 };
	size_t n = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;

	for (size_t at = 0; at < whole; at += BLOCK)
		take_block(h, (const u8 *)data.ptr + at);
	if (rest)
		memcpy(last, data.ptr + whole, rest);
	last[rest] = 0x80;
	for (size_t i = 0; i < 8; i++)
		last[n - 1 - i] = (u8)(bits >> 8 * i);
	for (size_t at = 0; at < n; at += BLOCK)
		take_block(h, last + at);
	for (size_t i = 0; i < SHA1_BYTES; i++)
		ret_digest[i] = (u8)(h[i / 4] >> (24 - 8 * (i % 4)));
}
