#include "daemon/inbox.h"

#include "base/log.h"
#include "client/test_dir.h"

struct bench {
	struct arena *a;
	struct clock_fixed time;
	struct clock clock;
	struct random_seed seed;
	struct random random;
	struct inbox *ib;
	str path;
	i64 event;
};

static void reopen(struct bench *b)
{
	inbox_free(b->ib);
	b->ib = NULL;
	assert_ok(inbox_open(b->a, NULL, &b->clock, &b->random, b->path, &b->ib));
}

static void start(struct bench *b, bool on_disk)
{
	*b = (struct bench){ .a = arena_new(), .time = { 1700000000000000 }, .event = 100 };
	assert_true(crypto_start());
	b->clock = clock_fixed(&b->time);
	b->random = random_seeded(&b->seed);
	b->path = on_disk ? arena_printf(b->a, "%.*s/inbox.db", STRF(test_dir(b->a)))
			  : S(":memory:");
	reopen(b);
}

static void end(struct bench *b)
{
	inbox_free(b->ib);
	arena_free(b->a);
}

static struct inbound message(const char *id, const char *client_id)
{
	return (struct inbound){ .message_id = str_from(id),
				 .client_message_id = str_from(client_id),
				 .from_name = S("Bob"),
				 .from_pubkey = S("b0b0b0b0b0"),
				 .from_member_pubkey = S("b0bb0bb0bb"),
				 .from_member_id = S("member-bob"),
				 .body = S("hello"),
				 .readable = true,
				 .encrypted = true,
				 .priority = S("now"),
				 .created_at = S("2026-01-01T00:00:00.000Z"),
				 .reply_to = S("m0") };
}

static const struct view everything = { 0 };
static const struct view of_s1 = { S("mesh0001"), S("5e551"), S("3e3be5") };
static const struct view of_s2 = { S("mesh0001"), S("5e552"), S("3e3be5") };
static const struct view of_other = { S("mesh0002"), S("5e551"), S("3e3be5") };

static bool add(struct bench *b, const struct inbound *m, const char *recipient,
		struct inbox_row *ret_row)
{
	bool session = strncmp(recipient, "5e55", 4) == 0;
	struct inbox_for to = { S("mesh0001"), S("flock"), str_from(recipient),
				session ? RECIPIENT_SESSION : RECIPIENT_MEMBER, b->event++ };
	struct inbox_row row;
	bool is_new;

	assert_ok(inbox_add(b->ib, b->a, m, &to, &row, &is_new));
	assert_ok(inbox_commit(b->ib, b->a));
	if (ret_row)
		*ret_row = row;
	return is_new;
}

static struct inbox_rows list(struct bench *b, const struct view *v)
{
	struct inbox_rows rows;

	assert_ok(inbox_list(b->ib, b->a, &(struct inbox_filter){ .view = *v }, &rows));
	return rows;
}

TEST(c_17_each_local_session_gets_its_own_row_of_a_broadcast)
{
	struct inbound m = message("m-1", "");
	struct bench b;

	start(&b, false);
	assert_true(add(&b, &m, "5e551", NULL));
	assert_true(add(&b, &m, "5e552", NULL));
	assert_true(add(&b, &m, "3e3be5", NULL));
	assert_false(add(&b, &m, "5e551", NULL));
	assert_int_equal(list(&b, &everything).n, 3);
	assert_int_equal(list(&b, &of_s1).n, 2);
	assert_int_equal(list(&b, &of_s2).n, 2);
	end(&b);
}

TEST(a_message_sent_again_under_its_id_is_one_message)
{
	struct inbound first = message("m-1", "cid-1"), again = message("m-2", "cid-1");
	struct inbound others = message("m-3", "cid-1");
	struct bench b;

	start(&b, false);
	assert_true(add(&b, &first, "5e551", NULL));
	assert_false(add(&b, &again, "5e551", NULL));
	others.from_member_id = S("member-eve");
	assert_true(add(&b, &others, "5e551", NULL));
	end(&b);
}

TEST(c_05_what_could_not_be_opened_is_null_with_a_marker)
{
	CLEANUP(buf_done) struct buf text = buf_make(4096);
	struct json_out out = json_out(&text);
	struct inbound m = message("m-1", "");
	struct inbox_rows rows;
	const struct json *tree;
	struct bench b;

	start(&b, false);
	m.readable = m.encrypted = false;
	m.body = STR_NONE;
	m.why = S("it is not sealed to a key of ours");
	add(&b, &m, "5e551", NULL);
	rows = list(&b, &everything);
	assert_null(rows.items[0].body.ptr);
	inbox_row_json(b.a, &out, &rows.items[0]);
	assert_ok(json_parse(b.a, buf_str(&text), &tree));
	assert_int_equal(json_get(tree, S("body"))->type, JSON_NULL);
	assert_str(json_get_str(tree, S("undecryptable")), S("it is not sealed to a key of ours"));
	end(&b);
}

TEST(an_empty_text_is_not_an_absent_one)
{
	struct inbound m = message("m-1", "");
	struct bench b;

	start(&b, false);
	m.body = S("");
	add(&b, &m, "5e551", NULL);
	assert_non_null(list(&b, &everything).items[0].body.ptr);
	end(&b);
}

TEST(everything_of_a_message_is_kept)
{
	struct inbound m = message("m-1", "cid-1");
	struct inbox_row stored, got;
	struct bench b;

	start(&b, true);
	m.target = S("@ops");
	add(&b, &m, "5e551", &stored);
	reopen(&b);
	got = list(&b, &everything).items[0];
	assert_str(got.id, stored.id);
	assert_int_equal(got.event_id, 100);
	assert_str(got.message_id, S("m-1"));
	assert_str(got.client_message_id, S("cid-1"));
	assert_str(got.mesh_id, S("mesh0001"));
	assert_str(got.mesh, S("flock"));
	assert_str(got.sender_pubkey, S("b0b0b0b0b0"));
	assert_str(got.sender_member_pubkey, S("b0bb0bb0bb"));
	assert_str(got.sender_member_id, S("member-bob"));
	assert_str(got.sender_name, S("Bob"));
	assert_str(got.body, S("hello"));
	assert_true(got.encrypted);
	assert_str(got.target, S("@ops"));
	assert_str(got.reply_to_id, S("m0"));
	assert_str(got.priority, S("now"));
	assert_str(got.created_at, S("2026-01-01T00:00:00.000Z"));
	assert_int_equal(got.received_ms, 1700000000000);
	assert_int_equal(got.seen_ms, 0);
	assert_str(got.recipient_pubkey, S("5e551"));
	assert_int_equal(got.recipient_kind, RECIPIENT_SESSION);
	assert_int_equal(inbox_last_event(b.ib), 100);
	assert_int_equal(test_mode(b.a, b.path), 0600);
	end(&b);
}

TEST(c_11_a_session_touches_only_its_own_and_its_members_rows)
{
	struct inbound one = message("m-1", ""), two = message("m-2", ""),
		       three = message("m-3", "");
	struct inbox_row r1, r2, r3;
	struct bench b;
	i64 n;

	start(&b, false);
	add(&b, &one, "5e551", &r1);
	add(&b, &two, "5e552", &r2);
	add(&b, &three, "3e3be5", &r3);
	assert_int_equal(list(&b, &of_other).n, 0);
	assert_ok(inbox_mark_seen(b.ib, b.a, &of_s1, (str[]){ r1.id, r2.id, r3.id }, 3, &n));
	assert_int_equal(n, 2);
	assert_err(inbox_delete(b.ib, b.a, &of_s1, r2.id), NOT_FOUND);
	assert_ok(inbox_delete(b.ib, b.a, &of_s1, r1.id));
	assert_ok(inbox_count_unread(b.ib, b.a, &of_s2, &n));
	assert_int_equal(n, 1);
	assert_ok(inbox_clear(b.ib, b.a, &of_s1, STR_NONE, 0, &n));
	assert_int_equal(n, 1);
	assert_int_equal(list(&b, &everything).n, 1);
	assert_str(list(&b, &everything).items[0].message_id, S("m-2"));
	assert_ok(inbox_clear(b.ib, b.a, &everything, S("mesh0002"), 0, &n));
	assert_int_equal(n, 0);
	assert_ok(inbox_clear(b.ib, b.a, &everything, S("mesh0001"), 1, &n));
	assert_int_equal(n, 0);
	assert_ok(inbox_clear(b.ib, b.a, &everything, S("mesh0001"), 0, &n));
	assert_int_equal(n, 1);
	end(&b);
}

static const struct {
	struct inbox_filter filter;
	const char *want;
} filters[] = {
	{ { .unread_only = true }, "m-3 m-2" },
	{ { .oldest_first = true }, "m-1 m-2 m-3" },
	{ { .limit = 1 }, "m-3" },
	{ { .after_event = 100, .oldest_first = true }, "m-2 m-3" },
	{ { .since_ms = 1700000000001 }, "m-3 m-2" },
	{ { .topic = S("ops") }, "m-2" },
	{ { .from = S("bob") }, "m-2 m-1" },
	{ { .from = S("B0BB0BB0") }, "m-2 m-1" },
	{ { .from = S("b0b") }, "" },
	{ { .from = S("eve") }, "m-3" },
	{ { .mesh_id = S("mesh0001") }, "m-3 m-2 m-1" },
	{ { .mesh_id = S("mesh0002") }, "" },
};

TEST(lists_are_filtered)
{
	struct inbound one = message("m-1", ""), two = message("m-2", ""),
		       three = message("m-3", "");
	struct inbox_row r1;
	struct bench b;
	i64 n;

	start(&b, false);
	two.topic = S("ops");
	three.from_name = S("Eve");
	three.from_pubkey = three.from_member_pubkey = S("e5e5e5e5e5");
	add(&b, &one, "5e551", &r1);
	b.time.us += 1000;
	add(&b, &two, "5e551", NULL);
	add(&b, &three, "5e551", NULL);
	assert_ok(inbox_mark_seen(b.ib, b.a, &everything, &r1.id, 1, &n));
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		struct inbox_rows rows;
		str got = STR_NONE;

		assert_ok(inbox_list(b.ib, b.a, &filters[i].filter, &rows));
		for (size_t j = 0; j < rows.n; j++)
			got = arena_printf(b.a, "%.*s%s%.*s", STRF(got), j ? " " : "",
					   STRF(rows.items[j].message_id));
		assert_str(got, str_from(filters[i].want));
	}
	end(&b);
}

TEST(c_48_a_message_is_found_by_the_beginning_of_either_id)
{
	struct inbound one = message("AAAAAAAAone", ""), two = message("AAAAAAAAtwo", "");
	struct inbox_row r1, got;
	struct bench b;

	start(&b, false);
	add(&b, &one, "5e551", &r1);
	add(&b, &one, "5e552", NULL);
	add(&b, &two, "5e551", NULL);
	assert_ok(inbox_find(b.ib, b.a, &everything, r1.id, &got));
	assert_str(got.id, r1.id);
	assert_ok(inbox_find(b.ib, b.a, &everything, S("AAAAAAAAo"), &got));
	assert_str(got.message_id, S("AAAAAAAAone"));
	assert_err(inbox_find(b.ib, b.a, &everything, S("AAAAAAAA"), &got), AMBIGUOUS);
	assert_err(inbox_find(b.ib, b.a, &everything, S("AAAAAAA"), &got), BAD_REQUEST);
	assert_err(inbox_find(b.ib, b.a, &everything, S("BBBBBBBB"), &got), NOT_FOUND);
	assert_err(inbox_find(b.ib, b.a, &of_other, r1.id, &got), NOT_FOUND);
	end(&b);
}

TEST(old_rows_are_pruned)
{
	struct inbound one = message("m-1", ""), two = message("m-2", "");
	struct bench b;
	i64 removed;

	start(&b, true);
	add(&b, &one, "5e551", NULL);
	b.time.us += (INBOX_KEEP_MS + 1) * 1000;
	add(&b, &two, "5e551", NULL);
	assert_ok(inbox_prune(b.ib, b.a, &removed));
	assert_int_equal(removed, 1);
	assert_str(list(&b, &everything).items[0].message_id, S("m-2"));
	end(&b);
}

TEST(a_damaged_file_is_put_aside)
{
	struct inbound m = message("m-1", "");
	struct bench b;
	str aside;

	start(&b, true);
	inbox_free(b.ib);
	b.ib = NULL;
	test_write(b.a, b.path, S("this is no database"), 0600);
	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	reopen(&b);
	assert_true(add(&b, &m, "5e551", NULL));
	aside = arena_printf(b.a, "%.*s.damaged-1700000000000", STRF(b.path));
	assert_int_equal(test_mode(b.a, aside), 0600);
	end(&b);
}

TEST_MAIN("daemon/inbox")
