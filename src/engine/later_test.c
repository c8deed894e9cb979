/*
 * later_test.c - what may wait for the commit of something else: when it is stored, and what
 * happens when it is not.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(an_ack_alone_is_stored_within_50_ms)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	i64 commits;

	send_to(alice, bob->pubkey, "x", NULL);
	send_to(alice, bob->pubkey, "y", NULL);
	commits = engine_stats(h->engine).commits;
	ack_push(bob, expect_message(bob, "x"));
	advance(h, 30);
	ack_push(bob, expect_message(bob, "y"));
	advance(h, 19);
	assert_int_equal(engine_stats(h->engine).commits, commits);
	advance(h, 1);
	assert_int_equal(engine_stats(h->engine).commits, commits + 1);
	assert_int_equal(count(h->f, "delivery"), 0);
	advance(h, 100);
	assert_int_equal(engine_stats(h->engine).commits, commits + 1);
}

TEST(an_ack_rides_with_the_next_send)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	i64 commits = engine_stats(h->engine).commits;

	for (int i = 0; i < 10; i++) {
		const char *id = text(a, "x%d", i).ptr;

		send_to(alice, bob->pubkey, id, NULL);
		ack_push(bob, expect_message(bob, id));
	}
	assert_int_equal(engine_stats(h->engine).commits, commits + 10);
	store_now(h);
	assert_int_equal(engine_stats(h->engine).commits, commits + 11);
	assert_int_equal(count(h->f, "delivery"), 0);
	assert_int_equal(count(h->f, "message"), 0);
}

/* Time alone does not bound how much waits. */
TEST(many_acks_commit_by_themselves)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	i64 commits;

	h->settings.window_messages = 2000;
	restart(h);
	enter(alice, GREETING(0));
	for (int i = 0; i < 1500; i++)
		send_to(alice, bob->pubkey, text(a, "x%d", i).ptr, NULL);
	enter(bob, GREETING(0));
	store_now(h);
	commits = engine_stats(h->engine).commits;
	for (int i = 0; i < 1500; i++)
		ack_push(bob, expect_message(bob, text(a, "x%d", i).ptr));
	assert_in_range(engine_stats(h->engine).commits, commits + 10, commits + 50);
}

/* Acks of two meshes wait; what is sent in one of them cannot be stored. */
TEST(a_failed_commit_takes_back_what_waited_for_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	struct peer *carol = arrive(other, "carol"), *dave = arrive(other, "dave");

	send_to(alice, bob->pubkey, "x", NULL);
	send_to(carol, dave->pubkey, "y", NULL);
	db_fault(h->f->db, &h->f->plan);
	ack_push(bob, expect_message(bob, "x"));
	ack_push(dave, expect_message(dave, "y"));
	forget_all(h);
	h->f->plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN, .commits_only = true };
	send_to(alice, bob->pubkey, "z", NULL);
	expect(alice, "{'queued':false,'code':'try_again'}");
	advance(h, 1000);
	ack_push(bob, expect_message(bob, "x"));
	ack_push(dave, expect_message(dave, "y"));
	store_now(h);
	assert_int_equal(count(h->f, "delivery"), 0);
	advance(h, 60000);
	expect_nothing(dave);
}

TEST(what_is_asked_for_is_stored_first)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str id;
	i64 commits;

	forget_all(h);
	send_to(alice, bob->pubkey, "x", NULL);
	id = json_get_str(expect(alice, "{'queued':true}"), S("messageId"));
	ack_push(bob, expect_message(bob, "x"));
	commits = engine_stats(h->engine).commits;
	say(alice, "{'type':'message_status','messageId':'%.*s'}", STRF(id));
	expect(alice, "{'delivered':true}");
	assert_int_equal(engine_stats(h->engine).commits, commits + 1);
}

static const struct db_fault next_commit_fails = { .fail_at = 1, .code = ERR_TRY_AGAIN, .commits_only = true };

/* The broker stops in good order, or it does not. */
static void stop(struct arena *a, bool crash)
{
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	send_to(alice, bob->pubkey, "x", NULL);
	db_fault(h->f->db, &h->f->plan);
	ack_push(bob, expect_message(bob, "x"));
	if (crash)
		h->f->plan = next_commit_fails;
	restart(h);
	assert_int_equal(count(h->f, "delivery"), crash);
	enter(bob, GREETING(0));
	if (crash)
		expect_message(bob, "x");
	expect_nothing(bob);
}

TEST(a_stop_stores_acks)
{
	ARENA;

	stop(a, false);
}

TEST(a_crash_costs_no_more_than_a_push)
{
	ARENA;

	stop(a, true);
}

TEST_MAIN("engine/later")
