/*
 * announce_test.c - who is told of whose coming and going, and how much of it.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(who_was_here_before_returns)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *session = twin(alice);

	for (int again = 0; again < 2; again++) {
		enter(alice, GREETING(0));
		expect(bob, again ? "{'event':'peer_returned','eventData':{'name':'alice','displayName':'alice',"
				    "'pubkey':'%s','memberPubkey':'%s','groups':[],"
				    "'lastSeenAt':'2023-11-14T22:13:21.002Z','summary':'cooking'}}"
				  : "{'event':'peer_joined','eventData':{'pubkey':'%s','memberPubkey':'%s',"
				    "'lastSeenAt':null,'summary':null}}", alice->pubkey, alice->pubkey);
		say(alice, "{'type':'set_summary','summary':'cooking'}");
		hang_up(alice);
		expect(bob, "{'event':'peer_left'}");
	}
	/* A session always joins. */
	enter(session, GREETING(.session = true));
	expect(bob, "{'event':'peer_joined','eventData':{'pubkey':'%s'}}", session->session_pubkey);
	expect_nothing(bob);
}

/* The reference never did the second. */
TEST(d_54_of_a_sibling_session_both_ends_are_told)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *link = newcomer(m, "alice"), *session = twin(link), *other = twin(link);

	enter(link, GREETING(.session_id = "1"));
	enter(session, GREETING(.session = true, .session_id = "2"));
	expect(link, "{'event':'peer_joined','eventData':{'pubkey':'%s'}}", session->session_pubkey);
	hang_up(session);
	expect(link, "{'event':'peer_left','eventData':{'pubkey':'%s'}}", session->session_pubkey);
	/* Also when it was replaced or its time was over. */
	enter(session, GREETING(.session = true, .session_id = "2"));
	enter(other, GREETING(.session = true, .session_id = "2"));
	expect(link, "{'event':'peer_joined'}");
	expect(link, "{'event':'peer_left','eventData':{'pubkey':'%s'}}", session->session_pubkey);
	expect(link, "{'event':'peer_joined','eventData':{'pubkey':'%s'}}", other->session_pubkey);
	lose(other);
	advance(m->house, 90000);
	expect(link, "{'event':'peer_left','eventData':{'pubkey':'%s'}}", other->session_pubkey);
	/* One's own links are nobody's news. */
	enter(other, GREETING(.session_id = "3"));
	expect_nothing(link);
}

TEST(a_link_beside_a_session_is_shown_and_told_once)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *session = newcomer(m, "alice"), *typed = twin(session);
	struct peer *shot = twin(session);

	enter(session, GREETING(.session = true, .session_id = "uuid"));
	expect(bob, "{'event':'peer_joined'}");
	/* As the reference's commands do, with a session key of their own, and with no host told. */
	enter(typed, GREETING(.show_session = true, .session_id = "uuid", .hostname = ""));
	enter(shot, GREETING(.session_id = "uuid", .capabilities = "['no_delivery']"));
	expect_nothing(session);
	expect_nothing(bob);
	say(bob, "{'type':'list_peers'}");
	expect(bob, "{'peers':[{'displayName':'bob'},{'pubkey':'%s','peerRole':'session'}]}",
	       session->session_pubkey);
	/* It is one all the same, and heard. */
	send_to(typed, bob->pubkey, "x", NULL);
	expect_message(bob, "x");
	hang_up(typed);
	expect_nothing(bob);
	say(session, "{'type':'list_peers'}");
	expect(session, "{'peers':[{},{'sessionId':'uuid'}]}");
	hang_up(session);
	expect(bob, "{'event':'peer_left'}");
	/* Without an id there is nothing to compare. */
	enter(session, GREETING(.session = true, .session_id = ""));
	enter(typed, GREETING(.session_id = ""));
	forget(bob);
	say(bob, "{'type':'list_peers'}");
	expect(bob, "{'peers':[{},{},{},{}]}");
}

/* ---- how much ---- */

enum { CROWD = 120 };

TEST(a_crowd_is_told_in_fifty_and_one)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *late, *crowd[CROWD];
	struct engine_stats before, after;

	for (int i = 0; i < CROWD; i++)
		crowd[i] = newcomer(m, "one");
	h->at.us += 2000000;
	before = engine_stats(h->engine);
	hold(h);
	for (int i = 0; i < CROWD; i++)
		greet(crowd[i], GREETING(0));
	release(h);
	assert_int_equal(pending(bob), HINTS_PER_SECOND);
	for (int i = 0; i < HINTS_PER_SECOND; i++)
		expect(bob, "{'event':'peer_joined','eventData':{'pubkey':'%s'}}", crowd[i]->pubkey);
	/* News goes on and on: not calm yet. */
	for (int i = 0; i < 4; i++) {
		advance(h, 500);
		hang_up(crowd[i]);
		expect_nothing(bob);
	}
	advance(h, 999);
	expect_nothing(bob);
	advance(h, 1);
	expect(bob, "{'type':'push','subtype':'system','event':'peers_changed','senderPubkey':'system',"
	       "'eventData':{'name':'team','pubkey':'','peers':117}}");
	advance(h, 60000);
	expect_nothing(bob);
	late = arrive(m, "late");
	expect(bob, "{'event':'peer_joined','eventData':{'pubkey':'%s'}}", late->pubkey);
	after = engine_stats(h->engine);
	assert_true(after.hints_dropped - before.hints_dropped >= CROWD - HINTS_PER_SECOND);
}

TEST(a_mesh_that_never_calms_down_is_told_of_now_and_then)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice");
	size_t told = 0;

	for (int i = 0; i < 30; i++) {
		enter(alice, GREETING(.session = true));
		hang_up(alice);
	}
	forget(bob);
	for (int i = 0; i < 150; i++) {
		advance(h, 99);
		enter(alice, GREETING(.session = true));
		hang_up(alice);
	}
	for (; bob->first; told++)
		expect(bob, "{'type':'push','subtype':'system'}");
	assert_in_range(told, 1, 4 * HINTS_PER_SECOND + 2);
}

TEST(announcements_stand_behind_messages)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = newcomer(m, "carol");

	forget(alice);
	hold(h);
	greet(carol, GREETING(0));
	send_to(alice, bob->pubkey, "x", NULL);
	release(h);
	expect_message(bob, "x");
	expect(bob, "{'event':'peer_joined'}");
	expect(alice, "{'type':'ack'}");
	expect(alice, "{'event':'peer_joined'}");
}

/* The reference pushed 511,072 times for as many. */
TEST(a_thousand_joins_in_a_mesh_of_a_thousand_stay_below_a_tenth_of_the_pushes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *crowd[2000];
	struct engine_stats before, after;

	for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
		if (i % 900 == 0)
			invite(m, 1000, 30);
		crowd[i] = newcomer(m, "one");
	}
	hold(h);
	for (size_t i = 0; i < ARRAY_LEN(crowd) / 2; i++)
		greet(crowd[i], GREETING(0));
	release(h);
	advance(h, 20000);
	before = engine_stats(h->engine);
	hold(h);
	for (size_t i = ARRAY_LEN(crowd) / 2; i < ARRAY_LEN(crowd); i++)
		greet(crowd[i], GREETING(0));
	release(h);
	after = engine_stats(h->engine);
	assert_int_equal(after.online, ARRAY_LEN(crowd));
	assert_in_range(after.hints - before.hints, 1, (HINTS_PER_SECOND + 3) * ARRAY_LEN(crowd) / 2);
	advance(h, HINTS_CALM_MS);
	assert_int_equal(engine_stats(h->engine).hints, after.hints + (i64)ARRAY_LEN(crowd));
}

/* ---- hidden ---- */

TEST(a_hidden_peer_is_not_listed_not_told_and_not_reached_by_multicasts)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *link = twin(alice);

	enter(link, GREETING(.session_id = "link"));
	say(alice, "{'type':'join_group','name':'ops'}");
	forget_all(h);
	say(alice, "{'type':'set_visible','visible':false,'_reqId':'sv'}");
	expect(alice, "{'type':'ack','id':'sv','_reqId':'sv','messageId':'','queued':false,'error':null}");
	expect(bob, "{'event':'peer_hidden','eventData':{'name':'alice','pubkey':'%s'}}", alice->session_pubkey);
	expect(link, "{'event':'peer_hidden'}");
	expect_nothing(alice);
	say(bob, "{'type':'list_peers','members':true}");
	expect(bob, "{'peers':[{'displayName':'bob'},{'sessionId':'link'}],'members':[{},{},{'online':true}]}");
	say(link, "{'type':'list_peers'}");
	expect(link, "{'peers':[{},{'visible':false,'pubkey':'%s'},{'visible':true}]}", alice->session_pubkey);
	hang_up(link);
	forget_all(h);
	say(bob, "{'type':'list_peers','members':true}");
	expect(bob, "{'peers':[{'displayName':'bob'}],'members':[{},{},{'online':false}]}");
	send_to(bob, "@ops", "x", NULL);
	expect(bob, "{'delivery':'nobody'}");
	send_to(bob, "*", "x2", NULL);
	expect(bob, "{'delivery':'nobody'}");
	expect_nothing(alice);
	send_to(bob, alice->pubkey, "y", NULL);
	expect_message(alice, "y");
	forget(bob);
	/* Saying it twice tells it once. */
	say(alice, "{'type':'set_visible','visible':false}");
	expect(alice, "{'type':'ack','id':'','messageId':'','queued':false,'_reqId':null}");
	expect_nothing(bob);
	lose(alice);
	enter(alice, GREETING(.session = true));
	ack_push(alice, expect_message(alice, "y"));
	expect_nothing(bob);
	say(alice, "{'type':'set_visible','visible':true}");
	expect(alice, "{'type':'ack'}");
	expect(bob, "{'event':'peer_visible','eventData':{'name':'alice','pubkey':'%s'}}", alice->session_pubkey);
	say(alice, "{'type':'set_visible','visible':false}");
	hang_up(alice);
	expect(bob, "{'event':'peer_hidden'}");
	expect_nothing(bob);
	say(bob, "{'type':'set_visible','_reqId':'r'}");
	expect(bob, "{'type':'error','code':'bad_request','_reqId':'r'}");
}

TEST_MAIN("engine/announce")
