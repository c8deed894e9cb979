#include "store/fixture_test.h"

enum { MESH = 1, OTHER = 2, ALICE = 11, BOB = 12, SENDER = 13 };
enum { ALICE_BOX = 1, SESSION = 2, SESSION_2 = 3, BOB_BOX = 4 };

static void box(struct fixture *f, i64 mesh, i64 no, i64 member, const char *key)
{
	store_mailbox_add(f->st, &(struct mailbox_row){ .no = no, .mesh_no = mesh, .member_no = member,
							.pubkey = str_from(key), .session = no == SESSION || no == SESSION_2 });
}

static void boxes(struct fixture *f)
{
	box(f, MESH, ALICE_BOX, ALICE, "alice");
	box(f, MESH, SESSION, ALICE, "session");
	box(f, MESH, SESSION_2, ALICE, "session2");
	box(f, MESH, BOB_BOX, BOB, "bob");
}

static i64 send(struct fixture *f, i64 sender, const char *target, i64 bytes, const i64 *to, size_t n)
{
	i64 no = store_next(f->st, NUMBER_MESSAGE);

	store_message_add(f->st, &(struct message_row){ .no = no, .mesh_no = MESH, .id = S("i"), .sender_no = sender,
			  .sender_pubkey = S("s"), .target = str_from(target), .nonce = S(""), .ciphertext = S(""),
			  .expires_ms = 1000 });
	for (size_t i = 0; i < n; i++)
		store_delivery_add(f->st, MESH, &(struct delivery_row){ to[i], no, 0, n > 1 ? (i64)n : 0, sender, bytes });
	return no;
}

#define TO(...) (const i64[]){ __VA_ARGS__ }, sizeof((const i64[]){ __VA_ARGS__ }) / sizeof(i64)

/* "alice 1/10 session 2/30" */
static str of_mailboxes(struct fixture *f, i64 mesh)
{
	struct backlog_row *rows;
	str out = S("");
	size_t n;

	assert_ok(store_backlog_of_mailboxes(f->st, f->a, mesh, &rows, &n));
	for (size_t i = 0; i < n; i++)
		out = arena_printf(f->a, "%.*s%s%.*s %lld/%lld", STRF(out), i ? " " : "", STRF(rows[i].pubkey),
				   (long long)rows[i].messages, (long long)rows[i].bytes);
	return out;
}

static str of_senders(struct fixture *f, i64 mesh)
{
	struct backlog_row *rows;
	str out = S("");
	size_t n;

	assert_ok(store_backlog_of_senders(f->st, f->a, mesh, &rows, &n));
	for (i64 no = 0; no < 100; no++)
		for (size_t i = 0; i < n; i++)
			if (rows[i].sender_no == no)
				out = arena_printf(f->a, "%.*s%s%lld %lld/%lld", STRF(out), out.len ? " " : "",
						   (long long)no, (long long)rows[i].messages,
						   (long long)rows[i].bytes);
	return out;
}

static i64 delivered(struct fixture *f, i64 mailbox, i64 member, i64 no)
{
	store_delivery_end(f->st, MESH, &(struct delivery_row){ .mailbox_no = mailbox, .message_no = no },
			   &(struct delivery_end){ member, DELIVERY_DELIVERED, 5 });
	return no;
}

TEST(what_waits_is_counted_by_mailbox_and_by_sender)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	boxes(f);
	box(f, OTHER, 9, 99, "elsewhere");
	assert_str(of_mailboxes(f, MESH), S(""));
	assert_str(of_senders(f, MESH), S(""));
	send(f, SENDER, "alice", 10, TO(ALICE_BOX));
	send(f, SENDER, "*", 31, TO(ALICE_BOX, SESSION, BOB_BOX));
	send(f, BOB, "session", 5, TO(SESSION));
	assert_str(of_senders(f, MESH), S("12 1/5 13 4/40")); /* three thirds of 31 are 30 */
	assert_str(of_mailboxes(f, OTHER), S(""));
	assert_str(of_senders(f, OTHER), S(""));
	delivered(f, BOB_BOX, BOB, 2);
	commit(f);
	assert_str(of_senders(f, MESH), S("12 1/5 13 3/30"));
	assert_true(str_contains(of_mailboxes(f, MESH), S("alice 2/41")));
	assert_true(str_contains(of_mailboxes(f, MESH), S("session 2/36")));
	assert_false(str_contains(of_mailboxes(f, MESH), S("bob")));
}

/* What a session leaves to its member, and what it does not: said before, and then done. */
TEST(a_move_leaves_out_what_the_member_has_or_had)
{
	static const struct {
		const char *name, *target;
		i64 to[3];
		bool acked, moves; /* by the other session */
	} cases[] = {
		{ "its own", "session", { SESSION }, false, true },
		{ "sole", "alice", { SESSION }, false, true },
		{ "a sibling has it", "alice", { SESSION, SESSION_2 }, false, false },
		{ "a sibling acked it", "alice", { SESSION, SESSION_2 }, true, false },
		{ "the member has it", "*", { SESSION, ALICE_BOX }, false, false },
		{ "to all, a sibling has it", "*", { SESSION, SESSION_2 }, false, true },
		{ "to all, a sibling acked it", "@ops", { SESSION, SESSION_2 }, true, true },
		{ "another member has it", "*", { SESSION, BOB_BOX }, false, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct fixture *f = fixture(a);
		struct backlog_row *rows;
		size_t n_to = cases[i].to[1] ? 2 : 1, n;
		i64 no, left;

		boxes(f);
		no = send(f, SENDER, cases[i].target, 10, cases[i].to, n_to);
		if (cases[i].acked)
			delivered(f, SESSION_2, ALICE, no);
		assert_ok(store_backlog_covered(f->st, a, OTHER, SESSION, ALICE_BOX, &rows, &n));
		assert_int_equal(n, 0);
		assert_ok(store_backlog_covered(f->st, a, MESH, SESSION, ALICE_BOX, &rows, &n));
		if (n != !cases[i].moves)
			fail_msg("%s", cases[i].name);
		if (n) {
			assert_int_equal(rows[0].sender_no, SENDER);
			assert_int_equal(rows[0].messages, 1);
			assert_int_equal(rows[0].bytes, 10);
			assert_int_equal(rows[0].share, n_to > 1 ? 5 : 10);
		}
		left = (i64)n_to - cases[i].acked - !cases[i].moves;
		store_deliveries_move(f->st, MESH, SESSION, ALICE_BOX);
		commit(f);
		assert_int_equal(count(f, "delivery"), left);
		assert_int_equal(count(f, "message"), left > 0);
		assert_false(str_contains(of_mailboxes(f, MESH), S("session 1")));
	}
}

TEST(what_is_sole_is_counted_as_it_is_moved)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct backlog_row *sole;

	boxes(f);
	assert_ok(store_backlog_sole(f->st, a, MESH, SESSION, ALICE_BOX, &sole));
	assert_int_equal(sole->messages + sole->bytes, 0);
	send(f, SENDER, "alice", 10, TO(SESSION));
	send(f, SENDER, "alice", 20, TO(SESSION));
	send(f, SENDER, "alice", 40, TO(SESSION, SESSION_2));
	send(f, SENDER, "session", 80, TO(SESSION));
	send(f, ALICE, "alice", 160, TO(SESSION));
	assert_ok(store_backlog_sole(f->st, a, MESH, SESSION, ALICE_BOX, &sole));
	assert_int_equal(sole->messages, 2);
	assert_int_equal(sole->bytes, 30);
	store_deliveries_move_sole(f->st, MESH, SESSION, ALICE_BOX);
	assert_true(str_contains(of_mailboxes(f, MESH), S("alice 2/30")));
	assert_true(str_contains(of_mailboxes(f, MESH), S("session 3/280")));
	assert_ok(store_backlog_sole(f->st, a, OTHER, SESSION, ALICE_BOX, &sole));
	assert_int_equal(sole->messages, 0);
}

/* A database from before: what waited is counted as what comes now. */
TEST(what_waited_before_is_counted)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = NEW(a, struct fixture);
	size_t before = 0;

	while (!str_starts(str_from(store_migrations[before].name), S("0004")))
		before++;
	f->a = a;
	f->where = test_where(a);
	assert_ok(db_open(a, test_driver(), f->where, &f->db));
	assert_ok(db_migrate(a, f->db, store_migrations, before, 1));
	assert_ok(db_exec(f->db, a,
			  S("INSERT INTO mailbox (no, mesh_no, member_no, pubkey, session, seen_ms)"
			    " VALUES (1, 1, 11, 'alice', 0, 0);"
			    "INSERT INTO message (no, mesh_no, id, sender_no, sender_pubkey, target, rank, nonce,"
			    " ciphertext, created_ms, expires_ms) VALUES (5, 1, 'i', 13, 's', 'alice', 1, 'AAEC',"
			    " 'aGVsbG8h', 1, 1000);"
			    "INSERT INTO delivery (mailbox_no, rank, message_no, mesh_no, shared)"
			    " VALUES (1, 1, 5, 1, 0), (1, 1, 6, 1, 1)")));
	assert_ok(store_migrate(a, f->db));
	assert_ok(store_open(a, f->db, &f->st));
	assert_str(of_mailboxes(f, MESH), S("alice 2/12"));
	assert_str(of_senders(f, MESH), S("0 1/0 13 1/12"));
	fixture_close(f);
}

TEST_MAIN("store/backlog")
