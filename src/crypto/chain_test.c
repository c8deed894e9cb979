#include "crypto/chain.h"

#include "crypto/secretbox.h"
#include "crypto/test_keys.h"

#define MESH "MeshId00000000000000000000000001"
#define INVITE "InviteId000000000000000000000001"
#define X25519 "4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo"

/* Owner, invite and member are the seeds 1, a secret of 32 x 5, and 3. */
struct fixture {
	struct arena *arena;
	struct sign_pair owner, invite;
	u8 secret[INVITE_SECRET_BYTES];
	struct chain chain;
};

static void fixture_init(struct fixture *f, struct arena *a)
{
	f->arena = a;
	f->owner = test_pair(1);
	memset(f->secret, 5, sizeof(f->secret));
	invite_pair_from_secret(f->secret, &f->invite);
	f->chain = (struct chain){
		.owner_pubkey = S(MEMBER_PK),
		.invite = { S(MESH), S(INVITE), sign_pair_pubkey(a, &f->invite), S("member"),
			    1800000000, 1 },
		.claim = { S(MESH), S(INVITE), S(RECIPIENT_PK), S(X25519) },
	};
	assert_ok(chain_invite_sign(a, &f->chain.invite, &f->owner, &f->chain.invite_signature));
	assert_ok(chain_claim_sign(a, &f->chain.claim, &f->invite, &f->chain.claim_signature));
}

TEST(a_whole_chain_holds)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;
	str text;

	fixture_init(&f, a);
	assert_ok(chain_verify(a, &f.chain, S(RECIPIENT_PK)));
	assert_ok(chain_invite_text(a, &f.chain.invite, &text));
	assert_str(text, arena_printf(a, "claudemesh-invite|" MESH "|" INVITE
				      "|%.*s|member|1800000000|1",
				      STRF(f.chain.invite.invite_pubkey)));
	assert_ok(chain_claim_text(a, &f.chain.claim, &text));
	assert_str(text, S("claudemesh-claim|" MESH "|" INVITE "|" RECIPIENT_PK "|" X25519));
}

/* Pinned, so that a later version opens the links of this one. */
TEST(keys_of_a_secret_never_change)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair invite;
	u8 seed[32], other[32];

	invite_pair_from_secret(test_bytes(a, 0, 32), &invite);
	kdf_derive(test_bytes(a, 0, 32), 1, "cminvite", seed);
	kdf_derive(test_bytes(a, 0, 32), 2, "cminvite", other);
	assert_memory_equal(invite.sk, seed, sizeof(seed));
	assert_memory_not_equal(seed, other, sizeof(seed));
	assert_str(sign_pair_pubkey(a, &invite), 
		   S("a931b272ae76b4cf3a7dc06ce4c50047585184e08227eab208bdfbebafa6bb83"));
}

/* Pinned for the web page, which signs the same (web/test/crypto.test.ts). */
TEST(signatures_are_those_of_the_page)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct chain_claim creator = { S(MESH), S("owner"), S(RECIPIENT_PK), S(X25519) };
	u8 root[ROOT_KEY_BYTES];
	struct fixture f;
	str sig;

	fixture_init(&f, a);
	assert_ok(chain_claim_sign(a, &creator, &f.owner, &sig));
	assert_str(sig, S("eba07eb3afa5da8e0cebf6c6de8b970f141f5e0b6096e3b45a8e11c74b78c44c"
			  "b785145c0bd25dff0bf3aedfbc3a6b1d0651a2f770252665dfc56b6ffa3cab06"));
	assert_str(f.chain.invite_signature,
		   S("6884b573d226d02303deb73a1b00e670a7166dcb5e456a85270e4da0eaf319ff"
		     "7a24924d4c4872a7bb9d3b38e3332e44cba254a98b029575c1979e23bcf71e01"));
	assert_true(invite_root_key_open(
		S("nQO7jt35K3v+tlmJtNcLQoOuuT7fXH4A0xJnDFYAc235cWWH1dUjVVYNKF5MEHbT42vVYnzRpmA9"
		  "jQywbcImq+rHsGLcE9bO6e8IDFkzfHtxcAc2fb5ECWfyZJptLBcNIIybr+3Sn6k="),
		S(MEMBER_PK), f.secret, root));
	assert_memory_equal(root, test_bytes(a, 0x80, ROOT_KEY_BYTES), sizeof(root));
}

static void break_chain(struct chain *c, size_t i)
{
	switch (i) {
	case 0: c->owner_pubkey = S(SESSION_PK); break;
	case 1: c->invite.mesh_id = c->claim.mesh_id = S("MeshId00000000000000000000000002"); break;
	case 2: c->invite.invite_id = c->claim.invite_id = S("x"); break;
	case 3: c->invite.invite_pubkey = S(SESSION_PK); break;
	case 4: c->invite.role = S("admin"); break;
	case 5: c->invite.expires_s++; break;
	case 6: c->invite.max_uses++; break;
	case 7: c->claim.mesh_id = S("MeshId00000000000000000000000002"); break;
	case 8: c->claim.invite_id = S("InviteId000000000000000000000002"); break;
	case 9: c->claim.ed25519 = S(SESSION_PK); break;
	case 10: c->claim.x25519 = S("kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo"); break;
	case 11: c->invite_signature = c->claim_signature; break;
	case 12: c->claim_signature = c->invite_signature; break;
	case 13: c->claim_signature = STR_NONE; break;
	case 14: c->invite_signature = STR_NONE; break;
	case 15: *c = (struct chain){ 0 }; break;
	}
}

TEST(every_changed_field_breaks_the_chain)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;

	fixture_init(&f, a);
	for (size_t i = 0; i < 16; i++) {
		struct chain c = f.chain;

		break_chain(&c, i);
		assert_err(chain_verify(a, &c, S(RECIPIENT_PK)), UNAUTHORIZED);
	}
	assert_err(chain_verify(a, &f.chain, S(SESSION_PK)), UNAUTHORIZED);
	assert_err(chain_verify(a, &f.chain, STR_NONE), UNAUTHORIZED);
}

TEST(every_flipped_bit_breaks_the_chain)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;
	str one, two;

	fixture_init(&f, a);
	one = test_unhex(a, f.chain.invite_signature);
	two = test_unhex(a, f.chain.claim_signature);
	for (size_t bit = 0; bit < 8 * SIGN_BYTES; bit++) {
		struct chain c = f.chain;

		c.invite_signature = hex_encode(a, test_flip(a, one, bit));
		assert_err(chain_verify(a, &c, S(RECIPIENT_PK)), UNAUTHORIZED);
		c = f.chain;
		c.claim_signature = hex_encode(a, test_flip(a, two, bit));
		assert_err(chain_verify(a, &c, S(RECIPIENT_PK)), UNAUTHORIZED);
	}
}

/* Who has a link may claim for himself; he cannot make another invite or raise its role. */
TEST(holder_of_a_link_cannot_act_as_owner)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;

	fixture_init(&f, a);
	f.chain.invite.role = S("admin");
	assert_ok(chain_invite_sign(a, &f.chain.invite, &f.invite, &f.chain.invite_signature));
	assert_err(chain_verify(a, &f.chain, S(RECIPIENT_PK)), UNAUTHORIZED);
	/* Nor can the broker, with keys of its own for all but the owner. */
	f.invite = test_pair(9);
	f.chain.invite.invite_pubkey = sign_pair_pubkey(a, &f.invite);
	assert_ok(chain_invite_sign(a, &f.chain.invite, &f.invite, &f.chain.invite_signature));
	assert_ok(chain_claim_sign(a, &f.chain.claim, &f.invite, &f.chain.claim_signature));
	assert_err(chain_verify(a, &f.chain, S(RECIPIENT_PK)), UNAUTHORIZED);
}

/* Properly signed, but two halves of different chains. */
TEST(claim_and_invite_must_name_the_same)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture f;
	struct chain c;

	fixture_init(&f, a);
	c = f.chain;
	c.claim.invite_id = S("other");
	assert_ok(chain_claim_sign(a, &c.claim, &f.invite, &c.claim_signature));
	assert_err(chain_verify(a, &c, S(RECIPIENT_PK)), UNAUTHORIZED);
	c = f.chain;
	c.claim.mesh_id = S("other");
	assert_ok(chain_claim_sign(a, &c.claim, &f.invite, &c.claim_signature));
	assert_err(chain_verify(a, &c, S(RECIPIENT_PK)), UNAUTHORIZED);
	c = f.chain;
	c.invite.mesh_id = S("other");
	assert_ok(chain_invite_sign(a, &c.invite, &f.owner, &c.invite_signature));
	assert_err(chain_verify(a, &c, S(RECIPIENT_PK)), UNAUTHORIZED);
}

static const struct chain_invite bad_invites[] = {
	{ S("m|x"), S("i"), S(SESSION_PK), S("member"), 1, 1 },
	{ S("m"), S("i|x"), S(SESSION_PK), S("member"), 1, 1 },
	{ S("m"), S("i"), S("|"), S("member"), 1, 1 },
	{ S("m"), S("i"), S(SESSION_PK), S("member|1"), 1, 1 },
	{ S("m"), S("i"), S("8139770EA87D175F56A35466C34C7ECCCB8D8A91B4EE37A25DF60F5B8FC9B394"),
	  S("member"), 1, 1 },
	{ S("m"), S("i"), S("81"), S("member"), 1, 1 },
};
static const struct chain_claim bad_claims[] = {
	{ S("m|x"), S("i"), S(SESSION_PK), S(X25519) },
	{ S("m"), S("i|x"), S(SESSION_PK), S(X25519) },
	{ S("m"), S("i"), S(SESSION_PK "|"), S(X25519) },
	{ S("m"), S("i"), S(SESSION_PK), S(X25519 "|x") },
	{ S("m"), S("i"), S("8139770EA87D175F56A35466C34C7ECCCB8D8A91B4EE37A25DF60F5B8FC9B394"),
	  S(X25519) },
	{ S("m"), S("i"), S(X25519), S(SESSION_PK) },
};

TEST(ambiguous_or_malformed_fields_are_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair key = test_pair(1);
	str text;

	for (size_t i = 0; i < ARRAY_LEN(bad_invites); i++) {
		assert_err(chain_invite_text(a, &bad_invites[i], &text), BAD_REQUEST);
		assert_err(chain_invite_sign(a, &bad_invites[i], &key, &text), BAD_REQUEST);
		assert_false(chain_invite_check(a, &bad_invites[i], S(MEMBER_PK), S("")));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_claims); i++) {
		assert_err(chain_claim_text(a, &bad_claims[i], &text), BAD_REQUEST);
		assert_err(chain_claim_sign(a, &bad_claims[i], &key, &text), BAD_REQUEST);
		assert_false(chain_claim_check(a, &bad_claims[i], S(MEMBER_PK), S("")));
	}
}

/* A validly signed string that could be cut in two ways is no claim. */
TEST(a_signed_string_with_a_moved_bar_is_no_claim)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair key = test_pair(1);
	str sig = sign_hex(a, S("claudemesh-claim|m|i|" SESSION_PK "|x|y"), &key);
	struct chain_claim c = { S("m"), S("i"), S(SESSION_PK), S("x|y") };

	assert_false(chain_claim_check(a, &c, S(MEMBER_PK), sig));
}

TEST(root_key_opens_with_the_secret_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const u8 *root = test_bytes(a, 0x80, ROOT_KEY_BYTES);
	u8 secret[INVITE_SECRET_BYTES], other[INVITE_SECRET_BYTES], got[ROOT_KEY_BYTES] = { 9 };
	str sealed, raw;

	invite_secret_new(secret);
	invite_secret_new(other);
	assert_memory_not_equal(secret, other, sizeof(secret));
	sealed = invite_root_key_seal(a, root, S(MEMBER_PK), secret);
	assert_int_equal(sealed.len, 140);
	assert_true(base64_decode(a, sealed, &raw));
	assert_false(invite_root_key_open(sealed, S(MEMBER_PK), other, got));
	/* A broker that names another owner is found out by everyone who has the link. */
	assert_false(invite_root_key_open(sealed, S(SESSION_PK), secret, got));
	for (size_t bit = 0; bit < 8 * raw.len; bit++)
		assert_false(invite_root_key_open(base64_encode(a, test_flip(a, raw, bit)),
						  S(MEMBER_PK), secret, got));
	for (size_t n = 0; n < raw.len; n++)
		assert_false(invite_root_key_open(base64_encode(a, str_of(raw.ptr, n)),
						  S(MEMBER_PK), secret, got));
	assert_false(invite_root_key_open(STR_NONE, S(MEMBER_PK), secret, got));
	assert_int_equal(got[0], 9);
	assert_true(invite_root_key_open(sealed, S(MEMBER_PK), secret, got));
	assert_memory_equal(got, root, sizeof(got));
	/* The secret as it stands in a link. */
	assert_int_equal(encode_secret_base64url(a, secret, sizeof(secret)).len, INVITE_SECRET_LEN);
}

TEST_MAIN("crypto/chain")
