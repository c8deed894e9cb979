#include "base/buf.h"
#include "base/test.h"

TEST(grows_up_to_its_maximum_and_no_further)
{
	CLEANUP(buf_done) struct buf b = buf_make(1000);

	for (int i = 0; i < 100; i++)
		buf_add(&b, S("0123456789"));
	assert_int_equal(b.len, 1000);
	assert_false(b.full);
	buf_add_byte(&b, 'x');
	assert_true(b.full);
	assert_int_equal(b.len, 1000);
	buf_clear(&b);
	assert_false(b.full);
}

TEST(printf_and_consume)
{
	CLEANUP(buf_done) struct buf b = buf_make(64);

	buf_printf(&b, "%s=%d", "answer", 42);
	buf_consume(&b, 7);
	assert_str(buf_str(&b), S("42"));
	buf_consume(&b, 2);
	buf_shrink(&b);
	assert_null(b.ptr);
}

TEST_MAIN("base/buf")
