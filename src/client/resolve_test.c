#include "client/resolve.h"

#include "client/share.h"
#include "client/test_dir.h"
#include "crypto/chain.h"

#define ALICE "aaaaaaaa11111111aaaaaaaa11111111aaaaaaaa11111111aaaaaaaa11111111"
#define BOB "bbbbbbbb22222222bbbbbbbb22222222bbbbbbbb22222222bbbbbbbb22222222"
#define CAROL "cccccccc33333333cccccccc33333333cccccccc33333333cccccccc33333333"
#define CARL "cccccccc44444444cccccccc44444444cccccccc44444444cccccccc44444444"
#define BOB_S1 "dddddddd55555555dddddddd55555555dddddddd55555555dddddddd55555555"
#define BOB_S2 "dddddddd66666666dddddddd66666666dddddddd66666666dddddddd66666666"
#define NOBODY "eeeeeeee77777777eeeeeeee77777777eeeeeeee77777777eeeeeeee77777777"

/* We are alice. Bob has two sessions; carol is away; another carl has carol's name in small. */
static const struct peer_args peers[] = {
	{ .pubkey = S(ALICE), .memberPubkey = S(ALICE), .displayName = S("alice") },
	{ .pubkey = S(BOB_S1), .memberPubkey = S(BOB), .displayName = S("Bob") },
	{ .pubkey = S(BOB_S2), .memberPubkey = S(BOB), .displayName = S("bob-builder") },
};
static const struct member_args members[] = {
	{ .pubkey = S(ALICE), .displayName = S("alice"), .online = true },
	{ .pubkey = S(BOB), .displayName = S("Bob"), .online = true, .verified = true },
	{ .pubkey = S(CAROL), .displayName = S("Carol") },
	{ .pubkey = S(CARL), .displayName = S("carl") },
};

static struct peers_list_args list(bool with_members)
{
	return (struct peers_list_args){
		.peers = { (struct peer_args *)peers, ARRAY_LEN(peers), true },
		.members = { (struct member_args *)members, with_members ? ARRAY_LEN(members) : 0,
			     with_members },
	};
}

/* code 0: resolved to spec; else an error that says it. */
static const struct {
	const char *who;
	int code;
	const char *spec;
	bool online, self;
} cases[] = {
	{ "bob", 0, BOB, true, false },
	{ " BOB ", 0, BOB, true, false },
	{ "bob-builder", 0, BOB, true, false },
	{ "carol", 0, CAROL, false, false },
	{ BOB, 0, BOB, true, false },
	{ "BBBBBBBB22222222bbbbbbbb22222222bbbbbbbb22222222bbbbbbbb22222222", 0, BOB, true, false },
	{ BOB_S2, 0, BOB_S2, true, false },
	{ NOBODY, 0, NOBODY, false, false },
	{ "bbbbbbbb", 0, BOB, true, false },
	{ "DDDDDDDD5", 0, BOB, true, false },
	{ "dddddddd", 0, BOB, true, false }, /* two sessions of one member are one */
	{ "cccccccc3", 0, CAROL, false, false },
	{ "alice", 0, ALICE, true, true },
	{ ALICE, 0, ALICE, true, true },
	{ "*", 0, "*", false, false },
	{ "@all", 0, "*", false, false },
	{ "@dev/a", 0, "@dev/a", false, false },
	{ "cccccccc", ERR_AMBIGUOUS,
	  "Carol (cccccccc33333333, away), carl (cccccccc44444444, away)", false, false },
	{ "bbo", ERR_NOT_FOUND, "did you mean 'Bob'?", false, false },
	{ "zebedee", ERR_NOT_FOUND, "there are: Bob (bbbbbbbb22222222), Carol", false, false },
	{ "bbbbbbb", ERR_NOT_FOUND, "no peer is called", false, false },
	{ "", ERR_BAD_REQUEST, "no recipient", false, false },
	{ "@a b", ERR_BAD_REQUEST, "characters", false, false },
	{ "#general", ERR_NOT_SUPPORTED, "topic", false, false },
};

TEST(who_is_meant)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args all = list(true);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target t;
		struct err *e = resolve_target(a, &all, S(ALICE), str_from(cases[i].who), &t);

		if ((e ? (int)e->code : 0) != cases[i].code)
			print_error("case %zu '%s': %.*s\n", i, cases[i].who,
				    STRF(e ? e->text : S("resolved")));
		if (cases[i].code) {
			assert_int_equal(e->code, cases[i].code);
			assert_says(e, cases[i].spec);
			continue;
		}
		assert_ok(e);
		assert_str(t.spec, str_from(cases[i].spec));
		assert_int_equal(t.online, cases[i].online);
		assert_int_equal(t.is_self, cases[i].self);
	}
}

TEST(a_target_says_whom_it_names)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args all = list(true);
	struct target t;

	assert_ok(resolve_target(a, &all, S(ALICE), S(BOB_S1), &t));
	assert_str(t.name, S("Bob"));
	assert_str(t.member_pubkey, S(BOB));
	assert_true(t.verified);
	assert_true(t.listed);
	assert_ok(resolve_target(a, &all, S(ALICE), S(NOBODY), &t));
	assert_false(t.listed);
	assert_ok(resolve_target(a, &all, S(ALICE), S("bob-builder"), &t));
	assert_true(t.verified);
}

TEST(reference_brokers_list_only_who_is_there)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args present = list(false);
	struct target t;

	assert_ok(resolve_target(a, &present, S(ALICE), S("bob"), &t));
	assert_str(t.spec, S(BOB));
	assert_err(resolve_target(a, &present, S(ALICE), S("carol"), &t), NOT_FOUND);
}

TEST(names_that_two_have_are_ambiguous_but_not_with_oneself)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peer_args twins[] = {
		{ .pubkey = S(ALICE), .memberPubkey = S(ALICE), .displayName = S("sam") },
		{ .pubkey = S(BOB_S1), .memberPubkey = S(BOB), .displayName = S("Sam") },
		{ .pubkey = S(CAROL), .memberPubkey = S(CAROL), .displayName = S("SAM") },
	};
	struct peers_list_args all = { .peers = { twins, 2, true } };
	struct target t;

	assert_ok(resolve_target(a, &all, S(ALICE), S("sam"), &t));
	assert_str(t.spec, S(BOB));
	all.peers.n = 3;
	assert_err(resolve_target(a, &all, S(ALICE), S("sam"), &t), AMBIGUOUS);
	assert_err(resolve_target(a, &all, S(NOBODY), S("sam"), &t), AMBIGUOUS);
}

TEST(a_program_can_choose_from_the_error)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args all = list(true);
	struct target t;
	struct err *e = resolve_target(a, &all, S(ALICE), S("cccccccc"), &t);

	assert_err(e, AMBIGUOUS);
	assert_int_equal(err_exit(e), 3);
	assert_int_equal(e->tiers->matches_n, 2);
	assert_str(e->tiers->matches[0], S(CAROL));
	e = resolve_target(a, &all, S(ALICE), S("bbo"), &t);
	assert_err(e, NOT_FOUND);
	assert_str(e->tiers->nearest, S("Bob"));
	assert_str(e->tiers->input, S("bbo"));
}

TEST(a_name_wins_over_a_prefix)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peer_args two[] = {
		{ .pubkey = S(BOB), .memberPubkey = S(BOB), .displayName = S("cccccccc") },
		{ .pubkey = S(CAROL), .memberPubkey = S(CAROL), .displayName = S("Carol") },
	};
	struct peers_list_args all = { .peers = { two, 2, true } };
	struct target t;

	assert_ok(resolve_target(a, &all, S(ALICE), S("cccccccc"), &t));
	assert_str(t.spec, S(BOB));
}

TEST(alone)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct peers_list_args nobody = { 0 };
	struct target t;

	assert_says(resolve_target(a, &nobody, S(ALICE), S("bob"), &t), "claudemesh share");
}

static struct member_args chained(struct arena *a, const struct sign_pair *owner,
				  const struct sign_pair *invite, const struct sign_pair *member)
{
	struct member_args m = { .memberId = S("m2"),
				 .pubkey = sign_pair_pubkey(a, member),
				 .role = S("member") };
	struct chain_invite ci = { S("mesh0001"), S("inv1"), sign_pair_pubkey(a, invite),
				   S("member"),   5,         1 };
	struct chain_claim cc = { S("mesh0001"), S("inv1"), m.pubkey, share_x25519(a, member) };

	m.chain = (struct chain_args){ .present = true,
				       .inviteId = ci.invite_id,
				       .invitePubkey = ci.invite_pubkey,
				       .role = ci.role,
				       .expiresAt = 5,
				       .maxUses = 1,
				       .x25519 = cc.x25519 };
	assert_ok(chain_invite_sign(a, &ci, owner, &m.chain.ownerSignature));
	assert_ok(chain_claim_sign(a, &cc, invite, &m.chain.claimSignature));
	return m;
}

TEST(a_member_is_verified_by_the_owner_we_know)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = test_pair(1), invite = test_pair(2), member = test_pair(3),
			 mallory = test_pair(4);
	str key = sign_pair_pubkey(a, &owner);
	struct member_args good = chained(a, &owner, &invite, &member), m;
	struct member_list all = { &m, 1, true };

	assert_true(crypto_start());
	assert_true(member_is_verified(a, &good, S("mesh0001"), key));
	assert_false(member_is_verified(a, &good, S("mesh0002"), key));
	assert_false(member_is_verified(a, &good, S("mesh0001"), sign_pair_pubkey(a, &mallory)));
	assert_false(member_is_verified(a, &good, S("mesh0001"), STR_NONE));
	m = good;
	m.pubkey = sign_pair_pubkey(a, &mallory);
	assert_false(member_is_verified(a, &m, S("mesh0001"), key));
	m = good;
	m.chain.role = S("admin");
	assert_false(member_is_verified(a, &m, S("mesh0001"), key));
	m = good;
	m.chain.maxUses = 9;
	assert_false(member_is_verified(a, &m, S("mesh0001"), key));
	/* What the list itself claims counts for nothing. */
	m = (struct member_args){ .pubkey = good.pubkey, .verified = true };
	members_verify(a, &all, S("mesh0001"), key);
	assert_false(m.verified);
	m = good;
	members_verify(a, &all, S("mesh0001"), key);
	assert_true(m.verified);
}

TEST(the_creator_is_vouched_for_by_the_owner_key_itself)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = test_pair(1), member = test_pair(3), mallory = test_pair(4);
	str key = sign_pair_pubkey(a, &owner);
	struct chain_claim cc = { S("mesh0001"), S("owner"), sign_pair_pubkey(a, &member),
				  share_x25519(a, &member) };
	struct member_args m = {
		.pubkey = cc.ed25519,
		.role = S("admin"),
		.chain = { .present = true, .inviteId = S("owner"), .x25519 = cc.x25519 }
	};

	assert_ok(chain_claim_sign(a, &cc, &owner, &m.chain.claimSignature));
	assert_true(member_is_verified(a, &m, S("mesh0001"), key));
	assert_ok(chain_claim_sign(a, &cc, &mallory, &m.chain.claimSignature));
	assert_false(member_is_verified(a, &m, S("mesh0001"), key));
}

/* Bob's phone is proved, what claims to be another of his is not. */
TEST(a_person_is_reached_with_all_proved_devices)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct device_of_args of_bob = { .present = true, .memberPubkey = S(BOB) };
	struct member_args all[] = {
		{ .pubkey = S(BOB), .displayName = S("Bob"), .verified = true },
		{ .pubkey = S(CAROL), .displayName = S("Bob"), .verified = true, .device = of_bob },
		{ .pubkey = S(CARL), .displayName = S("mallory"), .device = of_bob },
	};
	struct peer_args here[] = {
		{ .pubkey = S(CAROL), .memberPubkey = S(CAROL), .displayName = S("Bob") },
	};
	struct peers_list_args l = { .peers = { here, 1, true }, .members = { all, ARRAY_LEN(all), true } };
	struct target t, copy;

	assert_ok(resolve_target(a, &l, S(ALICE), S("bob"), &t));
	assert_str(t.spec, S(BOB));
	assert_int_equal(t.devices.n, 1);
	assert_str(t.devices.items[0], S(CAROL));
	copy = resolve_copy(a, &t, 0);
	assert_str(copy.spec, S(CAROL));
	assert_str(copy.member_pubkey, S(CAROL));
	assert_int_equal(copy.devices.n, 0);
	assert_str(resolve_copy_id(a, &t, 0, S("id")), S("id.cccccccc"));
	assert_int_equal(resolve_copy_id(a, &t, 0, arena_printf(a, "%0200d", 1)).len, CLIENT_ID_BYTES_MAX);
	/* By its key the device itself is meant. */
	assert_ok(resolve_target(a, &l, S(ALICE), S(CAROL), &t));
	assert_str(t.spec, S(CAROL));
	assert_int_equal(t.devices.n, 0);
	/* An unproved one stands for itself, under its own name. */
	assert_ok(resolve_target(a, &l, S(ALICE), S("mallory"), &t));
	assert_str(t.spec, S(CARL));
}

TEST_MAIN("client/resolve")
