#include "net/loop.h"

#include "base/log.h"
#include "net/loop_uv.h"

/* Not a handle of libuv's: those are three times as large, and every connection has one. */
struct loop_timer {
	struct timer due;
	struct loop *loop;
	i64 period_ms; /* 0: once */
	void (*fn)(void *arg);
	void *arg;
};

struct loop_signal {
	uv_signal_t uv;
	void (*fn)(void *arg, int signum);
	void *arg;
};

struct work {
	uv_work_t uv;
	struct loop *loop;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

static void *alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

static void on_clock(uv_timer_t *clock);

/* libuv wakes us for the earliest, in no less than least_ms. */
static void arm(struct loop *l, i64 least_ms)
{
	i64 next = timers_next(&l->timers);

	if (next == INT64_MAX)
		uv_timer_stop(&l->clock);
	else
		uv_timer_start(&l->clock, on_clock, (u64)MAX(next - loop_now_ms(l), least_ms), 0);
}

static void on_clock(uv_timer_t *clock)
{
	struct loop *l = clock->data;

	l->in_timers = true;
	timers_run(&l->timers, loop_now_ms(l), l->timers.n, l);
	l->in_timers = false;
	/* One that set itself anew is for a later turn: at 0 ms libuv would call us in this one. */
	arm(l, 1);
}

static void on_due(void *loop, void *owner)
{
	struct loop_timer *t = owner;
	struct loop *l = loop;

	/* Before the call, which may free it. */
	if (t->period_ms)
		timer_set(&l->timers, &t->due, loop_now_ms(l) + t->period_ms);
	t->fn(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct loop_timer *t = alloc(sizeof(*t));

	t->due = (struct timer){ .fn = on_due, .owner = t };
	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	l->n_timers++;
	return t;
}

static void start(struct loop_timer *t, i64 delay_ms, i64 period_ms)
{
	struct loop *l = t->loop;
	i64 earliest = timers_next(&l->timers);

	/* libuv counts from its cached time, which is old before the first turn or in a long one. */
	uv_update_time(&l->uv);
	t->period_ms = period_ms;
	timer_set(&l->timers, &t->due, loop_now_ms(l) + MAX(delay_ms, 0));
	if (!l->in_timers && timers_next(&l->timers) != earliest)
		arm(l, 0);
}

void loop_timer_set(struct loop_timer *t, i64 delay_ms)
{
	start(t, delay_ms, 0);
}

void loop_timer_every(struct loop_timer *t, i64 period_ms)
{
	start(t, MAX(period_ms, 1), MAX(period_ms, 1));
}

/* The clock may then ring for nobody, once; but it must not keep a loop alive that has nothing
 * else to wait for. */
void loop_timer_off(struct loop_timer *t)
{
	struct loop *l = t->loop;

	timer_clear(&l->timers, &t->due);
	if (!l->timers.n)
		uv_timer_stop(&l->clock);
}

bool loop_timer_is_set(const struct loop_timer *t)
{
	return timer_is_set(&t->due);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	loop_timer_off(t);
	t->loop->n_timers--;
	free(t);
}

void loop_timers_init(struct loop *l)
{
	uv_timer_init(&l->uv, &l->clock);
	l->clock.data = l;
}

void loop_timers_done(struct loop *l)
{
	if (l->n_timers) {
		log_error("loop freed with timers", LOG_I("timers", (i64)l->n_timers));
		abort();
	}
	timers_done(&l->timers);
}

static void on_signal(uv_signal_t *h, int signum)
{
	struct loop_signal *s = h->data;

	s->fn(s->arg, signum);
}

struct err *loop_signal_new(struct arena *a, struct loop *l, int signum,
			    void (*fn)(void *arg, int signum), void *arg,
			    struct loop_signal **ret_signal)
{
	struct loop_signal *s = alloc(sizeof(*s));
	int rc = uv_signal_init(&l->uv, &s->uv);

	if (rc < 0) {
		free(s);
		return FAIL(a, IO, "watching signal %d failed: %s", signum, uv_strerror(rc));
	}
	s->uv.data = s;
	s->fn = fn;
	s->arg = arg;
	rc = uv_signal_start(&s->uv, on_signal, signum);
	if (rc < 0) {
		loop_signal_free(s);
		return FAIL(a, IO, "watching signal %d failed: %s", signum, uv_strerror(rc));
	}
	*ret_signal = s;
	return NULL;
}

void loop_signal_free(struct loop_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->uv, on_closed);
}

static void on_work(uv_work_t *w)
{
	struct work *work = w->data;

	work->run(work->arg);
}

static void on_work_done(uv_work_t *w, int status)
{
	struct work *work = w->data;

	work->loop->n_pool--;
	work->done(work->arg);
	free(work);
}

bool loop_work(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct work *w;

	if (l->n_pool >= LOOP_WORK_MAX)
		return false;
	w = alloc(sizeof(*w));
	*w = (struct work){ .loop = l, .run = run, .done = done, .arg = arg };
	w->uv.data = w;
	if (uv_queue_work(&l->uv, &w->uv, on_work, on_work_done) < 0)
		abort();
	l->n_pool++;
	return true;
}
