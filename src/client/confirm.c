#include "client/confirm.h"

#include "base/ids.h"
#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "crypto/secretbox.h"

/* How long the invite would have been good: it is used up already. */
static const i64 CONFIRM_S = 3600;

/* The member's X25519 key follows from its Ed25519 key, so that nobody has to be believed. */
static struct err *member_box_key(struct arena *a, str pubkey, u8 ret_key[BOX_KEY_BYTES])
{
	u8 sign_pk[SIGN_PK_BYTES];

	if (!hex_read(pubkey, true, sign_pk, sizeof(sign_pk)) || !box_pk_from_sign(sign_pk, ret_key))
		return FAIL(a, REFUSED, "the broker lists a member with something that is no key");
	return NULL;
}

static struct err *seal_root(struct arena *a, const struct mesh_keys_args *keys, const u8 box_key[BOX_KEY_BYTES],
			     str *ret_sealed)
{
	u8 root[ROOT_KEY_BYTES];
	bool sealed;
	str box;

	*ret_sealed = STR_NONE;
	if (str_empty(keys->root_key))
		return NULL;
	if (!decode_secret_base64url(keys->root_key, root, sizeof(root)))
		return FAIL(a, IO, "the root key of the mesh is damaged in its key file");
	sealed = sealedbox_seal(a, str_of(root, sizeof(root)), box_key, &box);
	secret_wipe(root, sizeof(root));
	if (!sealed)
		return FAIL(a, INTERNAL, "the root key cannot be sealed");
	*ret_sealed = base64url_encode(a, box);
	return NULL;
}

struct err *confirm_make(struct arena *a, const struct mesh_keys_args *keys, str slug,
			 const struct member_args *member, i64 now_ms, const struct random *random,
			 struct member_confirm_args *ret_args)
{
	CLEANUP(sign_pair_wipe) struct sign_pair owner = { 0 }, invite = { 0 };
	struct member_confirm_args args = {
		.memberId = member->memberId, .invite_id = id_random(a, random),
		.expires_at = now_ms / 1000 + CONFIRM_S,
	};
	struct chain_invite chain = { keys->mesh_id, args.invite_id, STR_NONE, member->role, args.expires_at, 1 };
	struct chain_claim claim = { keys->mesh_id, args.invite_id, member->pubkey, STR_NONE };
	u8 box_key[BOX_KEY_BYTES];

	TRY(keys_owner_pair(a, keys, slug, &owner));
	TRY(member_box_key(a, member->pubkey, box_key));
	sign_pair_new(&invite);
	args.x25519 = claim.x25519 = base64url_encode(a, str_of(box_key, sizeof(box_key)));
	args.invite_pubkey = chain.invite_pubkey = sign_pair_pubkey(a, &invite);
	TRY(chain_invite_sign(a, &chain, &owner, &args.owner_signature));
	TRY(chain_claim_sign(a, &claim, &invite, &args.claim_signature));
	TRY(seal_root(a, keys, box_key, &args.sealed_root));
	*ret_args = args;
	return NULL;
}

/* Sealed to our member key: whoever else sealed it, nobody else opens it. That it is the mesh's root
 * key is the word of the owner whose signatures came with it. */
static struct err *open_root(struct arena *a, const struct config_mesh_args *mesh, str sealed, str *ret_root)
{
	CLEANUP(sign_pair_wipe) struct sign_pair member = { 0 };
	CLEANUP(box_pair_wipe) struct box_pair own = { 0 };
	str boxed, plain;

	TRY(config_mesh_pair(a, mesh, &member));
	box_pair_from_sign(&member, &own);
	if (!base64url_decode(a, sealed, &boxed) || !sealedbox_open(a, boxed, &own, &plain) ||
	    plain.len != ROOT_KEY_BYTES)
		return FAIL(a, REFUSED, "the broker has a root key for us that is not sealed to our key");
	*ret_root = encode_secret_base64url(a, (const u8 *)plain.ptr, plain.len);
	return NULL;
}

struct err *confirm_take_root(struct arena *a, const struct paths *paths, const struct config_mesh_args *mesh,
			      struct visit *v, bool *ret_taken)
{
	struct root_key_get_args args = { 0 };
	struct mesh_keys_args keys;
	struct root_key_args got;
	str root;

	*ret_taken = false;
	TRY(keys_load(a, paths, mesh->meshId, &keys));
	if (!str_empty(keys.root_key) || str_empty(keys.mesh_id))
		return NULL;
	if (visit_call(a, v, "root_key_get", root_key_get_fields, &args, root_key_fields, &got, sizeof(got)) ||
	    str_empty(got.sealed_root))
		return NULL;
	TRY(open_root(a, mesh, got.sealed_root, &root));
	/* The file may be another by now: the broker was asked meanwhile. */
	TRY(keys_put_root(a, paths, mesh->meshId, root));
	*ret_taken = true;
	return NULL;
}
