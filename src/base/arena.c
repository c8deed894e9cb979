#include "base/arena.h"

#include <stdarg.h>

enum { BLOCK_BYTES = 4096 - 64, ALIGN = 16 };

struct block {
	struct block *next;
	size_t cap, used;
	_Alignas(ALIGN) char data[];
};

struct defer {
	struct defer *next;
	void (*fn)(void *);
	void *obj;
};

struct arena {
	struct block *first; /* newest first; the oldest survives a reset */
	struct defer *defers;
	size_t used;
};

static struct block *block_new(size_t cap, struct block *next)
{
	struct block *b = malloc(sizeof(*b) + cap);

	if (!b)
		abort();
	*b = (struct block){ .next = next, .cap = cap };
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	return a;
}

static void run_defers(struct arena *a)
{
	struct defer *d = a->defers;

	a->defers = NULL;
	for (; d; d = d->next)
		d->fn(d->obj);
}

void arena_reset(struct arena *a)
{
	run_defers(a);
	while (a->first && a->first->next) {
		struct block *b = a->first;

		a->first = b->next;
		free(b);
	}
	if (a->first)
		a->first->used = 0;
	a->used = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	free(a->first);
	free(a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t size = (MAX(n, 1) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *b = a->first;
	void *p;

	if (n > PTRDIFF_MAX / 2)
		abort();
	if (!b || b->cap - b->used < size) {
		b = block_new(MAX(size, BLOCK_BYTES), b);
		a->first = b;
	}
	p = b->data + b->used;
	b->used += size;
	a->used += size;
	return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t size, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(size, n, &bytes))
		abort();
	return arena_alloc(a, bytes);
}

char *arena_cstr(struct arena *a, str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (s.len)
		memcpy(p, s.ptr, s.len);
	return p;
}

str arena_dup(struct arena *a, str s)
{
	return s.ptr ? str_of(arena_cstr(a, s), s.len) : STR_NONE;
}

str arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	if ((size_t)n < sizeof(small)) {
		memcpy(p, small, (size_t)n);
	} else {
		va_start(ap, fmt);
		vsnprintf(p, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	return str_of(p, (size_t)n);
}

void arena_defer(struct arena *a, void (*fn)(void *obj), void *obj)
{
	struct defer *d = NEW(a, struct defer);

	*d = (struct defer){ .next = a->defers, .fn = fn, .obj = obj };
	a->defers = d;
}
