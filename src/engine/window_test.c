/*
 * window_test.c - how much is on its way to one connection, and how the rest follows.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static void send_many(struct peer *from, const char *target, int first, int n)
{
	hold(from->place->house);
	for (int i = first; i < first + n; i++)
		send_to(from, target, arena_cstr(from->place->house->a, text(from->place->house->a, "%d", i)), NULL);
	release(from->place->house);
	forget(from);
}

static const char *number(struct peer *p, int i)
{
	return arena_cstr(p->place->house->a, text(p->place->house->a, "%d", i));
}

TEST(d_49_a_thousand_waiting_come_once_each_and_in_order)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int i = 0; i < 1000; i += 250)
		send_many(alice, bob->pubkey, i, 250);
	enter(bob, GREETING(0));
	assert_int_equal(pending(bob), WINDOW_MESSAGES);
	for (int i = 0; i < 1000; i++) {
		ack_push(bob, expect_message(bob, number(bob, i)));
		assert_true(pending(bob) <= WINDOW_MESSAGES);
	}
	expect_nothing(bob);
	advance(h, 600000);
	expect_nothing(bob);
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(engine_stats(h->engine).pushed, 1000);
	assert_int_equal(engine_stats(h->engine).redelivered, 0);
}

TEST(what_comes_while_others_wait_keeps_its_place)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");
	int next = 0;

	forget_all(h);
	for (int i = 0; i < 900; i += 100) {
		send_many(alice, bob->session_pubkey, i, 100);
		for (int k = 0; k < 30; k++)
			ack_push(bob, expect_message(bob, number(bob, next++)));
	}
	while (next < 900)
		ack_push(bob, expect_message(bob, number(bob, next++)));
	expect_nothing(bob);
}

/* The rest waits on disk, not in memory. */
TEST(a_slow_acker_gets_each_again_but_never_more_than_a_window)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	send_many(alice, bob->pubkey, 0, 400);
	enter(bob, GREETING(0));
	for (int round = 0; round < 3; round++) {
		assert_int_equal(pending(bob), WINDOW_MESSAGES);
		for (int i = 0; i < WINDOW_MESSAGES; i++)
			expect_message(bob, number(bob, i));
		advance(h, 30000);
	}
	forget(bob);
	for (int i = 0; i < 400; i++)
		say(bob, "{'type':'client_ack','clientMessageId':'%d'}", i);
	/* Those past the window were unknown when they were acked too early. */
	while (pending(bob) > 0)
		ack_push(bob, expect(bob, "{'type':'push'}"));
	assert_int_equal(count(h->f, "delivery"), 0);
}

TEST(the_window_also_counts_bytes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	char *body = arena_alloc(a, 60001);

	memset(body, 'A', 60000);
	forget_all(h);
	for (int i = 0; i < 40; i++)
		say(alice, "{'type':'send','client_message_id':'%d','targetSpec':'%s','nonce':'','ciphertext':'%s'}",
		    i, bob->pubkey, body);
	assert_true(pending(bob) >= (1 << 20) / 61000 && pending(bob) <= (1 << 20) / 60000 + 1);
	for (int i = 0; i < 40; i++)
		ack_push(bob, expect(bob, "{'client_message_id':'%d'}", i));
	expect_nothing(bob);
}

/* A session takes from its own mailbox and from its member's; the window is one. */
TEST(two_mailboxes_come_in_one_order)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	i64 next = 0, no;

	send_many(alice, bob->pubkey, 0, 600);
	enter(bob, GREETING(.session = true));
	send_many(alice, bob->session_pubkey, 600, 300);
	for (int i = 0; i < 900; i++) {
		const struct json *push = expect(bob, "{'type':'push'}");

		assert_true(str_to_i64(json_get_str(push, S("client_message_id")), &no));
		assert_int_equal(no, next++);
		ack_push(bob, push);
		/* Where there is room but something older waits, the new one waits too. */
		if (i == 500)
			send_many(alice, bob->session_pubkey, 900, 50);
	}
	for (; next < 950; next++)
		ack_push(bob, expect_message(bob, number(bob, (int)next)));
	expect_nothing(bob);
	assert_int_equal(count(h->f, "delivery"), 0);
}

TEST(d_42_of_two_mailboxes_the_more_urgent_comes_first)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");
	static const char *const order[] = { "urgent", "member", "session", "last" };

	lose(bob);
	send_to(alice, bob->session_pubkey, "last", "low");
	send_to(alice, bob->pubkey, "member", NULL);
	send_to(alice, bob->session_pubkey, "session", NULL);
	send_to(alice, bob->pubkey, "urgent", "now");
	enter(bob, GREETING(.session = true));
	forget(alice);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_str(json_get_str(expect(bob, "{'type':'push'}"), S("client_message_id")), str_from(order[i]));
}

TEST(a_session_mailbox_goes_on_when_the_members_is_empty)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	send_many(alice, bob->pubkey, 0, 256);
	enter(bob, GREETING(.session = true));
	forget(alice);
	send_to(alice, bob->session_pubkey, "later", NULL);
	expect(alice, "{'queued':true}");
	for (int i = 0; i < 256; i++)
		ack_push(bob, expect_message(bob, number(bob, i)));
	expect_message(bob, "later");
}

TEST(d_15_without_acks_a_written_push_is_delivered)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	u64 mark;

	send_many(alice, bob->pubkey, 0, 300);
	enter(bob, GREETING(.capabilities = "null"));
	assert_int_equal(pending(bob), WINDOW_MESSAGES);
	/* It has no lease: the socket itself says what became of it. */
	advance(h, 600000);
	assert_int_equal(pending(bob), WINDOW_MESSAGES);
	for (int i = 0; i < 300; i++) {
		mark = bob->first->mark;
		assert_true(mark > 0);
		expect_message(bob, number(bob, i));
		if (i % 100 == 99)
			written(bob, mark);
	}
	assert_int_equal(count(h->f, "delivery"), 0);
	lose(bob);
	enter(bob, GREETING(.capabilities = "null"));
	expect_nothing(bob);
}

TEST(without_acks_an_unwritten_push_goes_out_again_on_the_next_connection)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	u64 mark;

	enter(bob, GREETING(.capabilities = "null"));
	send_many(alice, bob->pubkey, 0, 3);
	mark = bob->first->mark;
	written(bob, mark);
	lose(bob);
	/* What comes too late is of a connection that is gone. */
	written(bob, mark + 2);
	enter(bob, GREETING(.capabilities = "null"));
	expect_message(bob, "1");
	expect_message(bob, "2");
	expect_nothing(bob);
}

TEST(the_first_client_ack_makes_it_an_acking_connection)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.capabilities = "null"));
	send_many(alice, bob->pubkey, 0, 3);
	expect_message(bob, "0");
	ack_push(bob, expect_message(bob, "1"));
	expect_message(bob, "2");
	written(bob, 100);
	advance(h, 30000);
	expect_message(bob, "0");
	expect_message(bob, "2");
}

TEST(channels_of_the_reference_daemon_ack)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.capabilities = "null", .channel = "claudemesh-daemon"));
	send_many(alice, bob->pubkey, 0, 1);
	assert_int_equal(bob->first->mark, 0);
	expect_message(bob, "0");
	advance(h, 30000);
	expect_message(bob, "0");
}

TEST_MAIN("engine/window")
