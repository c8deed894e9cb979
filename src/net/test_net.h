/*
 * test_net.h - for src/net's tests only: turning a loop until something happened, and a plain
 * peer that sends bytes and keeps what comes back.
 */
#ifndef NET_TEST_NET_H
#define NET_TEST_NET_H

#include "base/test.h"

#include "base/buf.h"
#include "net/dial.h"
#include "net/loop.h"

enum { TEST_PATIENCE_MS = 10000 };

/* Turns the loop until the condition holds; fails the test after TEST_PATIENCE_MS. */
#define UNTIL(l, cond) \
	do { \
		i64 until_ = loop_now_ms(l) + TEST_PATIENCE_MS; \
		while (!(cond)) { \
			if (loop_now_ms(l) > until_) \
				fail_msg("waited in vain for %s", #cond); \
			loop_turn(l, 50); \
		} \
	} while (0)

struct peer {
	struct loop *loop;
	struct stream *s;
	struct buf in;
	u64 got, written;             /* bytes; also counted when not kept */
	bool forget, failed, ended;
	enum stream_end why;
	char text[256];
};

static void peer_data(void *arg, char *data, size_t len)
{
	struct peer *p = arg;

	p->got += len;
	if (!p->forget)
		buf_add(&p->in, str_of(data, len));
}

static void peer_written(void *arg, u64 total)
{
	((struct peer *)arg)->written = total;
}

static void peer_end(void *arg, enum stream_end why, const char *text)
{
	struct peer *p = arg;

	p->ended = true;
	p->why = why;
	snprintf(p->text, sizeof(p->text), "%s", text);
}

static const struct stream_handler peer_handler = {
	.on_data = peer_data, .on_written = peer_written, .on_end = peer_end,
};

static void peer_dialled(void *arg, struct stream *s, const struct err *e)
{
	struct peer *p = arg;

	p->s = s;
	p->failed = e != NULL;
	if (e)
		snprintf(p->text, sizeof(p->text), "%.*s", STRF(e->text));
	else
		stream_start(s, &peer_handler, p, 64 * 1024 * 1024);
}

static inline void peer_dial(struct peer *p, struct loop *l, const struct dial_to *to)
{
	*p = (struct peer){ .loop = l, .in = buf_make(64 * 1024 * 1024) };
	dial_start(l, to, peer_dialled, p);
	UNTIL(l, p->s || p->failed);
}

static inline void peer_connect(struct peer *p, struct loop *l, int port)
{
	struct dial_to to = { .host = S("127.0.0.1"), .port = port, .deadline_ms = 5000 };

	peer_dial(p, l, &to);
	assert_non_null(p->s);
}

static inline void peer_done(struct peer *p)
{
	if (p->s)
		stream_abort(p->s);
	p->s = NULL;
	buf_done(&p->in);
}

#define peer_send(p, text) stream_send((p)->s, S(text))

/* Waits until exactly these bytes have come, and forgets them. */
static inline void peer_expect(struct peer *p, str want)
{
	UNTIL(p->loop, p->in.len >= want.len || p->ended);
	assert_str(str_of(p->in.ptr, MIN(want.len, p->in.len)), want);
	buf_consume(&p->in, want.len);
}

#endif
