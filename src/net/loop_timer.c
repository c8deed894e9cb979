#include "net/loop.h"

#include "net/loop_uv.h"

struct loop_timer {
	uv_timer_t uv;
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

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct loop_timer *t = alloc(sizeof(*t));

	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->fn = fn;
	t->arg = arg;
	return t;
}

static void on_timer(uv_timer_t *h)
{
	struct loop_timer *t = h->data;

	t->fn(t->arg);
}

static void start(struct loop_timer *t, i64 delay_ms, i64 period_ms)
{
	/* libuv counts from its cached time, which is old before the first turn or in a long one. */
	uv_update_time(t->uv.loop);
	uv_timer_start(&t->uv, on_timer, (u64)MAX(delay_ms, 0), (u64)MAX(period_ms, 0));
}

void loop_timer_set(struct loop_timer *t, i64 delay_ms)
{
	start(t, delay_ms, 0);
}

void loop_timer_every(struct loop_timer *t, i64 period_ms)
{
	start(t, MAX(period_ms, 1), MAX(period_ms, 1));
}

void loop_timer_off(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

bool loop_timer_is_set(const struct loop_timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv) != 0;
}

void loop_timer_free(struct loop_timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->uv, on_closed);
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
