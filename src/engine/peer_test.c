#include "engine/harness_test.h"

#include <utlist.h>

#include "base/ids.h"
#include "crypto/chain.h"
#include "engine/op.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(the_list_shows_each_presence_with_its_own_facts)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *link = newcomer(m, "alice"), *session = twin(link), *gone = twin(link);

	enter(link, GREETING(.session_id = "daemon-1", .hostname = "one", .channel = "c1",
			     .extra = ",'cwd':'/link','peerType':'connector'"));
	enter(session, GREETING(.session = true, .session_id = "s", .hostname = "two", .channel = "c2",
				.name = "Al", .extra = ",'cwd':'/s','model':'m1','groups':[{'name':'g','role':'lead'}]"));
	enter(gone, GREETING(.show_session = true, .session_id = "x", .hostname = ""));
	say(session, "{'type':'set_summary','summary':'busy'}");
	say(session, "{'type':'set_status','status':'working'}");
	lose(gone);
	forget(link);
	say(link, "{'type':'list_peers','_reqId':'7','unknown':[1]}");
	expect(link, "{'type':'peers_list','_reqId':'7','members':null,'ownerPubkey':null,'peers':["
	       "{'pubkey':'%s','memberPubkey':'%s','displayName':'alice','status':'idle','summary':null,"
	       "'groups':[],'sessionId':'daemon-1','connectedAt':'*','cwd':'/link','peerRole':'control-plane',"
	       "'hostname':'one','channel':'c1','peerType':'connector','model':null,'visible':true},"
	       "{'pubkey':'%s','memberPubkey':'%s','displayName':'Al','status':'working','summary':'busy',"
	       "'groups':[{'name':'g','role':'lead'}],'sessionId':'s','cwd':'/s','peerRole':'session',"
	       "'hostname':'two','channel':'c2','model':'m1','visible':true},"
	       "{'pubkey':'%s','memberPubkey':'%s','cwd':'','peerRole':'control-plane','sessionId':'x'}]}",
	       link->pubkey, link->pubkey, session->session_pubkey, session->pubkey, gone->session_pubkey,
	       gone->pubkey);
}

TEST(members_are_listed_on_request_with_what_proves_them)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = stranger(m, "bob");
	const struct json *list, *chain, *members, *entry;
	struct chain proof;
	size_t proved = 0;

	invite(m, 5, 30);
	call(h, "claim", m->code, claim_body(m, bob));
	expect_answer(h, 200, "{'already_member':null}");
	for (int again = 0; again < 2; again++) {
		say(alice, "{'type':'list_peers','members':true}");
		list = expect(alice, "{'ownerPubkey':'%s','members':["
			      "{'displayName':'owner','role':'admin','online':false,'verified':true},"
			      "{'displayName':'alice','role':'member','online':true,'verified':false,'memberId':'%s','chain':null},"
			      "{'displayName':'bob','role':'member','online':false,'verified':true,'pubkey':'%s'}]}",
			      m->owner_pubkey, alice->member_id, bob->pubkey);
		if (again == 0) {
			restart(h);
			enter(alice, GREETING(0));
		}
	}
	members = json_get(list, S("members"));
	for (entry = members->first; entry; entry = entry->next) {
		chain = json_get(entry, S("chain"));
		if (!chain || !json_get_str(chain, S("ownerSignature")).len)
			continue;
		proof = (struct chain){
			.owner_pubkey = str_from(m->owner_pubkey),
			.invite = { str_from(m->id), json_get_str(chain, S("inviteId")),
				    json_get_str(chain, S("invitePubkey")), json_get_str(chain, S("role")),
				    json_get_int(chain, S("expiresAt"), 0), json_get_int(chain, S("maxUses"), 0) },
			.invite_signature = json_get_str(chain, S("ownerSignature")),
			.claim = { str_from(m->id), json_get_str(chain, S("inviteId")),
				   json_get_str(entry, S("pubkey")), json_get_str(chain, S("x25519")) },
			.claim_signature = json_get_str(chain, S("claimSignature")),
		};
		assert_ok(chain_verify(a, &proof, json_get_str(entry, S("pubkey"))));
		proved++;
	}
	assert_int_equal(proved, 1);
}

TEST(lists_are_bounded_by_what_they_weigh)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice, *bob;

	h->settings.lists_kb_per_minute = 3;
	restart(h);
	alice = arrive(m, "alice");
	bob = arrive(m, "bob");
	forget_all(h);
	for (int i = 0; i < 3; i++) {
		say(alice, "{'type':'list_peers','_reqId':'%d'}", i);
		expect(alice, "{'type':'peers_list','_reqId':'%d'}", i);
	}
	say(alice, "{'type':'list_peers','_reqId':'3'}");
	expect(alice, "{'type':'error','code':'rate_limit','_reqId':'3'}");
	/* It costs nobody else, and not for ever. */
	say(bob, "{'type':'list_peers','_reqId':'4'}");
	expect(bob, "{'type':'peers_list','_reqId':'4'}");
	advance(h, 20000);
	say(alice, "{'type':'list_peers','_reqId':'5'}");
	expect(alice, "{'type':'peers_list','_reqId':'5'}");
}

TEST(a_one_shot_command_does_not_make_its_member_online)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice");

	enter(alice, GREETING(.capabilities = "['no_delivery']"));
	say(alice, "{'type':'list_peers','members':true}");
	expect(alice, "{'members':[{'displayName':'owner'},{'displayName':'alice','online':false}]}");
}

TEST(settings_of_a_connection_are_its_own)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *one = newcomer(m, "alice"), *two = twin(one);

	enter(one, GREETING(.session_id = "1"));
	enter(two, GREETING(.session_id = "2"));
	say(one, "{'type':'set_status','status':'dnd'}");
	say(one, "{'type':'set_summary','summary':'x','scope':'connection'}");
	say(one, "{'type':'join_group','name':'g'}");
	expect_nothing(one);
	say(one, "{'type':'list_peers'}");
	expect(one, "{'peers':[{'status':'dnd','summary':'x','groups':[{'name':'g'}]},"
	       "{'status':'idle','summary':null,'groups':[]}]}");
	say(one, "{'type':'set_summary'}");
	say(one, "{'type':'set_status','status':'idle','_reqId':'s'}");
	expect(one, "{'type':'ack','_reqId':'s','id':'s','queued':false}");
	say(one, "{'type':'list_peers'}");
	expect(one, "{'peers':[{'status':'idle','summary':null},{}]}");
}

TEST(settings_of_a_member_are_kept_and_hold_for_all_its_connections)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *shot = newcomer(m, "alice"), *here = twin(shot), *later = twin(shot), *bob = arrive(m, "bob");

	enter(here, GREETING(.session_id = "1"));
	say(here, "{'type':'set_status','status':'working'}");
	say(here, "{'type':'set_summary','summary':'mine'}");
	enter(shot, GREETING(.session_id = "shot", .capabilities = "['no_delivery']"));
	say(shot, "{'type':'set_status','status':'dnd','scope':'member','_reqId':'1'}");
	say(shot, "{'type':'set_summary','summary':'away','scope':'member','_reqId':'2'}");
	say(shot, "{'type':'join_group','name':'@ops/eu','role':'lead','scope':'member','_reqId':'3'}");
	for (int i = 1; i <= 3; i++)
		expect(shot, "{'type':'ack','_reqId':'%d','error':null}", i);
	hang_up(shot);
	for (int again = 0; again < 2; again++) {
		enter(later, GREETING(.session = true, .session_id = "2"));
		say(later, "{'type':'list_peers'}");
		expect(later, again ? "{'peers':[{'status':'dnd','summary':'away','groups':[{'name':'ops/eu','role':'lead'}]}]}"
				    : "{'peers':[{'displayName':'bob'},"
				      "{'status':'dnd','summary':'away','groups':[{'name':'ops/eu','role':'lead'}]},"
				      "{'status':'dnd','summary':'away','groups':[{'name':'ops/eu','role':'lead'}]}]}");
		restart(h);
	}
	enter(bob, GREETING(0));
	enter(later, GREETING(.session = true));
	send_to(bob, "@ops", "x", "now");
	expect_message(later, "x");
	send_to(bob, later->pubkey, "y", NULL);
	expect_nothing(later);
	say(later, "{'type':'set_status','status':'idle','scope':'member'}");
	expect_message(later, "y");
	say(later, "{'type':'leave_group','name':'ops/eu','scope':'member'}");
	say(later, "{'type':'set_summary','scope':'member'}");
	restart(h);
	enter(later, GREETING(.session = true));
	expect_message(later, "x");
	expect_message(later, "y");
	say(later, "{'type':'list_peers'}");
	expect(later, "{'peers':[{'status':'idle','summary':null,'groups':[]}]}");
}

TEST(texts_of_a_peer_are_bounded)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *p = newcomer(m, "p");
	char *x = arena_alloc(a, 5001);
	const struct { const char *before; int n; const char *after; } frames[] = {
		{ "{'type':'set_summary','summary':'", 2001, "','_reqId':'r'}" },
		{ "{'type':'join_group','name':'", 129, "','_reqId':'r'}" },
		{ "{'type':'join_group','name':'g','role':'", 129, "','_reqId':'r'}" },
		{ "{'type':'send','targetSpec':'", 257, "','nonce':'','ciphertext':''}" },
		{ "{'type':'send','targetSpec':'*','nonce':'','ciphertext':'','client_message_id':'", 129, "'}" },
		{ "{'type':'send','targetSpec':'*','nonce':'','ciphertext':'','replyToId':'", 65, "'}" },
	}, hellos[] = {
		{ ",'cwd':'", 4097, "'" },
		{ ",'model':'", 129, "'" },
		{ ",'peerType':'", 129, "'" },
		{ ",'groups':[{'name':'", 129, "'}]" },
	};

	memset(x, 'x', 5000);
	for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
		say(alice, "%s%.*s%s", frames[i].before, frames[i].n, x, frames[i].after);
		if (strstr(frames[i].before, "send"))
			expect(alice, "{'type':'ack','queued':false,'code':'invalid'}");
		else
			expect(alice, "{'type':'error','code':'bad_request','_reqId':'r'}");
	}
	for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
		greet(p, GREETING(.extra = arena_cstr(a, text(a, "%s%.*s%s", hellos[i].before, hellos[i].n, x,
							      hellos[i].after))));
		expect(p, "{'type':'error','code':'malformed'}");
	}
	greet(p, GREETING(.session_id = arena_cstr(a, str_of(x, 129))));
	expect(p, "{'type':'error','code':'malformed'}");
	greet(p, GREETING(.name = arena_cstr(a, str_of(x, 129))));
	expect(p, "{'type':'error','code':'malformed'}");
}

/* ---- errors ---- */

TEST(faulty_messages_are_answered_when_somebody_can_tell)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *plain = newcomer(m, "plain"), *able = newcomer(m, "able");
	const struct { const char *frame, *plain, *able; } cases[] = {
		/* Not JSON: always, and the connection stays. */
		{ "nonsense", "{'type':'error','code':'bad_json','id':null,'_reqId':null}", "same" },
		{ "", "{'type':'error','code':'bad_json'}", "same" },
		{ "[]", "{'type':'error','code':'bad_request'}", "same" },
		{ "7", "{'type':'error'}", "same" },
		{ "{'a':1,'a':2}", "{'type':'error','code':'bad_json'}", "same" },
		/* With an id: always, echoed. */
		{ "{'type':'nope','_reqId':'r'}", "{'type':'error','code':'unknown_message_type','_reqId':'r','id':null}", "same" },
		{ "{'type':'nope','id':'i','_reqId':'r'}", "{'type':'error','code':'unknown_message_type','_reqId':'r','id':'i'}", "same" },
		{ "{'type':'set_status','status':'x','id':'i'}", "{'type':'error','code':'bad_request','id':'i'}", "same" },
		{ "{'type':'hello','_reqId':'r'}", "{'type':'error','code':'unknown_message_type','_reqId':'r'}", "same" },
		{ "{'_reqId':'r'}", "{'type':'error','code':'unknown_message_type','_reqId':'r'}", "same" },
		{ "{'type':'mesh_create','_reqId':'r'}", "{'type':'error','code':'unknown_message_type','_reqId':'r'}", "same" },
		{ "{'type':'list_peers','members':1,'_reqId':'r'}", "{'type':'error','code':'bad_request','_reqId':'r'}", "same" },
		{ "{'type':7,'_reqId':8}", "{'type':'error','_reqId':null}", "same" },
		/* With neither: only for who listed a capability. */
		{ "{'type':'nope'}", NULL, "{'type':'error','code':'unknown_message_type'}" },
		{ "{}", NULL, "{'type':'error','code':'unknown_message_type'}" },
		{ "{'type':'set_status','status':'away'}", NULL, "{'type':'error','code':'bad_request'}" },
		{ "{'type':'set_status'}", NULL, "{'type':'error','code':'bad_request'}" },
		{ "{'type':'set_summary','summary':[]}", NULL, "{'type':'error','code':'bad_request'}" },
		{ "{'type':'join_group'}", NULL, "{'type':'error','code':'bad_request'}" },
	};
	i64 before;

	enter(plain, GREETING(.capabilities = "null"));
	enter(able, GREETING(.capabilities = "[]"));
	forget_all(m->house);
	before = engine_stats(m->house->engine).bad_messages;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *second = strcmp(cases[i].able, "same") ? cases[i].able : cases[i].plain;

		say(plain, "%s", cases[i].frame);
		if (cases[i].plain)
			expect(plain, "%s", cases[i].plain);
		expect_nothing(plain);
		say(able, "%s", cases[i].frame);
		expect(able, "%s", second);
	}
	assert_int_equal(engine_stats(m->house->engine).bad_messages - before, 2 * ARRAY_LEN(cases));
	say(plain, "{'type':'list_peers'}");
	expect(plain, "{'type':'peers_list'}");
}

TEST(an_error_never_repeats_more_than_an_id)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice");
	char *x = arena_alloc(a, 200001);
	const struct json *got;

	memset(x, 'x', 200000);
	say(alice, "{'type':'nope','_reqId':'%s'}", x);
	got = expect(alice, "{'type':'error','code':'unknown_message_type','_reqId':null}");
	assert_true(got->raw.len < 1000);
	say(alice, "{'type':'%s','_reqId':'r'}", x);
	got = expect(alice, "{'type':'error','code':'unknown_message_type','_reqId':'r'}");
	assert_true(got->raw.len < 1000);
}

TEST(a_connection_that_is_not_here_is_not_heard)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice");

	alice->conn = (struct conn_ref){ 0, 99, 1 };
	say(alice, "{'type':'list_peers','_reqId':'r'}");
	say(alice, "nonsense");
	written(alice, 1);
	lose(alice);
	hang_up(alice);
	expect_nothing(alice);
}

TEST(every_row_is_named_once_and_says_what_it_is)
{
	const unsigned kinds = OP_HELLO | OP_FRAME | OP_CALL | OP_REST;
	const struct op *op, *other;

	for (size_t i = 0; (op = op_at(i)); i++) {
		assert_true(op->name[0] && op->doc[0] && op->run && op->fields);
		assert_int_equal(__builtin_popcount(op->flags & kinds), 1);
		for (size_t k = 0; (other = op_at(k)); k++)
			assert_true(i == k || !(op->flags & other->flags & kinds) ||
				    strcmp(op->name, other->name));
	}
	assert_null(op_find(S("send"), OP_CALL));
	assert_null(op_find(S(""), OP_FRAME));
	assert_null(op_find(STR_NONE, OP_FRAME | OP_HELLO));
}

/* Two ways to find the same: by pairs, and in one go. */
TEST(what_is_covered_does_not_depend_on_how_one_looks)
{
	ARENA;
	static const char *const ids[] = { "a", "b", "" }, *const hosts[] = { "", "one", "two" };
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob");
	struct presence *p;
	int n_covered = 0, n = 0;

	for (int round = 0; round < 60; round++) {
		u64 dice = random_below(&h->random, 1 << 16);
		struct peer *who = twin(dice & 1 ? alice : bob);

		h->at.us += 1000;
		greet(who, GREETING(.session = dice & 2, .session_id = ids[(dice >> 2) % 3],
				    .hostname = hosts[(dice >> 5) % 3],
				    .capabilities = dice & 1024 ? "['client_ack','no_delivery']" : NULL));
		presences_cover(h->engine->meshes, a);
		DL_FOREACH(h->engine->meshes->presences, p) {
			assert_int_equal(p->covered, presence_is_covered(p));
			n_covered += p->covered;
			n++;
		}
	}
	assert_true(n_covered > 20 && n_covered < n);
}

TEST_MAIN("engine/peer")
