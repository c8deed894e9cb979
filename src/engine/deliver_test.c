#include "engine/harness_test.h"

#include "crypto/encode.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define NO_RECIPIENT "no connected peer for target (not online, or targetSpec is your own key without another session)"

static void set_up_again(struct house *h)
{
	store_now(h);
	engine_free(h->engine);
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
}

TEST(a_push_says_all_about_its_sender)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive_session(m, "alice"), *bob = arrive_session(m, "bob");
	const char *targets[] = { bob->pubkey, bob->session_pubkey, "*" };
	char fingerprint[65] = "";

	memset(fingerprint, 'f', 64);
	forget(alice);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		say(alice, "{'type':'send','id':'x','client_message_id':'c%zu','request_fingerprint':'%s',"
		    "'targetSpec':'%s','nonce':'bm9uY2U=','ciphertext':'dGV4dA==','replyToId':'r1'}", i,
		    fingerprint, targets[i]);
		expect(alice, "{'type':'ack','id':'x','messageId':'*','queued':true,'delivery':'live',"
		       "'recipients':1,'error':null,'code':null}");
		expect(bob, "{'type':'push','messageId':'*','meshId':'%s','senderPubkey':'%s',"
		       "'senderMemberPubkey':'%s','senderMemberId':'%s','senderName':'alice',"
		       "'priority':'next','nonce':'bm9uY2U=','ciphertext':'dGV4dA==',"
		       "'createdAt':'2023-11-14T22:13:21.002Z','client_message_id':'c%zu',"
		       "'request_fingerprint':'%s','replyToId':'r1','topic':null,'subtype':null,"
		       "'event':null,'eventData':null}", m->id, alice->session_pubkey, alice->pubkey,
		       alice->member_id, i, fingerprint);
	}
	expect_nothing(bob);
}

TEST(times_do_not_depend_on_the_zone)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	setenv("TZ", "America/New_York", 1);
	tzset();
	forget(alice);
	lose(bob);
	send_to(alice, bob->pubkey, "x", NULL);
	enter(bob, GREETING(0));
	expect(bob, "{'createdAt':'2023-11-14T22:13:21.002Z'}");
	unsetenv("TZ");
	tzset();
}

TEST(ids_are_32_characters_and_rise)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str last = S("");

	forget(alice);
	for (int i = 0; i < 50; i++) {
		str id;

		send_to(alice, bob->pubkey, text(a, "x%d", i).ptr, NULL);
		id = json_get_str(expect(alice, "{'type':'ack','queued':true}"), S("messageId"));
		assert_true(id.len == ID_LEN && id_is_prefix(id, ID_LEN));
		assert_true(str_cmp(id, last) > 0);
		last = id;
	}
}

TEST(a_message_waits_for_who_is_away)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	send_to(alice, bob->pubkey, "1", NULL);
	expect(alice, "{'queued':true,'delivery':'stored','recipients':1}");
	send_to(alice, bob->pubkey, "2", NULL);
	forget(alice);
	restart(h);
	enter(bob, GREETING(0));
	ack_push(bob, expect_message(bob, "1"));
	ack_push(bob, expect_message(bob, "2"));
	expect_nothing(bob);
	/* Acked is gone, for good. */
	restart(h);
	enter(bob, GREETING(0));
	expect_nothing(bob);
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(count(h->f, "delivery"), 0);
}

TEST(requiring_a_connection_refuses_in_the_reference_words)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int refuse = 0; refuse < 2; refuse++) {
		h->settings.refuse_offline = refuse;
		set_up_again(h);
		enter(alice, GREETING(0));
		say(alice, "{'type':'send','id':'q','targetSpec':'%s','nonce':'','ciphertext':''%s}", bob->pubkey,
		    refuse ? "" : ",'requireConnected':true");
		expect(alice, "{'type':'ack','id':'q','messageId':'','queued':false,'code':'no_recipient',"
		       "'error':'" NO_RECIPIENT "'}");
		assert_int_equal(count(h->f, "message"), 0);
		/* In grace counts as connected, as with the reference. */
		enter(bob, GREETING(0));
		lose(bob);
		say(alice, "{'type':'send','targetSpec':'%s','nonce':'','ciphertext':'','requireConnected':true}",
		    bob->pubkey);
		expect(alice, "{'type':'push'}");
		expect(alice, "{'type':'ack','id':'','queued':true,'delivery':'held'}");
		enter(bob, GREETING(0));
		ack_push(bob, expect(bob, "{'type':'push'}"));
		hang_up(bob);
		forget_all(h);
	}
}

TEST(refused_sends_are_acked_with_reason_and_leave_nothing)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	const struct { const char *frame, *code, *error; } cases[] = {
		{ "'targetSpec':'SELF','nonce':'','ciphertext':''", "no_recipient", NO_RECIPIENT },
		{ "'targetSpec':'nobody','nonce':'','ciphertext':''", "no_recipient", NO_RECIPIENT },
		{ "'targetSpec':'#nowhere','nonce':'','ciphertext':''", "topic_not_found", "*" },
		{ "'targetSpec':'@','nonce':'','ciphertext':''", "invalid", "*" },
		{ "'targetSpec':'@x\\u0027y','nonce':'','ciphertext':''", "invalid", "*" },
		{ "'targetSpec':'*','nonce':'','ciphertext':'a'", "invalid", "invalid: ciphertext is not base64" },
		{ "'targetSpec':'*','nonce':'','ciphertext':'YR=='", "invalid", "invalid: ciphertext is not base64" },
		{ "'targetSpec':'*','nonce':'','ciphertext':'YQ'", "invalid", "invalid: ciphertext is not base64" },
		{ "'targetSpec':'*','nonce':'_-8=','ciphertext':''", "invalid", "invalid: nonce is not base64" },
		{ "'targetSpec':'*','nonce':''", "invalid", "*" },
		{ "'targetSpec':'*','nonce':null,'ciphertext':''", "invalid", "*" },
		{ "'nonce':'','ciphertext':''", "invalid", "*" },
		{ "'targetSpec':'','nonce':'','ciphertext':''", "invalid", "*" },
		{ "'targetSpec':7,'nonce':'','ciphertext':''", "invalid", "*" },
		{ "'targetSpec':'*','nonce':'','ciphertext':'','priority':'urgent'", "invalid", "*" },
		{ "'targetSpec':'*','nonce':'','ciphertext':'','client_message_id':''", "invalid", "*" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str members = text(a, "%s", cases[i].frame);
		char *self = strstr(arena_cstr(a, members), "SELF");

		if (self)
			members = text(a, "'targetSpec':'%s','nonce':'','ciphertext':''", alice->pubkey);
		say(alice, "{'type':'send','id':'x',%.*s}", STRF(members));
		expect(alice, "{'type':'ack','id':'x','messageId':'','queued':false,'code':'%s','error':'%s'}",
		       cases[i].code, cases[i].error);
		expect_nothing(alice);
	}
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(engine_stats(h->engine).accepted, 0);
}

/* The daemon of the reference gives up on these words only (wire-core.md 3.3). */
TEST(permanent_refusals_say_invalid_and_transient_ones_no_word_of_the_lists)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	const char *words[] = { "payload_too_large", "forbidden", "not_found", "invalid", "schema", "auth",
				"signature", "unknown", "not_authorized", "target_not_found" };
	str error;

	forget_all(h);
	say(alice, "{'type':'send','targetSpec':'*','nonce':5,'ciphertext':''}");
	error = json_get_str(expect(alice, "{'queued':false,'error':'*'}"), S("error"));
	assert_true(str_contains(error, S("invalid")));
	fail_commits(h, ERR_TRY_AGAIN);
	send_to(alice, bob->pubkey, "x", NULL);
	error = json_get_str(expect(alice, "{'type':'ack','id':'x','queued':false,'code':'try_again'}"), S("error"));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_false(str_contains(error, str_from(words[i])));
	assert_true(error.len > 0);
}

TEST(a_message_over_the_limit_is_refused_politely_and_costs_no_token)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	char *big = arena_alloc(a, 70000);

	h->settings.rate_per_minute = 60;
	set_up_again(h);
	enter(alice, GREETING(0));
	enter(bob, GREETING(0));
	forget_all(h);
	memset(big, 'A', 65536);
	for (int i = 0; i < 10; i++) {
		big[65536 - 64 + 4] = 0;
		say(alice, "{'type':'send','targetSpec':'%s','nonce':'','ciphertext':'%s'}", bob->pubkey, big);
		expect(alice, "{'code':'too_large','queued':false,"
		       "'error':'payload too large: 65540 bytes > MAX_MESSAGE_BYTES=65536 (invalid)'}");
	}
	/* Refusals have a budget of their own, as large. */
	say(alice, "{'type':'send','targetSpec':'%s','nonce':'','ciphertext':'%s'}", bob->pubkey, big);
	expect(alice, "{'code':'rate_limit','queued':false,"
	       "'error':'rate_limit: max 60 msg/min (burst 10) \xe2\x80\x94 slow down'}");
	big[65536 - 64] = 0;
	say(alice, "{'type':'send','targetSpec':'%s','nonce':'','ciphertext':'%s'}", bob->pubkey, big);
	expect(alice, "{'queued':true}");
}

TEST(a_member_sends_so_many_and_then_as_many_as_are_refilled)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *other = twin(alice), *bob = newcomer(m, "bob");

	h->settings.rate_per_minute = 60;
	h->settings.rate_burst = 10;
	set_up_again(h);
	enter(alice, GREETING(.session_id = "1"));
	enter(other, GREETING(.session_id = "2"));
	for (int i = 0; i < 10; i++)
		send_to(i % 2 ? alice : other, bob->pubkey, text(a, "x%d", i).ptr, NULL);
	forget_all(h);
	for (int i = 0; i < 3; i++) {
		send_to(alice, bob->pubkey, "y", NULL);
		expect(alice, "{'queued':false,'code':'rate_limit',"
		       "'error':'rate_limit: max 60 msg/min (burst 10) \xe2\x80\x94 slow down'}");
	}
	for (int i = 0; i < 5; i++) {
		h->at.us += 1000000;
		send_to(alice, bob->pubkey, text(a, "y%d", i).ptr, NULL);
		expect(alice, "{'queued':true,'duplicate':null}");
		send_to(other, bob->pubkey, "z", NULL);
		expect(other, "{'code':'rate_limit'}");
	}
	/* Not charged for what was not stored. */
	h->at.us += 1000000;
	fail_commits(h, ERR_TRY_AGAIN);
	send_to(alice, bob->pubkey, "z", NULL);
	expect(alice, "{'code':'try_again'}");
	send_to(alice, bob->pubkey, "z", NULL);
	expect(alice, "{'queued':true,'duplicate':null}");
}

TEST(ones_own_key_reaches_the_other_sessions_only)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *link = newcomer(m, "alice"), *one = twin(link), *two = twin(link);

	enter(link, GREETING(0));
	enter(one, GREETING(.session = true, .session_id = "1"));
	forget(link);
	send_to(one, link->pubkey, "x", NULL);
	expect(one, "{'code':'no_recipient','error':'" NO_RECIPIENT "'}");
	send_to(one, one->session_pubkey, "x", NULL);
	expect(one, "{'code':'no_recipient'}");
	enter(two, GREETING(.session = true, .session_id = "2"));
	forget_all(m->house);
	send_to(one, link->pubkey, "y", NULL);
	expect(one, "{'queued':true,'delivery':'live','recipients':1}");
	expect_message(two, "y");
	send_to(link, two->session_pubkey, "z", NULL);
	expect(link, "{'queued':true}");
	expect_message(two, "z");
	expect_nothing(one);
	expect_nothing(link);
}

TEST(what_one_sent_to_an_own_session_that_ended_is_not_lost)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *one = newcomer(m, "alice"), *two = twin(one), *three = twin(one), *link = twin(one);
	struct peer *bob = arrive(m, "bob");

	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	say(two, "{'type':'set_status','status':'dnd'}");
	forget_all(m->house);
	send_to(one, two->session_pubkey, "own", NULL);
	expect(one, "{'delivery':'held'}");
	hang_up(two);
	expect(one, "{'event':'peer_left'}");
	expect_nothing(one);
	hang_up(one);
	/* The member link would drop it without a word, so it only gets what others sent. */
	send_to(bob, one->pubkey, "foreign", NULL);
	enter(link, GREETING(.session_id = "link"));
	expect_message(link, "foreign");
	expect_nothing(link);
	enter(one, GREETING(.session = true, .session_id = "1"));
	forget(link);
	expect_nothing(one);
	enter(three, GREETING(.session = true, .session_id = "3"));
	expect_nothing(three); /* the oldest session takes */
	lose(one);
	expect_message(three, "own");
}

TEST(a_member_is_reached_at_its_sessions_first)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *link = newcomer(m, "alice"), *s1 = twin(link), *s2 = twin(link);

	enter(link, GREETING(0));
	send_to(bob, link->pubkey, "a", NULL);
	ack_push(link, expect_message(link, "a"));
	enter(s1, GREETING(.session = true, .session_id = "1"));
	enter(s2, GREETING(.session = true, .session_id = "2"));
	forget_all(m->house);
	send_to(bob, link->pubkey, "b", NULL);
	expect(bob, "{'recipients':2}");
	expect_message(s1, "b");
	expect_message(s2, "b");
	expect_nothing(link);
	send_to(bob, s1->session_pubkey, "c", NULL);
	expect_message(s1, "c");
	expect_nothing(s2);
	expect_nothing(link);
}

TEST(d_28_an_old_session_key_still_reaches_the_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *next = twin(alice);

	hang_up(alice);
	forget(bob);
	send_to(bob, alice->session_pubkey, "a", NULL);
	expect(bob, "{'queued':true,'delivery':'stored'}");
	restart(h);
	enter(bob, GREETING(0));
	send_to(bob, alice->session_pubkey, "b", NULL);
	enter(next, GREETING(.session = true));
	expect_message(next, "a");
	expect_message(next, "b");
	expect_nothing(next);
}

TEST(a_session_that_comes_back_after_a_restart_finds_its_mailbox)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *other = twin(alice);

	lose(alice);
	send_to(bob, alice->session_pubkey, "a", NULL);
	restart(h);
	enter(other, GREETING(.session = true, .session_id = "other"));
	expect_nothing(other);
	enter(alice, GREETING(.session = true));
	forget(other);
	expect_message(alice, "a");
	advance(h, 29000);
	expect_nothing(other);
}

TEST(a_mailbox_whose_session_never_returns_goes_to_the_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *other = twin(alice);

	lose(alice);
	send_to(bob, alice->session_pubkey, "a", NULL);
	restart(h);
	enter(other, GREETING(.session = true, .session_id = "other"));
	advance(h, 89000);
	expect_nothing(other);
	advance(h, 1000);
	expect_message(other, "a");
	/* The same without a restart: grace ends. */
	say(other, "{'type':'client_ack','clientMessageId':'a'}");
	enter(alice, GREETING(.session = true));
	lose(alice);
	enter(bob, GREETING(0));
	forget(other);
	send_to(bob, alice->session_pubkey, "b", NULL);
	advance(h, 89998);
	expect_nothing(other);
	advance(h, 1);
	expect_message(other, "b");
}

TEST(d_05_a_push_without_ack_comes_again_after_its_lease)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");

	send_to(alice, bob->pubkey, "1", NULL);
	advance(h, 10000);
	send_to(alice, bob->pubkey, "2", NULL);
	expect_message(bob, "1");
	ack_push(bob, expect_message(bob, "2"));
	advance(h, 19999);
	expect_nothing(bob);
	advance(h, 1);
	expect_message(bob, "1");
	advance(h, 30000);
	ack_push(bob, expect_message(bob, "1"));
	advance(h, 600000);
	expect_nothing(bob);
	assert_int_equal(count(h->f, "message"), 0);
}

TEST(an_unacked_push_goes_to_the_next_connection_that_is_there)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *one = newcomer(m, "alice"), *two = twin(one);

	enter(one, GREETING(.session_id = "1"));
	enter(two, GREETING(.session_id = "2"));
	send_to(bob, one->pubkey, "x", NULL);
	expect_message(one, "x");
	lose(one);
	expect_message(two, "x");
	/* Only who got it can ack it (D-13). */
	enter(one, GREETING(.session_id = "1"));
	say(one, "{'type':'client_ack','clientMessageId':'x'}");
	advance(h, 30000);
	assert_int_equal(pending(one) + pending(two), 1);
}

TEST(d_07_coming_back_in_grace_gets_everything_at_once)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");

	send_to(alice, bob->session_pubkey, "before", NULL);
	lose(bob);
	forget(bob);
	send_to(alice, bob->session_pubkey, "1", "low");
	send_to(alice, bob->pubkey, "2", NULL);
	send_to(alice, "*", "3", NULL);
	advance(h, 1000);
	enter(bob, GREETING(.session = true));
	expect_message(bob, "before");
	expect_message(bob, "2");
	expect_message(bob, "3");
	expect_message(bob, "1");
	expect_nothing(bob);
}

TEST(d_05_what_is_held_goes_out_when_the_status_lets_it)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");
	const char *closed[] = { "working", "dnd" };

	for (int i = 0; i < 2; i++) {
		const char *low = text(a, "low%d", i).ptr, *now = text(a, "now%d", i).ptr;
		const char *next1 = text(a, "next1%d", i).ptr, *next2 = text(a, "next2%d", i).ptr;

		say(bob, "{'type':'set_status','status':'%s'}", closed[i]);
		forget_all(m->house);
		send_to(alice, bob->pubkey, low, "low");
		expect(alice, "{'queued':true,'delivery':'held'}");
		send_to(alice, bob->pubkey, next1, "next");
		send_to(alice, bob->pubkey, now, "now");
		send_to(alice, bob->pubkey, next2, NULL);
		ack_push(bob, expect_message(bob, now));
		advance(m->house, STATUS_TTL_MS - 1);
		expect_nothing(bob);
		say(bob, "{'type':'set_status','status':'idle'}");
		ack_push(bob, expect_message(bob, next1));
		ack_push(bob, expect_message(bob, next2));
		ack_push(bob, expect_message(bob, low));
		expect_nothing(bob);
	}
}

TEST(d_42_what_waits_is_ordered_by_priority_then_by_acceptance)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	const char *order[] = { "now1", "now2", "next1", "next2", "low1", "low2" };

	for (int i = 1; i <= 2; i++) {
		send_to(alice, bob->pubkey, i == 1 ? "low1" : "low2", "low");
		send_to(alice, bob->pubkey, i == 1 ? "next1" : "next2", "next");
		send_to(alice, bob->pubkey, i == 1 ? "now1" : "now2", "now");
	}
	restart(h);
	enter(bob, GREETING(0));
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		expect_message(bob, order[i]);
}

TEST(client_ack_ends_what_was_pushed_to_this_connection_only)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *mallory = arrive(m, "mallory");
	str id;

	forget_all(h);
	send_to(alice, bob->pubkey, "x", NULL);
	id = json_get_str(expect_message(bob, "x"), S("messageId"));
	say(mallory, "{'type':'client_ack','clientMessageId':'x','brokerMessageId':'%.*s'}", STRF(id));
	say(mallory, "{'type':'client_ack','clientMessageId':'x'}");
	/* Nor does a wrong, empty or absent id end anything. */
	say(bob, "{'type':'client_ack','brokerMessageId':'%.*sx'}", STRF(id));
	say(bob, "{'type':'client_ack','clientMessageId':'','brokerMessageId':''}");
	say(bob, "{'type':'client_ack'}");
	advance(h, 30000);
	expect_message(bob, "x");
	say(bob, "{'type':'client_ack','clientMessageId':'x'}");
	advance(h, 30000);
	expect_nothing(bob);
	expect_nothing(mallory);
}

TEST(a_message_ends_after_seven_days)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	send_to(alice, bob->pubkey, "x", NULL);
	advance(h, 7 * 24 * 3600 * 1000ll + 60000);
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(count(h->f, "delivery"), 0);
	enter(bob, GREETING(0));
	expect_nothing(bob);
}

TEST(acks_come_in_the_order_of_the_sends)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	hold(h);
	for (int i = 0; i < 100; i++)
		say(alice, "{'type':'send','id':'%d','targetSpec':'%s','nonce':'','ciphertext':'%s'}", i,
		    bob->pubkey, i % 3 ? "" : "x");
	release(h);
	for (int i = 0; i < 100; i++)
		expect(alice, "{'type':'ack','id':'%d'}", i);
	assert_int_equal(pending(bob), 66);
}

TEST_MAIN("engine/deliver")
