/*
 * fault_test.c - every call of a batch fails once, before and after it was carried out. The
 * batch is stored whole or not at all, and the next one works.
 */
#include "store/fixture_test.h"

static const char *const tables[] = {
	"mesh",     "member",         "invite", "mailbox",      "message",
	"delivery", "signature_seen", "topic",  "topic_member",
};

static i64 total(struct fixture *f)
{
	i64 n = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		n += count(f, tables[i]);
	return n;
}

/* One of every write, with reads in between. Leaves 13 rows. */
enum { ROWS = 13 };

static void make_mesh(struct fixture *f, i64 mesh)
{
	struct mesh_row m = { .no = mesh, .id = S("mesh"), .slug = S("s"), .name = S("n") };
	struct member_row alice = { .no = 1,
				    .mesh_no = mesh,
				    .id = S("a"),
				    .pubkey = S("ka"),
				    .name = S("alice"),
				    .role = S("admin") };
	struct topic_row t = { .no = 1,
			       .mesh_no = mesh,
			       .id = S("t"),
			       .name = S("general"),
			       .visibility = S("public") };
	struct invite_row i = { .no = 1,
				.mesh_no = mesh,
				.id = S("i"),
				.code = S("C"),
				.token = S("T"),
				.role = S("member") };

	store_mesh_add(f->st, &m);
	m.root_key = S("root");
	store_mesh_keys_set(f->st, &m);
	store_member_add(f->st, &alice);
	store_member_profile_set(f->st, &alice);
	store_member_seen(f->st, mesh, 1, 9, S("s"));
	store_topic_add(f->st, &t);
	store_topic_member_add(f->st, mesh, &(struct topic_member_row){ .topic_no = 1, .member_no = 1,
			       .role = S("member"), .joined_ms = 9 });
	store_invite_add(f->st, &i);
	store_invite_used(f->st, mesh, 1, 1, 1);
	for (i64 no = 1; no <= 4; no++)
		store_mailbox_add(f->st,
				  &(struct mailbox_row){
					  .no = no,
					  .mesh_no = mesh,
					  .member_no = 1,
					  .pubkey = arena_printf(f->a, "k%lld", (long long)no),
					  .session = true,
					  .seen_ms = 100 });
	store_mailbox_seen(f->st, mesh, 4, 1);
}

static struct err *make_messages(struct fixture *f, i64 mesh)
{
	for (i64 no = 1; no <= 4; no++) {
		struct message_row m = { .no = no,
					 .mesh_no = mesh,
					 .id = S("x"),
					 .sender_no = 1,
					 .sender_pubkey = S("ka"),
					 .target = S("*"),
					 .nonce = S("n"),
					 .ciphertext = S("c"),
					 .expires_ms = no == 4 ? 10 : 1000 };

		store_message_add(f->st, &m);
		for (i64 box = 1; box <= 2; box++)
			store_delivery_add(f->st, mesh, &(struct delivery_row){ box, no, 0, true, 1, 10 });
	}
	for (i64 box = 1; box <= 2; box++)
		store_delivery_end(f->st, mesh, &(struct delivery_row){ box, 1, 0, true, 1, 10 },
				   &(struct delivery_end){ 1, DELIVERY_DELIVERED, 5 });
	store_deliveries_move(f->st, mesh, 1, 2);
	TRY(expire(f, 10, 5));
	TRY(drop_idle(f, 50));
	store_signature_add(f->st, S("old"), 1);
	store_signature_add(f->st, S("sig"), 99);
	store_signatures_prune(f->st, 50);
	return NULL;
}

static struct err *everything(struct fixture *f)
{
	struct arena *a = f->a;
	i64 mesh = store_next(f->st, NUMBER_MESH);
	struct mesh_row *m;
	struct waiting *waiting;
	size_t n;

	make_mesh(f, mesh);
	TRY(store_mesh_by_slug(f->st, a, S("s"), &m));
	assert_non_null(m);
	TRY(make_messages(f, mesh));
	TRY(store_waiting(f->st, a, mesh, 2, 2, 20, 10, &waiting, &n));
	assert_int_equal(n, 2);
	return store_commit(f->st, a);
}

/* Returns false when the batch has fewer than n calls. */
static bool fail_nth(i64 n, bool after, enum err_code code)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct err *e;
	i64 calls, rows;

	f->plan = (struct db_fault){ .fail_at = n, .code = code, .after = after };
	db_fault(f->db, &f->plan);
	e = everything(f);
	store_rollback(f->st);
	calls = f->plan.calls;
	f->plan.fail_at = 0;
	rows = total(f);
	if (!e) {
		assert_true(calls < n);
		assert_int_equal(rows, ROWS);
		return false;
	}
	assert_int_equal(e->code, code);
	/* Whole or not at all; whole only when the commit itself was carried out. */
	if (after && rows)
		assert_int_equal(rows, ROWS);
	else
		assert_int_equal(rows, 0);
	if (!rows) {
		assert_ok(everything(f));
		assert_int_equal(total(f), ROWS);
	}
	return true;
}

TEST(every_call_fails_before_it_is_carried_out)
{
	i64 n = 1;

	while (fail_nth(n, false, ERR_TRY_AGAIN))
		n++;
	assert_in_range(n, 40, 200);
}

TEST(every_call_is_carried_out_and_its_outcome_lost)
{
	i64 n = 1;

	while (fail_nth(n, true, ERR_TRY_AGAIN))
		n++;
	assert_in_range(n, 40, 200);
}

TEST(opening_fails_cleanly)
{
	for (i64 n = 1;; n++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct fixture f = { .a = a, .where = test_where(a) };
		CLEANUP(db_closep) struct db *db = NULL;
		struct db_fault plan = { .fail_at = n, .code = ERR_TRY_AGAIN };
		struct err *e;

		assert_ok(db_open(a, test_driver(), f.where, &db));
		db_fault(db, &plan);
		e = store_migrate(a, db);
		if (!e)
			e = store_open(a, db, &f.st);
		if (!e) {
			assert_true(plan.calls < n);
			store_close(f.st);
			return;
		}
		assert_err(e, TRY_AGAIN);
		assert_null(f.st);
		assert_ok(store_migrate(a, db));
		assert_ok(store_open(a, db, &f.st));
		store_close(f.st);
	}
}

TEST_MAIN("store/fault")
