#include "daemon/lock.h"

#include <sys/wait.h>

#include "client/file.h"
#include "client/test_dir.h"

static struct place made_place(struct arena *a)
{
	struct paths p = test_paths(a);
	struct place pl;

	p.daemon = arena_printf(a, "%.*s/daemon", STRF(p.dir));
	assert_ok(place_find(a, &p, STR_NONE, &pl));
	assert_ok(place_make(a, &pl));
	return pl;
}

/* Another process that holds the lock until it is killed. */
static pid_t holder(struct arena *a, const struct place *pl)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct lock *l;

		if (lock_take(a, pl, &l) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

TEST(c_12_the_second_daemon_is_told_of_the_first)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = made_place(a);
	pid_t other = holder(a, &pl);
	struct lock *l = NULL;
	i64 pid;

	assert_err(lock_take(a, &pl, &l), EXISTS);
	assert_says(lock_take(a, &pl, &l), arena_printf(a, "(pid %d)", (int)other).ptr);
	assert_true(place_is_locked(a, &pl, &pid));
	assert_int_equal(pid, other);
	/* kill -9 frees it; the pid it left in the file means nothing. */
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	assert_false(place_is_locked(a, &pl, &pid));
	assert_ok(lock_take(a, &pl, &l));
	assert_true(place_is_locked(a, &pl, &pid));
	assert_int_equal(pid, getpid());
	lock_release(l);
	assert_false(place_is_locked(a, &pl, &pid));
	assert_int_equal(test_mode(a, pl.lock), 0600);
}

TEST(c_12_a_foreign_pid_in_the_file_hinders_nobody)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = made_place(a);
	struct lock *l;

	test_write(a, pl.lock, S("1\n"), 0600);
	assert_ok(lock_take(a, &pl, &l));
	lock_release(l);
	lock_release(l);
}

TEST(c_12_a_lock_whose_file_was_removed_is_not_current)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = made_place(a);
	struct lock *l, *second;

	assert_ok(lock_take(a, &pl, &l));
	assert_true(lock_is_current(l));
	assert_ok(file_remove(a, pl.lock));
	assert_false(lock_is_current(l));
	assert_ok(lock_take(a, &pl, &second));
	assert_false(lock_is_current(l));
	assert_true(lock_is_current(second));
}

TEST(what_is_no_plain_file_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = made_place(a);
	struct lock *l;

	assert_int_equal(symlink("/etc/passwd", arena_cstr(a, pl.lock)), 0);
	assert_err(lock_take(a, &pl, &l), IO);
}

TEST_MAIN("daemon/lock")
