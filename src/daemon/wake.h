/*
 * wake.h - notices that the machine slept, that a virtual machine was paused, or that this
 * process was stopped: what was connected may be gone without a word.
 *
 * Clocks are held against each other. The wall clock goes on while the machine sleeps, the
 * monotonic one does not; a look that comes late shows a process that stood still. A wall clock
 * that is set looks like a sleep: a hello carries the time, and one that was refused for it is
 * said anew. The kernel tells at once when it wakes or the clock is set; where it cannot, it is
 * seen after WAKE_LOOK_MS.
 */
#ifndef DAEMON_WAKE_H
#define DAEMON_WAKE_H

#include "base/clock.h"
#include "net/loop.h"

enum {
	WAKE_LOOK_MS = 5000, /* between looks */
	WAKE_GAP_MS = 15000, /* shorter is nothing: brokers wait longer for a sign of life */
};

struct wake;
/* Told after each gap, with its length. Never from inside a call but wake_look(). */
typedef void wake_fn(void *arg, i64 gap_ms);

/* clock outlives it. Loop thread only. */
struct wake *wake_new(struct loop *loop, const struct clock *clock, wake_fn *fn, void *arg);
void wake_free(struct wake *w); /* NULL is fine */
/* A look, now; it is due every WAKE_LOOK_MS. */
void wake_look(struct wake *w);

#endif
