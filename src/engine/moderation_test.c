/*
 * moderation_test.c - who is put out, by whom, and what goes with it; who comes in again.
 */
#include "engine/bearer.h"
#include "engine/rank.h"
#include "engine/rest_harness_test.h"
#include "proto/moderation.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define TEXT_OF_TEAM "You've been removed from \"team\". Contact the mesh owner to rejoin."

/* A mesh with its owner, an admin and two members, all connected. */
struct crew {
	struct house *h;
	struct place *m;
	struct peer *owner, *admin, *bob, *carol;
};

/* Outlives a restart. */
static const char *id_of(const struct peer *p)
{
	return arena_cstr(p->place->house->a, str_from(member_of(p)->id));
}

static struct crew *crew(struct arena *a)
{
	struct crew *c = NEW(a, struct crew);

	c->h = house(a);
	c->m = place(c->h, "team");
	c->owner = owner_of(c->m);
	enter(c->owner, GREETING(.channel = "claudemesh-daemon", .session_id = "o"));
	c->admin = arrive(c->m, "admin");
	c->bob = arrive_session(c->m, "bob");
	c->carol = arrive_session(c->m, "carol");
	forget_all(c->h);
	say(c->owner, "{'type':'member_update','memberId':'%s','role':'admin','_reqId':'u'}", member_of(c->admin)->id);
	expect(c->owner, "{'type':'member_updated','role':'admin'}");
	forget_all(c->h);
	return c;
}

TEST(a_kick_closes_for_good_and_peers_are_told)
{
	ARENA;
	struct crew *c = crew(a);
	i64 before = engine_stats(c->h->engine).presences;

	say(c->admin, "{'type':'kick','target':'bob','_reqId':'k'}");
	expect(c->admin, "{'type':'kick_ack','kicked':['bob'],'affected':['bob'],'skipped_control_plane':null,'_reqId':'k'}");
	expect_close(c->bob, 4001, "Kicked from this mesh. Run claudemesh to rejoin.");
	expect(c->admin, "{'type':'push','subtype':'system','event':'peer_left','eventData':{'name':'bob'}}");
	expect(c->carol, "{'type':'push','event':'peer_left','eventData':{'name':'bob'}}");
	assert_int_equal(engine_stats(c->h->engine).presences, before - 1);
	/* Its name and what it did are remembered; it may come back at any time. */
	enter(c->bob, GREETING(.session = true));
	assert_int_equal(engine_stats(c->h->engine).presences, before);
}

TEST(d_08_who_is_kicked_ninety_nine_times_takes_one_place)
{
	ARENA;
	struct crew *c = crew(a);
	i64 before = engine_stats(c->h->engine).presences;

	c->h->settings.max_connections_per_mesh = 6;
	for (int i = 0; i < 99; i++) {
		say(c->owner, i % 2 ? "{'type':'kick','target':'bob'}" : "{'type':'disconnect','target':'bob'}");
		expect(c->owner, "{'affected':['bob']}");
		enter(c->bob, GREETING(.session = true));
		forget_all(c->h);
	}
	assert_int_equal(engine_stats(c->h->engine).presences, before);
	assert_int_equal(engine_stats(c->h->engine).online, before);
}

TEST(a_disconnect_is_an_ordinary_end)
{
	ARENA;
	struct crew *c = crew(a);

	say(c->owner, "{'type':'disconnect','target':'%s','_reqId':'d'}", c->bob->pubkey);
	expect(c->owner, "{'type':'disconnect_ack','kicked':['bob'],'affected':['bob'],'_reqId':'d'}");
	expect_close(c->bob, 1000, "disconnected");
	advance(c->h, 1000);
	say(c->owner, "{'type':'disconnect','stale':999999}");
	expect(c->owner, "{'type':'push','event':'peer_left'}");
	expect(c->owner, "{'type':'disconnect_ack','affected':[]}");
	/* Of a connection that is up something was heard, if only a heartbeat. */
	say(c->owner, "{'type':'disconnect','stale':1000}");
	expect(c->owner, "{'type':'disconnect_ack','affected':['admin','carol']}");
	expect(c->carol, "{'type':'push','event':'peer_left'}");
	expect_close(c->carol, 1000, "disconnected_stale");
}

TEST(what_was_lost_counts_as_silent_since)
{
	ARENA;
	struct crew *c = crew(a);

	lose(c->bob);
	advance(c->h, 30000);
	say(c->carol, "{'type':'set_summary','summary':'here'}");
	say(c->admin, "{'type':'kick','stale':30001}");
	expect(c->admin, "{'type':'kick_ack','affected':[]}");
	say(c->admin, "{'type':'kick','stale':30000}");
	expect(c->admin, "{'type':'kick_ack','affected':['bob']}");
}

TEST(a_kick_of_all_keeps_the_caller_its_daemons_and_who_stands_above)
{
	ARENA;
	struct crew *c = crew(a);
	struct peer *daemon = twin(c->carol), *page = twin(c->carol), *mine = twin(c->admin), *session = twin(c->admin);

	enter(daemon, GREETING(.channel = "claudemesh-daemon", .session_id = "cd", .name = "carol-daemon"));
	enter(page, GREETING(.channel = "web", .session_id = "page", .name = "carol-page"));
	/* A command that the admin typed inside a session of its own. */
	enter(session, GREETING(.session = true, .session_id = "s"));
	enter(mine, GREETING(.session_id = "s", .capabilities = "['no_delivery']"));
	forget_all(c->h);
	say(mine, "{'type':'kick','all':true}");
	expect(mine, "{'type':'kick_ack','kicked':['admin','bob','carol','carol-page'],"
	       "'skipped_control_plane':['carol-daemon'],'skipped_protected':['owner']}");
	expect_close(page, 4001, KICKED_TEXT);
	expect_close(c->carol, 4001, KICKED_TEXT);
	expect_close(c->admin, 4001, KICKED_TEXT);
	say(session, "{'type':'set_summary','summary':'x','_reqId':'1'}");
	/* The owner's disconnect takes the daemons along. */
	forget_all(c->h);
	say(c->owner, "{'type':'disconnect','all':true}");
	expect(c->owner, "{'type':'disconnect_ack','affected':['carol-daemon','admin','admin'],'skipped_control_plane':null}");
	expect_close(daemon, 1000, "disconnected");
}

static const struct { const char *who, *frame, *code, *part; } refused[] = {
	{ "bob", "{'type':'kick','target':'carol'}", "forbidden", "only owner or admin can kicked" },
	{ "bob", "{'type':'kick','all':true}", "forbidden", "only owner or admin can kicked" },
	{ "bob", "{'type':'disconnect','target':'carol'}", "forbidden", "only owner or admin can disconnected" },
	{ "bob", "{'type':'ban','target':'carol'}", "forbidden", "only owner or admin can ban" },
	{ "bob", "{'type':'unban','target':'carol'}", "forbidden", "only owner or admin can unban" },
	{ "bob", "{'type':'list_bans'}", "forbidden", "only owner or admin can list bans" },
	{ "admin", "{'type':'ban','target':'owner'}", "forbidden", "the owner cannot be banned" },
	{ "admin", "{'type':'kick','target':'owner'}", "forbidden", "the owner cannot be kicked" },
	{ "admin", "{'type':'disconnect','target':'owner'}", "forbidden", "the owner cannot be disconnected" },
	{ "admin", "{'type':'ban','target':'admin'}", "invalid", "cannot ban yourself" },
	{ "admin", "{'type':'kick','target':'admin'}", "invalid", "cannot kick yourself" },
	{ "admin", "{'type':'disconnect','target':'admin'}", "invalid", "cannot disconnect yourself" },
	{ "admin", "{'type':'ban'}", "invalid", "target required" },
	{ "admin", "{'type':'ban','target':''}", "invalid", "target required" },
	{ "admin", "{'type':'unban','target':null}", "invalid", "target required" },
	{ "admin", "{'type':'ban','target':'nobody'}", "not_found", "peer \"nobody\" not found" },
	{ "admin", "{'type':'ban','target':'\\u001b[2J\\u0007'}", "not_found", "peer \"?[2J?\" not found" },
	{ "admin", "{'type':'unban','target':'bob'}", "not_found", "no banned peer \"bob\"" },
	{ "admin", "{'type':'ban','target':'bob','reason':'a\\u001b[2J'}", "invalid", "control characters" },
	{ "admin", "{'type':'ban','target':7}", "bad_request", "target" },
	{ "admin", "{'type':'kick','target':['bob']}", "bad_request", "target" },
	{ "admin", "{'type':'kick','stale':'30m'}", "bad_request", "stale" },
	{ "admin", "{'type':'kick','all':'yes'}", "bad_request", "all" },
};

TEST(d_24_who_may_not_is_refused_and_nothing_happens)
{
	ARENA;
	struct crew *c = crew(a);
	const struct json *got;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct peer *who = strcmp(refused[i].who, "bob") == 0 ? c->bob : c->admin;
		str frame = text(a, "%s", refused[i].frame);

		say_raw(who, arena_printf(a, "%.*s,\"_reqId\":\"r\"}", (int)frame.len - 1, frame.ptr));
		got = expect(who, "{'type':'error','code':'%s','_reqId':'r'}", refused[i].code);
		if (!str_contains(json_get_str(got, S("message")), str_from(refused[i].part)))
			fail_msg("%s: %.*s", refused[i].frame, STRF(json_get_str(got, S("message"))));
		expect_nothing(c->carol);
		expect_nothing(c->owner);
	}
	say(c->admin, "{'type':'kick','_reqId':'n'}");
	expect(c->admin, "{'type':'kick_ack','affected':[],'_reqId':'n'}");
	say(c->admin, "{'type':'kick','target':'nobody'}");
	expect(c->admin, "{'type':'kick_ack','affected':[]}");
}

TEST(d_24_what_may_mean_two_hits_neither)
{
	ARENA;
	struct crew *c = crew(a);
	struct peer *bobs = arrive_session(c->m, "bob"), *liar = newcomer(c->m, "zed");
	const struct json *got;

	forget_all(c->h);
	for (int i = 0; i < 3; i++) {
		static const char *const verbs[] = { "kick", "disconnect", "ban" };

		say(c->owner, "{'type':'%s','target':'bob'}", verbs[i]);
		got = expect(c->owner, "{'type':'error','code':'ambiguous_prefix'}");
		assert_true(str_contains(json_get_str(got, S("message")), str_of(c->bob->pubkey, 16)));
		assert_true(str_contains(json_get_str(got, S("message")), str_of(bobs->pubkey, 16)));
		/* One character of a key, and seven, are none. */
		say(c->owner, "{'type':'%s','target':'%.1s','_reqId':'1'}", verbs[i], c->bob->pubkey);
		expect(c->owner, i < 2 ? "{'affected':[]}" : "{'code':'not_found'}");
		say(c->owner, "{'type':'%s','target':'%.7s','_reqId':'7'}", verbs[i], c->bob->pubkey);
		expect(c->owner, i < 2 ? "{'affected':[]}" : "{'code':'not_found'}");
	}
	/* Somebody whose session is called like carol, while she is there or not. */
	enter(liar, GREETING(.session = true, .name = "carol"));
	forget_all(c->h);
	say(c->owner, "{'type':'kick','target':'carol'}");
	expect(c->owner, "{'code':'ambiguous_prefix'}");
	hang_up(c->carol);
	forget_all(c->h);
	say(c->owner, "{'type':'kick','target':'carol'}");
	expect(c->owner, "{'code':'ambiguous_prefix'}");
	/* A ban goes by members' names only. */
	say(c->owner, "{'type':'ban','target':'carol'}");
	expect(c->owner, "{'type':'ban_ack','banned':'carol','pubkey':'%s'}", c->carol->pubkey);
	/* Who calls himself like the start of a key is not meant by it, and neither is the key. */
	say(c->owner, "{'type':'member_update','memberId':'%s','displayName':'%.10s'}", member_of(liar)->id, c->bob->pubkey);
	expect(c->owner, "{'type':'member_updated'}");
	say(c->owner, "{'type':'ban','target':'%.10s'}", c->bob->pubkey);
	expect(c->owner, "{'code':'ambiguous_prefix'}");
	say(c->owner, "{'type':'ban','target':'%.11s'}", c->bob->pubkey);
	expect(c->owner, "{'type':'ban_ack','pubkey':'%s'}", c->bob->pubkey);
}

TEST(a_kick_by_key_means_the_session_the_device_or_the_member)
{
	ARENA;
	struct crew *c = crew(a);
	struct peer *other = twin(c->bob);

	enter(other, GREETING(.session = true, .session_id = "2", .name = "worker"));
	forget_all(c->h);
	say(c->owner, "{'type':'kick','target':'%.8s'}", other->session_pubkey);
	expect(c->owner, "{'affected':['worker']}");
	enter(other, GREETING(.session = true, .session_id = "2", .name = "worker"));
	forget_all(c->h);
	say(c->owner, "{'type':'kick','target':'worker'}");
	expect(c->owner, "{'affected':['worker']}");
	enter(other, GREETING(.session = true, .session_id = "2", .name = "worker"));
	forget_all(c->h);
	say(c->owner, "{'type':'kick','target':'bob'}");
	expect(c->owner, "{'affected':['bob','worker']}");
}

TEST(nobody_of_another_mesh_is_meant)
{
	ARENA;
	struct crew *c = crew(a);
	struct place *m = place(c->h, "other");
	struct peer *eve = arrive(m, "eve"), *boss = owner_of(m);

	enter(boss, GREETING(0));
	forget_all(c->h);
	say(boss, "{'type':'ban','target':'%s'}", c->bob->pubkey);
	expect(boss, "{'code':'not_found'}");
	say(boss, "{'type':'kick','target':'%s'}", c->bob->session_pubkey);
	expect(boss, "{'type':'kick_ack','affected':[]}");
	say(boss, "{'type':'kick','all':true}");
	expect(boss, "{'type':'kick_ack','affected':['eve']}");
	expect_close(eve, 4001, KICKED_TEXT);
	expect_nothing(c->bob);
	expect_nothing(c->owner);
}

TEST(d_39_a_ban_ends_everything_at_once_and_an_unban_brings_back_what_it_was)
{
	ARENA;
	struct crew *c = crew(a);
	struct peer *link = twin(c->bob);
	str key = api_key(c->bob, "'send','read'", ""), token, id = arena_dup(a, str_from(member_of(c->bob)->id));

	say(c->bob, "{'type':'bearer_token'}");
	token = arena_dup(a, json_get_str(expect(c->bob, "{'type':'bearer_token_created'}"), S("token")));
	say(c->bob, "{'type':'topic_create','name':'plans','_reqId':'t'}");
	expect(c->bob, "{'type':'topic_created'}");
	enter(link, GREETING(.session_id = "link"));
	assert_int_equal(ask(c->h, "me", key, "{}", ""), 200);
	assert_int_equal(ask(c->h, "me", token, "{}", ""), 200);
	send_to(c->bob, c->carol->pubkey, "1", NULL);
	forget_all(c->h);
	say(c->admin, "{'type':'ban','target':'bob','reason':'spam','_reqId':'b'}");
	assert_str(json_get_str(expect(c->bob, "{'type':'error','code':'revoked'}"), S("message")), S(TEXT_OF_TEAM));
	expect_close(c->bob, 4002, TEXT_OF_TEAM);
	forget(link);
	expect(c->admin, "{'type':'ban_ack','banned':'bob','_reqId':'b'}");
	assert_int_equal(ask(c->h, "me", key, "{}", ""), 401);
	assert_int_equal(ask(c->h, "me", token, "{}", ""), 401);
	for (int i = 0; i < 2; i++) {
		greet(c->bob, GREETING(.session = true));
		expect(c->bob, "{'type':'error','code':'revoked'}");
		expect_close(c->bob, 4002, TEXT_OF_TEAM);
		forget_all(c->h);
		say(c->admin, "{'type':'list_bans','_reqId':'l'}");
		expect(c->admin, "{'type':'list_bans_result','_reqId':'l','bans':[{'name':'bob','pubkey':'%s',"
		       "'revokedAt':'*','bannedBy':'admin','reason':'spam','memberId':'*'}]}", c->bob->pubkey);
		restart(c->h);
		enter(c->admin, GREETING(0));
		forget_all(c->h);
	}
	/* Once is enough: a banned member is not there to be banned. */
	say(c->admin, "{'type':'ban','target':'bob'}");
	expect(c->admin, "{'code':'not_found'}");
	say(c->admin, "{'type':'unban','target':'%s','_reqId':'u'}", c->bob->pubkey);
	expect(c->admin, "{'type':'unban_ack','unbanned':'bob','_reqId':'u'}");
	say(c->admin, "{'type':'list_bans'}");
	expect(c->admin, "{'type':'list_bans_result','bans':[]}");
	enter(c->bob, GREETING(.session = true));
	assert_str(str_from(member_of(c->bob)->id), id);
	forget_all(c->h);
	say(c->bob, "{'type':'topic_list'}");
	expect(c->bob, "{'type':'topic_list_response','topics':[{'name':'general'},{'name':'plans'}]}");
	assert_int_equal(ask(c->h, "me", key, "{}", ""), 401);
	enter(c->carol, GREETING(.session = true));
	expect_message(c->carol, "1");
}

TEST(who_left_is_no_ban_and_may_be_invited_again)
{
	ARENA;
	struct crew *c = crew(a);
	const char *id = id_of(c->carol);
	struct peer *link = twin(c->carol);

	say(c->carol, "{'type':'leave_mesh','_reqId':'l'}");
	expect(c->carol, "{'code':'forbidden'}");
	say(c->owner, "{'type':'leave_mesh','_reqId':'l'}");
	expect(c->owner, "{'code':'forbidden','message':'the owner cannot leave its mesh'}");
	say(c->carol, "{'type':'topic_create','name':'den','visibility':'private','_reqId':'t'}");
	expect(c->carol, "{'type':'topic_created'}");
	enter(link, GREETING(.session_id = "link"));
	say(c->owner, "{'type':'permissions_set','memberId':'%s','permissions':{'canInvite':true}}", id);
	assert_true(member_of(c->carol)->has_permissions);
	forget_all(c->h);
	say(link, "{'type':'leave_mesh','_reqId':'l'}");
	expect(link, "{'type':'ack','_reqId':'l'}");
	expect(link, "{'type':'error','code':'revoked'}");
	expect_close(link, 4002, TEXT_OF_TEAM);
	forget_all(c->h);
	say(c->admin, "{'type':'list_bans'}");
	expect(c->admin, "{'type':'list_bans_result','bans':[]}");
	restart(c->h);
	enter(c->bob, GREETING(.session = true));
	assert_int_equal(call(c->h, "join", "", join_body(c->m, c->carol)), 200);
	/* A newcomer, as the audit log says, too: what it was allowed before is not. */
	assert_false(member_of(c->carol)->has_permissions);
	assert_int_equal(count(c->h->f, "member_permission"), 0);
	enter(c->owner, GREETING(0));
	forget_all(c->h);
	say(c->owner, "{'type':'audit_query','eventType':'member_joined','limit':1}");
	expect(c->owner, "{'type':'audit_result','entries':[{'actorId':'%s','payload':{'invite':'*'}}]}", id);
	enter(c->carol, GREETING(.session = true));
	assert_string_equal(id_of(c->carol), id);
	forget_all(c->h);
	say(c->carol, "{'type':'topic_list'}");
	expect(c->carol, "{'type':'topic_list_response','topics':[{'name':'general'}]}");
	/* A ban is not undone by an invite. */
	enter(c->admin, GREETING(0));
	say(c->admin, "{'type':'ban','target':'carol'}");
	assert_int_equal(call(c->h, "join", "", join_body(c->m, c->carol)), 403);
	assert_int_equal(call(c->h, "claim", c->m->code, claim_body(c->m, c->carol)), 403);
	restart(c->h);
	assert_int_equal(call(c->h, "join", "", join_body(c->m, c->carol)), 403);
}

TEST(a_token_made_before_a_ban_is_dead_after_an_unban)
{
	ARENA;
	struct crew *c = crew(a);
	str token;

	say(c->bob, "{'type':'bearer_token'}");
	token = arena_dup(a, json_get_str(expect(c->bob, "{'type':'bearer_token_created'}"), S("token")));
	advance(c->h, 1000);
	say(c->owner, "{'type':'ban','target':'bob'}");
	say(c->owner, "{'type':'unban','target':'bob'}");
	assert_int_equal(ask(c->h, "me", token, "{}", ""), 401);
	advance(c->h, 1000);
	enter(c->bob, GREETING(.session = true));
	forget_all(c->h);
	say(c->bob, "{'type':'bearer_token'}");
	token = arena_dup(a, json_get_str(expect(c->bob, "{'type':'bearer_token_created'}"), S("token")));
	assert_int_equal(ask(c->h, "me", token, "{}", ""), 200);
}

TEST(a_ban_that_was_not_stored_banned_nobody)
{
	ARENA;
	struct crew *c = crew(a);
	str key = api_key(c->bob, "'send','read'", "");

	fail_commits(c->h, ERR_TRY_AGAIN);
	say(c->owner, "{'type':'ban','target':'bob','_reqId':'b'}");
	fail_commits(c->h, 0);
	expect(c->owner, "{'type':'push','event':'peer_left'}");
	expect(c->owner, "{'type':'error','code':'try_again','_reqId':'b'}");
	/* It lost its connection, and is not told that it may not come back. */
	expect_close(c->bob, 1013, "try_again");
	advance(c->h, 2000);
	enter(c->bob, GREETING(.session = true));
	assert_int_equal(ask(c->h, "me", key, "{}", ""), 200);
	forget_all(c->h);
	say(c->owner, "{'type':'list_bans'}");
	expect(c->owner, "{'bans':[]}");
}

TEST(only_the_owner_makes_and_unmakes_admins)
{
	ARENA;
	struct crew *c = crew(a);
	const char *bob = id_of(c->bob), *admin = id_of(c->admin), *owner = id_of(c->owner);

	say(c->bob, "{'type':'member_update','role':'admin','_reqId':'1'}");
	expect(c->bob, "{'code':'forbidden'}");
	say(c->admin, "{'type':'member_update','memberId':'%s','role':'admin','_reqId':'1'}", bob);
	expect(c->admin, "{'code':'forbidden','message':'only the owner makes admins and unmakes them'}");
	say(c->owner, "{'type':'member_update','memberId':'%s','role':'member','_reqId':'1'}", owner);
	expect(c->owner, "{'code':'forbidden'}");
	say(c->admin, "{'type':'member_update','memberId':'%s','role':'member','_reqId':'1'}", owner);
	expect(c->admin, "{'code':'forbidden'}");
	say(c->owner, "{'type':'member_update','memberId':'%s','role':'king','_reqId':'1'}", bob);
	expect(c->owner, "{'code':'bad_request'}");
	say(c->owner, "{'type':'member_update','memberId':'%s','role':'admin'}", bob);
	expect(c->owner, "{'type':'member_updated','role':'admin'}");
	expect(c->bob, "{'type':'push','event':'profile_updated','eventData':{'role':'admin'}}");
	/* Admins stand beside each other. */
	say(c->admin, "{'type':'kick','target':'bob','_reqId':'1'}");
	expect(c->admin, "{'code':'forbidden','message':'an admin can only be kicked by the owner'}");
	say(c->bob, "{'type':'kick','target':'carol'}");
	expect(c->bob, "{'type':'kick_ack','affected':['carol']}");
	restart(c->h);
	enter(c->bob, GREETING(.session = true));
	enter(c->admin, GREETING(0));
	enter(c->owner, GREETING(0));
	forget_all(c->h);
	say(c->bob, "{'type':'list_bans'}");
	expect(c->bob, "{'type':'list_bans_result'}");
	/* One may step down. */
	say(c->admin, "{'type':'member_update','memberId':'%s','role':'member'}", admin);
	expect(c->admin, "{'type':'member_updated','role':'member'}");
	say(c->owner, "{'type':'member_update','memberId':'%s','role':'member'}", bob);
	expect(c->owner, "{'type':'member_updated','role':'member'}");
	forget(c->bob);
	say(c->bob, "{'type':'list_bans','_reqId':'1'}");
	expect(c->bob, "{'code':'forbidden'}");
}

/* Its connection is gone when the store fails: whoever answers must not look at it. */
TEST(a_leaving_that_fails_half_way_ends_nobody)
{
	ARENA;
	struct crew *c = crew(a);
	struct peer *link = twin(c->carol);
	i64 at = 1;

	send_to(c->bob, c->carol->pubkey, "1", NULL);
	db_fault(c->h->f->db, &c->h->f->plan);
	for (; at < 100; at++) {
		enter(link, GREETING(.session_id = "link"));
		forget_all(c->h);
		c->h->f->plan = (struct db_fault){ .fail_at = at, .code = ERR_TRY_AGAIN };
		say(link, "{'type':'leave_mesh'}");
		if (c->h->f->plan.calls < at)
			break;
		c->h->f->plan = (struct db_fault){ 0 };
		advance(c->h, 2000);
		assert_int_equal(member_of(c->carol)->revoked_ms, 0);
		lose(link);
	}
	assert_in_range(at, 2, 99);
	c->h->f->plan = (struct db_fault){ 0 };
	assert_int_not_equal(member_of(c->carol)->revoked_ms, 0);
}

TEST(a_flood_of_bans_is_slowed_down)
{
	ARENA;
	struct crew *c = crew(a);

	c->h->engine->settings.lists_kb_per_minute = 256;
	for (int i = 0; i < 2; i++) {
		say(c->admin, "{'type':'%s','target':'bob'}", i ? "unban" : "ban");
		expect(c->admin, "{'type':'%s'}", i ? "unban_ack" : "ban_ack");
		forget(c->admin);
	}
	say(c->admin, "{'type':'ban','target':'bob','_reqId':'1'}");
	expect(c->admin, "{'type':'error','code':'rate_limit'}");
	say(c->admin, "{'type':'member_update','displayName':'boss','_reqId':'2'}");
	expect(c->admin, "{'type':'error','code':'rate_limit'}");
}

TEST(a_flood_of_kicks_is_slowed_down)
{
	ARENA;
	struct crew *c = crew(a);

	c->h->settings.lists_kb_per_minute = 16;
	c->h->engine->settings.lists_kb_per_minute = 16;
	for (int i = 0; i < 16; i++) {
		say(c->admin, "{'type':'kick','target':'nobody'}");
		expect(c->admin, "{'type':'kick_ack'}");
	}
	say(c->admin, "{'type':'kick','target':'nobody','_reqId':'1'}");
	expect(c->admin, "{'type':'error','code':'rate_limit'}");
}

TEST_MAIN("engine/moderation")
