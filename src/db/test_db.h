/*
 * test_db.h - the database that a test runs on: CLAUDEMESH_TEST_DB is memory (default), file
 * or pg; for pg CLAUDEMESH_TEST_PG is the server's address (tests/postgres.sh). Each test
 * has a file or schema of its own.
 */
#ifndef DB_TEST_DB_H
#define DB_TEST_DB_H

#include <ftw.h>
#include <unistd.h>

#include "base/test.h"
#include "db/driver.h"
#include "db/pg.h"
#include "db/sqlite.h"

static inline bool test_is(const char *kind)
{
	const char *is = getenv("CLAUDEMESH_TEST_DB");

	return strcmp(is ? is : "memory", kind) == 0;
}

static inline const struct db_driver *test_driver(void)
{
	return test_is("pg") ? &db_pg : &db_sqlite;
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

/* The path of a database that does not exist yet, in a new folder that goes with the arena. */
static inline str test_file(struct arena *a)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_cstr(a, arena_printf(a, "%s/claudemesh-db-XXXXXX", tmp ? tmp : "/tmp"));

	assert_non_null(mkdtemp(dir));
	arena_defer(a, test_remove_dir, dir);
	return arena_printf(a, "%s/broker.db", dir);
}

/* A schema that does not exist yet. It goes with the cluster. */
static inline str test_schema(struct arena *a)
{
	static unsigned n;
	const char *url = getenv("CLAUDEMESH_TEST_PG");

	assert_non_null(url);
	return arena_printf(a, "%s&schema=t%ld_%u", url, (long)getpid(), n++);
}

/* One that outlives its handle. */
static inline str test_place(struct arena *a)
{
	return test_is("pg") ? test_schema(a) : test_file(a);
}

static inline str test_where(struct arena *a)
{
	return test_is("memory") ? S(":memory:") : test_place(a);
}

static inline void test_close(void *db)
{
	db_close(db);
}

/* Opened until the arena ends. */
static inline struct db *test_open(struct arena *a, str where)
{
	struct db *db;

	assert_ok(db_open(a, test_driver(), where, &db));
	arena_defer(a, test_close, db);
	return db;
}

#endif
