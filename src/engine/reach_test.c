/*
 * reach_test.c - how soon somebody hears of a message: the rule, and what lists say.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static const struct {
	struct reach_ways ways;
	enum reach want;
} of_session[] = {
	{ { 0 }, REACH_POLL },
	{ { .hooks = true }, REACH_NEXT_TURN },
	{ { .channel = true }, REACH_NOW },
	{ { .channel = true, .hooks = true }, REACH_NOW },
	{ { .channel = true, .message_mode = S("push") }, REACH_NOW },
	{ { .channel = true, .hooks = true, .message_mode = S("inbox") }, REACH_POLL },
	{ { .channel = true, .hooks = true, .message_mode = S("off") }, REACH_NOT },
	{ { .message_mode = S("inbox") }, REACH_POLL },
	{ { .message_mode = S("off") }, REACH_NOT },
	{ { .hooks = true, .message_mode = S("whatever") }, REACH_NEXT_TURN },
};

TEST(a_session_hears_by_the_best_way_that_it_has_and_wants)
{
	for (size_t i = 0; i < ARRAY_LEN(of_session); i++)
		assert_int_equal(reach_of_session(&of_session[i].ways), of_session[i].want);
}

#define HERE .online = true, .takes = true
#define OURS HERE, .session = true, .keeps = true, .status = STATUS_IDLE

static const struct {
	struct reach_facts facts;
	enum reach want;
} of[] = {
	/* What it says of itself. */
	{ { OURS, .told = REACH_NOW }, REACH_NOW },
	{ { OURS, .told = REACH_NEXT_TURN }, REACH_NEXT_TURN },
	{ { OURS, .told = REACH_POLL }, REACH_POLL },
	{ { OURS, .told = REACH_NOT }, REACH_NOT },
	/* What it does: who keeps messages for the turn gets them while it works. */
	{ { HERE, .keeps = true, .told = REACH_NOW, .status = STATUS_WORKING }, REACH_NOW },
	{ { HERE, .told = REACH_NOW, .status = STATUS_WORKING }, REACH_NEXT_TURN },
	{ { HERE, .told = REACH_POLL, .status = STATUS_WORKING }, REACH_POLL },
	{ { HERE, .told = REACH_NOT, .status = STATUS_WORKING }, REACH_NOT },
	{ { HERE, .keeps = true, .told = REACH_NOW, .status = STATUS_DND }, REACH_NOT },
	{ { HERE, .told = REACH_POLL, .status = STATUS_DND }, REACH_NOT },
	/* Away, or it takes nothing. */
	{ { .takes = true, .told = REACH_NOW, .status = STATUS_IDLE }, REACH_NOT },
	{ { .online = true, .told = REACH_NOW, .status = STATUS_IDLE }, REACH_NOT },
	/* Who says nothing. */
	{ { HERE, .session = true, .status = STATUS_IDLE, .channel = S("claudemesh-session") }, REACH_NOW },
	{ { HERE, .session = true, .status = STATUS_WORKING }, REACH_NEXT_TURN },
	{ { HERE, .status = STATUS_IDLE, .channel = S("claudemesh-daemon") }, REACH_POLL },
	{ { HERE, .status = STATUS_WORKING, .channel = S("claudemesh-daemon") }, REACH_POLL },
	{ { HERE, .status = STATUS_IDLE, .channel = S("sdk") }, REACH_NOW },
	{ { HERE, .status = STATUS_IDLE }, REACH_NOW },
};

TEST(one_rule_for_who_is_there_and_what_it_does)
{
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		print_message("# %zu\n", i);
		assert_int_equal(reach_of(&of[i].facts), of[i].want);
	}
}

static void expect_reach(struct peer *asking, const char *reach)
{
	say(asking, "{'type':'list_peers','members':true}");
	expect(asking, "{'peers':[{},{'reach':%s}]}", reach);
}

TEST(lists_for_our_clients_say_it_and_those_of_the_reference_look_as_ever)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.session = true, .capabilities = "['client_ack','next_turn']",
			    .extra = ",'reach':'next_turn'"));
	forget_all(m->house);
	expect_reach(alice, "'next_turn'");
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'reach':null},{'reach':null}]}");
	say(bob, "{'type':'set_reach','reach':'now','_reqId':'r'}");
	expect(bob, "{'type':'ack','_reqId':'r'}");
	expect_reach(alice, "'now'");
	say(bob, "{'type':'set_status','status':'dnd'}");
	expect_reach(alice, "'not'");
	say(bob, "{'type':'set_status','status':'idle'}");
	lose(bob);
	expect_reach(alice, "'not'");
	/* The next hello says it anew. */
	enter(bob, GREETING(.session = true, .capabilities = "['client_ack','next_turn']",
			    .extra = ",'reach':'poll'"));
	forget(alice);
	expect_reach(alice, "'poll'");
}

TEST(a_word_that_is_none_is_refused)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");

	say(alice, "{'type':'set_reach','reach':'soon','_reqId':'1'}");
	expect(alice, "{'type':'error','_reqId':'1'}");
	say(alice, "{'type':'set_reach','_reqId':'2'}");
	expect(alice, "{'type':'error','_reqId':'2'}");
}

/* Where the reference's command line looks for it. */
TEST(the_role_of_a_session_is_in_its_profile)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.session = true, .extra = ",'role':'re\\\"viewer'"));
	forget_all(m->house);
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'profile':null},{'profile':{'role':'re\\\"viewer'}}]}");
	say(bob, "{'type':'set_profile','title':'t'}");
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{},{'profile':{'title':'t','role':'re\\\"viewer'}}]}");
	lose(bob);
	enter(bob, GREETING(.session = true));
	forget(alice);
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{},{'profile':{'title':'t','role':null}}]}");
}

TEST_MAIN("engine/reach")
