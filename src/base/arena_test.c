#include "base/arena.h"
#include "base/test.h"

TEST(memory_is_zeroed_and_aligned)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t n = 0; n < 10000; n += 97) {
		char *p = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	arena_reset(a);
	assert_int_equal(*(char *)arena_alloc(a, 1), 0);
}

TEST(printf_of_any_length)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str long_text = arena_printf(a, "%0*d", 5000, 7);

	assert_str(arena_printf(a, "%s-%d", "a", 5), S("a-5"));
	assert_int_equal(long_text.len, 5000);
	assert_int_equal(long_text.ptr[4999], '7');
	assert_int_equal(long_text.ptr[5000], 0);
}

static char trace[8];

static void note(void *obj)
{
	size_t n = 0;

	while (trace[n])
		n++;
	trace[n] = *(char *)obj;
}

TEST(deferred_calls_run_once_last_first)
{
	struct arena *a = arena_new();
	char first = '1', second = '2';

	arena_defer(a, note, &first);
	arena_defer(a, note, &second);
	arena_reset(a);
	assert_string_equal(trace, "21");
	arena_free(a);
	assert_string_equal(trace, "21");
}

TEST(absent_text_stays_absent)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_null(arena_dup(a, STR_NONE).ptr);
	assert_non_null(arena_dup(a, S("")).ptr);
}

TEST_MAIN("base/arena")
