/*
 * fixture_test.h - a migrated store for tests, on the database that test_db.h chooses. Every
 * suite runs on all of them.
 */
#ifndef STORE_FIXTURE_TEST_H
#define STORE_FIXTURE_TEST_H

#include "db/fault.h"
#include "db/test_db.h"
#include "store/row.h"

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
	assert_ok(db_open(f->a, test_driver(), f->where, &f->db));
	assert_ok(store_migrate(f->a, f->db));
	assert_ok(store_open(f->a, f->db, &f->st));
}

/* Making a schema takes longer than most tests: on a server one serves them in turn. */
static inline void fixture_reuse(struct fixture *f)
{
	static char where[512];

	if (!where[0])
		snprintf(where, sizeof(where), "%.*s", STRF(test_schema(f->a)));
	f->where = str_from(where);
	fixture_open(f);
	assert_ok(db_exec(f->db, f->a,
			  S("DO $$ DECLARE t record; BEGIN"
			    " FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname ="
			    " current_schema() AND tablename NOT IN ('migration', 'owner') LOOP"
			    " EXECUTE 'DELETE FROM ' || quote_ident(t.name); END LOOP; END $$")));
	store_close(f->st);
	assert_ok(store_open(f->a, f->db, &f->st));
}

/* A migration is a commit, and a disk is slow: each file begins as a copy of the first one. */
static inline void fixture_copy(struct fixture *f)
{
	static char *bytes;
	static size_t len;
	FILE *file;

	if (!bytes) {
		struct fixture first = { .a = f->a, .where = test_file(f->a) };

		fixture_open(&first);
		fixture_close(&first);
		file = fopen(arena_cstr(f->a, first.where), "re");
		assert_non_null(file);
		assert_int_equal(fseek(file, 0, SEEK_END), 0);
		len = (size_t)ftell(file);
		rewind(file);
		bytes = malloc(len);
		assert_int_equal(fread(bytes, 1, len, file), len);
		fclose(file);
	}
	file = fopen(arena_cstr(f->a, f->where), "wex");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
	assert_int_equal(chmod(arena_cstr(f->a, f->where), 0600), 0);
}

static inline struct fixture *fixture(struct arena *a)
{
	struct fixture *f = NEW(a, struct fixture);

	f->a = a;
	if (test_is("pg")) {
		fixture_reuse(f);
	} else {
		f->where = test_where(a);
		if (test_is("file"))
			fixture_copy(f);
		fixture_open(f);
	}
	arena_defer(a, fixture_close, f);
	return f;
}

/* What the engine's sweeps do, with all that they find. */
static inline struct err *expire(struct fixture *f, i64 now_ms, size_t messages)
{
	struct expiring *rows;
	size_t n;

	TRY(store_expiring(f->st, f->a, now_ms, messages, 1000, &rows, &n));
	for (size_t i = 0; i < n; i++)
		store_expire(f->st, &rows[i]);
	return NULL;
}

static inline struct err *drop_idle(struct fixture *f, i64 before_ms)
{
	struct idle_mailbox *rows;
	size_t n;

	TRY(store_mailboxes_idle(f->st, f->a, before_ms, 1000, &rows, &n));
	for (size_t i = 0; i < n; i++)
		store_mailbox_drop(f->st, rows[i].mesh_no, rows[i].no);
	return NULL;
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
