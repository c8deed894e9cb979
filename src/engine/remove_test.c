/*
 * remove_test.c - what waits for a member that is removed ends, and who sent it can ask why.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* No verb removes anybody yet: inside a batch, as a verb will. */
static void remove_now(void *engine, void *member)
{
	struct engine *e = engine;

	assert_ok(member_remove(member, e->batch));
}

static void remove_member(struct peer *p)
{
	struct house *h = p->place->house;
	struct timer now = { .fn = remove_now,
			     .owner = mesh_member(h->engine->meshes, str_from(p->pubkey)) };

	timer_set(&h->engine->timers, &now, h->engine->mono_ms);
	advance(h, 0);
}

static void expect_close_removed(struct peer *p)
{
	expect(p, "{'type':'error','code':'revoked'}");
	expect_close(p, 4002, "You've been removed from \"team\". Contact the mesh owner to rejoin.");
}

TEST(everything_that_waits_for_it_ends_as_revoked)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = arrive_session(m, "bob"), *link = twin(bob);
	struct peer *carol = arrive(m, "carol");
	str ids[3];

	enter(alice, GREETING(0));
	enter(link, GREETING(.session_id = "link"));
	forget_all(h);
	/* Pushed and not acked; held back; to all, which carol has too. */
	send_to(alice, bob->session_pubkey, "1", NULL);
	ids[0] = json_get_str(expect(alice, "{'type':'ack','id':'1'}"), S("messageId"));
	say(bob, "{'type':'set_status','status':'dnd'}");
	send_to(alice, bob->pubkey, "2", "low");
	ids[1] = json_get_str(expect(alice, "{'type':'ack','id':'2'}"), S("messageId"));
	send_to(alice, "*", "3", NULL);
	ids[2] = json_get_str(expect(alice, "{'type':'ack','id':'3'}"), S("messageId"));
	expect_message(bob, "1");
	remove_member(bob);
	expect_close_removed(bob);
	expect_close_removed(link);
	assert_int_equal(count(h->f, "delivery"), 1);
	assert_int_equal(count(h->f, "message"), 1);
	assert_int_equal(engine_stats(h->engine).waiting, 1);
	check_backlogs(h);
	forget(alice);
	for (size_t i = 0; i < 3; i++) {
		say(alice, "{'type':'message_status','messageId':'%.*s'}", STRF(ids[i]));
		if (i == 2)
			expect(alice, "{'recipients':[{'name':'bob','state':'revoked'},{'name':'carol'}]}");
		else
			expect(alice, "{'recipients':[{'name':'bob','state':'revoked',"
			       "'reason':'the recipient was removed from the mesh'}]}");
	}
	ack_push(carol, expect_message(carol, "3"));
	assert_int_equal(engine_stats(h->engine).waiting, 0);
	/* It can neither come back nor be written to, also after a restart. */
	restart(h);
	enter(alice, GREETING(0));
	greet(bob, GREETING(.session = true));
	expect_close_removed(bob);
	send_to(alice, bob->pubkey, "4", NULL);
	expect(alice, "{'code':'no_recipient'}");
	send_to(alice, bob->session_pubkey, "5", NULL);
	expect(alice, "{'code':'no_recipient'}");
}

TEST(its_senders_that_asked_are_told)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob");

	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	send_to(alice, bob->pubkey, "1", NULL);
	expect(alice, "{'type':'ack'}");
	remove_member(bob);
	expect(alice, "{'type':'message_state','client_message_id':'1',"
	       "'recipients':[{'name':'bob','state':'revoked'}]}");
	expect_nothing(alice);
}

TEST(a_removal_that_was_not_stored_removed_nobody)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	send_to(alice, bob->pubkey, "1", NULL);
	expect_message(bob, "1");
	fail_commits(h, ERR_TRY_AGAIN);
	remove_member(bob);
	fail_commits(h, 0);
	/* It is not told what is not so: it comes back. */
	expect_close(bob, 1013, "try_again");
	advance(h, 2000);
	enter(bob, GREETING(0));
	expect_message(bob, "1");
	check_backlogs(h);
}

TEST_MAIN("engine/remove")
