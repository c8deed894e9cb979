/*
 * grant_keep_test.c - what is kept of grants and of what they held back, and what is no grant.
 */
#include "engine/grant.h"

#include "engine/grant_harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(grants_and_what_was_dropped_last)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	grant(bob, alice->pubkey, "['broadcast','read']");
	send_to(alice, bob->pubkey, "1", NULL);
	advance(h, 5000);
	restart(h);
	enter(alice, GREETING(0));
	enter(bob, GREETING(0));
	forget_all(h);
	send_to(alice, bob->pubkey, "2", NULL);
	expect_nothing(bob);
	say(bob, "{'type':'grants_get','_reqId':'r'}");
	expect(bob, "{'type':'grants','_reqId':'r','grants':{'%s':['read','broadcast']},"
		    "'defaults':['read','dm','broadcast','state-read'],"
		    "'dropped':[{'pubkey':'%s','name':'alice','memberId':'%s','capability':'dm','count':2,'lastAt':'*'}]}",
	       alice->pubkey, alice->pubkey, alice->member_id);
	say(alice, "{'type':'grants_get'}");
	forget(alice);
	assert_int_equal(engine_stats(h->engine).grant_drops[0], 1);
}

TEST(grants_that_were_not_stored_are_none)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	fail_commits(h, ERR_TRY_AGAIN);
	say(bob, "{'type':'grants_set','grants':{'%s':[]},'_reqId':'g'}", alice->pubkey);
	expect(bob, "{'type':'error','code':'try_again'}");
	fail_commits(h, 0);
	send_to(alice, bob->pubkey, "x", NULL);
	expect_message(bob, "x");
}

TEST(only_grants_are_taken)
{
	static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	static const struct { const char *grants, *text; } cases[] = {
		{ "'x'", "an object of public keys" },
		{ "[]", "an object of public keys" },
		{ "{'abc':[]}", "is no public key" },
		{ "{'':[]}", "is no public key" },
		{ "{'zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff':[]}", "is no public key" },
		{ "{'00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff':[]}", "lower case" },
		{ "{'KEY':'dm'}", "neither a list nor null" },
		{ "{'KEY':{}}", "neither a list nor null" },
		{ "{'KEY':['dms']}", "did you mean 'dm'" },
		{ "{'KEY':['state_read']}", "did you mean 'state-read'" },
		{ "{'KEY':[1]}", "there is no capability" },
		{ "{'KEY':['dm',null]}", "there is no capability" },
		{ "{'KEY':[],'OWN':[]}", "is your own key" },
	};
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str given = text(a, "%s", cases[i].grants);
		str error;
		char *at;

		while ((at = memmem(given.ptr, given.len, "KEY", 3)))
			given = arena_printf(a, "%.*s%s%s", (int)(at - given.ptr), given.ptr, key, at + 3);
		while ((at = memmem(given.ptr, given.len, "OWN", 3)))
			given = arena_printf(a, "%.*s%s%s", (int)(at - given.ptr), given.ptr, bob->pubkey, at + 3);
		forget(bob);
		say_raw(bob, arena_printf(a, "{\"type\":\"grants_set\",\"grants\":%.*s}", STRF(given)));
		error = json_get_str(expect(bob, "{'type':'error','code':'invalid'}"), S("message"));
		if (!str_contains(error, str_from(cases[i].text)))
			fail_msg("%s: %.*s", cases[i].grants, STRF(error));
		assert_int_equal(HASH_COUNT(member_of(bob)->grants), 0);
	}
}

TEST(grants_are_bounded)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob");
	CLEANUP(buf_done) struct buf b = buf_make(1 << 20);

	for (int i = 0; i <= GRANTS_MAX; i++)
		buf_printf(&b, "%s\"%064x\":[]", i ? "," : "", i);
	forget(bob);
	say_raw(bob, arena_printf(a, "{\"type\":\"grants_set\",\"grants\":{%.*s}}", STRF(buf_str(&b))));
	expect(bob, "{'type':'error','code':'too_many'}");
	assert_int_equal(HASH_COUNT(member_of(bob)->grants), 0);
}

TEST(changes_are_bounded)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	bool refused = false;

	for (int i = 0; i < 2000 && !refused; i++) {
		forget(bob);
		say(bob, "{'type':'grants_set','grants':{'%s':[]}}", alice->pubkey);
		refused = str_contains(bob->first->text, S("rate_limit"));
	}
	assert_true(refused);
	advance(h, 60000);
	grant(bob, alice->pubkey, "null");
}

/* What a batch that is not stored withheld is neither there nor counted. */
TEST(what_was_not_stored_is_not_withheld)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	grant(bob, alice->pubkey, "[]");
	send_to(alice, bob->pubkey, "1", NULL);
	store_now(h);
	forget_all(h);
	fail_commits(h, ERR_TRY_AGAIN);
	send_to(alice, bob->pubkey, "2", NULL);
	expect(alice, "{'type':'ack','queued':false,'code':'try_again'}");
	fail_commits(h, 0);
	send_to(alice, bob->pubkey, "3", NULL);
	expect(alice, "{'type':'ack','queued':true}");
	check_backlogs(h);
	assert_int_equal(member_of(bob)->mailbox->withheld.messages, 2);
	expect_dropped(bob, alice, 2, 0);
	expect_nothing(bob);
}

TEST_MAIN("engine/grant_keep")
