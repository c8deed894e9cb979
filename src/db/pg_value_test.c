#include "db/pg_value.h"

#include "base/test.h"

static const struct db_query query = { "Q", 0, "isb", "", "" };

static str param(const struct pg_params *p, int i)
{
	assert_int_equal(p->formats[i], 1);
	return str_of(p->values[i], (size_t)p->lengths[i]);
}

TEST(parameters_of_one_row)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct db_value values[] = { V((i64)-2), V(S("text")), db_null() };
	struct pg_params p;

	pg_params_one(a, &query, values, &p);
	assert_int_equal(p.n, 3);
	assert_str(param(&p, 0), S("\xff\xff\xff\xff\xff\xff\xff\xfe"));
	assert_str(param(&p, 1), S("text"));
	assert_null(p.values[2]);
}

TEST(empty_is_not_null)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct db_value values[] = { V(0), V(S("")), db_blob(S("")) };
	struct pg_params p;

	pg_params_one(a, &query, values, &p);
	for (int i = 0; i < 3; i++)
		assert_non_null(p.values[i]);
	assert_int_equal(p.lengths[1], 0);
}

TEST(parameters_of_many_rows)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct db_value one[] = { V(1), V(S("ab")), db_null() },
			      two[] = { V(258), V(S("")), db_blob(S("\0z")) };
	const struct db_write writes[] = { { &query, one }, { &query, two } };
	struct group_row rows[2] = { { &writes[0], &rows[1], 0 }, { &writes[1], NULL, 0 } };
	struct group g = { &query, NULL, &rows[0], &rows[1], 2 };
	struct pg_params p;

	pg_params_many(a, &g, &p);
	assert_int_equal(p.n, 3);
	assert_str(param(&p, 0), S("\0\0\0\1" "\0\0\0\0" "\0\0\0\x14" "\0\0\0\2" "\0\0\0\1"
				   "\0\0\0\x8" "\0\0\0\0\0\0\0\1" "\0\0\0\x8" "\0\0\0\0\0\0\1\2"));
	assert_str(param(&p, 1), S("\0\0\0\1" "\0\0\0\0" "\0\0\0\x19" "\0\0\0\2" "\0\0\0\1"
				   "\0\0\0\2" "ab" "\0\0\0\0"));
	assert_str(param(&p, 2), S("\0\0\0\1" "\0\0\0\1" "\0\0\0\x11" "\0\0\0\2" "\0\0\0\1"
				   "\xff\xff\xff\xff" "\0\0\0\2" "\0z"));
}

static const struct { str bytes; i64 want; } numbers[] = {
	{ S("\0\0\0\0\0\0\1\2"), 258 },
	{ S("\x80\0\0\0\0\0\0\0"), INT64_MIN },
	{ S("\xff\xff\xff\xfe"), -2 },
	{ S("\0\0\0\7"), 7 },
	{ S("\xff\xff"), -1 },
};

TEST(cells)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db_value v;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		v = pg_cell(a, 'i', numbers[i].bytes.ptr, numbers[i].bytes.len);
		assert_true(v.type == DB_I64 && v.i == numbers[i].want);
	}
	v = pg_cell(a, 's', "abc", 2);
	assert_true(v.type == DB_STR);
	assert_str(v.s, S("ab"));
	v = pg_cell(a, 'b', "", 0);
	assert_true(v.type == DB_BLOB && v.s.ptr && v.s.len == 0);
	v = pg_cell(a, 's', NULL, 0);
	assert_true(v.type == DB_NULL && !v.s.ptr);
}

TEST(types)
{
	assert_true(pg_type_fits('i', pg_type('i')) && pg_type_fits('s', pg_type('s')) &&
		    pg_type_fits('b', pg_type('b')));
	assert_true(pg_type_fits('i', 23));
	assert_false(pg_type_fits('i', 1700) || pg_type_fits('s', 17) || pg_type_fits('b', 25));
}

TEST_MAIN("db/pg_value")
