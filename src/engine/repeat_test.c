/*
 * repeat_test.c - what is sent again is accepted once (S01), whatever happened in between.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define REUSED "invalid: idempotency_key_reused (this client_message_id was used for another message)"

static str id_of(const struct json *ack)
{
	return json_get_str(ack, S("messageId"));
}

/* A send with a fingerprint, as the reference's daemon sends it; nonce and body vary. */
static void send_printed(struct peer *p, const char *target, const char *id, const char *print, const char *body)
{
	say(p, "{'type':'send','id':'s','client_message_id':'%s','request_fingerprint':'%s','targetSpec':'%s',"
	    "'nonce':'%s','ciphertext':'%s'}", id, print, target, body, body);
}

/* The daemon tries again after its 15 s; multicasts too (D-27). */
TEST(d_14_the_same_message_again_is_the_first_one)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *again = twin(alice), *bob = arrive(m, "bob");
	const char *targets[] = { bob->pubkey, "*", "@all", "@nobody" };
	str first;

	enter(again, GREETING(.session_id = "2"));
	forget_all(h);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		const char *id = text(a, "x%zu", i).ptr;
		bool heard = i < 3;

		send_to(alice, targets[i], id, NULL);
		first = id_of(expect(alice, "{'queued':true,'duplicate':null,'recipients':%s}", heard ? "1" : "null"));
		/* On any connection of the member, also when it has long been delivered. */
		send_to(again, targets[i], id, NULL);
		expect(again, "{'type':'ack','id':'%s','messageId':'%.*s','queued':true,'duplicate':true,"
		       "'error':null,'recipients':%s}", id, STRF(first), heard ? "1" : "null");
		if (heard)
			ack_push(bob, expect_message(bob, id));
		send_to(alice, targets[i], id, NULL);
		expect(alice, "{'messageId':'%.*s','duplicate':true}", STRF(first));
		expect_nothing(bob);
	}
	assert_int_equal(engine_stats(h->engine).accepted, 4);
	assert_int_equal(engine_stats(h->engine).duplicates, 8);
	assert_int_equal(count(h->f, "receipt"), 4);
	assert_int_equal(count(h->f, "message"), 0);
}

TEST(another_message_under_the_same_id_is_refused)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol");
	const struct { const char *target, *priority, *nonce, *body; bool same; } cases[] = {
		{ bob->pubkey, "next", "AAAA", "BBBB", true },
		{ carol->pubkey, "next", "AAAA", "BBBB", false },
		{ "*", "next", "AAAA", "BBBB", false },
		{ bob->pubkey, "now", "AAAA", "BBBB", false },
		{ bob->pubkey, "next", "AAAB", "BBBB", false },
		{ bob->pubkey, "next", "AAAA", "BBBC", false },
		{ bob->pubkey, "next", "AAAABBBB", "", false },
	};

	forget_all(h);
	say(alice, "{'type':'send','client_message_id':'k','targetSpec':'%s','nonce':'AAAA','ciphertext':'BBBB'}",
	    bob->pubkey);
	expect(alice, "{'queued':true}");
	expect(bob, "{'type':'push'}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(alice, "{'type':'send','id':'q','client_message_id':'k','targetSpec':'%s','priority':'%s',"
		    "'nonce':'%s','ciphertext':'%s'}", cases[i].target, cases[i].priority, cases[i].nonce,
		    cases[i].body);
		if (cases[i].same)
			expect(alice, "{'queued':true,'duplicate':true}");
		else
			expect(alice, "{'id':'q','messageId':'','queued':false,'code':'invalid','error':'" REUSED "'}");
	}
	/* With a fingerprint it is not what was sent without one. */
	send_printed(alice, bob->pubkey, "k", "f", "AAAA");
	expect(alice, "{'queued':false,'code':'invalid'}");
	expect_nothing(bob);
	expect_nothing(carol);
	assert_int_equal(count(h->f, "receipt"), 1);
}

/* The broker cannot read the body: a repeat may be sealed anew, and the sender's word counts. */
TEST(a_fingerprint_is_compared_as_received)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str first;

	forget(alice);
	send_printed(alice, bob->pubkey, "k", "abc", "AAAA");
	first = id_of(expect(alice, "{'queued':true}"));
	send_printed(alice, bob->pubkey, "k", "abc", "BBBB");
	expect(alice, "{'messageId':'%.*s','duplicate':true}", STRF(first));
	send_printed(alice, bob->pubkey, "k", "ABC", "AAAA");
	expect(alice, "{'queued':false,'error':'" REUSED "'}");
	send_printed(alice, bob->pubkey, "k", "", "AAAA");
	expect(alice, "{'queued':false,'error':'" REUSED "'}");
}

TEST(ids_are_each_senders_own)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(other, "carol");
	struct peer *dave = newcomer(other, "dave");

	forget_all(h);
	send_to(alice, bob->pubkey, "k", NULL);
	expect(alice, "{'queued':true,'duplicate':null}");
	send_to(bob, alice->pubkey, "k", NULL);
	expect_message(bob, "k");
	expect(bob, "{'queued':true,'duplicate':null}");
	send_to(carol, dave->pubkey, "k", NULL);
	expect(carol, "{'queued':true,'duplicate':null}");
}

TEST(without_an_id_every_send_is_new)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int i = 0; i < 3; i++) {
		say(alice, "{'type':'send','targetSpec':'%s','nonce':'','ciphertext':'','request_fingerprint':'f'}",
		    bob->pubkey);
		expect(alice, "{'queued':true,'duplicate':null}");
	}
	assert_int_equal(count(h->f, "message"), 3);
	assert_int_equal(engine_stats(h->engine).receipts, 0);
}

TEST(twenty_in_one_batch_are_one)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str first;

	forget(alice);
	hold(h);
	for (int i = 0; i < 20; i++)
		send_to(alice, bob->pubkey, "x", NULL);
	release(h);
	first = id_of(expect(alice, "{'queued':true,'duplicate':null}"));
	for (int i = 1; i < 20; i++)
		expect(alice, "{'messageId':'%.*s','queued':true,'duplicate':true}", STRF(first));
	ack_push(bob, expect_message(bob, "x"));
	expect_nothing(bob);
	assert_int_equal(count(h->f, "receipt"), 1);
}

TEST(it_is_known_after_a_restart)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	str first;

	send_to(alice, bob->pubkey, "x", NULL);
	first = id_of(expect(alice, "{'queued':true}"));
	restart(h);
	assert_int_equal(engine_stats(h->engine).receipts, 1);
	enter(alice, GREETING(0));
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'messageId':'%.*s','duplicate':true}", STRF(first));
	send_to(alice, "*", "x", NULL);
	expect(alice, "{'queued':false,'code':'invalid'}");
}

/* More than one page of the table. */
TEST(all_are_known_after_a_restart)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int i = 0; i < 5000; i += 500) {
		hold(h);
		for (int k = i; k < i + 500; k++)
			send_to(alice, bob->pubkey, text(a, "x%d", k).ptr, NULL);
		release(h);
		forget(alice);
	}
	restart(h);
	assert_int_equal(engine_stats(h->engine).receipts, 5000);
	enter(alice, GREETING(0));
	for (int i = 0; i < 5000; i += 499) {
		send_to(alice, bob->pubkey, text(a, "x%d", i).ptr, NULL);
		expect(alice, "{'duplicate':true}");
	}
}

TEST(what_was_not_stored_is_new_the_next_time)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int i = 0; i < 3; i++) {
		fail_commits(h, ERR_TRY_AGAIN);
		send_to(alice, bob->pubkey, "x", NULL);
		expect(alice, "{'queued':false,'code':'try_again'}");
	}
	/* Nor is it in memory for ever. */
	send_to(alice, bob->pubkey, "other", NULL);
	expect(alice, "{'queued':true,'duplicate':null}");
	advance(h, 2000);
	assert_int_equal(engine_stats(h->engine).receipts, 1);
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'queued':true,'duplicate':null}");
	assert_int_equal(count(h->f, "receipt"), 2);
}

/* The commit happened, its answer did not come. */
TEST(what_was_stored_after_all_is_not_stored_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	bool seen = false;

	db_fault(h->f->db, &h->f->plan);
	for (unsigned at = 1; at < 20; at++) {
		const char *id = text(a, "x%u", at).ptr;

		h->f->plan = (struct db_fault){ .fail_at = at, .code = ERR_TRY_AGAIN, .after = true };
		send_to(alice, bob->pubkey, id, NULL);
		h->f->plan = (struct db_fault){ 0 };
		expect(alice, "{'type':'ack'}");
		send_to(alice, bob->pubkey, id, NULL);
		seen = seen || json_get(expect(alice, "{'queued':true}"), S("duplicate"));
		assert_int_equal(count(h->f, "receipt"), at);
		assert_int_equal(count(h->f, "delivery"), at);
	}
	assert_true(seen);
}

/* What decides is in memory. */
TEST(d_36_a_new_message_reads_nothing)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	const char *targets[] = { bob->pubkey, bob->pubkey, "*" };

	send_to(alice, bob->pubkey, "first", NULL);
	db_fault(h->f->db, &h->f->plan);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		h->f->plan = (struct db_fault){ 0 };
		send_to(alice, targets[i], text(a, "x%zu", i).ptr, NULL);
		assert_int_equal(h->f->plan.calls, 6); /* begin, four rows (one in the audit log), commit */
	}
}

TEST(refusals_leave_nothing_and_have_a_budget)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	i64 refused;

	h->settings.rate_per_minute = 60;
	restart(h);
	enter(alice, GREETING(0));
	enter(bob, GREETING(0));
	forget_all(h);
	for (int i = 0; i < 10; i++) {
		send_to(alice, text(a, "%064d", i).ptr, "x", NULL);
		expect(alice, "{'queued':false,'code':'no_recipient'}");
	}
	for (int i = 0; i < 3; i++) {
		send_to(alice, text(a, "%064d", i).ptr, "x", NULL);
		expect(alice, "{'queued':false,'code':'rate_limit'}");
	}
	/* Not even what is no send at all. */
	say(alice, "{'type':'send','id':7}");
	expect(alice, "{'queued':false,'code':'rate_limit'}");
	assert_int_equal(count(h->f, "receipt"), 0);
	refused = engine_stats(h->engine).refused;
	assert_int_equal(refused, 14);
	/* Accepted ones have their own, repeats none, and a refused id is still free. */
	for (int i = 0; i < 10; i++) {
		send_to(alice, bob->pubkey, text(a, "x%d", i).ptr, NULL);
		expect(alice, "{'queued':true,'duplicate':null}");
		forget(bob);
	}
	for (int i = 0; i < 30; i++) {
		send_to(alice, bob->pubkey, "x1", NULL);
		expect(alice, "{'queued':true,'duplicate':true}");
	}
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'code':'rate_limit'}");
	/* A minute gives all of it back. */
	advance(h, 60000);
	forget_all(h);
	send_to(alice, text(a, "%064d", 1).ptr, "x", NULL);
	expect(alice, "{'code':'no_recipient'}");
	/* A limit of 0 is none. */
	h->settings.rate_per_minute = 0;
	restart(h);
	enter(alice, GREETING(0));
	for (int i = 0; i < 50; i++) {
		send_to(alice, text(a, "%064d", i).ptr, "y", NULL);
		expect(alice, "{'code':'no_recipient'}");
	}
}

/* Client ids are their senders' own. */
TEST(an_ack_that_may_mean_two_senders_ends_neither)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *carol = arrive(m, "carol"), *bob = arrive(m, "bob");
	const struct json *push;

	forget_all(h);
	send_to(alice, bob->pubkey, "same", NULL);
	send_to(carol, bob->pubkey, "same", NULL);
	push = expect(bob, "{'type':'push','senderName':'alice'}");
	expect(bob, "{'type':'push','senderName':'carol'}");
	say(bob, "{'type':'client_ack','clientMessageId':'same'}");
	expect(bob, "{'type':'error','code':'ambiguous','message':'*'}");
	assert_int_equal(count(h->f, "delivery"), 2);
	/* With the broker's id it is clear, and then the other one is. */
	say(bob, "{'type':'client_ack','clientMessageId':'same','brokerMessageId':'%.*s'}",
	    STRF(json_get_str(push, S("messageId"))));
	assert_int_equal(count(h->f, "delivery"), 1);
	say(bob, "{'type':'client_ack','clientMessageId':'same'}");
	assert_int_equal(count(h->f, "delivery"), 0);
	expect_nothing(bob);
}

TEST_MAIN("engine/repeat")
