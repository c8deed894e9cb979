#include "net/stream.h"

#include <sys/socket.h>

#include "net/loop_uv.h"
#include "net/stream_uv.h"

enum { KEEPALIVE_S = 60 };

/* The end. */

static void on_closed(uv_handle_t *h)
{
	struct stream *s = h->data;

	outq_clear(&s->out);
	outq_clear(&s->plain);
	tls_session_free(s->tls);
	free(s->request);
	free(s->ends);
	free(s);
}

void stream_destroy(struct stream *s)
{
	if (s->state == STREAM_CLOSED)
		return;
	s->state = STREAM_CLOSED;
	stream_set_unsent(s, false);
	loop_task_cancel(&s->flush);
	loop_task_cancel(&s->pump);
	loop_task_cancel(&s->end);
	loop_orphan_remove(s->loop, &s->orphan);
	loop_timer_free(s->linger);
	uv_close(&s->uv.handle, on_closed);
}

static void end_run(void *arg)
{
	struct stream *s = arg;

	if (s->end_told)
		return;
	s->end_told = true;
	s->handler->on_end(s->arg, s->why, s->text);
}

static void tell_end(struct stream *s, enum stream_end why, const char *text)
{
	s->why = why;
	s->text = text;
	loop_at_turn_end(s->loop, &s->end);
}

static void read_stop(struct stream *s)
{
	if (s->reading)
		uv_read_stop(&s->uv.stream);
	s->reading = false;
}

void stream_fail(struct stream *s, enum stream_end why, const char *text)
{
	if (s->state == STREAM_CLOSING) {
		stream_destroy(s);
		return;
	}
	if (s->state != STREAM_OPEN)
		return;
	/* A TLS alert tells the peer what was wrong. STREAM_SLOW comes from inside a call of the
	 * owner, where nothing may be called back. */
	if (s->tls && !s->writing && why == STREAM_FAILED)
		stream_flush(s);
	if (s->state != STREAM_OPEN)
		return;
	s->state = STREAM_ENDED;
	read_stop(s);
	stream_drop_output(s);
	tell_end(s, why, text);
}

/* Input. */

static void on_peer_end(struct stream *s, enum stream_end why, const char *text)
{
	s->eof = true;
	read_stop(s);
	tell_end(s, why, text);
}

/* One step of TLS on what was received; false when there is nothing more to do for now. */
static bool pump_step(struct stream *s)
{
	size_t n = 0;
	enum tls_result r;

	if (!s->shaken) {
		r = tls_session_handshake(s->tls);
		if (r == TLS_OK) {
			s->shaken = true;
			if (s->handler->on_open)
				s->handler->on_open(s->arg);
			return true;
		}
	} else {
		r = tls_session_read(s->tls, s->loop->plain_buf, LOOP_READ_BYTES, &n);
		if (r == TLS_OK) {
			s->handler->on_data(s->arg, s->loop->plain_buf, n);
			return true;
		}
	}
	if (r == TLS_FAILED)
		stream_fail(s, STREAM_FAILED, tls_session_error(s->tls));
	else if (r == TLS_CLOSED)
		on_peer_end(s, STREAM_EOF, "the peer closed the connection");
	return false;
}

static void pump_run(void *arg)
{
	struct stream *s = arg;

	if (!s->loop->plain_buf) {
		s->loop->plain_buf = malloc(LOOP_READ_BYTES);
		if (!s->loop->plain_buf)
			abort();
	}
	while (s->state == STREAM_OPEN && !s->paused && !s->eof && pump_step(s))
		;
	if (s->state == STREAM_CLOSED)
		return;
	tls_session_keep(s->tls);
	loop_at_turn_end(s->loop, &s->flush);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct stream *s = h->data;

	*buf = uv_buf_init(s->loop->read_buf, LOOP_READ_BYTES);
}

static void read_ended(struct stream *s, int rc)
{
	if (rc != UV_EOF) {
		stream_fail(s, STREAM_FAILED, uv_strerror(rc));
		return;
	}
	if (s->state == STREAM_CLOSING) {
		s->eof = true;
		read_stop(s);
		loop_at_turn_end(s->loop, &s->flush);
		return;
	}
	if (s->tls)
		on_peer_end(s, STREAM_TRUNCATED, "the connection was cut off");
	else
		on_peer_end(s, STREAM_EOF, "the peer closed the connection");
}

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
	struct stream *s = uv->data;

	if (n < 0) {
		read_ended(s, (int)n);
		return;
	}
	if (n == 0 || s->state != STREAM_OPEN)
		return;
	if (!s->tls) {
		s->handler->on_data(s->arg, buf->base, (size_t)n);
		return;
	}
	tls_session_feed(s->tls, buf->base, (size_t)n);
	pump_run(s);
}

static void read_start(struct stream *s)
{
	if (s->reading || s->eof)
		return;
	if (uv_read_start(&s->uv.stream, on_alloc, on_read) == 0)
		s->reading = true;
}

/* Life. */

static void destroy_run(void *arg)
{
	stream_destroy(arg);
}

static struct stream *stream_new(struct loop *l)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->loop = l;
	s->flush = (struct loop_task){ .fn = stream_flush, .arg = s };
	s->pump = (struct loop_task){ .fn = pump_run, .arg = s };
	s->end = (struct loop_task){ .fn = end_run, .arg = s };
	s->orphan = (struct loop_task){ .fn = destroy_run, .arg = s };
	return s;
}

struct stream *stream_new_tcp(struct loop *l)
{
	struct stream *s = stream_new(l);

	uv_tcp_init(&l->uv, &s->uv.tcp);
	s->uv.handle.data = s;
	return s;
}

struct stream *stream_new_pipe(struct loop *l)
{
	struct stream *s = stream_new(l);

	uv_pipe_init(&l->uv, &s->uv.pipe, 0);
	s->uv.handle.data = s;
	return s;
}

/* Who is at the other end of a Unix socket, as the kernel saw it connect. */
static void learn_peer(struct stream *s)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	uv_os_fd_t fd;

	if (uv_fileno(&s->uv.handle, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return;
	s->ends->peer.uid = who.uid;
	s->ends->peer.pid = who.pid;
}

void stream_connected(struct stream *s)
{
	struct sockaddr_storage sa;
	int len = sizeof(sa);

	if (!s->ends)
		s->ends = calloc(1, sizeof(*s->ends));
	if (!s->ends)
		abort();
	if (s->uv.handle.type != UV_TCP) {
		s->ends->peer = s->ends->local =
			addr_from(&(struct sockaddr){ .sa_family = AF_UNIX });
		learn_peer(s);
		return;
	}
	uv_tcp_nodelay(&s->uv.tcp, 1);
	uv_tcp_keepalive(&s->uv.tcp, 1, KEEPALIVE_S);
	sa = (struct sockaddr_storage){ 0 };
	uv_tcp_getpeername(&s->uv.tcp, (struct sockaddr *)&sa, &len);
	s->ends->peer = addr_from((const struct sockaddr *)&sa);
	sa = (struct sockaddr_storage){ 0 };
	len = sizeof(sa);
	uv_tcp_getsockname(&s->uv.tcp, (struct sockaddr *)&sa, &len);
	s->ends->local = addr_from((const struct sockaddr *)&sa);
}

void stream_use_tls(struct stream *s, struct tls *t, const char *host)
{
	s->tls = tls_session_new(t, host, &s->out);
}

void stream_start(struct stream *s, const struct stream_handler *h, void *arg, size_t out_max)
{
	s->handler = h;
	s->arg = arg;
	s->out_max = out_max;
	if (s->state != STREAM_NEW)
		return;
	s->state = STREAM_OPEN;
	if (!s->paused)
		read_start(s);
	/* A client speaks first. */
	if (s->tls)
		loop_next_turn(s->loop, &s->pump);
}

void stream_pause(struct stream *s)
{
	s->paused = true;
	read_stop(s);
}

void stream_resume(struct stream *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	if (s->state != STREAM_OPEN)
		return;
	read_start(s);
	if (s->tls)
		loop_next_turn(s->loop, &s->pump);
}

bool stream_is_paused(const struct stream *s)
{
	return s->paused;
}

const struct addr *stream_peer(const struct stream *s)
{
	return &s->ends->peer;
}

const struct addr *stream_local(const struct stream *s)
{
	return &s->ends->local;
}

void stream_forget_ends(struct stream *s)
{
	free(s->ends);
	s->ends = NULL;
}

bool stream_is_tls(const struct stream *s)
{
	return s->tls != NULL;
}

void stream_close(struct stream *s)
{
	if (s->state != STREAM_OPEN || (s->tls && !s->shaken)) {
		stream_destroy(s);
		return;
	}
	s->state = STREAM_CLOSING;
	s->paused = false;
	loop_task_cancel(&s->pump);
	loop_task_cancel(&s->end);
	loop_orphan_add(s->loop, &s->orphan);
	stream_set_unsent(s, true);
	s->linger = loop_timer_new(s->loop, destroy_run, s);
	loop_timer_set(s->linger, STREAM_LINGER_MS);
	read_start(s);
	loop_at_turn_end(s->loop, &s->flush);
}

void stream_abort(struct stream *s)
{
	stream_destroy(s);
}
