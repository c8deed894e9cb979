/*
 * pg_beside_test.c - several connections of one broker: what keeps another broker out, what
 * ends one that was replaced, and what happens when they wait for each other.
 */
#include "db/pg.h"

#include <pthread.h>
#include <sys/wait.h>

#include "db/pg_session.h"
#include "db/test_db.h"

enum { ADD, COUNT, SET, ONE };

static const struct db_query add = { "ADD", ADD, "i", "", "INSERT INTO t (no) VALUES ($1)" };
static const struct db_query set = { "SET", SET, "i", "", "UPDATE t SET n = n + 1 WHERE no = $1" };
static const struct db_query count_all = { "COUNT", COUNT, "", "i", "SELECT COUNT(*) FROM t" };

static struct db *open_table(struct arena *a, str where)
{
	struct db *db = test_open(a, where);

	assert_ok(db_exec(db, a, S("CREATE TABLE IF NOT EXISTS t"
				   " (no BIGINT PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0)")));
	return db;
}

static struct db *open_beside(struct arena *a, struct db *first, unsigned no)
{
	struct db *db;

	assert_ok(db_open_beside(a, first, no, &db));
	arena_defer(a, test_close, db);
	return db;
}

static struct err *put(struct db *db, struct arena *a, i64 no)
{
	db_queue(db, &add, DB_VALUES(V(no)));
	return db_commit(db, a);
}

static i64 number(struct db *db, struct arena *a, const char *sql)
{
	const struct db_query q = { "NUMBER", ONE, "", "i", sql };
	struct db_rows rows;

	assert_ok(db_run(db, a, &q, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

static void cut(struct arena *a, struct db *db)
{
	i64 pid = number(db, a, "SELECT pg_backend_pid()");
	struct db *other = test_open(a, test_schema(a));

	assert_ok(db_exec(other, a, arena_printf(a, "SELECT pg_terminate_backend(%lld, 5000)", (long long)pid)));
}

TEST(connections_share_the_database_and_write_at_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *first = open_table(a, test_schema(a)), *second = open_beside(a, first, 1);
	struct db_rows rows;

	assert_ok(db_begin(first, a));
	assert_ok(db_exec(first, a, S("INSERT INTO t (no) VALUES (1)")));
	assert_ok(put(second, a, 2)); /* does not wait */
	assert_ok(db_run(second, a, &count_all, DB_VALUES(), &rows));
	assert_int_equal(db_row(&rows, 0)[0].i, 1); /* what is not committed is not seen */
	db_queue(first, &add, DB_VALUES(V(3)));
	assert_ok(db_commit(first, a));
	assert_int_equal(number(second, a, "SELECT SUM(no)::bigint FROM t"), 6);
	assert_int_equal(number(second, a, "SELECT epoch FROM owner"), 1);
}

TEST(one_connection_keeps_another_broker_out)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = test_schema(a);
	struct db *first, *beside, *other = NULL;
	struct err *e;

	assert_ok(db_open(a, &db_pg, where, &first));
	assert_ok(db_open_beside(a, first, DB_BESIDE_MAX, &beside));
	db_close(first);
	e = db_open(a, &db_pg, where, &other);
	assert_err(e, CONFLICT);
	assert_true(str_contains(e->text, S("in use by another broker (claudemesh-broker at ")));
	assert_null(other);
	db_close(beside);
	other = test_open(a, where);
	assert_int_equal(number(other, a, "SELECT epoch FROM owner"), 2); /* the refused one is not counted */
}

TEST(a_number_is_used_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *first = open_table(a, test_schema(a)), *second = open_beside(a, first, 1), *third = NULL;

	assert_err(db_open_beside(a, first, 1, &third), CONFLICT);
	assert_null(third);
	assert_ok(put(second, a, 1));
}

TEST(a_connection_that_was_cut_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *first = open_table(a, test_schema(a)), *second = open_beside(a, first, 1);

	cut(a, second);
	assert_ok(put(second, a, 1));
	cut(a, first);
	assert_ok(put(first, a, 2));
	cut(a, first);
	cut(a, second);
	assert_ok(put(second, a, 3));
	assert_ok(put(first, a, 4));
	assert_int_equal(number(second, a, "SELECT COUNT(*) FROM t"), 4);
}

/* Both connections are lost, another broker begins, and only the one beside is used again. */
static void be_replaced(struct arena *a, str where)
{
	struct db *first = open_table(a, where), *beside = open_beside(a, first, 1), *other;

	cut(a, first);
	cut(a, beside);
	assert_ok(db_open(a, &db_pg, where, &other));
	if (put(beside, a, 1))
		_exit(98);
}

TEST(a_connection_of_a_replaced_broker_ends_it)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = test_schema(a);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		be_replaced(arena_new(), where);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), PG_EXIT_REPLACED);
}

struct racer {
	struct db *db;
	struct err *e;
	struct arena *a;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	db_queue(r->db, &set, DB_VALUES(V(1)));
	r->e = db_commit(r->db, r->a);
	return NULL;
}

/* Each has what the other wants: the server ends one of them, which may begin again. */
TEST(a_deadlock_is_lost_by_one_and_told_as_such)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *first = open_table(a, test_schema(a)), *second = open_beside(a, first, 1);
	struct racer r = { .db = second, .a = arena_new() };
	struct err *e, *lost;
	pthread_t thread;

	assert_ok(put(first, a, 1));
	assert_ok(put(first, a, 2));
	assert_ok(db_begin(first, a));
	assert_ok(db_exec(first, a, S("UPDATE t SET n = n + 1 WHERE no = 1")));
	assert_ok(db_begin(second, r.a));
	assert_ok(db_exec(second, r.a, S("UPDATE t SET n = n + 1 WHERE no = 2")));
	assert_int_equal(pthread_create(&thread, NULL, race, &r), 0);
	db_queue(first, &set, DB_VALUES(V(2)));
	e = db_commit(first, a);
	pthread_join(thread, NULL);
	assert_true(!e != !r.e);
	lost = e ? e : r.e;
	assert_int_equal(lost->code, ERR_TRY_AGAIN);
	assert_str(lost->word, S(DB_LOST_RACE));
	assert_false(db_pending(first) || db_pending(second));
	assert_int_equal(number(first, a, "SELECT SUM(n)::bigint FROM t"), 2);
	arena_free(r.a);
}

/* Also when a read in the middle of the batch is what fails. */
TEST(the_word_of_a_lost_race_reaches_the_commit)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_table(a, test_schema(a));
	struct err *e;

	assert_ok(db_begin(db, a));
	assert_err(db_exec(db, a, S("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")), TRY_AGAIN);
	e = put(db, a, 1);
	assert_err(e, TRY_AGAIN);
	assert_str(e->word, S(DB_LOST_RACE));
	assert_ok(put(db, a, 1));
}

TEST_MAIN("db/pg_beside")
