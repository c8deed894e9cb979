/*
 * stream_uv.h - the inside of a stream, for the files that make streams: listener.c, dial.c.
 */
#ifndef NET_STREAM_UV_H
#define NET_STREAM_UV_H

#include <uv.h>

#include "net/outq.h"
#include "net/stream.h"
#include "net/tls_session.h"

enum stream_state {
	STREAM_NEW,           /* not connected, or without owner's handler */
	STREAM_OPEN,
	STREAM_ENDED,         /* failed; waits for its owner to close it */
	STREAM_CLOSING,       /* without owner: flushes, says goodbye */
	STREAM_CLOSED,        /* waits for libuv to let go of it */
};

struct stream_ends { struct addr peer, local; };

/* Nothing is written once our side is shut, so one at a time. */
union stream_request {
	uv_write_t write;
	uv_shutdown_t shutdown;
};

/* Small: a broker holds thousands that are idle. What only some need is allocated then. */
struct stream {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	struct loop *loop;
	enum stream_state state;
	const struct stream_handler *handler;
	void *arg;
	struct stream_ends *ends;     /* NULL: not known yet, or not asked for any more */

	bool paused, reading;
	bool eof;                     /* the peer sends no more */
	bool deaf;                    /* a write failed: output is dropped, input read to its end */
	bool shaken;                  /* TLS handshake done */
	bool goodbye;                 /* our TLS goodbye is queued */
	bool shut;                    /* our side of the socket is closed */
	bool end_told;
	bool unsent;                  /* counted in the loop's n_unsent */

	struct outq out;              /* to the kernel */
	union stream_request *request;/* made when the kernel does not take all at once */
	bool writing;
	size_t write_len;
	u64 sent, written;
	size_t out_max;

	struct tls_session *tls;      /* NULL: plain */
	struct outq plain;            /* TLS: not encrypted yet */
	size_t batch;                 /* TLS: plain bytes whose cipher text is in `out` */

	struct loop_task flush, pump, end, orphan;
	enum stream_end why;
	const char *text;             /* libuv's, the TLS session's, or a literal */
	struct loop_timer *linger;
};

struct stream *stream_new_tcp(struct loop *l);
struct stream *stream_new_pipe(struct loop *l);
/* The socket is connected: sets its options, learns its addresses. */
void stream_connected(struct stream *s);
/* Before stream_start(). host: NULL at a server. */
void stream_use_tls(struct stream *s, struct tls *t, const char *host);

/* Between stream.c and stream_out.c. */
void stream_fail(struct stream *s, enum stream_end why, const char *text);
void stream_destroy(struct stream *s);
void stream_flush(void *stream);              /* at the end of a turn */
void stream_drop_output(struct stream *s);
/* Counts a stream without owner as having output, or not. */
void stream_set_unsent(struct stream *s, bool unsent);

#endif
