#include "client/mesh.h"

#include <sys/stat.h>

#include "client/file.h"
#include "client/test_fake.h"
#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/invite.h"

/* A broker that keeps one mesh and one invite, and may lie about them. */
struct broker {
	struct fake fake;
	struct mesh_create_args mesh;
	struct invite_create_args invite;
	struct claim_args claim;
	struct join_args join;
	str forged_owner; /* named in place of the owner */
	bool own_ids;     /* like the reference: makes ids and keys itself */
	bool hide_invite; /* used up: not shown, but who has a claim may repeat it */
	bool lose_claims; /* takes the claim, then fails to say so */
	int refuse_status;
	str other_code;
	int creates, invites, claims, joins;
	bool bad_signature; /* a claim's or creation's did not hold */
};

static struct broker *broker_of(void *arg)
{
	return arg;
}

static const struct json *body_of(struct broker *b, struct server_request *rq)
{
	const struct json *tree = NULL;

	return json_parse(b->fake.arena, arena_dup(b->fake.arena, rq->body), &tree) ? NULL : tree;
}

#define DECODE(b, rq, id, to) \
	(json_decode((b)->fake.arena, body_of(b, rq), id##_fields, to, sizeof(*(to)), NULL) == NULL)

static void on_create(struct broker *b, struct server_request *rq)
{
	struct chain_claim claim;

	b->creates++;
	if (!DECODE(b, rq, mesh_create, &b->mesh))
		b->bad_signature = true;
	claim = (struct chain_claim){ b->mesh.id, S("owner"), b->mesh.pubkey,
				      b->mesh.x25519_pubkey };
	if (!chain_claim_check(rq->arena, &claim, b->mesh.owner_pubkey, b->mesh.claim_signature))
		b->bad_signature = true;
	fake_answer(&b->fake, rq, 200,
		    arena_printf(rq->arena,
				 "{'id':'%.*s','slug':'team','name':'%.*s','member_id':'m1',"
				 "'broker_url':'ws://public.example/ws'}",
				 STRF(b->own_ids ? S("othermesh") : b->mesh.id),
				 STRF(b->mesh.name)));
}

static void on_invite(struct broker *b, struct server_request *rq)
{
	b->invites++;
	if (!DECODE(b, rq, invite_create, &b->invite))
		b->bad_signature = true;
	fake_answer(
		&b->fake, rq, 200,
		arena_printf(rq->arena,
			     "{'url':'%.*s/i/%.*s','code':'%.*s','expires_at':'x','emailed':false}",
			     STRF(b->fake.base), STRF(b->invite.code),
			     STRF(str_empty(b->other_code) ? b->invite.code : b->other_code)));
}

static void on_lookup(struct broker *b, struct server_request *rq)
{
	if (b->hide_invite || !str_ends(rq->head->path, b->invite.code)) {
		fake_answer(&b->fake, rq, 404, S("{'found':false}"));
		return;
	}
	fake_answer(&b->fake, rq, 200,
		    arena_printf(rq->arena,
				 "{'found':true,'token':'%.*s','mesh_id':'%.*s','invite_id':'%.*s',"
				 "'invite_pubkey':'%.*s'}",
				 STRF(b->invite.token), STRF(b->mesh.id), STRF(b->invite.id),
				 STRF(b->invite.invite_pubkey)));
}

static void on_claim(struct broker *b, struct server_request *rq)
{
	struct chain_claim text;
	str owner = str_empty(b->forged_owner) ? b->mesh.owner_pubkey : b->forged_owner;

	b->claims++;
	if (!DECODE(b, rq, claim, &b->claim))
		b->bad_signature = true;
	text = (struct chain_claim){ b->mesh.id, b->invite.id, b->claim.peer_pubkey,
				     b->claim.recipient_x25519_pubkey };
	if (!chain_claim_check(rq->arena, &text, b->invite.invite_pubkey, b->claim.claim_signature))
		b->bad_signature = true;
	if (b->lose_claims) {
		fake_answer(&b->fake, rq, 503, S("{'error':'try_again'}"));
		return;
	}
	fake_answer(
		&b->fake, rq, 200,
		arena_printf(
			rq->arena,
			"{'sealed_root_key':null,'mesh_id':'%.*s','member_id':'m2','owner_pubkey':'%.*s',"
			"'canonical_v2':'','mesh_slug':'team','mesh_name':'Team','role':'%.*s',"
			"'sealed_root':'%.*s','owner_signature':'%.*s','expires_at':%lld,'max_uses':%lld}",
			STRF(b->mesh.id), STRF(owner), STRF(b->invite.role),
			STRF(b->invite.sealed_root), STRF(b->invite.owner_signature),
			(long long)b->invite.expires_at, (long long)b->invite.max_uses));
}

static void on_join(struct broker *b, struct server_request *rq)
{
	b->joins++;
	if (!DECODE(b, rq, join, &b->join) || !b->join.invite_payload.present)
		b->bad_signature = true;
	fake_answer(&b->fake, rq, 200, S("{'ok':true,'memberId':'m3'}"));
}

static void on_request(void *arg, struct server_request *rq)
{
	struct broker *b = broker_of(arg);
	str path = rq->head->path;

	if (b->refuse_status)
		fake_answer(&b->fake, rq, b->refuse_status, S("{'error':'forbidden'}"));
	else if (str_eq(path, S("/cli/mesh/create")))
		on_create(b, rq);
	else if (str_eq(path, S("/cli/mesh/team/invite")))
		on_invite(b, rq);
	else if (str_starts(path, S("/api/public/invite-code/")))
		on_lookup(b, rq);
	else if (str_ends(path, S("/claim")))
		on_claim(b, rq);
	else if (str_eq(path, S("/join")))
		on_join(b, rq);
	else
		fake_answer(&b->fake, rq, 404, S("not found"));
}

static const struct server_app app = { .on_request = on_request };

/* Two users with directories of their own, and the mesh that alice made. */
struct world {
	struct arena *arena;
	struct broker broker;
	struct clock_fixed now;
	struct clock clock;
	struct paths alice_paths, bob_paths;
	struct client alice, bob;
	struct mesh_made mesh;
	struct share_made share;
};

static void world_start(struct world *w)
{
	fake_start(&w->broker.fake, &app, &w->broker);
	w->arena = arena_new();
	w->now.us = 1700000000 * (i64)1000000;
	w->clock = clock_fixed(&w->now);
	w->alice_paths = test_paths(w->arena);
	w->bob_paths = test_paths(w->arena);
	w->alice = (struct client){ &w->alice_paths, &w->clock, &random_system, NULL };
	w->bob = (struct client){ &w->bob_paths, &w->clock, &random_system, NULL };
	unsetenv("CLAUDEMESH_BROKER_URL");
	unsetenv("CLAUDEMESH_DISPLAY_NAME");
}

static void world_shared(struct world *w)
{
	world_start(w);
	assert_ok(mesh_create(w->arena, &w->alice, S("Team"), S("alice"), w->broker.fake.base,
			      &w->mesh));
	assert_ok(mesh_share(w->arena, &w->alice, &w->mesh.mesh, STR_NONE, 0, 0, &w->share));
}

static void world_end(struct world *w)
{
	fake_done(&w->broker.fake);
	arena_free(w->arena);
}

static struct err *bob_joins(struct world *w, str link, struct mesh_made *ret)
{
	return mesh_join(w->arena, &w->bob, link, S("bob"), STR_NONE, ret);
}

TEST(who_creates_a_mesh_keeps_its_keys)
{
	struct world w = { 0 };
	struct mesh_keys_args keys;
	struct config_args config;
	struct sign_pair owner;

	world_shared(&w);
	assert_ok(config_load(w.arena, &w.alice_paths, &config));
	assert_int_equal(config.meshes.n, 1);
	assert_str(config.meshes.items[0].slug, S("team"));
	assert_str(config.meshes.items[0].brokerUrl, w.broker.fake.ws_url);
	assert_str(config.displayName, S("alice"));
	assert_ok(keys_load(w.arena, &w.alice_paths, w.broker.mesh.id, &keys));
	assert_ok(keys_owner_pair(w.arena, &keys, S("team"), &owner));
	assert_str(sign_pair_pubkey(w.arena, &owner), w.broker.mesh.owner_pubkey);
	assert_false(str_eq(keys.owner_pubkey, config.meshes.items[0].pubkey));
	assert_false(str_contains(config.meshes.items[0].secretKey, keys.owner_secret));
	assert_str(keys.public_url, S("ws://public.example/ws"));
	assert_true(w.mesh.is_owner);
	assert_true(str_empty(w.mesh.warning));
	assert_false(w.broker.bad_signature);
	world_end(&w);
}

TEST(a_refused_creation_leaves_nothing_behind)
{
	struct world w = { 0 };
	struct config_args config;

	world_start(&w);
	w.broker.refuse_status = 403;
	assert_err(mesh_create(w.arena, &w.alice, S("Team"), S("alice"), w.broker.fake.base,
			       &w.mesh),
		   FORBIDDEN);
	assert_ok(config_load(w.arena, &w.alice_paths, &config));
	assert_int_equal(config.meshes.n, 0);
	assert_int_equal(rmdir(w.alice_paths.keys.ptr), 0); /* so it is empty */
	world_end(&w);
}

TEST(a_creation_cannot_take_the_place_of_a_mesh)
{
	struct world w = { 0 };
	struct config_args config;
	struct mesh_made other;
	struct err *e;

	world_start(&w);
	w.broker.own_ids = true;
	assert_ok(
		mesh_create(w.arena, &w.alice, S("Team"), S("alice"), w.broker.fake.base, &w.mesh));
	e = mesh_create(w.arena, &w.alice, S("Trap"), S("alice"), w.broker.fake.base, &other);
	assert_err(e, REFUSED);
	assert_str(err_wire(e), S("id_taken"));
	assert_ok(config_load(w.arena, &w.alice_paths, &config));
	assert_int_equal(config.meshes.n, 1);
	assert_str(config.meshes.items[0].secretKey, w.mesh.mesh.secretKey);
	assert_int_equal(rmdir(w.alice_paths.keys.ptr), 0); /* so it is empty */
	world_end(&w);
}

TEST(a_broker_that_makes_its_own_keys_is_pointed_out)
{
	struct world w = { 0 };

	world_start(&w);
	w.broker.own_ids = true;
	assert_ok(
		mesh_create(w.arena, &w.alice, S("Team"), S("alice"), w.broker.fake.base, &w.mesh));
	assert_false(w.mesh.is_owner);
	assert_false(str_empty(w.mesh.warning));
	assert_err(mesh_share(w.arena, &w.alice, &w.mesh.mesh, STR_NONE, 0, 0, &w.share),
		   FORBIDDEN);
	assert_int_equal(w.broker.invites, 0);
	world_end(&w);
}

TEST(a_link_joins_and_brings_the_root_key)
{
	struct world w = { 0 };
	struct mesh_keys_args alices, bobs;
	struct mesh_made m;

	world_shared(&w);
	assert_true(str_starts(w.share.url, w.broker.fake.base));
	assert_ok(bob_joins(&w, w.share.url, &m));
	assert_true(m.verified);
	assert_false(m.is_owner);
	assert_str(m.role, S("member"));
	assert_str(m.mesh.memberId, S("m2"));
	assert_str(m.mesh.brokerUrl, w.broker.fake.ws_url);
	assert_str(m.mesh.pubkey, w.broker.claim.peer_pubkey);
	assert_str(w.broker.claim.display_name, S("bob"));
	assert_ok(keys_load(w.arena, &w.alice_paths, m.mesh.meshId, &alices));
	assert_ok(keys_load(w.arena, &w.bob_paths, m.mesh.meshId, &bobs));
	assert_str(bobs.root_key, alices.root_key);
	assert_str(bobs.owner_pubkey, alices.owner_pubkey);
	assert_true(str_empty(bobs.owner_secret));
	assert_true(str_empty(bobs.member_secret));
	assert_false(w.broker.bad_signature);
	world_end(&w);
}

TEST(the_broker_never_sees_a_secret)
{
	struct world w = { 0 };
	struct mesh_keys_args keys;
	struct invite_link l;

	world_shared(&w);
	assert_ok(keys_load(w.arena, &w.alice_paths, w.mesh.mesh.meshId, &keys));
	assert_ok(invite_link_parse(w.arena, w.share.url, &l));
	assert_true(l.has_secret);
	assert_false(str_contains(w.broker.invite.token, keys.root_key));
	assert_false(str_contains(w.broker.invite.sealed_root, keys.root_key));
	assert_false(str_contains(w.broker.invite.sealed_root,
				  str_skip(w.share.url, w.share.url.len - 43)));
	world_end(&w);
}

TEST(joining_again_keeps_the_identity)
{
	struct world w = { 0 };
	struct config_args config;
	struct mesh_made one, two;

	world_shared(&w);
	assert_ok(bob_joins(&w, w.share.url, &one));
	assert_ok(bob_joins(&w, w.share.url, &two));
	assert_str(one.mesh.pubkey, two.mesh.pubkey);
	assert_str(two.mesh.slug, S("team"));
	assert_ok(config_load(w.arena, &w.bob_paths, &config));
	assert_int_equal(config.meshes.n, 1);
	world_end(&w);
}

TEST(joining_again_does_not_change_the_broker)
{
	struct world w = { 0 };
	struct config_args config;
	struct mesh_keys_args keys;
	struct mesh_made one, two;
	str at = S("ws://elsewhere.example/ws");

	world_shared(&w);
	assert_ok(keys_load(w.arena, &w.alice_paths, w.mesh.mesh.meshId, &keys));
	keys.public_url = STR_NONE; /* the token shall name the address that this test has */
	assert_ok(keys_save(w.arena, &w.alice_paths, &keys));
	assert_ok(mesh_share(w.arena, &w.alice, &w.mesh.mesh, STR_NONE, 5, 0, &w.share));
	assert_ok(bob_joins(&w, w.share.url, &one));
	one.mesh.brokerUrl = at;
	assert_ok(config_add_mesh(w.arena, &w.bob_paths, &one.mesh, &one.mesh.slug));
	assert_ok(bob_joins(&w, w.share.url, &two));
	assert_true(two.already_member);
	assert_true(str_contains(two.warning, w.broker.fake.ws_url));
	assert_ok(config_load(w.arena, &w.bob_paths, &config));
	assert_str(config.meshes.items[0].brokerUrl, at);
	/* A token's address is signed by the owner that we know. */
	assert_ok(bob_joins(&w, w.share.token, &two));
	assert_ok(config_load(w.arena, &w.bob_paths, &config));
	assert_false(str_eq(config.meshes.items[0].brokerUrl, at));
	world_end(&w);
}

TEST(a_join_whose_answer_was_lost_is_repeated_with_the_same_key)
{
	struct world w = { 0 };
	struct mesh_made m;
	str first;

	world_shared(&w);
	w.broker.lose_claims = true;
	assert_err(bob_joins(&w, w.share.url, &m), TRY_AGAIN);
	first = w.broker.claim.peer_pubkey;
	w.broker.lose_claims = false;
	w.broker.hide_invite = true; /* that was its only use */
	assert_ok(bob_joins(&w, w.share.url, &m));
	assert_str(m.mesh.pubkey, first);
	assert_int_equal(w.broker.claims, 2);
	/* Joined: the link still says so. */
	assert_ok(bob_joins(&w, w.share.url, &m));
	assert_str(m.mesh.pubkey, first);
	/* For anyone else it is over. */
	assert_err(mesh_join(w.arena, &w.alice, w.share.url, S("eve"), STR_NONE, &m), NOT_FOUND);
	world_end(&w);
}

TEST(a_token_joins_and_says_what_is_missing)
{
	struct world w = { 0 };
	struct mesh_keys_args keys;
	struct mesh_made m;
	struct sign_pair owner;

	world_shared(&w);
	/* The token names the public address, which this test has not: sign one for here. */
	assert_ok(keys_load(w.arena, &w.alice_paths, w.mesh.mesh.meshId, &keys));
	assert_ok(keys_owner_pair(w.arena, &keys, S("team"), &owner));
	keys.public_url = STR_NONE;
	assert_ok(keys_save(w.arena, &w.alice_paths, &keys));
	assert_ok(mesh_share(w.arena, &w.alice, &w.mesh.mesh, S("admin"), 5, 3600000, &w.share));
	assert_ok(bob_joins(&w, w.share.token, &m));
	assert_false(m.verified);
	assert_false(str_empty(m.warning));
	assert_str(m.role, S("admin"));
	assert_str(m.mesh.memberId, S("m3"));
	assert_str(w.broker.join.peer_pubkey, m.mesh.pubkey);
	assert_ok(keys_load(w.arena, &w.bob_paths, m.mesh.meshId, &keys));
	assert_str(keys.owner_pubkey, w.broker.mesh.owner_pubkey);
	/* A bare code goes by the token, too; the broker is the one we are with. */
	assert_ok(bob_joins(&w, w.share.code, &m));
	assert_int_equal(w.broker.joins, 2);
	assert_int_equal(w.broker.claims, 0);
	world_end(&w);
}

TEST(forged_invites_make_no_member)
{
	struct world w = { 0 };
	struct config_args config;
	struct sign_pair mallory;
	struct mesh_made m;
	str link;

	world_shared(&w);
	mallory = test_pair(9);
	/* A broker that names another owner. */
	w.broker.forged_owner = sign_pair_pubkey(w.arena, &mallory);
	assert_err(bob_joins(&w, w.share.url, &m), UNAUTHORIZED);
	w.broker.forged_owner = STR_NONE;
	/* A link with another secret. */
	link = arena_printf(w.arena, "%.*sA", (int)w.share.url.len - 1, w.share.url.ptr);
	if (str_eq(link, w.share.url) || str_ends(w.share.url, S("A")))
		((char *)link.ptr)[link.len - 10] ^= 1;
	assert_non_null(bob_joins(&w, link, &m));
	/* A code nobody has. */
	assert_err(bob_joins(&w,
			     arena_printf(w.arena, "%.*s/i/AAAAAAAAAAAA", STRF(w.broker.fake.base)),
			     &m),
		   NOT_FOUND);
	/* Time is up, whatever the broker says. */
	w.now.us += 8 * 24 * 3600 * (i64)1000000;
	assert_err(bob_joins(&w, w.share.url, &m), GONE);
	assert_err(bob_joins(&w, w.share.token, &m), GONE);
	assert_int_equal(w.broker.joins, 0);
	assert_ok(config_load(w.arena, &w.bob_paths, &config));
	assert_int_equal(config.meshes.n, 0);
	world_end(&w);
}

TEST(a_mesh_cannot_change_its_owner)
{
	struct world w = { 0 };
	struct mesh_keys_args keys;
	struct mesh_made m;
	struct err *e;

	world_shared(&w);
	assert_ok(bob_joins(&w, w.share.url, &m));
	assert_ok(keys_load(w.arena, &w.bob_paths, m.mesh.meshId, &keys));
	keys.owner_pubkey = m.mesh.pubkey;
	assert_ok(keys_save(w.arena, &w.bob_paths, &keys));
	e = bob_joins(&w, w.share.url, &m);
	assert_err(e, UNAUTHORIZED);
	assert_str(err_wire(e), S("invite_owner_mismatch"));
	e = bob_joins(&w, w.share.token, &m);
	assert_str(err_wire(e), S("invite_owner_mismatch"));
	world_end(&w);
}

TEST(shares_are_checked)
{
	struct world w = { 0 };

	world_shared(&w);
	assert_err(mesh_share(w.arena, &w.alice, &w.mesh.mesh, STR_NONE, 1001, 0, &w.share),
		   BAD_REQUEST);
	assert_err(mesh_share(w.arena, &w.alice, &w.mesh.mesh, STR_NONE, -1, 0, &w.share),
		   BAD_REQUEST);
	assert_err(mesh_share(w.arena, &w.alice, &w.mesh.mesh, S("owner"), 1, 0, &w.share),
		   BAD_REQUEST);
	assert_err(mesh_share(w.arena, &w.bob, &w.mesh.mesh, STR_NONE, 1, 0, &w.share), FORBIDDEN);
	w.broker.other_code = S("ABCDEFGH");
	assert_says(mesh_share(w.arena, &w.alice, &w.mesh.mesh, STR_NONE, 1, 0, &w.share),
		    "of its own");
	world_end(&w);
}

TEST(leaving_forgets_all_but_the_owners_keys)
{
	struct world w = { 0 };
	struct mesh_keys_args keys;
	struct mesh_made m;
	str kept;

	world_shared(&w);
	assert_ok(bob_joins(&w, w.share.url, &m));
	assert_ok(mesh_leave(w.arena, &w.bob, S("team"), &kept));
	assert_true(str_empty(kept));
	assert_ok(keys_load(w.arena, &w.bob_paths, m.mesh.meshId, &keys));
	assert_true(str_empty(keys.mesh_id));
	assert_err(mesh_leave(w.arena, &w.bob, S("team"), &kept), NOT_FOUND);
	assert_ok(mesh_leave(w.arena, &w.alice, S("team"), &kept));
	assert_int_equal(test_mode(w.arena, kept), 0600);
	world_end(&w);
}

TEST(a_renamed_mesh_keeps_its_sessions_and_its_name_at_the_broker)
{
	struct world w = { 0 };
	struct mesh_keys_args keys;
	struct config_args config;
	struct mesh_made m;
	struct stat st;
	str dir;

	world_shared(&w);
	assert_ok(bob_joins(&w, w.share.url, &m));
	dir = arena_printf(w.arena, "%.*s/team", STRF(w.bob_paths.sessions));
	assert_ok(file_make_private_dir(w.arena, w.bob_paths.sessions));
	assert_ok(file_make_private_dir(w.arena, dir));
	assert_err(mesh_rename(w.arena, &w.bob, S("team"), S("Not a slug")), BAD_REQUEST);
	assert_err(mesh_rename(w.arena, &w.bob, S("other"), S("crew")), NOT_FOUND);
	assert_ok(mesh_rename(w.arena, &w.bob, S("team"), S("team")));
	assert_ok(mesh_rename(w.arena, &w.bob, S("team"), S("crew")));
	assert_ok(config_load(w.arena, &w.bob_paths, &config));
	assert_str(config.meshes.items[0].slug, S("crew"));
	assert_int_not_equal(stat(dir.ptr, &st), 0);
	dir = arena_printf(w.arena, "%.*s/crew", STRF(w.bob_paths.sessions));
	assert_int_equal(stat(dir.ptr, &st), 0);
	assert_ok(keys_load(w.arena, &w.bob_paths, m.mesh.meshId, &keys));
	assert_str(keys.slug, S("team"));
	/* The keys of another mesh's sessions are not mixed with these. */
	dir = arena_printf(w.arena, "%.*s/herd", STRF(w.bob_paths.sessions));
	assert_ok(file_make_private_dir(w.arena, dir));
	assert_ok(file_make_private_dir(w.arena, arena_printf(w.arena, "%.*s/x", STRF(dir))));
	assert_err(mesh_rename(w.arena, &w.bob, S("crew"), S("herd")), EXISTS);
	assert_ok(config_load(w.arena, &w.bob_paths, &config));
	assert_str(config.meshes.items[0].slug, S("crew"));
	world_end(&w);
}

TEST(a_bare_code_needs_a_broker)
{
	struct world w = { 0 };
	struct mesh_made m;

	world_shared(&w);
	assert_says(bob_joins(&w, w.share.code, &m), "paste the whole link");
	setenv("CLAUDEMESH_BROKER_URL", "ws://127.0.0.1:1/ws", 1);
	assert_err(bob_joins(&w, w.share.code, &m), NETWORK);
	unsetenv("CLAUDEMESH_BROKER_URL");
	world_end(&w);
}

TEST(slugs_of_strangers_are_made_fit)
{
	static const char *const bad[] = { "../etc", "A B", "", "x", "\x1b[2J" };
	struct world w = { 0 };
	struct sign_pair owner;
	struct mesh_made m;

	world_start(&w);
	owner = test_pair(1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct invite_v1 v1 = { .mesh_id = arena_printf(w.arena, "MESH%04zuxxxx", i),
					.mesh_slug = str_from(bad[i]),
					.broker_url = w.broker.fake.ws_url,
					.expires_s = 1700000100,
					.mesh_root_key = S(
						"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
					.role = S("member"),
					.owner_pubkey = sign_pair_pubkey(w.arena, &owner) };
		struct err *e;
		str signature;

		assert_ok(invite_v1_sign(w.arena, &v1, &owner, &signature));
		e = bob_joins(&w, invite_v1_token(w.arena, &v1, signature), &m);
		if (!*bad[i]) {
			assert_err(e, BAD_REQUEST);
			continue;
		}
		assert_ok(e);
		assert_str(m.mesh.slug, arena_printf(w.arena, "mesh-mesh%04zu", i));
	}
	world_end(&w);
}

TEST_MAIN("client/mesh")
