/*
 * broker.h - the broker that --spawn starts: its process, port, data directory and end.
 *
 * The port is chosen once, below those that the kernel hands out, so that after a kill nobody
 * else has it and no client connects to itself. The child dies with us. One thread.
 */
#ifndef BENCH_BROKER_H
#define BENCH_BROKER_H

#include <sys/types.h>

#include "base/err.h"

enum {
	BROKER_START_MS = 30000,
	BROKER_STOP_MS = 15000,
	BROKER_LOG_SHOWN = 2000,
	BROKER_PORT_LOW = 20000,
	BROKER_PORT_HIGH = 32000,
};

struct broker {
	struct arena *arena;
	char *program;
	str dir; /* of log and data; ours to remove if is_temporary */
	char *data, *log, *database; /* database: NULL is its own choice */
	bool is_temporary;
	int port;
	pid_t pid; /* 0: not running */
	u64 kills;
	i64 rest_bytes; /* resident before the first client */
	i64 peak_bytes; /* largest of all its lives */
	i64 cpu_us;     /* of all its lives, once they have ended */
};

struct broker_spec {
	str program;
	str data;     /* empty: a temporary directory */
	str database; /* empty: its own choice */
};

/* Chooses port and directory. */
struct err *broker_init(struct arena *a, struct broker *b, const struct broker_spec *spec) MUST_CHECK;
/* Starts it and waits for its /health. */
struct err *broker_start(struct arena *a, struct broker *b) MUST_CHECK;
/* kill -9, and at once a new one on the same data and port, without waiting for it. */
struct err *broker_kill_restart(struct arena *a, struct broker *b) MUST_CHECK;
/* The same with broker_stop(). */
struct err *broker_stop_restart(struct arena *a, struct broker *b) MUST_CHECK;
/* An error with the last lines of its log if it ended on its own. */
struct err *broker_check(struct arena *a, struct broker *b) MUST_CHECK;
/* SIGTERM; an error unless it ends with status 0 in BROKER_STOP_MS. */
struct err *broker_stop(struct arena *a, struct broker *b) MUST_CHECK;
/* Kills what still runs; removes the temporary directory unless `keep`. */
void broker_done(struct broker *b, bool keep);

#endif
