#include "base/timers.h"

void timers_done(struct timers *t)
{
	free(t->heap);
	*t = (struct timers){ 0 };
}

static void put(struct timers *t, size_t i, struct timer *timer)
{
	t->heap[i] = timer;
	timer->place = i + 1;
}

static void sift_up(struct timers *t, size_t i, struct timer *timer)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (t->heap[parent]->at_ms <= timer->at_ms)
			break;
		put(t, i, t->heap[parent]);
		i = parent;
	}
	put(t, i, timer);
}

static void sift_down(struct timers *t, size_t i, struct timer *timer)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= t->n)
			break;
		if (child + 1 < t->n && t->heap[child + 1]->at_ms < t->heap[child]->at_ms)
			child++;
		if (t->heap[child]->at_ms >= timer->at_ms)
			break;
		put(t, i, t->heap[child]);
		i = child;
	}
	put(t, i, timer);
}

void timer_clear(struct timers *t, struct timer *timer)
{
	size_t i = timer->place - 1;
	struct timer *last;

	if (!timer->place)
		return;
	timer->place = 0;
	last = t->heap[--t->n];
	if (last == timer)
		return;
	if (i > 0 && t->heap[(i - 1) / 2]->at_ms > last->at_ms)
		sift_up(t, i, last);
	else
		sift_down(t, i, last);
}

void timer_set(struct timers *t, struct timer *timer, i64 at_ms)
{
	timer_clear(t, timer);
	timer->at_ms = at_ms;
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->heap = realloc(t->heap, t->cap * sizeof(struct timer *));
		if (!t->heap)
			abort();
	}
	t->n++;
	sift_up(t, t->n - 1, timer);
}

i64 timers_next(const struct timers *t)
{
	return t->n ? t->heap[0]->at_ms : INT64_MAX;
}

size_t timers_run(struct timers *t, i64 now_ms, size_t most, void *context)
{
	size_t ran = 0;

	while (ran < most && timers_next(t) <= now_ms) {
		struct timer *timer = t->heap[0];

		timer_clear(t, timer);
		timer->fn(context, timer->owner);
		ran++;
	}
	return ran;
}
