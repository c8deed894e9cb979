/*
 * fixture_test.h - a migrated store for tests: in memory, or (CLAUDEMESH_TEST_DB=file) a
 * file in a folder of its own that goes with the arena. Every suite runs on both.
 */
#ifndef STORE_FIXTURE_TEST_H
#define STORE_FIXTURE_TEST_H

#include <ftw.h>
#include <unistd.h>

#include "base/test.h"
#include "db/fault.h"
#include "db/sqlite.h"
#include "store/row.h"

static inline bool test_on_file(void)
{
	const char *kind = getenv("CLAUDEMESH_TEST_DB");

	return kind && strcmp(kind, "file") == 0;
}

static inline int test_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	return remove(path);
}

static inline void test_remove_dir(void *path)
{
	nftw(path, test_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a database that does not exist yet, in a new folder. */
static inline str test_file(struct arena *a)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_cstr(a,
			       arena_printf(a, "%s/claudemesh-store-XXXXXX", tmp ? tmp : "/tmp"));

	assert_non_null(mkdtemp(dir));
	arena_defer(a, test_remove_dir, dir);
	return arena_printf(a, "%s/broker.db", dir);
}

static inline str test_where(struct arena *a)
{
	return test_on_file() ? test_file(a) : S(":memory:");
}

/* What a test holds; the arena closes it. */
struct fixture {
	struct arena *a;
	str where;
	struct db *db;
	struct store *st;
	struct db_fault plan;
};

static inline void fixture_close(void *arg)
{
	struct fixture *f = arg;

	store_close(f->st);
	db_close(f->db);
	f->st = NULL;
	f->db = NULL;
}

/* Opens f->where again, as after a restart. */
static inline void fixture_open(struct fixture *f)
{
	assert_ok(db_open(f->a, &db_sqlite, f->where, &f->db));
	assert_ok(store_migrate(f->a, f->db));
	assert_ok(store_open(f->a, f->db, &f->st));
}

static inline struct fixture *fixture(struct arena *a)
{
	struct fixture *f = NEW(a, struct fixture);

	f->a = a;
	f->where = test_where(a);
	fixture_open(f);
	arena_defer(a, fixture_close, f);
	return f;
}

#define commit(f) assert_ok(store_commit((f)->st, (f)->a))

/* How many rows a table holds. */
static inline i64 count(struct fixture *f, const char *table)
{
	str sql = arena_printf(f->a, "SELECT COUNT(*) FROM %s", table);
	struct db_query *q = NEW(f->a, struct db_query);
	struct db_rows rows;

	*q = (struct db_query){ "COUNT", QUERY_COUNT, "", "i", sql.ptr };
	assert_ok(db_run(f->db, f->a, q, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

#endif
