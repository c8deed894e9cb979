#include "store/fixture_test.h"

enum { MESH = 1, OTHER = 2, ALICE = 11, BOB = 12, CAROL = 13 };

static i64 accepted(struct fixture *f, i64 mesh, i64 sender, str id, i64 created_ms)
{
	struct receipt_row r = { .no = store_next(f->st, NUMBER_MESSAGE), .mesh_no = mesh, .id = id,
				 .sender_no = sender, .target = S("t"), .recipients = 1,
				 .created_ms = created_ms };

	store_receipt_add(f->st, &r);
	return r.no;
}

/* A message that waits for boxes 1 and 2; it expires at 100. */
static i64 waits(struct fixture *f, str id, bool both)
{
	i64 no = accepted(f, MESH, ALICE, id, 1);
	struct message_row m = { .no = no, .mesh_no = MESH, .id = id, .sender_no = ALICE,
				 .sender_pubkey = S("aa"), .target = S("t"), .nonce = S("n"),
				 .ciphertext = S("c"), .client_id = S("own"), .created_ms = 1,
				 .expires_ms = 100 };

	store_message_add(f->st, &m);
	for (i64 box = 1; box <= 1 + both; box++)
		store_delivery_add(f->st, MESH, &(struct delivery_row){ box, no, 0, both, 1, 10 });
	return no;
}

static void boxes(struct fixture *f)
{
	store_mesh_add(f->st, &(struct mesh_row){ .no = MESH, .id = S("mesh"), .slug = S("m"), .name = S("m") });
	for (i64 no = 1; no <= 2; no++)
		store_mailbox_add(f->st, &(struct mailbox_row){ .no = no, .mesh_no = MESH,
				  .member_no = no == 1 ? BOB : CAROL,
				  .pubkey = no == 1 ? S("bob") : S("carol"), .session = true });
}

/* "bob:3@7 carol:1": pubkey, state and time of each recipient. */
static str ends(struct fixture *f, i64 mesh, i64 no)
{
	struct receipt_end *rows;
	str out = S("");
	size_t n;

	assert_ok(store_receipt_ends(f->st, f->a, mesh, no, &rows, &n));
	for (size_t i = 0; i < n; i++)
		out = arena_printf(f->a, "%.*s%s%.*s:%d@%lld", STRF(out), i ? " " : "",
				   STRF(rows[i].pubkey.ptr ? rows[i].pubkey : S("-")),
				   (int)rows[i].state, (long long)rows[i].at_ms);
	return out;
}

TEST(every_field_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct receipt_row in = { .no = store_next(f->st, NUMBER_MESSAGE), .mesh_no = MESH, .id = S("i"),
				  .sender_no = ALICE, .target = S("@g"), .client_id = S("c"),
				  .fingerprint = S("f"), .digest = str_of("\0\xff", 2), .recipients = 3,
				  .created_ms = 9 }, *out;
	struct receipt_key *keys;
	struct receipt_age *ages;
	size_t n;

	store_receipt_add(f->st, &in);
	commit(f);
	assert_ok(store_receipt(f->st, a, MESH, in.no, &out));
	assert_int_equal(out->mesh_no, MESH);
	assert_str(out->id, S("i"));
	assert_int_equal(out->sender_no, ALICE);
	assert_str(out->target, S("@g"));
	assert_str(out->client_id, S("c"));
	assert_str(out->fingerprint, S("f"));
	assert_true(str_eq(out->digest, in.digest));
	assert_int_equal(out->recipients, 3);
	assert_int_equal(out->created_ms, 9);
	assert_ok(store_receipt(f->st, a, MESH, in.no + 1, &out));
	assert_null(out);
	assert_ok(store_receipt(f->st, a, OTHER, in.no, &out));
	assert_null(out);
	assert_ok(store_receipt_keys(f->st, a, 0, 10, &keys, &n));
	assert_int_equal(n, 1);
	assert_int_equal(keys[0].no, in.no);
	assert_str(keys[0].client_id, S("c"));
	assert_str(keys[0].id, S("i"));
	assert_int_equal(keys[0].mesh_no, MESH);
	assert_int_equal(keys[0].sender_no, ALICE);
	assert_ok(store_receipt_ages(f->st, a, 0, 10, &ages, &n));
	assert_int_equal(n, 1);
	assert_int_equal(ages[0].no, in.no);
	assert_int_equal(ages[0].recipients, 3);
	assert_int_equal(ages[0].created_ms, 9);
}

TEST(an_end_is_written_once_and_stays)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 no;

	boxes(f);
	no = waits(f, S("id"), true);
	assert_str(ends(f, MESH, no), S("bob:1@0 carol:1@0"));
	store_delivery_end(f->st, MESH, &(struct delivery_row){ 2, no, 0, true, 1, 10 },
			   &(struct delivery_end){ CAROL, DELIVERY_DELIVERED, 7 });
	commit(f);
	assert_str(ends(f, MESH, no), S("carol:3@7 bob:1@0"));
	store_delivery_end(f->st, MESH, &(struct delivery_row){ 2, no, 0, true, 1, 10 },
			   &(struct delivery_end){ CAROL, DELIVERY_REVOKED, 8 });
	commit(f);
	assert_str(ends(f, MESH, no), S("carol:3@7 bob:1@0"));
	assert_str(ends(f, OTHER, no), S(""));
}

TEST(expiry_ends_what_waits)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct expiring *rows;
	size_t n;
	i64 no;

	boxes(f);
	no = waits(f, S("id"), true);
	store_delivery_end(f->st, MESH, &(struct delivery_row){ 1, no, 0, true, 1, 10 },
			   &(struct delivery_end){ BOB, DELIVERY_DELIVERED, 7 });
	commit(f);
	assert_ok(store_expiring(f->st, a, 99, 10, 10, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(store_expiring(f->st, a, 500, 10, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].message_no, no);
	assert_str(rows[0].mesh_id, S("mesh"));
	assert_int_equal(rows[0].expires_ms, 100);
	assert_str(rows[0].message_id, S("id"));
	assert_str(rows[0].client_id, S("own"));
	assert_int_equal(rows[0].sender_no, ALICE);
	assert_int_equal(rows[0].member_no, CAROL);
	assert_str(rows[0].pubkey, S("carol"));
	assert_ok(expire(f, 500, 10));
	commit(f);
	assert_str(ends(f, MESH, no), S("bob:3@7 carol:4@100"));
	assert_int_equal(count(f, "message"), 0);
}

TEST(a_mailbox_can_be_ended_as_a_whole)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 one, both;

	boxes(f);
	one = waits(f, S("id1"), false);
	both = waits(f, S("id2"), true);
	store_deliveries_end(f->st, OTHER, 1, DELIVERY_REVOKED, 9);
	commit(f);
	assert_int_equal(count(f, "delivery"), 3);
	store_deliveries_end(f->st, MESH, 1, DELIVERY_REVOKED, 9);
	commit(f);
	assert_str(ends(f, MESH, one), S("bob:5@9"));
	assert_str(ends(f, MESH, both), S("bob:5@9 carol:1@0"));
	assert_int_equal(count(f, "message"), 1);
	assert_int_equal(count(f, "delivery"), 1);
}

/* D-40: neither others nor other meshes. */
TEST(only_sender_and_recipients_see_a_receipt)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	static const struct { i64 mesh, member; const char *prefix; size_t n; } cases[] = {
		{ MESH, ALICE, "abcdefgh", 2 }, { MESH, ALICE, "abcdefgh1", 1 },
		{ MESH, BOB, "abcdefgh", 1 },   { MESH, CAROL, "abcdefgh", 0 },
		{ OTHER, ALICE, "abcdefgh", 1 }, { MESH, ALICE, "abcdefgi", 0 },
		{ MESH, ALICE, "abcdefg", 3 },
	};
	struct receipt_row *rows;
	size_t n;
	i64 no;

	boxes(f);
	no = waits(f, S("abcdefgh1"), false);
	accepted(f, MESH, ALICE, S("abcdefgh2"), 1);
	accepted(f, MESH, ALICE, S("abcdefgz"), 1);
	accepted(f, OTHER, ALICE, S("abcdefgh3"), 1);
	for (int ended = 0; ended < 2; ended++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			assert_ok(store_receipts_seen_by(f->st, a, cases[i].mesh, cases[i].member,
							 1, no + 9, str_from(cases[i].prefix), 10, &rows,
							 &n));
			assert_int_equal(n, cases[i].n);
		}
		store_delivery_end(f->st, MESH, &(struct delivery_row){ 1, no, 0, false, 1, 10 },
				   &(struct delivery_end){ BOB, DELIVERY_DELIVERED, 7 });
		commit(f);
	}
}

TEST(old_receipts_go_with_their_ends)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 no;

	boxes(f);
	no = waits(f, S("id1"), true);
	store_deliveries_end(f->st, MESH, 1, DELIVERY_REVOKED, 9);
	accepted(f, MESH, ALICE, S("id2"), 50);
	accepted(f, MESH, ALICE, S("id3"), 1);
	commit(f);
	store_receipts_prune(f->st, 0, no + 1, 50);
	commit(f);
	assert_int_equal(count(f, "receipt"), 2); /* one is younger, one beyond the number */
	assert_int_equal(count(f, "receipt_end"), 0);
	store_receipts_prune(f->st, no, no + 9, 51);
	commit(f);
	assert_int_equal(count(f, "receipt"), 0);
}

/* Hashes are unsigned here and signed there. */
TEST(a_run_is_written_read_and_dropped)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct receipt_run in = { .no = store_next(f->st, NUMBER_RUN), .shard = 1, .shards = 3, .first_no = 4,
				  .last_no = 9, .newest_ms = 7 };
	static const u64 hashes[] = { 0, 1, (u64)INT64_MAX, (u64)1 << 63, UINT64_MAX };
	struct receipt_run *runs;
	str filter, ids;
	i64 *nos;
	size_t n;

	for (int twice = 0; twice < 2; twice++) {
		store_run_add(f->st, &in);
		for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
			store_run_key_add(f->st, in.no, hashes[i], (i64)i + 1);
		commit(f);
	}
	store_run_key_add(f->st, in.no, UINT64_MAX, 77);
	assert_ok(store_runs(f->st, a, &runs, &n));
	assert_int_equal(n, 1);
	assert_false(runs[0].done);
	store_run_done(f->st, in.no, S("a filter"), S("ids"));
	commit(f);
	assert_ok(store_runs(f->st, a, &runs, &n));
	assert_true(runs[0].done && runs[0].no == in.no && runs[0].shard == 1 && runs[0].shards == 3);
	assert_true(runs[0].first_no == 4 && runs[0].last_no == 9 && runs[0].newest_ms == 7);
	assert_ok(store_run_contents(f->st, a, in.no, &filter, &ids));
	assert_str(filter, S("a filter"));
	assert_str(ids, S("ids"));
	assert_ok(store_run_contents(f->st, a, in.no + 1, &filter, &ids));
	assert_null(filter.ptr);
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		assert_ok(store_run_find(f->st, a, in.no, hashes[i], &nos, &n));
		assert_int_equal(n, hashes[i] == UINT64_MAX ? 2 : 1);
		assert_int_equal(nos[0], i + 1);
	}
	assert_ok(store_run_find(f->st, a, in.no + 1, 0, &nos, &n));
	assert_int_equal(n, 0);
	store_run_prune(f->st, in.no, -1);
	commit(f);
	assert_int_equal(count(f, "receipt_key"), 3);
	assert_int_equal(count(f, "receipt_run"), 1);
	store_run_prune(f->st, in.no, INT64_MAX);
	commit(f);
	assert_int_equal(count(f, "receipt_key"), 0);
	assert_int_equal(count(f, "receipt_run"), 0);
}

TEST(a_secret_stays_what_it_was_first)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	str secret;

	assert_ok(store_secret(f->st, a, S("one"), str_of("\0\1", 2), &secret));
	assert_str(secret, str_of("\0\1", 2));
	assert_ok(store_secret(f->st, a, S("one"), S("other"), &secret));
	assert_str(secret, str_of("\0\1", 2));
	assert_ok(store_secret(f->st, a, S("two"), S("other"), &secret));
	assert_str(secret, S("other"));
}

TEST(a_recipient_whose_mailbox_is_gone_is_still_listed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 no;

	boxes(f);
	no = waits(f, S("id"), false);
	store_delivery_end(f->st, MESH, &(struct delivery_row){ 1, no, 0, false, 1, 10 },
			   &(struct delivery_end){ BOB, DELIVERY_DELIVERED, 7 });
	assert_ok(drop_idle(f, 1));
	commit(f);
	assert_int_equal(count(f, "mailbox"), 0);
	assert_str(ends(f, MESH, no), S("-:3@7"));
}

TEST_MAIN("store/receipt")
