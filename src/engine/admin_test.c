/*
 * admin_test.c - what the operator sees and does: people who are shut out, meshes that are closed and
 * opened, keys that end, logs that hold.
 */
#include "engine/harness_test.h"

#include "proto/account.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str told(struct house *h, const char *key)
{
	return arena_dup(h->a, json_get_str(answer(h), str_from(key)));
}

static int ask(struct house *h, const char *op, const char *body)
{
	return call(h, op, "", text(h->a, "%s", body));
}

static int sign_in_with(struct house *h, const char *email)
{
	str code;

	assert_int_equal(call(h, "admin_login_code", "", text(h->a, "{'email':'%s'}", email)), 200);
	code = told(h, "code");
	return call(h, "login_code", "", text(h->a, "{'email':'%s','code':'%.*s'}", email, STRF(code)));
}

static str sign_in(struct house *h, const char *email)
{
	assert_int_equal(sign_in_with(h, email), 200);
	return told(h, "token");
}

static int profile(struct house *h, str token)
{
	int status;

	h->bearer = token;
	status = call(h, "profile_get", "", S(""));
	h->bearer = STR_NONE;
	return status;
}

TEST(who_is_blocked_is_signed_in_nowhere)
{
	ARENA;
	struct house *h = house(a);
	str ann = sign_in(h, "ann@x.org"), bob = sign_in(h, "bob@x.org"), id;

	assert_int_equal(profile(h, ann), 200);
	id = told(h, "id");
	assert_int_equal(ask(h, "admin_user_block", "{'email':' Ann@X.org'}"), 200);
	expect_answer(h, 200, "{'email':'ann@x.org','blocked':true,'sessions_ended':1}");
	assert_int_equal(profile(h, ann), 401);
	assert_int_equal(profile(h, bob), 200);
	assert_int_equal(sign_in_with(h, "ann@x.org"), 403);
	expect_answer(h, 403, "{'error':'account_blocked'}");
	/* Nor by what S14 lets through. */
	h->legacy_auth = true;
	assert_int_equal(call(h, "cli_meshes", "", text(a, "{'user_id':'%.*s'}", STRF(id))), 401);
	h->legacy_auth = false;
	restart(h);
	assert_int_equal(sign_in_with(h, "ann@x.org"), 403);
	ask(h, "admin_users", "{}");
	expect_answer(h, 200, "{'users':[{'email':'ann@x.org','sessions':0,'blocked_at':'*'},"
			      "{'email':'bob@x.org','sessions':1,'blocked_at':null}],'next':null}");
	assert_int_equal(ask(h, "admin_user_unblock", "{'email':'ann@x.org'}"), 200);
	assert_int_equal(profile(h, ann), 401);
	assert_int_equal(sign_in_with(h, "ann@x.org"), 200);
	assert_int_equal(ask(h, "admin_user_block", "{'email':'nobody@x.org'}"), 404);
}

TEST(the_operator_ends_a_session)
{
	ARENA;
	struct house *h = house(a);
	str ann = sign_in(h, "ann@x.org"), other = sign_in(h, "ann@x.org"), id;

	assert_int_equal(ask(h, "admin_sessions", "{'email':'ann@x.org'}"), 200);
	assert_int_equal(json_get(answer(h), S("sessions"))->count, 2);
	id = arena_dup(a, json_get_str(json_get(answer(h), S("sessions"))->first, S("id")));
	assert_int_equal(call(h, "admin_session_revoke", "", text(a, "{'id':'%.*s'}", STRF(id))), 200);
	assert_int_equal((profile(h, ann) == 200) + (profile(h, other) == 200), 1);
	assert_int_equal(call(h, "admin_session_revoke", "", text(a, "{'id':'%.*s'}", STRF(id))), 404);
}

TEST(a_mesh_is_closed_and_opened)
{
	ARENA;
	struct house *h = house(a);
	struct place *team = place(h, "team");
	struct peer *alice = arrive(team, "alice"), *bob = newcomer(team, "bob");

	send_to(alice, bob->pubkey, "x", NULL);
	forget_all(h);
	ask(h, "admin_meshes", "{}");
	expect_answer(h, 200, "{'meshes':[{'slug':'team','members':3,'connections':1,'waiting':1,'archived_at':null,"
			      "'deleted':false,'owner_email':null}],'next':null}");
	assert_int_equal(ask(h, "admin_mesh_archive", "{'mesh':'team'}"), 200);
	expect(alice, "{'type':'error','code':'mesh_closed'}");
	expect_close(alice, 4002, "\"team\" was archived by the operator of the broker.");
	assert_int_equal(ask(h, "admin_mesh_archive", "{'mesh':'team'}"), 404);
	assert_int_equal(call(h, "admin_mesh_archive", "", text(a, "{'mesh':'%s'}", team->id)), 409);
	assert_int_equal(ask(h, "admin_mesh_open", "{'mesh':'team'}"), 404);
	assert_int_equal(call(h, "admin_mesh_open", "", text(a, "{'mesh':'%s'}", team->id)), 200);
	expect_answer(h, 200, "{'slug':'team','archived':false}");
	/* What waited, waits. */
	enter(bob, GREETING(0));
	expect_message(bob, "x");
	assert_int_equal(call(h, "admin_mesh_open", "", text(a, "{'mesh':'%s'}", team->id)), 409);
	restart(h);
	ask(h, "admin_meshes", "{}");
	expect_answer(h, 200, "{'meshes':[{'slug':'team','archived_at':null}]}");
	call(h, "admin_audit", "", S("{\"mesh\":\"team\"}"));
	expect_answer(h, 200, "{'done':true,'brokenAt':0}");
}

TEST(a_mesh_is_not_opened_over_another_nor_when_it_was_deleted)
{
	ARENA;
	struct house *h = house(a);
	struct place *one = place(h, "team"), *two;
	struct peer *owner;

	assert_int_equal(ask(h, "admin_mesh_archive", "{'mesh':'team'}"), 200);
	two = place(h, "team");
	assert_int_equal(call(h, "admin_mesh_open", "", text(a, "{'mesh':'%s'}", one->id)), 409);
	owner = h->peers;
	while (owner->place != two || strcmp(owner->name, "owner") != 0)
		owner = owner->next;
	if (!owner->admitted)
		enter(owner, GREETING(0));
	forget_all(h);
	say(owner, "{'type':'mesh_delete','slug':'team'}");
	forget_all(h);
	assert_int_equal(call(h, "admin_mesh_open", "", text(a, "{'mesh':'%s'}", two->id)), 410);
	assert_int_equal(call(h, "admin_mesh_open", "", text(a, "{'mesh':'%s'}", one->id)), 200);
	ask(h, "admin_meshes", "{}");
	expect_answer(h, 200, "{'meshes':[{'deleted':false,'archived_at':null},{'deleted':true,'archived_at':'*'}]}");
}

TEST(the_operator_ends_a_key)
{
	ARENA;
	struct house *h = house(a);
	struct peer *alice = arrive(place(h, "team"), "alice");
	str id;

	say(alice, "{'type':'apikey_create','label':'ci','capabilities':['read']}");
	id = arena_dup(a, json_get_str(expect(alice, "{'type':'apikey_created'}"), S("id")));
	ask(h, "admin_keys", "{'mesh':'team'}");
	expect_answer(h, 200, "{'keys':[{'label':'ci','capabilities':['read'],'issuer':'alice','revoked_at':null}]}");
	assert_int_equal(ask(h, "admin_key_revoke", "{'mesh':'team','id':'%'}"), 400);
	assert_int_equal(ask(h, "admin_key_revoke", "{'mesh':'team','id':'zzzzzz'}"), 404);
	assert_int_equal(call(h, "admin_key_revoke", "", text(a, "{'mesh':'team','id':'%.*s'}", 8, id.ptr)), 200);
	ask(h, "admin_keys", "{'mesh':'team'}");
	expect_answer(h, 200, "{'keys':[{'label':'ci','revoked_at':'*'}]}");
}

TEST(a_log_is_verified_part_by_part)
{
	ARENA;
	struct house *h = house(a);
	struct place *team = place(h, "team");
	i64 seq;
	str hash;

	arrive(team, "alice");
	assert_int_equal(ask(h, "admin_audit", "{'mesh':'team'}"), 200);
	expect_answer(h, 200, "{'done':true,'brokenAt':0}");
	seq = json_get_int(answer(h), S("seq"), 0);
	hash = told(h, "hash");
	assert_true(seq > 1);
	call(h, "admin_audit", "", text(a, "{'mesh':'team','seq':%lld,'hash':'%.*s'}", (long long)seq, STRF(hash)));
	expect_answer(h, 200, "{'done':true,'brokenAt':0}");
	/* Another log than the one that was there. */
	call(h, "admin_audit", "", text(a, "{'mesh':'team','seq':%lld,'hash':'%064d'}", (long long)seq - 1, 0));
	expect_answer(h, 200, "{'done':true}");
	assert_int_equal(json_get_int(answer(h), S("brokenAt"), 0), seq);
	assert_int_equal(ask(h, "admin_audit", "{'mesh':'team','seq':1}"), 400);
	assert_ok(db_exec(h->f->db, a, S("UPDATE audit SET payload = '{}' WHERE seq = 2")));
	ask(h, "admin_audit", "{'mesh':'team'}");
	expect_answer(h, 200, "{'done':true,'brokenAt':2,'seq':1}");
}

TEST_MAIN("engine/admin")
