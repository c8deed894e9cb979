/*
 * apikey.h - the secret of an API key: "cm_" and 43 characters of base64url, as the
 * reference's, of 28 random bytes and 4 that check them. A key that was mistyped or cut is
 * told apart from one that is not known, without a look at the store. Any thread.
 */
#ifndef CRYPTO_APIKEY_H
#define CRYPTO_APIKEY_H

#include "base/arena.h"
#include "base/random.h"
#include "crypto/hash.h"

enum {
	APIKEY_LEN = 46,      /* "cm_" + 43 */
	APIKEY_PREFIX_LEN = 11, /* what lists show: "cm_" + 8 */
};

/* In memory that is wiped with the arena. */
str apikey_new(struct arena *a, const struct random *r);
/* Is it of that form, its check bytes right? */
bool apikey_is_well_formed(str secret) MUST_CHECK;
/* What the store keeps of it: SHA-256 of its characters. */
void apikey_digest(str secret, u8 ret_digest[DIGEST_BYTES]);

#endif
