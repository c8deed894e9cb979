/*
 * hash.h - fast hashes for the broker's own tables, of which nothing goes over the wire; and SHA-256.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/str.h"

enum { HASH_KEY_BYTES = 16, DIGEST_BYTES = 32 };

/* Nobody without the key can make texts that collide (SipHash-2-4). */
u64 hash_keyed(const u8 key[HASH_KEY_BYTES], str bytes);
/* Differs when any part does, also when bytes move from one part to the next (BLAKE2b). */
void digest_parts(const str *parts, size_t n, u8 ret_digest[DIGEST_BYTES]);
/* What sha256sum prints, as bytes. */
void digest_sha256(str bytes, u8 ret_digest[DIGEST_BYTES]);

#endif
