/*
 * mail_test.c - mails as jobs: first try, answer, retries, crashes; and what makes them.
 */
#include "engine/harness_test.h"

#include "crypto/chain.h"
#include "engine/mail.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static const i64 MINUTE_MS = 60000;

static str mail_body(struct place *m, const char *email)
{
	str body = invite_body(m);

	return arena_printf(m->house->a, "%.*s,\"email\":\"%s\"}", (int)body.len - 1, body.ptr, email);
}

/* An invite of a new place, as the owner's client asks for it. */
static int ask(struct place *m, const char *email)
{
	invite_plan(m, 1, 7);
	return call(m->house, "invite_create", m->slug, mail_body(m, email));
}

static struct job_row *the_job(struct house *h, struct arena *a)
{
	struct job_row *rows;
	size_t n;

	assert_ok(store_jobs_due(h->f->st, a, INT64_MAX, 9, &rows, &n));
	assert_int_equal(n, 1);
	return rows;
}

TEST(b_18_an_invite_is_mailed_and_the_answer_tells_the_outcome_of_the_first_try)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	const struct json *says;
	size_t before;

	with_mail(h);
	before = h->n_answers;
	ask(m, "Bob@Example.org");
	assert_int_equal(h->n_answers, before);
	assert_int_equal(h->n_mails, 1);
	says = mailed(h, MAIL_SENT);
	expect_answer(h, 200, "{'emailed':true,'code':'*'}");
	assert_str(json_get_str(says, S("to")), S("bob@example.org"));
	assert_str(json_get_str(says, S("mesh")), S("team"));
	assert_str(json_get_str(says, S("role")), S("member"));
	assert_str(json_get_str(says, S("url")),
		   arena_printf(a, "http://127.0.0.1:7900/i/%s", m->code));
	assert_false(json_get(says, S("token")) || json_get(says, S("code")));
	assert_str(the_job(h, a)->state, S("sent"));
	assert_int_equal(the_job(h, a)->payload.len, 0);
	advance(h, 24 * 60 * MINUTE_MS);
	assert_int_equal(h->n_mails, 0);
}

TEST(without_a_way_to_send_an_invite_is_made_and_says_that_it_was_not_mailed)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");

	assert_int_equal(ask(m, "bob@example.org"), 200);
	expect_answer(h, 200, "{'emailed':false,'code':'*'}");
	assert_int_equal(h->n_mails, 0);
}

static const char *const no_addresses[] = {
	"bob", "bob@example.org\\r\\nBcc: eve@evil.org", "bob@example.org,eve@evil.org", "Bob <bob@example.org>", "@",
};

TEST(what_is_no_address_makes_no_invite)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");

	with_mail(h);
	for (size_t i = 0; i < ARRAY_LEN(no_addresses); i++) {
		assert_int_equal(ask(m, no_addresses[i]), 400);
		expect_answer(h, 400, "{'error':'invalid_email'}");
	}
	assert_int_equal(h->n_mails, 0);
}

TEST(the_answer_waits_ten_seconds_and_not_longer)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	size_t before;

	with_mail(h);
	before = h->n_answers;
	ask(m, "bob@example.org");
	advance(h, MAIL_ANSWER_MS - 1);
	assert_int_equal(h->n_answers, before);
	advance(h, 2);
	expect_answer(h, 200, "{'emailed':false}");
	/* It may still go out. */
	mailed(h, MAIL_SENT);
	assert_int_equal(h->n_answers, before + 1);
	assert_str(the_job(h, a)->state, S("sent"));
}

TEST(what_failed_for_now_is_tried_again_at_longer_and_longer_pauses_then_given_up)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	static const i64 pauses[] = { 1, 10, 60, 6 * 60 };

	with_mail(h);
	ask(m, "bob@example.org");
	mailed(h, MAIL_LATER);
	expect_answer(h, 200, "{'emailed':false}");
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		advance(h, pauses[i] * MINUTE_MS - 1000);
		assert_int_equal(h->n_mails, 0);
		advance(h, 17000);
		assert_int_equal(h->n_mails, 1);
		mailed(h, MAIL_LATER);
	}
	assert_str(the_job(h, a)->state, S("failed"));
	advance(h, 48 * 60 * MINUTE_MS);
	assert_int_equal(h->n_mails, 0);
}

TEST(what_was_refused_for_good_is_not_tried_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");

	with_mail(h);
	ask(m, "bob@example.org");
	mailed(h, MAIL_REFUSED);
	expect_answer(h, 200, "{'emailed':false}");
	assert_str(the_job(h, a)->state, S("failed"));
}

TEST(a_try_without_an_outcome_is_made_again_when_its_lease_ends_also_by_the_next_broker)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	i64 job;

	with_mail(h);
	ask(m, "bob@example.org");
	job = h->mails[0].job;
	h->n_mails = 0;
	restart(h);
	advance(h, MAIL_LEASE_MS - 16000);
	assert_int_equal(h->n_mails, 0);
	advance(h, 32000);
	assert_int_equal(h->n_mails, 1);
	assert_int_equal(h->mails[0].job, job);
	mailed(h, MAIL_SENT);
	assert_str(the_job(h, a)->state, S("sent"));
}

TEST(an_invite_that_is_not_stored_is_not_mailed)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	size_t before;

	with_mail(h);
	fail_commits(h, ERR_IO);
	before = h->n_answers;
	assert_int_equal(ask(m, "bob@example.org"), 503);
	assert_int_equal(h->n_mails, 0);
	fail_commits(h, 0);
	advance(h, 2 * MAIL_ANSWER_MS);
	assert_int_equal(h->n_answers, before + 1);
}

TEST(an_outcome_that_cannot_be_stored_costs_a_second_mail_and_no_answer)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");

	with_mail(h);
	ask(m, "bob@example.org");
	fail_commits(h, ERR_IO);
	mailed(h, MAIL_SENT);
	fail_commits(h, 0);
	advance(h, MAIL_LEASE_MS + 16000);
	assert_int_equal(h->n_mails, 1);
	mailed(h, MAIL_SENT);
	assert_str(the_job(h, a)->state, S("sent"));
}

TEST(nobody_s_mailbox_can_be_filled_with_invitations)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");

	with_mail(h);
	for (int i = 0; i < MAILS_TO_ADDRESS_PER_DAY; i++) {
		ask(i % 2 ? m : other, i % 2 ? "bob@example.org" : "BOB@example.org");
		mailed(h, MAIL_SENT);
		expect_answer(h, 200, "{'emailed':true}");
	}
	assert_int_equal(ask(m, "bob@example.org"), 429);
	ask(m, "ann@example.org");
	mailed(h, MAIL_SENT);
	expect_answer(h, 200, "{'emailed':true}");
	advance(h, 24 * 60 * MINUTE_MS);
	ask(m, "bob@example.org");
	mailed(h, MAIL_SENT);
	expect_answer(h, 200, "{'emailed':true}");
}

TEST(the_database_alone_tells_nobody_what_is_in_a_mail)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct job_row *job;

	with_mail(h);
	ask(m, "bob@example.org");
	job = the_job(h, a);
	assert_true(job->payload.len > 100);
	assert_false(str_contains(job->payload, S("bob")) || str_contains(job->payload, S("{")));
	mailed(h, MAIL_SENT);
}

/* ---- over the WebSocket ---- */

static struct peer *an_admin(struct place *m, const char *name)
{
	struct peer *p = arrive(m, name);
	struct mesh *mesh;

	assert_ok(mesh_get(m->house->engine, m->house->a, str_from(m->id), &mesh));
	mesh_member(mesh, str_from(p->pubkey))->role = ROLE_ADMIN;
	return p;
}

static str code_of(struct peer *p, const char *pattern)
{
	return json_get_str(expect(p, "%s", pattern), S("code"));
}

static str open_claim(struct peer *p)
{
	return text(p->place->house->a, "{'peer_pubkey':'%s','recipient_x25519_pubkey':"
		    "'4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo','display_name':'%s'}", p->pubkey, p->name);
}

TEST(b_19_an_admin_makes_lists_and_ends_invites_without_the_owner_s_key)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice");
	str code;

	with_mail(h);
	say(alice, "{'type':'invite_make','max_uses':2,'email':'Bob@example.org','_reqId':'1'}");
	expect_nothing(alice);
	assert_str(json_get_str(mailed(h, MAIL_SENT), S("inviter")), S("alice"));
	code = code_of(alice, "{'type':'invite_made','emailed':true,'max_uses':2,'role':'member','_reqId':'1'}");
	say(alice, "{'type':'invite_list'}");
	expect(alice, "{'type':'invites','invites':[{'code':'%.*s','state':'live','email':'bob@example.org','mail':'sent',"
	       "'made_by':'alice','uses':0,'proves':false,'token':null},{'state':'live','proves':true}]}", STRF(code));
	say(alice, "{'type':'invite_revoke','invite':'%.*s'}", STRF(code));
	expect(alice, "{'type':'invite_revoked','code':'%.*s','uses':0}", STRF(code));
	say(alice, "{'type':'invite_revoke','invite':'%.*s'}", STRF(code));
	expect(alice, "{'type':'invite_revoked'}");
	call(h, "claim", arena_cstr(a, code), open_claim(stranger(m, "bob")));
	expect_answer(h, 410, "{'error':'revoked'}");
	say(alice, "{'type':'invite_list','all':true}");
	expect(alice, "{'type':'invites','invites':[{'state':'revoked'},{'state':'live'}]}");
}

TEST(the_mail_of_an_invite_that_was_revoked_is_not_tried_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice");
	str code;

	with_mail(h);
	say(alice, "{'type':'invite_make','email':'bob@example.org'}");
	mailed(h, MAIL_LATER);
	code = code_of(alice, "{'type':'invite_made','emailed':false}");
	say(alice, "{'type':'invite_revoke','invite':'%.*s'}", STRF(code));
	expect(alice, "{'type':'invite_revoked'}");
	advance(h, 10 * MINUTE_MS);
	assert_int_equal(h->n_mails, 0);
}

TEST(where_no_mail_can_be_sent_no_invite_is_left_behind)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice");

	with_mail(h);
	while (bucket_has(&h->engine->mails[MAIL_INVITE], h->engine->mono_ms, MAILS_PER_HOUR / 60, MAILS_BURST))
		bucket_take(&h->engine->mails[MAIL_INVITE]);
	say(alice, "{'type':'invite_make','email':'bob@example.org','_reqId':'1'}");
	expect(alice, "{'type':'error','code':'rate_limit'}");
	say(alice, "{'type':'invite_list','all':true}");
	assert_int_equal(json_get(expect(alice, "{'type':'invites'}"), S("invites"))->count, 1);
	assert_int_equal(ask(m, "bob@example.org"), 429);
	say(alice, "{'type':'invite_list','all':true}");
	assert_int_equal(json_get(expect(alice, "{'type':'invites'}"), S("invites"))->count, 1);
	say(alice, "{'type':'invite_make','_reqId':'2'}");
	expect(alice, "{'type':'invite_made','_reqId':'2'}");
	/* Who wants to sign in has mails of its own. */
	assert_int_equal(call(h, "login_email", "", S("{\"email\":\"ann@example.org\"}")), 200);
	assert_int_equal(h->n_mails, 1);
}

TEST(a_member_without_the_permission_makes_and_sees_no_invite)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob");

	say(bob, "{'type':'invite_make','_reqId':'1'}");
	expect(bob, "{'type':'error','code':'forbidden'}");
	say(bob, "{'type':'invite_list','_reqId':'1'}");
	expect(bob, "{'type':'error','code':'forbidden'}");
	say(bob, "{'type':'invite_revoke','invite':'%s','_reqId':'1'}", m->code);
	expect(bob, "{'type':'error','code':'forbidden'}");
	expect_nothing(bob);
}

TEST(an_invite_of_another_mesh_is_not_there)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = an_admin(m, "alice");

	say(alice, "{'type':'invite_revoke','invite':'%s','_reqId':'1'}", other->code);
	expect(alice, "{'type':'error','code':'not_found'}");
	say(alice, "{'type':'invite_revoke','invite':'%s','_reqId':'1'}", other->invite_id);
	expect(alice, "{'type':'error','code':'not_found'}");
}

TEST(d_51_b_5_a_code_without_a_secret_makes_a_member_who_can_come_and_is_in_general)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice"), *bob = stranger(m, "bob");
	struct topic_row *general;
	struct topic_member_row *in;
	str code;
	size_t n;

	say(alice, "{'type':'invite_make'}");
	code = code_of(alice, "{'type':'invite_made','emailed':false}");
	call(h, "claim", arena_cstr(a, code), open_claim(bob));
	/* D9: all that a client needs to know; D-33: and it is in #general. */
	expect_answer(h, 200, "{'sealed_root_key':null,'mesh_slug':'team','mesh_name':'team','role':'member',"
		      "'broker_url':'*','member_id':'*','owner_pubkey':'*','invite_id':'*'}");
	snprintf(bob->member_id, sizeof(bob->member_id), "%.*s", STRF(json_get_str(answer(h), S("member_id"))));
	assert_ok(store_topic_by_name(h->f->st, a, 1, S("general"), &general));
	assert_ok(store_topic_members(h->f->st, a, 1, &in, &n));
	assert_int_equal(n, 3);
	greet(bob, GREETING(0));
	expect(bob, "{'type':'hello_ack'}");
	say(bob, "{'type':'list_peers','members':true}");
	expect(bob, "{'type':'peers_list','members':['*','*',{'displayName':'bob','verified':false,'chain':null}]}");
	call(h, "claim", arena_cstr(a, code), open_claim(stranger(m, "eve")));
	expect_answer(h, 410, "{'error':'exhausted'}");
}

TEST(c4_a_claim_that_is_not_stored_burns_no_use_and_leaves_no_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice"), *bob = stranger(m, "bob");
	char *code;

	say(alice, "{'type':'invite_make'}");
	code = arena_cstr(a, code_of(alice, "{'type':'invite_made'}"));
	fail_commits(h, ERR_IO);
	assert_int_equal(call(h, "claim", code, open_claim(bob)), 503);
	fail_commits(h, 0);
	forget_all(h);
	say(alice, "{'type':'list_peers','members':true}");
	assert_int_equal(json_get(expect(alice, "{'type':'peers_list'}"), S("members"))->count, 2);
	call(h, "claim", code, open_claim(bob));
	expect_answer(h, 200, "{'already_member':null}");
	/* An answer that got lost: asked again, nothing more is used up. */
	call(h, "claim", code, open_claim(bob));
	expect_answer(h, 200, "{'already_member':true}");
}

/* ---- by account ---- */

static str signed_in(struct house *h, const char *email, struct peer *as)
{
	str code, token;

	h->bearer = STR_NONE;
	assert_int_equal(call(h, "admin_login_code", "", text(h->a, "{'email':'%s'}", email)), 200);
	code = arena_dup(h->a, json_get_str(answer(h), S("code")));
	assert_int_equal(call(h, "login_code", "", text(h->a, "{'email':'%s','code':'%.*s'}", email, STRF(code))), 200);
	token = arena_dup(h->a, json_get_str(answer(h), S("token")));
	if (!as)
		return token;
	forget(as);
	say(as, "{'type':'account_link','token':'%.*s'}", STRF(token));
	expect(as, "{'type':'account_linked'}");
	return token;
}

TEST(who_is_signed_in_invites_as_its_member_may_on_its_own_terms_also_by_mail)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice"), *bob = arrive(m, "bob");
	str ann = signed_in(h, "ann@x.org", alice), ben = signed_in(h, "ben@x.org", bob);
	str eve = signed_in(h, "eve@x.org", NULL);
	const char *terms = "{'role':'admin','max_uses':3,'expires_in':'1h','email':'bob@example.org'}";

	with_mail(h);
	h->may_create = false;
	h->bearer = STR_NONE;
	assert_int_equal(call(h, "invite_create", "team", text(a, "%s", terms)), 401);
	h->bearer = eve;
	assert_int_equal(call(h, "invite_create", "team", text(a, "%s", terms)), 403);
	h->bearer = ben;
	assert_int_equal(call(h, "invite_create", "team", text(a, "%s", terms)), 403);
	h->bearer = ann;
	call(h, "invite_create", "team", text(a, "%s", terms));
	assert_str(json_get_str(mailed(h, MAIL_SENT), S("inviter")), S("alice"));
	expect_answer(h, 200, "{'emailed':true,'code':'*','token':null}");
	forget(alice);
	say(alice, "{'type':'invite_list'}");
	expect(alice, "{'invites':[{'role':'admin','max_uses':3,'made_by':'alice','mail':'sent','proves':false},'*']}");
	assert_int_equal(call(h, "invite_create", "no-such-mesh", S("{}")), 404);
}

/* A claim proves no key, and everybody knows the one of who left. */
TEST(the_key_of_who_left_is_not_linked_to_who_brings_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice"), *bob = arrive(m, "bob"), *carl = stranger(m, "carl");
	str eve = signed_in(h, "eve@x.org", NULL), code;

	forget_all(h);
	say(alice, "{'type':'invite_make','max_uses':3}");
	code = code_of(alice, "{'type':'invite_made'}");
	say(bob, "{'type':'leave_mesh','_reqId':'l'}");
	expect(bob, "{'type':'ack','_reqId':'l'}");
	h->bearer = eve;
	assert_int_equal(call(h, "claim", arena_cstr(a, code), open_claim(bob)), 200);
	call(h, "my_meshes", "", S(""));
	expect_answer(h, 200, "{'total':0}");
	assert_int_equal(call(h, "claim", arena_cstr(a, code), open_claim(carl)), 200);
	call(h, "my_meshes", "", S(""));
	expect_answer(h, 200, "{'total':1}");
}

/* What the owner's client sends for a member; `wrong` names what is not as it should be. */
static str confirmation(struct place *m, struct peer *who, const char *wrong)
{
	struct arena *a = m->house->a;
	u8 secret[INVITE_SECRET_BYTES] = { 7 };
	struct sign_pair pair, other;
	i64 ends_s = !strcmp(wrong, "time") ? 1000000000 : !strcmp(wrong, "end of time") ? INT64_MAX : 1800000000;
	struct chain_invite invite = { str_from(m->id), S("0123456789abcdefghijABCDEFGHIJ12"), STR_NONE,
				       strcmp(wrong, "role") ? S("member") : S("admin"), ends_s, 1 };
	struct chain_claim claim = { str_from(m->id), invite.invite_id, str_from(who->pubkey),
				     S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") };
	str by_owner, by_invite;

	invite_pair_from_secret(secret, &pair);
	sign_pair_new(&other);
	invite.invite_pubkey = sign_pair_pubkey(a, &pair);
	if (!strcmp(wrong, "mesh"))
		invite.mesh_id = claim.mesh_id = S("ABCDEFGHIJABCDEFGHIJABCDEFGHIJ12");
	if (!strcmp(wrong, "member"))
		claim.ed25519 = str_from(m->owner_pubkey);
	assert_ok(chain_invite_sign(a, &invite, strcmp(wrong, "owner") ? &m->owner : &other, &by_owner));
	assert_ok(chain_claim_sign(a, &claim, strcmp(wrong, "invite") ? &pair : &other, &by_invite));
	return text(a, "{'type':'member_confirm','memberId':'%s','invite_id':'%.*s','invite_pubkey':'%.*s',"
		    "'expires_at':%lld,'x25519':'%.*s','owner_signature':'%.*s','claim_signature':'%.*s',"
		    "'sealed_root':'c2VhbGVk','_reqId':'1'}", who->member_id, STRF(invite.invite_id),
		    STRF(invite.invite_pubkey), (long long)ends_s, STRF(claim.x25519), STRF(by_owner), STRF(by_invite));
}

TEST(who_joined_without_a_secret_is_verified_once_the_owner_signs_and_not_before)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = an_admin(m, "alice"), *bob = arrive(m, "bob");
	static const char *const wrongs[] = { "owner", "invite", "mesh", "member", "role" };

	forget_all(h);
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		say_raw(alice, confirmation(m, bob, wrongs[i]));
		expect(alice, "{'type':'error','code':'unauthorized'}");
	}
	say_raw(alice, confirmation(m, bob, "time"));
	expect(alice, "{'type':'error','code':'expired'}");
	say_raw(alice, confirmation(m, bob, "end of time"));
	expect(alice, "{'type':'error','code':'bad_request'}");
	say(bob, "{'type':'root_key_get'}");
	expect(bob, "{'type':'root_key','sealed_root':null}");
	say(alice, "{'type':'list_peers','members':true}");
	expect(alice, "{'members':['*','*',{'displayName':'bob','verified':false}]}");
	for (int i = 0; i < 2; i++) {
		say_raw(alice, confirmation(m, bob, ""));
		expect(alice, "{'type':'member_confirmed','memberId':'%s'}", bob->member_id);
	}
	say(alice, "{'type':'list_peers','members':true}");
	expect(alice, "{'members':['*','*',{'displayName':'bob','verified':true,'chain':{'maxUses':1}}]}");
	say(bob, "{'type':'root_key_get'}");
	expect(bob, "{'type':'root_key','sealed_root':'c2VhbGVk'}");
	say(alice, "{'type':'root_key_get'}");
	expect(alice, "{'type':'root_key','sealed_root':null}");
	/* It is no invite that anybody could use or that is listed. */
	say(alice, "{'type':'invite_list','all':true}");
	expect(alice, "{'invites':[{'proves':true}]}");
	restart(h);
	greet(alice, GREETING(0));
	expect(alice, "{'type':'hello_ack'}");
	say(alice, "{'type':'list_peers','members':true}");
	expect(alice, "{'members':['*','*',{'displayName':'bob','verified':true}]}");
}

TEST_MAIN("engine/mail")
