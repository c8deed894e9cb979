/*
 * trial.h - one load from start to end: server, members, run, the server's end, figures.
 */
#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include "bench/figures.h"
#include "bench/options.h"

struct trial {
	struct figures figures;
	bool ok;       /* nothing lost, doubled, unexpected or refused, and it went to its end */
	str error;     /* what stopped it; STR_NONE */
	str problem;   /* the first thing that should not have come; STR_NONE */
	str kept;      /* where the broker's data and log are, of one that was not ok; STR_NONE */
	bool happened; /* there are figures */
};

/* against_yardstick: instead of the broker that the flags name. Blocking. */
void trial_run(struct arena *a, const struct bench_flags *flags, bool against_yardstick,
	       struct trial *ret_trial);

#endif
