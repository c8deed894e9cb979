#include "conv/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "net/ws_handshake.h"

enum { READ_BYTES = 64 * 1024 };

i64 wire_now_ms(void)
{
	return clock_mono_ms(&clock_real);
}

static void close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static struct err *wait_fd(struct arena *a, int fd, short events, i64 deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	i64 left = deadline_ms - wire_now_ms();

	if (left > 0 && poll(&p, 1, (int)left) > 0)
		return NULL;
	return FAIL(a, TIMEOUT, "the broker did not %s in time", events == POLLIN ? "answer" : "read");
}

static struct err *connect_unix(struct arena *a, str path, int *ret_fd)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (path.len >= sizeof(to.sun_path))
		return FAIL(a, BAD_REQUEST, "too long for a socket: '%.*s'", STRF(path));
	memcpy(to.sun_path, path.ptr, path.len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FAIL(a, NETWORK, "no socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return FAIL(a, NETWORK, "connect to '%.*s' failed: %s", STRF(path), strerror(errno));
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	*ret_fd = fd;
	return NULL;
}

/* from: an address of this machine, empty for the usual one; or the path of the broker's socket. */
static struct err *connect_from(struct arena *a, str from, int port, int *ret_fd)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1, fd;

	if (str_starts(from, S("/")))
		return connect_unix(a, from, ret_fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FAIL(a, NETWORK, "no socket: %s", strerror(errno));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (from.len && (inet_pton(AF_INET, arena_cstr(a, from), &here.sin_addr) != 1 ||
			 bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)) {
		close(fd);
		return FAIL(a, BAD_REQUEST, "cannot connect from '%.*s'", STRF(from));
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return FAIL(a, NETWORK, "connect to port %d failed: %s", port, strerror(errno));
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	*ret_fd = fd;
	return NULL;
}

struct err *wire_connect(struct arena *a, int port, int *ret_fd)
{
	return connect_from(a, STR_NONE, port, ret_fd);
}

static struct err *write_all(struct arena *a, int fd, str bytes)
{
	i64 deadline = wire_now_ms() + WIRE_DEADLINE_MS;

	while (bytes.len) {
		ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (n > 0)
			bytes = str_skip(bytes, (size_t)n);
		else if (errno == EAGAIN)
			TRY(wait_fd(a, fd, POLLOUT, deadline));
		else
			return FAIL(a, NETWORK, "send failed: %s", strerror(errno));
	}
	return NULL;
}

/* Reads once; *ret_n is 0 at the end of the connection. */
static struct err *read_some(struct arena *a, int fd, i64 deadline_ms, struct buf *in, size_t *ret_n)
{
	for (;;) {
		char *room = buf_room(in, READ_BYTES);
		ssize_t n;

		if (!room)
			return FAIL(a, TOO_LARGE, "the answer is over %zu bytes", in->max);
		n = recv(fd, room, READ_BYTES, 0);
		if (n >= 0 || errno == ECONNRESET) {
			*ret_n = (size_t)MAX(n, 0);
			in->len += *ret_n;
			return NULL;
		}
		if (errno != EAGAIN)
			return FAIL(a, NETWORK, "read failed: %s", strerror(errno));
		TRY(wait_fd(a, fd, POLLIN, deadline_ms));
	}
}

static struct err *read_head(struct arena *a, int fd, str method, struct buf *in, struct http_head *head)
{
	i64 deadline = wire_now_ms() + WIRE_DEADLINE_MS;
	size_t n = 1;

	for (;;) {
		enum http_result r = http_parse_response(head, buf_str(in), method);

		if (r == HTTP_COMPLETE)
			return NULL;
		if (r == HTTP_BAD)
			return FAIL(a, BAD_REQUEST, "the broker's answer is no HTTP: %s", head->error);
		if (n == 0)
			return FAIL(a, NETWORK, "the broker closed the connection before its answer");
		TRY(read_some(a, fd, deadline, in, &n));
	}
}

static struct err *read_body(struct arena *a, int fd, struct buf *in, const struct http_head *head,
			     str *ret_body)
{
	i64 deadline = wire_now_ms() + WIRE_DEADLINE_MS;
	struct http_body body;
	CLEANUP(buf_done) struct buf out = buf_make(WIRE_MESSAGE_MAX);
	enum http_result r = http_body_init(&body, head, WIRE_MESSAGE_MAX);

	buf_consume(in, head->length);
	while (r == HTTP_NEED_MORE) {
		str rest = buf_str(in);
		size_t n;

		r = http_body_read(&body, &rest, &out);
		buf_consume(in, in->len - rest.len);
		if (r != HTTP_NEED_MORE)
			break;
		TRY(read_some(a, fd, deadline, in, &n));
		if (n == 0)
			r = http_body_eof(&body);
	}
	if (r == HTTP_BAD)
		return FAIL(a, BAD_REQUEST, "the broker's answer is cut off: %s", body.error);
	*ret_body = arena_dup(a, buf_str(&out));
	return NULL;
}

static bool has_header(const str *headers, size_t n, str prefix)
{
	for (size_t i = 0; i < n; i++)
		if (headers[i].len >= prefix.len &&
		    str_eq_nocase(str_of(headers[i].ptr, prefix.len), prefix))
			return true;
	return false;
}

static void write_head(struct buf *out, int port, str method, str path, const str *headers, size_t n)
{
	buf_printf(out, "%.*s %.*s HTTP/1.1\r\n", STRF(method), STRF(path));
	if (!has_header(headers, n, S("Host:")))
		buf_printf(out, "Host: 127.0.0.1:%d\r\n", port);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%.*s\r\n", STRF(headers[i]));
}

struct err *wire_http(struct arena *a, int port, str method, str path, const str *headers, size_t n,
		      str body, struct http_result_text *ret)
{
	return wire_http_from(a, STR_NONE, port, method, path, headers, n, body, ret);
}

struct err *wire_http_from(struct arena *a, str from, int port, str method, str path,
			   const str *headers, size_t n, str body, struct http_result_text *ret)
{
	CLEANUP(arena_freep) struct arena *io = arena_new();
	CLEANUP(buf_done) struct buf out = buf_make(WIRE_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf in = buf_make(WIRE_MESSAGE_MAX);
	struct http_head head = { 0 };
	int fd;

	TRY(connect_from(a, from, port, &fd));
	arena_defer(io, close_fd, (void *)(intptr_t)fd);
	write_head(&out, port, method, path, headers, n);
	if (body.ptr && !has_header(headers, n, S("Content-Type:")))
		buf_add(&out, S("Content-Type: application/json\r\n"));
	if (body.ptr)
		buf_printf(&out, "Content-Length: %zu\r\n", body.len);
	buf_add(&out, S("Connection: close\r\n\r\n"));
	buf_add(&out, body);
	TRY(write_all(a, fd, buf_str(&out)));
	TRY(read_head(a, fd, method, &in, &head));
	ret->status = head.status;
	return read_body(a, fd, &in, &head, &ret->body);
}

struct err *wire_raw(struct arena *a, int port, str bytes, str *ret_answer)
{
	CLEANUP(arena_freep) struct arena *io = arena_new();
	CLEANUP(buf_done) struct buf in = buf_make(WIRE_MESSAGE_MAX);
	i64 deadline = wire_now_ms() + WIRE_DEADLINE_MS;
	size_t n = 1;
	int fd;

	TRY(wire_connect(a, port, &fd));
	arena_defer(io, close_fd, (void *)(intptr_t)fd);
	/* A broker that has seen enough need not take the rest. */
	(void)!write_all(io, fd, bytes);
	while (n)
		TRY(read_some(a, fd, deadline, &in, &n));
	*ret_answer = arena_dup(a, buf_str(&in));
	return NULL;
}

/* Adds what arrived to the end of the list. */
static void frame_add(struct wire *w, str text)
{
	struct frame *f = NEW(w->arena, struct frame), **at = &w->frames;

	f->text = arena_dup(w->arena, text);
	if (json_parse(w->arena, f->text, &f->json))
		f->json = NULL;
	while (*at)
		at = &(*at)->next;
	*at = f;
}

static void write_control(struct wire *w, enum ws_opcode op, str data, int code)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf out = buf_make(WS_HEADER_MAX + WS_CONTROL_MAX);
	u8 mask[4];
	bool ok;

	random_fill(&random_system, mask, sizeof(mask));
	if (op == WS_OP_CLOSE)
		ok = ws_close(&w->ws, &out, code, data, mask);
	else
		ok = ws_write(&out, op, data, mask);
	/* The broker may have closed its end already. */
	if (ok && write_all(a, w->fd, buf_str(&out)))
		return;
}

static bool on_event(void *arg, const struct ws_event *ev)
{
	struct wire *w = arg;

	switch (ev->kind) {
	case WS_EVENT_MESSAGE:
		frame_add(w, ev->data);
		break;
	case WS_EVENT_PING:
		write_control(w, WS_OP_PONG, ev->data, 0);
		break;
	case WS_EVENT_PONG:
		break;
	case WS_EVENT_CLOSE:
	case WS_EVENT_FAIL:
		w->close_code = ev->code;
		w->close_reason = arena_dup(w->arena, ev->data);
		write_control(w, WS_OP_CLOSE, STR_NONE, ev->code);
		break;
	}
	return true;
}

static void feed(struct wire *w, struct buf *in)
{
	while (in->len) {
		size_t used = ws_feed(&w->ws, in->ptr, in->len, on_event, w);

		buf_consume(in, used);
		if (!used)
			return;
	}
}

struct err *wire_open(struct arena *a, int port, const str *headers, size_t n, struct wire *w,
		      int *ret_status)
{
	CLEANUP(buf_done) struct buf out = buf_make(HTTP_HEAD_MAX);
	CLEANUP(buf_done) struct buf in = buf_make(WIRE_MESSAGE_MAX);
	struct http_head head = { 0 };
	char key[WS_KEY_LEN];
	u8 seed[16];

	wire_drop(w);
	*w = (struct wire){ .arena = a, .fd = -1, .close_code = WS_ABNORMAL };
	TRY(wire_connect(a, port, &w->fd));
	random_fill(&random_system, seed, sizeof(seed));
	ws_make_key(seed, key);
	write_head(&out, port, S("GET"), S("/ws"), headers, n);
	buf_printf(&out, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
			 "Sec-WebSocket-Key: %.*s\r\n\r\n", WS_KEY_LEN, key);
	TRY(write_all(a, w->fd, buf_str(&out)));
	TRY(read_head(a, w->fd, S("GET"), &in, &head));
	*ret_status = head.status;
	if (head.status != 101) {
		wire_drop(w);
		return NULL;
	}
	TRY(ws_check_response(a, &head, str_of(key, WS_KEY_LEN)));
	w->challenge = arena_dup(a, http_header_get(&head, S("Claudemesh-Challenge")));
	ws_init(&w->ws, true, WIRE_MESSAGE_MAX);
	buf_consume(&in, head.length);
	feed(w, &in);
	return NULL;
}

struct err *wire_send(struct arena *a, struct wire *w, str text)
{
	CLEANUP(buf_done) struct buf out = buf_make(WIRE_MESSAGE_MAX);
	u8 mask[4];

	random_fill(&random_system, mask, sizeof(mask));
	if (!ws_write(&out, WS_OP_TEXT, text, mask))
		return FAIL(a, TOO_LARGE, "a frame over %d bytes", WIRE_MESSAGE_MAX);
	return wire_send_bytes(a, w, buf_str(&out));
}

struct err *wire_send_bytes(struct arena *a, struct wire *w, str bytes)
{
	if (w->fd < 0)
		return FAIL(a, CONFLICT, "it is not connected");
	return write_all(a, w->fd, bytes);
}

struct err *wire_send_close(struct arena *a, struct wire *w, int code)
{
	if (w->fd < 0)
		return FAIL(a, CONFLICT, "it is not connected");
	write_control(w, WS_OP_CLOSE, STR_NONE, code);
	return NULL;
}

void wire_drop(struct wire *w)
{
	if (w->arena && w->fd >= 0) {
		close(w->fd);
		w->fd = -1;
		w->closed = true;
		ws_done(&w->ws);
	}
}

static struct err *read_wire(struct arena *a, struct wire *w)
{
	CLEANUP(buf_done) struct buf in = buf_make(WIRE_MESSAGE_MAX);
	size_t n;

	TRY(read_some(a, w->fd, wire_now_ms(), &in, &n));
	if (n == 0)
		wire_drop(w);
	else
		feed(w, &in);
	return NULL;
}

struct err *wire_wait(struct arena *a, struct wire **all, size_t n, i64 wait_ms)
{
	struct pollfd polls[WIRE_CONNS_MAX];

	for (size_t i = 0; i < n; i++)
		polls[i] = (struct pollfd){ .fd = all[i]->fd, .events = POLLIN };
	if (poll(polls, n, (int)MAX(wait_ms, 0)) <= 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (polls[i].revents && all[i]->fd >= 0)
			TRY(read_wire(a, all[i]));
	return NULL;
}
