/*
 * loop.h - one event loop, owned by the thread that runs it.
 *
 * A turn: timers, then what the sockets and other threads brought, then the tasks put off to
 * the end of the turn (output is flushed there, once per connection). Everything here is for
 * the loop's thread only, except loop_post(). No callback is called from inside the call
 * that ordered it. Owners free their timers, sockets and listeners before loop_free().
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/err.h"

enum {
	LOOP_POSTS_MAX = 65536,       /* calls from other threads that wait for the loop */
	LOOP_WORK_MAX = 256,          /* pieces of pool work under way */
	LOOP_READ_BYTES = 65536,      /* the read buffer that all connections share */
};

struct loop;
struct loop_timer;
struct loop_signal;

/* From now on the process ignores SIGPIPE. */
struct err *loop_new(struct arena *a, struct loop **ret_loop) MUST_CHECK;
void loop_free(struct loop *l);               /* NULL is fine; aborts if something is open */
void loop_freep(struct loop **l);
/* Runs until loop_stop(). May be called again. */
void loop_run(struct loop *l);
/* Ends loop_run() after this turn. */
void loop_stop(struct loop *l);
/* One turn, waiting at most wait_ms for something to happen. For tests and private loops. */
void loop_turn(struct loop *l, i64 wait_ms);
/* Monotonic time at the start of this turn; deadlines are counted from it. */
i64 loop_now_ms(const struct loop *l);

/* Calls fn(arg) on the loop's thread. From any thread, in order per caller. False when
 * LOOP_POSTS_MAX calls wait: nothing was queued, the caller keeps what it has. The loop must
 * outlive its callers; loop_free() drops what still waits. */
bool loop_post(struct loop *l, void (*fn)(void *arg), void *arg) MUST_CHECK;

/* A timer belongs to its maker and calls fn(arg) in a later turn. */
struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *t, i64 delay_ms);  /* once; replaces what was set */
void loop_timer_every(struct loop_timer *t, i64 period_ms);
void loop_timer_off(struct loop_timer *t);
bool loop_timer_is_set(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);   /* NULL is fine; from its own callback too */

/* A process signal (SIGTERM, SIGINT, SIGHUP) as a callback on the loop. */
struct err *loop_signal_new(struct arena *a, struct loop *l, int signum,
			    void (*fn)(void *arg, int signum), void *arg,
			    struct loop_signal **ret_signal) MUST_CHECK;
void loop_signal_free(struct loop_signal *s); /* NULL is fine */

/* A call put off, embedded in its owner; zeroed but for fn and arg at the start. Queueing a
 * queued task changes nothing. The owner calls loop_task_cancel() before it frees it. */
struct loop_task {
	void (*fn)(void *arg);
	void *arg;
	struct loop_task *prev, *next;        /* private */
};

void loop_at_turn_end(struct loop *l, struct loop_task *t);  /* this turn, before it waits */
void loop_next_turn(struct loop *l, struct loop_task *t);    /* the next turn does not wait */
void loop_task_cancel(struct loop_task *t);
static inline bool loop_task_queued(const struct loop_task *t) { return t->next != NULL; }

/* Runs run(arg) on the pool, then done(arg) on the loop's thread. False when LOOP_WORK_MAX
 * pieces are under way: nothing was started. run() must end by itself. loop_free() waits. */
bool loop_work(struct loop *l, void (*run)(void *arg), void (*done)(void *arg),
	       void *arg) MUST_CHECK;

#endif
