#include "daemon/notify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool notify_send(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	str path = str_from(getenv("NOTIFY_SOCKET"));
	socklen_t len;
	int fd;
	bool sent;

	if (str_empty(path))
		return true;
	if (path.len >= sizeof(to.sun_path) || (path.ptr[0] != '/' && path.ptr[0] != '@'))
		return false;
	memcpy(to.sun_path, path.ptr, path.len);
	/* A name that starts with '@' is of the abstract kind: its first byte is NUL. */
	if (path.ptr[0] == '@')
		to.sun_path[0] = '\0';
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, len) >= 0;
	close(fd);
	return sent;
}

static i64 number(const char *name)
{
	i64 value;

	return str_to_i64(str_from(getenv(name)), &value) ? value : 0;
}

i64 notify_watchdog_ms(void)
{
	i64 us = number("WATCHDOG_USEC");

	if (us <= 0 || (getenv("WATCHDOG_PID") && number("WATCHDOG_PID") != getpid()))
		return 0;
	return MAX(1, us / 2000);
}

int notify_take_fds(void)
{
	i64 n = number("LISTEN_PID") == getpid() ? number("LISTEN_FDS") : 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	n = MAX(0, MIN(n, NOTIFY_FDS_MAX));
	for (i64 i = 0; i < n; i++)
		fcntl(NOTIFY_FD_FIRST + (int)i, F_SETFD, FD_CLOEXEC);
	return (int)n;
}
