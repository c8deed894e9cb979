#include "engine/thread.h"

#include <pthread.h>

#include "crypto/secret.h"
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* What came out, counted and kept under a lock. */
struct sink {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	i64 sends, batches, rooms, most;
	i64 last[64];         /* per connection: the last id seen */
	bool in_order;
	bool closed_gate;     /* the engine's thread waits in on_effects */
};

static void on_effects(void *arg, struct effects *fx)
{
	struct sink *s = arg;
	CLEANUP(arena_freep) struct arena *a = arena_new();
	i64 of[64] = { 0 };

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < fx->n; i++) {
		const struct json *frame;
		u32 slot = fx->items[i].to[0].slot;
		i64 id;

		if (fx->items[i].kind != EFFECT_SEND || json_parse(a, block_str(fx->items[i].block), &frame) ||
		    !str_to_i64(json_get_str(frame, S("_reqId")), &id))
			continue;
		s->in_order = s->in_order && id == s->last[slot] + 1;
		s->last[slot] = id;
		s->sends++;
		of[slot]++;
		s->most = MAX(s->most, of[slot]);
	}
	s->batches++;
	pthread_cond_broadcast(&s->changed);
	while (s->closed_gate)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	effects_free(fx);
}

static void on_room(void *arg)
{
	struct sink *s = arg;

	pthread_mutex_lock(&s->lock);
	s->rooms++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void sink_init(struct sink *s)
{
	*s = (struct sink){ .in_order = true };
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
}

static struct event *question(struct peer *p, i64 id)
{
	char frame[64];
	int n = snprintf(frame, sizeof(frame), "{\"type\":\"list_peers\",\"_reqId\":\"%lld\"}", (long long)id);

	return event_new(EVENT_FRAME, p->conn, str_of(frame, (size_t)n), STR_NONE);
}

static void set_gate(struct sink *s, bool closed)
{
	pthread_mutex_lock(&s->lock);
	s->closed_gate = closed;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static i64 slots(struct peer **peers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (peers[i]->conn.slot >= 64)
			return -1;
	return (i64)n;
}

TEST(each_connection_is_served_in_order_and_not_more_than_its_share)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *peers[4];
	struct engine_thread *t;
	struct sink sink;
	const i64 n = 500;

	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		peers[i] = arrive(m, "peer");
	assert_int_equal(slots(peers, ARRAY_LEN(peers)), 4);
	sink_init(&sink);
	assert_ok(engine_thread_start(a, h->engine, &h->clock, on_effects, on_room, &sink, &t));
	for (i64 id = 1; id <= n; id++)
		for (size_t i = 0; i < ARRAY_LEN(peers); i++)
			assert_true(engine_submit(t, question(peers[i], id)));
	/* Whatever was submitted is carried out before the end. */
	engine_thread_stop(t);
	assert_int_equal(sink.sends, n * (i64)ARRAY_LEN(peers));
	assert_true(sink.in_order);
	assert_true(sink.most <= BATCH_PER_CONNECTION);
	assert_true(sink.batches >= n / BATCH_PER_CONNECTION);
}

TEST(a_full_queue_says_so_and_tells_when_there_is_room)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	struct engine_thread *t;
	struct sink sink;
	i64 id = 0, refused = 0;

	sink_init(&sink);
	assert_ok(engine_thread_start(a, h->engine, &h->clock, on_effects, on_room, &sink, &t));
	/* The engine stops in its first batch, so the queue fills. */
	set_gate(&sink, true);
	while (refused == 0 && id < 2 * QUEUE_EVENTS)
		refused += !engine_submit(t, question(alice, ++id));
	assert_true(id >= QUEUE_EVENTS && id <= QUEUE_EVENTS + BATCH_EVENTS);
	assert_int_equal(sink.rooms, 0);
	set_gate(&sink, false);
	pthread_mutex_lock(&sink.lock);
	while (sink.rooms == 0)
		pthread_cond_wait(&sink.changed, &sink.lock);
	pthread_mutex_unlock(&sink.lock);
	assert_true(engine_submit(t, question(alice, ++id)));
	engine_thread_stop(t);
	assert_int_equal(sink.sends, id);
	assert_true(sink.in_order);
	assert_int_equal(sink.rooms, 1);
}

struct sender { struct engine_thread *t; struct peer *peer; i64 n; };

static void *send_all(void *arg)
{
	struct sender *s = arg;

	for (i64 id = 1; id <= s->n; id++)
		(void)!engine_submit(s->t, question(s->peer, id));
	return NULL;
}

TEST(any_thread_may_submit_and_ask_for_the_counters)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct sender senders[3];
	pthread_t threads[3];
	struct engine_thread *t;
	struct sink sink;

	for (size_t i = 0; i < ARRAY_LEN(senders); i++)
		senders[i] = (struct sender){ .peer = arrive(m, "peer"), .n = 300 };
	sink_init(&sink);
	assert_ok(engine_thread_start(a, h->engine, &h->clock, on_effects, on_room, &sink, &t));
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		senders[i].t = t;
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	for (int i = 0; i < 100; i++)
		assert_true(engine_thread_stats(t).online <= 3);
	for (size_t i = 0; i < ARRAY_LEN(senders); i++)
		pthread_join(threads[i], NULL);
	engine_thread_stop(t);
	assert_int_equal(sink.sends, 900);
	assert_true(sink.in_order);
}

TEST(timers_run_without_events)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	struct engine_thread *t;
	struct sink sink;

	send_to(alice, bob->pubkey, "x", NULL);
	/* Its lease is over before the thread starts. */
	h->at.us += 60 * 1000000ll;
	sink_init(&sink);
	assert_ok(engine_thread_start(a, h->engine, &h->clock, on_effects, on_room, &sink, &t));
	pthread_mutex_lock(&sink.lock);
	while (sink.batches == 0)
		pthread_cond_wait(&sink.changed, &sink.lock);
	pthread_mutex_unlock(&sink.lock);
	engine_thread_stop(t);
	assert_int_equal(engine_stats(h->engine).redelivered, 1);
}

TEST(a_thread_without_work_stops_at_once)
{
	ARENA;
	struct house *h = house(a);
	struct engine_thread *t;
	struct sink sink;

	sink_init(&sink);
	assert_ok(engine_thread_start(a, h->engine, &h->clock, on_effects, on_room, &sink, &t));
	engine_thread_stop(t);
	assert_int_equal(sink.batches, 0);
}

TEST_MAIN("engine/thread")
