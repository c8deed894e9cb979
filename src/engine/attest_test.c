/*
 * attest_test.c - a receiver that asks is shown by what a sender's session key is its member's,
 * and can check it without believing the broker.
 */
#include "engine/harness_test.h"

#include "crypto/hello.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define ASKS .capabilities = "['client_ack','attestation']"

static bool holds(struct arena *a, const struct json *push, i64 *ret_until)
{
	struct attestation t = { json_get_str(push, S("senderMemberPubkey")), json_get_str(push, S("senderPubkey")),
				 json_get_int(push, S("senderAttestedUntil"), 0) };

	*ret_until = t.expires_ms;
	return attestation_check(a, &t, json_get_str(push, S("senderAttestation")));
}

TEST(who_asks_is_shown_the_attestation_and_who_does_not_is_not)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive_session(m, "alice"), *bob = newcomer(m, "bob"), *carol = arrive(m, "carol");
	i64 until;

	enter(bob, GREETING(ASKS));
	forget_all(m->house);
	send_to(alice, bob->pubkey, "direct", NULL);
	assert_true(holds(a, expect_message(bob, "direct"), &until));
	/* One message, two kinds of receivers. */
	send_to(alice, "*", "all", NULL);
	assert_true(holds(a, expect_message(bob, "all"), &until));
	expect(carol, "{'type':'push','client_message_id':'all','senderPubkey':'%s','senderAttestation':null,"
	       "'senderAttestedUntil':null}", alice->session_pubkey);
	/* A member's own key needs none. */
	send_to(carol, bob->pubkey, "own", NULL);
	expect(bob, "{'type':'push','client_message_id':'own','senderPubkey':'%s','senderAttestation':null}",
	       carol->pubkey);
}

TEST(it_is_there_for_what_waited_through_a_restart)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive_session(m, "alice"), *bob = newcomer(m, "bob");
	i64 first, until;

	send_to(alice, bob->pubkey, "1", NULL);
	restart(h);
	enter(bob, GREETING(ASKS));
	assert_true(holds(a, expect_message(bob, "1"), &first));
	/* The one shown last is the one that counts; each connection brings a fresh one. */
	enter(alice, GREETING(.session = true, .attested_ms = 7200000));
	forget_all(h);
	send_to(alice, bob->pubkey, "2", NULL);
	assert_true(holds(a, expect_message(bob, "2"), &until));
	assert_true(until > first);
}

TEST(a_key_that_was_only_shown_has_none)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(ASKS));
	enter(alice, GREETING(.show_session = true));
	forget_all(h);
	send_to(alice, bob->pubkey, "1", NULL);
	expect(bob, "{'type':'push','senderPubkey':'%s','senderAttestation':null}", alice->session_pubkey);
}

TEST(a_batch_that_failed_has_shown_nothing)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob");
	i64 until;

	enter(bob, GREETING(ASKS));
	fail_commits(h, ERR_TRY_AGAIN);
	greet(alice, GREETING(.session = true));
	expect(alice, "{'type':'error','code':'try_again'}");
	expect_close(alice, 1013, "try_again");
	fail_commits(h, 0);
	advance(h, 2000);
	enter(alice, GREETING(.session = true));
	forget_all(h);
	send_to(alice, bob->pubkey, "1", NULL);
	restart(h);
	enter(bob, GREETING(ASKS));
	assert_true(holds(a, expect_message(bob, "1"), &until));
}

TEST_MAIN("engine/attest")
