#include "engine/msg/owner.h"

#include "crypto/encode.h"
#include "crypto/invite.h"

static str owner_label(struct arena *a, str mesh_id)
{
	return arena_printf(a, "owner_key|%.*s", STRF(mesh_id));
}

static str root_label(struct arena *a, str mesh_id)
{
	return arena_printf(a, "root_key|%.*s", STRF(mesh_id));
}

struct err *owner_keys_make(struct req *rq, struct mesh_row *row)
{
	struct engine *e = rq->engine;
	CLEANUP(sign_pair_wipe) struct sign_pair owner;
	u8 secret[SIGN_SEED_BYTES];

	if (!e->keys)
		return FAIL(rq->arena, FORBIDDEN, "this broker keeps no keys; create the mesh with a client that makes its own");
	random_fill(e->random, secret, sizeof(secret));
	sign_pair_from_seed(secret, &owner);
	row->owner_pubkey = sign_pair_pubkey(rq->arena, &owner);
	row->owner_secret = keyfile_seal(rq->arena, e->keys, owner_label(rq->arena, row->id),
					 sign_pair_secret(rq->arena, &owner));
	random_fill(e->random, secret, sizeof(secret));
	row->root_key = keyfile_seal(rq->arena, e->keys, root_label(rq->arena, row->id),
				     encode_secret_base64url(rq->arena, secret, sizeof(secret)));
	explicit_bzero(secret, sizeof(secret));
	return NULL;
}

struct err *owner_keys_open(struct req *rq, const struct mesh *m, struct sign_pair *ret_owner, str *ret_root_key)
{
	str id = str_from(m->id), secret;

	if (!rq->engine->keys || !m->owner_secret.len)
		return err_word(FAIL(rq->arena, FORBIDDEN,
				     "the owner of this mesh keeps its key; only 'claudemesh share' there can invite"),
				S("Only the owner can invite (for now)"));
	TRY(keyfile_unseal(rq->arena, rq->engine->keys, owner_label(rq->arena, id), m->owner_secret, &secret));
	if (!sign_pair_from_hex(secret, ret_owner))
		return FAIL(rq->arena, INTERNAL, "the owner key of mesh '%s' is damaged", m->id);
	return keyfile_unseal(rq->arena, rq->engine->keys, root_label(rq->arena, id), m->root_key, ret_root_key);
}
