/*
 * passphrase.h - bytes sealed under what a person can remember: Argon2id makes the key,
 * XChaCha20-Poly1305 seals.
 *
 * The cost is chosen when sealing and told to who opens. A file of somebody else may name
 * any cost, so what it asks for is bounded before anything is computed.
 */
#ifndef CRYPTO_PASSPHRASE_H
#define CRYPTO_PASSPHRASE_H

#include "base/arena.h"

enum {
	PASSPHRASE_SALT_BYTES = 16,
	PASSPHRASE_NONCE_BYTES = 24,
	PASSPHRASE_MAC_BYTES = 16,
	PASSPHRASE_OPS_MAX = 16,
};
#define PASSPHRASE_MEMORY_MAX ((u64)1 << 30)

struct passphrase_cost {
	u64 ops;
	u64 memory;           /* bytes */
};
/* libsodium's words: interactive is what the reference uses, moderate is ours. */
extern const struct passphrase_cost passphrase_interactive, passphrase_moderate;

/* Is the cost one that we are ready to pay? */
bool passphrase_cost_is_sane(struct passphrase_cost cost) MUST_CHECK;
/* head is not secret but is sealed with it: changed, it does not open. False: no memory. */
bool passphrase_seal(struct arena *a, str passphrase, struct passphrase_cost cost,
		     const u8 salt[PASSPHRASE_SALT_BYTES], const u8 nonce[PASSPHRASE_NONCE_BYTES],
		     str head, str plain, str *ret_sealed) MUST_CHECK;
/* False: another passphrase, changed bytes, or no memory. The result is wiped with the arena. */
bool passphrase_open(struct arena *a, str passphrase, struct passphrase_cost cost,
		     const u8 salt[PASSPHRASE_SALT_BYTES], const u8 nonce[PASSPHRASE_NONCE_BYTES],
		     str head, str sealed, str *ret_plain) MUST_CHECK;

#endif
