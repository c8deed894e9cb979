#include "base/block.h"

struct block *block_room(size_t len)
{
	struct block *b = calloc(1, sizeof(*b) + len);

	if (!b)
		abort();
	atomic_init(&b->refs, 1);
	b->len = len;
	return b;
}

struct block *block_new(str bytes)
{
	struct block *b = malloc(sizeof(*b) + bytes.len);

	if (!b)
		abort();
	atomic_init(&b->refs, 1);
	b->len = bytes.len;
	if (bytes.len)
		memcpy(b->bytes, bytes.ptr, bytes.len);
	return b;
}

struct block *block_ref(struct block *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void block_unref(struct block *b)
{
	if (b && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
		free(b);
}

void block_unrefp(struct block **b)
{
	block_unref(*b);
	*b = NULL;
}
