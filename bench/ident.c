#include "bench/ident.h"

enum { HALF_BITS = 24, HALF_MASK = (1 << HALF_BITS) - 1, ROUNDS = 4, BYTES = 16 };

static u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

u64 ident_key(str tag)
{
	u64 key = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < tag.len; i++)
		key = mix(key ^ (u8)tag.ptr[i]);
	return key;
}

static u64 half(u64 key, unsigned round, u64 x)
{
	return mix(key + (u64)round * 0x9e3779b97f4a7c15 + x) & HALF_MASK;
}

static u64 permuted(u64 key, u64 no)
{
	u64 left = no >> HALF_BITS & HALF_MASK, right = no & HALF_MASK;

	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 next = left ^ half(key, i, right);

		left = right;
		right = next;
	}
	return left << HALF_BITS | right;
}

static u64 restored(u64 key, u64 x)
{
	u64 left = x >> HALF_BITS & HALF_MASK, right = x & HALF_MASK;

	for (unsigned i = ROUNDS; i-- > 0;) {
		u64 before = right ^ half(key, i, left);

		right = left;
		left = before;
	}
	return left << HALF_BITS | right;
}

void ident_text(u64 key, u64 no, char ret_text[IDENT_LEN])
{
	static const char hex[] = "0123456789abcdef";
	u64 head = permuted(key, no), tail = mix(key ^ mix(no + 1));
	u64 high = head << 16 | 0x4000 | (tail >> 52);
	u64 low = (tail & UINT64_MAX >> 2) | 1ULL << 63;
	char *p = ret_text;

	for (unsigned i = 0; i < BYTES; i++) {
		u64 byte = (i < 8 ? high >> (56 - 8 * i) : low >> (120 - 8 * i)) & 0xff;

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[byte >> 4];
		*p++ = hex[byte & 15];
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

u64 ident_number(u64 key, str id)
{
	char same[IDENT_LEN];
	u64 head = 0, no;

	if (id.len != IDENT_LEN)
		return IDENT_NONE;
	for (size_t i = 0; i < 13; i++) {
		int d = i == 8 ? 0 : digit(id.ptr[i]);

		if (d < 0)
			return IDENT_NONE;
		if (i != 8)
			head = head << 4 | (u64)d;
	}
	no = restored(key, head);
	ident_text(key, no, same);
	return memcmp(same, id.ptr, IDENT_LEN) == 0 ? no : IDENT_NONE;
}
