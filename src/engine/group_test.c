/*
 * group_test.c - messages to several: '*', '@all', '@group'; and who is in a group.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* D-48: however many listen, it is written once, in one commit. */
TEST(a_broadcast_is_one_block_and_skips_the_senders_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *sibling = twin(alice), *others[20];
	const char *targets[] = { "*", "@all" };

	enter(sibling, GREETING(.session = true));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		others[i] = i % 2 ? arrive(m, "link") : arrive_session(m, "session");
	for (size_t t = 0; t < ARRAY_LEN(targets); t++) {
		size_t commits = (size_t)engine_stats(h->engine).commits;
		struct block *block;

		forget_all(h);
		send_to(alice, targets[t], targets[t], NULL);
		expect(alice, "{'queued':true,'delivery':'live','recipients':20}");
		expect_nothing(sibling);
		block = others[0]->first->block;
		for (size_t i = 0; i < ARRAY_LEN(others); i++) {
			assert_ptr_equal(others[i]->first->block, block);
			expect(others[i], "{'client_message_id':'%s','targetSpec':'%s'}", targets[t], targets[t]);
			expect_nothing(others[i]);
		}
		assert_int_equal(engine_stats(h->engine).commits, commits + 1);
	}
}

TEST(a_broadcast_that_nobody_can_hear_is_still_accepted)
{
	ARENA;
	struct house *h = house(a);
	struct peer *alice = arrive(place(h, "team"), "alice");

	send_to(alice, "*", "x", NULL);
	expect(alice, "{'queued':true,'delivery':'nobody','messageId':'*'}");
	send_to(alice, "@none", "y", NULL);
	expect(alice, "{'queued':true,'delivery':'nobody','duplicate':null}");
	assert_int_equal(count(h->f, "message"), 0);
}

TEST(d_29_a_group_reaches_its_members_and_those_of_its_parts)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");
	struct peer *root = arrive(m, "root"), *part = arrive(m, "part"), *like = arrive(m, "like");
	const struct { const char *target; bool root, part, like; } cases[] = {
		{ "@dev", true, true, false },
		{ "@dev/web", false, true, false },
		{ "@dev/web/css", false, false, false },
		{ "@devops", false, false, true },
		{ "@de", false, false, false },
		{ "@DEV", false, false, false },
		{ "@dev/", false, false, false },
	};

	say(root, "{'type':'join_group','name':'dev'}");
	say(part, "{'type':'join_group','name':'@dev/web','role':'lead'}");
	say(like, "{'type':'join_group','name':'devops'}");
	forget_all(m->house);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		send_to(alice, cases[i].target, cases[i].target, NULL);
		assert_int_equal(pending(root), cases[i].root);
		assert_int_equal(pending(part), cases[i].part);
		assert_int_equal(pending(like), cases[i].like);
		expect(alice, "{'queued':true}");
		forget(root);
		forget(part);
		forget(like);
	}
}

TEST(a_member_link_stands_in_only_without_a_session_of_the_group)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *link = arrive(m, "bob"), *session = twin(link);

	enter(session, GREETING(.session = true));
	forget_all(m->house);
	send_to(alice, "*", "x", NULL);
	ack_push(session, expect_message(session, "x"));
	expect_nothing(link);
	/* Only the link is in the group: its member's mailbox takes it, and a session from there. */
	say(link, "{'type':'join_group','name':'dev'}");
	send_to(alice, "@dev", "y", NULL);
	ack_push(session, expect_message(session, "y"));
	expect_nothing(link);
	hang_up(session);
	forget(link);
	send_to(alice, "*", "z", NULL);
	expect_message(link, "z");
}

TEST(d_06_a_broadcast_also_waits_for_who_is_in_grace)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob"), *carol = arrive(m, "carol");
	struct peer *dave = newcomer(m, "dave");

	say(bob, "{'type':'join_group','name':'dev'}");
	lose(bob);
	lose(carol);
	forget_all(h);
	send_to(alice, "*", "x", NULL);
	expect(alice, "{'queued':true,'delivery':'held','recipients':2}");
	send_to(alice, "@dev", "y", NULL);
	enter(bob, GREETING(.session = true));
	expect_message(bob, "x");
	expect_message(bob, "y");
	/* Not only in memory. */
	restart(h);
	enter(carol, GREETING(0));
	expect_message(carol, "x");
	/* Who was not there at all was not addressed. */
	enter(dave, GREETING(0));
	expect_nothing(dave);
}

TEST(a_group_name_is_letters_digits_and_four_signs)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");
	const char *bad[] = { "x\\u0027y", "x\\u0027) OR (target_spec <> \\u0027x", "", "@", "@@", "a b", "all", "@all",
			      "\\u00e9", "a\\n" };
	const char *good[] = { "dev", "@ops", "a/b/c", "x_y-z.1" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		say(alice, "{'type':'join_group','name':'%s','_reqId':'r'}", bad[i]);
		expect(alice, "{'type':'error','code':'*','_reqId':'r'}");
	}
	say(alice, "{'type':'join_group','name':'g','role':'a\\u001b','_reqId':'r'}");
	expect(alice, "{'type':'error','code':'invalid','_reqId':'r'}");
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		say(alice, "{'type':'join_group','name':'%s','_reqId':'r'}", good[i]);
		expect(alice, "{'type':'ack','id':'r','_reqId':'r','messageId':'','queued':false,'error':null}");
	}
	say(alice, "{'type':'leave_group','name':'@dev'}");
	say(alice, "{'type':'leave_group','name':'never-joined'}");
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'groups':[{'name':'ops'},{'name':'a/b/c'},{'name':'x_y-z.1'}]}]}");
}

TEST(two_quick_joins_are_both_kept_and_a_role_is_replaced)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");

	hold(m->house);
	say(alice, "{'type':'join_group','name':'one','role':'lead'}");
	say(alice, "{'type':'join_group','name':'two'}");
	say(alice, "{'type':'join_group','name':'one'}");
	say(alice, "{'type':'list_peers'}");
	release(m->house);
	expect(alice, "{'peers':[{'groups':[{'name':'one','role':null},{'name':'two'}]}]}");
}

TEST(groups_are_bounded_and_a_refusal_changes_nothing)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice"), *full = twin(alice);
	const struct json *list;

	enter(alice, GREETING(.session_id = "1"));
	enter(full, GREETING(.session_id = "2"));
	for (int i = 0; i < GROUPS_MAX; i++)
		say(full, "{'type':'join_group','name':'g%d'}", i);
	say(full, "{'type':'join_group','name':'more','_reqId':'r'}");
	expect(full, "{'type':'error','code':'invalid','_reqId':'r'}");
	/* For the member: all of its connections or none. */
	say(alice, "{'type':'join_group','name':'more','scope':'member','_reqId':'r'}");
	expect(alice, "{'type':'error','code':'invalid','_reqId':'r'}");
	say(alice, "{'type':'list_peers'}");
	list = json_get(expect(alice, "{'peers':'*'}"), S("peers"));
	assert_int_equal(json_get(list->first, S("groups"))->count, 0);
	hang_up(full);
	enter(full, GREETING(.session_id = "3"));
	say(full, "{'type':'list_peers'}");
	expect(full, "{'peers':[{'groups':[]},{'groups':[]}]}");
}

/* The link is back before its lost connection is noticed. */
TEST(a_link_that_comes_back_early_keeps_its_groups)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob"), *again = twin(bob);
	const struct greeting link = { .session_id = "daemon-1", .hostname = "one" };

	enter(bob, &link);
	say(bob, "{'type':'join_group','name':'dev','_reqId':'r'}");
	forget_all(h);
	enter(again, &link);
	expect_close(bob, 1000, "session_replaced");
	lose(bob);
	send_to(alice, "@dev", "x", NULL);
	expect_message(again, "x");
	/* Unless it says which. */
	bob = twin(bob);
	enter(bob, GREETING(.session_id = "daemon-1", .hostname = "one", .extra = ",'groups':[{'name':'ops'}]"));
	ack_push(bob, expect_message(bob, "x"));
	send_to(alice, "@dev", "y", NULL);
	expect_nothing(bob);
	send_to(alice, "@ops", "z", NULL);
	expect_message(bob, "z");
}

TEST_MAIN("engine/group")
