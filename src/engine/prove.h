/*
 * prove.h - checks of signatures, on a pool thread, before anything becomes an event.
 *
 * Pure: no engine, no store, no connection. A failure is answered by the caller from the
 * error alone: its wire word is the code of wire-core.md 2.7 and the close reason.
 */
#ifndef ENGINE_PROVE_H
#define ENGINE_PROVE_H

#include "base/err.h"
#include "engine/event.h"

struct op;

/* A first frame: hello or session_hello. challenge: what the 101 answer offered. */
struct err *prove_hello(struct arena *a, str frame, str challenge, i64 now_ms,
			struct proof *ret_proof) MUST_CHECK;
/* The body of an HTTP call. */
struct err *prove_call(struct arena *a, const struct op *op, str body, str param, i64 now_ms,
		       struct proof *ret_proof) MUST_CHECK;

/* Notes which process and directory a request tells of, if it tells of both. */
void proof_place(struct proof *proof, i64 pid, str cwd);

/* Not a word of wire-core.md 3.3's lists: the reference daemon must retry this. */
#define NOT_STORED_TEXT "the broker could not store this; nothing was changed, try again"

/* OP_PLACE: whatever is wrong with what the caller tells, it learns no more than this. */
#define NO_PLACE_TEXT "no connection from your address said this pid and cwd"

/* What the caller may hear of it: what a database says of its failure is for the log. */
str err_shown(const struct err *e);
/* The JSON body of a failed call, in the dialect of its row; the status is err_http(e). */
struct block *call_error(const struct op *op, const struct err *e);
/* The `error` message of a refused frame: code, text, and id and _reqId of the frame, if any. */
struct block *error_message(const struct err *e, str frame);

#endif
