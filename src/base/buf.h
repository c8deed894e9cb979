/*
 * buf.h - a growing byte buffer with a named maximum.
 *
 * The maximum is given at creation. Past it nothing is added and `full` is set, so a
 * writer can add many pieces and look once. Owned by the caller; buf_done() frees.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *ptr;
	size_t len, cap, max;
	bool full;            /* something did not fit; the content is not to be used */
};

static inline struct buf buf_make(size_t max) { return (struct buf){ .max = max }; }
void buf_done(struct buf *b);                 /* frees; may be used again */
void buf_clear(struct buf *b);                /* forgets the content, keeps the memory */
void buf_shrink(struct buf *b);               /* frees the memory if the buffer is empty */

void buf_add(struct buf *b, str s);
void buf_add_byte(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for n more bytes at ptr + len, or NULL when over the maximum. Add n to len after use. */
char *buf_room(struct buf *b, size_t n);
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);
static inline str buf_str(const struct buf *b) { return str_of(b->ptr, b->len); }

#endif
