/*
 * secret.h - memory and comparisons for bytes that must not leak.
 *
 * crypto_start() comes before every other call of src/crypto, once, from main or a test.
 * After it all functions of src/crypto may be called from any thread, unless a header says
 * otherwise. No function of src/crypto puts key bytes or plaintext into an error text.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/arena.h"

/* Starts libsodium; harmless when repeated. False: there is no usable randomness, give up. */
bool crypto_start(void) MUST_CHECK;

/* Zeroed memory that is wiped when the arena is freed or reset. */
u8 *secret_alloc(struct arena *a, size_t n);
/* A copy in such memory. */
str secret_dup(struct arena *a, str s);
void secret_wipe(void *p, size_t n);
/* n bytes of libsodium's randomness: for keys, nonces, secrets. */
void secret_random(void *ret, size_t n);
/* Takes the same time wherever the bytes differ; unequal lengths are told at once. */
bool secret_eq(str a, str b) MUST_CHECK;

#endif
