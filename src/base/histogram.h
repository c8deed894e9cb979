/*
 * histogram.h - how long things took, counted in fixed buckets: a dozen additions a second or a
 * million cost the same memory, and several are added up field by field.
 *
 * All fields are i64, so that a struct of counters may hold one. Not for several threads.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include "base/base.h"

enum { HISTOGRAM_BOUNDS = 20 };

/* Upper bounds in microseconds, rising: 100 us to a day. */
extern const i64 histogram_bounds_us[HISTOGRAM_BOUNDS];

struct histogram {
	i64 counts[HISTOGRAM_BOUNDS + 1];     /* by bucket, not added up; the last: above all bounds */
	i64 sum_us;
};

/* A time before the start, as after a clock was set, counts as 0. */
void histogram_add(struct histogram *h, i64 us);
i64 histogram_count(const struct histogram *h);

#endif
