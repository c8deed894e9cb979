/*
 * usage.h - what a process, and the machine as a whole, have used so far.
 */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <sys/types.h>

#include "base/base.h"

struct usage {
	i64 at_us;      /* monotonic */
	i64 server_us;  /* CPU time; 0 without a process */
	i64 own_us;     /* of this process */
	i64 machine_us; /* all cores, all processes */
	i64 resident_bytes; /* of the server */
};

/* server: 0 if there is none. */
struct usage usage_now(pid_t server);
i64 usage_resident(pid_t pid);

#endif
