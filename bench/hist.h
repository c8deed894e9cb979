/*
 * hist.h - how long things took: a histogram of microseconds with 64 steps per power of two,
 * so a percentile is at most 1.6 % too high. Fixed size, zeroed at the start.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include "base/base.h"

enum { HIST_STEPS = 64, HIST_BUCKETS = 59 * HIST_STEPS };

struct hist {
	u64 n, max;
	u64 counts[HIST_BUCKETS];
};

void hist_add(struct hist *h, i64 us); /* below zero counts as zero */
/* The value that `permille` of all are not above: 500 is the median; 0 when empty. */
u64 hist_at(const struct hist *h, unsigned permille);

#endif
