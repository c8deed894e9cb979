/*
 * sync.h - a member key says whose account it is: claudemesh-sync|account|mesh|key|milliseconds,
 * signed with it. With that the broker links a key without a connection. Any thread.
 */
#ifndef CRYPTO_SYNC_H
#define CRYPTO_SYNC_H

#include "crypto/keys.h"

struct sync_claim {
	str account, mesh_id, pubkey;
	i64 timestamp_ms;
};

/* BAD_REQUEST if a field has a '|'. */
struct err *sync_claim_sign(struct arena *a, const struct sync_claim *c, const struct sign_pair *member,
			    str *ret_signature) MUST_CHECK;
bool sync_claim_check(struct arena *a, const struct sync_claim *c, str signature) MUST_CHECK;

#endif
