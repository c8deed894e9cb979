#include "daemon/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

static void count(void *arg)
{
	++*(int *)arg;
}

static pid_t child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(30);
		pause();
		_exit(0);
	}
	return pid;
}

static void turn_until(struct loop *l, const int *n)
{
	for (int i = 0; i < 100 && !*n; i++)
		loop_turn(l, 50);
}

TEST(c_57_the_end_of_a_process_is_heard_without_looking)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct process_watch *w;
	pid_t pid = child();
	struct loop *l;
	i64 begin;
	int n = 0;

	assert_ok(loop_new(a, &l));
	w = process_watch_new(l, pid, process_start(a, pid), count, &n);
	loop_turn(l, 0);
	assert_int_equal(n, 0);
	begin = loop_now_ms(l);
	kill(pid, SIGKILL);
	turn_until(l, &n);
	assert_int_equal(n, 1);
	assert_true(loop_now_ms(l) - begin < PROCESS_POLL_MS);
	waitpid(pid, NULL, 0);
	loop_turn(l, 0);
	assert_int_equal(n, 1);
	process_watch_free(w);
	loop_free(l);
}

TEST(another_process_under_the_same_pid_is_another_one)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct process_watch *w;
	struct loop *l;
	int n = 0;

	assert_ok(loop_new(a, &l));
	w = process_watch_new(l, getpid(), S("linux:0:1"), count, &n);
	assert_int_equal(n, 0);
	turn_until(l, &n);
	assert_int_equal(n, 1);
	process_watch_free(w);
	w = process_watch_new(l, getpid(), STR_NONE, count, &n);
	loop_turn(l, 0);
	assert_int_equal(n, 1);
	process_watch_free(w);
	loop_free(l);
}

TEST(the_start_of_a_process_is_its_own)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	pid_t pid = child();
	str start = process_start(a, pid);

	assert_true(start.len > 10);
	assert_str(process_start(a, pid), start);
	kill(pid, SIGKILL);
	for (int i = 0; i < 5000 && process_start(a, pid).len; i++)
		usleep(1000);
	/* A zombie is no process. */
	assert_true(str_empty(process_start(a, pid)));
	waitpid(pid, NULL, 0);
	assert_true(str_empty(process_start(a, pid)));
	assert_true(str_empty(process_start(a, 0)));
	assert_true(str_empty(process_start(a, -5)));
}

TEST_MAIN("daemon/process")
