/*
 * session_key_test.c - who proves to have a session key comes before who only showed it.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* p has from now on the session key of the other. */
static void share_session(struct peer *p, const struct peer *of)
{
	p->session = of->session;
	memcpy(p->session_pubkey, of->session_pubkey, 65);
}

TEST(a_key_that_another_member_showed_first_is_its_owners)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *mallory = newcomer(m, "mallory"), *bob = arrive(m, "bob");

	share_session(mallory, alice);
	enter(mallory, GREETING(.show_session = true));
	send_to(bob, alice->session_pubkey, "early", NULL);
	send_to(bob, alice->session_pubkey, "early too", NULL);
	ack_push(mallory, expect_message(mallory, "early"));
	forget_all(h);
	/* Online, later in grace and long gone. */
	enter(alice, GREETING(.session = true));
	forget_all(h);
	send_to(bob, alice->session_pubkey, "hers", NULL);
	ack_push(alice, expect_message(alice, "hers"));
	expect(bob, "{'type':'ack','delivery':'live'}");
	/* What came before stays with whom it was addressed to then. */
	assert_int_equal(count(h->f, "delivery"), 1);
	check_backlogs(h);
	/* The one who showed it goes on, under its own key. */
	say(mallory, "{'type':'list_peers','_reqId':'l'}");
	expect(mallory, "{'peers':[{'displayName':'bob'},{'displayName':'mallory','pubkey':'%s'},"
	       "{'displayName':'alice','pubkey':'%s'}]}", mallory->pubkey, alice->session_pubkey);
	/* And it is so after a restart. */
	restart(h);
	greet(mallory, GREETING(.show_session = true));
	expect(mallory, "{'type':'error','code':'bad_session_pubkey'}");
	enter(alice, GREETING(.session = true));
	enter(bob, GREETING(0));
	forget_all(h);
	send_to(bob, alice->session_pubkey, "again", NULL);
	expect_message(alice, "again");
}

TEST(an_unstored_change_of_hands_did_not_happen)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *mallory = newcomer(m, "mallory"), *bob = arrive(m, "bob");

	share_session(mallory, alice);
	enter(mallory, GREETING(.show_session = true));
	send_to(bob, alice->session_pubkey, "x", NULL);
	expect_message(mallory, "x");
	fail_commits(h, ERR_TRY_AGAIN);
	greet(alice, GREETING(.session = true));
	expect(alice, "{'type':'error','code':'try_again'}");
	fail_commits(h, 0);
	advance(h, 2000);
	check_backlogs(h);
	enter(alice, GREETING(.session = true));
	forget_all(h);
	send_to(bob, alice->session_pubkey, "y", NULL);
	expect_message(alice, "y");
	check_backlogs(h);
}

TEST(a_running_session_keeps_its_key_from_who_only_shows_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive_session(m, "alice"), *other = twin(alice), *bob = arrive(m, "bob");

	share_session(other, alice);
	greet(other, GREETING(.show_session = true));
	expect(other, "{'type':'error','code':'bad_session_pubkey'}");
	forget_all(h);
	send_to(bob, alice->session_pubkey, "x", NULL);
	expect_message(alice, "x");
	/* The other way round it is taken from one's own link. */
	other = twin(bob);
	enter(other, GREETING(.show_session = true, .session_id = "cold"));
	share_session(bob, other);
	send_to(alice, other->session_pubkey, "y", NULL);
	expect_message(other, "y");
	hang_up(bob);
	enter(bob, GREETING(.session = true, .session_id = "warm"));
	expect_message(bob, "y");
	say(other, "{'type':'client_ack','clientMessageId':'y'}");
	assert_int_equal(count(h->f, "delivery"), 2);
	check_backlogs(h);
}

TEST(nobody_is_kept_from_joining_by_who_showed_its_key)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *mallory = newcomer(m, "mallory"), *p = stranger(m, "p"), *bob = arrive(m, "bob");

	mallory->session = p->member;
	memcpy(mallory->session_pubkey, p->pubkey, 65);
	enter(mallory, GREETING(.show_session = true));
	send_to(bob, p->pubkey, "early", NULL);
	join(p);
	enter(p, GREETING(0));
	forget_all(h);
	send_to(bob, p->pubkey, "x", NULL);
	expect_message(p, "x");
	restart(h);
	enter(p, GREETING(0));
	expect_message(p, "x");
	expect_nothing(p);
}

TEST_MAIN("engine/session_key")
