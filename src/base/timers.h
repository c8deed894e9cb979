/*
 * timers.h - a set of deadlines ordered by time (binary heap), embedded in their owners.
 *
 * No clock inside: the owner of the set asks timers_due(now). Setting, moving and clearing
 * cost O(log n). Not thread-safe.
 */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include "base/base.h"

struct timer {
	i64 at_ms;
	size_t place;         /* 1 + index in the heap; 0: not set */
	void (*fn)(void *context, void *owner);
	void *owner;
};

struct timers {
	struct timer **heap;
	size_t n, cap;
};

void timers_done(struct timers *t);
/* fn and owner of the timer must be set; replaces an earlier deadline. */
void timer_set(struct timers *t, struct timer *timer, i64 at_ms);
void timer_clear(struct timers *t, struct timer *timer); /* no effect when not set */
static inline bool timer_is_set(const struct timer *timer) { return timer->place != 0; }
/* The earliest deadline, or INT64_MAX. */
i64 timers_next(const struct timers *t);
/* Clears and runs at most `most` timers whose time has come, earliest first. */
size_t timers_run(struct timers *t, i64 now_ms, size_t most, void *context);

#endif
