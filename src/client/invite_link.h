/*
 * invite_link.h - what a user may paste to join, and what is inside (http-data-web.md 3).
 *
 * Parsing is pure and proves nothing; invite_token_open() checks a v1 token's signature and
 * expiry. A secret or token is never quoted in an error. The base address is kept as it was
 * written (the reference forces https, so that a local broker's links never work there);
 * without a scheme it is https, or http for a loopback host.
 */
#ifndef CLIENT_INVITE_LINK_H
#define CLIENT_INVITE_LINK_H

#include "crypto/chain.h"
#include "proto/mesh.h"

enum invite_kind { INVITE_CODE, INVITE_TOKEN };

struct invite_link {
	enum invite_kind kind;
	str base;        /* "https://host[:port][/path]"; empty: the link names no broker */
	str code;        /* INVITE_CODE */
	bool has_secret; /* our own invite: proves itself and opens the root key */
	u8 secret[INVITE_SECRET_BYTES];
	str token; /* INVITE_TOKEN */
};

/* BAD_REQUEST with the forms that are understood. */
struct err *invite_link_parse(struct arena *a, str text, struct invite_link *ret_link) MUST_CHECK;
/* Does it look like the address of an invite (client.md 1.2), whole or broken? */
bool invite_link_is_url(str text);
/* "<base>/i/<code>#<secret>"; in memory that is wiped with the arena. */
str invite_link_write(struct arena *a, str base, str code, const u8 secret[INVITE_SECRET_BYTES]);
void invite_link_wipe(struct invite_link *l);

/* Decodes a v1 token and checks its shape, its signature and that it has not expired.
 * BAD_REQUEST, UNAUTHORIZED (word invite_bad_signature), GONE (word invite_expired). */
struct err *invite_token_open(struct arena *a, str token, i64 now_ms,
			      struct invite_payload_args *ret_payload) MUST_CHECK;

#endif
