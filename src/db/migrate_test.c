#include "db/migrate.h"

#include "db/test_db.h"

#define ONE \
	{ \
		"0001_one.sql", "aa", \
			"CREATE TABLE one (no ROW_KEY PRIMARY KEY); INSERT INTO one VALUES (1);" \
	}
#define TWO \
	{ \
		"0002_two.sql", "bb", \
			"CREATE TABLE two (a BIGINT, CONTEXT TEXT, c BLOB, PRIMARY KEY (a)) CLUSTERED" \
	}
#define THREE \
	{ \
		"0003_three.sql", "cc", "INSERT INTO one VALUES (3)" \
	}

static struct db *open_test(struct arena *a)
{
	return test_open(a, test_where(a));
}

static i64 number(struct db *db, struct arena *a, const char *sql)
{
	const struct db_query q = { "NUMBER", 9, "", "i", sql };
	struct db_rows rows;

	assert_ok(db_run(db, a, &q, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

TEST(each_is_applied_once_in_order)
{
	static const struct migration list[] = { ONE, TWO, THREE };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	assert_ok(db_migrate(a, db, list, 1, 100));
	assert_ok(db_migrate(a, db, list, 1, 101));
	assert_int_equal(number(db, a, "SELECT COUNT(*) FROM one"), 1);
	assert_ok(db_migrate(a, db, list, 3, 200));
	assert_ok(db_migrate(a, db, list, 3, 300));
	assert_int_equal(number(db, a, "SELECT COUNT(*) FROM one"), 2);
	assert_int_equal(number(db, a, "SELECT COUNT(*) FROM two"), 0);
	assert_int_equal(
		number(db, a, "SELECT applied_ms FROM migration WHERE name = '0001_one.sql'"), 100);
	assert_int_equal(number(db, a,
				"SELECT applied_ms FROM migration WHERE name = '0003_three.sql'"),
			 200);
	assert_false(db_pending(db));
}

TEST(what_was_applied_is_found_by_name_or_checksum)
{
	static const struct migration list[] = { ONE, TWO, THREE };
	static const struct { const char *text; bool is; } cases[] = {
		{ "0001_one.sql", true }, { "bb", true }, { "BB", true }, { "0003_three.sql", false },
		{ "cc", false }, { "", false }, { "0001_one", false },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	assert_ok(db_migrate(a, db, list, 2, 100));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is;

		assert_ok(db_migrated(a, db, str_from(cases[i].text), &is));
		assert_int_equal(is, cases[i].is);
	}
}

#define OURS " AND table_schema = current_schema()"
static const struct { bool pg; const char *sql; i64 want; } token_checks[] = {
	{ false, "SELECT COUNT(*) FROM sqlite_schema WHERE sql LIKE '%INTEGER%'", 1 },
	{ false, "SELECT COUNT(*) FROM sqlite_schema WHERE sql LIKE '%WITHOUT ROWID%'", 1 },
	{ true, "SELECT COUNT(*) FROM information_schema.columns WHERE table_name = 'one'"
	  " AND data_type = 'bigint'" OURS, 1 },
	/* Also in the table of the migrations; names are ordered by their bytes. */
	{ true, "SELECT COUNT(*) FROM information_schema.columns WHERE collation_name = 'C'" OURS, 3 },
	{ true, "SELECT COUNT(*) FROM information_schema.columns WHERE table_name = 'two'"
	  " AND data_type = 'bytea'" OURS, 1 },
};

TEST(tokens_are_the_databases_words)
{
	static const struct migration list[] = { ONE, TWO };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	assert_ok(db_migrate(a, db, list, 2, 1));
	for (size_t i = 0; i < ARRAY_LEN(token_checks); i++)
		if (test_is("pg") == token_checks[i].pg)
			assert_int_equal(number(db, a, token_checks[i].sql), token_checks[i].want);
}

static const struct {
	const char *what;
	struct migration first[3], then[3];
	const char *named, *remedy;
} refused[] = {
	{ "changed",
	  { ONE, TWO },
	  { ONE, { "0002_two.sql", "b2", "" } },
	  "'0002_two.sql' was changed",
	  "build with the file as it was" },
	{ "newer",
	  { ONE, TWO, THREE },
	  { ONE, TWO },
	  "newer version: it has migration '0003_three.sql'",
	  "run that version" },
	{ "missing",
	  { ONE, TWO, THREE },
	  { ONE, THREE },
	  "'0002_two.sql' was applied",
	  "run the version that made" },
	{ "left out",
	  { ONE, THREE },
	  { ONE, TWO, THREE },
	  "'0002_two.sql' was never applied",
	  "restore a backup" },
	{ "all unknown",
	  { ONE },
	  { { 0 } },
	  "missing from this version",
	  "run the version that made" },
};

static size_t length(const struct migration *list)
{
	size_t n = 0;

	while (n < 3 && list[n].name)
		n++;
	return n;
}

TEST(what_does_not_fit_is_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct db *db = open_test(a);
		struct err *e;

		assert_ok(db_migrate(a, db, refused[i].first, length(refused[i].first), 1));
		e = db_migrate(a, db, refused[i].then, length(refused[i].then), 2);
		assert_err(e, CONFLICT);
		if (!str_contains(e->text, str_from(refused[i].named)) ||
		    !str_contains(e->text, str_from(refused[i].remedy)))
			fail_msg("%s: %.*s", refused[i].what, STRF(e->text));
		assert_false(db_pending(db));
		/* Nothing was touched: the version that made it still runs. */
		assert_ok(db_migrate(a, db, refused[i].first, length(refused[i].first), 3));
	}
}

TEST(one_that_fails_leaves_nothing)
{
	static const struct migration list[] = {
		ONE,
		{ "0002_bad.sql", "dd",
		  "CREATE TABLE two (no BIGINT); INSERT INTO nowhere VALUES (1);" },
	};
	static const struct migration mended[] = {
		ONE, { "0002_bad.sql", "ee", "CREATE TABLE two (no BIGINT)" }
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct err *e = db_migrate(a, db, list, 2, 1);

	assert_err(e, INTERNAL);
	assert_true(str_contains(e->text, S("migration '0002_bad.sql'")));
	assert_int_equal(number(db, a, "SELECT COUNT(*) FROM migration"), 1);
	assert_ok(db_exec(db, a, S("CREATE TABLE two (no BIGINT); DROP TABLE two")));
	assert_ok(db_migrate(a, db, mended, 2, 2));
}

TEST_MAIN("db/migrate")
