/*
 * kill.h - when the spawned broker is killed: at moments spread over the flow, or by time.
 */
#ifndef BENCH_KILL_H
#define BENCH_KILL_H

#include "bench/run.h"

void kill_init(struct run *r);
void kill_done(struct run *r);
/* Chooses the next moment, if one is due in this run. */
void kill_plan(struct run *r);
/* A message was acked or delivered: is this the moment? */
void kill_moved(struct run *r);
/* The flow is over: no more; an error if there were fewer than ordered. */
struct err *kill_end(struct run *r) MUST_CHECK;

#endif
