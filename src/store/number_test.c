/*
 * number_test.c - no number is ever given twice to what is stored: not after a restart, a
 * kill, a failed commit, or when all rows that held numbers are gone.
 */
#include "store/fixture_test.h"

#include <signal.h>
#include <sys/wait.h>

static void add_message(struct fixture *f, i64 no)
{
	store_message_add(f->st, &(struct message_row){ .no = no,
							.mesh_no = 1,
							.id = S("x"),
							.sender_pubkey = S("k"),
							.target = S("t"),
							.nonce = S("n"),
							.ciphertext = S("c"),
							.expires_ms = 10 });
}

TEST(numbers_rise_from_one_by_kind)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	assert_false(store_pending(f->st));
	for (i64 want = 1; want <= 3; want++) {
		assert_int_equal(store_next(f->st, NUMBER_MESH), want);
		assert_int_equal(store_next(f->st, NUMBER_MESSAGE), want);
	}
	assert_true(store_pending(f->st)); /* the reservation */
}

TEST(a_block_is_reserved_with_its_first_use)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	store_next(f->st, NUMBER_MESSAGE);
	commit(f);
	for (i64 no = 2; no <= NUMBER_BLOCK; no++)
		assert_int_equal(store_next(f->st, NUMBER_MESSAGE), no);
	assert_false(store_pending(f->st));
	assert_int_equal(store_next(f->st, NUMBER_MESSAGE), NUMBER_BLOCK + 1);
	assert_true(store_pending(f->st));
}

TEST(a_failed_commit_reserves_again)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct db_rows rows;

	f->plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN, .commits_only = true };
	db_fault(f->db, &f->plan);
	assert_int_equal(store_next(f->st, NUMBER_MESSAGE), 1);
	assert_err(store_commit(f->st, a), TRY_AGAIN);
	assert_int_equal(store_next(f->st, NUMBER_MESSAGE), 2);
	store_rollback(f->st);
	assert_int_equal(store_next(f->st, NUMBER_MESSAGE), 3);
	commit(f);
	assert_ok(db_run(f->db, a, &store_queries[Q_NUMBERS], DB_VALUES(), &rows));
	assert_int_equal(rows.n, 1);
	assert_true(db_row(&rows, 0)[1].i > 3);
}

TEST(a_reservation_never_falls)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct db_rows rows;

	QUEUE(f->st, NUMBER_RESERVE, V(0), V(500));
	QUEUE(f->st, NUMBER_RESERVE, V(0), V(400));
	assert_ok(db_run(f->db, a, &store_queries[Q_NUMBERS], DB_VALUES(), &rows));
	assert_int_equal(db_row(&rows, 0)[1].i, 500);
}

TEST(a_damaged_number_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct store *second = NULL;

	assert_ok(db_exec(f->db, a, S("INSERT INTO number (kind, limit_no) VALUES (99, 5)")));
	assert_err(store_open(a, f->db, &second), INTERNAL);
	assert_ok(db_exec(f->db, a, S("UPDATE number SET kind = 0, limit_no = -5")));
	assert_err(store_open(a, f->db, &second), INTERNAL);
	assert_null(second);
	assert_ok(db_exec(f->db, a, S("DELETE FROM number"))); /* the next test may get this schema */
}

/* Memory does not survive. */
static struct fixture *lasting_fixture(struct arena *a)
{
	struct fixture *f = NEW(a, struct fixture);

	f->a = a;
	f->where = test_place(a);
	arena_defer(a, fixture_close, f);
	return f;
}

TEST(a_deleted_message_keeps_its_number_after_a_restart)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = lasting_fixture(a);
	i64 last = 0;

	for (int start = 0; start < 3; start++) {
		i64 no;

		fixture_open(f);
		no = store_next(f->st, NUMBER_MESSAGE);
		assert_true(no > last);
		last = no;
		add_message(f, no);
		commit(f);
		assert_ok(expire(f, 10, 10));
		commit(f);
		assert_int_equal(count(f, "message"), 0);
		fixture_close(f);
	}
}

/* Uses more than a block, then dies without closing; the pipe carries the last number. */
static void use_and_die(struct fixture *f, int out)
{
	i64 no = 0;

	fixture_open(f);
	for (int i = 0; i < NUMBER_BLOCK + 5; i++) {
		no = store_next(f->st, NUMBER_MESSAGE);
		if (i % 1000 == 0) {
			add_message(f, no);
			commit(f);
		}
	}
	add_message(f, no);
	commit(f);
	if (write(out, &no, sizeof(no)) == (ssize_t)sizeof(no))
		kill(getpid(), SIGKILL);
	_exit(1);
}

TEST(after_a_kill_numbers_go_on_above)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = lasting_fixture(a);
	i64 last = 0, no;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		use_and_die(f, ends[1]);
	assert_int_equal(read(ends[0], &last, sizeof(last)), sizeof(last));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	close(ends[0]);
	close(ends[1]);
	fixture_open(f);
	assert_int_equal(count(f, "message"), NUMBER_BLOCK / 1000 + 2);
	no = store_next(f->st, NUMBER_MESSAGE);
	assert_true(no > last);
	add_message(f, no); /* would be a conflict if it were used */
	commit(f);
}

/* ---- two stores of one process ---- */

struct pair {
	struct fixture *f;
	struct db *db;        /* of the second store */
	struct store *st[2];
	struct db_fault plan;
};

static void pair_close(void *arg)
{
	struct pair *p = arg;

	store_close(p->st[1]);
	if (p->db != p->f->db)
		db_close(p->db);
}

/* Where there is one connection only, both use it in turn: no batch is ever open in two. */
static struct pair *pair(struct arena *a)
{
	struct pair *p = NEW(a, struct pair);

	p->f = fixture(a);
	p->db = p->f->db;
	if (test_is("pg"))
		assert_ok(db_open_beside(a, p->f->db, 1, &p->db));
	p->st[0] = p->f->st;
	p->st[1] = store_open_beside(p->db, p->f->st);
	arena_defer(a, pair_close, p);
	return p;
}

static i64 limit_of(struct pair *p, enum store_number kind)
{
	struct db_rows rows;
	i64 limit = 0;

	assert_ok(db_run(p->f->db, p->f->a, &store_queries[Q_NUMBERS], DB_VALUES(), &rows));
	for (size_t i = 0; i < rows.n; i++)
		if (db_row(&rows, i)[0].i == kind)
			limit = db_row(&rows, i)[1].i;
	return limit;
}

TEST(two_stores_never_give_one_number)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct pair *p = pair(a);
	i64 last = 0;

	for (int i = 0; i < 3 * NUMBER_BLOCK; i++) {
		struct store *st = p->st[i % 7 < 3];
		i64 no = store_next(st, NUMBER_MESSAGE);

		assert_int_equal(no, last + 1);
		last = no;
		if (i % 500 == 0)
			assert_ok(store_commit(st, a));
	}
}

/* The one that did not reserve may be the one whose number is stored. */
TEST(each_batch_reserves_what_it_gives)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct pair *p = pair(a);

	assert_int_equal(store_next(p->st[0], NUMBER_MESSAGE), 1);
	assert_int_equal(store_next(p->st[1], NUMBER_MESSAGE), 2);
	store_rollback(p->st[0]);
	assert_ok(store_commit(p->st[1], a));
	assert_true(limit_of(p, NUMBER_MESSAGE) > 2);
	assert_int_equal(store_next(p->st[0], NUMBER_MESSAGE), 3);
	assert_false(store_pending(p->st[0])); /* the other one's reservation is enough */
}

TEST(a_failed_commit_of_one_takes_nothing_from_the_other)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct pair *p = pair(a);
	i64 no;

	p->plan = (struct db_fault){ .commits_only = true, .code = ERR_TRY_AGAIN };
	db_fault(p->db, &p->plan);
	for (int i = 0; i < 40; i++) {
		p->plan.fail_at = 1;
		p->plan.calls = 0;
		p->plan.after = i % 2; /* it is stored after all */
		for (int k = 0; k < NUMBER_BLOCK / 10; k++) {
			store_next(p->st[0], NUMBER_MESSAGE);
			store_next(p->st[1], NUMBER_MESSAGE);
		}
		no = store_next(p->st[1], NUMBER_MESSAGE);
		if (store_pending(p->st[1]))
			assert_err(store_commit(p->st[1], a), TRY_AGAIN);
		p->plan.fail_at = 0;
		assert_ok(store_commit(p->st[0], a));
		assert_true(limit_of(p, NUMBER_MESSAGE) >= no - NUMBER_BLOCK);
		no = store_next(p->st[1], NUMBER_MESSAGE);
		assert_ok(store_commit(p->st[1], a));
		assert_true(limit_of(p, NUMBER_MESSAGE) > no);
	}
}

TEST(numbers_go_on_above_whoever_gave_them)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = lasting_fixture(a);
	i64 last = 0;

	for (int start = 0; start < 4; start++) {
		struct store *second;

		fixture_open(f);
		second = store_open_beside(f->db, f->st);
		for (int i = 0; i < 3; i++) {
			struct store *st = (start + i) % 2 ? f->st : second;
			i64 no = store_next(st, NUMBER_MESSAGE);

			assert_true(no > last);
			last = no;
			store_message_add(st, &(struct message_row){ .no = no, .mesh_no = 1, .id = S("x"),
					  .sender_pubkey = S("k"), .target = S("t"), .nonce = S("n"),
					  .ciphertext = S("c"), .expires_ms = 10 });
			assert_ok(store_commit(st, a));
		}
		store_close(second);
		fixture_close(f);
	}
}

TEST_MAIN("store/number")
