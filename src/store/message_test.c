#include "store/fixture_test.h"

enum { MESH_A = 1, MESH_B = 2 };
enum { LATER = 1000000 };

/* A message of rank for boxes of a mesh; returns its number. */
static i64 send(struct fixture *f, i64 mesh, int rank, const i64 *boxes, size_t n)
{
	i64 no = store_next(f->st, NUMBER_MESSAGE);
	struct message_row m = {
		.no = no,
		.mesh_no = mesh,
		.id = arena_printf(f->a, "id-%lld", (long long)no),
		.sender_no = 7,
		.sender_pubkey = S("aa"),
		.target = S("bb"),
		.rank = rank,
		.nonce = S("bm9uY2U="),
		.ciphertext = arena_printf(f->a, "body-%lld", (long long)no),
		.created_ms = 1,
		.expires_ms = LATER,
	};

	store_message_add(f->st, &m);
	for (size_t i = 0; i < n; i++)
		store_delivery_add(f->st, mesh,
				   &(struct delivery_row){ boxes[i], no, rank, n > 1 ? (i64)n : 0, 7, 10 });
	return no;
}

#define BOXES(...) (const i64[]){ __VA_ARGS__ }, sizeof((const i64[]){ __VA_ARGS__ }) / sizeof(i64)

static void box(struct fixture *f, i64 mesh, i64 no, bool session, i64 seen_ms)
{
	store_mailbox_add(f->st, &(struct mailbox_row){
					 .no = no,
					 .mesh_no = mesh,
					 .member_no = 1,
					 .pubkey = arena_printf(f->a, "key-%lld", (long long)no),
					 .session = session,
					 .seen_ms = seen_ms });
}

/* What waits, as text: "3 1 2". */
static str waiting(struct fixture *f, i64 mesh, i64 mailbox, int max_rank, i64 now_ms, size_t limit)
{
	struct waiting *rows;
	str out = S("");
	size_t n;

	assert_ok(store_waiting(f->st, f->a, mesh, mailbox, max_rank, now_ms, limit, &rows, &n));
	for (size_t i = 0; i < n; i++)
		out = arena_printf(f->a, "%.*s%s%lld%s", STRF(out), i ? " " : "",
				   (long long)rows[i].message.no, rows[i].shared ? "s" : "");
	return out;
}

static void end(struct fixture *f, i64 mesh, i64 mailbox, i64 no, int rank, bool shared)
{
	store_delivery_end(f->st, mesh, &(struct delivery_row){ mailbox, no, rank, shared, 7, 10 },
			   &(struct delivery_end){ 1, DELIVERY_DELIVERED, 5 });
}

TEST(every_field_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct message_row m = {
		.no = store_next(f->st, NUMBER_MESSAGE),
		.mesh_no = MESH_A,
		.id = S("0MVBGcZ1abcdefghijklmnopqrstuvwx"),
		.sender_no = 3,
		.sender_pubkey = S("cafe"),
		.sender_name = S("alice"),
		.target = S("@all"),
		.rank = 2,
		.nonce = S(""),
		.ciphertext = S("aGVsbG8="),
		.client_id = S("c-1"),
		.fingerprint = S("f0"),
		.reply_to = S("r"),
		.created_ms = 1767225600123,
		.expires_ms = 1767830400123,
	};
	struct waiting *rows;
	size_t n;

	store_message_add(f->st, &m);
	store_delivery_add(f->st, MESH_A, &(struct delivery_row){ 5, m.no, 2, 2, 3, 10 });
	commit(f);
	assert_ok(store_waiting(f->st, a, MESH_A, 5, 2, 0, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_true(rows[0].shared);
	m.id = rows[0].message.id;
	assert_str(m.id, S("0MVBGcZ1abcdefghijklmnopqrstuvwx"));
	assert_int_equal(rows[0].message.no, m.no);
	assert_int_equal(rows[0].message.mesh_no, m.mesh_no);
	assert_int_equal(rows[0].message.sender_no, 3);
	assert_str(rows[0].message.sender_pubkey, m.sender_pubkey);
	assert_str(rows[0].message.sender_name, m.sender_name);
	assert_str(rows[0].message.target, m.target);
	assert_int_equal(rows[0].message.rank, 2);
	assert_str(rows[0].message.nonce, S(""));
	assert_str(rows[0].message.ciphertext, m.ciphertext);
	assert_str(rows[0].message.client_id, m.client_id);
	assert_str(rows[0].message.fingerprint, m.fingerprint);
	assert_str(rows[0].message.reply_to, m.reply_to);
	assert_int_equal(rows[0].message.created_ms, m.created_ms);
	assert_int_equal(rows[0].message.expires_ms, m.expires_ms);
}

TEST(what_is_absent_stays_absent)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct waiting *rows;
	size_t n;

	send(f, MESH_A, 1, BOXES(5));
	assert_ok(store_waiting(f->st, a, MESH_A, 5, 2, 0, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_null(rows[0].message.client_id.ptr);
	assert_null(rows[0].message.reply_to.ptr);
}

/* Priority first, then accept order. */
TEST(d_42_rank_then_accept_order)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	send(f, MESH_A, 2, BOXES(5)); /* 1 */
	send(f, MESH_A, 1, BOXES(5));
	send(f, MESH_A, 0, BOXES(5));
	send(f, MESH_A, 1, BOXES(5));
	send(f, MESH_A, 0, BOXES(6));
	send(f, MESH_A, 0, BOXES(5)); /* 6 */
	assert_str(waiting(f, MESH_A, 5, 2, 0, 10), S("3 6 2 4 1"));
	assert_str(waiting(f, MESH_A, 5, 1, 0, 10), S("3 6 2 4"));
	assert_str(waiting(f, MESH_A, 5, 0, 0, 10), S("3 6"));
	assert_str(waiting(f, MESH_A, 5, 2, 0, 3), S("3 6 2"));
	assert_str(waiting(f, MESH_A, 5, 2, 0, 0), S(""));
}

TEST(the_last_end_takes_the_message)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 one = send(f, MESH_A, 1, BOXES(5)), both = send(f, MESH_A, 1, BOXES(5, 6));

	commit(f);
	end(f, MESH_A, 5, one, 1, false);
	end(f, MESH_A, 5, both, 1, true);
	commit(f);
	assert_int_equal(count(f, "message"), 1);
	assert_str(waiting(f, MESH_A, 6, 2, 0, 10), S("2s"));
	end(f, MESH_A, 6, both, 1, true);
	end(f, MESH_A, 6, both, 1, true); /* an ack that comes twice */
	commit(f);
	assert_int_equal(count(f, "message"), 0);
	assert_int_equal(count(f, "delivery"), 0);
}

/* What the caller says of `shared` does not decide whether a body survives. */
TEST(a_wrong_end_takes_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 no = send(f, MESH_A, 1, BOXES(5, 6));

	end(f, MESH_A, 9, no, 1, false); /* not its mailbox */
	end(f, MESH_A, 5, no, 0, false); /* not its rank */
	end(f, MESH_B, 5, no, 1, false); /* not its mesh */
	commit(f);
	assert_int_equal(count(f, "delivery"), 2);
	end(f, MESH_A, 5, no, 1, false);
	commit(f);
	assert_str(waiting(f, MESH_A, 6, 2, 0, 10), S("1s"));
}

TEST(a_delivery_given_twice_is_one)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	send(f, MESH_A, 1, BOXES(5, 5));
	commit(f);
	assert_str(waiting(f, MESH_A, 5, 2, 0, 10), S("1s"));
}

TEST(nothing_crosses_a_mesh)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 no;

	box(f, MESH_A, 5, true, 1);
	box(f, MESH_A, 6, true, 1);
	box(f, MESH_B, 7, true, 1);
	no = send(f, MESH_A, 1, BOXES(5));
	commit(f);
	assert_str(waiting(f, MESH_B, 5, 2, 0, 10), S(""));
	end(f, MESH_B, 5, no, 1, false);
	store_deliveries_move(f->st, MESH_B, 5, 6);
	store_deliveries_move(f->st, MESH_B, 5, 7);
	store_deliveries_move(f->st, MESH_A, 5, 7); /* the target is another mesh's */
	store_mailbox_seen(f->st, MESH_B, 5, 99);
	commit(f);
	assert_str(waiting(f, MESH_A, 5, 2, 0, 10), S("1"));
	assert_str(waiting(f, MESH_B, 7, 2, 0, 10), S(""));
	assert_int_equal(count(f, "delivery"), 1);
	/* A delivery of one mesh for a mailbox of another shows up in neither. */
	store_delivery_add(f->st, MESH_A, &(struct delivery_row){ 7, no, 1, 2, 7, 10 });
	assert_str(waiting(f, MESH_B, 7, 2, 0, 10), S(""));
}

TEST(moving_a_mailbox)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	box(f, MESH_A, 5, true, 1);
	box(f, MESH_A, 6, false, 1);
	send(f, MESH_A, 2, BOXES(5));
	send(f, MESH_A, 0, BOXES(5, 6));
	send(f, MESH_A, 1, BOXES(6));
	store_deliveries_move(f->st, MESH_A, 5, 5); /* to itself: nothing is lost */
	assert_str(waiting(f, MESH_A, 5, 2, 0, 10), S("2s 1"));
	store_deliveries_move(f->st, MESH_A, 5, 6);
	commit(f);
	assert_str(waiting(f, MESH_A, 5, 2, 0, 10), S(""));
	assert_str(waiting(f, MESH_A, 6, 2, 0, 10), S("2s 3 1"));
	assert_int_equal(count(f, "message"), 3);
}

/* What a lost session leaves to its member: what was for the member and nobody else has. */
TEST(moving_what_only_this_mailbox_has)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	const struct { const char *target; i64 sender; bool shared, moves; } cases[] = {
		{ "key-6", 7, false, true },  /* to the member */
		{ "key-9", 7, false, true },  /* to a session that has ended */
		{ "key-5", 7, false, false }, /* to this very session */
		{ "key-6", 7, true, false },  /* another session has it too */
		{ "key-6", 1, false, false }, /* by the member itself */
		{ "*", 7, false, false },
		{ "@ops", 7, false, false },
		{ "#general", 7, false, false },
	};
	str moved = S(""), stayed = S("");

	box(f, MESH_A, 5, true, 1);
	box(f, MESH_A, 6, false, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message_row m = { .no = (i64)i + 1, .mesh_no = MESH_A, .id = arena_printf(a, "i%zu", i),
					 .sender_no = cases[i].sender, .sender_pubkey = S("aa"),
					 .target = str_from(cases[i].target), .nonce = S(""),
					 .ciphertext = S(""), .expires_ms = LATER };
		str *list = cases[i].moves ? &moved : &stayed;

		store_message_add(f->st, &m);
		store_delivery_add(f->st, MESH_A, &(struct delivery_row){ 5, m.no, 0, cases[i].shared ? 2 : 0, 7, 10 });
		*list = arena_printf(a, "%.*s%s%lld%s", STRF(*list), list->len ? " " : "",
				     (long long)m.no, cases[i].shared ? "s" : "");
	}
	store_deliveries_move_sole(f->st, MESH_B, 5, 6);
	store_deliveries_move_sole(f->st, MESH_A, 5, 77); /* no such mailbox: nothing is lost */
	store_deliveries_move_sole(f->st, MESH_A, 5, 6);
	commit(f);
	assert_str(waiting(f, MESH_A, 5, 2, 0, 10), stayed);
	assert_str(waiting(f, MESH_A, 6, 2, 0, 10), moved);
}

TEST(expiry)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	for (int i = 0; i < 3; i++)
		send(f, MESH_A, 1, BOXES(5, 6));
	assert_str(waiting(f, MESH_A, 5, 2, LATER - 1, 10), S("1s 2s 3s"));
	assert_str(waiting(f, MESH_A, 5, 2, LATER, 10),
		   S("")); /* not shown, even before the sweep */
	assert_ok(expire(f, LATER - 1, 10));
	assert_int_equal(count(f, "message"), 3);
	assert_ok(expire(f, LATER, 2));
	commit(f);
	assert_int_equal(count(f, "message"), 1);
	assert_int_equal(count(f, "delivery"), 2);
	assert_ok(expire(f, LATER, 2));
	commit(f);
	assert_int_equal(count(f, "message"), 0);
	assert_int_equal(count(f, "delivery"), 0);
}

TEST(mailboxes_end_when_empty_and_unseen)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct mailbox_row *rows;
	size_t n;

	box(f, MESH_A, 1, false, 10); /* the member's own stays */
	box(f, MESH_A, 2, true, 10);
	box(f, MESH_A, 3, true, 10);
	box(f, MESH_A, 4, true, 10);
	send(f, MESH_A, 1, BOXES(3));
	store_mailbox_seen(f->st, MESH_A, 4, 50);
	assert_ok(drop_idle(f, 50));
	commit(f);
	assert_ok(store_mailboxes(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 3);
	assert_int_equal(rows[0].no, 1);
	assert_false(rows[0].session || rows[0].waiting);
	assert_int_equal(rows[1].no, 3);
	assert_true(rows[1].session && rows[1].waiting);
	assert_int_equal(rows[2].seen_ms, 50);
	assert_str(rows[2].pubkey, S("key-4"));
	assert_ok(store_mailboxes(f->st, a, MESH_B, &rows, &n));
	assert_int_equal(n, 0);
}

TEST_MAIN("store/message")
