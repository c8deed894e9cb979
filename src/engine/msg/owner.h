/*
 * owner.h - owner and root keys that the broker holds for meshes of reference clients,
 * sealed under its key file; in clear only inside these functions and their callers' arena.
 */
#ifndef ENGINE_MSG_OWNER_H
#define ENGINE_MSG_OWNER_H

#include "crypto/keys.h"
#include "engine/req.h"

/* Fills owner_pubkey, owner_secret and root_key of a new mesh. */
struct err *owner_keys_make(struct req *rq, struct mesh_row *row) MUST_CHECK;
/* FORBIDDEN where the owner's client keeps them. The caller wipes the pair. */
struct err *owner_keys_open(struct req *rq, const struct mesh *m, struct sign_pair *ret_owner,
			    str *ret_root_key) MUST_CHECK; /* root key: base64url text */

#endif
