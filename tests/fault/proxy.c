#include "fault/proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 5432, PAIRS_MAX = 32, TURN_MS = 10, ANSWER_MS = 1000, CHUNK = 1 << 20 };

struct pair { int client, server; };

struct proxy {
	struct fault_plan *plan;
	struct sockaddr_un target;
	int listener;
	_Atomic int over;
	struct pair pairs[PAIRS_MAX];
	size_t n;
	pthread_t thread;
	char bytes[CHUNK];
};

static void part(struct proxy *p, size_t i)
{
	close(p->pairs[i].client);
	close(p->pairs[i].server);
	p->pairs[i] = p->pairs[--p->n];
}

static bool pass(struct proxy *p, int from, int to, ssize_t *ret_n)
{
	ssize_t n = read(from, p->bytes, CHUNK), done = 0;

	*ret_n = n;
	while (done < n) {
		ssize_t k = write(to, p->bytes + done, (size_t)(n - done));

		if (k <= 0)
			return false;
		done += k;
	}
	return n > 0;
}

static bool holds_commit(const struct proxy *p, ssize_t n)
{
	return n > 0 && memmem(p->bytes, (size_t)n, "COMMIT", 6) != NULL;
}

/* What the broker says; false when the connection is over. */
static bool from_client(struct proxy *p, const struct pair *at)
{
	struct fault_plan *plan = p->plan;
	int kind = plan->kind;
	ssize_t n = recv(at->client, p->bytes, CHUNK, MSG_PEEK);
	struct pollfd answer = { .events = POLLIN };
	bool due = holds_commit(p, n) && (kind == FAULT_COMMIT_LOST || kind == FAULT_COMMIT_CUT) &&
		   atomic_fetch_add(&plan->calls, 1) + 1 == plan->fail_at;

	if (due)
		plan->fired = 1;
	if (due && kind == FAULT_COMMIT_LOST)
		return false;
	if (!pass(p, at->client, at->server, &n))
		return false;
	if (!due)
		return true;
	/* The server says that it has done it; nobody hears. The word may come in two parts. */
	answer.fd = at->server;
	do
		n = poll(&answer, 1, ANSWER_MS) > 0 ? read(at->server, p->bytes, CHUNK) : 0;
	while (n > 0 && !holds_commit(p, n));
	return false;
}

static void welcome(struct proxy *p)
{
	int client = accept(p->listener, NULL, NULL), server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (p->n < PAIRS_MAX && client >= 0 && server >= 0 &&
	    connect(server, (struct sockaddr *)&p->target, sizeof(p->target)) == 0) {
		p->pairs[p->n++] = (struct pair){ client, server };
		return;
	}
	close(client);
	close(server);
}

static void turn(struct proxy *p)
{
	struct pollfd fds[1 + 2 * PAIRS_MAX] = { { p->listener, POLLIN, 0 } };
	size_t n = p->n;
	ssize_t bytes;

	for (size_t i = 0; i < n; i++) {
		fds[1 + 2 * i] = (struct pollfd){ p->pairs[i].client, POLLIN, 0 };
		fds[2 + 2 * i] = (struct pollfd){ p->pairs[i].server, POLLIN, 0 };
	}
	if (poll(fds, 1 + 2 * n, TURN_MS) <= 0)
		return;
	/* From the end, because the last takes the place of one that parts. */
	for (size_t i = n; i-- > 0;) {
		const struct pair *at = &p->pairs[i];

		if ((fds[2 + 2 * i].revents && !pass(p, at->server, at->client, &bytes)) ||
		    (fds[1 + 2 * i].revents && !from_client(p, at)))
			part(p, i);
	}
	if (fds[0].revents)
		welcome(p);
}

static void *serve(void *arg)
{
	struct proxy *p = arg;

	while (!p->over)
		turn(p);
	while (p->n)
		part(p, p->n - 1);
	return NULL;
}

static void stop(void *arg)
{
	struct proxy *p = arg;

	p->over = 1;
	pthread_join(p->thread, NULL);
	close(p->listener);
}

static str parameter(str url, str name)
{
	str one;

	url = str_skip(url, (size_t)(str_index(url, '?') + 1));
	while (str_cut(&url, '&', &one))
		if (str_starts(one, name))
			return str_skip(one, name.len);
	return STR_NONE;
}

struct err *proxy_new(struct arena *a, struct fault_plan *plan, str url, const char *dir, str *ret_url)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct proxy *p = NEW(a, struct proxy);

	p->plan = plan;
	p->target.sun_family = AF_UNIX;
	snprintf(p->target.sun_path, sizeof(p->target.sun_path), "%.*s/.s.PGSQL.%.*s",
		 STRF(parameter(url, S("host="))), STRF(parameter(url, S("port="))));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.%d", dir, PORT);
	unlink(at.sun_path);
	p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(p->listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(p->listener, PAIRS_MAX) < 0 ||
	    pthread_create(&p->thread, NULL, serve, p) != 0)
		return FAIL(a, IO, "no proxy in '%s': %s", dir, strerror(errno));
	arena_defer(a, stop, p);
	*ret_url = arena_printf(a, "postgresql://mesh@/postgres?host=%s&port=%d", dir, PORT);
	return NULL;
}
