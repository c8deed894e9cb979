/*
 * outq.h - bytes waiting to be written: copies in chunks, shared blocks by reference.
 *
 * Queued bytes never move, so a write under way may point at them until outq_drop(). An empty
 * queue owns no memory. Zeroed is empty. The bound is the caller's.
 */
#ifndef NET_OUTQ_H
#define NET_OUTQ_H

#include <sys/uio.h>

#include "base/block.h"

enum { OUTQ_CHUNK_MIN = 2048, OUTQ_CHUNK_MAX = 65536 };

struct outq_part;

struct outq {
	struct outq_part *first, *last;
	size_t len;
};

void outq_add(struct outq *q, str bytes);
void outq_add_block(struct outq *q, struct block *b);   /* takes a reference of its own */
/* Points at the first bytes, at most max pieces; returns how many pieces. */
int outq_peek(const struct outq *q, struct iovec *iov, int max);
/* Forgets the first n bytes. */
void outq_drop(struct outq *q, size_t n);
void outq_clear(struct outq *q);

#endif
