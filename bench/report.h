/*
 * report.h - what was measured, as a table for people or one JSON object for programs.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/trial.h"

/* Several runs of one kind as one. */
struct report_of {
	const char *who; /* "broker" or "yardstick" */
	struct figures figures;
	i64 rounds;
	bool ok;
	str error, problem; /* of the first that was not ok */
};

/* rounds: at least one; those that did not happen make it not ok. */
void report_join(struct report_of *ret_one, const char *who, const struct trial *rounds, i64 n);
/* The text, to be printed as it is. yardstick: NULL if there was none. */
str report(struct arena *a, const struct bench_flags *flags, const struct report_of *one,
	   const struct report_of *yardstick);

#endif
