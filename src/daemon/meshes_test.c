#include "daemon/meshes.h"

#include "crypto/encode.h"
#include "crypto/hello.h"
#include "daemon/inbox_internal.h"
#include "daemon/test_yard.h"

static size_t unread(struct yard *y)
{
	i64 n;

	assert_ok(inbox_count_unread(y->d->inbox, y->a, &(struct view){ 0 }, &n));
	return (size_t)n;
}

static void ignore(void *arg) {}

TEST(the_member_link_says_whose_it_is)
{
	const struct json *hello;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	hello = y.guests[0].hello;
	assert_str(json_get_str(hello, S("type")), S("hello"));
	assert_str(json_get_str(hello, S("channel")), S("claudemesh-daemon"));
	assert_str(json_get_str(hello, S("peerType")), S("ai"));
	assert_true(str_starts(json_get_str(hello, S("sessionId")),
			       arena_printf(y.a, "daemon-%d", getpid())));
	assert_str(json_get_str(hello, S("memberId")), S("member01"));
	yard_end(&y);
}

TEST(c_24_a_session_link_carries_what_launch_said)
{
	const struct json *hello, *groups, *vouch;
	struct attestation claim;
	struct session *s;
	struct yard y;
	i64 expires;

	yard_start(&y);
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	until(&y, yard_state(&y, s->pubkey) == ROUTE_OPEN);
	hello = yard_guest(&y, "mesh0001", s->pubkey)->hello;
	assert_str(json_get_str(hello, S("type")), S("session_hello"));
	assert_str(json_get_str(hello, S("channel")), S("claudemesh-session"));
	assert_str(json_get_str(hello, S("sessionId")), S("session-1"));
	assert_str(json_get_str(hello, S("displayName")), S("Alice at work"));
	assert_str(json_get_str(hello, S("role")), S("tester"));
	assert_str(json_get_str(hello, S("cwd")), S("/srv/app"));
	assert_int_equal(json_get_int(hello, S("pid"), 0), getpid());
	groups = json_get(hello, S("groups"));
	assert_int_equal(groups->count, 1);
	assert_str(json_get_str(groups->first, S("name")), S("reviewers"));
	assert_str(json_get_str(groups->first, S("role")), S("lead"));
	vouch = json_get(hello, S("parentAttestation"));
	expires = json_get_int(vouch, S("expiresAt"), 0);
	assert_true(expires <= clock_ms(&clock_real) + 12 * 3600 * 1000);
	claim = (struct attestation){ s->member_pubkey, s->pubkey, expires };
	assert_true(attestation_check(y.a, &claim, json_get_str(vouch, S("signature"))));
	yard_end(&y);
}

TEST(a_session_keeps_its_key_over_reconnects_and_restarts)
{
	struct session *s;
	struct guest *first;
	struct yard y;
	str key;

	yard_start(&y);
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	key = arena_dup(y.a, s->pubkey);
	until(&y, yard_state(&y, key) == ROUTE_OPEN);
	first = yard_guest(&y, "mesh0001", key);
	ws_conn_abort(first->conn);
	until(&y, yard_guest(&y, "mesh0001", key) && yard_guest(&y, "mesh0001", key) != first);
	daemon_free(y.d);
	yard_daemon(&y);
	assert_non_null(sessions_get(y.d->sessions, S(TOKEN_A)));
	until(&y, yard_state(&y, key) == ROUTE_OPEN);
	yard_end(&y);
}

TEST(a_mesh_that_is_called_something_else_stays_connected)
{
	struct session *s;
	struct yard y;
	size_t guests;

	yard_start(&y);
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	until(&y, yard_state(&y, s->pubkey) == ROUTE_OPEN);
	guests = y.n;
	assert_ok(config_rename_mesh(y.a, &y.paths, S("flock"), S("herd")));
	until(&y, meshes_get(y.d->meshes, S("herd")) != NULL);
	assert_null(meshes_get(y.d->meshes, S("flock")));
	yard_turns(&y, 20);
	assert_int_equal(y.n, guests);
	assert_non_null(sessions_get(y.d->sessions, S(TOKEN_A)));
	yard_end(&y);
}

TEST(c_17_a_message_is_acknowledged_to_each_link_when_it_is_stored)
{
	struct session *one, *two;
	struct guest *guests[3];
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	one = yard_session(&y, TOKEN_A, "session-1");
	two = yard_session(&y, TOKEN_B, "session-2");
	until(&y, yard_state(&y, one->pubkey) == ROUTE_OPEN &&
			  yard_state(&y, two->pubkey) == ROUTE_OPEN);
	yard_open(&y);
	guests[0] = yard_guest(&y, "mesh0001", one->pubkey);
	guests[1] = yard_guest(&y, "mesh0001", two->pubkey);
	guests[2] = yard_guest(&y, "mesh0001", STR_NONE);
	for (int i = 0; i < 3; i++)
		yard_push(guests[i], "m1", "c1");
	until(&y, y.n_acks == 3);
	for (int i = 0; i < 3; i++)
		yard_push(guests[i], "m1", "c1");
	until(&y, y.n_acks == 6);
	for (int i = 0; i < 3; i++)
		assert_int_equal(guests[i]->n_acks, 2);
	assert_int_equal(unread(&y), 3);
	assert_str(json_get_str(y.acks[0], S("brokerMessageId")), S("m1"));
	assert_str(json_get_str(y.acks[0], S("clientMessageId")), S("c1"));
	yard_end(&y);
}

TEST(what_cannot_be_stored_is_not_acknowledged)
{
	struct guest *g;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	g = yard_guest(&y, "mesh0001", STR_NONE);
	assert_ok(db_exec(y.d->inbox->db, y.a, S("ALTER TABLE incoming RENAME TO away")));
	yard_push(g, "m1", "c1");
	yard_turns(&y, 10);
	assert_int_equal(y.n_acks, 0);
	assert_ok(db_exec(y.d->inbox->db, y.a, S("ALTER TABLE away RENAME TO incoming")));
	yard_push(g, "m1", "c1");
	until(&y, y.n_acks == 1);
	assert_int_equal(unread(&y), 1);
	yard_end(&y);
}

TEST(a_stored_message_is_an_event)
{
	struct events_reader *r;
	const struct json *data;
	struct event e;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	assert_ok(events_join(y.a, y.d->events, &(struct view){ 0 }, -1, ignore, &y, &r));
	yard_push(yard_guest(&y, "mesh0001", STR_NONE), "m1", "c1");
	until(&y, events_take(r, y.a, &e));
	assert_string_equal(e.kind, "message");
	assert_ok(json_parse(y.a, e.data, &data));
	assert_str(json_get_str(data, S("body")), S("hi"));
	assert_str(json_get_str(data, S("mesh")), S("flock"));
	assert_str(json_get_str(data, S("broker_message_id")), S("m1"));
	assert_str(json_get_str(data, S("recipient_kind")), S("member"));
	events_leave(r);
	yard_end(&y);
}

TEST(what_we_sent_ourselves_is_no_message)
{
	struct guest *g;
	struct yard y;
	str key;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	yard_send(&y, "c1", NULL);
	until(&y, y.n_sends == 1);
	g = yard_guest(&y, "mesh0001", STR_NONE);
	key = meshes_at(y.d->meshes, 0)->member_pubkey;
	for (int i = 1; i <= 2; i++)
		yard_say(g,
			 arena_printf(
				 y.a,
				 "{'type':'push','messageId':'m%d','client_message_id':'c%d',"
				 "'meshId':'mesh0001','senderPubkey':'%.*s','priority':'next',"
				 "'createdAt':'x','targetSpec':'*','nonce':'','ciphertext':'aGk='}",
				 i, i, STRF(key))
				 .ptr);
	/* c2 is of another machine with our key. */
	until(&y, y.n_acks == 2);
	assert_int_equal(unread(&y), 1);
	yard_end(&y);
}

TEST(c_25_a_join_appears_and_a_leave_disappears_without_a_restart)
{
	struct session *s;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	until(&y, yard_state(&y, s->pubkey) == ROUTE_OPEN);
	yard_join(&y, "mesh0002", "other");
	until(&y, meshes_get(y.d->meshes, S("other")));
	until(&y, yard_guest(&y, "mesh0002", STR_NONE));
	assert_int_equal(y.guests[0].n_lists, 1);
	assert_non_null(yard_guest(&y, "mesh0001", STR_NONE));
	assert_ok(config_remove_mesh(y.a, &y.paths, S("flock")));
	until(&y, !meshes_get(y.d->meshes, S("flock")));
	until(&y, !yard_guest(&y, "mesh0001", STR_NONE));
	assert_null(sessions_get(y.d->sessions, S(TOKEN_A)));
	assert_str(meshes_at(y.d->meshes, 0)->slug, S("other"));
	yard_end(&y);
}

TEST(a_configuration_that_cannot_be_read_changes_nothing)
{
	struct guest *g;
	struct yard y;
	str whole;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	g = yard_guest(&y, "mesh0001", STR_NONE);
	assert_ok(file_read_private(y.a, y.paths.config, &whole));
	for (size_t parts = 0; parts < 3; parts++) {
		str part = str_of(whole.ptr, whole.len * parts / 3);

		test_write(y.a, y.paths.config, part, 0600);
		yard_turns(&y, 10);
		assert_int_equal(unlink(arena_cstr(y.a, y.paths.config)), 0);
		yard_turns(&y, 10);
		assert_non_null(meshes_get(y.d->meshes, S("flock")));
	}
	assert_ok(file_write_private(y.a, y.paths.config, whole));
	yard_join(&y, "mesh0002", "other");
	until(&y, meshes_get(y.d->meshes, S("other")));
	assert_ptr_equal(yard_guest(&y, "mesh0001", STR_NONE), g);
	yard_end(&y);
}

TEST(c_22_a_kicked_session_stays_out_until_it_registers_again)
{
	struct session *s;
	struct yard y;
	size_t conns;
	str word, key;

	yard_start(&y);
	yard_daemon(&y);
	yard_open(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	key = arena_dup(y.a, s->pubkey);
	until(&y, yard_state(&y, key) == ROUTE_OPEN);
	conns = y.n;
	ws_conn_close(yard_guest(&y, "mesh0001", key)->conn, 4001, S("kicked"));
	until(&y, yard_state(&y, key) == ROUTE_CLOSED);
	route_why(meshes_route(y.d->meshes, S("mesh0001"), key), &word);
	assert_str(word, S("kicked"));
	meshes_restart(y.d->meshes);
	until(&y, y.n == conns + 1); /* the member's came anew, the session's did not */
	yard_turns(&y, 5);
	assert_int_equal(y.n, conns + 1);
	assert_ok(sessions_end(y.a, y.d->sessions, S(TOKEN_A)));
	s = yard_session(&y, TOKEN_A, "session-1");
	assert_str(s->pubkey, key);
	until(&y, yard_state(&y, key) == ROUTE_OPEN);
	yard_end(&y);
}

static void on_reply(void *arg, const struct err *e, const struct json *reply)
{
	assert_null(e);
	assert_non_null(reply);
	++*(int *)arg;
}

static void on_refused(void *arg, const struct err *e, const struct json *reply)
{
	assert_int_equal(e->code, ERR_TRY_AGAIN);
	++*(int *)arg;
}

TEST(c_21_a_request_waits_for_the_connection)
{
	struct list_peers_args args = { .members = true };
	struct mesh *m;
	struct yard y;
	int n = 0, no = 0;

	yard_start(&y);
	y.closed = true;
	yard_daemon(&y);
	m = meshes_at(y.d->meshes, 0);
	meshes_ask(y.d->meshes, m, "get_state", list_peers_fields, &args, 0, on_reply, &n);
	meshes_ask(y.d->meshes, m, "get_state", NULL, NULL, 50, on_refused, &no);
	meshes_ask(y.d->meshes, m, "forgotten", NULL, NULL, 0, on_reply, &args);
	meshes_forget(y.d->meshes, &args);
	assert_int_equal(n, 0);
	until(&y, no == 1);
	y.closed = false;
	until(&y, n == 1);
	meshes_ask(y.d->meshes, m, "remember", list_peers_fields, &args, 0, on_reply, &n);
	until(&y, n == 2);
	assert_str(json_get_str(y.asked, S("type")), S("remember"));
	assert_true(json_get_bool(y.asked, S("members")));
	meshes_ask(y.d->meshes, m, "remember", NULL, NULL, 0, on_reply, &n);
	yard_end(&y);
	assert_int_equal(n, 2);
}

struct listed {
	int n;
	size_t peers;
};

static void on_roster(void *arg, const struct err *e, const struct roster *roster)
{
	struct listed *l = arg;

	assert_null(e);
	l->n++;
	l->peers = roster->list.peers.n;
}

TEST(a_storm_of_news_asks_for_the_peers_once_a_second)
{
	struct listed l = { 0 };
	struct guest *g;
	struct mesh *m;
	struct yard y;
	i64 begin;

	yard_start(&y);
	yard_daemon(&y);
	m = meshes_at(y.d->meshes, 0);
	meshes_roster(y.d->meshes, m, ROSTER_FRESH_MS, on_roster, &l);
	until(&y, l.n == 1);
	assert_int_equal(l.peers, 1);
	g = yard_guest(&y, "mesh0001", STR_NONE);
	begin = loop_now_ms(y.loop);
	y.peers = "'peers':[]";
	for (int i = 0; i < 200; i++)
		yard_say(g, "{'type':'push','subtype':'system','messageId':'e','meshId':'mesh0001',"
			    "'senderPubkey':'system','priority':'low','nonce':'','ciphertext':'',"
			    "'createdAt':'x','event':'peer_left','eventData':{'name':'bob'}}");
	until(&y, g->n_lists == 2);
	assert_true(loop_now_ms(y.loop) - begin <= ROSTER_EVERY_MS + 500);
	until(&y, meshes_kept_roster(y.d->meshes, m)->list.peers.n == 0);
	meshes_roster(y.d->meshes, m, ROSTER_FRESH_MS, on_roster, &l);
	until(&y, l.n == 2);
	assert_int_equal(g->n_lists, 2);
	meshes_roster(y.d->meshes, m, 0, on_roster, &l);
	meshes_roster(y.d->meshes, m, 0, on_roster, &l);
	until(&y, l.n == 4);
	assert_int_equal(g->n_lists, 3);
	yard_end(&y);
}

TEST(after_a_sleep_all_links_come_anew_at_once)
{
	struct session *s;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	yard_open(&y);
	until(&y, yard_state(&y, s->pubkey) == ROUTE_OPEN);
	meshes_restart(y.d->meshes);
	until(&y, y.n == 4 && yard_state(&y, s->pubkey) == ROUTE_OPEN &&
			  yard_state(&y, STR_NONE) == ROUTE_OPEN);
	yard_end(&y);
}

TEST(a_session_that_ends_says_goodbye_and_takes_no_more)
{
	struct session *s;
	struct guest *g;
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	s = yard_session(&y, TOKEN_A, "session-1");
	until(&y, yard_state(&y, s->pubkey) == ROUTE_OPEN);
	g = yard_guest(&y, "mesh0001", s->pubkey);
	y.goodbyes = 0;
	yard_push(g, "m1", "c1");
	assert_ok(sessions_end(y.a, y.d->sessions, S(TOKEN_A)));
	until(&y, !g->conn);
	assert_int_equal(y.goodbyes, 1);
	assert_int_equal(y.n_acks, 0);
	assert_int_equal(unread(&y), 0);
	yard_end(&y);
}

TEST(a_daemon_that_ends_says_goodbye)
{
	struct yard y;

	yard_start(&y);
	yard_daemon(&y);
	yard_session(&y, TOKEN_A, "session-1");
	until(&y, y.n == 2 && y.guests[0].hello && y.guests[1].hello);
	yard_open(&y);
	daemon_close(y.d);
	assert_true(meshes_is_closed(y.d->meshes));
	until(&y, !y.guests[0].conn && !y.guests[1].conn);
	yard_end(&y);
}

TEST_MAIN("daemon/meshes")
