#include "crypto/secret.h"

#include <sodium.h>

struct secret {
	size_t len;
	u8 bytes[];
};

bool crypto_start(void)
{
	/* 1 means that it was started before. */
	return sodium_init() >= 0;
}

static void secret_defer(void *obj)
{
	struct secret *s = obj;

	sodium_memzero(s->bytes, s->len);
}

u8 *secret_alloc(struct arena *a, size_t n)
{
	struct secret *s = arena_alloc(a, sizeof(*s) + n + 1);

	s->len = n;
	arena_defer(a, secret_defer, s);
	return s->bytes;
}

str secret_dup(struct arena *a, str s)
{
	u8 *p = secret_alloc(a, s.len);

	if (s.len)
		memcpy(p, s.ptr, s.len);
	return str_of(p, s.len);
}

void secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

void secret_random(void *ret, size_t n)
{
	randombytes_buf(ret, n);
}

bool secret_eq(str a, str b)
{
	return a.len == b.len && (a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}
