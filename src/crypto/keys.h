/*
 * keys.h - Ed25519 key pairs (identity, signatures), X25519 key pairs (boxes) and the way
 * from the first to the second.
 *
 * The structs are plain values: who copies one wipes the copy. CLEANUP(sign_pair_wipe)
 * and CLEANUP(box_pair_wipe) work on locals. A signature check accepts hex of either case,
 * because the reference does; whoever remembers or compares a signature or key uses
 * hex_lower() first.
 */
#ifndef CRYPTO_KEYS_H
#define CRYPTO_KEYS_H

#include "base/arena.h"

enum {
	SIGN_PK_BYTES = 32,
	SIGN_SK_BYTES = 64,   /* 32-byte seed, then the public key */
	SIGN_SEED_BYTES = 32,
	SIGN_BYTES = 64,
	BOX_KEY_BYTES = 32,   /* public and secret */
	PUBKEY_HEX_LEN = 2 * SIGN_PK_BYTES,
	SIGNATURE_HEX_LEN = 2 * SIGN_BYTES,
};

struct sign_pair {
	u8 pk[SIGN_PK_BYTES];
	u8 sk[SIGN_SK_BYTES];
};

struct box_pair {
	u8 pk[BOX_KEY_BYTES];
	u8 sk[BOX_KEY_BYTES];
};

void sign_pair_new(struct sign_pair *ret_pair);
void sign_pair_from_seed(const u8 seed[SIGN_SEED_BYTES], struct sign_pair *ret_pair);
/* From 128 hex characters; false unless the second half is the first half's public key. */
bool sign_pair_from_hex(str secret_hex, struct sign_pair *ret_pair) MUST_CHECK;
str sign_pair_pubkey(struct arena *a, const struct sign_pair *pair); /* 64 lower hex */
str sign_pair_secret(struct arena *a, const struct sign_pair *pair); /* 128; wiped with a */
void sign_pair_wipe(struct sign_pair *pair);

/* 64 lower-case hex characters: how a public key is stored, compared and routed. */
bool pubkey_is_valid(str hex);

void sign_make(str text, const struct sign_pair *key, u8 ret_sig[SIGN_BYTES]);
bool sign_check(str text, const u8 sig[SIGN_BYTES], const u8 pk[SIGN_PK_BYTES]) MUST_CHECK;
str sign_hex(struct arena *a, str text, const struct sign_pair *key); /* 128 lower hex */
/* False for a malformed signature or key, too. */
bool sign_check_hex(str text, str sig_hex, str pk_hex) MUST_CHECK;

void box_pair_new(struct box_pair *ret_pair);
void box_pair_from_seed(const u8 seed[32], struct box_pair *ret_pair);
void box_pair_from_sign(const struct sign_pair *pair, struct box_pair *ret_pair);
/* False for a key that is no point of the main subgroup, small-order points included. */
bool box_pk_from_sign(const u8 sign_pk[SIGN_PK_BYTES], u8 ret_pk[BOX_KEY_BYTES]) MUST_CHECK;
void box_pair_wipe(struct box_pair *pair);

#endif
