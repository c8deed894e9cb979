/*
 * grace_test.c - who gets what was for a member or a session that lost its connection.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(a_reply_to_the_member_reaches_its_next_session_at_once)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *cut = arrive_session(m, "alice"), *next = twin(cut), *link = twin(cut);

	forget(bob);
	send_to(bob, cut->pubkey, "unacked", NULL);
	expect_message(cut, "unacked");
	lose(cut);
	send_to(bob, cut->pubkey, "reply", NULL);
	expect(bob, "{'recipients':1,'delivery':'live'}");
	expect(bob, "{'recipients':1,'delivery':'held'}");
	send_to(bob, cut->session_pubkey, "its own", NULL);
	send_to(bob, "*", "all", NULL);
	enter(next, GREETING(.session = true, .session_id = "next"));
	ack_push(next, expect_message(next, "unacked"));
	ack_push(next, expect_message(next, "reply"));
	expect_nothing(next);
	/* The lost one finds what was its own, and nothing that the other has had. */
	enter(cut, GREETING(.session = true));
	expect_message(cut, "its own");
	expect_message(cut, "all");
	expect_nothing(cut);
	/* With a link there it is the link that comes next. */
	hang_up(next);
	lose(cut);
	send_to(bob, cut->pubkey, "late", NULL);
	enter(link, GREETING(.session_id = "link"));
	ack_push(link, expect_message(link, "late"));
	send_to(bob, cut->pubkey, "later", NULL);
	expect_message(link, "later");
}

TEST(a_session_in_grace_gets_a_copy_when_another_is_online)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *one = newcomer(m, "alice"), *two = twin(one), *three = twin(one);

	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	lose(two);
	forget(bob);
	send_to(bob, one->pubkey, "x", NULL);
	expect(bob, "{'recipients':2,'delivery':'live'}");
	expect(one, "{'event':'peer_joined'}");
	ack_push(one, expect_message(one, "x"));
	/* The copy waits for the one it is for. */
	enter(three, GREETING(.session = true, .session_id = "3"));
	expect_nothing(three);
	enter(two, GREETING(.session = true, .session_id = "2"));
	ack_push(two, expect_message(two, "x"));
	/* Both have copies: neither loss takes one away. */
	send_to(bob, one->pubkey, "y", NULL);
	ack_push(three, expect_message(three, "y"));
	lose(one);
	lose(two);
	expect_nothing(three);
	enter(two, GREETING(.session = true, .session_id = "2"));
	expect_message(two, "y");
	enter(one, GREETING(.session = true, .session_id = "1"));
	expect_message(one, "y");
	expect_nothing(three);
}

/* A copy is for the member: one that a sibling has or has acked does not come a second time. */
TEST(a_session_that_does_not_come_back_leaves_only_what_nobody_else_has)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *one = newcomer(m, "alice"), *two = twin(one), *next = twin(one);

	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	lose(two);
	forget(one);
	send_to(bob, one->pubkey, "acked", NULL);
	send_to(bob, one->pubkey, "unacked", NULL);
	send_to(bob, two->session_pubkey, "its own", NULL);
	ack_push(one, expect_message(one, "acked"));
	expect_message(one, "unacked");
	advance(h, 20000);
	assert_int_equal(count(h->f, "message"), 3);
	advance(h, 70000);
	/* "unacked" came again when its lease was over, to the session that has it. */
	ack_push(one, expect_message(one, "unacked"));
	ack_push(one, expect_message(one, "its own"));
	expect(one, "{'event':'peer_left'}");
	expect_nothing(one);
	hang_up(one);
	enter(next, GREETING(.session = true, .session_id = "3"));
	expect_nothing(next);
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(count(h->f, "delivery"), 0);
	assert_int_equal(engine_stats(h->engine).waiting, 0);
}

/* Nobody has it yet: it is not lost with the session, whoever of the two goes first. */
TEST(the_last_of_two_lost_sessions_leaves_its_copy_to_the_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *one = newcomer(m, "alice"), *two = twin(one), *next = twin(one);

	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	send_to(bob, one->pubkey, "x", NULL);
	send_to(bob, "*", "all", NULL);
	hang_up(one);
	hang_up(two);
	enter(next, GREETING(.session = true, .session_id = "3"));
	ack_push(next, expect_message(next, "x"));
	ack_push(next, expect_message(next, "all"));
	expect_nothing(next);
	assert_int_equal(count(h->f, "delivery"), 0);
	check_backlogs(h);
}

TEST(what_one_sent_to_oneself_waits_for_the_other_session)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *one = newcomer(m, "alice"), *two = twin(one);

	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	forget(one);
	send_to(one, one->pubkey, "unacked", NULL);
	expect_message(two, "unacked");
	lose(two);
	send_to(one, one->pubkey, "x", NULL);
	expect(one, "{'delivery':'live'}");
	expect(one, "{'delivery':'held'}");
	expect_nothing(one);
	enter(two, GREETING(.session = true, .session_id = "2"));
	expect_message(two, "unacked");
	expect_message(two, "x");
}

TEST(a_loss_that_was_not_stored_loses_nothing)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *next = twin(alice);

	send_to(bob, alice->pubkey, "x", NULL);
	expect_message(alice, "x");
	fail_commits(h, ERR_TRY_AGAIN);
	lose(alice);
	assert_int_equal(engine_stats(h->engine).failed_commits, 1);
	enter(next, GREETING(.session = true, .session_id = "next"));
	/* The session has its grace, because the move was not stored; then the member has it. */
	advance(h, 90000);
	ack_push(next, expect_message(next, "x"));
	assert_int_equal(count(h->f, "delivery"), 0);
}

TEST_MAIN("engine/grace")
