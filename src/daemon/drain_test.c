#include "daemon/drain.h"

#include "daemon/outbox_internal.h"
#include "daemon/test_yard.h"

static const struct {
	enum err_code code;
	const char *word, *text;
	enum drain_class want;
} refusals[] = {
	/* ours: by the code */
	{ ERR_RATE_LIMIT, "rate_limit", "rate_limit: max 60 msg/min", DRAIN_SLOWER },
	{ ERR_TRY_AGAIN, "try_again", "the disk is full", DRAIN_PASSING },
	{ ERR_REFUSED, "full", "20000 messages wait for bob already", DRAIN_AWAY },
	{ ERR_TOO_LARGE, "too_large", "", DRAIN_PERMANENT },
	{ ERR_NO_RECIPIENT, "no_recipient", "no connected peer for target", DRAIN_PERMANENT },
	{ ERR_REFUSED, "invalid", "invalid: idempotency_key_reused", DRAIN_PERMANENT },
	{ ERR_FORBIDDEN, "forbidden", "", DRAIN_PERMANENT },
	{ ERR_REFUSED, "banned", "removed from this mesh", DRAIN_PERMANENT },
	/* posts */
	{ ERR_CONFLICT, "no_key", "you have no key of #ops yet", DRAIN_AWAY },
	{ ERR_CONFLICT, "untrusted_key", "", DRAIN_AWAY },
	{ ERR_CONFLICT, "stale_epoch", "stale_epoch (...)", DRAIN_PASSING },
	{ ERR_NOT_FOUND, "topic_not_found", "", DRAIN_PERMANENT },
	{ ERR_BAD_REQUEST, "encrypted", "", DRAIN_PERMANENT },
	{ ERR_CONFLICT, "went_plain", "", DRAIN_PERMANENT },
	{ ERR_CONFLICT, "conflict", "the broker went back to an older key", DRAIN_PERMANENT },
	/* a code wins over whatever its sentence says */
	{ ERR_TRY_AGAIN, "try_again", "forbidden invalid not_found", DRAIN_PASSING },
	/* the reference's four sentences */
	{ ERR_RATE_LIMIT, "", "rate_limit: max 60 msg/min (burst 10) \xe2\x80\x94 slow down",
	  DRAIN_SLOWER },
	{ ERR_TOO_LARGE, "", "payload too large: 70000 bytes > MAX_MESSAGE_BYTES=65536",
	  DRAIN_PERMANENT },
	{ ERR_NO_RECIPIENT, "",
	  "no connected peer for target (not online, or targetSpec is your own key without another "
	  "session)",
	  DRAIN_AWAY },
	{ ERR_REFUSED, "", "blocked by recipient grants (sender lacks dm capability)",
	  DRAIN_PERMANENT },
	{ ERR_REFUSED, "", "FORBIDDEN", DRAIN_PERMANENT },
	{ ERR_REFUSED, "", "something went wrong", DRAIN_PASSING },
	/* no answer at all */
	{ ERR_NETWORK, "", "not connected to the broker", DRAIN_UNKNOWN },
	{ ERR_NETWORK, "connection_lost", "the connection ended", DRAIN_UNKNOWN },
	{ ERR_TIMEOUT, "", "the broker did not say", DRAIN_UNKNOWN },
	/* the link's own: its queues are full */
	{ ERR_TRY_AGAIN, "", "256 requests wait", DRAIN_SLOWER },
	{ ERR_TOO_LARGE, "", "the request is too large to be sent", DRAIN_PASSING },
};

TEST(c_18_one_rule_tells_what_a_refusal_means)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct err e = { .code = refusals[i].code,
				 .word = str_from(refusals[i].word),
				 .text = str_from(refusals[i].text) };

		if (drain_classify(&e) != refusals[i].want)
			fail_msg("'%s' '%s'", refusals[i].word, refusals[i].text);
	}
}

TEST(what_was_accepted_is_sent_as_it_was_accepted)
{
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair bob = test_pair(2);
	struct accept_request rq = { .to = S(YARD_BOB),
				     .message = S("hello bob"),
				     .priority = S("now"),
				     .reply_to_id = S("m-7"),
				     .client_message_id = S("c1") };
	struct outbox_row row;
	const struct json *sent;
	struct sealed sealed;
	struct yard y;
	str text, from;

	yard_start(&y);
	yard_daemon(&y);
	yard_accept(&y, &rq);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 1);
	sent = y.sends[0];
	row = yard_row(&y, "c1");
	assert_str(json_get_str(sent, S("client_message_id")), S("c1"));
	assert_str(json_get_str(sent, S("targetSpec")), S(YARD_BOB));
	assert_str(json_get_str(sent, S("priority")), S("now"));
	assert_str(json_get_str(sent, S("replyToId")), S("m-7"));
	assert_str(json_get_str(sent, S("request_fingerprint")), row.fingerprint);
	assert_str(row.broker_message_id, S("bm-1"));
	assert_int_equal(row.attempts, 1);
	sealed = (struct sealed){ json_get_str(sent, S("nonce")),
				  json_get_str(sent, S("ciphertext")) };
	from = meshes_at(y.d->meshes, 0)->member_pubkey;
	assert_ok(box_open(y.a, cache, &(struct box_own){ NULL, &bob }, from, sealed, &text));
	assert_str(text, S("hello bob"));
	yard_end(&y);
}

static const struct {
	const char *refusal, *reason;
} permanent[] = {
	{ "'code':'forbidden','error':'not you'", "forbidden: not you" },
	{ "'error':'payload too large: 9 bytes'", "too_large: payload too large: 9 bytes" },
	{ "'code':'invalid','error':'invalid: idempotency_key_reused'",
	  "invalid: idempotency_key_reused" },
};

TEST(c_18_a_permanent_refusal_ends_a_row_at_once_with_its_reason)
{
	for (size_t i = 0; i < ARRAY_LEN(permanent); i++) {
		struct yard y;

		yard_start(&y);
		y.mode = YARD_REFUSES;
		y.refusals = -1;
		y.refusal = permanent[i].refusal;
		yard_daemon(&y);
		yard_send(&y, "c1", NULL);
		until(&y, yard_row(&y, "c1").status == OUTBOX_DEAD);
		assert_str(yard_row(&y, "c1").last_error, str_from(permanent[i].reason));
		assert_int_equal(y.n_sends, 1);
		yard_end(&y);
	}
}

TEST(a_passing_refusal_is_tried_again_and_counted)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_REFUSES;
	y.refusals = 3;
	y.refusal = "'code':'try_again','error':'the disk is full'";
	yard_daemon(&y);
	yard_send(&y, "c1", NULL);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 4);
	assert_int_equal(yard_row(&y, "c1").refusals, 3);
	assert_int_equal(yard_row(&y, "c1").attempts, 4);
	yard_end(&y);
}

TEST(c_19_passing_refusals_have_an_end)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_REFUSES;
	y.refusals = -1;
	y.refusal = "'code':'try_again','error':'the disk is full'";
	yard_daemon(&y);
	yard_send(&y, "c1", NULL);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DEAD);
	assert_int_equal(y.n_sends, DRAIN_ATTEMPTS_MAX);
	assert_str(yard_row(&y, "c1").last_error, S("max_attempts: try_again: the disk is full"));
	yard_end(&y);
}

TEST(a_rate_limit_slows_down_and_counts_for_nothing)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_REFUSES;
	y.refusals = 2;
	y.refusal = "'error':'rate_limit: max 60 msg/min'";
	yard_daemon(&y);
	yard_open(&y);
	for (int i = 0; i < 4; i++)
		yard_send(&y, arena_printf(y.a, "c%d", i).ptr, NULL);
	for (int i = 0; i < 4; i++)
		until(&y, yard_row(&y, arena_printf(y.a, "c%d", i).ptr).status == OUTBOX_DONE);
	for (int i = 0; i < 4; i++)
		assert_int_equal(yard_row(&y, arena_printf(y.a, "c%d", i).ptr).refusals, 0);
	/* What was refused comes again, and before what was accepted later. */
	assert_int_equal(y.n_sends, 6);
	for (size_t i = 0; i < 4; i++)
		assert_str(json_get_str(y.sends[2 + i], S("client_message_id")),
			   arena_printf(y.a, "c%zu", i));
	yard_end(&y);
}

TEST(c_19_a_recipient_that_is_away_at_a_reference_broker_is_waited_for)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_REFUSES;
	y.refusals = 1;
	y.refusal = "'error':'no connected peer for target (not online)'";
	yard_daemon(&y);
	yard_open(&y);
	yard_send(&y, "c1", NULL);
	until(&y, y.n_sends == 1 && yard_row(&y, "c1").last_error.len);
	assert_int_equal(yard_row(&y, "c1").status, OUTBOX_PENDING);
	assert_int_equal(yard_row(&y, "c1").refusals, 0);
	yard_say(
		yard_guest(&y, "mesh0001", STR_NONE),
		"{'type':'push','subtype':'system','messageId':'e1','meshId':'mesh0001','senderPubkey':"
		"'system','priority':'low','nonce':'','ciphertext':'','createdAt':'x','event':"
		"'peer_joined','eventData':{'name':'bob','pubkey':'" YARD_BOB "'}}");
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	yard_end(&y);
}

TEST(a_lost_connection_is_no_refusal_and_the_repeat_has_the_same_id)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_HANGS_UP;
	yard_daemon(&y);
	yard_send(&y, "c1", NULL);
	until(&y, y.n_sends == 2);
	y.mode = YARD_ACKS;
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	for (size_t i = 0; i < y.n_sends; i++)
		assert_str(json_get_str(y.sends[i], S("client_message_id")), S("c1"));
	assert_str(json_get_str(y.sends[0], S("ciphertext")),
		   json_get_str(y.sends[1], S("ciphertext")));
	assert_int_equal(yard_row(&y, "c1").refusals, 0);
	yard_end(&y);
}

TEST(c_16_a_broker_that_is_not_there_at_first_is_found_later)
{
	struct yard y;

	yard_start(&y);
	y.closed = true;
	yard_daemon(&y);
	yard_send(&y, "c1", NULL);
	yard_turns(&y, 20);
	assert_int_equal(yard_row(&y, "c1").status, OUTBOX_PENDING);
	assert_int_equal(yard_row(&y, "c1").attempts, 0);
	y.closed = false;
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 1);
	yard_end(&y);
}

TEST(c_15_what_a_crash_left_in_flight_is_sent_again_under_its_id)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_SILENT;
	yard_daemon(&y);
	yard_send(&y, "c1", NULL);
	until(&y, y.n_sends == 1);
	assert_int_equal(yard_row(&y, "c1").status, OUTBOX_INFLIGHT);
	daemon_free(y.d); /* says no goodbye */
	y.mode = YARD_ACKS;
	yard_daemon(&y);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 2);
	assert_str(json_get_str(y.sends[1], S("client_message_id")), S("c1"));
	yard_end(&y);
}

TEST(a_session_sends_over_its_own_link_under_its_own_key)
{
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(4);
	struct sign_pair bob = test_pair(2);
	struct session *s;
	struct sealed sealed;
	struct guest *g;
	struct yard y;
	str text;

	yard_start(&y);
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	yard_send(&y, "c1", s);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	g = &y.guests[y.sent_by[0]];
	assert_str(json_get_str(g->hello, S("sessionPubkey")), s->pubkey);
	sealed = (struct sealed){ json_get_str(y.sends[0], S("nonce")),
				  json_get_str(y.sends[0], S("ciphertext")) };
	assert_ok(box_open(y.a, cache, &(struct box_own){ NULL, &bob }, s->pubkey, sealed, &text));
	yard_end(&y);
}

TEST(c_19_what_an_ended_session_left_goes_out_under_its_key_and_name)
{
	struct guest *g = NULL;
	struct inbox_rows came;
	struct session *s;
	struct yard y;
	str key;

	yard_start(&y);
	y.closed = true;
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	key = arena_dup(y.a, s->pubkey);
	yard_send(&y, "c1", s);
	assert_ok(sessions_end(y.a, y.d->sessions, S(TOKEN_A)));
	y.closed = false;
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 1);
	g = &y.guests[y.sent_by[0]];
	assert_str(json_get_str(g->hello, S("sessionPubkey")), key);
	assert_str(json_get_str(g->hello, S("sessionId")), S("session-1"));
	assert_str(json_get_str(g->hello, S("displayName")), S("Alice at work"));
	/* What comes for it is its user's; then it leaves, with a goodbye. */
	yard_push(g, "m1", "");
	until(&y, g->n_acks == 1);
	assert_ok(inbox_list(y.d->inbox, y.a, &(struct inbox_filter){ 0 }, &came));
	assert_int_equal(came.n, 1);
	assert_int_equal(came.items[0].recipient_kind, RECIPIENT_MEMBER);
	until(&y, !g->conn);
	assert_true(y.goodbyes >= 1);
	yard_end(&y);
}

TEST(what_a_session_without_keys_left_is_dead_and_says_so)
{
	struct session *s;
	struct yard y;

	yard_start(&y);
	y.closed = true;
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	yard_send(&y, "c1", s);
	assert_ok(sessions_end(y.a, y.d->sessions, S(TOKEN_A)));
	test_dir_remove((void *)arena_cstr(y.a, y.paths.sessions));
	yard_turns(&y, 2);
	drain_wake(y.d->drain);
	daemon_free(y.d);
	y.closed = false;
	yard_daemon(&y);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DEAD);
	assert_true(str_starts(yard_row(&y, "c1").last_error, S("session_key_lost")));
	assert_int_equal(y.n_sends, 0);
	yard_end(&y);
}

TEST(c_55_a_mesh_that_does_not_answer_holds_up_no_other)
{
	struct yard y;

	yard_start(&y);
	yard_join(&y, "mesh0002", "other");
	y.silent_mesh = "mesh0001";
	yard_daemon(&y);
	for (int i = 0; i < 40; i++) {
		struct accept_request rq = { .to = S(YARD_BOB),
					     .message = S("x"),
					     .mesh = i % 2 ? S("flock") : S("other"),
					     .client_message_id = arena_printf(y.a, "c%d", i) };

		assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	}
	for (int i = 0; i < 40; i += 2)
		until(&y, yard_row(&y, arena_printf(y.a, "c%d", i).ptr).status == OUTBOX_DONE);
	assert_int_equal(yard_row(&y, "c1").status, OUTBOX_INFLIGHT);
	yard_end(&y);
}

TEST(a_link_has_a_window)
{
	struct yard y;

	yard_start(&y);
	y.mode = YARD_SILENT;
	yard_daemon(&y);
	yard_open(&y);
	for (int i = 0; i < DRAIN_WINDOW + 8; i++)
		yard_send(&y, arena_printf(y.a, "c%d", i).ptr, NULL);
	until(&y, y.n_sends == DRAIN_WINDOW);
	yard_turns(&y, 10);
	assert_int_equal(y.n_sends, DRAIN_WINDOW);
	assert_int_equal(drain_under_way(y.d->drain), DRAIN_WINDOW);
	yard_end(&y);
}

TEST(what_waits_for_a_mesh_that_was_left_is_dead)
{
	struct yard y;

	yard_start(&y);
	yard_join(&y, "mesh0002", "other");
	y.closed = true;
	yard_daemon(&y);
	{
		struct accept_request rq = { .to = S(YARD_BOB),
					     .message = S("x"),
					     .mesh = S("flock"),
					     .client_message_id = S("c1") };

		assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	}
	assert_ok(config_remove_mesh(y.a, &y.paths, S("flock")));
	until(&y, yard_row(&y, "c1").status == OUTBOX_DEAD);
	assert_str(yard_row(&y, "c1").last_error, S("no_broker_for_mesh:flock"));
	yard_end(&y);
}

TEST(c_22_what_a_banned_member_wanted_to_send_is_dead_and_says_why)
{
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	y.mode = YARD_SILENT;
	yard_send(&y, "c1", NULL);
	until(&y, y.n_sends == 1);
	ws_conn_close(yard_guest(&y, "mesh0001", STR_NONE)->conn, 4002, S("banned"));
	until(&y, yard_row(&y, "c1").status == OUTBOX_DEAD);
	assert_true(str_starts(yard_row(&y, "c1").last_error, S("banned: ")));
	yard_end(&y);
}

TEST_MAIN("daemon/drain")
