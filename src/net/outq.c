#include "net/outq.h"

struct outq_part {
	struct outq_part *next;
	struct block *block; /* NULL: the bytes are here */
	size_t from, to;     /* what is still to be written */
	size_t cap;
	char bytes[];
};

static const char *part_bytes(const struct outq_part *p)
{
	return p->block ? p->block->bytes : p->bytes;
}

static struct outq_part *part_add(struct outq *q, size_t cap)
{
	struct outq_part *p = malloc(sizeof(*p) + cap);

	if (!p)
		abort();
	*p = (struct outq_part){ .cap = cap };
	if (q->last)
		q->last->next = p;
	else
		q->first = p;
	q->last = p;
	return p;
}

/* Appends as much as the last chunk holds. */
static size_t part_fill(struct outq *q, str s)
{
	struct outq_part *p = q->last;
	size_t n;

	if (!p || p->block)
		return 0;
	n = MIN(s.len, p->cap - p->to);
	if (n)
		memcpy(p->bytes + p->to, s.ptr, n);
	p->to += n;
	q->len += n;
	return n;
}

void outq_add(struct outq *q, str s)
{
	s = str_skip(s, part_fill(q, s));
	if (!s.len)
		return;
	/* The more waits, the larger the chunks: few parts for much output, little for little. */
	part_add(q, MAX(s.len, MIN(MAX(q->len, (size_t)OUTQ_CHUNK_MIN), (size_t)OUTQ_CHUNK_MAX)));
	part_fill(q, s);
}

void outq_add_block(struct outq *q, struct block *b)
{
	struct outq_part *p;

	if (!b->len)
		return;
	p = part_add(q, 0);
	p->block = block_ref(b);
	p->to = b->len;
	q->len += b->len;
}

int outq_peek(const struct outq *q, struct iovec *iov, int max)
{
	int n = 0;

	for (struct outq_part *p = q->first; p && n < max; p = p->next, n++) {
		/* iovec has no const; the kernel only reads. */
		iov[n].iov_base = (char *)(uintptr_t)part_bytes(p) + p->from;
		iov[n].iov_len = p->to - p->from;
	}
	return n;
}

void outq_drop(struct outq *q, size_t n)
{
	q->len -= n;
	while (q->first && n >= q->first->to - q->first->from) {
		struct outq_part *p = q->first;

		n -= p->to - p->from;
		q->first = p->next;
		if (!q->first)
			q->last = NULL;
		block_unref(p->block);
		free(p);
	}
	if (n)
		q->first->from += n;
}

void outq_clear(struct outq *q)
{
	outq_drop(q, q->len);
}
