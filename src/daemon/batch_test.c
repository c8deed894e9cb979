#include "daemon/batch.h"

#include "base/test.h"
#include "db/fault.h"
#include "db/sqlite.h"

struct told {
	struct loop *loop;
	struct batch *batch;
	struct db *db;
	int n, failed;
	bool again;
};

static const struct db_query add = { "ADD", 20, "i", "", "INSERT INTO t (n) VALUES ($1)" };
static const struct db_query count = { "COUNT", 21, "", "i", "SELECT COUNT(*) FROM t" };

static void on_stored(void *arg, const struct err *e)
{
	struct told *t = arg;

	t->n++;
	t->failed += e != NULL;
	if (t->again) {
		t->again = false;
		db_queue(t->db, &add, DB_VALUES(V(3)));
		batch_then(t->batch, on_stored, t);
	}
}

static void start(struct told *t, struct arena *a)
{
	*t = (struct told){ 0 };
	assert_ok(loop_new(a, &t->loop));
	assert_ok(db_open(a, &db_sqlite, S(":memory:"), &t->db));
	assert_ok(db_exec(t->db, a, S("CREATE TABLE t (n INTEGER NOT NULL UNIQUE)")));
	t->batch = batch_new(t->loop, t->db);
}

static void end(struct told *t)
{
	batch_free(t->batch);
	db_close(t->db);
	loop_free(t->loop);
}

static i64 rows(struct told *t, struct arena *a)
{
	struct db_rows r;

	assert_ok(db_run(t->db, a, &count, DB_VALUES(), &r));
	return db_row(&r, 0)[0].i;
}

TEST(one_commit_a_turn_and_nobody_is_told_before)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct told t;

	start(&t, a);
	db_queue(t.db, &add, DB_VALUES(V(1)));
	batch_then(t.batch, on_stored, &t);
	db_queue(t.db, &add, DB_VALUES(V(2)));
	batch_then(t.batch, on_stored, &t);
	assert_int_equal(t.n, 0);
	t.again = true;
	loop_turn(t.loop, 0);
	loop_turn(t.loop, 0);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.failed, 0);
	assert_false(db_pending(t.db));
	assert_int_equal(rows(&t, a), 3);
	end(&t);
}

TEST(when_it_fails_all_of_the_turn_hear_it_and_nothing_is_stored)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct told t;

	start(&t, a);
	db_queue(t.db, &add, DB_VALUES(V(1)));
	batch_then(t.batch, on_stored, &t);
	db_queue(t.db, &add, DB_VALUES(V(1)));
	batch_then(t.batch, on_stored, &t);
	loop_turn(t.loop, 0);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.failed, 2);
	assert_int_equal(rows(&t, a), 0);
	db_queue(t.db, &add, DB_VALUES(V(1)));
	batch_then(t.batch, on_stored, &t);
	loop_turn(t.loop, 0);
	assert_int_equal(t.failed, 2);
	assert_int_equal(rows(&t, a), 1);
	end(&t);
}

TEST(what_may_wait_is_stored_soon)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct told t;
	i64 begin;

	start(&t, a);
	begin = loop_now_ms(t.loop);
	db_queue(t.db, &add, DB_VALUES(V(1)));
	batch_lazy(t.batch);
	while (db_pending(t.db) && loop_now_ms(t.loop) < begin + 5000)
		loop_turn(t.loop, 100);
	assert_false(db_pending(t.db));
	assert_int_equal(rows(&t, a), 1);
	end(&t);
}

TEST_MAIN("daemon/batch")
