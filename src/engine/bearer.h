/*
 * bearer.h - who makes a call, by the token it carries: one function for every kind there is.
 *
 * There are API keys, and tokens that a connection of a member is given (bearer_token): those are
 * sealed by the engine that the mesh is of, so nothing of them is kept.
 *
 * A token is looked at each time it is used: its mesh, what it is for, its end, and whether its
 * member still is one. Those used last are kept in memory (APIKEYS_IN_MEMORY); what ends one
 * goes through here, so that memory knows. Engine thread only.
 */
#ifndef ENGINE_BEARER_H
#define ENGINE_BEARER_H

#include "engine/req.h"
#include "proto/apikey.h"

struct api_key;

struct caller {
	struct mesh *mesh;
	struct member *member;        /* in whose name it acts */
	unsigned caps;                /* enum cap: what the token may do and its member still may */
	const struct strs *topics;    /* NULL: all; else only those, by name */
	const char *key_id;           /* of the API key, "" of a token; lives as long as the batch's memory of it */
	i64 ends_ms;                  /* when the token expires; 0: never */
};

/* Of an Authorization header (ptr NULL: there is none) into a proof; any thread. UNAUTHORIZED for what
 * can be no token: mistyped, cut, of another scheme. */
struct err *bearer_take(struct arena *a, str authorization, struct proof *proof) MUST_CHECK;
/* UNAUTHORIZED with api_key_missing or api_key_invalid. *ret_elsewhere: the mesh is of another
 * shard, which has been sent the call; nothing else may be done with it here. */
struct err *bearer_check(struct req *rq, struct caller *ret_caller, bool *ret_elsewhere) MUST_CHECK;
/* FORBIDDEN with api_key_missing_capability. */
struct err *caller_may(struct arena *a, const struct caller *who, enum cap cap) MUST_CHECK;
bool caller_sees(const struct caller *who, str topic);
/* FORBIDDEN with api_key_topic_out_of_scope. */
struct err *caller_reaches(struct arena *a, const struct caller *who, str topic) MUST_CHECK;

/* For REST beside a connection: good until ends_ms, for what its member may do. In memory that is
 * wiped with the arena. */
str token_new(struct engine *e, struct arena *a, const struct member *member, i64 ends_ms);
/* What the member may give a key. */
unsigned member_caps(const struct member *member);
/* The key is over, in memory. */
void bearer_revoked(struct engine *e, str digest, i64 revoked_ms);
/* Ends an API key of m, in memory and in the store, and audits it; `by` NULL is the operator. */
void api_key_end(struct mesh *m, const struct member *by, const struct api_key_row *row);
/* All keys and tokens of the member are over, in memory and in the store. */
void bearers_end(struct member *member);
/* A batch was not stored: nothing that memory has of keys counts. Also the end. */
void bearers_forget(struct engine *e);

#endif
