/*
 * signatures.h - every hello signature is accepted once, until its time stamp is too old
 * to be accepted anyway; also across a restart.
 */
#ifndef ENGINE_SIGNATURES_H
#define ENGINE_SIGNATURES_H

#include "engine/state.h"

struct err *signatures_load(struct engine *e, struct arena *a) MUST_CHECK;
/* As many as may be remembered: no more can be accepted. */
bool signatures_full(const struct engine *e);
/* False if it was used before. Remembers it in memory and in the store. */
bool signatures_use(struct engine *e, str signature, i64 until_ms) MUST_CHECK;
void signatures_prune(struct engine *e);
/* Those of the batch that was undone. */
void signatures_forget(struct engine *e);
void signatures_free(struct engine *e);

#endif
