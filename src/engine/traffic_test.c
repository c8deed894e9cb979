/*
 * traffic_test.c - numbers of who wrote to whom: what is counted, for whom it is shown, and that
 * nobody makes memory grow or pushes the others' lines out.
 */
#include "engine/harness_test.h"

#include "engine/traffic.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static const struct json *ask(struct peer *p)
{
	forget(p);
	say(p, "{'type':'mesh_activity','_reqId':'q'}");
	return expect(p, "{'type':'mesh_activity_response','_reqId':'q'}");
}

static size_t n_edges(struct peer *p)
{
	const struct json *edges = json_get(ask(p), S("edges"));
	size_t n = 0;

	for (const struct json *at = edges->first; at; at = at->next)
		n++;
	return n;
}

/* The edges are these, the last used first; each a pattern. */
static void expect_edges(struct peer *p, const char *pattern)
{
	const struct json *want, *got = json_get(ask(p), S("edges"));

	assert_ok(json_parse(p->place->house->a, text(p->place->house->a, "%s", pattern), &want));
	if (!matches(got, want))
		fail_msg("edges are not %s", pattern);
}

static void post(struct peer *p, const char *topic)
{
	say(p, "{'type':'send','id':'x','targetSpec':'#%s','nonce':'','ciphertext':'aGk='}", topic);
	forget(p);
}

TEST(b_17_edges_of_direct_messages_topics_and_groups)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	assert_int_equal(n_edges(alice), 0);
	send_to(alice, bob->pubkey, "1", NULL);
	send_to(alice, bob->pubkey, "2", NULL);
	post(alice, "general");
	send_to(bob, "*", "3", NULL);
	send_to(bob, "@nobody-is-in-this", "4", NULL);
	send_to(bob, bob->pubkey, "5", NULL);
	expect_edges(bob, text(a, "[{'from':'%s','to':null,'group':'*','hour':1,'day':1},"
				  "{'from':'%s','topic':'general','to':null,'hour':1,'day':1},"
				  "{'from':'%s','to':'%s','topicId':null,'hour':2,'day':2}]",
			       bob->member_id, alice->member_id, alice->member_id, bob->member_id).ptr);
}

TEST(what_was_an_hour_or_a_day_ago_is_over)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	send_to(alice, bob->pubkey, "1", NULL);
	advance(h, 3600000);
	send_to(alice, bob->pubkey, "2", NULL);
	expect_edges(bob, "[{'hour':1,'day':2}]");
	advance(h, 23 * 3600000);
	expect_edges(bob, "[{'hour':0,'day':1}]");
	advance(h, 3600000);
	expect_edges(bob, "[]");
}

TEST(who_may_not_see_a_topic_learns_nothing_of_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	say(alice, "{'type':'topic_create','name':'board','visibility':'private'}");
	for (int i = 0; i < 3; i++)
		post(alice, "board");
	expect_edges(alice, "[{'topic':'board','hour':3}]");
	expect_edges(bob, "[]");
	forget(bob);
	say(bob, "{'type':'mesh_activity'}");
	/* Neither in sums nor in what happened. */
	expect(bob, "{'type':'mesh_activity_response','hour':[{'n':0},{'n':0},{'n':0},{'n':0},{'n':0},{'n':0}],"
		    "'events':[{'what':'came','displayName':'bob'},{'what':'came','displayName':'alice'}]}");
	forget(alice);
	say(alice, "{'type':'mesh_activity'}");
	expect(alice, "{'type':'mesh_activity_response','hour':[{'n':0},{'n':0},{'n':0},{'n':0},{'n':0},{'n':3}],"
		      "'events':[{'what':'topic_created','topic':'board'},{'what':'came'},{'what':'came'}]}");
}

TEST(the_hidden_are_not_counted)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	say(alice, "{'type':'set_visible','visible':false}");
	send_to(alice, bob->pubkey, "1", NULL);
	post(alice, "general");
	expect_edges(bob, "[]");
}

TEST(nobody_pushes_the_others_out)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *eve = arrive(m, "eve");

	send_to(alice, bob->pubkey, "1", NULL);
	say(bob, "{'type':'join_group','name':'g'}");
	h->settings.rate_per_minute = 0;
	for (int i = 0; i < 3 * TRAFFIC_EDGES_MAX; i++) {
		const char *group = text(a, "g%d", i).ptr;

		say(bob, "{'type':'join_group','name':'%s'}", group);
		say(bob, "{'type':'leave_group','name':'%s'}", group);
		send_to(eve, text(a, "@%s", group).ptr, group, NULL);
		say(bob, "{'type':'join_group','name':'%s'}", group);
		send_to(eve, text(a, "@%s", group).ptr, text(a, "%d", i).ptr, NULL);
		say(bob, "{'type':'leave_group','name':'%s'}", group);
		forget_all(h);
		advance(h, 10000);
	}
	assert_true(n_edges(alice) <= TRAFFIC_EDGES_PER_MEMBER + 1);
}

TEST(the_last_hundred_events_are_kept)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	const struct json *events;
	int n = 0;

	h->engine->settings.lists_kb_per_minute = 1 << 20;
	for (int i = 0; i < 2 * TRAFFIC_EVENTS_MAX + 3; i++) {
		say(alice, "{'type':'topic_create','name':'t%d'}", i % TOPICS_PER_MEMBER_MAX);
		say(alice, "{'type':'topic_leave','topic':'t%d'}", i % TOPICS_PER_MEMBER_MAX);
		forget(alice);
		events = json_get(ask(alice), S("events"));
		n = 0;
		for (const struct json *at = events->first; at; at = at->next)
			n++;
		assert_true(n <= TRAFFIC_EVENTS_MAX);
	}
	assert_int_equal(n, TRAFFIC_EVENTS_MAX);
	assert_str(json_get_str(events->first, S("what")), S("topic_left"));
}

TEST(who_comes_and_goes_is_told_once)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *second = twin(bob);

	enter(second, GREETING(.session_id = "another", .capabilities = "['client_ack']"));
	hang_up(second);
	advance(h, 120000);
	hang_up(bob);
	enter(bob, GREETING(0));
	hang_up(bob);
	forget(alice);
	say(alice, "{'type':'mesh_activity'}");
	expect(alice, "{'type':'mesh_activity_response','events':[{'what':'went','displayName':'bob'},"
		      "{'what':'came','displayName':'bob'},{'what':'came','displayName':'alice'}]}");
}

TEST_MAIN("engine/traffic")
