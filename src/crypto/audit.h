/*
 * audit.h - the hash chain of a mesh's audit log (wire-core.md 10, http-data-web.md 6.2), and
 * checkpoints of it that an outsider can keep.
 *
 * Each row's hash takes in the hash of the row before it, so that no row can be changed, taken
 * out, put in or moved without changing every later hash. Only the newest rows can go
 * unnoticed, and a checkpoint kept elsewhere shows that. The fields of a row are joined by '|':
 * none but the payload may hold one, which stands between the fourth and the last.
 */
#ifndef CRYPTO_AUDIT_H
#define CRYPTO_AUDIT_H

#include "base/err.h"
#include "crypto/keyfile.h"
#include "crypto/keys.h"

enum { AUDIT_HASH_BYTES = 32, AUDIT_HASH_HEX_LEN = 64 };

struct audit_link {
	str mesh_id, event;
	str actor;            /* member id; absent: nobody */
	str payload;          /* canonical JSON, as it is stored */
	i64 created_ms;
};

/* SHA-256 of prev|mesh|event|actor|payload|time. prev: NULL before the first row. */
void audit_hash(struct arena *a, const struct audit_link *link, const u8 prev[AUDIT_HASH_BYTES],
		u8 ret_hash[AUDIT_HASH_BYTES]);

/* What the broker says under its signature: this mesh's log had so many rows at that time, and
 * the last had this hash. */
struct checkpoint {
	str mesh_id;
	i64 seq;              /* of the last row; 0: none, and the hash is empty */
	str hash;             /* 64 lower hex, or empty */
	i64 time_ms;
};

/* The broker's key for checkpoints, made from its keyfile: whoever has that has it. */
void checkpoint_pair(const struct keyfile *keys, struct sign_pair *ret_pair);
/* claudemesh-checkpoint-v1|mesh_id|seq|hash|time_ms */
struct err *checkpoint_sign(struct arena *a, const struct checkpoint *c, const struct sign_pair *pair,
			    str *ret_signature) MUST_CHECK;
bool checkpoint_check(struct arena *a, const struct checkpoint *c, str pubkey, str signature) MUST_CHECK;

#endif
