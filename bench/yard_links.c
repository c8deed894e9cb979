#include "bench/yard.h"
#include "bench/yardstick.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/ws_handshake.h"

enum { EVENTS_MAX = 1024, READ_BYTES = 1 << 16 };

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "yardstick: %s failed: %s\n", what, strerror(errno));
	_exit(1);
}

/* Output. */

static void mark_dirty(struct yard_link *l)
{
	struct yard *y = l->yard;

	if (l->is_dirty)
		return;
	l->is_dirty = true;
	l->next_dirty = y->dirty;
	y->dirty = l;
}

void yard_send_raw(struct yard_link *l, str bytes)
{
	buf_add(&l->out, bytes);
	mark_dirty(l);
}

void yard_send(struct yard_link *l, str payload)
{
	if (ws_write(&l->out, WS_OP_TEXT, payload, NULL))
		mark_dirty(l);
}

static void watch(struct yard_link *l, int op, u32 events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };

	if (epoll_ctl(l->yard->epoll, op, l->fd, &ev) != 0)
		fail("epoll_ctl");
}

static void flush_one(struct yard_link *l)
{
	ssize_t n;

	if (l->is_dead || !l->out.len)
		return;
	n = send(l->fd, l->out.ptr, l->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		buf_consume(&l->out, (size_t)n);
	if (n < 0 && errno != EAGAIN)
		l->is_dead = true;
	if (l->is_full != (l->out.len > 0)) {
		l->is_full = l->out.len > 0;
		watch(l, EPOLL_CTL_MOD, EPOLLIN | (l->is_full ? (u32)EPOLLOUT : 0));
	}
}

static void flush(struct yard *y)
{
	while (y->dirty) {
		struct yard_link *l = y->dirty;

		y->dirty = l->next_dirty;
		l->is_dirty = false;
		flush_one(l);
	}
}

/* Input. */

static bool on_event(void *arg, const struct ws_event *ev)
{
	struct yard_link *l = arg;

	if (ev->kind == WS_EVENT_MESSAGE)
		yard_take(l, ev->data);
	else if (ev->kind == WS_EVENT_CLOSE || ev->kind == WS_EVENT_FAIL)
		l->is_dead = true;
	return !l->is_dead;
}

/* A request that is no upgrade ends the connection: nobody else comes here. */
static void upgrade(struct yard_link *l, str bytes)
{
	struct http_head h = { 0 };
	const char *why;

	buf_add(&l->head, bytes);
	switch (http_parse_request(&h, buf_str(&l->head))) {
	case HTTP_NEED_MORE: return;
	case HTTP_COMPLETE: break;
	default: l->is_dead = true; return;
	}
	if (ws_check_request(&h, S("/ws"), &why) != 101 || !ws_write_accept(&l->out, &h, NULL, 0)) {
		l->is_dead = true;
		return;
	}
	mark_dirty(l);
	l->is_open = true;
	if (h.length < l->head.len)
		ws_feed(&l->ws, l->head.ptr + h.length, l->head.len - h.length, on_event, l);
	buf_done(&l->head);
}

static void on_input(struct yard_link *l)
{
	static char bytes[READ_BYTES];
	ssize_t n = recv(l->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		l->is_dead = true;
	else if (l->is_open)
		ws_feed(&l->ws, bytes, (size_t)n, on_event, l);
	else
		upgrade(l, str_of(bytes, (size_t)n));
}

static void on_connection(struct yard *y)
{
	int one = 1, fd;

	while ((fd = accept4(y->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct yard_link *l = calloc(1, sizeof(*l));

		if (!l)
			abort();
		*l = (struct yard_link){ .fd = fd, .yard = y, .next = y->links };
		l->head = buf_make(HTTP_HEAD_MAX);
		l->out = buf_make(YARD_OUT_MAX);
		ws_init(&l->ws, false, YARD_FRAME_MAX);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (y->links)
			y->links->prev = l;
		y->links = l;
		watch(l, EPOLL_CTL_ADD, EPOLLIN);
	}
}

/* After a turn nothing points to a link any more but the list. */
static void bury(struct yard *y)
{
	for (struct yard_link *l = y->links, *next; l; l = next) {
		next = l->next;
		if (!l->is_dead)
			continue;
		*(l->prev ? &l->prev->next : &y->links) = next;
		if (next)
			next->prev = l->prev;
		yard_leave(l);
		close(l->fd);
		ws_done(&l->ws);
		buf_done(&l->head);
		buf_done(&l->out);
		free(l);
	}
}

/* What needs no sync is written all the same, and goes to disk with the next that does. */
static void write_log(struct yard *y)
{
	size_t done = 0;

	if (y->batch.full || y->batch.len > YARDSTICK_LOG_BYTES)
		fail("holding a batch");
	if (y->log_at + y->batch.len > YARDSTICK_LOG_BYTES)
		y->log_at = 0;
	while (done < y->batch.len) {
		ssize_t n = pwrite(y->log, y->batch.ptr + done, y->batch.len - done,
				   (off_t)(y->log_at + done));

		if (n <= 0)
			fail("writing the log");
		done += (size_t)n;
	}
	y->log_at += done;
	if (y->must_sync && fdatasync(y->log) != 0)
		fail("fdatasync");
}

void yard_serve(int listener, int log)
{
	struct yard y = { .listener = listener, .log = log };
	struct epoll_event events[EVENTS_MAX], ev = { .events = EPOLLIN, .data.ptr = NULL };

	y.batch = buf_make(YARD_BATCH_MAX);
	y.frame = buf_make(2 * YARD_FRAME_MAX);
	y.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (y.epoll < 0 || epoll_ctl(y.epoll, EPOLL_CTL_ADD, listener, &ev) != 0)
		fail("epoll");
	for (;;) {
		int n = epoll_wait(y.epoll, events, EVENTS_MAX, -1);
		bool any_dead = false;

		if (n < 0 && errno != EINTR)
			fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct yard_link *l = events[i].data.ptr;

			if (!l) {
				on_connection(&y);
				continue;
			}
			if (events[i].events & EPOLLOUT)
				mark_dirty(l);
			if (events[i].events & ~(u32)EPOLLOUT)
				on_input(l);
			any_dead = any_dead || l->is_dead;
		}
		write_log(&y);
		yard_post(&y);
		flush(&y);
		if (any_dead)
			bury(&y);
	}
}
