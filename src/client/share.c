#include "client/share.h"

#include "base/ids.h"
#include "crypto/encode.h"
#include "crypto/invite.h"
#include "crypto/secret.h"

static struct err *bad_signature(struct arena *a, const char *what)
{
	return err_word(FAIL(a, UNAUTHORIZED,
			     "the invite does not prove itself: %s; do not trust this link or this "
			     "broker, ask the owner",
			     what),
			S("invite_bad_signature"));
}

str share_x25519(struct arena *a, const struct sign_pair *member)
{
	CLEANUP(box_pair_wipe) struct box_pair pair;

	box_pair_from_sign(member, &pair);
	return base64url_encode(a, str_of(pair.pk, sizeof(pair.pk)));
}

/* For reference clients. Its root key is random: they need the field and never use it. */
static struct err *make_token(struct arena *a, const struct share_spec *spec, str owner,
			      str *ret_token)
{
	u8 filler[INVITE_ROOT_KEY_BYTES];
	struct invite_v1 v1 = {
		.mesh_id = spec->mesh_id,
		.mesh_slug = spec->mesh_slug,
		.broker_url = spec->broker_url,
		.expires_s = spec->expires_s,
		.role = spec->role,
		.owner_pubkey = owner,
	};
	str signature;

	secret_random(filler, sizeof(filler));
	v1.mesh_root_key = base64url_encode(a, str_of(filler, sizeof(filler)));
	TRY(invite_v1_sign(a, &v1, spec->owner, &signature));
	*ret_token = invite_v1_token(a, &v1, signature);
	return NULL;
}

struct err *share_make(struct arena *a, const struct share_spec *spec,
		       struct invite_create_args *ret_args, u8 ret_secret[INVITE_SECRET_BYTES])
{
	CLEANUP(sign_pair_wipe) struct sign_pair invite;
	str owner = sign_pair_pubkey(a, spec->owner);
	struct invite_create_args args = {
		.role = spec->role,
		.id = id_random(a, spec->random),
		.code = invite_code_new(a, spec->random),
		.max_uses = spec->max_uses,
		.expires_at = spec->expires_s,
	};
	struct chain_invite chain = { .mesh_id = spec->mesh_id,
				      .invite_id = args.id,
				      .role = spec->role,
				      .expires_s = spec->expires_s,
				      .max_uses = spec->max_uses };
	struct invite_v2 v2 = { spec->mesh_id, args.id, spec->expires_s, spec->role, owner };

	invite_secret_new(ret_secret);
	invite_pair_from_secret(ret_secret, &invite);
	args.invite_pubkey = sign_pair_pubkey(a, &invite);
	chain.invite_pubkey = args.invite_pubkey;
	args.sealed_root = invite_root_key_seal(a, spec->root_key, owner, ret_secret);
	TRY(chain_invite_sign(a, &chain, spec->owner, &args.owner_signature));
	TRY(invite_v2_sign(a, &v2, spec->owner, &args.capability_signature));
	TRY(make_token(a, spec, owner, &args.token));
	*ret_args = args;
	return NULL;
}

struct err *share_claim(struct arena *a, const struct invite_code_args *invite,
			const u8 secret[INVITE_SECRET_BYTES], const struct sign_pair *member,
			str who, struct claim_args *ret_claim)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair;
	struct claim_args args = {
		.recipient_x25519_pubkey = share_x25519(a, member),
		.display_name = who,
		.peer_pubkey = sign_pair_pubkey(a, member),
		.mesh_id = invite->mesh_id,
		.invite_id = invite->invite_id,
	};
	struct chain_claim claim = { invite->mesh_id, invite->invite_id, args.peer_pubkey,
				     args.recipient_x25519_pubkey };

	invite_pair_from_secret(secret, &pair);
	args.invite_pubkey = sign_pair_pubkey(a, &pair);
	if (!str_eq(args.invite_pubkey, invite->invite_pubkey))
		return bad_signature(
			a,
			"the secret behind '#' does not belong to the invite that the broker has under "
			"this code");
	TRY(chain_claim_sign(a, &claim, &pair, &args.claim_signature));
	*ret_claim = args;
	return NULL;
}

struct err *share_verify(struct arena *a, const struct invite_code_args *invite,
			 const struct claimed_args *claimed, const u8 secret[INVITE_SECRET_BYTES],
			 i64 now_ms, u8 ret_root[ROOT_KEY_BYTES])
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair;
	struct chain_invite chain = { invite->mesh_id, invite->invite_id,   STR_NONE,
				      claimed->role,   claimed->expires_at, claimed->max_uses };

	invite_pair_from_secret(secret, &pair);
	chain.invite_pubkey = sign_pair_pubkey(a, &pair);
	if (!str_eq(claimed->mesh_id, invite->mesh_id))
		return bad_signature(a, "the broker answered for another mesh");
	if (!pubkey_is_valid(claimed->owner_pubkey))
		return bad_signature(a, "the broker names no owner key");
	if (!chain_invite_check(a, &chain, claimed->owner_pubkey, claimed->owner_signature))
		return bad_signature(a, "the owner's signature over it is wrong or missing");
	if (claimed->expires_at <= now_ms / 1000)
		return err_word(FAIL(a, GONE, "the invite has expired; ask for a new one"),
				S("invite_expired"));
	if (!invite_root_key_open(claimed->sealed_root, claimed->owner_pubkey, secret, ret_root))
		return bad_signature(
			a,
			"the link's secret does not open the mesh's root key, or names another owner");
	return NULL;
}
