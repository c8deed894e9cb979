#include "base/buf.h"

#include <stdarg.h>

void buf_done(struct buf *b)
{
	free(b->ptr);
	*b = buf_make(b->max);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
}

void buf_shrink(struct buf *b)
{
	if (b->len == 0 && b->ptr)
		buf_done(b);
}

char *buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	if (n > b->max || b->len > b->max - n) {
		b->full = true;
		return NULL;
	}
	if (b->cap - b->len >= n && b->ptr)
		return b->ptr + b->len;
	while (cap - b->len < n)
		cap *= 2;
	cap = MAX(MIN(cap, b->max), 1);
	p = realloc(b->ptr, cap);
	if (!p)
		abort();
	b->ptr = p;
	b->cap = cap;
	return p + b->len;
}

void buf_add(struct buf *b, str s)
{
	char *p = buf_room(b, s.len);

	if (!p || !s.len)
		return;
	memcpy(p, s.ptr, s.len);
	b->len += s.len;
}

void buf_add_byte(struct buf *b, char c)
{
	buf_add(b, str_of(&c, 1));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* One more than the text: vsnprintf writes its NUL there. */
	p = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
	b->len -= n;
	if (b->len)
		memmove(b->ptr, b->ptr + n, b->len);
}
