#include "client/share.h"

#include "client/test_dir.h"
#include "crypto/encode.h"
#include "crypto/invite.h"

enum { NOW_S = 1700000000 };

/* An invite by `owner`, and what an honest broker answers about it. */
struct scene {
	struct sign_pair owner, member;
	u8 root[ROOT_KEY_BYTES], secret[INVITE_SECRET_BYTES];
	struct invite_create_args made;
	struct invite_code_args invite;
	struct claimed_args claimed;
};

static void set_up(struct arena *a, struct scene *s)
{
	struct share_spec spec = { .mesh_id = S("mesh0001"),
				   .mesh_slug = S("team"),
				   .role = S("member"),
				   .broker_url = S("ws://127.0.0.1:7900/ws"),
				   .max_uses = 3,
				   .expires_s = NOW_S + 100,
				   .random = &random_system };

	assert_true(crypto_start());
	s->owner = test_pair(1);
	s->member = test_pair(2);
	memset(s->root, 9, sizeof(s->root));
	spec.owner = &s->owner;
	spec.root_key = s->root;
	assert_ok(share_make(a, &spec, &s->made, s->secret));
	s->invite = (struct invite_code_args){ .found = true,
					       .mesh_id = spec.mesh_id,
					       .invite_id = s->made.id,
					       .invite_pubkey = s->made.invite_pubkey,
					       .token = s->made.token };
	s->claimed = (struct claimed_args){
		.mesh_id = spec.mesh_id,
		.member_id = S("m2"),
		.owner_pubkey = sign_pair_pubkey(a, &s->owner),
		.role = spec.role,
		.sealed_root = s->made.sealed_root,
		.owner_signature = s->made.owner_signature,
		.invite_id = s->made.id,
		.invite_pubkey = s->made.invite_pubkey,
		.expires_at = spec.expires_s,
		.max_uses = spec.max_uses,
	};
}

static struct err *verify(struct arena *a, const struct scene *s, i64 now_s)
{
	u8 root[ROOT_KEY_BYTES];

	TRY(share_verify(a, &s->invite, &s->claimed, s->secret, now_s * 1000, root));
	assert_memory_equal(root, s->root, sizeof(root));
	return NULL;
}

TEST(an_invite_has_all_that_was_promised)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invite_payload_args p;
	struct scene s;

	set_up(a, &s);
	assert_int_equal(s.made.id.len, 32);
	assert_int_equal(s.made.code.len, INVITE_CODE_LEN);
	assert_true(pubkey_is_valid(s.made.invite_pubkey));
	assert_ok(invite_token_open(a, s.made.token, NOW_S * (i64)1000, &p));
	assert_str(p.owner_pubkey, s.claimed.owner_pubkey);
	/* The token's root key is a filler, never the mesh's. */
	assert_false(str_eq(p.mesh_root_key, base64url_encode(a, str_of(s.root, sizeof(s.root)))));
	assert_true(invite_v2_check(a,
				    &(struct invite_v2){ S("mesh0001"), s.made.id, NOW_S + 100,
							 S("member"), s.claimed.owner_pubkey },
				    s.made.capability_signature));
}

TEST(two_invites_share_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene one, two;

	set_up(a, &one);
	set_up(a, &two);
	assert_false(str_eq(one.made.id, two.made.id));
	assert_false(str_eq(one.made.code, two.made.code));
	assert_false(str_eq(one.made.invite_pubkey, two.made.invite_pubkey));
	assert_false(str_eq(one.made.token, two.made.token));
	assert_memory_not_equal(one.secret, two.secret, sizeof(one.secret));
}

TEST(a_claim_is_signed_by_the_invite_and_the_answer_by_the_owner)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct claim_args claim;
	struct chain_claim text;
	struct scene s;

	set_up(a, &s);
	assert_ok(share_claim(a, &s.invite, s.secret, &s.member, S("bob"), &claim));
	text = (struct chain_claim){ S("mesh0001"), s.made.id, sign_pair_pubkey(a, &s.member),
				     claim.recipient_x25519_pubkey };
	assert_true(chain_claim_check(a, &text, s.made.invite_pubkey, claim.claim_signature));
	assert_int_equal(claim.recipient_x25519_pubkey.len, 43);
	assert_ok(verify(a, &s, NOW_S));
}

TEST(a_link_for_another_invite_is_not_claimed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct claim_args claim;
	struct scene s;

	set_up(a, &s);
	s.secret[0] ^= 1;
	assert_err(share_claim(a, &s.invite, s.secret, &s.member, S("bob"), &claim), UNAUTHORIZED);
}

/* A broker that knows the invite's public key signs with an owner key of its own. */
static void usurp(struct arena *a, struct scene *s, const struct sign_pair *mallory)
{
	struct chain_invite chain = { s->claimed.mesh_id, s->made.id, s->made.invite_pubkey,
				      s->claimed.role, s->claimed.expires_at, s->claimed.max_uses };

	s->claimed.owner_pubkey = sign_pair_pubkey(a, mallory);
	assert_ok(chain_invite_sign(a, &chain, mallory, &s->claimed.owner_signature));
}

TEST(an_answer_that_the_owner_did_not_sign_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair mallory = test_pair(5);
	struct scene good, s;
	str others_root;

	set_up(a, &good);
	others_root = invite_root_key_seal(a, good.root, good.claimed.owner_pubkey, good.root);
	for (int i = 0; i < 10; i++) {
		struct err *e;

		s = good;
		switch (i) {
		case 0: s.claimed.role = S("admin"); break;
		case 1: s.claimed.expires_at++; break;
		case 2: s.claimed.max_uses++; break;
		case 3: s.claimed.mesh_id = S("mesh0002"); break;
		case 4: s.claimed.owner_pubkey = sign_pair_pubkey(a, &mallory); break;
		case 5: s.claimed.owner_signature = STR_NONE; break;
		case 6: s.claimed.owner_pubkey = S("none"); break;
		case 7: s.claimed.sealed_root = others_root; break;
		case 8: s.claimed.sealed_root = STR_NONE; break;
		case 9: usurp(a, &s, &mallory); break;
		}
		e = verify(a, &s, NOW_S);
		assert_err(e, UNAUTHORIZED);
		assert_str(err_wire(e), S("invite_bad_signature"));
	}
}

TEST(an_expired_invite_is_refused_whatever_the_broker_says)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene s;

	set_up(a, &s);
	assert_ok(verify(a, &s, NOW_S + 99));
	assert_err(verify(a, &s, NOW_S + 100), GONE);
}

TEST(the_encryption_key_belongs_to_the_member_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene s;
	str x;
	u8 pk[BOX_KEY_BYTES];

	set_up(a, &s);
	assert_true(base64url_decode(a, share_x25519(a, &s.member), &x));
	assert_true(box_pk_from_sign(s.member.pk, pk));
	assert_memory_equal(x.ptr, pk, sizeof(pk));
}

TEST_MAIN("client/share")
