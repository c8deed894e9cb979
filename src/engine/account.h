/*
 * account.h - people: who makes a call, by the session token it carries, and which members are
 * theirs.
 *
 * A session token is a JWT of ours (crypto/jwt.h). session_take() looks at its signature, type and
 * expiry before there is an event; account_check() finds the session by the token's digest, and
 * with it revocation. There is no other way in: no id, e-mail address or role of a body or header
 * says who asks, but a body's user_id where BROKER_LEGACY_AUTH is set (S14).
 *
 * A handler of an OP_ACCOUNT row has rq->account. One that is about a mesh starts with
 * account_member_of():
 *
 *   TRY(account_member_of(rq, event_param(rq->event), &me));
 *   if (!me)
 *           return NULL;    // it runs again at the mesh's own shard
 *
 * Engine thread only, where nothing else is said.
 */
#ifndef ENGINE_ACCOUNT_H
#define ENGINE_ACCOUNT_H

#include "engine/req.h"

/* Of an Authorization header (ptr NULL: there is none); any thread. UNAUTHORIZED with the words
 * missing_bearer_token, empty_bearer_token or invalid_or_revoked_token. */
struct err *session_take(struct arena *a, str secret, str authorization, i64 now_ms,
			 struct session_proof *ret_proof) MUST_CHECK;
/* The same for a token that came otherwise. */
struct err *session_take_token(struct arena *a, str secret, str token, i64 now_ms,
			       struct session_proof *ret_proof) MUST_CHECK;
const char *session_type(enum session_kind kind); /* "cli-session": type of its tokens */

/* For req.c: fills rq->account and rq->session as the row of the op wants it. */
struct err *account_check(struct req *rq) MUST_CHECK;
/* *ret_session is NULL for one that is revoked, over or was never ours. */
struct err *session_find(struct req *rq, const struct session_proof *proof,
			 struct account_session_row **ret_session) MUST_CHECK;

/* The caller's member in the mesh of that slug, the one with the most rights; no device.
 * NOT_FOUND "Mesh not found", FORBIDDEN "Not a member of this mesh". *ret_member is NULL when the
 * call went on to the mesh's own shard: then nothing else may be done. */
struct err *account_member_of(struct req *rq, str slug, struct member **ret_member) MUST_CHECK;
/* The same where the mesh is known and of this shard; *ret_member is NULL for no member. */
struct err *account_member_in(struct req *rq, struct mesh *m, struct member **ret_member) MUST_CHECK;
/* From now on the member is rq->account's. Only for one whose key the caller has proved, or that no
 * member had before this very call: everybody knows the key of who left. */
void account_own(struct req *rq, const struct mesh *m, const struct member *member);
/* The same of a member that may be somebody's already: audited, unless it is rq->account's. */
struct err *account_link(struct req *rq, struct mesh *m, const struct member *member) MUST_CHECK;

/* What a program says of the machine it runs on; shown only. */
struct session_facts { str hostname, platform, arch, address; };
/* One of them as it was given, if it may be shown. */
str session_fact(str given, const char *otherwise);
/* A new session of rq's account or another; the token is in memory that is wiped with the arena.
 * At SESSIONS_PER_ACCOUNT_MAX a browser's ends the oldest, others are a CONFLICT. ret_id may be NULL. */
struct err *session_new(struct req *rq, const struct account_row *account, enum session_kind kind,
			const struct session_facts *facts, str *ret_token, str *ret_id) MUST_CHECK;
/* "Ann" or, without a name, what stands before the '@'. */
str account_shown(const struct account_row *account);

#endif
