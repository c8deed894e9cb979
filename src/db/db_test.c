#include "db/db.h"

#include "db/fault.h"
#include "db/test_db.h"

enum { ADD, ALL, COUNT_ALL };

static const struct db_query add = { "ADD", ADD, "isb", "",
				     "INSERT INTO t (no, text, bytes) VALUES ($1, $2, $3)" };
static const struct db_query all = { "ALL", ALL, "", "isb",
				     "SELECT no, text, bytes FROM t ORDER BY no" };
static const struct db_query count_all = { "COUNT", COUNT_ALL, "", "i", "SELECT COUNT(*) FROM t" };

static struct db *open_test(struct arena *a)
{
	struct db *db = test_open(a, test_where(a));

	assert_ok(db_exec(db, a,
			  test_is("pg") ? S("CREATE TABLE t (no BIGINT PRIMARY KEY, text TEXT, bytes BYTEA)")
					: S("CREATE TABLE t (no INTEGER PRIMARY KEY, text TEXT, bytes BLOB)")));
	return db;
}

static i64 count(struct db *db, struct arena *a)
{
	struct db_rows rows;

	assert_ok(db_run(db, a, &count_all, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

static void put(struct db *db, i64 no)
{
	db_queue(db, &add, DB_VALUES(V(no), V(S("x")), db_null()));
}

TEST(values_come_back_as_they_went_in)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	const struct db_value *row;
	struct db_rows rows;

	db_queue(db, &add, DB_VALUES(V((i64)INT64_MIN), V(S("")), db_blob(S(""))));
	db_queue(db, &add, DB_VALUES(V(0), V(STR_NONE), db_null()));
	db_queue(db, &add,
		 DB_VALUES(V((i64)INT64_MAX), V(S("h\xc3\xa9 'q' \"d\" $1 %s")),
			   db_blob(S("\0\xff\0"))));
	assert_ok(db_run(db, a, &all, DB_VALUES(), &rows));
	assert_int_equal(rows.n, 3);
	row = db_row(&rows, 0);
	assert_true(row[0].i == INT64_MIN);
	assert_true(row[1].type == DB_STR && row[1].s.ptr && row[1].s.len == 0);
	assert_true(row[2].type == DB_BLOB && row[2].s.ptr && row[2].s.len == 0);
	row = db_row(&rows, 1);
	assert_true(row[1].type == DB_NULL && !row[1].s.ptr);
	assert_true(row[2].type == DB_NULL && !row[2].s.ptr);
	row = db_row(&rows, 2);
	assert_true(row[0].i == INT64_MAX);
	assert_str(row[1].s, S("h\xc3\xa9 'q' \"d\" $1 %s"));
	assert_str(row[2].s, S("\0\xff\0"));
}

TEST(a_batch_sees_its_own_writes_and_ends_as_a_whole)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	assert_false(db_pending(db));
	assert_ok(db_commit(db, a));
	put(db, 1);
	assert_true(db_pending(db));
	assert_int_equal(count(db, a), 1);
	put(db, 2);
	db_rollback(db);
	assert_false(db_pending(db));
	assert_int_equal(count(db, a), 0);
	put(db, 3);
	assert_ok(db_commit(db, a));
	assert_false(db_pending(db));
	db_rollback(db);
	assert_int_equal(count(db, a), 1);
}

TEST(queued_values_are_copies)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	char text[] = "before";
	struct db_rows rows;

	db_queue(db, &add, DB_VALUES(V(1), V(str_from(text)), db_null()));
	memset(text, 'x', sizeof(text) - 1);
	assert_ok(db_commit(db, a));
	assert_ok(db_run(db, a, &all, DB_VALUES(), &rows));
	assert_str(db_row(&rows, 0)[1].s, S("before"));
}

TEST(one_failure_breaks_the_batch)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct db_rows rows;

	put(db, 1);
	assert_ok(db_commit(db, a));
	put(db, 2);
	put(db, 1);
	put(db, 3);
	assert_err(db_run(db, a, &all, DB_VALUES(), &rows), CONFLICT);
	put(db, 4);
	assert_true(db_pending(db));
	assert_err(db_run(db, a, &all, DB_VALUES(), &rows), CONFLICT);
	assert_err(db_commit(db, a), CONFLICT);
	assert_int_equal(count(db, a), 1);
	put(db, 2);
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 2);
}

TEST(so_does_a_failed_script)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	put(db, 1);
	assert_err(db_exec(db, a, S("DELETE FROM t; DELETE FROM nowhere")), INTERNAL);
	put(db, 2);
	assert_err(db_commit(db, a), INTERNAL);
	assert_int_equal(count(db, a), 0);
	assert_err(db_exec(db, a, S("DELETE FROM nowhere")), INTERNAL);
	assert_false(db_pending(db)); /* outside a batch it is alone */
}

TEST(more_than_the_queue_holds)
{
	enum { MANY = 3 * DB_QUEUE_MAX + 7 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct db_rows rows;

	for (i64 no = 1; no <= MANY; no++)
		put(db, no);
	db_rollback(db);
	assert_int_equal(count(db, a), 0);
	for (i64 no = 1; no <= MANY; no++)
		put(db, no);
	assert_ok(db_commit(db, a));
	assert_ok(db_run(db, a, &all, DB_VALUES(), &rows));
	assert_int_equal(rows.n, MANY);
	for (i64 no = 1; no <= MANY; no++)
		assert_int_equal(db_row(&rows, (size_t)no - 1)[0].i, no);
	/* A failure in what went ahead is the commit's. */
	for (i64 no = MANY; no <= 2 * MANY; no++)
		put(db, no);
	assert_err(db_commit(db, a), CONFLICT);
	assert_int_equal(count(db, a), MANY);
}

TEST(more_bytes_than_the_queue_holds)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	str big = str_of(arena_alloc(a, 1 << 20), 1 << 20);

	for (i64 no = 1; no <= 10; no++)
		db_queue(db, &add, DB_VALUES(V(no), db_null(), db_blob(big)));
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 10);
}

/* A row that does not fit its text is found when it is prepared. */
static const struct db_query faulty[] = {
	{ "COLUMNS", 0, "", "ii", "SELECT no FROM t" },
	{ "BINDS", 1, "i", "i", "SELECT no FROM t" },
	{ "ORDER", 2, "ii", "i", "SELECT no FROM t WHERE no = $2 AND no = $1" },
	{ "NAMES", 3, "i", "i", "SELECT no FROM t WHERE no = ?" },
	{ "TWO", 4, "", "i", "SELECT no FROM t; SELECT no FROM t" },
	{ "SYNTAX", 5, "", "i", "SELEC no FROM t" },
	{ "TABLE", 6, "", "i", "SELECT no FROM nowhere" },
};

TEST(faulty_rows)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	for (size_t i = 0; i < ARRAY_LEN(faulty); i++) {
		struct err *e = db_prepare(db, a, &faulty[i]);

		assert_err(e, INTERNAL);
		assert_true(str_contains(e->text, str_from(faulty[i].name)));
		assert_ok(db_prepare(db, a, &add)); /* the slot is not spoilt for others */
	}
}

TEST(a_slot_follows_its_query)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	const struct db_query other = { "OTHER", COUNT_ALL, "", "s", "SELECT 'other'" };
	struct db_rows rows;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(count(db, a), 0);
		assert_ok(db_run(db, a, &other, DB_VALUES(), &rows));
		assert_str(db_row(&rows, 0)[0].s, S("other"));
	}
}

TEST(a_failed_read_outside_a_batch_is_alone)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct db_fault plan = { .fail_at = 1, .code = ERR_TRY_AGAIN };
	struct db_rows rows;

	db_fault(db, &plan);
	assert_err(db_run(db, a, &all, DB_VALUES(), &rows), TRY_AGAIN);
	assert_false(db_pending(db));
	assert_ok(db_run(db, a, &all, DB_VALUES(), &rows));
}

/* Calls: begin 1, writes 2 and 3, read 4, commit 5. */
static struct err *batch(struct db *db, struct arena *a)
{
	struct db_rows rows;

	put(db, 1);
	put(db, 2);
	TRY(db_run(db, a, &all, DB_VALUES(), &rows));
	assert_int_equal(rows.n, 2);
	return db_commit(db, a);
}

TEST(the_nth_call_fails)
{
	for (int after = 0; after < 2; after++) {
		for (i64 n = 1; n <= 6; n++) {
			CLEANUP(arena_freep) struct arena *a = arena_new();
			struct db *db = open_test(a);
			struct db_fault plan = { .fail_at = n,
						 .code = ERR_TRY_AGAIN,
						 .after = after };
			struct err *e;

			db_fault(db, &plan);
			e = batch(db, a);
			db_rollback(db);
			plan.fail_at = 0;
			if (n == 6)
				assert_ok(e);
			else
				assert_err(e, TRY_AGAIN);
			/* Only a commit that was carried out leaves something. */
			assert_int_equal(count(db, a), n == 6 || (after && n == 5) ? 2 : 0);
		}
	}
}

TEST(only_commits_fail)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct db_fault plan = { .fail_at = 2, .code = ERR_IO, .commits_only = true };

	db_fault(db, &plan);
	put(db, 1);
	assert_ok(db_commit(db, a));
	put(db, 2);
	assert_err(db_commit(db, a), IO);
	put(db, 3);
	assert_ok(db_commit(db, a));
	assert_int_equal(plan.calls, 3);
	assert_int_equal(count(db, a), 2);
}

TEST(a_disk_that_is_full_can_be_read)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct db_fault plan = { .fail_at = 1, .code = ERR_TRY_AGAIN, .spare_reads = true, .stays = true };

	put(db, 1);
	assert_ok(db_commit(db, a));
	db_fault(db, &plan);
	for (int i = 0; i < 3; i++) {
		put(db, 2 + i);
		assert_err(db_commit(db, a), TRY_AGAIN);
		assert_int_equal(count(db, a), 1);
	}
	plan = (struct db_fault){ 0 };
	put(db, 9);
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 2);
}

TEST(after_a_crash_no_call_is_carried_out)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct db_fault plan = { .fail_at = 1, .code = ERR_IO, .after = true, .commits_only = true,
				 .stays = true };

	db_fault(db, &plan);
	for (int i = 0; i < 3; i++) {
		put(db, 1 + i);
		assert_err(db_commit(db, a), IO);
	}
	/* Only the first one reached the disk, and nobody was told. */
	plan = (struct db_fault){ 0 };
	assert_int_equal(count(db, a), 1);
}

TEST_MAIN("db/db")
