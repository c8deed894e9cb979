/*
 * invite_test.c - making meshes and invites, joining and claiming.
 */
#include "engine/harness_test.h"

#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/invite.h"
#include "crypto/secretbox.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str replaced(struct arena *a, str s, const char *what, const char *with)
{
	char *at = memmem(s.ptr, s.len, what, strlen(what));
	size_t before;

	assert_non_null(at);
	before = (size_t)(at - s.ptr);
	return arena_printf(a, "%.*s%s%.*s", (int)before, s.ptr, with,
			    STRF(str_skip(s, before + strlen(what))));
}

/* Replaces the value of a member that is a string. */
static str with_value(struct arena *a, str body, const char *key, const char *value)
{
	const struct json *obj, *old;

	assert_ok(json_parse(a, body, &obj));
	old = json_get(obj, str_from(key));
	assert_non_null(old);
	return replaced(a, body, arena_cstr(a, arena_printf(a, "\"%s\":%.*s", key, STRF(old->raw))),
			arena_cstr(a, arena_printf(a, "\"%s\":%s", key, value)));
}

/* ---- meshes ---- */

TEST(our_client_makes_a_mesh_whose_keys_the_broker_never_has)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct mesh_row *row;
	struct topic_row *topic;
	struct topic_member_row *members;
	size_t n;

	assert_ok(store_mesh_by_slug(h->f->st, a, S("team"), &row));
	assert_str(row->owner_pubkey, str_from(m->owner_pubkey));
	assert_int_equal(row->owner_secret.len + row->root_key.len, 0);
	assert_ok(store_topic_by_name(h->f->st, a, row->no, S("general"), &topic));
	assert_non_null(topic);
	join(stranger(m, "alice"));
	assert_ok(store_topic_members(h->f->st, a, row->no, &members, &n));
	assert_int_equal(n, 2);
	assert_str(members[0].role, S("lead"));
	assert_str(members[1].role, S("member"));
}

TEST(a_reference_client_makes_a_mesh_whose_keys_are_sealed)
{
	ARENA;
	struct house *h = house(a);
	char key[65] = "";
	struct mesh_row *row;
	str secret;

	memset(key, 'A', 64);
	call(h, "mesh_create", "", text(a, "{'name':'My Team!','pubkey':'%s','template':'x'}", key));
	expect_answer(h, 200, "{'id':'*','slug':'my-team','name':'My Team!','member_id':'*'}");
	assert_ok(store_mesh_by_slug(h->f->st, a, S("my-team"), &row));
	assert_true(row->owner_secret.len > 100 && row->root_key.len > 40);
	assert_ok(keyfile_unseal(a, &h->keys, arena_printf(a, "owner_key|%.*s", STRF(row->id)),
				 row->owner_secret, &secret));
	assert_str(str_skip(secret, 64), row->owner_pubkey);
	assert_err(keyfile_unseal(a, &h->keys, arena_printf(a, "root_key|%.*s", STRF(row->id)),
				  row->owner_secret, &secret), UNAUTHORIZED);
	h->engine->keys = NULL;
	assert_int_equal(call(h, "mesh_create", "", text(a, "{'name':'x','pubkey':'%s'}", key)), 403);
}

TEST(bad_meshes_are_refused_with_one_word)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = NEW(a, struct place);
	struct peer *p;
	str good;
	const struct { const char *body; int status; const char *word; } cases[] = {
		{ "{}", 400, "name required" },
		{ "{'name':'  ','pubkey':'KEY'}", 400, "name required" },
		{ "{'name':'a\\u0007','pubkey':'KEY'}", 400, "name required" },
		{ "{'name':'a'}", 400, "pubkey required (64 hex chars)" },
		{ "{'name':'a','pubkey':'xyz'}", 400, "pubkey required (64 hex chars)" },
		{ "{'name':'a','pubkey':'KEY','slug':'No'}", 400, "invalid_slug" },
		{ "{'name':'a','pubkey':'KEY','slug':'-a'}", 400, "invalid_slug" },
		{ "{'name':'a','pubkey':'KEY','slug':'a--b'}", 400, "invalid_slug" },
		{ "{'name':'a','pubkey':'KEY','slug':'x'}", 400, "invalid_slug" },
		{ "{'name':7}", 400, "bad_request" },
		{ "[]", 400, "bad_request" },
		{ "nonsense", 400, "bad_json" },
	};
	char key[65] = "";

	memset(key, 'a', 64);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str body = text(a, "%s", cases[i].body);

		if (str_contains(body, S("KEY")))
			body = replaced(a, body, "KEY", key);
		call(h, "mesh_create", "", body);
		expect_answer(h, cases[i].status,
			      arena_cstr(a, arena_printf(a, "{'error':'%s'}", cases[i].word)));
	}
	*other = *m;
	memset(other->id, 'z', ID_LEN);
	memcpy(other->slug, "other", 6);
	p = stranger(m, "p");
	good = create_body(other, p);
	call(h, "mesh_create", "", with_value(a, good, "x25519_pubkey", "\"AAAA\""));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	call(h, "mesh_create", "", with_value(a, good, "pubkey", arena_cstr(a, arena_printf(a, "\"%s\"", key))));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	call(h, "mesh_create", "", with_value(a, good, "id", "\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\""));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	h->may_create = false;
	call(h, "mesh_create", "", good);
	expect_answer(h, 403, "{'error':'forbidden'}");
	h->may_create = true;
	call(h, "mesh_create", "", good);
	expect_answer(h, 200, "{'slug':'other'}");
	/* The same again is answered the same; another creator of that id is not. */
	call(h, "mesh_create", "", good);
	expect_answer(h, 200, "{'slug':'other'}");
	call(h, "mesh_create", "", create_body(m, p));
	expect_answer(h, 409, "{'error':'conflict'}");
}

TEST(a_taken_slug_gets_a_number)
{
	ARENA;
	struct house *h = house(a);
	char key[65] = "";
	const char *slugs[] = { "team", "team-2", "team-3" };

	memset(key, 'a', 64);
	hold(h);
	for (int i = 0; i < 3; i++)
		call(h, "mesh_create", "", text(a, "{'name':'Team','pubkey':'%s'}", key));
	release(h);
	for (int i = 0; i < 3; i++)
		assert_str(json_get_str(h->answers[i].json, S("slug")), str_from(slugs[i]));
}

/* ---- invites ---- */

TEST(only_the_owners_signature_makes_an_invite)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), forger = *m;
	str good;

	m->max_uses = 5;
	memcpy(m->code, "ABCDEFGHJKLM", 13);
	good = invite_body(m);
	/* Reference clients have no part here: the broker has no key to sign with. */
	call(h, "invite_create", m->slug, S("{}"));
	expect_answer(h, 403, "{'error':'Only the owner can invite (for now)'}");
	call(h, "invite_create", "nowhere", good);
	expect_answer(h, 404, "{'error':'Mesh not found'}");
	call(h, "invite_create", m->slug, with_value(a, good, "max_uses", "6"));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	call(h, "invite_create", m->slug, with_value(a, good, "role", "\"admin\""));
	expect_answer(h, 400, "{'error':'malformed'}");
	call(h, "invite_create", m->slug, with_value(a, good, "expires_at", "9223372036854775807"));
	expect_answer(h, 400, "{'error':'malformed'}");
	call(h, "invite_create", m->slug, with_value(a, good, "code", "\"short\""));
	expect_answer(h, 400, "{'error':'malformed'}");
	/* The mesh's own token again: id, code and token are used. */
	call(h, "invite_create", m->slug, good);
	expect_answer(h, 409, "{'error':'conflict'}");
	/* A key that is not the owner's signs all of it. */
	forger.owner = stranger(m, "forger")->member;
	memcpy(forger.owner_pubkey, sign_pair_pubkey(a, &forger.owner).ptr, 64);
	sign_token(&forger);
	call(h, "invite_create", m->slug, invite_body(&forger));
	expect_answer(h, 403, "{'error':'Only the owner can invite (for now)'}");
	assert_int_equal(count(h->f, "invite"), 1);
}

TEST(posting_an_invite_again_changes_nothing)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");

	call(h, "invite_create", m->slug, invite_body(m));
	expect_answer(h, 200, "{'code':'*'}");
	assert_int_equal(count(h->f, "invite"), 1);
}

TEST(times_that_overflow_are_refused)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	const i64 times[] = { INT64_MAX, INT64_MAX / 1000 + 1, 1, 1700000000 + 366ll * 86400 };

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		m->expires_s = times[i];
		sign_token(m);
		call(h, "invite_create", m->slug, invite_body(m));
		expect_answer(h, 400, "{'error':'malformed'}");
	}
}

TEST(an_invite_with_the_id_of_another_mesh_is_a_conflict)
{
	ARENA;
	struct house *h = house(a);
	struct place *one = place(h, "one"), *two = place(h, "two");
	struct peer *p = newcomer(one, "p");

	hold(h);
	memcpy(two->invite_id, one->invite_id, sizeof(two->invite_id));
	memcpy(two->code, "ABCDEFGHJKLM", 13);
	two->expires_s++;
	sign_token(two);
	call(h, "invite_create", two->slug, invite_body(two));
	greet(p, GREETING(0));
	release(h);
	expect_answer(h, 409, "{'error':'conflict'}");
	expect(p, "{'type':'hello_ack'}");
	assert_int_equal(engine_stats(h->engine).failed_commits, 0);
}

TEST(a_code_answers_for_live_invites_only_and_guesses_are_charged)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *p = stranger(m, "p");

	invite(m, 1, 1);
	for (int i = 0; i < 100; i++) {
		call(h, "invite_code", m->code, S(""));
		expect_answer(h, 200, "{'found':true,'token':'*','mesh_slug':'team','invite_pubkey':'*','role':'member'}");
	}
	call(h, "claim", m->code, claim_body(m, p));
	expect_answer(h, 200, "{'member_id':'*'}");
	/* Used up: as if it had never been. */
	for (int i = 0; i < GUESS_BURST; i++) {
		call(h, "invite_code", i % 2 ? m->code : "NOSUCHCODE22", S(""));
		expect_answer(h, 404, "{'found':false,'token':null,'mesh_id':null}");
	}
	call(h, "invite_code", m->code, S(""));
	expect_answer(h, 429, "{'error':'rate_limit'}");
	/* Every way of guessing shares the account of the address. */
	call(h, "claim", "NOSUCHCODE22", claim_body(m, p));
	expect_answer(h, 429, "{'error':'rate_limit'}");
	memcpy(h->address, "10.0.0.2", 9);
	call(h, "invite_code", "x' OR '1'='1", S(""));
	expect_answer(h, 404, "{'found':false}");
	memcpy(h->address, "127.0.0.1", 10);
	advance(h, 60000);
	call(h, "invite_code", m->code, S(""));
	expect_answer(h, 404, "{'found':false}");
	/* Expired is the same. */
	invite(m, 5, 1);
	advance(h, 86400 * 1000);
	call(h, "invite_code", m->code, S(""));
	expect_answer(h, 404, "{'found':false}");
}

/* ---- v1 ---- */

TEST(joining_checks_in_the_order_of_the_reference)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *p = stranger(m, "p");
	str good = join_body(m, p), foreign;
	const struct { const char *key, *value, *word; } cases[] = {
		{ "invite_token", "null", "invite_token, invite_payload, peer_pubkey, display_name required" },
		{ "invite_payload", "null", "invite_token, invite_payload, peer_pubkey, display_name required" },
		{ "peer_pubkey", "null", "invite_token, invite_payload, peer_pubkey, display_name required" },
		{ "display_name", "\"\"", "invite_token, invite_payload, peer_pubkey, display_name required" },
		{ "peer_pubkey", "\"abc\"", "peer_pubkey must be 64 hex chars (32 bytes)" },
		{ "role", "\"admin\"", "invite_bad_signature" },
		{ "expires_at", "9999999999", "invite_bad_signature" },
		{ "mesh_id", "\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"", "invite_bad_signature" },
		{ "invite_token", "\"bm9wZQ\"", "invite_not_found" },
		{ "display_name", "\"a\\u001b\"", "malformed" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct json *obj;
		str body;

		assert_ok(json_parse(a, good, &obj));
		if (json_get(obj, str_from(cases[i].key)))
			body = with_value(a, good, cases[i].key, cases[i].value);
		else
			body = replaced(a, good, arena_cstr(a, json_get(obj, S("invite_payload"))->raw),
					arena_cstr(a, with_value(a, json_get(obj, S("invite_payload"))->raw,
								 cases[i].key, cases[i].value)));
		memset(h->address, 0, sizeof(h->address));
		h->address[0] = (char)('a' + i);
		call(h, "join", "", body);
		expect_answer(h, 400, arena_cstr(a, arena_printf(a, "{'ok':false,'error':'%s'}", cases[i].word)));
	}
	/* The token of another mesh with this one's payload. */
	foreign = with_value(a, good, "invite_token", arena_cstr(a, arena_printf(a, "\"%s\"", other->token)));
	call(h, "join", "", foreign);
	expect_answer(h, 400, "{'error':'invite_mesh_mismatch'}");
	call(h, "join", "", S("nonsense"));
	expect_answer(h, 400, "{'ok':false,'error':'bad_json'}");
	assert_int_equal(count(h->f, "member"), 2);
}

static str payload_by(struct place *m, const struct sign_pair *owner, str mesh_id)
{
	struct arena *a = m->house->a;
	struct invite_v1 v1 = { mesh_id, str_from(m->slug), m->house->settings.ws_url, m->expires_s,
				S("bW9ub3RvbmUtcm9vdC1rZXktb2YtYS10ZXN0LW1lc2g"), S("member"),
				sign_pair_pubkey(a, owner) };
	str signature, text_;

	assert_ok(invite_v1_sign(a, &v1, owner, &signature));
	assert_true(base64url_decode(a, invite_v1_token(a, &v1, signature), &text_));
	return text_;
}

TEST(a_token_that_another_key_signed_is_no_invite)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *p = stranger(m, "p");

	call(h, "join", "", text(a, "{'invite_token':'%s','invite_payload':%.*s,'peer_pubkey':'%s','display_name':'p'}",
				 m->token, STRF(payload_by(m, &p->member, str_from(m->id))), p->pubkey));
	expect_answer(h, 400, "{'ok':false,'error':'invite_owner_mismatch'}");
	call(h, "join", "", text(a, "{'invite_token':'%s','invite_payload':%.*s,'peer_pubkey':'%s','display_name':'p'}",
				 m->token, STRF(payload_by(m, &p->member, S("nowhere"))), p->pubkey));
	expect_answer(h, 400, "{'ok':false,'error':'mesh_not_found'}");
}

TEST(joining_again_uses_nothing_and_names_the_same_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = stranger(m, "alice"), *bob = stranger(m, "bob");
	char upper[65];

	invite(m, 1, 1);
	join(alice);
	call(h, "join", "", join_body(m, alice));
	expect_answer(h, 200, arena_cstr(a, arena_printf(a, "{'ok':true,'alreadyMember':true,'memberId':'%s'}",
							  alice->member_id)));
	/* One member per key, however it is written (D-56). */
	for (int i = 0; i < 65; i++)
		upper[i] = (char)(alice->pubkey[i] >= 'a' ? alice->pubkey[i] - 32 : alice->pubkey[i]);
	call(h, "join", "", replaced(a, join_body(m, alice), alice->pubkey, upper));
	expect_answer(h, 200, "{'alreadyMember':true}");
	call(h, "join", "", join_body(m, bob));
	expect_answer(h, 400, "{'ok':false,'error':'invite_exhausted'}");
	advance(h, 86400 * 1000 + 1000);
	call(h, "join", "", join_body(m, bob));
	expect_answer(h, 400, "{'ok':false,'error':'invite_expired'}");
	call(h, "join", "", join_body(m, alice));
	expect_answer(h, 400, "{'ok':false,'error':'invite_expired'}");
	assert_int_equal(count(h->f, "member"), 2);
}

/* ---- claims ---- */

TEST(a_claim_answers_all_that_the_joiner_has_to_check)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *p = stranger(m, "p");
	u8 root[ROOT_KEY_BYTES], want[ROOT_KEY_BYTES] = { 1 };
	const struct json *got;
	struct chain_invite chain;

	invite(m, 5, 7);
	call(h, "claim", m->code, claim_body(m, p));
	expect_answer(h, 200, "{'sealed_root_key':null,'mesh_id':'*','member_id':'*','owner_pubkey':'*',"
		      "'canonical_v2':'*','mesh_slug':'team','mesh_name':'team','role':'member',"
		      "'broker_url':'ws://127.0.0.1:7900/ws','sealed_root':'*','owner_signature':'*',"
		      "'invite_id':'*','invite_pubkey':'*','max_uses':5,'already_member':null}");
	got = answer(h);
	assert_true(invite_root_key_open(json_get_str(got, S("sealed_root")), str_from(m->owner_pubkey),
					 m->secret, root));
	assert_memory_equal(root, want, sizeof(root));
	chain = (struct chain_invite){ str_from(m->id), str_from(m->invite_id), str_from(m->invite_pubkey),
				       S("member"), json_get_int(got, S("expires_at"), 0), 5 };
	assert_true(chain_invite_check(a, &chain, str_from(m->owner_pubkey),
				       json_get_str(got, S("owner_signature"))));
	memcpy(p->member_id, json_get_str(got, S("member_id")).ptr, ID_LEN);
	enter(p, GREETING(0));
	call(h, "claim", m->code, claim_body(m, p));
	expect_answer(h, 200, arena_cstr(a, arena_printf(a, "{'already_member':true,'member_id':'%s'}", p->member_id)));
}

TEST(a_claim_without_the_links_secret_makes_no_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), other = *m;
	struct peer *p = stranger(m, "p"), *q = stranger(m, "q");
	str good, keyless;
	i64 members = count(h->f, "member");

	good = claim_body(m, p);
	keyless = text(a, "{'recipient_x25519_pubkey':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'}");
	call(h, "claim", m->code, keyless);
	expect_answer(h, 501, "{'error':'invite_v2_disabled','detail':'*'}");
	call(h, "claim", m->code, S("{}"));
	expect_answer(h, 400, "{'error':'malformed'}");
	call(h, "claim", m->code, with_value(a, good, "claim_signature", "null"));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	/* Somebody else's key under a good signature; a good signature of another secret. */
	call(h, "claim", m->code, replaced(a, good, p->pubkey, q->pubkey));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	other.secret[0] ^= 1;
	{
		struct sign_pair pair;

		invite_pair_from_secret(other.secret, &pair);
		memcpy(other.invite_pubkey, sign_pair_pubkey(a, &pair).ptr, 64);
	}
	call(h, "claim", m->code, claim_body(&other, p));
	expect_answer(h, 400, "{'error':'bad_signature'}");
	call(h, "claim", "NOSUCHCODE22", good);
	expect_answer(h, 404, "{'error':'not_found'}");
	assert_int_equal(count(h->f, "member"), members);
	call(h, "claim", m->code, good);
	expect_answer(h, 200, "{'member_id':'*'}");
}

TEST(uses_are_never_over_counted)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct invite_row *row;
	int won = 0, exhausted = 0;

	invite(m, 5, 1);
	h->n_answers = 0;
	hold(h);
	for (int i = 0; i < 20; i++) {
		struct peer *p = stranger(m, "p");

		call(h, i % 2 ? "claim" : "join", m->code, i % 2 ? claim_body(m, p) : join_body(m, p));
		/* Each twice: what is one's already costs nothing. */
		call(h, i % 2 ? "claim" : "join", m->code, i % 2 ? claim_body(m, p) : join_body(m, p));
	}
	release(h);
	for (size_t i = 0; i < 40; i++) {
		won += h->answers[i].status == 200;
		exhausted += h->answers[i].status == 410 || h->answers[i].status == 400;
	}
	assert_int_equal(won, 10);
	assert_int_equal(exhausted, 30);
	assert_ok(store_invite_by_code(h->f->st, a, str_from(m->code), &row));
	assert_int_equal(row->uses, 5);
	assert_int_equal(count(h->f, "member"), 6);
}

static const struct { const char *terms, *answer; int status; } asked[] = {
	{ "'expires_in':'1h'", "{'expires_at':'2023-11-14T23:13:20.000Z'}", 200 },
	/* Not the same token twice. */
	{ "'expires_in':3600", "{'expires_at':'2023-11-14T23:13:19.000Z'}", 200 },
	{ "'expires_in':'2w','max_uses':1000", "{'expires_at':'2023-11-28T22:13:20.000Z'}", 200 },
	{ "'expires_in':'365d'", "{'code':'*'}", 200 },
	{ "'expires_in':'366d'", "{'error':'malformed'}", 400 },
	{ "'expires_in':'-1h'", "{'error':'malformed'}", 400 },
	{ "'expires_in':'9223372036854775807w'", "{'error':'malformed'}", 400 },
	{ "'expires_in':'soon'", "{'error':'malformed'}", 400 },
	{ "'expires_in':''", "{'error':'malformed'}", 400 },
	{ "'expires_in':[]", "{'error':'malformed'}", 400 },
	{ "'max_uses':1001", "{'error':'bad_request'}", 400 },
	{ "'max_uses':-1", "{'error':'bad_request'}", 400 },
	{ "'expires_at':1", "{'error':'malformed'}", 400 },
};

TEST(d_6_the_terms_that_a_client_asks_for_are_those_of_its_invite)
{
	ARENA;
	struct house *h = house(a);
	struct place m = { .house = h };
	str code;

	memcpy(m.slug, "ref", 4);
	call(h, "mesh_create", "", text(a, "{'name':'ref','pubkey':'%s'}", stranger(&m, "owner")->pubkey));
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		call(h, "invite_create", "ref", text(a, "{%s}", asked[i].terms));
		expect_answer(h, asked[i].status, asked[i].answer);
	}
	call(h, "invite_create", "ref", text(a, "{'max_uses':2}"));
	code = json_get_str(answer(h), S("code"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(call(h, "claim", arena_cstr(a, code), text(a, "{'peer_pubkey':'%s',"
			"'recipient_x25519_pubkey':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'}",
			stranger(&m, "x")->pubkey)), i < 2 ? 200 : 410);
}

/* ---- reference clients on a mesh whose keys the broker holds ---- */

TEST(a_reference_mesh_invites_joins_and_seals_its_root_key)
{
	ARENA;
	struct house *h = house(a);
	struct place m = { .house = h };
	struct peer *owner, *v1, *v2;
	struct box_pair box;
	u8 seed[32] = { 9 };
	str code, token, payload, sealed, root, x25519, capability;
	struct invite_row *row;
	struct mesh_row *mesh;

	memcpy(m.slug, "ref", 4);
	owner = stranger(&m, "owner");
	v1 = stranger(&m, "v1");
	v2 = stranger(&m, "v2");
	call(h, "mesh_create", "", text(a, "{'name':'ref','pubkey':'%s'}", owner->pubkey));
	expect_answer(h, 200, "{'slug':'ref'}");
	h->may_create = false;
	assert_int_equal(call(h, "invite_create", "ref", S("{}")), 401);
	h->may_create = true;
	call(h, "invite_create", "ref", S("{\"role\":\"admin\",\"email\":null}"));
	expect_answer(h, 200, "{'url':'*','code':'*','expires_at':'2023-11-21T22:13:20.000Z','emailed':false,'token':'*'}");
	token = json_get_str(answer(h), S("token"));
	assert_true(base64url_decode(a, token, &payload));
	call(h, "join", "", text(a, "{'invite_token':'%.*s','invite_payload':%.*s,'peer_pubkey':'%s','display_name':'v1'}",
				 STRF(token), STRF(payload), v1->pubkey));
	expect_answer(h, 200, "{'ok':true}");
	/* One use. */
	call(h, "join", "", text(a, "{'invite_token':'%.*s','invite_payload':%.*s,'peer_pubkey':'%s','display_name':'v2'}",
				 STRF(token), STRF(payload), v2->pubkey));
	expect_answer(h, 400, "{'error':'invite_exhausted'}");
	assert_int_equal(call(h, "invite_create", "ref", S("")), 200);
	code = json_get_str(answer(h), S("code"));
	box_pair_from_seed(seed, &box);
	x25519 = base64url_encode(a, str_of(box.pk, 32));
	call(h, "claim", arena_cstr(a, code), text(a, "{'recipient_x25519_pubkey':'%.*s','peer_pubkey':'%s','display_name':'v2'}",
						   STRF(x25519), v2->pubkey));
	expect_answer(h, 200, "{'sealed_root_key':'*','role':'member','sealed_root':null,'invite_pubkey':null}");
	assert_true(base64url_decode(a, json_get_str(answer(h), S("sealed_root_key")), &sealed));
	assert_true(sealedbox_open(a, sealed, &box, &root));
	assert_true(str_contains(payload, base64url_encode(a, root)));
	/* The stored capability is the owner's. */
	assert_ok(store_invite_by_code(h->f->st, a, code, &row));
	assert_ok(store_mesh_by_slug(h->f->st, a, S("ref"), &mesh));
	{
		const struct json *stored;
		struct invite_v2 v = { mesh->id, row->id, row->expires_ms / 1000, S("member"), mesh->owner_pubkey };

		assert_ok(json_parse(a, row->capability, &stored));
		capability = json_get_str(stored, S("signature"));
		assert_true(invite_v2_check(a, &v, capability));
	}
}

TEST_MAIN("engine/invite")
