/*
 * fingerprint.h - hashes with a fixed recipe: request fingerprint, safety number, API keys.
 */
#ifndef CRYPTO_FINGERPRINT_H
#define CRYPTO_FINGERPRINT_H

#include "base/arena.h"

enum {
	SHA256_BYTES = 32,
	SHA256_HEX_LEN = 64,
	API_KEY_BYTES = 32,
	API_KEY_LEN = 46,
	API_KEY_PREFIX_LEN = 11,
};

void sha256(str bytes, u8 ret_digest[SHA256_BYTES]);
str sha256_hex(struct arena *a, str bytes);   /* 64 lower hex */

/* What a sender's request is recognised by (wire-core.md 3.10, client.md 7.2). */
struct request_parts {
	str destination_kind; /* "dm", "topic", "queue" */
	str destination_ref;
	str reply_to_id;      /* empty when absent */
	str priority;         /* empty counts as "next" */
	str meta;             /* canonical JSON; empty when absent, "{}" when an empty object */
	str body;             /* plain text */
};
/* 64 lower hex; envelope version 1. */
str request_fingerprint(struct arena *a, const struct request_parts *rq);

/* Six groups of five digits; the same for both sides. False unless both are 64 hex. */
bool safety_number(struct arena *a, str pubkey, str other_pubkey, str *ret_text) MUST_CHECK;

/* secret: shown once, wiped with the arena; prefix and hash: stored. */
struct api_key {
	str secret, prefix, hash;
};
void api_key_new(struct arena *a, struct api_key *ret_key);
void api_key_from_bytes(struct arena *a, const u8 bytes[API_KEY_BYTES], struct api_key *ret_key);
/* True for "cm_" and the base64url of 32 bytes. */
bool api_key_is_valid(str secret) MUST_CHECK;
/* Constant time against the stored hash. */
bool api_key_check(struct arena *a, str secret, str stored_hash) MUST_CHECK;

#endif
