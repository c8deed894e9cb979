/*
 * status_test.c - what a status holds back, and for how long.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static void expect_status(struct peer *asking, const char *status)
{
	say(asking, "{'type':'list_peers'}");
	expect(asking, "{'peers':[{},{'status':'%s'}]}", status);
}

/* The reference inferred a status from its own disk whenever it delivered something. */
TEST(d_20_no_delivery_changes_a_status)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");
	const char *words[] = { "working", "dnd" };

	for (int i = 0; i < 2; i++) {
		const char *low = text(a, "low%d", i).ptr;

		say(bob, "{'type':'set_status','status':'%s'}", words[i]);
		send_to(alice, bob->pubkey, low, "low");
		for (int k = 0; k < 3; k++) {
			const char *now = text(a, "now%d%d", i, k).ptr;

			send_to(alice, bob->pubkey, now, "now");
			ack_push(bob, expect_message(bob, now));
			advance(h, 15000);
		}
		lose(bob);
		enter(bob, GREETING(.session = true));
		expect_nothing(bob);
		forget(alice);
		expect_status(alice, words[i]);
		say(bob, "{'type':'set_status','status':'idle'}");
		ack_push(bob, expect_message(bob, low));
	}
}

TEST(working_lapses_a_minute_after_it_was_last_said)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");

	say(bob, "{'type':'set_status','status':'working'}");
	forget(alice);
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'delivery':'held'}");
	advance(h, STATUS_TTL_MS - 1);
	say(bob, "{'type':'set_status','status':'working'}");
	advance(h, STATUS_TTL_MS - 1);
	expect_nothing(bob);
	expect_status(alice, "working");
	advance(h, 1);
	ack_push(bob, expect_message(bob, "x"));
	expect_status(alice, "idle");
	/* dnd stays; whoever is lost while working has no more time for it. */
	say(bob, "{'type':'set_status','status':'working'}");
	say(bob, "{'type':'set_status','status':'dnd'}");
	advance(h, 10 * STATUS_TTL_MS);
	expect_status(alice, "dnd");
	say(bob, "{'type':'set_status','status':'working'}");
	lose(bob);
	advance(h, STATUS_TTL_MS);
	expect_status(alice, "idle");
	advance(h, GRACE_MS);
	expect(alice, "{'event':'peer_left'}");
}

TEST(working_for_the_member_lapses_too)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");

	say(bob, "{'type':'set_status','status':'dnd'}");
	say(bob, "{'type':'set_status','status':'working','scope':'member'}");
	forget(alice);
	expect_status(alice, "working");
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'delivery':'held'}");
	advance(h, STATUS_TTL_MS);
	ack_push(bob, expect_message(bob, "x"));
	expect_status(alice, "idle");
	/* Also when it was said before a restart, and when its end was not stored at first. */
	say(bob, "{'type':'set_status','status':'working','scope':'member'}");
	restart(h);
	enter(alice, GREETING(0));
	enter(bob, GREETING(.session = true));
	forget(alice);
	expect_status(alice, "working");
	fail_commits(h, ERR_TRY_AGAIN);
	advance(h, STATUS_TTL_MS);
	assert_int_equal(engine_stats(h->engine).failed_commits, 1);
	advance(h, 1000);
	advance(h, STATUS_TTL_MS);
	expect_status(alice, "idle");
	restart(h);
	enter(alice, GREETING(0));
	enter(bob, GREETING(.session = true));
	forget(alice);
	expect_status(alice, "idle");
}

TEST(what_a_connection_says_of_itself_comes_before_its_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");

	say(bob, "{'type':'set_status','status':'dnd','scope':'member'}");
	say(bob, "{'type':'set_status','status':'working'}");
	forget(alice);
	expect_status(alice, "working");
	/* What lapses is what the connection said. */
	advance(h, STATUS_TTL_MS);
	expect_status(alice, "dnd");
	say(bob, "{'type':'set_status','status':'idle'}");
	expect_status(alice, "idle");
}

TEST(who_keeps_next_for_its_next_turn_gets_it_while_it_works_but_not_when_it_wants_quiet)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.session = true, .capabilities = "['client_ack','next_turn']"));
	say(bob, "{'type':'set_status','status':'working'}");
	forget_all(m->house);
	send_to(alice, bob->pubkey, "low", "low");
	send_to(alice, bob->pubkey, "next", "next");
	ack_push(bob, expect_message(bob, "next"));
	expect_nothing(bob);
	say(bob, "{'type':'set_status','status':'dnd'}");
	send_to(alice, bob->pubkey, "quiet", "next");
	expect_nothing(bob);
	say(bob, "{'type':'set_status','status':'idle'}");
	ack_push(bob, expect_message(bob, "quiet"));
	ack_push(bob, expect_message(bob, "low"));
}

TEST_MAIN("engine/status")
