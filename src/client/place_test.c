#include "client/place.h"

#include <fcntl.h>
#include <sys/file.h>

#include "client/test_dir.h"

static struct place place_in(struct arena *a, struct paths *p)
{
	struct place pl;

	p->daemon = arena_printf(a, "%.*s/daemon", STRF(p->dir));
	assert_ok(place_find(a, p, STR_NONE, &pl));
	return pl;
}

TEST(a_long_home_has_its_socket_elsewhere)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct place near, far, other;

	near = place_in(a, &p);
	assert_str(near.socket, arena_printf(a, "%.*s/daemon.sock", STRF(p.daemon)));
	p.daemon = arena_printf(a, "/%0120d", 1);
	assert_err(place_find(a, &p, STR_NONE, &far), BAD_REQUEST);
	assert_says(place_find(a, &p, STR_NONE, &far), "XDG_RUNTIME_DIR");
	assert_err(place_find(a, &p, p.daemon, &far), BAD_REQUEST);
	assert_ok(place_find(a, &p, S("/run/user/1"), &far));
	assert_true(str_starts(far.socket, S("/run/user/1/claudemesh/")));
	assert_true(far.socket.len <= PLACE_SOCKET_MAX);
	assert_str(far.socket_dir, S("/run/user/1/claudemesh"));
	p.daemon = arena_printf(a, "/%0120d", 2);
	assert_ok(place_find(a, &p, S("/run/user/1"), &other));
	assert_false(str_eq(far.socket, other.socket));
}

/* A directory that somebody else prepared is not used. */
TEST(a_squatted_directory_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct place pl = place_in(a, &p);
	const char *dir = arena_cstr(a, pl.dir);

	assert_err(place_check(a, &pl), NOT_FOUND);
	assert_int_equal(symlink("/tmp", dir), 0);
	assert_says(place_make(a, &pl), "symbolic link");
	assert_says(place_check(a, &pl), "symbolic link");
	assert_int_equal(unlink(dir), 0);
	test_write(a, pl.dir, S("x"), 0600);
	assert_says(place_make(a, &pl), "not a directory");
	assert_int_equal(unlink(dir), 0);
	assert_ok(place_make(a, &pl));
	assert_int_equal(test_mode(a, pl.dir), 0700);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_says(place_check(a, &pl), "chmod 700");
	assert_ok(place_make(a, &pl));
	assert_ok(place_check(a, &pl));
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 12345, 12345), 0);
		assert_says(place_make(a, &pl), "another user");
		assert_int_equal(chown(dir, 0, 0), 0);
	}
}

/* Only the lock says that a daemon runs; a number in the file may be anybody's. */
TEST(a_foreign_pid_is_no_daemon)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct place pl = place_in(a, &p);
	i64 pid;
	int fd;

	assert_false(place_is_locked(a, &pl, &pid));
	assert_ok(place_make(a, &pl));
	test_write(a, pl.lock, arena_printf(a, "%d\n", (int)getpid()), 0600);
	assert_false(place_is_locked(a, &pl, &pid));
	assert_int_equal(pid, 0);
	fd = open(arena_cstr(a, pl.lock), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_true(place_is_locked(a, &pl, &pid));
	assert_int_equal(pid, getpid());
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(place_is_locked(a, &pl, &pid));
	assert_int_equal(pid, 0);
	close(fd);
}

TEST_MAIN("client/place")
