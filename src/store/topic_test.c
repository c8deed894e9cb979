/*
 * topic_test.c - topics, who is in them, posts, copies of keys, notifications: what goes in comes out,
 * in its own mesh only.
 */
#include "store/fixture_test.h"

enum { MESH_A = 1, MESH_B = 2 };

static struct member_row member(i64 no, i64 mesh_no, str id, str pubkey)
{
	return (struct member_row){ .no = no,
				    .mesh_no = mesh_no,
				    .id = id,
				    .pubkey = pubkey,
				    .name = S("alice"),
				    .role = S("member"),
				    .created_ms = 5 };
}

static struct topic_row topic(i64 no, str id, str name)
{
	return (struct topic_row){ .no = no, .mesh_no = MESH_A, .id = id, .name = name, .visibility = S("public"),
				   .created_by = 3, .created_ms = 4, .description = S("d"), .plaintext = true };
}

static void sit(struct fixture *f, i64 mesh_no, i64 topic_no, i64 member_no, i64 joined_ms)
{
	store_topic_member_add(f->st, mesh_no, &(struct topic_member_row){
		.topic_no = topic_no, .member_no = member_no, .role = S("member"), .joined_ms = joined_ms,
		.read_seq = 1, .place_seq = 2 });
}

static void two_members(struct fixture *f)
{
	struct member_row alice = member(7, MESH_A, S("m-7"), S("a")), eve = member(8, MESH_B, S("m-8"), S("e"));

	store_member_add(f->st, &alice);
	store_member_add(f->st, &eve);
}

TEST(topics)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct topic_row in = topic(1, S("t-1"), S("general")), *out;
	size_t n;

	store_topic_add(f->st, &in);
	commit(f);
	assert_ok(store_topic_by_name(f->st, a, MESH_A, S("general"), &out));
	assert_int_equal(out->no, 1);
	assert_str(out->id, in.id);
	assert_str(out->visibility, in.visibility);
	assert_int_equal(out->created_by, 3);
	assert_int_equal(out->created_ms, 4);
	assert_ok(store_topic_by_name(f->st, a, MESH_B, S("general"), &out));
	assert_null(out);
	store_topic_key_set(f->st, MESH_B, 1, 9, true); /* of another mesh */
	store_topic_key_set(f->st, MESH_A, 1, 3, true);
	store_topic_filled(f->st, MESH_A, 1);
	commit(f);
	assert_ok(store_topics(f->st, a, MESH_A, &out, &n));
	assert_int_equal(n, 1);
	assert_str(out->description, S("d"));
	assert_true(out->plaintext && out->stale && out->filled);
	assert_int_equal(out->epoch, 3);
	assert_int_equal(out->last_seq, 0);
	assert_int_equal(out->last_ms, 0);
	assert_ok(store_topics(f->st, a, MESH_B, &out, &n));
	assert_int_equal(n, 0);
	in.no = 2;
	in.id = S("t-2");
	in.visibility = S("private"); /* may have the name, too */
	store_topic_add(f->st, &in);
	in.no = 3;
	in.id = S("t-3");
	store_topic_add(f->st, &in);
	commit(f);
	assert_ok(store_topic_by_name(f->st, a, MESH_A, S("general"), &out));
	assert_int_equal(out->no, 1);
	in.no = 4;
	in.id = S("t-4");
	in.visibility = S("public");
	store_topic_add(f->st, &in);
	assert_err(store_commit(f->st, a), CONFLICT);
}

TEST(what_a_lead_said_of_somebody)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct topic_row in = topic(1, S("t-1"), S("general"));
	struct topic_bar_row *rows;
	size_t n;

	store_topic_add(f->st, &in);
	two_members(f);
	store_topic_bar_set(f->st, MESH_A, &(struct topic_bar_row){ 1, 7, S("observer") });
	store_topic_bar_set(f->st, MESH_A, &(struct topic_bar_row){ 1, 7, S("none") });
	store_topic_bar_set(f->st, MESH_A, &(struct topic_bar_row){ 1, 8, S("none") }); /* of another mesh */
	store_topic_bar_set(f->st, MESH_B, &(struct topic_bar_row){ 1, 8, S("none") });
	commit(f);
	assert_ok(store_topic_bars(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].member_no, 7);
	assert_str(rows[0].role, S("none"));
	store_topic_bar_drop(f->st, MESH_B, 1, 7);
	commit(f);
	assert_ok(store_topic_bars(f->st, a, MESH_B, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(store_topic_bars(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 1);
	store_topic_bar_drop(f->st, MESH_A, 1, 7);
	commit(f);
	assert_ok(store_topic_bars(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 0);
}

TEST(topics_of_a_database_of_before_keep_what_they_are)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f = { .a = a, .where = test_is("pg") ? test_schema(a) : test_where(a) };
	struct topic_row *rows;
	size_t n = 0;

	while (strcmp(store_migrations[n].name, "0012_topic_name.sql") != 0)
		n++;
	assert_ok(db_open(a, test_driver(), f.where, &f.db));
	assert_ok(db_migrate(a, f.db, store_migrations, n, 1));
	assert_ok(db_exec(f.db, a, S("INSERT INTO topic (no, mesh_no, id, name, visibility, created_by, created_ms, description,"
				     " plaintext, epoch, stale, filled) VALUES"
				     " (7, 1, 't-7', 'general', 'public', 3, 4, NULL, 0, 5, 1, 1),"
				     " (8, 1, 't-8', 'board', 'private', 3, 4, 'd', 1, 0, 0, 0)")));
	assert_ok(store_migrate(a, f.db));
	assert_ok(store_open(a, f.db, &f.st));
	arena_defer(a, fixture_close, &f);
	assert_ok(store_topics(f.st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].no, 7);
	assert_str(rows[0].id, S("t-7"));
	assert_str(rows[0].name, S("general"));
	assert_int_equal(rows[0].epoch, 5);
	assert_true(rows[0].stale && rows[0].filled && !rows[0].plaintext);
	assert_true(str_empty(rows[0].description));
	assert_str(rows[1].visibility, S("private"));
	assert_str(rows[1].description, S("d"));
	assert_true(rows[1].plaintext);
	assert_int_equal(rows[1].created_by, 3);
	assert_int_equal(rows[1].created_ms, 4);
}

TEST(members_of_topics)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct topic_row in = topic(1, S("t-1"), S("general"));
	struct topic_member_row *rows;
	size_t n;

	store_topic_add(f->st, &in);
	two_members(f);
	sit(f, MESH_A, 1, 7, 50);
	sit(f, MESH_A, 1, 7, 60); /* stays as it was */
	sit(f, MESH_A, 1, 8, 50); /* of another mesh */
	sit(f, MESH_B, 1, 8, 50);
	store_topic_member_place(f->st, MESH_B, 1, 7, 99);
	store_topic_member_role(f->st, MESH_B, 1, 7, S("lead"));
	store_topic_member_remove(f->st, MESH_B, 1, 7);
	commit(f);
	assert_ok(store_topic_members(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].member_no, 7);
	assert_str(rows[0].role, S("member"));
	assert_int_equal(rows[0].joined_ms, 50);
	assert_int_equal(rows[0].read_seq, 1);
	assert_int_equal(rows[0].place_seq, 2);
	assert_ok(store_topic_members(f->st, a, MESH_B, &rows, &n));
	assert_int_equal(n, 0);
	store_topic_member_place(f->st, MESH_A, 1, 7, 9);
	store_topic_member_role(f->st, MESH_A, 1, 7, S("lead"));
	store_topic_member_read(f->st, MESH_A, &(struct topic_member_row){ .topic_no = 1, .member_no = 7,
				.read_ms = 5, .read_seq = 6, .own_unread = 2 });
	commit(f);
	assert_ok(store_topic_members(f->st, a, MESH_A, &rows, &n));
	assert_str(rows[0].role, S("lead"));
	assert_int_equal(rows[0].place_seq, 9);
	assert_int_equal(rows[0].read_ms, 5);
	assert_int_equal(rows[0].read_seq, 6);
	assert_int_equal(rows[0].own_unread, 2);
	store_topic_member_remove(f->st, MESH_A, 1, 7);
	commit(f);
	assert_ok(store_topic_members(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 0);
}

static void post(struct fixture *f, i64 no, i64 seq, i64 reply_no)
{
	store_post_add(f->st, &(struct post_row){ .no = no, .mesh_no = MESH_A, .topic_no = 1, .seq = seq,
		       .id = arena_printf(f->a, "p-%lld", (long long)no), .sender_no = 7 + seq % 2,
		       .sender_pubkey = S("k"), .nonce = S("n"), .ciphertext = S("c"), .body_version = 2,
		       .epoch = 3, .reply_no = reply_no, .created_ms = 1000 + seq });
}

TEST(posts_go_by_their_number)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct topic_row in = topic(1, S("t-1"), S("general")), *topics;
	struct post_row *rows, *one;
	size_t n;
	i64 own;

	store_topic_add(f->st, &in);
	for (i64 seq = 1; seq <= 4; seq++)
		post(f, 20 + seq, seq, seq == 3 ? 21 : seq == 4 ? 77 : 0);
	commit(f);
	assert_ok(store_posts_before(f->st, a, MESH_A, 1, INT64_MAX, 3, &rows, &n));
	assert_int_equal(n, 3);
	assert_int_equal(rows[0].seq, 4);
	assert_null(rows[0].reply_to.ptr); /* the parent is not there */
	assert_str(rows[1].reply_to, S("p-21"));
	assert_int_equal(rows[2].seq, 2);
	assert_ok(store_posts_before(f->st, a, MESH_A, 1, 2, 3, &rows, &n));
	assert_int_equal(n, 1);
	assert_ok(store_posts_after(f->st, a, MESH_A, 1, 2, 1, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].seq, 3);
	assert_ok(store_posts_after(f->st, a, MESH_B, 1, 0, 9, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(store_post_by_id(f->st, a, MESH_A, 1, S("p-22"), &one));
	assert_int_equal(one->seq, 2);
	assert_ok(store_post_by_id(f->st, a, MESH_A, 2, S("p-22"), &one));
	assert_null(one);
	assert_ok(store_posts_of_sender(f->st, a, MESH_A, 1, 1, 8, &own));
	assert_int_equal(own, 1);
	assert_ok(store_topics(f->st, a, MESH_A, &topics, &n));
	assert_int_equal(topics->last_seq, 4);
	assert_int_equal(topics->last_ms, 1004);
	post(f, 30, 4, 0); /* the number is taken */
	assert_err(store_commit(f->st, a), CONFLICT);
}

TEST(a_copy_of_a_topic_key_is_put_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct topic_row in = topic(1, S("t-1"), S("general"));
	struct topic_copy_row copy = { .topic_no = 1, .epoch = 2, .member_no = 7, .sealed = S("s"),
				       .nonce = S("n"), .sealer_no = 9, .created_ms = 5 }, *rows;
	struct topic_member_row *members;
	str pubkey;
	bool there;
	size_t n;

	in.epoch = 2;
	store_topic_add(f->st, &in);
	two_members(f);
	sit(f, MESH_A, 1, 7, 50);
	store_topic_epoch_add(f->st, MESH_A, 1, 1, 9, S("ab"), 4);
	store_topic_epoch_add(f->st, MESH_A, 1, 2, 9, STR_NONE, 4);
	store_topic_copy_add(f->st, MESH_A, &copy);
	copy.sealed = S("junk");
	store_topic_copy_add(f->st, MESH_A, &copy);
	copy.epoch = 1;
	store_topic_copy_add(f->st, MESH_A, &copy);
	commit(f);
	assert_ok(store_topic_copies(f->st, a, MESH_A, 1, 7, &rows, &n));
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].epoch, 2);
	assert_str(rows[0].sealed, S("s"));
	assert_int_equal(rows[0].maker_no, 9);
	assert_null(rows[0].key_pubkey.ptr);
	assert_str(rows[1].key_pubkey, S("ab"));
	assert_ok(store_topic_copies(f->st, a, MESH_B, 1, 7, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(store_topic_key_pubkey(f->st, a, MESH_A, 1, 1, &pubkey));
	assert_str(pubkey, S("ab"));
	assert_ok(store_topic_members(f->st, a, MESH_A, &members, &n));
	assert_true(members[0].keyed);
	store_topic_copy_drop(f->st, MESH_B, 1, 2, 7);
	assert_ok(store_topic_copy(f->st, a, MESH_A, 1, 2, 7, &there));
	assert_true(there);
	store_topic_copy_drop(f->st, MESH_A, 1, 2, 7);
	assert_ok(store_topic_copy(f->st, a, MESH_A, 1, 2, 7, &there));
	assert_false(there);
	assert_ok(store_topic_members(f->st, a, MESH_A, &members, &n));
	assert_false(members[0].keyed);
}

TEST(a_post_notifies_a_member_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct notification_row *rows;
	size_t n;
	i64 unread;

	for (i64 seq = 1; seq <= 3; seq++) {
		post(f, 20 + seq, seq, 0);
		store_notification_add(f->st, MESH_A, 7, &(struct post_row){ .no = 20 + seq, .topic_no = 1,
				       .created_ms = 1000 + seq });
	}
	store_notification_add(f->st, MESH_A, 7, &(struct post_row){ .no = 21, .topic_no = 1 });
	commit(f);
	assert_ok(store_notifications(f->st, a, MESH_A, 7, false, INT64_MAX, 0, 9, &rows, &n));
	assert_int_equal(n, 3);
	assert_str(rows[0].post.id, S("p-23"));
	assert_int_equal(rows[0].read_ms, 0);
	store_notification_read(f->st, MESH_B, 7, 22, 5);
	store_notification_read(f->st, MESH_A, 7, 22, 6);
	store_notification_read(f->st, MESH_A, 7, 22, 7); /* stays */
	commit(f);
	assert_ok(store_notifications(f->st, a, MESH_A, 7, true, INT64_MAX, 0, 9, &rows, &n));
	assert_int_equal(n, 2);
	assert_ok(store_notifications(f->st, a, MESH_A, 7, false, 23, 1002, 9, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].read_ms, 6);
	assert_ok(store_notifications_unread(f->st, a, MESH_A, 7, 1, &unread));
	assert_int_equal(unread, 1);
	assert_ok(store_notifications_unread(f->st, a, MESH_A, 7, 10, &unread));
	assert_int_equal(unread, 2);
	store_notifications_prune(f->st, MESH_A, 7, 1002);
	commit(f);
	assert_int_equal(count(f, "notification"), 2);
}

TEST_MAIN("store/topic")
