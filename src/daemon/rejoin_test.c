/*
 * rejoin_test.c - what a kick and a ban leave closed, over restarts, and who opens it again (D-35).
 */
#include "daemon/test_api.h"

#include "proto/moderation.h"

#define TEAM_TEXT "You've been removed from \"flock\". Contact the mesh owner to rejoin."

/* As a daemon that ends and one that begins. */
static void begin_again(struct bench *b)
{
	api_free(b->api);
	daemon_close(b->y.d);
	daemon_free(b->y.d);
	yard_daemon(&b->y);
	b->api = api_new(b->y.d, &b->place);
	assert_ok(api_listen(b->y.a, b->api));
}

static void put_out(struct bench *b, str session_pubkey, int code, str text)
{
	until(&b->y, yard_state(&b->y, session_pubkey) == ROUTE_OPEN);
	ws_conn_close(yard_guest(&b->y, "mesh0001", session_pubkey)->conn, code, text);
	until(&b->y, yard_state(&b->y, session_pubkey) == ROUTE_CLOSED);
}

static str closed_text(struct bench *b, const char *session)
{
	struct told t = GET(b, "/v1/health", .session = session);

	assert_told(t, 200, NULL);
	return json_get_str(json_get(t.body, S("closed")), S("flock"));
}

TEST(d_35_a_kicked_session_stays_out_until_its_user_acts)
{
	struct bench b;
	struct session *s;
	size_t conns;
	str key;

	bench_start(&b);
	s = yard_session(&b.y, TOKEN_A, "session-a");
	key = arena_dup(b.y.a, s->pubkey);
	put_out(&b, key, CLOSE_KICKED, S(KICKED_TEXT));
	assert_str(closed_text(&b, TOKEN_A), S("kicked: " KICKED_TEXT));
	assert_int_equal(closed_text(&b, NULL).len, 0);
	conns = b.y.n;
	/* Its agent may say what it likes. */
	assert_told(POST(&b, "/v1/send", "{'to':'" YARD_BOB "','message':'x'}", .session = TOKEN_A), 403, "kicked");
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list'}", .session = TOKEN_A), 403, "kicked");
	yard_turns(&b.y, 10);
	assert_int_equal(yard_state(&b.y, key), ROUTE_CLOSED);
	assert_int_equal(b.y.n, conns);
	begin_again(&b);
	until(&b.y, yard_state(&b.y, STR_NONE) == ROUTE_OPEN);
	yard_turns(&b.y, 20);
	assert_int_equal(yard_state(&b.y, key), ROUTE_CLOSED);
	assert_str(closed_text(&b, TOKEN_A), S("kicked: " KICKED_TEXT));
	/* The user does something in the mesh. */
	assert_told(GET(&b, "/v1/peers?mesh=flock"), 200, NULL);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN);
	begin_again(&b);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN);
	bench_end(&b);
}

TEST(what_a_kicked_session_had_to_send_waits_for_it)
{
	struct bench b;
	struct session *s;
	str key;

	bench_start(&b);
	s = yard_session(&b.y, TOKEN_A, "session-a");
	key = arena_dup(b.y.a, s->pubkey);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN);
	b.y.mode = YARD_SILENT;
	yard_send(&b.y, "c1", s);
	until(&b.y, b.y.n_sends == 1);
	put_out(&b, key, CLOSE_KICKED, S("kicked"));
	until(&b.y, yard_row(&b.y, "c1").status == OUTBOX_PENDING);
	b.y.mode = YARD_ACKS;
	begin_again(&b);
	yard_turns(&b.y, 20);
	assert_int_equal(yard_row(&b.y, "c1").status, OUTBOX_PENDING);
	assert_told(GET(&b, "/v1/peers?mesh=flock"), 200, NULL);
	until(&b.y, yard_row(&b.y, "c1").status == OUTBOX_DONE);
	bench_end(&b);
}

TEST(d_35_a_banned_member_asks_its_broker_when_its_user_does_and_not_before)
{
	struct bench b;
	struct session *s;
	size_t conns;
	str key;

	bench_start(&b);
	s = yard_session(&b.y, TOKEN_A, "session-a");
	key = arena_dup(b.y.a, s->pubkey);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN);
	b.y.greeting = "{'type':'error','code':'revoked','message':'You\\u0027ve been removed from \\u0022flock\\u0022. "
		       "Contact the mesh owner to rejoin.'}";
	b.y.close_code = CLOSE_BANNED;
	put_out(&b, STR_NONE, CLOSE_BANNED, S(TEAM_TEXT));
	assert_str(closed_text(&b, NULL), S("banned: " TEAM_TEXT));
	assert_told(POST(&b, "/v1/send", "{'to':'" YARD_BOB "','message':'x'}"), 403, "banned");
	conns = b.y.n;
	begin_again(&b);
	yard_turns(&b.y, 20);
	/* Neither the member nor its session has asked again. */
	assert_int_equal(b.y.n, conns);
	assert_int_equal(yard_state(&b.y, STR_NONE), ROUTE_CLOSED);
	assert_int_equal(yard_state(&b.y, key), ROUTE_CLOSED);
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list'}", .session = TOKEN_A), 403, "banned");
	assert_int_equal(b.y.n, conns);
	/* Both ask once, and hear the same. */
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list','mesh':'flock'}"), 403, "revoked");
	until(&b.y, yard_state(&b.y, key) == ROUTE_CLOSED);
	assert_int_equal(b.y.n, conns + 2);
	/* Soon again: that was the answer. */
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list','mesh':'flock'}"), 403, "revoked");
	assert_int_equal(b.y.n, conns + 2);
	/* The owner thought better of it. */
	b.y.greeting = NULL;
	b.y.close_code = 0;
	begin_again(&b);
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list','mesh':'flock'}"), 200, NULL);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN && yard_state(&b.y, STR_NONE) == ROUTE_OPEN);
	begin_again(&b);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN && yard_state(&b.y, STR_NONE) == ROUTE_OPEN);
	bench_end(&b);
}

TEST(a_disconnect_comes_back_by_itself)
{
	struct bench b;
	struct session *s;
	str key;
	size_t conns;

	bench_start(&b);
	s = yard_session(&b.y, TOKEN_A, "session-a");
	key = arena_dup(b.y.a, s->pubkey);
	until(&b.y, yard_state(&b.y, key) == ROUTE_OPEN);
	conns = b.y.n;
	ws_conn_close(yard_guest(&b.y, "mesh0001", key)->conn, 1000, S("disconnected"));
	until(&b.y, b.y.n == conns + 1 && yard_state(&b.y, key) == ROUTE_OPEN);
	bench_end(&b);
}

TEST_MAIN("daemon/rejoin")
