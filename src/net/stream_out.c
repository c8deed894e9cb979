#include "net/stream.h"

#include "net/loop_uv.h"
#include "net/stream_uv.h"

enum { WRITE_PARTS_MAX = 64 };

_Static_assert(sizeof(struct iovec) == sizeof(uv_buf_t), "libuv's buffers are iovecs on Unix");

void stream_drop_output(struct stream *s)
{
	outq_clear(&s->plain);
	if (!s->writing)
		outq_clear(&s->out);
}

/* The owner may have pending input to read, so a failed write alone does not end the stream.
 * The end comes behind that input, also if the kernel has not seen the peer go: nobody waits
 * for what is not written any more. */
static void write_failed(struct stream *s)
{
	uv_os_fd_t fd;

	s->deaf = true;
	stream_drop_output(s);
	if (s->state == STREAM_CLOSING)
		stream_destroy(s);
	else if (uv_fileno(&s->uv.handle, &fd) == 0)
		shutdown(fd, SHUT_RDWR);
}

static void account(struct stream *s, size_t n)
{
	outq_drop(&s->out, n);
	if (!s->tls) {
		s->written += n;
	} else if (!s->out.len) {
		s->written += s->batch;
		s->batch = 0;
	}
}

/* TLS: makes more cipher text when the last is gone. */
static void encrypt(struct stream *s)
{
	if (!s->tls || !s->shaken || s->out.len || s->deaf)
		return;
	if (s->plain.len && tls_session_write(s->tls, &s->plain, &s->batch) == TLS_FAILED) {
		s->batch = 0;
		write_failed(s);
		return;
	}
	if (s->state == STREAM_CLOSING && !s->plain.len && !s->goodbye) {
		s->goodbye = true;
		tls_session_goodbye(s->tls);
	}
}

static void on_written(uv_write_t *w, int status)
{
	struct stream *s = w->data;
	u64 before = s->written;

	s->writing = false;
	if (s->state == STREAM_CLOSED)
		return;
	if (s->state == STREAM_ENDED) {
		stream_drop_output(s);
		return;
	}
	if (status < 0) {
		write_failed(s);
		return;
	}
	account(s, s->write_len);
	stream_flush(s);
	/* stream_flush() tells of its own progress only. */
	if (s->state == STREAM_OPEN && s->written != before && s->handler->on_written)
		s->handler->on_written(s->arg, s->written);
}

static union stream_request *request(struct stream *s)
{
	if (!s->request)
		s->request = calloc(1, sizeof(*s->request));
	if (!s->request)
		abort();
	return s->request;
}

/* Hands the kernel what it takes. False when it takes no more now. */
static bool write_some(struct stream *s)
{
	uv_buf_t bufs[WRITE_PARTS_MAX];
	unsigned n = (unsigned)outq_peek(&s->out, (struct iovec *)bufs, WRITE_PARTS_MAX);
	int rc = uv_try_write(&s->uv.stream, bufs, n);

	if (rc > 0) {
		account(s, (size_t)rc);
		return true;
	}
	if (rc != UV_EAGAIN && rc != 0) {
		write_failed(s);
		return false;
	}
	s->write_len = 0;
	for (unsigned i = 0; i < n; i++)
		s->write_len += bufs[i].len;
	request(s)->write.data = s;
	if (uv_write(&s->request->write, &s->uv.stream, bufs, n, on_written) < 0) {
		write_failed(s);
		return false;
	}
	s->writing = true;
	return false;
}

void stream_set_unsent(struct stream *s, bool unsent)
{
	if (s->unsent == unsent)
		return;
	s->unsent = unsent;
	s->loop->n_unsent = unsent ? s->loop->n_unsent + 1 : s->loop->n_unsent - 1;
}

static void on_shutdown(uv_shutdown_t *req, int status) {}

/* Everything is written: closes our side, then waits for the peer to close its own. */
static void closing_step(struct stream *s)
{
	if (s->writing || s->out.len || s->plain.len)
		return;
	stream_set_unsent(s, false);
	if (s->eof || s->deaf) {
		stream_destroy(s);
		return;
	}
	if (s->shut)
		return;
	s->shut = true;
	if (uv_shutdown(&request(s)->shutdown, &s->uv.stream, on_shutdown) < 0)
		stream_destroy(s);
}

void stream_flush(void *arg)
{
	struct stream *s = arg;
	u64 before = s->written;

	if (s->state != STREAM_OPEN && s->state != STREAM_CLOSING)
		return;
	do
		encrypt(s);
	while (!s->writing && s->out.len && write_some(s));
	if (s->state == STREAM_CLOSING) {
		if (s->written != before)
			loop_timer_set(s->linger, STREAM_LINGER_MS);
		closing_step(s);
	} else if (s->state == STREAM_OPEN && s->written != before && s->handler->on_written) {
		s->handler->on_written(s->arg, s->written);
	}
}

/* The next n bytes may be queued; otherwise they are dropped, and the stream ends if they are too
 * many. They count as sent in any case, so that nobody takes them for written. */
static bool admit(struct stream *s, size_t n)
{
	size_t waiting = stream_waiting(s);

	s->sent += n;
	if (s->deaf || (s->state != STREAM_OPEN && s->state != STREAM_NEW))
		return false;
	if (waiting && (waiting > s->out_max || n > s->out_max - waiting)) {
		stream_fail(s, STREAM_SLOW, "the peer does not read what it is sent");
		return false;
	}
	loop_at_turn_end(s->loop, &s->flush);
	return true;
}

static void put(struct stream *s, str bytes)
{
	outq_add(s->tls ? &s->plain : &s->out, bytes);
}

void stream_send_pair(struct stream *s, str head, str body)
{
	if (!admit(s, head.len + body.len))
		return;
	put(s, head);
	put(s, body);
}

void stream_send_pair_block(struct stream *s, str head, struct block *body)
{
	if (body->len <= STREAM_COPY_MAX) {
		stream_send_pair(s, head, block_str(body));
		return;
	}
	if (!admit(s, head.len + body->len))
		return;
	put(s, head);
	outq_add_block(s->tls ? &s->plain : &s->out, body);
}

void stream_send(struct stream *s, str bytes)
{
	stream_send_pair(s, STR_NONE, bytes);
}

void stream_send_block(struct stream *s, struct block *b)
{
	stream_send_pair_block(s, STR_NONE, b);
}

size_t stream_waiting(const struct stream *s)
{
	return (size_t)(s->sent - s->written);
}

size_t stream_room(const struct stream *s)
{
	size_t waiting = stream_waiting(s);

	return waiting < s->out_max ? s->out_max - waiting : 0;
}

u64 stream_sent_total(const struct stream *s)
{
	return s->sent;
}

u64 stream_written_total(const struct stream *s)
{
	return s->written;
}
