#include "base/ids.h"

/* ASCII order: comparing two time parts as text compares the times. */
#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void fill_from(const struct random *r, str alphabet, char *out, size_t n)
{
	/* Bytes at or above the largest multiple are thrown away: no bias. */
	unsigned limit = 256 - 256 % (unsigned)alphabet.len;
	u8 pool[64];
	size_t at = sizeof(pool);

	for (size_t i = 0; i < n;) {
		if (at == sizeof(pool)) {
			random_fill(r, pool, sizeof(pool));
			at = 0;
		}
		if (pool[at] < limit)
			out[i++] = alphabet.ptr[pool[at] % alphabet.len];
		at++;
	}
}

/* The same for message ids, of which there are many: a call to the kernel for each costs more
 * than all the rest of it. */
static void fill_base62(struct id_source *src, char *out, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (!src->n_pool) {
			random_fill(src->random, src->pool, sizeof(src->pool));
			src->n_pool = sizeof(src->pool);
		}
		if (src->pool[--src->n_pool] < 62 * 4)
			out[i++] = BASE62[src->pool[src->n_pool] % 62];
	}
}

str id_from_alphabet(struct arena *a, const struct random *r, str alphabet, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	fill_from(r, alphabet, p, n);
	return str_of(p, n);
}

str id_random(struct arena *a, const struct random *r)
{
	return id_from_alphabet(a, r, S(BASE62), ID_LEN);
}

str id_message(struct arena *a, struct id_source *src)
{
	char *p = arena_alloc(a, ID_LEN + 1);
	i64 us = MAX(clock_us(src->clock), src->last_us + 1);

	src->last_us = us;
	for (int i = ID_TIME_LEN - 1; i >= 0; i--) {
		p[i] = BASE62[us % 62];
		us /= 62;
	}
	fill_base62(src, p + ID_TIME_LEN, ID_LEN - ID_TIME_LEN);
	return str_of(p, ID_LEN);
}

static int base62_value(char c)
{
	return c <= '9' ? c - '0' : c <= 'Z' ? c - 'A' + 10 : c - 'a' + 36;
}

void id_times(str prefix, i64 *ret_first_us, i64 *ret_last_us)
{
	i64 first = 0, last = 0;

	for (size_t i = 0; i < ID_TIME_LEN; i++) {
		first = first * 62 + (i < prefix.len ? base62_value(prefix.ptr[i]) : 0);
		last = last * 62 + (i < prefix.len ? base62_value(prefix.ptr[i]) : 61);
	}
	*ret_first_us = first;
	*ret_last_us = last;
}

str id_uuid(struct arena *a, const struct random *r)
{
	u8 b[16];

	random_fill(r, b, sizeof(b));
	b[6] = (u8)((b[6] & 0x0f) | 0x40);
	b[8] = (u8)((b[8] & 0x3f) | 0x80);
	return arena_printf(a,
			    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
			    b[11], b[12], b[13], b[14], b[15]);
}

bool id_is_prefix(str s, size_t min_len)
{
	if (s.len < min_len || s.len > ID_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!memchr(BASE62, s.ptr[i], sizeof(BASE62) - 1))
			return false;
	return true;
}
