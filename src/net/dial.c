#include "net/dial.h"

#include <sys/un.h>

#include "net/loop_uv.h"
#include "net/stream_uv.h"

enum { TRY_MIN_MS = 250 }; /* the least an address gets, however many there are */

struct dial {
	struct loop *loop;
	struct arena *arena;
	struct dial_to to;
	const char *host;
	dial_fn *on_done;
	void *arg;

	i64 until_ms;
	struct loop_timer *timer; /* of the whole, then of each address */
	struct loop_task start;
	uv_getaddrinfo_t lookup;
	uv_connect_t connect;
	bool looking, connecting; /* libuv holds our request */
	bool gone;                /* told or cancelled; freed when libuv lets go */
	struct addrinfo *addresses, *next;
	struct stream *s;
	struct addr now; /* what is being tried */
	struct err *err; /* of the last address, or of the last that spoke TLS */
	bool err_is_tls;
};

static void try_next(struct dial *d);

static void release(struct dial *d)
{
	if (d->looking || d->connecting)
		return;
	if (d->addresses)
		uv_freeaddrinfo(d->addresses);
	arena_free(d->arena);
	free(d);
}

static void drop_stream(struct dial *d)
{
	if (d->s)
		stream_abort(d->s);
	d->s = NULL;
}

void dial_cancel(struct dial *d)
{
	d->gone = true;
	loop_task_cancel(&d->start);
	loop_timer_free(d->timer);
	d->timer = NULL;
	drop_stream(d);
	release(d);
}

static void finish(struct dial *d, struct stream *s, const struct err *e)
{
	d->gone = true;
	loop_timer_free(d->timer);
	d->timer = NULL;
	d->s = NULL;
	d->on_done(d->arg, s, e);
	release(d);
}

/* "example.org (93.184.216.34:443)", "127.0.0.1:7900" */
static str where(struct dial *d)
{
	str addr;

	if (!str_empty(d->to.unix_path))
		return d->to.unix_path;
	addr = addr_str(d->arena, &d->now);
	if (str_eq(str_from(d->now.text), d->to.host))
		return addr;
	return arena_printf(d->arena, "%s (%.*s)", d->host, STRF(addr));
}

static void failed(struct dial *d, bool tls, const char *why)
{
	str at = where(d);

	drop_stream(d);
	/* "certificate has expired" says more than another address's "connection refused". */
	if (tls || !d->err_is_tls) {
		d->err = FAIL(d->arena, NETWORK, "%s %.*s failed: %s",
			      tls ? "TLS with" : "connect to", STRF(at), why);
		if (tls)
			err_word(d->err, S("tls"));
		else if (!str_empty(d->to.unix_path))
			err_word(d->err, S("unreachable"));
	}
	d->err_is_tls |= tls;
	try_next(d);
}

static void on_tls_open(void *arg)
{
	struct dial *d = arg;

	finish(d, d->s, NULL);
}

/* A server cannot speak before the handshake is done. */
static void on_tls_data(void *arg, char *data, size_t len) {}

static void on_tls_end(void *arg, enum stream_end why, const char *text)
{
	struct dial *d = arg;

	failed(d, true, text);
}

static const struct stream_handler tls_handler = {
	.on_open = on_tls_open,
	.on_data = on_tls_data,
	.on_end = on_tls_end,
};

static void on_connected(uv_connect_t *req, int status)
{
	struct dial *d = req->data;

	d->connecting = false;
	if (d->gone) {
		release(d);
		return;
	}
	/* The stream that this request was for has been given up; try_next() waited for it. */
	if (!d->s) {
		try_next(d);
		return;
	}
	if (status < 0) {
		failed(d, false, uv_strerror(status));
		return;
	}
	stream_connected(d->s);
	if (!d->to.tls) {
		finish(d, d->s, NULL);
		return;
	}
	stream_use_tls(d->s, d->to.tls, d->host);
	stream_start(d->s, &tls_handler, d, 0);
}

static void give_up(struct dial *d)
{
	if (!d->err)
		d->err = FAIL(d->arena, TIMEOUT, "connect to %s:%d failed: no answer in %lld ms",
			      d->host, d->to.port, (long long)d->to.deadline_ms);
	finish(d, NULL, d->err);
}

static void connect_unix(struct dial *d)
{
	/* libuv would cut it off. */
	if (d->to.unix_path.len >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		d->err = FAIL(d->arena, NETWORK,
			      "connect to %.*s failed: a socket's path has at most %zu bytes",
			      STRF(d->to.unix_path), sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
		err_word(d->err, S("unreachable"));
		give_up(d);
		return;
	}
	d->s = stream_new_pipe(d->loop);
	d->connect.data = d;
	d->connecting = true;
	uv_pipe_connect(&d->connect, &d->s->uv.pipe, arena_cstr(d->arena, d->to.unix_path),
			on_connected);
}

static void try_next(struct dial *d)
{
	struct addrinfo *ai = d->next;
	i64 left = d->until_ms - loop_now_ms(d->loop);
	i64 n = 0;
	int rc;

	if (d->connecting)
		return;
	for (struct addrinfo *p = ai; p; p = p->ai_next)
		n++;
	if (!ai || left <= 0) {
		give_up(d);
		return;
	}
	d->next = ai->ai_next;
	d->now = addr_from(ai->ai_addr);
	loop_timer_set(d->timer, MIN(left, MAX(left / n, TRY_MIN_MS)));
	d->s = stream_new_tcp(d->loop);
	d->connect.data = d;
	rc = uv_tcp_connect(&d->connect, &d->s->uv.tcp, ai->ai_addr, on_connected);
	if (rc < 0)
		failed(d, false, uv_strerror(rc));
	else
		d->connecting = true;
}

static void on_looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct dial *d = req->data;

	d->looking = false;
	d->loop->n_pool--;
	d->addresses = res;
	if (d->gone) {
		release(d);
		return;
	}
	if (status < 0) {
		bool unknown = status == UV_EAI_NONAME || status == UV_EAI_NODATA;

		finish(d, NULL,
		       FAIL(d->arena, NETWORK, "cannot find the host '%s': %s", d->host,
			    unknown ? "no such name" : uv_strerror(status)));
		return;
	}
	d->next = res;
	try_next(d);
}

static void look_up(struct dial *d)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	str service = arena_printf(d->arena, "%d", d->to.port);
	int rc;

	d->lookup.data = d;
	rc = uv_getaddrinfo(&d->loop->uv, &d->lookup, on_looked_up, d->host,
			    arena_cstr(d->arena, service), &hints);
	if (rc < 0) {
		finish(d, NULL,
		       FAIL(d->arena, NETWORK, "cannot find the host '%s': %s", d->host,
			    uv_strerror(rc)));
		return;
	}
	d->looking = true;
	d->loop->n_pool++;
}

/* Addresses need no resolver and no thread. */
static bool is_address(struct dial *d)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} *addr = (void *)NEW(d->arena, struct sockaddr_storage);

	if (uv_ip4_addr(d->host, d->to.port, &addr->v4) < 0 &&
	    uv_ip6_addr(d->host, d->to.port, &addr->v6) < 0)
		return false;
	d->next = NEW(d->arena, struct addrinfo);
	d->next->ai_addr = &addr->sa;
	return true;
}

static void start(void *arg)
{
	struct dial *d = arg;

	if (!str_empty(d->to.unix_path))
		connect_unix(d);
	else if (is_address(d))
		try_next(d);
	else
		look_up(d);
}

static void on_timer(void *arg)
{
	struct dial *d = arg;
	bool handshake = d->s && d->s->state == STREAM_OPEN;

	if (d->s)
		failed(d, handshake, "no answer in time");
	else
		give_up(d);
}

struct dial *dial_start(struct loop *l, const struct dial_to *to, dial_fn *on_done, void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->loop = l;
	d->arena = arena_new();
	d->to = *to;
	d->to.host = arena_dup(d->arena, to->host);
	d->to.unix_path = arena_dup(d->arena, to->unix_path);
	d->host = d->to.host.ptr ? d->to.host.ptr : "";
	d->on_done = on_done;
	d->arg = arg;
	d->timer = loop_timer_new(l, on_timer, d);
	loop_timer_set(d->timer, to->deadline_ms);
	d->until_ms = loop_now_ms(l) + to->deadline_ms;
	d->start = (struct loop_task){ .fn = start, .arg = d };
	loop_next_turn(l, &d->start);
	return d;
}
