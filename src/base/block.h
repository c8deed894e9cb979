/*
 * block.h - immutable bytes with a reference count, shared between threads and queues.
 *
 * Filled by its maker before anyone else sees it, never changed afterwards. A broadcast is
 * one block in many output queues. The count is atomic; the last unref frees.
 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

#include <stdatomic.h>

#include "base/str.h"

struct block {
	_Atomic u32 refs;
	size_t len;
	char bytes[];
};

/* A copy of the bytes, with one reference, the caller's. */
struct block *block_new(str bytes);
/* Zeroed room for len bytes, which the maker fills. */
struct block *block_room(size_t len);
struct block *block_ref(struct block *b);     /* returns b */
void block_unref(struct block *b);            /* NULL is fine */
void block_unrefp(struct block **b);
static inline str block_str(const struct block *b) { return str_of(b->bytes, b->len); }

#endif
