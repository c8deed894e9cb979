/*
 * pool.h - checks of signatures on the loop's pool, a few at a time, the others in line.
 *
 * The line needs no bound of its own: a connection or request has one job at most, and
 * those are bounded. Loop thread only, but for run().
 */
#ifndef BROKER_POOL_H
#define BROKER_POOL_H

#include "net/loop.h"

enum { POOL_RUNNING_MAX = 64 };

struct pool;

/* Embedded in its owner, which lives until done(). */
struct pool_job {
	void (*run)(void *arg);       /* on a pool thread */
	void (*done)(void *arg);      /* on the loop's, in a later turn */
	void *arg;
	struct pool *pool;            /* private */
	struct pool_job *next;
};

struct pool *pool_new(struct loop *l);
void pool_free(struct pool *p);               /* NULL is fine; must not be busy */
void pool_start(struct pool *p, struct pool_job *job);
bool pool_is_busy(const struct pool *p);

#endif
