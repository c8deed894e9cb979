#include "base/str.h"

#include <strings.h>

str str_from(const char *cstr)
{
	return cstr ? (str){ cstr, strlen(cstr) } : STR_NONE;
}

bool str_eq(str a, str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(str a, str b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

int str_cmp(str a, str b)
{
	size_t n = MIN(a.len, b.len);
	int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(str s, str prefix)
{
	return s.len >= prefix.len && str_eq(str_of(s.ptr, prefix.len), prefix);
}

bool str_ends(str s, str suffix)
{
	return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

str str_skip(str s, size_t n)
{
	n = MIN(n, s.len);
	return s.ptr ? str_of(s.ptr + n, s.len - n) : s;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

str str_trim(str s)
{
	while (s.len && is_blank(s.ptr[0]))
		s = str_skip(s, 1);
	while (s.len && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

ptrdiff_t str_index(str s, char c)
{
	const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

	return at ? at - s.ptr : -1;
}

bool str_contains(str s, str part)
{
	return part.len == 0 || (s.len && memmem(s.ptr, s.len, part.ptr, part.len));
}

bool str_cut(str *rest, char sep, str *ret_part)
{
	ptrdiff_t at;

	if (!rest->ptr)
		return false;
	at = str_index(*rest, sep);
	if (at < 0) {
		*ret_part = *rest;
		*rest = STR_NONE;
	} else {
		*ret_part = str_of(rest->ptr, (size_t)at);
		*rest = str_skip(*rest, (size_t)at + 1);
	}
	return true;
}

bool str_to_i64(str s, i64 *ret_value)
{
	bool negative = s.len && s.ptr[0] == '-';
	i64 value = 0;

	if (negative)
		s = str_skip(s, 1);
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int digit = s.ptr[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
		/* Built downwards when negative, so that INT64_MIN fits. */
		if (__builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool str_is_hex(str s, size_t n_bytes, bool lower)
{
	if (s.len != 2 * n_bytes)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
			continue;
		if (lower || c < 'A' || c > 'F')
			return false;
	}
	return true;
}

/* Length of the UTF-8 sequence at p (1 to 4), 0 if it is malformed. */
static size_t utf8_sequence(const u8 *p, size_t left)
{
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, above U+10FFFF: all visible in the second byte. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool str_is_utf8(str s)
{
	const u8 *p = (const u8 *)s.ptr;
	size_t i = 0;

	while (i < s.len) {
		u64 eight;
		size_t n;

		/* Eight ASCII bytes at once: nearly all of our traffic is base64. */
		if (s.len - i >= 8) {
			memcpy(&eight, p + i, 8);
			if (!(eight & 0x8080808080808080u)) {
				i += 8;
				continue;
			}
		}
		n = utf8_sequence(p + i, s.len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t str_distance(str a, str b)
{
	size_t row[65];

	if (a.len > 64 || b.len > 64)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t up = row[j];
			size_t cost = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

			row[j] = MIN(MIN(up, row[j - 1]) + 1, cost);
			diagonal = up;
		}
	}
	return row[b.len];
}
