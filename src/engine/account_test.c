/*
 * account_test.c - session tokens that are good and that are not, whose members are whose, and what
 * a key may join by its account.
 */
#include "engine/harness_test.h"

#include "crypto/jwt.h"
#include "crypto/sync.h"
#include "engine/account.h"
#include "engine/rank.h"
#include "proto/account.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str told(struct house *h, const char *key)
{
	return arena_dup(h->a, json_get_str(answer(h), str_from(key)));
}

static str sign_in(struct house *h, const char *email)
{
	str code;

	assert_int_equal(call(h, "admin_login_code", "", text(h->a, "{'email':'%s'}", email)), 200);
	code = told(h, "code");
	assert_int_equal(call(h, "login_code", "", text(h->a, "{'email':'%s','code':'%.*s'}", email, STRF(code))), 200);
	return told(h, "token");
}

static str id_of(struct house *h, str token)
{
	h->bearer = token;
	assert_int_equal(call(h, "profile_get", "", S("")), 200);
	return told(h, "id");
}

static int profile(struct house *h, str token)
{
	h->bearer = token;
	return call(h, "profile_get", "", S(""));
}

/* ---- tokens ---- */

/* A token with other claims, signed well. */
static str forged(struct house *h, str token, str key, const char *what, const char *with)
{
	str payload;
	char *at, *text_;

	assert_true(jwt_open(h->a, h->settings.login_secret, token, &payload));
	at = memmem(payload.ptr, payload.len, what, strlen(what));
	assert_non_null(at);
	text_ = arena_cstr(h->a, arena_printf(h->a, "%.*s%s%.*s", (int)(at - payload.ptr), payload.ptr, with,
					      STRF(str_skip(payload, (size_t)(at - payload.ptr) + strlen(what)))));
	return jwt_sign(h->a, key, str_from(text_));
}

TEST(A4_one_verifier_looks_at_signature_type_expiry_and_revocation)
{
	ARENA;
	struct house *h = house(a);
	str token = sign_in(h, "ann@x.org"), key = h->settings.login_secret, other;

	assert_int_equal(profile(h, token), 200);
	/* The very same bytes under another key, and other claims under ours. */
	assert_int_equal(profile(h, forged(h, token, S("another secret of others"), "ann", "ann")), 401);
	assert_int_equal(profile(h, forged(h, token, key, "ann@x.org", "bob@x.org")), 401);
	assert_int_equal(profile(h, forged(h, token, key, "\"browser\"", "\"cli-session\"")), 401);
	assert_int_equal(profile(h, forged(h, token, key, "\"browser\"", "\"admin\"")), 401);
	assert_int_equal(profile(h, forged(h, token, key, "\"exp\":1", "\"exp\":2")), 401);
	assert_int_equal(profile(h, S("cm_0123456789012345678901234567890123456789012")), 401);
	expect_answer(h, 401, "{'error':'invalid_or_revoked_token'}");
	assert_int_equal(profile(h, S("")), 401);
	expect_answer(h, 401, "{'error':'empty_bearer_token'}");
	/* Revoked by who has it. */
	other = sign_in(h, "ann@x.org");
	h->bearer = STR_NONE;
	call(h, "session_revoke", "", text(a, "{'token':'%.*s'}", STRF(token)));
	expect_answer(h, 200, "{'ok':true,'found':true}");
	call(h, "session_revoke", "", text(a, "{'token':'%.*s'}", STRF(token)));
	expect_answer(h, 200, "{'ok':true,'found':null}");
	assert_int_equal(profile(h, token), 401);
	assert_int_equal(profile(h, other), 200);
	restart(h);
	assert_int_equal(profile(h, token), 401);
	assert_int_equal(profile(h, other), 200);
	/* Over. */
	advance(h, SESSION_DAYS * ACCOUNT_DAY_MS - 5000);
	assert_int_equal(profile(h, other), 200);
	advance(h, 5000);
	assert_int_equal(profile(h, other), 401);
}

TEST(A3_sessions_are_their_persons_to_see_and_end)
{
	ARENA;
	struct house *h = house(a);
	str ann = sign_in(h, "ann@x.org"), bob = sign_in(h, "bob@x.org"), id;
	const struct json *list;

	h->bearer = STR_NONE;
	assert_int_equal(call(h, "session_list", "", S("{\"user_id\":\"x\"}")), 401);
	h->bearer = ann;
	assert_int_equal(call(h, "cli_token", "", S("{\"hostname\":\"laptop\"}")), 200);
	assert_int_equal(call(h, "session_list", "", S("")), 200);
	list = json_get(answer(h), S("sessions"));
	assert_int_equal(list->count, 2);
	assert_true(json_get_bool(list->first, S("current")));
	assert_str(json_get_str(list->first->next, S("hostname")), S("laptop"));
	assert_str(json_get_str(list->first->next, S("kind")), S("cli-token"));
	id = arena_dup(a, json_get_str(list->first->next, S("id")));
	h->bearer = bob;
	assert_int_equal(call(h, "session_end", arena_cstr(a, id), S("")), 404);
	h->bearer = ann;
	assert_int_equal(call(h, "session_end", arena_cstr(a, id), S("")), 200);
	call(h, "session_list", "", S(""));
	assert_int_equal(json_get(answer(h), S("sessions"))->count, 1);
}

TEST(sessions_of_an_account_are_bounded)
{
	ARENA;
	struct house *h = house(a);

	h->bearer = sign_in(h, "ann@x.org");
	for (int i = 1; i < SESSIONS_PER_ACCOUNT_MAX; i++)
		assert_int_equal(call(h, "cli_token", "", S("{}")), 200);
	assert_int_equal(call(h, "cli_token", "", S("{}")), 409);
	/* Nobody is locked out by them. */
	h->bearer = sign_in(h, "ann@x.org");
	assert_int_equal(call(h, "session_list", "", S("")), 200);
	assert_int_equal(json_get(answer(h), S("sessions"))->count, SESSIONS_PER_ACCOUNT_MAX);
	assert_int_equal(call(h, "cli_token", "", S("{}")), 409);
}

TEST(B21_a_name_of_any_script_is_in_the_token_as_it_is)
{
	ARENA;
	struct house *h = house(a);
	str payload, token;
	const struct json *claims;

	h->bearer = sign_in(h, "zoe@x.org");
	assert_int_equal(call(h, "profile_set", "", S("{\"name\":\"Zo\xc3\xab \xe5\xad\xa6 \xf0\x9f\xa6\x8a\"}")), 200);
	expect_answer(h, 200, "{'display_name':'Zo\xc3\xab \xe5\xad\xa6 \xf0\x9f\xa6\x8a'}");
	assert_int_equal(call(h, "profile_set", "", S("{\"name\":\"a\\u0007b\"}")), 400);
	assert_int_equal(call(h, "cli_token", "", S("{}")), 200);
	token = told(h, "token");
	assert_true(jwt_open(a, h->settings.login_secret, token, &payload));
	assert_ok(json_parse(a, payload, &claims));
	assert_str(json_get_str(claims, S("name")), S("Zo\xc3\xab \xe5\xad\xa6 \xf0\x9f\xa6\x8a"));
	assert_int_equal(json_get_int(claims, S("exp"), 0) - json_get_int(claims, S("iat"), 0), 2592000);
	assert_int_equal(profile(h, token), 200);
}

/* ---- the shim ---- */

TEST(S14_a_user_id_counts_only_where_the_operator_says_so)
{
	ARENA;
	struct house *h = house(a);
	str id = id_of(h, sign_in(h, "ann@x.org")), body = text(a, "{'user_id':'%.*s'}", STRF(id));

	h->bearer = STR_NONE;
	assert_int_equal(call(h, "cli_meshes", "", body), 401);
	assert_int_equal(h->engine->stats.legacy_auth_hits, 0);
	h->legacy_auth = true;
	assert_int_equal(call(h, "cli_meshes", "", body), 200);
	assert_int_equal(h->engine->stats.legacy_auth_hits, 1);
	assert_int_equal(call(h, "cli_meshes", "", S("{}")), 401);
	assert_int_equal(call(h, "cli_meshes", "", S("{\"user_id\":\"nobody\"}")), 401);
	/* A token that came along counts, good or bad. */
	h->bearer = S("bad");
	assert_int_equal(call(h, "cli_meshes", "", body), 401);
	assert_int_equal(h->engine->stats.legacy_auth_hits, 1);
}

/* ---- members ---- */

static void link_to(struct peer *p, str token, const char *answer_)
{
	say(p, "{'type':'account_link','token':'%.*s','_reqId':'l'}", STRF(token));
	expect(p, "%s", answer_);
}

TEST(a_member_is_linked_over_its_own_connection)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *agent;
	str ann = sign_in(h, "ann@x.org"), none = S("eyJ.a.b");
	i64 rows;

	forget_all(h);
	link_to(alice, none, "{'type':'error','_reqId':'l','code':'invalid_or_revoked_token'}");
	h->bearer = ann;
	call(h, "cli_meshes", "", S(""));
	assert_int_equal(json_get(answer(h), S("meshes"))->count, 0);
	link_to(alice, ann, "{'type':'account_linked','email':'ann@x.org','_reqId':'l'}");
	/* Again, and the audit log does not grow. */
	rows = h->engine->meshes->audit.seq;
	link_to(alice, ann, "{'type':'account_linked','email':'ann@x.org','_reqId':'l'}");
	assert_int_equal(h->engine->meshes->audit.seq, rows);
	call(h, "cli_meshes", "", S(""));
	expect_answer(h, 200, "{'meshes':[{'slug':'team','role':'member','is_owner':false,'active_peers':1}]}");
	call(h, "my_meshes", "", S(""));
	expect_answer(h, 200, "{'data':[{'slug':'team','myRole':'member','memberCount':2}],'total':1}");
	/* A session of it may not: it is an agent's. */
	agent = arrive_session(m, "agent");
	forget_all(h);
	link_to(agent, ann, "{'type':'error','_reqId':'l','code':'forbidden'}");
	assert_int_equal(call(h, "session_revoke", "", text(a, "{'token':'%.*s'}", STRF(ann))), 200);
	link_to(alice, ann, "{'type':'error','_reqId':'l','code':'invalid_or_revoked_token'}");
}

TEST(who_makes_a_mesh_signed_in_needs_no_other_leave)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place_plan(h, "mine");
	struct peer *ann = stranger(m, "ann");

	h->may_create = false;
	assert_int_equal(call(h, "mesh_create", "", create_body(m, ann)), 403);
	h->bearer = sign_in(h, "ann@x.org");
	assert_int_equal(call(h, "mesh_create", "", create_body(m, ann)), 200);
	call(h, "cli_meshes", "", S(""));
	expect_answer(h, 200, "{'meshes':[{'slug':'mine','role':'admin','is_owner':true,'member_count':1}]}");
	h->bearer = S("bad");
	assert_int_equal(call(h, "mesh_create", "", create_body(m, ann)), 401);
}

/* ---- sync ---- */

static str sync_body(struct house *h, struct peer *p, str account, const char *mesh_id, bool sign)
{
	struct sync_claim c = { account, str_from(mesh_id), str_from(p->pubkey), clock_ms(&h->clock) };
	str signature = S("");

	if (sign)
		assert_ok(sync_claim_sign(h->a, &c, &p->member, &signature));
	return text(h->a, "{'peer_pubkey':'%s','display_name':'%s','account_id':'%.*s','mesh_id':'%s',"
		    "'timestamp':%lld,'signature':'%.*s'}", p->pubkey, p->name, STRF(account), mesh_id,
		    (long long)c.timestamp_ms, STRF(signature));
}

/* Ann, linked to alice of the mesh. */
static str linked(struct house *h, struct peer *alice, str *ret_id)
{
	str ann = sign_in(h, "ann@x.org");

	*ret_id = id_of(h, ann);
	forget_all(h);
	link_to(alice, ann, "{'type':'account_linked'}");
	h->bearer = ann;
	return ann;
}

TEST(A2_meshes_and_role_of_a_sync_are_looked_up)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *laptop = stranger(m, "laptop");
	struct member *member;
	str id;

	linked(h, alice, &id);
	/* What the reference's page could say is not even read. */
	assert_int_equal(call(h, "cli_sync", "", text(a, "{'peer_pubkey':'%s','display_name':'laptop','role':'admin',"
			      "'meshes':[{'id':'%s','slug':'other','role':'admin'}]}", laptop->pubkey, other->id)), 200);
	expect_answer(h, 200, "{'ok':true,'meshes':[{'slug':'team','role':'member','member_id':'*'}]}");
	assert_int_equal(json_get(answer(h), S("meshes"))->count, 1);
	member = mesh_member(alice->place->house->engine->meshes, str_from(laptop->pubkey));
	assert_non_null(member);
	assert_false(member->claim_signature.len);
	/* Again, and nothing changes. */
	assert_int_equal(call(h, "cli_sync", "", sync_body(h, laptop, id, m->id, false)), 200);
	assert_int_equal(call(h, "cli_sync", "", sync_body(h, laptop, id, other->id, true)), 400);
	expect_answer(h, 400, "{'ok':false,'error':'no valid meshes found in sync token'}");
}

TEST(a_key_that_an_admins_account_lets_in_is_not_the_owner)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *laptop = stranger(m, "laptop"), *owner;
	struct member *member;
	str id;

	for (owner = h->peers; owner->place != m || strcmp(owner->name, "owner") != 0; owner = owner->next)
		;
	enter(owner, GREETING(.channel = "claudemesh-daemon", .session_id = "o"));
	linked(h, owner, &id);
	assert_int_equal(call(h, "cli_sync", "", sync_body(h, laptop, id, m->id, true)), 200);
	expect_answer(h, 200, "{'meshes':[{'slug':'team','role':'admin'}]}");
	for (int i = 0; i < 2; i++) {
		member = mesh_member(h->engine->meshes, str_from(laptop->pubkey));
		assert_int_equal(member_rank(member), RANK_ADMIN);
		assert_int_equal(member_rank(mesh_member(h->engine->meshes, str_from(owner->pubkey))), RANK_OWNER);
		restart(h);
		enter(owner, GREETING(.channel = "claudemesh-daemon", .session_id = "o"));
	}
}

TEST(a_sync_token_is_good_once_and_for_a_quarter_of_an_hour)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *laptop = stranger(m, "laptop");
	str id, ann = linked(h, alice, &id), token, body;

	assert_int_equal(call(h, "cli_sync_token", "", S("{\"action\":\"create\"}")), 400);
	assert_int_equal(call(h, "cli_sync_token", "", S("{\"action\":\"sync\"}")), 200);
	token = told(h, "token");
	/* It is good for nothing else, and no other token is good for it. */
	assert_int_equal(profile(h, token), 401);
	h->bearer = STR_NONE;
	body = text(a, "{'sync_token':'%.*s','peer_pubkey':'%s','display_name':'l'}", STRF(ann), laptop->pubkey);
	assert_int_equal(call(h, "cli_sync", "", body), 400);
	body = text(a, "{'sync_token':'%.*s','peer_pubkey':'%s','display_name':'l'}", STRF(token), laptop->pubkey);
	assert_int_equal(call(h, "cli_sync", "", body), 200);
	assert_int_equal(call(h, "cli_sync", "", body), 400);
	expect_answer(h, 400, "{'ok':false,'error':'sync token invalid: token already used'}");
	h->bearer = ann;
	call(h, "cli_sync_token", "", S("{}"));
	token = told(h, "token");
	h->bearer = STR_NONE;
	advance(h, SYNC_TOKEN_MS);
	body = text(a, "{'sync_token':'%.*s','peer_pubkey':'%s','display_name':'l'}", STRF(token), laptop->pubkey);
	assert_int_equal(call(h, "cli_sync", "", body), 400);
}

TEST(a_key_of_somebody_else_is_not_linked_without_its_signature)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str id, ann = linked(h, alice, &id), bobs = sign_in(h, "bob@x.org"), bob_id, body;

	/* Ann names bob's key. */
	h->bearer = ann;
	assert_int_equal(call(h, "cli_sync", "", sync_body(h, bob, id, m->id, false)), 400);
	/* With what bob signed for himself. */
	bob_id = id_of(h, bobs);
	body = sync_body(h, bob, bob_id, m->id, true);
	h->bearer = ann;
	assert_int_equal(call(h, "cli_sync", "", body), 403);
	h->bearer = bobs;
	assert_int_equal(call(h, "cli_sync", "", body), 200);
	expect_answer(h, 200, "{'meshes':[{'slug':'team','role':'member'}]}");
	/* Late. */
	advance(h, HELLO_SKEW_MS + 1000);
	assert_int_equal(call(h, "cli_sync", "", body), 400);
	expect_answer(h, 400, "{'error':'timestamp_skew'}");
}

TEST(who_was_banned_does_not_sync_in_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *laptop = stranger(m, "laptop"), *third = stranger(m, "third");
	struct peer *owner;
	str id;

	linked(h, alice, &id);
	assert_int_equal(call(h, "cli_sync", "", sync_body(h, laptop, id, m->id, true)), 200);
	for (owner = h->peers; owner->place != m || strcmp(owner->name, "owner") != 0; owner = owner->next)
		;
	enter(owner, GREETING(.channel = "claudemesh-daemon", .session_id = "o"));
	forget_all(h);
	say(owner, "{'type':'ban','target':'alice','_reqId':'b'}");
	expect(owner, "{'_reqId':'b','code':null}");
	assert_int_equal(call(h, "cli_sync", "", sync_body(h, third, id, m->id, true)), 400);
}

TEST_MAIN("engine/account")
