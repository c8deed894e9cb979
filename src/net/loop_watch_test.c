#include "net/loop_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"

struct seen {
	struct loop_watch *watch;
	int n;
	bool free_it;
};

static void on_ready(void *arg)
{
	struct seen *s = arg;
	char c;

	s->n++;
	assert_int_equal(read(loop_watch_fd(s->watch), &c, 1), 1);
	if (s->free_it)
		loop_watch_free(s->watch);
}

TEST(a_descriptor_is_heard_until_its_watch_is_freed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct seen s = { 0 };
	struct loop *l;
	int ends[2];

	assert_ok(loop_new(a, &l));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_ok(loop_watch_new(a, l, ends[0], on_ready, &s, &s.watch));
	loop_turn(l, 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(write(ends[1], "abc", 3), 3);
	for (int i = 0; i < 100 && s.n < 2; i++)
		loop_turn(l, 50);
	assert_int_equal(s.n, 2);
	s.free_it = true;
	loop_turn(l, 1000);
	assert_int_equal(s.n, 3);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	loop_turn(l, 0);
	close(ends[1]);
	loop_free(l);
}

TEST(what_cannot_be_watched_is_an_error)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct seen s = { 0 };
	struct loop *l;

	assert_ok(loop_new(a, &l));
	assert_err(loop_watch_new(a, l, open("/etc/hosts", O_RDONLY | O_CLOEXEC), on_ready, &s,
				  &s.watch),
		   IO);
	loop_free(l);
}

TEST_MAIN("net/loop_watch")
