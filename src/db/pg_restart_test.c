/*
 * pg_restart_test.c - the server stops, crashes and starts underneath. Needs a cluster of its
 * own (tests/postgres.sh), whose CLAUDEMESH_TEST_PG_CTL does it.
 */
#include "db/pg.h"

#include <poll.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "db/test_db.h"

enum { ADD, COUNT, HAS, AGAIN_MS = 20000, TURN_MS = 10 };

static const struct db_query add = { "ADD", ADD, "i", "", "INSERT INTO t (no) VALUES ($1)" };
static const struct db_query count_all = { "COUNT", COUNT, "", "i", "SELECT COUNT(*) FROM t" };
static const struct db_query has = { "HAS", HAS, "i", "i", "SELECT COUNT(*) FROM t WHERE no = $1" };

/* Waits for it if wait is true; returns its process. */
static pid_t ctl(const char *what, bool wait)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		execl(getenv("CLAUDEMESH_TEST_PG_CTL"), "ctl", what, NULL);
		_exit(127);
	}
	if (wait) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	return pid;
}

static struct db *open_test(struct arena *a)
{
	struct db *db = test_open(a, test_schema(a));

	assert_ok(db_exec(db, a, S("CREATE TABLE t (no BIGINT PRIMARY KEY)")));
	return db;
}

static struct err *put(struct db *db, struct arena *a, i64 no)
{
	struct err *e;

	db_queue(db, &add, DB_VALUES(V(no)));
	e = db_commit(db, a);
	assert_false(db_pending(db));
	return e;
}

static struct err *count(struct db *db, struct arena *a, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(db, a, &count_all, DB_VALUES(), &rows));
	*ret_n = db_row(&rows, 0)[0].i;
	return NULL;
}

/* The number of rows, as soon as the database answers. */
static i64 count_again(struct db *db, struct arena *a)
{
	i64 deadline = clock_mono_ms(&clock_real) + AGAIN_MS, n = -1;
	struct err *e;

	while ((e = count(db, a, &n)) && clock_mono_ms(&clock_real) < deadline) {
		assert_err(e, TRY_AGAIN);
		poll(NULL, 0, TURN_MS);
	}
	assert_ok(e);
	return n;
}

TEST(restarted_between_batches)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	i64 n;

	assert_ok(put(db, a, 1));
	ctl("restart", true);
	assert_ok(put(db, a, 2));
	ctl("restart", true);
	assert_ok(count(db, a, &n));
	assert_int_equal(n, 2);
}

TEST(restarted_inside_a_batch)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	i64 n;

	db_queue(db, &add, DB_VALUES(V(1)));
	assert_ok(count(db, a, &n));
	assert_int_equal(n, 1);
	ctl("restart", true);
	assert_err(put(db, a, 2), TRY_AGAIN);
	assert_int_equal(count_again(db, a), 0);
	assert_ok(put(db, a, 3));
}

TEST(stopped_for_a_while)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	i64 start, n;

	assert_ok(put(db, a, 1));
	ctl("stop", true);
	assert_err(put(db, a, 2), TRY_AGAIN);
	start = clock_mono_ms(&clock_real);
	for (int i = 0; i < 1000; i++) /* nobody waits for what is known to be away */
		assert_err(count(db, a, &n), TRY_AGAIN);
	assert_true(clock_mono_ms(&clock_real) - start < 2000);
	ctl("start", true);
	assert_int_equal(count_again(db, a), 1);
	assert_ok(put(db, a, 2));
}

static i64 is_there(struct db *db, struct arena *a, i64 no)
{
	struct db_rows rows;

	assert_ok(db_run(db, a, &has, DB_VALUES(V(no)), &rows));
	return db_row(&rows, 0)[0].i;
}

/* Commits while the server crashes and comes back. What was confirmed is there; what was
 * not may be, if it was lost at its commit. */
TEST(killed_while_commits_flow)
{
	enum { ROUNDS = 3, AFTER_EACH = 20, TRIES_MAX = 100000 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	bool *confirmed = NEW_ARRAY(a, bool, TRIES_MAX);
	i64 no = 0, n = 0, failed = 0, stored;

	for (int round = 0; round < ROUNDS; round++) {
		pid_t pid = ctl("kill", false);

		for (int left = AFTER_EACH; left > 0 && no + 1 < TRIES_MAX;) {
			CLEANUP(arena_freep) struct arena *turn = arena_new();
			struct err *e = put(db, turn, ++no);
			int status;

			confirmed[no] = !e;
			n += !e;
			failed += e != NULL;
			left -= !e && !pid;
			if (e) {
				assert_err(e, TRY_AGAIN);
				poll(NULL, 0, TURN_MS);
			}
			if (pid && waitpid(pid, &status, WNOHANG) == pid) {
				ctl("start", true);
				pid = 0;
			}
		}
		assert_int_equal(pid, 0);
	}
	stored = count_again(db, a);
	assert_true(failed > 0);
	assert_in_range(stored, n, n + ROUNDS);
	for (i64 i = 1; i <= no; i++)
		if (confirmed[i])
			assert_int_equal(is_there(db, a, i), 1);
}

TEST_MAIN("db/pg_restart")
