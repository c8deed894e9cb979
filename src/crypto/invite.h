/*
 * invite.h - the reference's two signed invites and the short code
 * (http-data-web.md 3.2 to 3.4). Our own invite is in chain.h.
 *
 * Both are signed by the mesh owner. Field text goes into the string as it is; a field
 * with '|' is refused, because the string could be read two ways. Expiry is in unix
 * seconds and is not looked at here.
 */
#ifndef CRYPTO_INVITE_H
#define CRYPTO_INVITE_H

#include "base/err.h"
#include "base/random.h"
#include "crypto/keys.h"

#define INVITE_CODE_ALPHABET "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
enum { INVITE_CODE_LEN = 12, INVITE_ROOT_KEY_BYTES = 32 };

/* Payload of a version 1 token. */
struct invite_v1 {
	str mesh_id, mesh_slug, broker_url;
	i64 expires_s;
	str mesh_root_key;    /* base64url of 32 bytes */
	str role;             /* "admin" or "member" */
	str owner_pubkey;
};

struct invite_v2 {
	str mesh_id, invite_id;
	i64 expires_s;
	str role, owner_pubkey;
};

/* 1|mesh_id|mesh_slug|broker_url|expires_at|mesh_root_key|role|owner_pubkey */
struct err *invite_v1_text(struct arena *a, const struct invite_v1 *i, str *ret_text) MUST_CHECK;
struct err *invite_v1_sign(struct arena *a, const struct invite_v1 *i,
			   const struct sign_pair *owner, str *ret_signature) MUST_CHECK;
/* True if owner_pubkey of the payload signed it; the caller compares it with the mesh's. */
bool invite_v1_check(struct arena *a, const struct invite_v1 *i, str signature) MUST_CHECK;
/* base64url of the JSON text of all nine fields, in the order of the specification. */
str invite_v1_token(struct arena *a, const struct invite_v1 *i, str signature);

/* v=2|mesh_id|invite_id|expires_at|role|owner_pubkey */
struct err *invite_v2_text(struct arena *a, const struct invite_v2 *i, str *ret_text) MUST_CHECK;
struct err *invite_v2_sign(struct arena *a, const struct invite_v2 *i,
			   const struct sign_pair *owner, str *ret_signature) MUST_CHECK;
bool invite_v2_check(struct arena *a, const struct invite_v2 *i, str signature) MUST_CHECK;

/* 12 characters of the alphabet, no bias. */
str invite_code_new(struct arena *a, const struct random *r);
/* 6 to 16 letters and digits: a code of ours or of the reference's issuers. */
bool invite_code_is_valid(str code);

#endif
