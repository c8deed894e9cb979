/*
 * secretbox.h - boxes under a shared key, derived keys, and sealed boxes to a public key.
 *
 * Bytes in, bytes out: the encoding is the caller's. What an open returns lies in memory
 * that is wiped with the arena.
 */
#ifndef CRYPTO_SECRETBOX_H
#define CRYPTO_SECRETBOX_H

#include "crypto/keys.h"

enum {
	SECRET_KEY_BYTES = 32,
	SECRET_NONCE_BYTES = 24,
	SECRET_MAC_BYTES = 16,
	SEALEDBOX_EXTRA = 48, /* what a sealed box is longer than its content */
	KDF_CONTEXT_LEN = 8,
};

/* crypto_kdf: subkey number id of master for a context of exactly 8 characters. */
void kdf_derive(const u8 master[SECRET_KEY_BYTES], u64 id, const char context[KDF_CONTEXT_LEN],
		u8 ret_key[SECRET_KEY_BYTES]);

str secretbox_seal(struct arena *a, str plain, const u8 nonce[SECRET_NONCE_BYTES],
		   const u8 key[SECRET_KEY_BYTES]);
bool secretbox_open(struct arena *a, str boxed, const u8 nonce[SECRET_NONCE_BYTES],
		    const u8 key[SECRET_KEY_BYTES], str *ret_plain) MUST_CHECK;

/* With a random nonce in front: one piece to store or send. */
str secretbox_pack(struct arena *a, str plain, const u8 key[SECRET_KEY_BYTES]);
bool secretbox_unpack(struct arena *a, str packed, const u8 key[SECRET_KEY_BYTES],
		      str *ret_plain) MUST_CHECK;

/* crypto_box_seal to an X25519 key; false if that is no usable key. */
bool sealedbox_seal(struct arena *a, str plain, const u8 recipient[BOX_KEY_BYTES],
		    str *ret_boxed) MUST_CHECK;
bool sealedbox_open(struct arena *a, str boxed, const struct box_pair *own,
		    str *ret_plain) MUST_CHECK;

#endif
