/*
 * filter.h - a set of 64-bit hashes that may be mistaken: what it says is not there is not,
 * what it says is there may not be (one in a thousand, at FILTER_BYTES_EACH).
 *
 * A Bloom filter in blocks of one cache line, one bit in each of its eight words. Its bytes
 * are kept in the database, so they mean the same on every machine and for ever. Pure.
 */
#ifndef ENGINE_FILTER_H
#define ENGINE_FILTER_H

#include "base/base.h"

enum { FILTER_BYTES_EACH = 2, FILTER_BLOCK = 64 };

/* The size for n hashes; at least one block. */
static inline size_t filter_size(size_t n)
{
	return MAX((n * FILTER_BYTES_EACH + FILTER_BLOCK - 1) / FILTER_BLOCK, (size_t)1) * FILTER_BLOCK;
}
/* size: of filter_size(); all bytes of an empty one are 0. */
void filter_add(u8 *filter, size_t size, u64 hash);
bool filter_has(const u8 *filter, size_t size, u64 hash);

#endif
