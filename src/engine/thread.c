#include "engine/thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { STACK_BYTES = 1 << 20, COUNT_SLOTS = 1024 };

struct engine_thread {
	struct engine *engine;
	const struct clock *clock;
	void (*on_effects)(void *arg, struct effects *fx);
	void (*on_room)(void *arg);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;         /* everything below */
	pthread_cond_t wake;
	struct event *first, **last;
	size_t n, bytes;
	bool was_full, stopping;
	struct engine_stats stats;
};

/* How often each connection stands in the batch; a collision only makes a batch smaller. */
struct counts { u8 of[COUNT_SLOTS]; };

static bool over_share(struct counts *c, const struct event *ev)
{
	u32 slot = (ev->from.slot * 2654435761u ^ ev->from.gen) % COUNT_SLOTS;

	if (c->of[slot] == BATCH_PER_CONNECTION)
		return true;
	c->of[slot]++;
	return false;
}

/* Takes a batch off the queue. What is over its connection's share stays, in order. */
static size_t take_batch(struct engine_thread *t, struct event **batch)
{
	struct counts counts = { 0 };
	struct event **at = &t->first;
	size_t n = 0, bytes = 0;

	while (*at && n < BATCH_EVENTS && bytes < BATCH_BYTES) {
		struct event *ev = *at;

		if (over_share(&counts, ev)) {
			at = &ev->next;
			continue;
		}
		*at = ev->next;
		if (t->last == &ev->next)
			t->last = at;
		batch[n++] = ev;
		bytes += ev->data_len + ev->param_len;
	}
	t->n -= n;
	t->bytes -= bytes;
	return n;
}

static bool is_full(const struct engine_thread *t)
{
	return t->n >= QUEUE_EVENTS || t->bytes >= QUEUE_BYTES;
}

/* Waits for an event, the next timer or the stop. */
static void wait_for_work(struct engine_thread *t)
{
	while (!t->first && !t->stopping) {
		i64 next_ms = engine_next_ms(t->engine);
		i64 wait_ms = next_ms == INT64_MAX ? 3600000 : next_ms - clock_mono_ms(t->clock);
		struct timespec until;

		if (wait_ms <= 0)
			return;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += wait_ms / 1000;
		until.tv_nsec += wait_ms % 1000 * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		if (pthread_cond_timedwait(&t->wake, &t->lock, &until) == ETIMEDOUT)
			return;
	}
}

static void *thread_main(void *arg)
{
	struct engine_thread *t = arg;
	static _Thread_local struct event *batch[BATCH_EVENTS];
	bool done = false;

	while (!done) {
		struct effects *fx;
		bool room;
		size_t n;

		pthread_mutex_lock(&t->lock);
		wait_for_work(t);
		n = take_batch(t, batch);
		done = t->stopping && n == 0;
		room = t->was_full && t->n < QUEUE_EVENTS / 2 && t->bytes < QUEUE_BYTES / 2;
		if (room)
			t->was_full = false;
		pthread_mutex_unlock(&t->lock);

		if (room)
			t->on_room(t->arg);
		fx = done ? engine_stop(t->engine) : engine_step(t->engine, batch, n);
		for (size_t i = 0; i < n; i++)
			event_free(batch[i]);
		pthread_mutex_lock(&t->lock);
		t->stats = engine_stats(t->engine);
		pthread_mutex_unlock(&t->lock);
		if (fx->n)
			t->on_effects(t->arg, fx);
		else
			effects_free(fx);
	}
	return NULL;
}

struct err *engine_thread_start(struct arena *a, struct engine *e, const struct clock *clock,
				void (*on_effects)(void *arg, struct effects *fx),
				void (*on_room)(void *arg), void *arg,
				struct engine_thread **ret_thread)
{
	struct engine_thread *t = calloc(1, sizeof(*t));
	pthread_condattr_t monotonic;
	pthread_attr_t attr;
	int failed;

	if (!t)
		abort();
	t->engine = e;
	t->clock = clock;
	t->on_effects = on_effects;
	t->on_room = on_room;
	t->arg = arg;
	t->last = &t->first;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	failed = pthread_create(&t->thread, &attr, thread_main, t);
	pthread_attr_destroy(&attr);
	if (failed) {
		free(t);
		return FAIL(a, INTERNAL, "engine thread: %s", strerror(failed));
	}
	*ret_thread = t;
	return NULL;
}

bool engine_submit(struct engine_thread *t, struct event *ev)
{
	bool full;

	ev->at_us = t->clock->mono_us(t->clock->arg);
	pthread_mutex_lock(&t->lock);
	ev->next = NULL;
	*t->last = ev;
	t->last = &ev->next;
	t->n++;
	t->bytes += ev->data_len + ev->param_len;
	full = is_full(t);
	if (full)
		t->was_full = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	return !full;
}

void engine_thread_stop(struct engine_thread *t)
{
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
	free(t);
}

struct engine_stats engine_thread_stats(struct engine_thread *t)
{
	struct engine_stats stats;

	pthread_mutex_lock(&t->lock);
	stats = t->stats;
	pthread_mutex_unlock(&t->lock);
	return stats;
}
