/*
 * tally.h - how often something was done, or failed, in somebody's name or from some address:
 * buckets found by a text, for what may be done a few times an hour.
 *
 * The house's, in memory, at most TALLIES_MAX of them: the one that was made first gives way.
 * What a kind counts is charged by tally_take() only; asking costs nothing. Engine thread only.
 */
#ifndef ENGINE_TALLY_H
#define ENGINE_TALLY_H

#include "engine/req.h"

enum { TALLIES_MAX = 1 << 16 };

/* kind: a word of its own for each thing that is counted. */
bool tally_has(struct engine *e, const char *kind, str whose, i64 per_hour, i64 burst);
void tally_take(struct engine *e, const char *kind, str whose, i64 per_hour, i64 burst);
/* RATE_LIMIT with the text; rq->retry_after_s says when the next is free. */
struct err *tally_check(struct req *rq, const char *kind, str whose, i64 per_hour, i64 burst,
			const char *text) MUST_CHECK;
/* Those that are full again. */
void tallies_prune(struct engine *e);
void tallies_free(struct engine *e);

#endif
