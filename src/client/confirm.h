/*
 * confirm.h - the owner's word for a member who joined without the secret of a link: an invite of
 * its own, made and used at once, so that others check the same chain as anybody's (crypto/chain.h);
 * and the root key, sealed to it.
 */
#ifndef CLIENT_CONFIRM_H
#define CLIENT_CONFIRM_H

#include "base/random.h"
#include "client/keys.h"
#include "client/visit.h"
#include "proto/invite.h"
#include "proto/peer.h"

/* What member_confirm sends. FORBIDDEN if we are not the owner. */
struct err *confirm_make(struct arena *a, const struct mesh_keys_args *keys, str slug,
			 const struct member_args *member, i64 now_ms, const struct random *random,
			 struct member_confirm_args *ret_args) MUST_CHECK;
/* The root key that was sealed to us when we were confirmed, if we have none yet, into the key file.
 * *ret_taken says whether there was one. A broker that does not know the question has none. */
struct err *confirm_take_root(struct arena *a, const struct paths *paths, const struct config_mesh_args *mesh,
			      struct visit *v, bool *ret_taken) MUST_CHECK;

#endif
