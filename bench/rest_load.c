/*
 * rest_load.c - loads the REST API of a broker on this machine: posts over connections that stay
 * open, one in flight each, or posts that many readers of server-sent events hear of.
 *
 *   claudemesh-bench-rest PORT KEY TOPIC posts CONNECTIONS SECONDS
 *   claudemesh-bench-rest PORT KEY TOPIC readers READERS POSTS
 *
 * It speaks just enough HTTP to be no burden on the machine that it measures. bench/api makes the
 * mesh and the key.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { CONNS_MAX = 4096, INPUT_MAX = 1 << 20, SAMPLES_MAX = 1 << 22, EVENTS = 256, WAIT_MS = 10000 };

struct conn {
	int fd;
	char input[2048];     /* the start of an answer, or the end of what came of a stream */
	size_t n;
	i64 sent_us;
	size_t events;        /* of a stream: messages seen */
	bool ready;
};

static struct {
	int port, epoll;
	const char *key, *topic;
	struct conn conns[CONNS_MAX];
	size_t n;
	i64 *samples;
	size_t n_samples;
	size_t bad;
} load;

static i64 now_us(void)
{
	return clock_real.mono_us(NULL);
}

static void die(const char *what)
{
	fprintf(stderr, "claudemesh-bench-rest: %s\n", what);
	exit(1);
}

static void put(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t put_now = send(fd, text, n, MSG_NOSIGNAL);

		if (put_now < 0 && errno != EAGAIN)
			die("a connection broke");
		if (put_now > 0) {
			text += put_now;
			n -= (size_t)put_now;
		}
	}
}

static struct conn *conn_open(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)load.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct conn *c = &load.conns[load.n++];
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof(at)))
		die("cannot connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &ev);
	return c;
}

static void post(struct conn *c, const char *text)
{
	char request[1024];
	int n = snprintf(request, sizeof(request),
			 "POST /api/v1/topics/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
			 "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
			 load.topic, load.key, strlen(text), text);

	c->n = 0;
	c->sent_us = now_us();
	put(c->fd, request, (size_t)n);
}

static void sample(i64 us)
{
	if (load.n_samples < SAMPLES_MAX)
		load.samples[load.n_samples++] = us;
}

/* True when a whole answer is there: head, and as much as it says. */
static bool answered(struct conn *c)
{
	const char *body, *length;
	ssize_t n = recv(c->fd, c->input + c->n, sizeof(c->input) - 1 - c->n, 0);

	if (n <= 0)
		die("the broker closed a connection");
	c->n += (size_t)n;
	c->input[c->n] = 0;
	body = strstr(c->input, "\r\n\r\n");
	length = strstr(c->input, "Content-Length: ");
	if (!body || !length || c->n < (size_t)(body + 4 - c->input) + strtoul(length + 16, NULL, 10))
		return false;
	load.bad += strncmp(c->input, "HTTP/1.1 200", 12) != 0;
	return true;
}

static int by_size(const void *a, const void *b)
{
	i64 x = *(const i64 *)a, y = *(const i64 *)b;

	return x < y ? -1 : x > y;
}

static double at_percent(double percent)
{
	size_t i = (size_t)((double)load.n_samples * percent / 100);

	return load.n_samples ? (double)load.samples[MIN(i, load.n_samples - 1)] / 1000 : 0;
}

static void report(const char *what)
{
	qsort(load.samples, load.n_samples, sizeof(*load.samples), by_size);
	printf("%s: p50 %.2f ms, p99 %.2f ms, max %.2f ms of %zu\n", what, at_percent(50), at_percent(99),
	       at_percent(100), load.n_samples);
}

static void run_posts(size_t conns, i64 seconds)
{
	struct epoll_event events[EVENTS];
	i64 start, end;
	size_t posted = 0;

	for (size_t i = 0; i < conns; i++)
		conn_open();
	start = now_us();
	end = start + seconds * 1000000;
	for (size_t i = 0; i < conns; i++)
		post(&load.conns[i], "a post of some forty characters, or so, of text");
	for (size_t open = conns; open;) {
		int n = epoll_wait(load.epoll, events, EVENTS, WAIT_MS);

		if (n <= 0)
			die("no answer");
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (!answered(c))
				continue;
			posted++;
			sample(now_us() - c->sent_us);
			if (now_us() < end)
				post(c, "a post of some forty characters, or so, of text");
			else
				open--;
		}
	}
	printf("posts: %.0f a second over %zu connections, %zu refused\n",
	       (double)posted / ((double)(now_us() - start) / 1e6), conns, load.bad);
	report("post to answer");
}

/* Counts what begins an event; a piece may end in the middle of one. */
static void hear(struct conn *c)
{
	static char chunk[INPUT_MAX];
	size_t kept = c->n;
	ssize_t n;
	char *at;

	memcpy(chunk, c->input, kept);
	n = recv(c->fd, chunk + kept, sizeof(chunk) - 1 - kept, 0);
	if (n <= 0)
		die("the broker ended a stream");
	n += (ssize_t)kept;
	chunk[n] = 0;
	for (at = chunk; (at = strstr(at, "event: ")); at += 7) {
		c->ready = c->ready || strncmp(at + 7, "ready", 5) == 0;
		if (strncmp(at + 7, "message", 7) == 0)
			c->events++;
		if (strlen(at) < 16)
			break;
	}
	c->n = at ? strlen(at) : 0;
	if (at && strncmp(at + 7, "message", 7) == 0)
		c->n = 0;
	memcpy(c->input, at ? at : "", c->n);
}

static void hear_all(size_t readers, size_t events, bool posting)
{
	struct epoll_event ready[EVENTS];
	size_t done = 0;

	for (;;) {
		int n;

		done = 0;
		for (size_t i = 0; i < readers; i++)
			done += load.conns[i].ready && load.conns[i].events >= events;
		if (done == readers)
			return;
		n = epoll_wait(load.epoll, ready, EVENTS, WAIT_MS);
		if (n <= 0)
			die("a reader heard nothing");
		for (int i = 0; i < n; i++) {
			struct conn *c = ready[i].data.ptr;

			if (c == &load.conns[readers])
				load.bad += posting && !answered(c) && c->n > sizeof(c->input) - 64;
			else
				hear(c);
		}
	}
}

static void run_readers(size_t readers, size_t posts)
{
	char request[512];

	for (size_t i = 0; i < readers; i++) {
		struct conn *c = conn_open();
		int n = snprintf(request, sizeof(request),
				 "GET /api/v1/topics/%s/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
				 load.topic, load.key);

		put(c->fd, request, (size_t)n);
	}
	conn_open();
	hear_all(readers, 0, false);
	for (size_t i = 1; i <= posts; i++) {
		i64 start = now_us();

		post(&load.conns[readers], "a post that a thousand hear of");
		hear_all(readers, i, true);
		sample(now_us() - start);
	}
	report("post to the last of the readers");
}

int main(int argc, char *argv[])
{
	struct rlimit files = { CONNS_MAX + 64, CONNS_MAX + 64 };
	size_t many;

	if (argc != 7)
		die("usage: claudemesh-bench-rest PORT KEY TOPIC posts|readers MANY SECONDS|POSTS");
	setrlimit(RLIMIT_NOFILE, &files);
	load.port = (int)strtol(argv[1], NULL, 10);
	load.key = argv[2];
	load.topic = argv[3];
	many = (size_t)strtoul(argv[5], NULL, 10);
	if (!many || many >= CONNS_MAX)
		die("too many connections");
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.samples = calloc(SAMPLES_MAX, sizeof(*load.samples));
	if (!load.samples || load.epoll < 0)
		die("out of memory");
	if (strcmp(argv[4], "posts") == 0)
		run_posts(many, strtol(argv[6], NULL, 10));
	else
		run_readers(many, (size_t)strtoul(argv[6], NULL, 10));
	free(load.samples);
	return load.bad ? 1 : 0;
}
