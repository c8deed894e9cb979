/*
 * hello.h - the signed strings of a connection: who is there, and who let a session key
 * speak for a member (wire-core.md 2.3).
 *
 * Field text goes into the string exactly as it was sent; times as decimal numbers.
 * '|' joins the fields, so a field that contains it could be read two ways: the version 2
 * hello and the attestation refuse it (sign: error, check: false). The version 1 hello and
 * the session hello are the reference's, byte for byte. A check proves the signature only;
 * freshness, replay and membership are the engine's business.
 */
#ifndef CRYPTO_HELLO_H
#define CRYPTO_HELLO_H

#include "base/err.h"
#include "base/random.h"
#include "crypto/keys.h"

enum { HELLO_CHALLENGE_BYTES = 32, HELLO_CHALLENGE_LEN = 43 };

/* hello, version 1: the first three fields and the time. Version 2: all of them. */
struct hello_claim {
	str mesh_id, member_id, pubkey;
	i64 timestamp_ms;
	str session_pubkey, session_id; /* empty when absent; version 2 only */
	str challenge;                  /* as in the 101 answer; version 2 only */
};

struct attestation {
	str parent_pubkey, session_pubkey;
	i64 expires_ms;
};

struct session_claim {
	str mesh_id, parent_pubkey, session_pubkey;
	i64 timestamp_ms;
};

/* Value of the Claudemesh-Challenge header: 32 bytes as base64url. */
str hello_challenge(struct arena *a, const struct random *r);

/* <meshId>|<memberId>|<pubkey>|<timestamp>, signed with the member key. */
str hello_v1_text(struct arena *a, const struct hello_claim *c);
str hello_v1_sign(struct arena *a, const struct hello_claim *c, const struct sign_pair *member);
bool hello_v1_check(struct arena *a, const struct hello_claim *c, str signature) MUST_CHECK;

/* claudemesh-hello-2|meshId|memberId|pubkey|sessionPubkey|sessionId|timestamp|challenge */
struct err *hello_v2_text(struct arena *a, const struct hello_claim *c, str *ret_text) MUST_CHECK;
struct err *hello_v2_sign(struct arena *a, const struct hello_claim *c,
			  const struct sign_pair *member, str *ret_signature) MUST_CHECK;
bool hello_v2_check(struct arena *a, const struct hello_claim *c, str signature) MUST_CHECK;

/* claudemesh-session-attest|parent_pubkey|session_pubkey|expires_at_ms, member key. */
struct err *attestation_text(struct arena *a, const struct attestation *t,
			     str *ret_text) MUST_CHECK;
struct err *attestation_sign(struct arena *a, const struct attestation *t,
			     const struct sign_pair *member, str *ret_signature) MUST_CHECK;
bool attestation_check(struct arena *a, const struct attestation *t, str signature) MUST_CHECK;

/* claudemesh-session-hello|mesh_id|parent_pubkey|session_pubkey|timestamp, session key. */
str session_hello_text(struct arena *a, const struct session_claim *c);
str session_hello_sign(struct arena *a, const struct session_claim *c,
		       const struct sign_pair *session);
bool session_hello_check(struct arena *a, const struct session_claim *c, str signature) MUST_CHECK;

#endif
