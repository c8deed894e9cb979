/*
 * backlog_test.c - nobody can make the broker keep more than it was told to: not for one
 * recipient, not from one sender; and what memory counts is what is on disk.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* The engine starts anew with the settings as they are. */
static void set_up_again(struct house *h)
{
	store_now(h);
	engine_free(h->engine);
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
}

/* The daemon of the reference gives up on these words (wire-core.md 3.3). */
static void expect_full(struct peer *p, const char *id)
{
	const char *words[] = { "payload_too_large", "forbidden", "not_found", "invalid", "schema", "auth",
				"signature", "unknown", "not_authorized", "target_not_found" };
	str error = json_get_str(expect(p, "{'type':'ack','id':'%s','messageId':'','queued':false,"
					"'code':'full','error':'*'}", id), S("error"));

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_false(str_contains(error, str_from(words[i])));
	assert_true(str_contains(error, S("try again later")));
}

TEST(a_mailbox_takes_so_many_messages_and_no_more)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice, *bob, *carol;

	h->settings.mailbox_messages = 2;
	set_up_again(h);
	m = place(h, "team");
	alice = arrive(m, "alice");
	carol = arrive(m, "carol");
	bob = newcomer(m, "bob");
	forget_all(h);
	send_to(alice, bob->pubkey, "1", NULL);
	send_to(carol, bob->pubkey, "2", NULL);
	expect(alice, "{'queued':true}");
	expect(carol, "{'queued':true}");
	send_to(alice, bob->pubkey, "3", NULL);
	expect_full(alice, "3");
	send_to(alice, carol->pubkey, "4", NULL);
	expect(alice, "{'queued':true}");
	ack_push(carol, expect_message(carol, "4"));
	/* After a restart as before; what was acked is there, what was refused is not. */
	restart(h);
	enter(alice, GREETING(0));
	send_to(alice, bob->pubkey, "3", NULL);
	expect_full(alice, "3");
	assert_int_equal(count(h->f, "message"), 2);
	enter(bob, GREETING(0));
	forget(alice);
	ack_push(bob, expect_message(bob, "1"));
	send_to(alice, bob->pubkey, "3", NULL);
	expect(alice, "{'queued':true,'duplicate':null}");
	expect_message(bob, "2");
	expect_message(bob, "3");
	send_to(alice, bob->pubkey, "5", NULL);
	expect_full(alice, "5");
}

TEST(a_mailbox_takes_so_many_bytes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	send_to(alice, bob->pubkey, "1", NULL);
	expect(alice, "{'queued':true}");
	h->settings.mailbox_bytes = mesh_mailbox(h->engine->meshes, str_from(bob->pubkey))->backlog.bytes;
	assert_true(h->settings.mailbox_bytes > 100);
	restart(h);
	enter(alice, GREETING(0));
	send_to(alice, bob->pubkey, "2", NULL);
	expect_full(alice, "2");
}

TEST(a_sender_leaves_so_much_with_all_of_them)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice, *bob, *carol;

	h->settings.sender_messages = 2;
	set_up_again(h);
	m = place(h, "team");
	alice = arrive(m, "alice");
	bob = newcomer(m, "bob");
	carol = newcomer(m, "carol");
	send_to(alice, bob->pubkey, "1", NULL);
	expect(alice, "{'queued':true}");
	send_to(alice, carol->pubkey, "2", NULL);
	expect(alice, "{'queued':true}");
	send_to(alice, alice->pubkey, "own", NULL);
	expect(alice, "{'code':'no_recipient'}");
	send_to(alice, carol->pubkey, "3", NULL);
	expect_full(alice, "3");
	restart(h);
	enter(alice, GREETING(0));
	send_to(alice, bob->pubkey, "3", NULL);
	expect_full(alice, "3");
	/* Another sender is no concern of hers; and what ends is free again. */
	enter(carol, GREETING(0));
	ack_push(carol, expect_message(carol, "2"));
	send_to(carol, bob->pubkey, "c", NULL);
	expect(carol, "{'queued':true}");
	forget(alice);
	send_to(alice, bob->pubkey, "3", NULL);
	expect(alice, "{'queued':true}");
}

TEST(a_message_to_several_is_charged_once_to_its_sender)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol");
	struct mailbox *box;
	struct member *sender;

	forget_all(h);
	send_to(alice, "*", "1", NULL);
	box = mesh_mailbox(h->engine->meshes, str_from(bob->pubkey));
	sender = mesh_member(h->engine->meshes, str_from(alice->pubkey));
	assert_int_equal(sender->backlog.messages, 2);
	assert_int_equal(sender->backlog.bytes, 2 * (box->backlog.bytes / 2));
	ack_push(bob, expect_message(bob, "1"));
	assert_int_equal(box->backlog.messages, 0);
	assert_int_equal(sender->backlog.messages, 1);
	ack_push(carol, expect_message(carol, "1"));
	assert_int_equal(sender->backlog.messages, 0);
	assert_int_equal(sender->backlog.bytes, 0);
}

TEST(of_several_recipients_the_full_one_is_left_out_and_its_sender_told_why)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice, *bob, *carol;
	str id;

	h->settings.mailbox_messages = 1;
	set_up_again(h);
	m = place(h, "team");
	alice = stranger(m, "alice");
	join(alice);
	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	bob = arrive(m, "bob");
	carol = arrive(m, "carol");
	forget_all(h);
	send_to(alice, bob->pubkey, "1", NULL);
	expect(alice, "{'queued':true}");
	expect_message(bob, "1");
	send_to(alice, "*", "2", NULL);
	id = json_get_str(expect(alice, "{'type':'ack','queued':true,'recipients':1,'delivery':'live'}"),
			  S("messageId"));
	expect(alice, "{'type':'message_state','messageId':'%.*s','recipients':[{'name':'bob','state':'refused',"
	       "'status':'disconnected','reason':'too much waited for the recipient already'}]}", STRF(id));
	expect_message(carol, "2");
	expect_nothing(bob);
	say(alice, "{'type':'message_status','messageId':'%.*s'}", STRF(id));
	expect(alice, "{'type':'message_status_result','delivered':false,'recipients':[{'name':'bob',"
	       "'state':'refused'},{'name':'carol','state':'pushed'}]}");
	/* Nobody has room: it is accepted, and ends at once. */
	send_to(alice, "*", "3", NULL);
	expect(alice, "{'type':'ack','queued':true,'recipients':null,'delivery':'nobody'}");
	expect(alice, "{'type':'message_state'}");
	assert_int_equal(count(h->f, "message"), 2);
	send_to(alice, "*", "3", NULL);
	expect(alice, "{'type':'ack','queued':true,'duplicate':true}");
}

/* Each way for a delivery to end, to move or to be forgotten. */
TEST(what_is_counted_is_what_waits)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *one = newcomer(m, "bob"), *two = twin(one), *link = twin(one);

	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	send_to(alice, one->pubkey, "both", NULL);
	send_to(alice, one->session_pubkey, "first", NULL);
	send_to(alice, "*", "all", NULL);
	send_to(alice, two->pubkey, "more", "low");
	check_backlogs(h);
	lose(one);
	check_backlogs(h);
	lose(two);
	send_to(alice, one->pubkey, "member", NULL);
	check_backlogs(h);
	/* Both sessions end: copies of one message meet in the member's mailbox. */
	advance(h, 90000);
	check_backlogs(h);
	forget_all(h);
	enter(link, GREETING(0));
	while (pending(link))
		ack_push(link, expect(link, "{'type':'push'}"));
	check_backlogs(h);
	assert_int_equal(engine_stats(h->engine).waiting, 0);
	/* A commit that fails has moved nothing. */
	hang_up(link);
	send_to(alice, one->pubkey, "x", NULL);
	fail_commits(h, ERR_TRY_AGAIN);
	send_to(alice, one->pubkey, "y", NULL);
	fail_commits(h, 0);
	advance(h, 2000);
	assert_int_equal(engine_stats(h->engine).waiting, 1);
	check_backlogs(h);
	/* Expired on its way: the late ack ends nothing twice. */
	enter(link, GREETING(0));
	h->at.us += 8ll * 24 * 3600 * 1000000;
	advance(h, 60000);
	assert_int_equal(engine_stats(h->engine).waiting, 0);
	ack_push(link, expect_message(link, "x"));
	assert_int_equal(engine_stats(h->engine).waiting, 0);
	check_backlogs(h);
}

TEST_MAIN("engine/backlog")
