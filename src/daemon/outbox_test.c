#include "daemon/outbox.h"

#include "client/test_dir.h"
#include "daemon/outbox_internal.h"

#define DAY_MS (24 * 3600 * (i64)1000)
#define PRINT_1 "dc13f9d139b04e9886a09444fa269f46468843858070b13afee7889305c2aa09"
#define PRINT_2 "c848b33dfd7c4fc77817fbbef00fd1952e2f27a498c22675991842aec6de3756"

struct bench {
	struct arena *a;
	struct clock_fixed time;
	struct clock clock;
	struct random_seed seed;
	struct random random;
	struct outbox *ob;
	str path;
};

static void reopen(struct bench *b)
{
	outbox_free(b->ob);
	b->ob = NULL;
	assert_ok(outbox_open(b->a, NULL, &b->clock, &b->random, b->path, &b->ob));
}

static void start(struct bench *b, bool on_disk)
{
	*b = (struct bench){ .a = arena_new(), .time = { 1700000000000000 } };
	assert_true(crypto_start());
	b->clock = clock_fixed(&b->time);
	b->random = random_seeded(&b->seed);
	b->path = on_disk ? arena_printf(b->a, "%.*s/outbox.db", STRF(test_dir(b->a)))
			  : S(":memory:");
	reopen(b);
}

static void end(struct bench *b)
{
	outbox_free(b->ob);
	arena_free(b->a);
}

static struct outbox_row row_of(const char *client_id)
{
	return (struct outbox_row){ .client_message_id = str_from(client_id),
				    .fingerprint = S(PRINT_1),
				    .mesh_id = S("mesh0001"),
				    .mesh = S("flock"),
				    .to = S("bob"),
				    .target_spec = S("bb00"),
				    .nonce = S("bm9uY2U="),
				    .ciphertext = S("Y2lwaGVy"),
				    .priority = S("now"),
				    .reply_to_id = S("m7"),
				    .meta = S("{\"k\":1}"),
				    .session_pubkey = S("5e55"),
				    .session_id = S("session-1"),
				    .session_name = S("Alice at work"),
				    .payload = S("the plain text") };
}

static struct outbox_answer accept_row(struct bench *b, const struct outbox_row *row)
{
	struct outbox_answer answer;

	assert_ok(outbox_accept(b->ob, b->a, row, &answer));
	assert_ok(outbox_commit(b->ob, b->a));
	return answer;
}

/* The row with that client id, with all its texts. */
static struct outbox_row look(struct bench *b, const char *client_id)
{
	static const struct db_query q = { "LOOK", 60, "s", OUTBOX_TYPES,
					   "SELECT " OUTBOX_ALL
					   " FROM outgoing WHERE client_message_id = $1" };
	struct db_rows rows;

	assert_ok(outbox_commit(b->ob, b->a));
	assert_ok(db_run(b->ob->db, b->a, &q, DB_VALUES(V(str_from(client_id))), &rows));
	assert_int_equal(rows.n, 1);
	return outbox_read(b->a, &rows).items[0];
}

static void bring_to(struct bench *b, const char *client_id, enum outbox_status status)
{
	struct outbox_row old, fresh, row = look(b, client_id);

	switch (status) {
	case OUTBOX_INFLIGHT: outbox_mark_inflight(b->ob, row.seq); break;
	case OUTBOX_DONE: outbox_mark_done(b->ob, row.seq, S("broker-id-1")); break;
	case OUTBOX_DEAD: outbox_mark_dead(b->ob, row.seq, S("forbidden: no")); break;
	case OUTBOX_ABORTED:
		assert_ok(outbox_requeue(b->ob, b->a, row.id, STR_NONE, STR_NONE, STR_NONE, &old,
					 &fresh));
		break;
	default: break;
	}
	assert_ok(outbox_commit(b->ob, b->a));
}

/* client.md 7.3, row by row. */
static const struct {
	enum outbox_status state;
	bool match;
	int http;
	const char *conflict, *broker_id, *reason;
} table[] = {
	{ OUTBOX_PENDING, true, 202, "", "", "" },
	{ OUTBOX_PENDING, false, 409, "outbox_pending_fingerprint_mismatch", "", "" },
	{ OUTBOX_INFLIGHT, true, 202, "", "", "" },
	{ OUTBOX_INFLIGHT, false, 409, "outbox_inflight_fingerprint_mismatch", "", "" },
	{ OUTBOX_DONE, true, 200, "", "broker-id-1", "" },
	{ OUTBOX_DONE, false, 409, "outbox_done_fingerprint_mismatch", "broker-id-1", "" },
	{ OUTBOX_DEAD, true, 409, "outbox_dead_fingerprint_match", "", "forbidden: no" },
	{ OUTBOX_DEAD, false, 409, "outbox_dead_fingerprint_mismatch", "", "forbidden: no" },
	{ OUTBOX_ABORTED, true, 409, "outbox_aborted_fingerprint_match", "", "" },
	{ OUTBOX_ABORTED, false, 409, "outbox_aborted_fingerprint_mismatch", "", "" },
};

TEST(c_27_a_repeat_is_answered_by_the_whole_table_with_reasons)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct outbox_answer *checked;
		struct outbox_row row = row_of("c1");
		struct outbox_answer got;
		struct bench b;

		start(&b, false);
		accept_row(&b, &row);
		bring_to(&b, "c1", table[i].state);
		if (!table[i].match)
			row.fingerprint = S(PRINT_2);
		assert_ok(outbox_check(b.ob, b.a, row.client_message_id, row.fingerprint,
				       row.mesh_id, &checked));
		got = accept_row(&b, &row);
		assert_int_equal(got.http, table[i].http);
		assert_int_equal(checked->http, table[i].http);
		assert_int_equal(got.status, table[i].state);
		assert_false(got.is_new);
		assert_str(got.conflict, str_from(table[i].conflict));
		assert_str(checked->conflict, str_from(table[i].conflict));
		assert_str(got.broker_message_id, str_from(table[i].broker_id));
		assert_str(got.reason, str_from(table[i].reason));
		assert_str(got.fingerprint_prefix,
			   got.http == 409 ? S("dc13f9d139b04e98") : STR_NONE);
		end(&b);
	}
}

TEST(a_new_id_is_queued_and_stored_as_given)
{
	const struct outbox_answer *checked;
	struct outbox_row row = row_of("c1"), got;
	struct outbox_answer answer;
	struct bench b;

	start(&b, false);
	assert_ok(outbox_check(b.ob, b.a, S("c1"), S(PRINT_1), STR_NONE, &checked));
	assert_null(checked);
	answer = accept_row(&b, &row);
	assert_int_equal(answer.http, 202);
	assert_true(answer.is_new);
	got = look(&b, "c1");
	assert_str(got.id, answer.id);
	assert_str(got.target_spec, row.target_spec);
	assert_str(got.to, row.to);
	assert_str(got.nonce, row.nonce);
	assert_str(got.ciphertext, row.ciphertext);
	assert_str(got.reply_to_id, row.reply_to_id);
	assert_str(got.priority, row.priority);
	assert_str(got.meta, row.meta);
	assert_str(got.session_pubkey, row.session_pubkey);
	assert_str(got.session_id, row.session_id);
	assert_str(got.session_name, row.session_name);
	assert_str(got.payload, row.payload);
	assert_int_equal(got.payload_bytes, row.payload.len);
	assert_int_equal(got.enqueued_ms, 1700000000000);
	assert_int_equal(got.status, OUTBOX_PENDING);
	end(&b);
}

TEST(the_same_id_in_another_mesh_is_another_request)
{
	struct outbox_row row = row_of("c1");
	struct bench b;

	start(&b, false);
	accept_row(&b, &row);
	row.mesh_id = S("mesh0002");
	assert_int_equal(accept_row(&b, &row).http, 409);
	end(&b);
}

TEST(c_01_a_requeued_message_keeps_its_routing_and_ciphertext)
{
	struct outbox_row old, fresh, got, row = row_of("c1");
	struct bench b;

	start(&b, false);
	accept_row(&b, &row);
	bring_to(&b, "c1", OUTBOX_DEAD);
	assert_ok(outbox_requeue(b.ob, b.a, S("c1"), S("c2"), S("me"), STR_NONE, &old, &fresh));
	got = look(&b, "c2");
	assert_str(got.id, fresh.id);
	assert_int_equal(got.status, OUTBOX_PENDING);
	assert_str(got.mesh_id, row.mesh_id);
	assert_str(got.mesh, row.mesh);
	assert_str(got.to, row.to);
	assert_str(got.target_spec, row.target_spec);
	assert_str(got.nonce, row.nonce);
	assert_str(got.ciphertext, row.ciphertext);
	assert_str(got.priority, row.priority);
	assert_str(got.reply_to_id, row.reply_to_id);
	assert_str(got.meta, row.meta);
	assert_str(got.session_pubkey, row.session_pubkey);
	assert_str(got.session_id, row.session_id);
	assert_str(got.session_name, row.session_name);
	assert_str(got.payload, row.payload);
	assert_str(got.fingerprint, row.fingerprint);
	assert_str(got.last_error, S(""));
	got = look(&b, "c1");
	assert_int_equal(got.status, OUTBOX_ABORTED);
	assert_str(got.superseded_by, fresh.id);
	assert_str(got.aborted_by, S("me"));
	assert_str(got.payload, S(""));
	end(&b);
}

TEST(c_01_a_requeue_that_fails_leaves_the_message_as_it_was)
{
	struct outbox_row old, fresh, row = row_of("c1"), other = row_of("c2");
	struct bench b;

	start(&b, false);
	accept_row(&b, &row);
	accept_row(&b, &other);
	assert_err(outbox_requeue(b.ob, b.a, S("c1"), S("c2"), STR_NONE, STR_NONE, &old, &fresh),
		   CONFLICT);
	assert_err(outbox_requeue(b.ob, b.a, S("c9"), STR_NONE, STR_NONE, STR_NONE, &old, &fresh),
		   NOT_FOUND);
	assert_err(outbox_requeue(b.ob, b.a, S("c1"), STR_NONE, STR_NONE, S("other"), &old, &fresh),
		   NOT_FOUND);
	assert_int_equal(look(&b, "c1").status, OUTBOX_PENDING);
	bring_to(&b, "c1", OUTBOX_DONE);
	assert_err(outbox_requeue(b.ob, b.a, S("c1"), STR_NONE, STR_NONE, STR_NONE, &old, &fresh),
		   CONFLICT);
	end(&b);
}

TEST(c_06_the_text_goes_as_soon_as_the_message_is_sent)
{
	struct outbox_row got, row = row_of("c1");
	struct bench b;

	start(&b, false);
	accept_row(&b, &row);
	bring_to(&b, "c1", OUTBOX_DONE);
	got = look(&b, "c1");
	assert_int_equal(got.status, OUTBOX_DONE);
	assert_str(got.payload, S(""));
	assert_str(got.ciphertext, S(""));
	assert_str(got.nonce, S(""));
	assert_int_equal(got.payload_bytes, row.payload.len);
	end(&b);
}

TEST(c_15_what_was_in_flight_when_the_daemon_ended_is_sent_again)
{
	struct outbox_row row = row_of("c1"), other = row_of("c2");
	struct outbox_rows due;
	struct bench b;

	start(&b, true);
	accept_row(&b, &row);
	accept_row(&b, &other);
	bring_to(&b, "c1", OUTBOX_INFLIGHT);
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 1);
	reopen(&b);
	assert_int_equal(look(&b, "c1").status, OUTBOX_PENDING);
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 2);
	assert_str(due.items[0].client_message_id, S("c1"));
	assert_str(due.items[0].ciphertext, row.ciphertext);
	end(&b);
}

TEST(a_message_is_on_disk_when_its_sender_is_told)
{
	struct outbox_row row = row_of("c1"), other = row_of("c2");
	struct outbox_answer answer;
	struct outbox_rows all;
	struct bench b;

	start(&b, true);
	accept_row(&b, &row);
	assert_ok(outbox_accept(b.ob, b.a, &other, &answer));
	reopen(&b);
	assert_ok(outbox_list(b.ob, b.a, &(struct outbox_filter){ 0 }, &all));
	assert_int_equal(all.n, 1);
	assert_str(all.items[0].client_message_id, S("c1"));
	end(&b);
}

TEST(due_is_per_sender_in_order_and_after_the_backoff)
{
	struct outbox_row one = row_of("c1"), two = row_of("c2"), member = row_of("c3");
	struct outbox_senders senders;
	struct outbox_rows due;
	struct bench b;

	start(&b, false);
	member.session_pubkey = member.session_id = STR_NONE;
	accept_row(&b, &one);
	accept_row(&b, &two);
	accept_row(&b, &member);
	assert_ok(outbox_senders(b.ob, b.a, &senders));
	assert_int_equal(senders.n, 2);
	outbox_mark_later(b.ob, look(&b, "c1").seq, 5000, S("try_again: disk"), true);
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 1);
	assert_str(due.items[0].client_message_id, S("c2"));
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), STR_NONE, 9, &due));
	assert_int_equal(due.n, 1);
	b.time.us += 5000 * 1000;
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 2);
	assert_int_equal(due.items[0].refusals, 1);
	assert_str(due.items[0].last_error, S("try_again: disk"));
	end(&b);
}

TEST(a_clock_turned_back_makes_nobody_wait)
{
	struct outbox_row row = row_of("c1");
	struct outbox_rows due;
	struct bench b;

	start(&b, false);
	accept_row(&b, &row);
	b.time.us -= 30 * DAY_MS * 1000;
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 1);
	end(&b);
}

TEST(a_late_mark_does_not_bring_back_what_ended)
{
	struct outbox_row row = row_of("c1");
	struct bench b;
	i64 seq;

	start(&b, false);
	accept_row(&b, &row);
	seq = look(&b, "c1").seq;
	bring_to(&b, "c1", OUTBOX_ABORTED);
	outbox_mark_done(b.ob, seq, S("late"));
	outbox_mark_later(b.ob, seq, 0, S("late"), false);
	outbox_mark_inflight(b.ob, seq);
	outbox_kill(b.ob, S("mesh0001"), S("5e55"), S("gone"));
	assert_int_equal(look(&b, "c1").status, OUTBOX_ABORTED);
	end(&b);
}

TEST(a_recipient_that_comes_wakes_what_waits_for_it)
{
	struct outbox_row row = row_of("c1"), other = row_of("c2");
	struct outbox_rows due;
	struct bench b;

	start(&b, false);
	other.target_spec = S("cc00");
	accept_row(&b, &row);
	accept_row(&b, &other);
	outbox_mark_later(b.ob, look(&b, "c1").seq, 60000, S("away"), false);
	outbox_mark_later(b.ob, look(&b, "c2").seq, 60000, S("away"), false);
	outbox_wake_target(b.ob, S("mesh0001"), S("bb00"));
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 1);
	assert_str(due.items[0].client_message_id, S("c1"));
	end(&b);
}

TEST(lists_hold_no_text_and_keep_to_sender_and_status)
{
	struct outbox_row one = row_of("c1"), two = row_of("c2");
	struct outbox_rows all;
	i64 counts[6];
	struct bench b;

	start(&b, false);
	two.session_pubkey = S("0ther");
	accept_row(&b, &one);
	accept_row(&b, &two);
	bring_to(&b, "c1", OUTBOX_DEAD);
	assert_ok(outbox_list(b.ob, b.a, &(struct outbox_filter){ 0 }, &all));
	assert_int_equal(all.n, 2);
	assert_str(all.items[0].client_message_id, S("c2"));
	assert_str(all.items[0].payload, S(""));
	assert_str(all.items[0].ciphertext, S(""));
	assert_ok(outbox_list(b.ob, b.a, &(struct outbox_filter){ .session_pubkey = S("0ther") },
			      &all));
	assert_int_equal(all.n, 1);
	assert_ok(outbox_list(b.ob, b.a, &(struct outbox_filter){ .status = OUTBOX_DEAD }, &all));
	assert_int_equal(all.n, 1);
	assert_str(all.items[0].client_message_id, S("c1"));
	assert_ok(outbox_count(b.ob, b.a, counts));
	assert_int_equal(counts[OUTBOX_PENDING], 1);
	assert_int_equal(counts[OUTBOX_DEAD], 1);
	end(&b);
}

TEST(c_55_what_ended_is_pruned_and_what_waits_is_not)
{
	struct outbox_row one = row_of("c1"), two = row_of("c2"), three = row_of("c3");
	struct outbox_rows all;
	struct bench b;
	i64 removed;

	start(&b, true);
	accept_row(&b, &one);
	accept_row(&b, &two);
	accept_row(&b, &three);
	bring_to(&b, "c1", OUTBOX_DONE);
	bring_to(&b, "c2", OUTBOX_DEAD);
	b.time.us += (OUTBOX_DONE_KEEP_MS - 1000) * 1000;
	assert_ok(outbox_prune(b.ob, b.a, &removed));
	assert_int_equal(removed, 0);
	b.time.us += 2000 * 1000;
	assert_ok(outbox_prune(b.ob, b.a, &removed));
	assert_int_equal(removed, 2);
	assert_ok(outbox_list(b.ob, b.a, &(struct outbox_filter){ 0 }, &all));
	assert_int_equal(all.n, 1);
	assert_str(all.items[0].client_message_id, S("c3"));
	end(&b);
}

TEST(c_14_its_files_are_closed_to_others)
{
	struct outbox_row row = row_of("c1");
	struct bench b;

	start(&b, true);
	accept_row(&b, &row);
	assert_int_equal(test_mode(b.a, b.path), 0600);
	assert_int_equal(test_mode(b.a, arena_printf(b.a, "%.*s-wal", STRF(b.path))), 0600);
	assert_int_equal(test_mode(b.a, arena_printf(b.a, "%.*s-shm", STRF(b.path))), 0600);
	end(&b);
}

TEST(a_damaged_file_is_refused_with_a_remedy_and_stays)
{
	struct outbox *other = NULL;
	struct err *e;
	struct bench b;

	start(&b, true);
	outbox_free(b.ob);
	b.ob = NULL;
	test_write(b.a, b.path, S("this is no database, but it was yours"), 0600);
	e = outbox_open(b.a, NULL, &b.clock, &b.random, b.path, &other);
	assert_err(e, INTERNAL);
	assert_says(e, "move it away (mv '");
	assert_null(other);
	assert_int_equal(test_mode(b.a, b.path), 0600);
	end(&b);
}

TEST(a_link_in_the_place_of_the_file_is_refused)
{
	struct outbox *other = NULL;
	struct bench b;
	str elsewhere;

	start(&b, true);
	elsewhere = arena_printf(b.a, "%.*s-link", STRF(b.path));
	assert_int_equal(symlink(arena_cstr(b.a, b.path), arena_cstr(b.a, elsewhere)), 0);
	assert_err(outbox_open(b.a, NULL, &b.clock, &b.random, elsewhere, &other), FORBIDDEN);
	end(&b);
}

/* A new key is no reason to repeat what a broker refused. */
TEST(posts_that_wait_are_woken_and_nothing_else)
{
	struct outbox_row post = row_of("c1"), refused = row_of("c2"), direct = row_of("c3"), old, fresh;
	struct outbox_rows due;
	struct bench b;
	i64 due_ms;

	start(&b, true);
	post.target_spec = refused.target_spec = S("#ops");
	post.plaintext = true;
	accept_row(&b, &post);
	accept_row(&b, &refused);
	accept_row(&b, &direct);
	for (int i = 1; i <= 3; i++)
		outbox_mark_later(b.ob, i, 60000, S("no_key: wait"), i == 2);
	assert_ok(outbox_commit(b.ob, b.a));
	outbox_wake_posts(b.ob, S("mesh0002"));
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 0);
	outbox_wake_posts(b.ob, S("mesh0001"));
	assert_ok(outbox_commit(b.ob, b.a));
	assert_ok(outbox_due(b.ob, b.a, S("mesh0001"), S("5e55"), 9, &due));
	assert_int_equal(due.n, 1);
	assert_str(due.items[0].client_message_id, S("c1"));
	/* What is due is left alone: it may be thousands, at each post. */
	due_ms = look(&b, "c1").next_attempt_ms;
	b.time.us += 1000 * 1000;
	outbox_wake_posts(b.ob, S("mesh0001"));
	assert_ok(outbox_commit(b.ob, b.a));
	assert_int_equal(look(&b, "c1").next_attempt_ms, due_ms);
	/* Who asks for it again is told why it waits. */
	assert_str(accept_row(&b, &post).reason, S("no_key: wait"));
	/* All of a post survives the daemon and a requeue. */
	reopen(&b);
	assert_true(look(&b, "c1").plaintext);
	assert_ok(outbox_requeue(b.ob, b.a, S("c1"), S("c9"), STR_NONE, STR_NONE, &old, &fresh));
	assert_true(look(&b, "c9").plaintext);
	assert_str(look(&b, "c9").payload, S("the plain text"));
	assert_false(look(&b, "c3").plaintext);
	end(&b);
}

TEST(every_query_prepares)
{
	struct outbox_row row = row_of("c1"), old, fresh;
	struct outbox_senders senders;
	struct bench b;

	start(&b, false);
	accept_row(&b, &row);
	assert_ok(outbox_senders(b.ob, b.a, &senders));
	outbox_kill(b.ob, S("mesh0001"), S("5e55"), S("banned: removed"));
	assert_str(look(&b, "c1").last_error, S("banned: removed"));
	assert_ok(outbox_requeue(b.ob, b.a, S("c1"), STR_NONE, STR_NONE, S("5e55"), &old, &fresh));
	assert_ok(outbox_commit(b.ob, b.a));
	assert_int_equal(fresh.client_message_id.len, ID_LEN);
	end(&b);
}

TEST_MAIN("daemon/outbox")
