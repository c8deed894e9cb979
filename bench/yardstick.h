/*
 * yardstick.h - what the machine could do at best: a bare server in a process of its own.
 *
 * It takes the frames that a broker takes and gives those that a broker gives, in the same sizes:
 * epoll, one thread, each turn's frames appended to a preallocated log with one fdatasync, then
 * acked and forwarded. No signatures, no JSON beyond looking for fields, no index, no recovery.
 * yardstick.c is the process and its log, yard_links.c the sockets, yard_post.c what is done with
 * a frame.
 */
#ifndef BENCH_YARDSTICK_H
#define BENCH_YARDSTICK_H

#include <sys/types.h>

#include "base/err.h"

enum { YARDSTICK_LOG_BYTES = 256 << 20 }; /* written over from the start when it is full */

struct yardstick {
	pid_t pid; /* 0: not running */
	int port;
};

/* dir: where its log is made; the file has no name there and goes with the process. */
struct err *yardstick_start(struct arena *a, struct yardstick *y, str dir) MUST_CHECK;
/* An error if it ended on its own. */
struct err *yardstick_stop(struct arena *a, struct yardstick *y) MUST_CHECK;

#endif
