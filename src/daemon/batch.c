#include "daemon/batch.h"

#include "base/log.h"

struct waiter {
	batch_fn *fn;
	void *arg;
};

struct waiters {
	struct waiter *items;
	size_t n, cap;
};

struct batch {
	struct db *db;
	struct loop *loop;
	struct loop_task commit; /* at the end of this turn */
	struct loop_timer *lazy;
	struct waiters waiting;
};

static void commit_now(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e = batch_commit(arg, a);

	/* Who waits answers for it; a mark that is lost is found again by its lease. */
	if (e)
		log_err(LOG_WARN, "the daemon could not store what happened", e);
}

struct batch *batch_new(struct loop *loop, struct db *db)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->db = db;
	b->loop = loop;
	b->commit = (struct loop_task){ .fn = commit_now, .arg = b };
	if (loop)
		b->lazy = loop_timer_new(loop, commit_now, b);
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	if (b->loop)
		loop_task_cancel(&b->commit);
	loop_timer_free(b->lazy);
	free(b->waiting.items);
	free(b);
}

void batch_then(struct batch *b, batch_fn *fn, void *arg)
{
	struct waiters *w = &b->waiting;

	if (w->n == w->cap) {
		w->cap = MAX(16, w->cap * 2);
		w->items = reallocarray(w->items, w->cap, sizeof(*w->items));
		if (!w->items)
			abort();
	}
	w->items[w->n++] = (struct waiter){ fn, arg };
	batch_soon(b);
}

void batch_soon(struct batch *b)
{
	if (b->loop)
		loop_at_turn_end(b->loop, &b->commit);
}

void batch_lazy(struct batch *b)
{
	if (b->loop && !loop_timer_is_set(b->lazy))
		loop_timer_set(b->lazy, BATCH_LAZY_MS);
}

struct err *batch_commit(struct batch *b, struct arena *a)
{
	struct waiters told = b->waiting;
	struct err *e;

	if (b->loop) {
		loop_timer_off(b->lazy);
		loop_task_cancel(&b->commit);
	}
	e = db_commit(b->db, a);
	/* Those who are told may order the next. */
	b->waiting = (struct waiters){ 0 };
	for (size_t i = 0; i < told.n; i++)
		told.items[i].fn(told.items[i].arg, e);
	free(told.items);
	return e;
}
