/*
 * enrol.h - how a key becomes a member, whatever the way in: created, joined or claimed.
 * All of it rides in one commit: never half a member, never a use counted for nothing.
 */
#ifndef ENGINE_ENROL_H
#define ENGINE_ENROL_H

#include "engine/req.h"

struct newcomer {
	str pubkey;           /* 64 lower hex */
	str name;             /* empty: made from the key */
	str x25519, claim_signature; /* empty without a chain */
	enum role role;
	str topic_role;       /* in #general: lead or member */
	const struct member *device_of; /* its member; NULL: none */
	str device_label, device_code, device_signature;
	i64 device_expires_s;
};

/* 64 hex of either case to lower case; BAD_REQUEST with `word` otherwise. */
struct err *enrol_key(struct req *rq, str given, str word, str *ret_pubkey) MUST_CHECK;
/* Who is a member already stays as it is and uses nothing, as long as the invite was not
 * revoked and has not expired. Who left is one again; who is banned, or was a device that was
 * removed, is FORBIDDEN with member_revoked. invite may be NULL (the creator). */
struct err *enrol(struct req *rq, struct mesh *m, const struct newcomer *who,
		  const struct invite_row *invite, struct member **ret_member, bool *ret_already) MUST_CHECK;
/* GONE with the word revoked, expired or exhausted; NULL for a live invite. */
struct err *invite_check(struct req *rq, const struct invite_row *invite) MUST_CHECK;
/* True if a text is fit to be shown as a name: no control characters, and none that hide or turn
 * round what stands beside them (joiners only where scripts and emoji need them). UTF-8. */
bool name_is_printable(str name);

#endif
