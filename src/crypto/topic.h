/*
 * topic.h - topic keys and bodies under them (wire-core.md 4.4).
 *
 * A topic key of 32 bytes is sealed once per member, to the member key (never a session
 * key); the sealed copy carries its sender's X25519 key in front.
 */
#ifndef CRYPTO_TOPIC_H
#define CRYPTO_TOPIC_H

#include "crypto/box.h"

enum { TOPIC_KEY_BYTES = 32, TOPIC_BLOB_BYTES = 80 };

/* `nonce` NULL: random. ret_sealed: encryptedKey as ciphertext, and nonce. */
struct err *topic_key_seal(struct arena *a, const u8 topic_key[TOPIC_KEY_BYTES],
			   const struct box_pair *sender, str recipient_pubkey,
			   const u8 *nonce, struct sealed *ret_sealed) MUST_CHECK;
/* BAD_REQUEST if malformed, UNAUTHORIZED "undecryptable" if it is not for us. */
struct err *topic_key_open(struct arena *a, struct sealed sealed, const struct sign_pair *member,
			   u8 ret_key[TOPIC_KEY_BYTES]) MUST_CHECK;

/* Body version 2. `nonce` NULL: random. */
struct sealed topic_body_seal(struct arena *a, str text, const u8 topic_key[TOPIC_KEY_BYTES],
			      const u8 *nonce);
struct err *topic_body_open(struct arena *a, struct sealed sealed,
			    const u8 topic_key[TOPIC_KEY_BYTES], str *ret_text) MUST_CHECK;

#endif
