/*
 * share.h - the invite itself: keys, signatures and token made on the client; and what a
 * claim has to prove. Pure; the network is mesh.c's.
 */
#ifndef CLIENT_SHARE_H
#define CLIENT_SHARE_H

#include "base/clock.h"
#include "base/random.h"
#include "client/invite_link.h"
#include "crypto/keys.h"

struct share_spec {
	str mesh_id, mesh_slug, broker_url;
	const struct sign_pair *owner;
	const u8 *root_key; /* ROOT_KEY_BYTES */
	str role;           /* "member" or "admin" */
	i64 max_uses;
	i64 expires_s;
	const struct random *random;
};

/* Fills every field of the request that is ours, and the secret that goes into the link. */
struct err *share_make(struct arena *a, const struct share_spec *spec,
		       struct invite_create_args *ret_args, u8 ret_secret[INVITE_SECRET_BYTES])
	MUST_CHECK;

/* The request of a joiner who has the secret: signed by the invite key. */
struct err *share_claim(struct arena *a, const struct invite_code_args *invite,
			const u8 secret[INVITE_SECRET_BYTES], const struct sign_pair *member,
			str who, struct claim_args *ret_claim) MUST_CHECK;

/* Is the answer to our claim signed from the owner down to us? UNAUTHORIZED, word
 * invite_bad_signature, names the broken link; GONE if the invite has expired. Opens
 * the root key with the link's secret, which also says who the owner is. */
struct err *share_verify(struct arena *a, const struct invite_code_args *invite,
			 const struct claimed_args *claimed, const u8 secret[INVITE_SECRET_BYTES],
			 i64 now_ms, u8 ret_root[ROOT_KEY_BYTES]) MUST_CHECK;

/* The X25519 key that goes with a member key: its conversion, base64url. */
str share_x25519(struct arena *a, const struct sign_pair *member);

#endif
