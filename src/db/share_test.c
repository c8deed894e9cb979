#include "db/share.h"

#include "db/fault.h"
#include "db/test_db.h"

enum { ADD, COUNT };

static const struct db_query add = { "ADD", ADD, "i", "", "INSERT INTO t (no) VALUES ($1)" };
static const struct db_query count_all = { "COUNT", COUNT, "", "i", "SELECT COUNT(*) FROM t" };

static void open_two(struct arena *a, struct db *dbs[2])
{
	dbs[0] = test_open(a, test_file(a));
	assert_ok(db_exec(dbs[0], a, S("CREATE TABLE t (no BIGINT PRIMARY KEY)")));
	db_share(dbs[0]);
	assert_ok(db_open_beside(a, dbs[0], 1, &dbs[1]));
	arena_defer(a, test_close, dbs[1]);
}

static struct err *count(struct db *db, struct arena *a, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(db, a, &count_all, DB_VALUES(), &rows));
	*ret_n = db_row(&rows, 0)[0].i;
	return NULL;
}

TEST(batches_are_apart)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *dbs[2];
	i64 n;

	open_two(a, dbs);
	db_queue(dbs[0], &add, DB_VALUES(V(1)));
	db_queue(dbs[1], &add, DB_VALUES(V(2)));
	assert_ok(db_commit(dbs[1], a));
	assert_true(db_pending(dbs[0]));
	db_rollback(dbs[0]);
	assert_ok(count(dbs[0], a, &n));
	assert_int_equal(n, 1);
}

TEST(nobody_sees_or_enters_an_open_transaction)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *dbs[2];
	i64 n;

	open_two(a, dbs);
	db_queue(dbs[0], &add, DB_VALUES(V(1)));
	assert_ok(count(dbs[0], a, &n)); /* sends it */
	assert_int_equal(n, 1);
	assert_err(count(dbs[1], a, &n), TRY_AGAIN);
	db_queue(dbs[1], &add, DB_VALUES(V(2)));
	assert_err(db_commit(dbs[1], a), TRY_AGAIN);
	assert_false(db_pending(dbs[1]));
	assert_ok(db_commit(dbs[0], a)); /* undisturbed */
	assert_ok(count(dbs[1], a, &n));
	assert_int_equal(n, 1);
}

TEST(faults_are_of_one_connection)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db_fault plan = { .fail_at = 1, .commits_only = true, .code = ERR_TRY_AGAIN };
	struct db *dbs[2];
	i64 n;

	open_two(a, dbs);
	db_fault(dbs[1], &plan);
	db_queue(dbs[0], &add, DB_VALUES(V(1)));
	assert_ok(db_commit(dbs[0], a));
	db_queue(dbs[1], &add, DB_VALUES(V(2)));
	assert_err(db_commit(dbs[1], a), TRY_AGAIN);
	assert_ok(count(dbs[0], a, &n));
	assert_int_equal(n, 1);
	plan = (struct db_fault){ .fail_at = 1, .commits_only = true, .code = ERR_TRY_AGAIN, .after = true };
	db_queue(dbs[1], &add, DB_VALUES(V(2)));
	assert_err(db_commit(dbs[1], a), TRY_AGAIN); /* it was stored all the same */
	assert_ok(count(dbs[0], a, &n));
	assert_int_equal(n, 2);
}

TEST_MAIN("db/share")
