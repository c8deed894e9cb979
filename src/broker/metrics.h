/*
 * metrics.h - what a broker tells Prometheus: one table of rows, each a name, a type, a sentence and
 * the place of its value in struct figures.
 *
 * The reference's names are kept as http-data-web.md 1.4 gives them; ours begin with claudemesh_
 * and have base units. Labels come from fixed lists of words and from the table of routes, so that
 * nobody outside makes a new series. Loop thread only; the text format is version 0.0.4 of
 * prometheus.io/docs/instrumenting/exposition_formats.
 */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include "base/buf.h"
#include "engine/engine.h"

enum { METRICS_BYTES_MAX = 1 << 20, STATUS_CLASSES = 5 };

/* All values of one moment. */
struct figures {
	struct engine_stats engine;
	i64 websockets_opened, websockets, connections, unauthenticated;
	i64 refused[2];                       /* connections: too many, too many of one address */
	i64 hello_timeouts, bad_requests;
	i64 hellos_refused[HELLO_REFUSAL_COUNT]; /* before the engine, and by it */
	i64 hooks, hooks_limited;
	i64 db_healthy;
	struct histogram requests;            /* HTTP, from the whole request to its answer */
	double uptime_s, started_s, cpu_s;
	i64 resident_bytes, open_files, max_files;
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
	const char *name;
	enum metric_type type;
	size_t offset;                        /* in struct figures */
	const char *label;                    /* NULL: one sample; else one of each word */
	const char *const *words;
	bool seconds;                         /* the place holds a double */
	const char *doc;
};
/* Ends with a NULL name. */
extern const struct metric metrics_table[];

/* Answers counted by route and class; owned by the caller, who frees them. */
struct route_count {
	const char *route;
	i64 by_class[STATUS_CLASSES];         /* 1xx to 5xx */
};

/* Fills in what the system knows of this process; what it does not tell is 0. */
void metrics_process(struct figures *f);
/* The whole page. */
void metrics_write(struct buf *b, const struct figures *f, const struct route_count *routes, size_t n);

#endif
