/*
 * profile_test.c - what a peer shows of itself, and what is kept of it for the next time.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(a_profile_is_merged_member_by_member)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive_session(m, "alice"), *bob = arrive(m, "bob");
	const struct { const char *set, *profile; } cases[] = {
		{ "'title':'cook'", "{'title':'cook','avatar':null,'bio':null,'capabilities':null}" },
		{ "'avatar':'x','bio':'likes\\nsoup'", "{'title':'cook','avatar':'x','bio':'likes\\nsoup'}" },
		{ "'capabilities':['a','b']", "{'title':'cook','avatar':'x','capabilities':['a','b']}" },
		{ "'title':'','capabilities':[]", "{'title':null,'avatar':'x','bio':'likes\\nsoup','capabilities':null}" },
		{ "'title':null,'unknown':7", "{'title':null,'avatar':'x'}" },
		{ "'avatar':'','bio':''", NULL },
	};

	forget(alice);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(alice, "{'type':'set_profile',%s,'_reqId':'p'}", cases[i].set);
		expect(alice, "{'type':'ack','id':'p','_reqId':'p','messageId':'','queued':false,'error':null}");
		say(bob, "{'type':'list_peers'}");
		expect(bob, "{'peers':[{'profile':%s},{'profile':null}]}", cases[i].profile ? cases[i].profile : "null");
	}
	say(alice, "{'type':'set_profile'}");
	expect(alice, "{'type':'ack','id':'','_reqId':null}");
	expect_nothing(bob);
}

TEST(a_profile_is_bounded)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");
	char *x = arena_alloc(a, 3001);
	const struct { const char *before; int n; const char *after; } cases[] = {
		{ "'avatar':'", AVATAR_BYTES_MAX + 1, "'" },
		{ "'title':'", NAME_BYTES_MAX + 1, "'" },
		{ "'bio':'", BIO_BYTES_MAX + 1, "'" },
		{ "'capabilities':['", NAME_BYTES_MAX + 1, "']" },
		{ "'title':'a\\u001b", 1, "'" },
		{ "'capabilities':['a\\u0007", 1, "']" },
		{ "'capabilities':[7", 0, "]" },
		{ "'scope':'", 4, "'" },
	};

	memset(x, 'x', 3000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(alice, "{'type':'set_profile',%s%.*s%s,'_reqId':'r'}", cases[i].before, cases[i].n, x,
		    cases[i].after);
		expect(alice, "{'type':'error','code':'*','_reqId':'r'}");
	}
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'profile':null}]}");
}

TEST(statistics_are_shown_as_told_and_bounded)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");
	const char *bad[] = { "{'messagesIn':-1}", "{'messagesIn':'7'}", "{'errors':[]}", "{'uptime':true}", "7",
			      "{'toolCalls':123456789012345678901234567890}" };

	say(alice, "{'type':'set_stats','stats':{'messagesIn':0,'messagesOut':7,'uptime':12.5,'nonsense':'x'}}");
	expect_nothing(alice);
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'stats':{'messagesIn':0,'messagesOut':7,'uptime':12.5,'nonsense':null}}]}");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		say(alice, "{'type':'set_stats','stats':%s,'_reqId':'r'}", bad[i]);
		expect(alice, "{'type':'error','code':'*','_reqId':'r'}");
	}
	say(alice, "{'type':'set_stats','_reqId':'r'}");
	expect(alice, "{'type':'error','code':'bad_request','_reqId':'r'}");
	/* Replaced, not merged. */
	say(alice, "{'type':'set_stats','stats':{'errors':1},'_reqId':'s'}");
	expect(alice, "{'type':'ack','_reqId':'s'}");
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'stats':{'errors':1,'messagesOut':null}}]}");
}

/* The reference kept a sum for the member, told it to the next connection, whose client
 * reported it again. */
TEST(d_34_statistics_do_not_grow_by_themselves)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *other = twin(alice);

	enter(alice, GREETING(.session_id = "1"));
	enter(other, GREETING(.session_id = "2"));
	for (int i = 0; i < 3; i++) {
		say(alice, "{'type':'set_stats','stats':{'messagesIn':5}}");
		say(alice, "{'type':'list_peers'}");
		expect(alice, i ? "{'peers':[{'stats':null},{'stats':{'messagesIn':5}}]}"
				: "{'peers':[{'stats':{'messagesIn':5}},{'stats':null}]}");
		hang_up(alice);
		h->at.us += 1000;
		greet(alice, GREETING(.session_id = "1"));
		expect(alice, "{'type':'hello_ack','restored':true,'restoredStats':null}");
		say(alice, "{'type':'list_peers'}");
		expect(alice, "{'peers':[{'stats':null},{'stats':null}]}");
	}
}

TEST(a_member_link_is_told_what_was_when_it_left)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *session = twin(alice);

	greet(alice, GREETING(0));
	expect(alice, "{'type':'hello_ack','restored':null,'lastSeenAt':null,'lastSummary':null,'restoredGroups':null}");
	say(alice, "{'type':'join_group','name':'ops','scope':'member'}");
	lose(alice);
	h->at.us += 1000;
	/* Coming back in grace is no beginning. */
	greet(alice, GREETING(0));
	expect(alice, "{'type':'hello_ack','restored':null,'restoredGroups':null}");
	say(alice, "{'type':'set_summary','summary':'one'}");
	hang_up(alice);
	for (int again = 0; again < 2; again++) {
		h->at.us += 1000;
		greet(alice, GREETING(0));
		expect(alice, "{'type':'hello_ack','restored':true,'lastSeenAt':'2023-11-14T22:13:21.00%dZ',"
		       "'lastSummary':'one','restoredGroups':[{'name':'ops'}]}", again ? 2 : 1);
		say(alice, "{'type':'list_peers'}");
		expect(alice, "{'peers':[{'summary':null,'groups':[{'name':'ops'}]}]}");
		if (!again)
			hang_up(alice);
	}
	/* Only as it was stored: after a crash the last goodbye counts. */
	restart(h);
	h->at.us += 1000;
	greet(alice, GREETING(.extra = ",'groups':[{'name':'mine'}]"));
	expect(alice, "{'restored':true,'lastSeenAt':'2023-11-14T22:13:21.002Z','restoredGroups':null}");
	h->at.us += 1000;
	greet(session, GREETING(.session = true));
	expect(session, "{'type':'hello_ack','restored':null,'lastSeenAt':null}");
}

TEST(a_member_links_word_is_kept_for_its_later_connections_and_a_sessions_is_not)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *link = newcomer(m, "alice"), *session = twin(link), *later = twin(link), *bob = arrive(m, "bob");

	enter(link, GREETING(.session_id = "link"));
	enter(session, GREETING(.session = true, .session_id = "s"));
	say(session, "{'type':'set_visible','visible':false}");
	say(session, "{'type':'set_profile','title':'session'}");
	enter(later, GREETING(.session_id = "later"));
	forget(bob);
	say(bob, "{'type':'list_peers'}");
	expect(bob, "{'peers':[{},{'sessionId':'link','profile':null},{'sessionId':'later','profile':null,'visible':true}]}");
	hang_up(later);
	/* Its word, also over a restart; what is connected stays as it is. */
	say(link, "{'type':'set_visible','visible':false}");
	say(link, "{'type':'set_profile','title':'member'}");
	say(session, "{'type':'set_visible','visible':true}");
	forget(bob);
	say(bob, "{'type':'list_peers'}");
	expect(bob, "{'peers':[{},{'sessionId':'s','profile':{'title':'session'}}]}");
	/* Who leaves overwrites nothing. */
	hang_up(session);
	restart(h);
	enter(bob, GREETING(0));
	enter(later, GREETING(.session = true, .session_id = "later"));
	expect_nothing(bob);
	say(later, "{'type':'list_peers'}");
	expect(later, "{'peers':[{},{'visible':false,'profile':{'title':'member'}}]}");
	/* For all at once, by a command. */
	enter(link, GREETING(.session_id = "shot", .capabilities = "['no_delivery']"));
	say(link, "{'type':'set_visible','visible':true,'scope':'member'}");
	say(link, "{'type':'set_profile','title':'','bio':'b','scope':'member'}");
	expect(bob, "{'event':'peer_visible','eventData':{'pubkey':'%s'}}", later->session_pubkey);
	expect_nothing(bob);
	say(bob, "{'type':'list_peers'}");
	expect(bob, "{'peers':[{},{'visible':true,'profile':{'bio':'b','title':null}},{'visible':true}]}");
	/* And for one connection and not longer. */
	say(later, "{'type':'set_visible','visible':false,'scope':'connection'}");
	hang_up(later);
	enter(later, GREETING(.session = true, .session_id = "later"));
	say(later, "{'type':'list_peers'}");
	expect(later, "{'peers':[{},{},{'visible':true}]}");
}

TEST(a_changed_name_is_shown_at_once)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive(m, "alice");

	forget(bob);
	say(bob, "{'type':'member_update','displayName':'Robert','_reqId':'u'}");
	expect(bob, "{'type':'member_updated','displayName':'Robert','roleTag':null,'messageMode':'push','_reqId':'u'}");
	forget(alice);
	say(alice, "{'type':'list_peers','_reqId':'l'}");
	expect(alice, "{'type':'peers_list','peers':[{'displayName':'Robert'},{'displayName':'alice'}]}");
}

TEST_MAIN("engine/profile")
