#include "client/confirm.h"

#include "base/test.h"
#include "client/resolve.h"
#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "crypto/secretbox.h"

#define MESH "0123456789ABCDEFGHIJabcdefghij01"
#define ROOT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

struct scene {
	struct sign_pair owner, member;
	struct mesh_keys_args keys;
	struct member_args who;
};

static struct scene scene(struct arena *a)
{
	struct scene s = { 0 };

	assert_true(crypto_start());
	sign_pair_new(&s.owner);
	sign_pair_new(&s.member);
	s.keys = (struct mesh_keys_args){
		.mesh_id = S(MESH), .owner_pubkey = sign_pair_pubkey(a, &s.owner),
		.owner_secret = sign_pair_secret(a, &s.owner), .root_key = S(ROOT),
	};
	s.who = (struct member_args){ .memberId = S("m-1"), .pubkey = sign_pair_pubkey(a, &s.member),
				      .displayName = S("bob"), .role = S("member") };
	return s;
}

static struct err *make(struct arena *a, struct scene *s, struct member_confirm_args *args)
{
	return confirm_make(a, &s->keys, S("demo"), &s->who, 1700000000000, &random_system, args);
}

TEST(who_was_confirmed_is_verified_by_the_check_that_all_clients_make)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene s = scene(a);
	struct member_confirm_args args;

	assert_false(member_is_verified(a, &s.who, S(MESH), s.keys.owner_pubkey));
	assert_ok(make(a, &s, &args));
	s.who.chain = (struct chain_args){
		.present = true, .inviteId = args.invite_id, .invitePubkey = args.invite_pubkey, .role = S("member"),
		.expiresAt = args.expires_at, .maxUses = 1, .ownerSignature = args.owner_signature,
		.x25519 = args.x25519, .claimSignature = args.claim_signature,
	};
	assert_true(member_is_verified(a, &s.who, S(MESH), s.keys.owner_pubkey));
	s.who.chain.role = S("admin");
	assert_false(member_is_verified(a, &s.who, S(MESH), s.keys.owner_pubkey));
	s.who.chain.role = S("member");
	s.who.pubkey = s.keys.owner_pubkey;
	assert_false(member_is_verified(a, &s.who, S(MESH), s.keys.owner_pubkey));
}

TEST(only_the_member_opens_the_root_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene s = scene(a);
	struct member_confirm_args args;
	struct box_pair box;
	str boxed, plain;

	assert_ok(make(a, &s, &args));
	assert_true(base64url_decode(a, args.sealed_root, &boxed));
	box_pair_from_sign(&s.member, &box);
	assert_true(sealedbox_open(a, boxed, &box, &plain));
	assert_str(base64url_encode(a, plain), S(ROOT));
	box_pair_from_sign(&s.owner, &box);
	assert_false(sealedbox_open(a, boxed, &box, &plain));
	s.keys.root_key = STR_NONE;
	assert_ok(make(a, &s, &args));
	assert_int_equal(args.sealed_root.len, 0);
}

TEST(nobody_but_the_owner_confirms_and_no_key_that_is_none)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene s = scene(a);
	struct member_confirm_args args;

	s.who.pubkey = S("0000000000000000000000000000000000000000000000000000000000000000");
	assert_err(make(a, &s, &args), REFUSED);
	s.who.pubkey = S("x");
	assert_err(make(a, &s, &args), REFUSED);
	s = scene(a);
	s.keys.root_key = S("AAEC");
	assert_err(make(a, &s, &args), IO);
	s.keys.owner_secret = STR_NONE;
	assert_err(make(a, &s, &args), FORBIDDEN);
}

TEST_MAIN("client/confirm")
