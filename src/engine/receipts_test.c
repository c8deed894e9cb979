/*
 * receipts_test.c - every delivery has a last word, and its sender can ask for it (B01).
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define DAY_MS ((i64)24 * 3600 * 1000)

static str id_of(const struct json *ack)
{
	return json_get_str(ack, S("messageId"));
}

static void ask(struct peer *p, str id, const char *pattern)
{
	say(p, "{'type':'message_status','messageId':'%.*s','_reqId':'r'}", STRF(id));
	expect(p, "%s", pattern);
}

/* Each state, as the sender sees it; the id is the ack's. */
TEST(d_25_a_direct_message_from_queued_to_delivered)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	const struct json *push;
	str id;

	send_to(alice, bob->pubkey, "x", NULL);
	id = id_of(expect(alice, "{'queued':true}"));
	ask(alice, id, text(a, "{'type':'message_status_result','messageId':'%.*s','id':'%.*s','targetSpec':'%s',"
	    "'delivered':false,'deliveredAt':null,'client_message_id':'x','_reqId':'r','recipients':[{'name':'bob',"
	    "'pubkey':'%s','memberId':'%s','status':'disconnected','state':'queued','at':null,'reason':null}]}",
	    STRF(id), STRF(id), bob->pubkey, bob->pubkey, bob->member_id).ptr);
	enter(bob, GREETING(0));
	forget(alice);
	push = expect_message(bob, "x");
	ask(alice, id, "{'delivered':false,'recipients':[{'status':'held','state':'pushed','at':null}]}");
	h->at.us += 5000000;
	ack_push(bob, push);
	ask(alice, id, "{'delivered':true,'deliveredAt':'*','recipients':[{'status':'delivered',"
	    "'state':'delivered','at':'*'}]}");
	restart(h);
	enter(alice, GREETING(0));
	ask(alice, str_of(id.ptr, 8), text(a, "{'messageId':'%.8s','id':'%.*s','delivered':true}", id.ptr,
					   STRF(id)).ptr);
}

/* It was on its way when its time was over: the first end stays, and is told once. */
TEST(an_ack_of_what_has_expired_changes_nothing)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob");
	const struct json *push;
	str id;

	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	send_to(alice, bob->pubkey, "x", NULL);
	id = id_of(expect(alice, "{'queued':true}"));
	advance(h, 7 * DAY_MS - 55000);
	advance(h, 40000);
	enter(bob, GREETING(0));
	push = expect_message(bob, "x");
	forget(alice);
	advance(h, 20000);
	expect(alice, "{'type':'message_state','recipients':[{'state':'expired'}]}");
	ack_push(bob, push);
	advance(h, 60);
	expect_nothing(alice);
	ask(alice, id, "{'delivered':false,'recipients':[{'state':'expired'}]}");
	check_backlogs(h);
}

TEST(a_connection_that_never_acks_counts_when_written)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	str id;

	enter(bob, GREETING(.capabilities = "[]"));
	forget(alice);
	send_to(alice, bob->pubkey, "x", NULL);
	id = id_of(expect(alice, "{'queued':true}"));
	written(bob, bob->first->mark);
	ask(alice, id, "{'delivered':true,'recipients':[{'state':'delivered'}]}");
}

/* D-40: the reference tells everybody. */
TEST(others_do_not_learn_that_a_message_exists)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *elsewhere = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol");
	struct peer *dave = arrive(elsewhere, "dave");
	str id, both;

	forget_all(h);
	send_to(alice, bob->pubkey, "x", NULL);
	id = id_of(expect(alice, "{'queued':true}"));
	ack_push(bob, expect_message(bob, "x"));
	send_to(alice, "*", "y", NULL);
	both = id_of(expect(alice, "{'queued':true,'recipients':2}"));
	forget_all(h);
	ask(carol, id, "{'type':'error','code':'not_found','message':'message not found','_reqId':'r'}");
	ask(dave, id, "{'type':'error','code':'not_found'}");
	ask(dave, str_of(id.ptr, 8), "{'type':'error','code':'not_found'}");
	/* A recipient sees itself, and not the sender's own id. */
	ask(bob, id, "{'delivered':true,'client_message_id':null,'recipients':[{'name':'bob'}]}");
	ask(bob, both, "{'recipients':[{'name':'bob','state':'pushed'}]}");
	ask(alice, both, "{'delivered':false,'recipients':[{'name':'bob'},{'name':'carol'}]}");
	ask(alice, S("zzzzzzzzzz"), "{'type':'error','code':'not_found'}");
}

TEST(a_prefix_is_ambiguous_among_what_the_caller_may_see)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol");
	str first, start;

	forget_all(h);
	hold(h);
	send_to(alice, bob->pubkey, "1", NULL);
	send_to(alice, carol->pubkey, "2", NULL);
	release(h);
	first = id_of(expect(alice, "{'queued':true}"));
	start = str_of(first.ptr, 8);
	assert_true(str_starts(id_of(expect(alice, "{'queued':true}")), start));
	forget_all(h);
	ask(alice, start, "{'type':'error','code':'ambiguous_prefix',"
	    "'message':'prefix matched 2 messages \xe2\x80\x94 use a longer id','_reqId':'r'}");
	ask(bob, start, text(a, "{'id':'%.*s'}", STRF(first)).ptr);
	ask(alice, first, text(a, "{'id':'%.*s'}", STRF(first)).ptr);
}

TEST(what_is_no_id_is_told)
{
	ARENA;
	struct peer *alice = arrive(place(house(a), "team"), "alice");
	static const struct { const char *id; int len; } cases[] = {
		{ "", 0 }, { "abcdefg", 7 }, { "abcdefg%", 8 }, { "abcdefgh_", 9 },
		{ "000000000000000000000000000000000", 33 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(alice, "{'type':'message_status','messageId':'%s','_reqId':'r'}", cases[i].id);
		expect(alice, "{'type':'error','code':'invalid_argument','_reqId':'r',"
		       "'message':'messageId must be 8-32 base62 chars (got %d)'}", cases[i].len);
	}
	say(alice, "{'type':'message_status','_reqId':'r'}");
	expect(alice, "{'code':'invalid_argument'}");
}

/* Nothing stays for ever. */
TEST(d_37_what_nobody_comes_for_expires_and_says_so)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	str id;

	send_to(alice, bob->pubkey, "x", NULL);
	id = id_of(expect(alice, "{'queued':true}"));
	advance(h, 7 * DAY_MS - 60000);
	ask(alice, id, "{'recipients':[{'state':'queued'}]}");
	advance(h, 120000);
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(count(h->f, "delivery"), 0);
	assert_int_equal(engine_stats(h->engine).expired, 1);
	ask(alice, id, "{'delivered':false,'recipients':[{'state':'expired','status':'disconnected','at':'*',"
	    "'reason':'nobody came for it in 7 days'}]}");
	/* The id is known for 30 days, and then it is not. */
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'duplicate':true}");
	advance(h, 23 * DAY_MS + 600000);
	assert_int_equal(count(h->f, "receipt"), 0);
	assert_int_equal(count(h->f, "receipt_end"), 0);
	assert_int_equal(engine_stats(h->engine).receipts_pruned, 1);
	ask(alice, id, "{'type':'error','code':'not_found'}");
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'queued':true,'duplicate':null}");
}

TEST(more_than_one_sweep_takes_goes_soon)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int i = 0; i < 5; i++) {
		hold(h);
		for (int k = 0; k < 500; k++)
			send_to(alice, bob->pubkey, text(a, "x%d-%d", i, k).ptr, NULL);
		release(h);
		forget(alice);
	}
	advance(h, 7 * DAY_MS + 60000);
	advance(h, 50);
	advance(h, 50);
	assert_int_equal(engine_stats(h->engine).expired, 2500);
	assert_int_equal(count(h->f, "message"), 0);
	advance(h, 23 * DAY_MS + 300000);
	advance(h, 50);
	advance(h, 50);
	assert_int_equal(count(h->f, "receipt"), 0);
	/* Memory is put away as it would be for any other reason, and that is dropped. */
	for (int i = 0; i < 40; i++)
		advance(h, i == 20 ? 300000 : 50);
	assert_int_equal(engine_stats(h->engine).receipts, 0);
	assert_int_equal(count(h->f, "receipt_key"), 0);
}

TEST(who_was_removed_gets_nothing_more)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	str id;

	send_to(alice, bob->pubkey, "x", NULL);
	id = id_of(expect(alice, "{'queued':true}"));
	assert_ok(db_begin(h->f->db, a));
	assert_ok(db_exec(h->f->db, a, S("UPDATE member SET revoked_ms = 5 WHERE name = 'bob'")));
	assert_ok(db_commit(h->f->db, a));
	restart(h);
	enter(alice, GREETING(0));
	ask(alice, id, "{'delivered':false,'recipients':[{'name':'bob','state':'revoked',"
	    "'reason':'the recipient was removed from the mesh'}]}");
	assert_int_equal(count(h->f, "message"), 0);
}

/* ---- told without asking ---- */

TEST(who_asked_is_told_when_it_ends)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *mute = twin(alice);
	struct peer *bob = arrive(m, "bob"), *carol = arrive(m, "carol"), *eve = arrive(m, "eve");
	const struct json *first, *second;
	str id;

	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	enter(mute, GREETING(.session_id = "2"));
	forget_all(h);
	send_to(alice, "*", "x", NULL);
	id = id_of(expect(alice, "{'recipients':3}"));
	first = expect_message(bob, "x");
	second = expect_message(carol, "x");
	hold(h);
	ack_push(bob, first);
	ack_push(carol, second);
	release(h);
	/* Not before it is stored. */
	advance(h, 49);
	expect_nothing(alice);
	advance(h, 1);
	/* Both in one frame. */
	expect(alice, "{'type':'message_state','messageId':'%.*s','client_message_id':'x','recipients':["
	       "{'name':'bob','memberId':'%s','state':'delivered','at':'*'},"
	       "{'name':'carol','memberId':'%s','state':'delivered','at':'*'}]}", STRF(id), bob->member_id,
	       carol->member_id);
	expect_nothing(alice);
	expect_nothing(mute);
	/* From any send on a connection may ask, too. */
	say(mute, "{'type':'send','targetSpec':'%s','nonce':'','ciphertext':'','wantReceipt':true}", bob->pubkey);
	expect(mute, "{'queued':true}");
	ack_push(bob, expect(bob, "{'type':'push'}"));
	advance(h, 50);
	expect(mute, "{'type':'message_state','client_message_id':null,'recipients':[{'name':'bob'}]}");
	expect(alice, "{'type':'message_state'}");
	ack_push(eve, expect_message(eve, "x"));
	advance(h, 50);
	expect(mute, "{'type':'message_state','messageId':'%.*s','recipients':[{'name':'eve'}]}", STRF(id));
	expect_nothing(bob);
	expect_nothing(carol);
}

TEST(what_is_told_is_bounded_and_the_rest_can_be_asked_for)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = arrive(m, "bob");
	str id = STR_NONE;

	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	forget_all(h);
	for (int i = 0; i < STATES_BURST + 5; i++) {
		const char *name = text(a, "x%d", i).ptr;

		forget(alice);
		send_to(alice, bob->pubkey, name, NULL);
		id = id_of(expect(alice, "{'queued':true}"));
		ack_push(bob, expect_message(bob, name));
		store_now(h);
	}
	assert_int_equal(engine_stats(h->engine).states, STATES_BURST);
	assert_int_equal(engine_stats(h->engine).states_dropped, 5);
	ask(alice, id, "{'delivered':true}");
	advance(h, 1000);
	forget(alice);
	send_to(alice, bob->pubkey, "later", NULL);
	expect(alice, "{'queued':true}");
	ack_push(bob, expect_message(bob, "later"));
	advance(h, 1000);
	expect(alice, "{'type':'message_state','client_message_id':'later'}");
}

TEST(who_asked_is_told_of_expiry)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob");

	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'queued':true}");
	advance(h, 7 * DAY_MS + 60000);
	expect(alice, "{'type':'message_state','client_message_id':'x','recipients':[{'name':'bob',"
	       "'state':'expired','reason':'nobody came for it in 7 days'}]}");
}

TEST(nobody_is_told_what_was_not_stored)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = arrive(m, "bob");

	enter(alice, GREETING(.capabilities = "['client_ack','receipts']"));
	forget_all(h);
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'queued':true}");
	fail_commits(h, ERR_TRY_AGAIN);
	ack_push(bob, expect_message(bob, "x"));
	advance(h, 50);
	expect_nothing(alice);
	forget(bob);
	advance(h, 1000);
	ack_push(bob, expect_message(bob, "x"));
	advance(h, 50);
	expect(alice, "{'type':'message_state','recipients':[{'state':'delivered'}]}");
	assert_int_equal(count(h->f, "receipt_end"), 1);
}

static bool file_holds(struct house *h, const char *suffix, str what)
{
	enum { FILE_MAX = 8 << 20 };
	FILE *f = fopen(arena_printf(h->a, "%.*s%s", STRF(h->f->where), suffix).ptr, "rb");
	char *all = arena_alloc(h->a, FILE_MAX);
	size_t n;

	if (!f)
		return false;
	n = fread(all, 1, FILE_MAX, f);
	fclose(f);
	assert_true(n < FILE_MAX);
	return str_contains(str_of(all, n), what);
}

/* Bodies of direct messages are nowhere once the last recipient has them. */
TEST(a_delivered_body_is_not_in_the_file)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol");
	str body = S("VGhlIGVhZ2xlIGhhcyBsYW5kZWQgdGhyZWUgdGltZXMh");
	const struct json *first, *second;

	if (!test_is("file"))
		return;
	forget_all(h);
	say(alice, "{'type':'send','targetSpec':'*','nonce':'','ciphertext':'%.*s'}", STRF(body));
	first = expect(bob, "{'type':'push'}");
	second = expect(carol, "{'type':'push'}");
	ack_push(bob, first);
	store_now(h);
	assert_ok(db_exec(h->f->db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	assert_true(file_holds(h, "", body));
	ack_push(carol, second);
	store_now(h);
	assert_ok(db_exec(h->f->db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	assert_false(file_holds(h, "", body));
	assert_false(file_holds(h, "-wal", body));
	assert_ok(db_exec(h->f->db, a, S("VACUUM")));
	assert_false(file_holds(h, "", body));
	assert_false(file_holds(h, "-wal", body));
}

TEST_MAIN("engine/receipts")
