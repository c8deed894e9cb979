#include "daemon/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "client/test_dir.h"

static int receiver(struct arena *a, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t len = strlen(path);

	memcpy(at.sun_path, path, len);
	if (*path == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void expect_state(int fd, const char *state)
{
	char got[64];
	ssize_t n;

	assert_true(notify_send(state));
	n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	assert_true(n > 0);
	assert_str(str_of(got, (size_t)n), str_from(state));
	close(fd);
}

TEST(systemd_is_told_by_path_and_by_abstract_name)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str dir = test_dir(a);

	unsetenv("NOTIFY_SOCKET");
	assert_true(notify_send("READY=1"));
	expect_state(receiver(a, arena_printf(a, "%.*s/notify", STRF(dir)).ptr), "READY=1");
	expect_state(receiver(a, arena_printf(a, "@claudemesh-%d", (int)getpid()).ptr), "STOPPING=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_false(notify_send("READY=1"));
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	assert_false(notify_send("READY=1"));
	unsetenv("NOTIFY_SOCKET");
}

TEST(the_watchdog_is_for_this_process)
{
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "nonsense", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
}

TEST(descriptors_are_for_this_process_and_taken_once)
{
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(notify_take_fds(), 0);
	assert_null(getenv("LISTEN_FDS"));
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	assert_int_equal(notify_take_fds(), 2);
	assert_int_equal(notify_take_fds(), 0);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "-3", 1);
	assert_int_equal(notify_take_fds(), 0);
}

TEST_MAIN("daemon/notify")
