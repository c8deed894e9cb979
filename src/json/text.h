/*
 * text.h - string helpers of src/json; text_quotable() is also for who shows what a stranger
 * wrote: in an error, on a terminal.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <endian.h>

#include "base/arena.h"

/* First byte of [p, end) that may not stand as it is in a JSON string: '"', '\\' or below
 * 0x20; end if there is none. *high gets bits of 0x80 when it passed bytes over 0x7f (it may
 * also get them from up to seven bytes behind the result). */
static inline const char *text_plain_run(const char *p, const char *end, u64 *high)
{
	const u64 ones = 0x0101010101010101u, tops = ones << 7;

	for (; end - p >= 8; p += 8) {
		u64 x, hit;

		memcpy(&x, p, 8);
		x = le64toh(x);
		*high |= x & tops;
		/* A borrow can only reach bytes above a true hit, so the lowest bit is exact. */
		hit = ((x - ones * 0x20) | ((x ^ ones * '"') - ones) | ((x ^ ones * '\\') - ones)) & ~x & tops;
		if (hit)
			return p + __builtin_ctzll(hit) / 8;
	}
	for (; p < end; p++) {
		u8 c = (u8)*p;

		if (c < 0x20 || c == '"' || c == '\\')
			return p;
		*high |= c & 0x80;
	}
	return end;
}

/* At most max bytes of s, whole UTF-8 sequences only, control characters as '?': fit to be
 * quoted in an error that may end on a terminal. */
str text_quotable(struct arena *a, str s, size_t max);

#endif
