/*
 * keyfile.h - secrets at rest: a file of 32 random bytes, mode 0600, and small secrets
 * sealed under it. The broker keeps owner and root keys of meshes that a reference client
 * created this way, so that a copy of the database alone gives no key away.
 *
 * Each secret is sealed under a label (say "owner_key|<mesh id>") that is mixed into its
 * key: what was sealed under one label does not open under another, so rows of a database
 * cannot be exchanged. Losing the file loses the secrets: it belongs into the backup.
 */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H

#include "base/err.h"
#include "crypto/secretbox.h"

struct keyfile {
	u8 key[SECRET_KEY_BYTES];
};

/* Reads the file, making it first if there is none (atomically: two starters get the same
 * key, a crash leaves none or a whole one). FORBIDDEN if it is not ours, is no plain file
 * or others may read or write it; IO if it has a wrong length or the disk fails. */
struct err *keyfile_open(struct arena *a, str path, struct keyfile *ret_file) MUST_CHECK;
void keyfile_wipe(struct keyfile *f);

/* Base64 of nonce and box. */
str keyfile_seal(struct arena *a, const struct keyfile *f, str label, str secret);
/* UNAUTHORIZED if the text was changed or sealed under another label or file. The secret
 * lies in memory that is wiped with the arena. */
struct err *keyfile_unseal(struct arena *a, const struct keyfile *f, str label, str sealed,
			   str *ret_secret) MUST_CHECK;

#endif
