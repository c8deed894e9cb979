/*
 * arena.h - memory that is freed together.
 *
 * One arena a request, one a connection, one a process. Memory is zeroed, aligned to 16
 * bytes and never NULL: out of memory aborts, because every input that reaches an arena is
 * bounded by a named limit. Not thread-safe: one thread uses an arena at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);             /* NULL is fine; runs deferred calls, last first */
void arena_freep(struct arena **a);
/* Frees all but the first block and runs deferred calls; the arena can be used again. */
void arena_reset(struct arena *a);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

void *arena_alloc(struct arena *a, size_t n);
#define NEW(a, type) ((type *)arena_alloc(a, sizeof(type)))
#define NEW_ARRAY(a, type, n) ((type *)arena_array(a, sizeof(type), n))
void *arena_array(struct arena *a, size_t size, size_t n); /* aborts on overflow */

str arena_dup(struct arena *a, str s);        /* also NUL-terminated, beyond len */
char *arena_cstr(struct arena *a, str s);
str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* fn(obj) runs when the arena is freed or reset: for refcounts, statements, descriptors. */
void arena_defer(struct arena *a, void (*fn)(void *obj), void *obj);

#endif
