/*
 * process.h - is a process still the one it was? Without forking ps.
 *
 * A process is its pid and its start: boot id and start ticks of /proc/<pid>/stat. Its end
 * is heard through a pidfd where the kernel has them, else by looking every
 * PROCESS_POLL_MS. Loop thread only.
 */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include "base/err.h"
#include "net/loop.h"

enum { PROCESS_POLL_MS = 5000 };

/* Opaque text, the same as long as it lives; empty if there is no such process or it is a
 * zombie. */
str process_start(struct arena *a, i64 pid);

struct process_watch;
/* on_end is called once, in a later turn: it ended, or is another one than `start` says
 * (empty: whoever it is now). The owner frees, in on_end too. */
struct process_watch *process_watch_new(struct loop *loop, i64 pid, str start,
					void (*on_end)(void *arg), void *arg);
void process_watch_free(struct process_watch *w); /* NULL is fine */

#endif
