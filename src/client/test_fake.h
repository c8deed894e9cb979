/*
 * test_fake.h - a broker in a thread of its own, for what blocks: HTTP calls and visits.
 * The callbacks run on that thread; a test looks at what they noted after fake_stop(), or
 * knows that nothing is under way. Only *_test.c includes this.
 */
#ifndef CLIENT_TEST_FAKE_H
#define CLIENT_TEST_FAKE_H

#include <pthread.h>

#include "client/mesh.h"
#include "client/test_dir.h"
#include "net/server.h"

struct fake {
	struct arena *arena;
	struct loop *loop;
	struct server *sv;
	pthread_t thread;
	bool stopped;
	str base, ws_url;
};

static inline void *fake_run(void *arg)
{
	loop_run(((struct fake *)arg)->loop);
	return NULL;
}

static inline void fake_stop_loop(void *arg)
{
	loop_stop(((struct fake *)arg)->loop);
}

static inline void fake_start(struct fake *f, const struct server_app *app, void *arg)
{
	assert_true(crypto_start());
	f->arena = arena_new();
	assert_ok(loop_new(f->arena, &f->loop));
	f->sv = server_new(f->loop, app, arg, &server_limits_default);
	assert_ok(server_listen(f->arena, f->sv, S("127.0.0.1"), 0, NULL));
	f->base = arena_printf(f->arena, "http://127.0.0.1:%d", server_port(f->sv));
	f->ws_url = arena_printf(f->arena, "ws://127.0.0.1:%d/ws", server_port(f->sv));
	assert_int_equal(pthread_create(&f->thread, NULL, fake_run, f), 0);
}

static inline void fake_stop(struct fake *f)
{
	if (f->stopped)
		return;
	f->stopped = true;
	assert_true(loop_post(f->loop, fake_stop_loop, f));
	pthread_join(f->thread, NULL);
	server_free(f->sv);
	loop_free(f->loop);
}

static inline void fake_done(struct fake *f)
{
	fake_stop(f);
	arena_free(f->arena);
}

static inline str test_double_quotes(struct arena *a, str frame)
{
	str s = arena_dup(a, frame);

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\'')
			((char *)s.ptr)[i] = '"';
	return s;
}

static inline void fake_answer(struct fake *f, struct server_request *rq, int status, str body)
{
	server_respond(f->sv, rq, status, NULL, 0, test_double_quotes(rq->arena, body));
}

#endif
