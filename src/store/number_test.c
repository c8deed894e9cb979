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
		store_messages_expire(f->st, 10, 10);
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

TEST_MAIN("store/number")
