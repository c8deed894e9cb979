#include "net/loop.h"

#include <signal.h>

#include "base/log.h"
#include "net/loop_uv.h"

static void *alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

/* Task lists: circular, with a head that is not a task. */

static void list_init(struct loop_task *head)
{
	head->prev = head->next = head;
}

static bool list_is_empty(const struct loop_task *head)
{
	return head->next == head;
}

static void list_append(struct loop_task *head, struct loop_task *t)
{
	if (t->next)
		return;
	t->prev = head->prev;
	t->next = head;
	head->prev->next = t;
	head->prev = t;
}

void loop_task_cancel(struct loop_task *t)
{
	if (!t->next)
		return;
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->prev = t->next = NULL;
}

/* Runs what is in the list now; what the tasks queue there waits for the next call. */
static void list_run(struct loop_task *head)
{
	struct loop_task now;

	if (list_is_empty(head))
		return;
	now = *head;
	now.next->prev = now.prev->next = &now;
	list_init(head);
	while (!list_is_empty(&now)) {
		struct loop_task *t = now.next;

		loop_task_cancel(t);
		t->fn(t->arg);
	}
}

static void on_idle(uv_idle_t *h)
{
	struct loop *l = h->data;

	list_run(&l->next);
	if (list_is_empty(&l->next))
		uv_idle_stop(&l->idle);
}

/* The idle handle keeps libuv from waiting. */
static void stay_awake(struct loop *l)
{
	uv_idle_start(&l->idle, on_idle);
}

static void run_end(struct loop *l)
{
	for (int i = 0; i < LOOP_END_ROUNDS && !list_is_empty(&l->end); i++)
		list_run(&l->end);
	if (!list_is_empty(&l->end))
		stay_awake(l);
}

static void on_prepare(uv_prepare_t *h)
{
	struct loop *l = h->data;

	l->turn++;
	run_end(l);
}

static void on_check(uv_check_t *h)
{
	run_end(h->data);
}

void loop_at_turn_end(struct loop *l, struct loop_task *t)
{
	list_append(&l->end, t);
}

void loop_next_turn(struct loop *l, struct loop_task *t)
{
	list_append(&l->next, t);
	stay_awake(l);
}

void loop_orphan_add(struct loop *l, struct loop_task *t)
{
	if (l->n_orphans >= LOOP_ORPHANS_MAX) {
		struct loop_task *oldest = l->orphans.next;

		oldest->fn(oldest->arg);
	}
	list_append(&l->orphans, t);
	l->n_orphans++;
}

void loop_orphan_remove(struct loop *l, struct loop_task *t)
{
	if (!t->next)
		return;
	loop_task_cancel(t);
	l->n_orphans--;
}

/* Posts. */

static void on_async(uv_async_t *h)
{
	struct loop *l = h->data;
	struct post *p;

	pthread_mutex_lock(&l->lock);
	p = l->posts;
	l->posts = NULL;
	l->posts_tail = &l->posts;
	l->n_posts = 0;
	pthread_mutex_unlock(&l->lock);
	while (p) {
		struct post *next = p->next;

		p->fn(p->arg);
		free(p);
		p = next;
	}
}

bool loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct post *p = alloc(sizeof(*p));
	bool taken;

	p->fn = fn;
	p->arg = arg;
	pthread_mutex_lock(&l->lock);
	taken = l->n_posts < LOOP_POSTS_MAX;
	if (taken) {
		*l->posts_tail = p;
		l->posts_tail = &p->next;
		l->n_posts++;
	}
	pthread_mutex_unlock(&l->lock);
	if (taken)
		uv_async_send(&l->async);
	else
		free(p);
	return taken;
}

/* The loop itself. */

struct err *loop_new(struct arena *a, struct loop **ret_loop)
{
	struct loop *l = alloc(sizeof(*l));
	int rc;

	/* A write to a connection that the peer closed is an error to handle, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	rc = uv_loop_init(&l->uv);
	if (rc < 0) {
		free(l);
		return FAIL(a, IO, "starting the event loop failed: %s", uv_strerror(rc));
	}
	rc = uv_async_init(&l->uv, &l->async, on_async);
	if (rc < 0) {
		uv_loop_close(&l->uv);
		free(l);
		return FAIL(a, IO, "starting the event loop failed: %s", uv_strerror(rc));
	}
	list_init(&l->end);
	list_init(&l->next);
	list_init(&l->orphans);
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_idle_init(&l->uv, &l->idle);
	uv_timer_init(&l->uv, &l->wait);
	loop_timers_init(l);
	l->async.data = l->prepare.data = l->check.data = l->idle.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
	l->read_buf = alloc(LOOP_READ_BYTES);
	pthread_mutex_init(&l->lock, NULL);
	l->posts_tail = &l->posts;
	*ret_loop = l;
	return NULL;
}

static void report_open(uv_handle_t *h, void *arg)
{
	if (!uv_is_closing(h))
		log_error("loop freed with an open handle",
			  LOG_S("type", str_from(uv_handle_type_name(uv_handle_get_type(h)))));
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->n_pool)
		uv_run(&l->uv, UV_RUN_ONCE);
	while (!list_is_empty(&l->orphans))
		l->orphans.next->fn(l->orphans.next->arg);
	uv_run(&l->uv, UV_RUN_NOWAIT);
	uv_close((uv_handle_t *)&l->async, NULL);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_close((uv_handle_t *)&l->wait, NULL);
	uv_close((uv_handle_t *)&l->clock, NULL);
	uv_run(&l->uv, UV_RUN_NOWAIT);
	if (uv_loop_close(&l->uv) != 0) {
		uv_walk(&l->uv, report_open, NULL);
		abort();
	}
	loop_timers_done(l);
	while (l->posts) {
		struct post *p = l->posts;

		l->posts = p->next;
		free(p);
	}
	pthread_mutex_destroy(&l->lock);
	free(l->read_buf);
	free(l->plain_buf);
	free(l);
}

void loop_freep(struct loop **l)
{
	loop_free(*l);
	*l = NULL;
}

void loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

static void on_wait(uv_timer_t *t) {}

void loop_turn(struct loop *l, i64 wait_ms)
{
	uv_update_time(&l->uv);
	uv_timer_start(&l->wait, on_wait, (u64)MAX(wait_ms, 0), 0);
	uv_run(&l->uv, wait_ms > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	uv_timer_stop(&l->wait);
}

i64 loop_now_ms(const struct loop *l)
{
	return (i64)uv_now(&l->uv);
}
