#include "db/shape.h"

#include "base/test.h"

#define V1 " unnest($1::bigint[]) AS v(p1) "
#define V2 " unnest($1::bigint[], $2::text[]) AS v(p1, p2) "

static struct shape_tables *tables_of(struct arena *a)
{
	struct shape_tables *t = NEW(a, struct shape_tables);

	t->arena = a;
	return t;
}

static const struct {
	const char *binds, *sql, *many;       /* "": only one row at a time */
	u64 keys;
} cases[] = {
	{ "is", "INSERT INTO t (a, b) VALUES ($1, $2)",
	  "INSERT INTO t (a, b) SELECT v.p1, v.p2 FROM" V2 },
	{ "is", "INSERT INTO t (a, b, c) VALUES ($1, coalesce($2, 'x, $3'), 0) ON CONFLICT DO NOTHING",
	  "INSERT INTO t (a, b, c) SELECT v.p1, coalesce(v.p2, 'x, $3'), 0 FROM" V2
	  "ON CONFLICT DO NOTHING" },
	{ "i", "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO NOTHING",
	  "INSERT INTO t (a) SELECT v.p1 FROM" V1 "ON CONFLICT (a) DO NOTHING" },
	{ "b", "INSERT INTO t (a) VALUES ($1)",
	  "INSERT INTO t (a) SELECT v.p1 FROM unnest($1::bytea[]) AS v(p1) " },
	/* A statement may not change one row twice. */
	{ "is", "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = excluded.b", "" },
	{ "ii", "INSERT INTO t (a) VALUES ($1), ($2)", "" },
	{ "i", "INSERT INTO t (a) SELECT b FROM u WHERE c = $1", "" },
	{ "", "INSERT INTO t (a) VALUES (1)", "" },
	{ "is", "DELETE FROM t WHERE a = $1 AND b = $2",
	  "DELETE FROM t USING" V2 "WHERE a = v.p1 AND b = v.p2" },
	{ "i", "DELETE FROM t WHERE a = $1 AND NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
	  "DELETE FROM t USING" V1 "WHERE a = v.p1 AND NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)" },
	{ "i", "DELETE FROM t WHERE a IN (SELECT a FROM t ORDER BY a LIMIT $1)", "" },
	{ "i", "DELETE FROM t WHERE a = $1 AND NOT EXISTS (SELECT 1 FROM t AS o WHERE o.b = t.b)", "" },
	/* These would be found row by row. */
	{ "i", "DELETE FROM t WHERE a < $1", "" },
	{ "i", "DELETE FROM t WHERE a IN (SELECT a FROM u ORDER BY a LIMIT $1)", "" },
	{ "ii", "DELETE FROM t WHERE a = $1 AND NOT EXISTS (SELECT 1 FROM u WHERE u.a <> $2)", "" },
	{ "i", "DELETE FROM t WHERE a = $1 AND b = 1", "" },
	{ "i", "DELETE FROM t WHERE a = $1 OR b = 1", "" },
	{ "isi", "UPDATE t SET a = $1, b = $2 WHERE no = $3",
	  "UPDATE t SET a = v.p1, b = v.p2 FROM unnest($1::bigint[], $2::text[], $3::bigint[])"
	  " AS v(p1, p2, p3) WHERE no = v.p3", 1 << 2 },
	{ "is", "UPDATE t SET a = a + 1 WHERE no = $1 AND name = $2",
	  "UPDATE t SET a = a + 1 FROM" V2 "WHERE no = v.p1 AND name = v.p2", 3 },
	{ "i", "UPDATE t SET a = $1", "" },
	{ "i", "UPDATE t SET a = 1 WHERE no > $1", "" },
	{ "ii", "UPDATE t SET a = 1 WHERE no = $1 OR no = $2", "" },
	{ "i", "UPDATE t SET a = 1 WHERE no = $1 AND b IS NULL", "" },
	{ "i", "UPDATE t SET a = (SELECT 1 FROM u) WHERE no = $1", "" },
	{ "i", "SELECT a FROM t WHERE a = $1", "" },
	{ "i", "WITH x AS (SELECT 1) DELETE FROM t WHERE a = $1", "" },
};

TEST(many_rows_in_one_statement)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct db_query q = { "Q", 0, cases[i].binds, "", cases[i].sql };
		struct shape shape;

		assert_ok(shape_read(a, tables_of(a), &q, &shape));
		assert_str(shape.many, str_from(cases[i].many));
		assert_int_equal(shape.keys, cases[i].keys);
	}
}

TEST(what_gives_rows_is_never_many)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db_query q = { "Q", 0, "i", "i", "INSERT INTO t (a) VALUES ($1) RETURNING a" };
	struct shape shape;

	assert_ok(shape_read(a, tables_of(a), &q, &shape));
	assert_str(shape.many, S(""));
}

static const struct { const char *a, *b; bool commute; } pairs[] = {
	{ "INSERT INTO t (a) VALUES (1)", "INSERT INTO u (a) VALUES (1)", true },
	{ "INSERT INTO t (a) VALUES (1)", "DELETE FROM t WHERE a = 1", false },
	{ "INSERT INTO t (a) VALUES (1)", "insert into t (a) values (2)", false },
	{ "DELETE FROM t WHERE a = 1", "DELETE FROM u WHERE NOT EXISTS (SELECT 1 FROM t)", false },
	{ "UPDATE t SET a = 1", "INSERT INTO u (a) SELECT t.a FROM x CROSS JOIN t", false },
	{ "UPDATE t SET a = 1", "INSERT INTO u (a) SELECT y.a FROM x AS z JOIN y ON 1 = 1", true },
	{ "UPDATE t SET a = 1", "INSERT INTO u (a) SELECT x.a FROM x, t", false },
	{ "UPDATE t SET a = 1", "INSERT INTO u (a) SELECT x.a FROM x AS b, t", false },
	{ "UPDATE t SET a = 1", "INSERT INTO u (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2", true },
	{ "UPDATE t SET a = 1", "INSERT INTO u (a) VALUES ('FROM t')", true },
	{ "UPDATE t SET a = 1", "WITH x AS (SELECT 1) SELECT 1", false },
	{ "UPDATE t SET a = 1", "TRUNCATE u", false },
};

TEST(what_may_change_places)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct shape_tables *tables = tables_of(a);

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct db_query qa = { "A", 0, "", "", pairs[i].a }, qb = { "B", 0, "", "", pairs[i].b };
		struct shape sa, sb;

		assert_ok(shape_read(a, tables, &qa, &sa));
		assert_ok(shape_read(a, tables, &qb, &sb));
		if (shape_commute(&sa, &sb) != pairs[i].commute || shape_commute(&sb, &sa) != pairs[i].commute)
			fail_msg("%s / %s", pairs[i].a, pairs[i].b);
	}
}

TEST(more_tables_than_bits)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct shape_tables *tables = tables_of(a);
	struct shape shapes[SHAPE_TABLES_MAX + 2];

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		str sql = arena_printf(a, "DELETE FROM t%zu", i);
		struct db_query q = { "Q", 0, "", "", sql.ptr };

		assert_ok(shape_read(a, tables, &q, &shapes[i]));
		assert_true(shapes[i].writes);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(shape_commute(&shapes[i], &shapes[k]), k < SHAPE_TABLES_MAX);
	}
}

static const struct { const char *binds, *sql; } faulty[] = {
	{ "ii", "SELECT 1 WHERE $2 = $1" },
	{ "i", "SELECT 1" },
	{ "", "SELECT $1" },
	{ "i", "SELECT $x" },
	{ "i", "SELECT $0" },
	{ "i", "SELECT $99999999999999999999" },
};

TEST(faulty_parameters)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(faulty); i++) {
		struct db_query q = { "WHICH", 0, faulty[i].binds, "i", faulty[i].sql };
		struct shape shape;
		struct err *e = shape_read(a, tables_of(a), &q, &shape);

		assert_err(e, INTERNAL);
		assert_true(str_contains(e->text, S("query WHICH")));
	}
}

TEST(the_end_of_a_text_is_never_passed)
{
	static const char *const texts[] = { "", "'", "$", "INSERT", "INSERT INTO t (", "DELETE FROM",
					     "UPDATE t SET a WHERE", "SELECT 1 FROM", "INSERT INTO t () VALUES (" };
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct db_query q = { "Q", 0, "", "", texts[i] };
		struct shape shape;
		struct err *e = shape_read(a, tables_of(a), &q, &shape);

		assert_true(!e || e->code == ERR_INTERNAL);
	}
}

TEST_MAIN("db/shape")
