#include "base/test.h"

#include "net/outq.h"

static str joined(struct arena *a, const struct outq *q)
{
	struct iovec iov[64];
	int n = outq_peek(q, iov, 64);
	str all = S("");

	for (int i = 0; i < n; i++)
		all = arena_printf(a, "%.*s%.*s", STRF(all), (int)iov[i].iov_len,
				   (char *)iov[i].iov_base);
	return all;
}

TEST(bytes_come_out_in_order_whatever_their_kind)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(block_unrefp) struct block *b = block_new(S("BLOCK"));
	struct outq q = { 0 };

	outq_add(&q, S("one "));
	outq_add(&q, S("two "));
	outq_add_block(&q, b);
	outq_add(&q, S(" three"));
	assert_int_equal(q.len, 19);
	assert_str(joined(a, &q), S("one two BLOCK three"));
	outq_drop(&q, 10);
	assert_str(joined(a, &q), S("OCK three"));
	outq_drop(&q, 3);
	assert_int_equal(atomic_load(&b->refs), 1);
	outq_add(&q, S("!"));
	assert_str(joined(a, &q), S(" three!"));
	outq_clear(&q);
	assert_null(q.first);
	assert_null(q.last);
}

TEST(queued_bytes_do_not_move)
{
	struct outq q = { 0 };
	struct iovec before, after;
	char fill[5000];

	memset(fill, 'x', sizeof(fill));
	outq_add(&q, S("head"));
	assert_int_equal(outq_peek(&q, &before, 1), 1);
	for (int i = 0; i < 100; i++)
		outq_add(&q, str_of(fill, sizeof(fill)));
	assert_int_equal(outq_peek(&q, &after, 1), 1);
	assert_ptr_equal(before.iov_base, after.iov_base);
	assert_int_equal(q.len, 4 + 100 * sizeof(fill));
	outq_clear(&q);
	assert_int_equal(q.len, 0);
}

TEST(nothing_adds_nothing)
{
	CLEANUP(block_unrefp) struct block *b = block_new(STR_NONE);
	struct outq q = { 0 };

	outq_add(&q, STR_NONE);
	outq_add_block(&q, b);
	outq_drop(&q, 0);
	assert_null(q.first);
}

TEST_MAIN("net/outq")
