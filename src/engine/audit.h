/*
 * audit.h - the audit log of a mesh: who did what to it, in a chain of hashes (crypto/audit.h).
 *
 * A row is stored in the commit of the act that it tells of: what cannot be logged is not done. The
 * end of the chain is in the mesh's memory, and read again after a commit that failed; the store takes
 * each place in a chain once, so that two writers cannot make it fork. No texts of messages, no values
 * of states, no secrets: names, ids, keys and counts. Engine thread only.
 */
#ifndef ENGINE_AUDIT_H
#define ENGINE_AUDIT_H

#include "engine/audit_event.h"
#include "engine/state.h"
#include "store/audit.h"

struct req;

struct audit_field {
	const char *name;     /* NULL ends a list */
	str value;            /* absent: the field is left out */
	bool raw;             /* the value is canonical JSON, else a text */
};
#define AUDIT_TEXT(name_, value_) { name_, value_, false }
#define AUDIT_RAW(name_, value_) { name_, value_, true }
#define AUDIT_INT(m, name_, value_) \
	{ name_, arena_printf((m)->engine->batch, "%lld", (long long)(value_)), true }
#define AUDIT_FIELDS(...) (const struct audit_field[]){ __VA_ARGS__, { 0 } }

/* actor: NULL is the broker itself. event: a row of audit_events; subject: what it was done to,
 * under the name that the row gives it; absent: not told. */
void audit(struct mesh *m, const struct member *actor, const char *event, str subject);
/* With more to tell. */
void audit_with(struct mesh *m, const struct member *actor, const char *event,
		const struct audit_field *fields);

/* What happens all the time; settings of the broker say whether it is logged. */
void audit_joined(const struct presence *p, bool restored);
void audit_left(const struct presence *p);
/* A message was accepted; the rows of a batch are written at its end (audit_sent.c). */
void audit_sent(struct mesh *m, const struct member *sender, str target, int rank);
void audit_flush(struct engine *e);

/* The end of the chain, from the store. */
struct err *audit_read(struct mesh *m, struct arena *a) MUST_CHECK;
/* A row as the chain has it. */
void audit_row_hash(struct arena *a, const struct mesh *m, const struct audit_row *row, const u8 *prev,
		    u8 ret_hash[AUDIT_HASH_BYTES]);

/* How far a chain was followed: `seq` rows, and the hash of the last of them. */
struct audit_walk { i64 seq; u8 hash[AUDIT_HASH_BYTES]; };
/* Goes on over rows that follow, no further than `end`. 0, or the first place where a row is not what
 * it has to be. */
i64 audit_walk(const struct mesh *m, const struct audit_row *rows, size_t n, i64 end, struct audit_walk *walk);

/* audit_check.c - walks over all of a chain, a part in every batch, and answers audit_verify to the
 * connection of rq. RATE_LIMIT while another one is under way in the mesh. */
struct err *audit_check_start(struct req *rq, str req_id) MUST_CHECK;
void audit_check_free(struct mesh *m);
void audit_check_undo(struct mesh *m); /* the batch was not stored */

#endif
