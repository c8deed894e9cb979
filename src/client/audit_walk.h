/*
 * audit_walk.h - verifies a mesh's audit log row by row, as the broker hands it out (audit_rows): every
 * hash is computed here, and compared with checkpoints. Memory does not grow with the log.
 */
#ifndef CLIENT_AUDIT_WALK_H
#define CLIENT_AUDIT_WALK_H

#include "crypto/audit.h"
#include "proto/audit.h"

enum { AUDIT_MARKS_MAX = 2 };

struct audit_walk {
	str mesh_id;          /* as this machine knows it, not as the broker says */
	i64 seq;              /* rows that hold so far */
	u8 hash[AUDIT_HASH_BYTES]; /* of the last of them */
	/* Checkpoints by which the row of their number must have their hash; each was accepted. */
	const struct audit_checkpoint_result_args *marks[AUDIT_MARKS_MAX];
	i64 bad_seq;          /* the first row that does not hold or is missing; 0: none */
	const char *why;      /* a sentence about it */
};

/* Takes the next page; false when a row does not hold. `a` may be reset between pages. */
bool audit_walk_page(struct audit_walk *w, struct arena *a, const struct audit_rows_result_args *page) MUST_CHECK;
/* All was handed out, `last` is the number that the end must have: false if rows are missing. */
bool audit_walk_end(struct audit_walk *w, i64 last) MUST_CHECK;

#endif
