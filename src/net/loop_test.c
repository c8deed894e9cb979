#include "net/test_net.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void count(void *arg)
{
	++*(int *)arg;
}

static struct loop *new_loop(struct arena *a)
{
	struct loop *l = NULL;

	assert_ok(loop_new(a, &l));
	return l;
}

struct seen {
	struct loop *loop;
	char text[64];
};
struct mark {
	struct seen *seen;
	char c;
	struct loop_task *then;
};

static void note(void *arg)
{
	struct mark *m = arg;
	size_t n = strlen(m->seen->text);

	m->seen->text[n] = m->c;
	if (m->then)
		loop_at_turn_end(m->seen->loop, m->then);
}

TEST(tasks_run_in_order_once_and_can_be_cancelled)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct seen seen = { .loop = l };
	struct mark ma = { &seen, 'a', NULL }, mb = { &seen, 'b', NULL }, mc = { &seen, 'c', NULL };
	struct mark mn = { &seen, 'n', NULL };
	struct loop_task ta = { .fn = note, .arg = &ma }, tb = { .fn = note, .arg = &mb };
	struct loop_task tc = { .fn = note, .arg = &mc }, tn = { .fn = note, .arg = &mn };

	ma.then = &tc;
	loop_next_turn(l, &tn);
	loop_at_turn_end(l, &ta);
	loop_at_turn_end(l, &tb);
	loop_at_turn_end(l, &ta);
	assert_true(loop_task_queued(&tb));
	loop_task_cancel(&tb);
	loop_task_cancel(&tb);
	loop_turn(l, 0);
	assert_string_equal(seen.text, "nac");
	loop_turn(l, 0);
	assert_string_equal(seen.text, "nac");
}

/* A task that queues itself for ever must not starve the sockets. */
static void again(void *arg)
{
	struct mark *m = arg;

	m->c++;
	loop_at_turn_end(m->seen->loop, m->then);
}

TEST(an_endless_task_does_not_hold_the_loop)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct seen seen = { .loop = l };
	struct mark m = { &seen, 0, NULL };
	struct loop_task t = { .fn = again, .arg = &m };

	m.then = &t;
	loop_at_turn_end(l, &t);
	for (int i = 0; i < 3; i++)
		loop_turn(l, 0);
	assert_true(m.c >= 3 && m.c < 120);
	loop_task_cancel(&t);
}

static void stop(void *arg)
{
	loop_stop(arg);
}

TEST(timers)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	int once = 0, every = 0, never = 0;
	struct loop_timer *t1 = loop_timer_new(l, count, &once),
			  *t2 = loop_timer_new(l, count, &every);
	struct loop_timer *t3 = loop_timer_new(l, count, &never), *t4 = loop_timer_new(l, stop, l);

	loop_timer_set(t1, 1);
	loop_timer_every(t2, 1);
	loop_timer_set(t3, 1);
	loop_timer_off(t3);
	assert_false(loop_timer_is_set(t3));
	assert_true(loop_timer_is_set(t1));
	loop_timer_set(t4, 5);
	loop_run(l);
	UNTIL(l, every > 3);
	assert_int_equal(once, 1);
	assert_int_equal(never, 0);
	loop_timer_free(t1);
	loop_timer_free(t2);
	loop_timer_free(t3);
	loop_timer_free(t4);
	loop_timer_free(NULL);
}

/* A timer with something to do to itself or to another. */
struct bell {
	struct loop_timer *own, *other;
	int rung;
	void (*then)(struct bell *b);
};

static void ring(void *arg)
{
	struct bell *b = arg;

	b->rung++;
	b->then(b);
}

static void ring_again(struct bell *b)
{
	loop_timer_set(b->own, 0);
}

static void free_both(struct bell *b)
{
	loop_timer_free(b->own);
	loop_timer_free(b->other);
}

TEST(a_timer_that_sets_itself_anew_is_for_a_later_turn)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct bell b = { .then = ring_again };

	b.own = loop_timer_new(l, ring, &b);
	loop_timer_set(b.own, 0);
	for (int turn = 1; turn < 5; turn++) {
		loop_turn(l, 0);
		assert_true(b.rung <= turn);
	}
	UNTIL(l, b.rung > 5);
	loop_timer_free(b.own);
}

TEST(a_timer_may_free_itself_and_one_that_is_due)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct bell b = { .then = free_both };
	int never = 0, last = 0;
	struct loop_timer *t = loop_timer_new(l, count, &last);

	b.own = loop_timer_new(l, ring, &b);
	b.other = loop_timer_new(l, count, &never);
	loop_timer_every(b.own, 1);
	loop_timer_set(b.other, 2);
	loop_timer_set(t, 4);
	UNTIL(l, last);
	assert_int_equal(b.rung, 1);
	assert_int_equal(never, 0);
	loop_timer_free(t);
}

enum { BELLS = 200 };

static int order[BELLS], n_order;

static void note_order(void *arg)
{
	order[n_order++] = *(int *)arg;
}

TEST(many_timers_ring_in_the_order_of_their_times)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct loop_timer *timers[BELLS];
	int at[BELLS], late;
	i64 before;

	n_order = 0;
	loop_turn(l, 0);
	before = loop_now_ms(l);
	for (int i = 0; i < BELLS; i++) {
		at[i] = i * 37 % 20;
		timers[i] = loop_timer_new(l, note_order, &at[i]);
	}
	for (int i = 0; i < BELLS; i++)
		loop_timer_set(timers[i], at[i]);
	/* Each counts from when it was set. */
	late = (int)(loop_now_ms(l) - before);
	loop_timer_off(timers[0]);
	UNTIL(l, n_order == BELLS - 1);
	for (int i = 1; i < n_order; i++)
		assert_true(order[i - 1] <= order[i] + late);
	for (int i = 0; i < BELLS; i++)
		loop_timer_free(timers[i]);
}

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
	struct loop *loop;
	int *sum;
	pthread_t thread;
};

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < POSTS; i++)
		while (!loop_post(p->loop, count, p->sum))
			;
	return NULL;
}

TEST(posts_from_other_threads_all_arrive)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct poster p[POSTERS];
	int sum = 0;

	for (int i = 0; i < POSTERS; i++) {
		p[i] = (struct poster){ .loop = l, .sum = &sum };
		assert_int_equal(pthread_create(&p[i].thread, NULL, post_many, &p[i]), 0);
	}
	UNTIL(l, sum == POSTERS * POSTS);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(p[i].thread, NULL);
}

TEST(posts_are_bounded)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	int sum = 0;

	for (int i = 0; i < LOOP_POSTS_MAX; i++)
		assert_true(loop_post(l, count, &sum));
	assert_false(loop_post(l, count, &sum));
	UNTIL(l, sum == LOOP_POSTS_MAX);
	assert_true(loop_post(l, count, &sum));
}

struct piece {
	pthread_t thread;
	pthread_t *loop_thread;
	bool done;
};

static void work_run(void *arg)
{
	((struct piece *)arg)->thread = pthread_self();
}

static void work_done(void *arg)
{
	struct piece *p = arg;

	assert_true(pthread_equal(pthread_self(), *p->loop_thread));
	p->done = true;
}

TEST(pool_work_comes_back_to_the_loop)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	pthread_t self = pthread_self();
	static struct piece pieces[LOOP_WORK_MAX + 1];
	int n = 0;

	for (int i = 0; i <= LOOP_WORK_MAX; i++) {
		pieces[i] = (struct piece){ .loop_thread = &self };
		if (!loop_work(l, work_run, work_done, &pieces[i]))
			break;
		n++;
	}
	assert_int_equal(n, LOOP_WORK_MAX);
	UNTIL(l, pieces[n - 1].done);
	assert_false(pthread_equal(pieces[0].thread, self));
}

TEST(freeing_a_loop_waits_for_its_work)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct loop *l = new_loop(a);
	pthread_t self = pthread_self();
	struct piece p = { .loop_thread = &self };

	assert_true(loop_work(l, work_run, work_done, &p));
	loop_free(l);
	assert_true(p.done);
}

static void on_signal(void *arg, int signum)
{
	*(int *)arg = signum;
}

TEST(signals_arrive_on_the_loop)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = new_loop(a);
	struct loop_signal *s = NULL;
	int got = 0;

	assert_ok(loop_signal_new(a, l, SIGTERM, on_signal, &got, &s));
	kill(getpid(), SIGTERM);
	UNTIL(l, got == SIGTERM);
	loop_signal_free(s);
	assert_err(loop_signal_new(a, l, SIGKILL, on_signal, &got, &s), IO);
}

TEST_MAIN("net/loop")
