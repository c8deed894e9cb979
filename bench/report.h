/*
 * report.h - what a run showed, as a table for people or one JSON object for programs.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/run.h"

/* Is everything as it must be: nothing lost, doubled, unexpected or refused, and the run went to
 * its end? e: what run_all() or the broker's end said; NULL is fine. */
bool report_is_ok(const struct run *r, const struct err *e);
/* The text, to be printed as it is. cpu_us: of this program, while the clients ran. */
str report(struct arena *a, const struct run *r, const struct err *e, i64 cpu_us);

#endif
