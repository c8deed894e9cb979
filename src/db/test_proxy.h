/*
 * test_proxy.h - stands between a test and the server's Unix socket and fails on request:
 * stops passing anything on, or cuts the connection before or after a COMMIT.
 */
#ifndef DB_TEST_PROXY_H
#define DB_TEST_PROXY_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "db/test_db.h"

enum proxy_mode { PROXY_PASS, PROXY_STALL, PROXY_CUT_BEFORE_COMMIT, PROXY_CUT_AFTER_COMMIT, PROXY_END };
enum { PROXY_TURN_MS = 5, PROXY_SERVERS_MAX = 16, PROXY_PORT = 5432 };

struct proxy {
	_Atomic int mode;
	int listener;
	struct sockaddr_un target;
	int servers[PROXY_SERVERS_MAX];       /* kept open until the end */
	size_t n_servers;
	pthread_t thread;
	str where;                            /* the address for the test */
};

static inline bool proxy_pass_bytes(int from, int to, char *bytes, size_t max, ssize_t *ret_n)
{
	*ret_n = read(from, bytes, max);
	return *ret_n > 0 && write(to, bytes, (size_t)*ret_n) == *ret_n;
}

static inline bool proxy_holds(const char *bytes, ssize_t n)
{
	return memmem(bytes, (size_t)n, "COMMIT", 6) != NULL;
}

/* One direction, once; false ends the connection. */
static inline bool proxy_client_turn(struct proxy *p, int client, int server, char *bytes, size_t max)
{
	ssize_t n = read(client, bytes, max);

	if (n <= 0)
		return false;
	if (proxy_holds(bytes, n) && p->mode == PROXY_CUT_BEFORE_COMMIT)
		return false;
	if (write(server, bytes, (size_t)n) != n)
		return false;
	if (!proxy_holds(bytes, n) || p->mode != PROXY_CUT_AFTER_COMMIT)
		return true;
	do
		n = read(server, bytes, max);
	while (n > 0 && !proxy_holds(bytes, n));
	return false;
}

static inline void proxy_serve(struct proxy *p, int client, int server)
{
	static char bytes[1 << 20];
	ssize_t n;

	while (p->mode != PROXY_END) {
		struct pollfd fds[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };

		if (p->mode == PROXY_STALL) {
			fds[0].events = POLLRDHUP;
			if (poll(fds, 1, PROXY_TURN_MS) > 0)
				return;
			continue;
		}
		if (poll(fds, 2, PROXY_TURN_MS) <= 0)
			continue;
		if (fds[1].revents && !proxy_pass_bytes(server, client, bytes, sizeof(bytes), &n))
			return;
		if (fds[0].revents && !proxy_client_turn(p, client, server, bytes, sizeof(bytes)))
			return;
	}
}

/* One connection after the other. */
static inline void *proxy_main(void *arg)
{
	struct proxy *p = arg;

	while (p->mode != PROXY_END) {
		struct pollfd fd = { p->listener, POLLIN, 0 };
		int client, server;
		bool stalled;

		if (poll(&fd, 1, PROXY_TURN_MS) <= 0)
			continue;
		client = accept(p->listener, NULL, NULL);
		server = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(server, (struct sockaddr *)&p->target, sizeof(p->target)) == 0)
			proxy_serve(p, client, server);
		stalled = p->mode == PROXY_STALL;
		close(client);
		/* The server does not learn that a stalled client has gone. */
		if (stalled && p->n_servers < PROXY_SERVERS_MAX)
			p->servers[p->n_servers++] = server;
		else
			close(server);
		if (p->mode != PROXY_END)
			p->mode = PROXY_PASS;
	}
	return NULL;
}

static inline void proxy_end(void *arg)
{
	struct proxy *p = arg;

	p->mode = PROXY_END;
	pthread_join(p->thread, NULL);
	for (size_t i = 0; i < p->n_servers; i++)
		close(p->servers[i]);
	close(p->listener);
}

/* The value of a parameter of the test server's address. */
static inline str proxy_param(str url, str name)
{
	str part;

	url = str_skip(url, (size_t)str_index(url, '?') + 1);
	while (str_cut(&url, '&', &part))
		if (str_starts(part, name))
			return str_skip(part, name.len);
	return STR_NONE;
}

/* Ends with the arena. */
static inline struct proxy *proxy_new(struct arena *a, const char *options)
{
	static unsigned n;
	str url = str_from(getenv("CLAUDEMESH_TEST_PG"));
	char *dir = arena_cstr(a, S("/tmp/claudemesh-proxy-XXXXXX"));
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct proxy *p = NEW(a, struct proxy);

	assert_non_null(mkdtemp(dir));
	arena_defer(a, test_remove_dir, dir);
	p->target.sun_family = AF_UNIX;
	snprintf(p->target.sun_path, sizeof(p->target.sun_path), "%.*s/.s.PGSQL.%.*s",
		 STRF(proxy_param(url, S("host="))), STRF(proxy_param(url, S("port="))));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.%d", dir, PROXY_PORT);
	p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(p->listener, 8), 0);
	p->where = arena_printf(a, "postgresql://mesh@/postgres?host=%s&port=%d&schema=p%ld_%u%s", dir,
				PROXY_PORT, (long)getpid(), n++, options);
	assert_int_equal(pthread_create(&p->thread, NULL, proxy_main, p), 0);
	arena_defer(a, proxy_end, p);
	return p;
}

#endif
