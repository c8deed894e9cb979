#include "daemon/accept.h"

#include "daemon/outbox_internal.h"
#include "daemon/test_yard.h"
#include "db/fault.h"

#define TWO_BOBS \
	"'peers':[{'pubkey':'" YARD_BOB "','memberPubkey':'" YARD_BOB "','displayName':'bob'," \
	"'status':'idle','summary':null,'groups':[],'sessionId':'s','connectedAt':'','cwd':'/'," \
	"'peerRole':'session'},{'pubkey':'" OTHER "','memberPubkey':'" OTHER \
	"','displayName':'Bob'," \
	"'status':'idle','summary':null,'groups':[],'sessionId':'t','connectedAt':'','cwd':'/'," \
	"'peerRole':'session'}]"
/* The public key of test_pair(3). */
#define OTHER "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"

static const struct {
	struct accept_request rq;
	enum err_code code;
	const char *word, *part;
} refused[] = {
	{ { .message = S("x") }, ERR_BAD_REQUEST, "bad_request", "'to'" },
	{ { .to = S("  "), .message = S("x") }, ERR_BAD_REQUEST, "bad_request", "'to'" },
	{ { .to = S("bob") }, ERR_BAD_REQUEST, "bad_request", "'message'" },
	{ { .to = S("bob"), .message = S("x"), .priority = S("soon") },
	  ERR_BAD_REQUEST,
	  "bad_request",
	  "'priority'" },
	{ { .to = S("bob"), .message = S("\xff") }, ERR_BAD_REQUEST, "bad_request", "not text" },
	{ { .to = S("bob"), .message = S("x"), .client_message_id = S("\xff") },
	  ERR_BAD_REQUEST,
	  "bad_request",
	  "'client_message_id'" },
	{ { .to = S("bob"), .message = S("x"), .mesh = S("nowhere") },
	  ERR_NOT_FOUND,
	  "mesh_not_attached",
	  "flock" },
	{ { .to = S("bbo"), .message = S("x") }, ERR_NOT_FOUND, "not_found", "did you mean 'bob'" },
	{ { .to = S("#"), .message = S("x") }, ERR_BAD_REQUEST, "bad_request", "topic" },
	{ { .to = S("#a b"), .message = S("x") }, ERR_BAD_REQUEST, "bad_request", "topic" },
	{ { .to = S("#ops"), .message = S("\xff") }, ERR_BAD_REQUEST, "bad_request", "not text" },
	{ { .to = S("#ops"), .message = S("x"), .client_message_id = S("a|b") }, ERR_BAD_REQUEST, "bad_request", "signed" },
	{ { .to = S("bob"), .message = S("x"), .plaintext = true },
	  ERR_BAD_REQUEST,
	  "bad_request",
	  "'plaintext'" },
	{ { .to = S("@bad group"), .message = S("x") }, ERR_BAD_REQUEST, "bad_request", "group" },
};

TEST(c_20_what_cannot_be_sent_is_refused_and_uses_no_id_up)
{
	struct yard y;
	i64 counts[6];

	yard_start(&y);
	yard_daemon(&y);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct yard_answer got = yard_accept(&y, &refused[i].rq);

		assert_int_equal(got.code, refused[i].code);
		assert_str(got.word, str_from(refused[i].word));
		if (!str_contains(got.text, str_from(refused[i].part)))
			fail_msg("%.*s", STRF(got.text));
	}
	assert_ok(outbox_count(y.d->outbox, y.a, counts));
	for (int i = 0; i < 6; i++)
		assert_int_equal(counts[i], 0);
	yard_end(&y);
}

TEST(a_meta_that_is_no_object_is_refused)
{
	struct accept_request rq = { .to = S("bob"), .message = S("x") };
	const struct json *meta;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	assert_ok(json_parse(y.a, S("[1]"), &meta));
	rq.meta = meta;
	assert_int_equal(yard_accept(&y, &rq).code, ERR_BAD_REQUEST);
	yard_end(&y);
}

static const struct {
	const char *to, *spec;
} resolved[] = {
	{ "bob", YARD_BOB },
	{ " BOB ", YARD_BOB },
	{ "8139770ea87d175f", YARD_BOB },
	{ "8139770EA87D175F56A35466C34C7ECCCB8D8A91B4EE37A25DF60F5B8FC9B394", YARD_BOB },
	{ OTHER, OTHER },
	{ "*", "*" },
	{ "@all", "*" },
	{ "@ops", "@ops" },
};

TEST(a_target_is_resolved_and_kept_as_typed)
{
	struct outbox_row row;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	for (size_t i = 0; i < ARRAY_LEN(resolved); i++) {
		str id = arena_printf(y.a, "c%zu", i);
		struct accept_request rq = { .to = str_from(resolved[i].to),
					     .message = S("x"),
					     .client_message_id = id };
		struct yard_answer got = yard_accept(&y, &rq);

		assert_int_equal(got.code, ERR_NONE);
		assert_int_equal(got.answer.http, 202);
		assert_str(got.answer.client_message_id, id);
		row = yard_row(&y, id.ptr);
		assert_str(row.target_spec, str_from(resolved[i].spec));
		assert_str(row.to, str_trim(str_from(resolved[i].to)));
	}
	yard_end(&y);
}

TEST(a_name_of_two_is_ambiguous)
{
	struct accept_request rq = { .to = S("bob"), .message = S("x") };
	struct yard y;

	yard_start(&y);
	y.peers = TWO_BOBS;
	yard_daemon(&y);
	assert_int_equal(yard_accept(&y, &rq).code, ERR_AMBIGUOUS);
	yard_end(&y);
}

TEST(c_53_many_sends_ask_for_the_peers_once)
{
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	for (int i = 0; i < 20; i++) {
		struct accept_request rq = { .to = S("bob"), .message = S("x") };

		assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	}
	assert_int_equal(y.guests[0].n_lists, 1);
	yard_end(&y);
}

TEST(a_repeat_is_answered_without_a_broker)
{
	struct accept_request rq = { .to = S("bob"),
				     .message = S("x"),
				     .client_message_id = S("c1") };
	struct yard_answer got;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_ok(outbox_commit(y.d->outbox, y.a));
	daemon_free(y.d);
	y.closed = true;
	yard_daemon(&y);
	got = yard_accept(&y, &rq);
	assert_int_equal(got.answer.http, 200);
	assert_str(got.answer.broker_message_id, S("bm-1"));
	rq.message = S("y");
	got = yard_accept(&y, &rq);
	assert_int_equal(got.answer.http, 409);
	assert_str(got.answer.conflict, S("outbox_done_fingerprint_mismatch"));
	assert_int_equal(y.n_sends, 1);
	yard_end(&y);
}

TEST(two_of_one_id_in_one_turn_are_one)
{
	struct accept_request rq = { .to = S(YARD_BOB),
				     .message = S("x"),
				     .client_message_id = S("c1") };
	struct yard_answer one, two;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	one = two = (struct yard_answer){ .a = y.a };
	accept_send(y.d->accept, &rq, yard_answered, &one);
	accept_send(y.d->accept, &rq, yard_answered, &two);
	until(&y, one.n && two.n);
	assert_int_equal(one.answer.http, 202);
	assert_true(one.answer.is_new);
	assert_int_equal(two.answer.http, 202);
	assert_false(two.answer.is_new);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 1);
	yard_end(&y);
}

TEST(without_a_broker_a_key_is_accepted_and_a_name_is_not)
{
	struct accept_request rq = { .to = S("bob"), .message = S("x") };
	struct yard y;

	yard_start(&y);
	y.closed = true;
	yard_daemon(&y);
	assert_int_equal(yard_accept(&y, &rq).code, ERR_TRY_AGAIN);
	yard_send(&y, "c1", NULL);
	rq.to = S("@ops");
	assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	yard_end(&y);
}

TEST(a_name_that_was_known_is_known_while_the_broker_is_away)
{
	struct accept_request rq = { .to = S("bob"), .message = S("x") };
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	until(&y, meshes_kept_roster(y.d->meshes, meshes_at(y.d->meshes, 0)));
	y.closed = true;
	ws_conn_abort(yard_guest(&y, "mesh0001", STR_NONE)->conn);
	until(&y, yard_state(&y, STR_NONE) == ROUTE_RECONNECTING);
	assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	rq.to = S("eve");
	assert_int_equal(yard_accept(&y, &rq).code, ERR_NOT_FOUND);
	yard_end(&y);
}

TEST(c_26_the_mesh_is_the_one_named_or_the_sessions_or_the_only_one)
{
	struct accept_request rq = { .to = S(YARD_BOB),
				     .message = S("x"),
				     .client_message_id = S("c1") };
	struct yard_answer got;
	struct session *s;
	struct yard y;

	yard_start(&y);
	yard_join(&y, "mesh0002", "other");
	yard_daemon(&y);
	got = yard_accept(&y, &rq);
	assert_int_equal(got.code, ERR_BAD_REQUEST);
	assert_str(got.word, S("mesh_required"));
	assert_true(str_contains(got.text, S("flock, other")));
	s = yard_session(&y, TOKEN_A, "session-1");
	rq.session = s;
	assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	assert_str(yard_row(&y, "c1").mesh, S("flock"));
	assert_str(yard_row(&y, "c1").session_pubkey, s->pubkey);
	/* Elsewhere the session is nobody: its user speaks. */
	rq.mesh = S("other");
	rq.client_message_id = S("c2");
	assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	assert_str(yard_row(&y, "c2").mesh, S("other"));
	assert_str(yard_row(&y, "c2").session_pubkey, S(""));
	yard_end(&y);
}

TEST(c_22_a_banned_member_is_told_so)
{
	struct accept_request rq = { .to = S(YARD_BOB), .message = S("x") };
	struct yard_answer got;
	struct yard y;

	yard_start(&y);
	y.close_code = 4002;
	y.greeting = "{'type':'error','code':'revoked','message':'You have been removed'}";
	yard_daemon(&y);
	until(&y, yard_state(&y, STR_NONE) == ROUTE_CLOSED);
	got = yard_accept(&y, &rq);
	assert_int_equal(got.code, ERR_REFUSED);
	assert_str(got.word, S("revoked"));
	yard_end(&y);
}

TEST(who_went_away_is_not_told)
{
	struct accept_request rq = { .to = S(YARD_BOB),
				     .message = S("x"),
				     .client_message_id = S("c1") };
	struct accept_request name = { .to = S("bob"), .message = S("x") };
	struct yard_answer got;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	got = (struct yard_answer){ .a = y.a };
	accept_send(y.d->accept, &rq, yard_answered, &got);
	accept_send(y.d->accept, &name, yard_answered, &got);
	accept_forget(y.d->accept, &got);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	until(&y, y.n_sends == 2);
	assert_int_equal(got.n, 0);
	name.to = S("eve"); /* has to be asked for */
	accept_send(y.d->accept, &name, yard_answered, &got);
	yard_end(&y);
	assert_int_equal(got.n, 0);
}

TEST(a_full_disk_accepts_nothing_and_the_id_stays_free)
{
	struct accept_request rq = { .to = S(YARD_BOB),
				     .message = S("x"),
				     .client_message_id = S("c1") };
	struct db_fault plan = { .code = ERR_TRY_AGAIN, .stays = true, .spare_reads = true };
	struct yard_answer got;
	struct yard y;
	i64 calls;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	db_fault(y.d->outbox->db, &plan);
	assert_int_equal(yard_accept(&y, &rq).answer.http, 202);
	until(&y, yard_row(&y, "c1").status == OUTBOX_DONE);
	assert_ok(outbox_commit(y.d->outbox, y.a));
	calls = plan.calls;
	rq.client_message_id = S("c2");
	/* Each call of an accept fails in its turn. */
	for (i64 at = 1; at <= 3; at++) {
		plan.calls = 0;
		plan.fail_at = at;
		got = yard_accept(&y, &rq);
		if (got.code == ERR_NONE)
			break;
		assert_int_equal(got.code, ERR_TRY_AGAIN);
		plan.fail_at = 0;
		yard_turns(&y, 2);
		assert_true(str_empty(yard_row(&y, "c2").client_message_id));
	}
	assert_true(calls > 0);
	plan.fail_at = 0;
	got = yard_accept(&y, &rq);
	assert_int_equal(got.answer.http, 202);
	assert_true(got.answer.is_new);
	until(&y, yard_row(&y, "c2").status == OUTBOX_DONE);
	assert_int_equal(y.n_sends, 2);
	yard_end(&y);
}

TEST_MAIN("daemon/accept")
