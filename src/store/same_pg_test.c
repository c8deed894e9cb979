/*
 * same_pg_test.c - random batches of all writes of queries.def leave the same rows in SQLite,
 * which carries them out one by one, and in PostgreSQL, which puts many into one statement.
 */
#include "base/random.h"
#include "store/fixture_test.h"

enum { SEEDS = 12, BATCHES = 12, WRITES_MAX = 80, VALUES = 6, BINDS_MAX = 32, SLOT = QUERY_COUNT };

struct pair {
	struct arena *a;
	struct db *sqlite, *pg;
	struct random random;
	struct random_seed seed;
	i64 given[QUERY_COUNT];               /* numbers of rows that an INSERT has made */
};

static struct db *open_on(struct arena *a, const struct db_driver *driver, str where)
{
	struct db *db;

	assert_ok(db_open(a, driver, where, &db));
	arena_defer(a, test_close, db);
	assert_ok(store_migrate(a, db));
	return db;
}

static str tables_of(struct pair *p)
{
	static const struct db_query q = { "TABLES", SLOT, "", "s",
					   "SELECT name FROM sqlite_schema WHERE type = 'table' AND name"
					   " <> 'migration' ORDER BY name" };
	struct db_rows rows;
	str out = S("");

	assert_ok(db_run(p->sqlite, p->a, &q, DB_VALUES(), &rows));
	for (size_t i = 0; i < rows.n; i++)
		out = arena_printf(p->a, "%.*s%s%.*s", STRF(out), i ? " " : "", STRF(db_row(&rows, i)[0].s));
	return out;
}

/* "isb": the columns of a table. */
static str columns_of(struct pair *p, str table)
{
	str sql = arena_printf(p->a, "SELECT type FROM pragma_table_info('%.*s')", STRF(table));
	struct db_query q = { "COLUMNS", SLOT, "", "s", sql.ptr };
	struct db_rows rows;
	char *out;

	assert_ok(db_run(p->sqlite, p->a, &q, DB_VALUES(), &rows));
	out = arena_alloc(p->a, rows.n + 1);
	for (size_t i = 0; i < rows.n; i++) {
		str type = db_row(&rows, i)[0].s;

		out[i] = str_eq(type, S("TEXT")) ? 's' : str_eq(type, S("BLOB")) ? 'b' : 'i';
	}
	return str_from(out);
}

static str dump(struct pair *p, struct db *db, str table, str columns)
{
	str sql = arena_printf(p->a, "SELECT * FROM %.*s ORDER BY 1, 2", STRF(table)), out = S("");
	struct db_query q = { "DUMP", SLOT, "", columns.ptr, sql.ptr };
	struct db_rows rows;

	assert_ok(db_run(db, p->a, &q, DB_VALUES(), &rows));
	for (size_t i = 0; i < rows.n * rows.columns; i++) {
		const struct db_value *v = &rows.cells[i];

		out = arena_printf(p->a, "%.*s%s%lld%.*s", STRF(out), i % rows.columns ? "|" : "\n",
				   (long long)v->i, STRF(v->s.ptr ? v->s : S("(null)")));
	}
	return out;
}

static bool is_write(const struct db_query *q)
{
	return !q->columns[0] && !str_starts(str_from(q->sql), S("SELECT"));
}

/* Rows that are made are new: a conflict would only end the batch on both sides. */
static bool makes(const struct db_query *q)
{
	str sql = str_from(q->sql);

	return str_starts(sql, S("INSERT")) && !str_contains(sql, S("ON CONFLICT"));
}

/* Those whose blobs are NOT NULL. */
static bool may_be_null(size_t query)
{
	return query != Q_SECRET_ADD && query != Q_PROBE && query != Q_AUDIT_ADD && query != Q_LOGIN_CODE_PUT;
}

static struct db_value random_value(struct pair *p, size_t query, size_t bind)
{
	const struct db_query *q = &store_queries[query];
	i64 n = (i64)random_below(&p->random, VALUES) + 1;

	if (makes(q) && bind == 0 && q->binds[0] != 'i')
		p->given[query]++;
	if (query == Q_POST_ADD && bind == 3)
		return V(p->given[query]); /* unique in a topic */
	if (query == Q_MESH_RENAME && bind == 0) /* likewise, of all meshes */
		return V(arena_printf(p->a, "renamed-%lld", (long long)++p->given[query]));
	switch (q->binds[bind]) {
	case 'i': return V(makes(q) && bind == 0 ? ++p->given[query] : n);
	case 's': return V(makes(q) ? arena_printf(p->a, "%s-%lld-%zu", q->name,
						   (long long)p->given[query], bind)
				    : arena_printf(p->a, "%lld", (long long)n));
	}
	if (query == Q_API_KEY_ADD || query == Q_SESSION_ADD || query == Q_LOGIN_DEVICE_ADD)
		return db_blob(arena_printf(p->a, "digest %lld", (long long)p->given[query]));
	return n % 2 && may_be_null(query) ? db_null() : db_blob(arena_printf(p->a, "bytes %lld", (long long)n));
}

static void random_write(struct pair *p)
{
	struct db_value values[BINDS_MAX];
	size_t query, n;

	do
		query = random_below(&p->random, QUERY_COUNT);
	while (!is_write(&store_queries[query]));
	n = strlen(store_queries[query].binds);
	for (size_t i = 0; i < n; i++)
		values[i] = random_value(p, query, i);
	db_queue(p->sqlite, &store_queries[query], values, n);
	db_queue(p->pg, &store_queries[query], values, n);
}

/* True if something was compared. */
static bool compare(struct pair *p, u64 seed, int batch)
{
	str tables = tables_of(p), table;
	bool rows = false;

	while (str_cut(&tables, ' ', &table)) {
		str columns = columns_of(p, table);
		str want = dump(p, p->sqlite, table, columns), got = dump(p, p->pg, table, columns);

		rows = rows || want.len;
		if (!str_eq(got, want))
			fail_msg("seed %llu, batch %d, %.*s:\nSQLite %.*s\nPostgreSQL %.*s",
				 (unsigned long long)seed, batch, STRF(table), STRF(want), STRF(got));
	}
	return rows;
}

static void play(u64 seed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct pair p = { .a = a, .seed = { seed } };
	bool rows = false;

	p.random = random_seeded(&p.seed);
	p.sqlite = open_on(a, &db_sqlite, S(":memory:"));
	p.pg = open_on(a, &db_pg, test_schema(a));
	for (int batch = 0; batch < BATCHES; batch++) {
		for (u64 i = random_below(&p.random, WRITES_MAX); i > 0; i--)
			random_write(&p);
		assert_ok(db_commit(p.sqlite, a));
		assert_ok(db_commit(p.pg, a));
		rows = compare(&p, seed, batch) || rows;
	}
	assert_true(rows);
}

TEST(both_databases_end_the_same)
{
	for (u64 seed = 1; seed <= SEEDS; seed++)
		play(seed);
}

TEST_MAIN("store/same-pg")
