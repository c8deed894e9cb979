/*
 * guess.h - charges an address for invite codes and tokens that do not exist, and for meshes it
 * makes. Who knows a code is never charged.
 */
#ifndef ENGINE_GUESS_H
#define ENGINE_GUESS_H

#include "engine/req.h"

enum { GUESS_ADDRESSES_MAX = 4096 };

/* RATE_LIMIT if the caller's address has guessed too often. */
struct err *guess_check(struct req *rq) MUST_CHECK;
/* Charges it for one more. */
void guess_failed(struct req *rq);
/* RATE_LIMIT if it has made as many meshes today as one may. */
struct err *mesh_made_check(struct req *rq) MUST_CHECK;
void mesh_made(struct req *rq);
void guesses_prune(struct engine *e);
void guesses_free(struct engine *e);

#endif
