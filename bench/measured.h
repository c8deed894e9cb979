/*
 * measured.h - what a run showed, as figures.
 */
#ifndef BENCH_MEASURED_H
#define BENCH_MEASURED_H

#include "bench/figures.h"
#include "bench/run.h"

/* Nothing lost, doubled, unexpected or refused. */
bool measured_is_clean(const struct run *r);
void measured(const struct run *r, struct figures *ret_figures);

#endif
