/*
 * batch.h - one commit for all that one turn of the loop wrote to a database.
 *
 * Who writes asks to be called when it is on disk; the commit runs at the end of the turn,
 * so what came together shares one fdatasync. When it fails nothing of the turn was stored
 * and every one is told the same error. What is not urgent rides with the next commit, at
 * the latest BATCH_LAZY_MS later. Loop thread only.
 */
#ifndef DAEMON_BATCH_H
#define DAEMON_BATCH_H

#include "db/db.h"
#include "net/loop.h"

enum { BATCH_LAZY_MS = 50 };

struct batch;

/* loop NULL (unit tests): commits only in batch_commit(). The database outlives the batch. */
struct batch *batch_new(struct loop *loop, struct db *db);
/* NULL is fine. What waits is neither stored nor called. */
void batch_free(struct batch *b);

typedef void batch_fn(void *arg, const struct err *e);
/* Calls fn once this turn's writes are on disk (e NULL) or undone; never from inside. */
void batch_then(struct batch *b, batch_fn *fn, void *arg);
/* Something was written: committed with this turn. Also before a write that may fail, so that
 * the next turn begins anew. */
void batch_soon(struct batch *b);
/* Something was written that may wait. */
void batch_lazy(struct batch *b);
/* Commits now and calls everyone who waits. */
struct err *batch_commit(struct batch *b, struct arena *a) MUST_CHECK;

#endif
