#include "base/test.h"

#include "bench/ident.h"

enum { IDS = 20000 };

static str text(struct arena *a, u64 key, u64 no)
{
	char *p = arena_alloc(a, IDENT_LEN);

	ident_text(key, no, p);
	return str_of(p, IDENT_LEN);
}

TEST(an_id_is_a_uuid_of_version_4)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u64 key = ident_key(S("t"));

	for (u64 no = 0; no < 1000; no++) {
		str id = text(a, key, no);

		for (size_t i = 0; i < id.len; i++) {
			bool dash = i == 8 || i == 13 || i == 18 || i == 23;

			assert_int_equal(dash, id.ptr[i] == '-');
			if (!dash)
				assert_non_null(strchr("0123456789abcdef", id.ptr[i]));
		}
		assert_int_equal(id.ptr[14], '4');
		assert_non_null(strchr("89ab", id.ptr[19]));
	}
}

TEST(the_number_of_an_id_is_found_again)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u64 key = ident_key(S("t")), last = ((u64)1 << 48) - 1;

	for (u64 no = 0; no < IDS; no++)
		assert_int_equal(ident_number(key, text(a, key, no)), no);
	assert_int_equal(ident_number(key, text(a, key, last)), last);
}

static int by_text(const void *a, const void *b)
{
	return memcmp(a, b, IDENT_LEN);
}

TEST(ids_come_in_no_order_and_none_twice)
{
	char(*ids)[IDENT_LEN] = calloc(IDS, IDENT_LEN);
	u64 key = ident_key(S("t"));
	size_t rising = 0;

	for (u64 no = 0; no < IDS; no++) {
		ident_text(key, no, ids[no]);
		rising += no > 0 && memcmp(ids[no - 1], ids[no], IDENT_LEN) < 0;
	}
	assert_true(rising > IDS / 2 - IDS / 20 && rising < IDS / 2 + IDS / 20);
	qsort(ids, IDS, IDENT_LEN, by_text);
	for (size_t i = 1; i < IDS; i++)
		assert_true(memcmp(ids[i - 1], ids[i], IDENT_LEN) < 0);
	free(ids);
}

TEST(a_changed_id_is_none_of_ours)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u64 key = ident_key(S("t"));
	str id = text(a, key, 7);

	for (size_t i = 0; i < id.len; i++) {
		char *changed = arena_cstr(a, id);

		changed[i] = changed[i] == '0' ? '1' : '0';
		assert_int_equal(ident_number(key, str_of(changed, id.len)), IDENT_NONE);
	}
	assert_int_equal(ident_number(key, str_of(id.ptr, id.len - 1)), IDENT_NONE);
	assert_int_equal(ident_number(key, arena_printf(a, "%.*s0", STRF(id))), IDENT_NONE);
	assert_int_equal(ident_number(key, STR_NONE), IDENT_NONE);
	assert_int_equal(ident_number(ident_key(S("u")), id), IDENT_NONE);
}

TEST_MAIN("bench/ident")
