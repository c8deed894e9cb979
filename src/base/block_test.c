#include "base/test.h"

#include "base/block.h"

TEST(a_block_keeps_its_own_copy)
{
	char text[] = "hello";
	CLEANUP(block_unrefp) struct block *b = block_new(str_of(text, 5));

	text[0] = 'J';
	assert_str(block_str(b), S("hello"));
}

/* ASan reports a block freed early or never. */
TEST(the_last_reference_frees)
{
	struct block *b = block_new(S("x"));

	assert_ptr_equal(block_ref(b), b);
	assert_int_equal(atomic_load(&b->refs), 2);
	block_unref(b);
	assert_str(block_str(b), S("x"));
	block_unref(b);
	block_unref(NULL);
}

TEST(an_empty_block)
{
	CLEANUP(block_unrefp) struct block *b = block_new(STR_NONE);

	assert_int_equal(b->len, 0);
}

TEST_MAIN("base/block")
