/*
 * box.h - message bodies: sealed to one key, or the plain encoding of groups and
 * broadcasts (wire-core.md 4.1 to 4.3).
 *
 * A direct body is crypto_box between Ed25519 keys converted to X25519. The conversion and
 * the shared key cost 70 us, the box 1 us, so the shared keys are kept in a box_cache.
 * A body that cannot be opened is an error, never taken for plain text.
 */
#ifndef CRYPTO_BOX_H
#define CRYPTO_BOX_H

#include "base/err.h"
#include "crypto/box_cache.h"

enum { BOX_NONCE_BYTES = 24, BOX_MAC_BYTES = 16 };

/* `nonce` and `ciphertext` of a message, both base64. */
struct sealed {
	str nonce, ciphertext;
};

/* Seals text from own to the holder of recipient_pubkey (64 lower hex), random nonce.
 * BAD_REQUEST if that is no key one can seal to. */
struct err *box_seal(struct arena *a, struct box_cache *c, const struct sign_pair *own,
		     str recipient_pubkey, str text, struct sealed *ret_sealed) MUST_CHECK;
/* The same with a given nonce, never used twice for a pair of keys: for tests. */
struct err *box_seal_nonce(struct arena *a, struct box_cache *c, const struct sign_pair *own,
			   str recipient_pubkey, str text, const u8 nonce[BOX_NONCE_BYTES],
			   struct sealed *ret_sealed) MUST_CHECK;

/* Our keys in the order in which they are tried; either may be NULL. */
struct box_own {
	const struct sign_pair *session, *member;
};

/* BAD_REQUEST if a field is malformed or the text is not UTF-8; UNAUTHORIZED with the word
 * "undecryptable" if no key of ours opens it (wrong key, or changed on the way). */
struct err *box_open(struct arena *a, struct box_cache *c, const struct box_own *own,
		     str sender_pubkey, struct sealed sealed, str *ret_text) MUST_CHECK;

/* Groups and broadcasts: the text itself in base64, beside 24 random bytes without a use. */
struct sealed plain_encode(struct arena *a, str text);
/* BAD_REQUEST unless it is strict base64 of UTF-8. The sender proved nothing. */
struct err *plain_decode(struct arena *a, struct sealed plain, str *ret_text) MUST_CHECK;

#endif
