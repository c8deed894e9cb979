/*
 * thread.h - runs an engine on a thread of its own: a bounded queue in, effects out.
 *
 * While one commit runs, the next batch fills: that is the group commit, without a timer.
 */
#ifndef ENGINE_THREAD_H
#define ENGINE_THREAD_H

#include "engine/engine.h"

enum { QUEUE_EVENTS = 8192, QUEUE_BYTES = 32 << 20 };

struct engine_thread;

/* on_effects runs on the engine's thread and takes the effects over; on_room runs there
 * when a queue that was full has room again. The engine belongs to the thread until stop. */
struct err *engine_thread_start(struct arena *a, struct engine *e, const struct clock *clock,
				void (*on_effects)(void *arg, struct effects *fx),
				void (*on_room)(void *arg), void *arg,
				struct engine_thread **ret_thread) MUST_CHECK;
/* Takes the event over. False: it was taken, but the queue is over its bound now, so the
 * caller stops reading whatever fills it until on_room(). Any thread. */
bool engine_submit(struct engine_thread *t, struct event *ev) MUST_CHECK;
/* Finishes what was submitted, then ends the thread; effects are still handed out. */
void engine_thread_stop(struct engine_thread *t);
/* A copy of the counters, from any thread. */
struct engine_stats engine_thread_stats(struct engine_thread *t);

#endif
