/*
 * stream.h - bytes to and from one peer, over TCP, a Unix socket, or TLS over either.
 *
 * Output is queued and handed to the kernel once per turn, at its end. The queue is bounded:
 * a stream whose peer does not read ends with STREAM_SLOW. Nothing is kept for an idle stream.
 *
 * Lifetime: the owner holds the stream until it calls stream_close() or stream_abort(),
 * after which no callback comes and the pointer is dead. on_end() is called at most once, never
 * from inside a call of the owner; the owner still has to close or abort. Loop thread only.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/block.h"
#include "net/addr.h"
#include "net/loop.h"
#include "net/tls.h"

enum {
	STREAM_LINGER_MS = 5000,      /* after stream_close(), for output and the peer's end */
	STREAM_COPY_MAX = 1024,       /* shorter blocks are copied, longer ones referenced */
};

struct stream;

enum stream_end {
	STREAM_EOF,           /* the peer sent all it wanted to; it may still read */
	STREAM_TRUNCATED,     /* TLS: the connection ended without the peer saying so */
	STREAM_SLOW,          /* output over the limit: the peer does not read */
	STREAM_FAILED,        /* reset, TLS error, handshake deadline */
};

struct stream_handler {
	/* TLS: the handshake is done. Not called without one. May be NULL. */
	void (*on_open)(void *arg);
	/* Input, valid and writable during the call. stream_pause() in the call stops it. */
	void (*on_data)(void *arg, char *data, size_t len);
	/* The kernel has taken bytes; total counts what stream_send() was given. May be NULL. */
	void (*on_written)(void *arg, u64 total);
	/* Why it ended, as a sentence without the peer's name. After a failed write what the peer
	 * had sent is still delivered first. */
	void (*on_end)(void *arg, enum stream_end why, const char *text);
};

/* Reading starts in the next turn. out_max bounds what waits to be sent; one piece of any size is
 * taken when nothing waits. May be called again, to hand the stream to another owner. */
void stream_start(struct stream *s, const struct stream_handler *h, void *arg, size_t out_max);

void stream_send(struct stream *s, str bytes);              /* copies */
void stream_send_block(struct stream *s, struct block *b);  /* takes a reference of its own */
/* A head and a body as one piece. */
void stream_send_pair(struct stream *s, str head, str body);
void stream_send_pair_block(struct stream *s, str head, struct block *body);
size_t stream_waiting(const struct stream *s);              /* bytes queued, not yet taken */
/* Bytes that may still be queued. */
size_t stream_room(const struct stream *s);
/* Bytes given to stream_send() so far, and those of them the kernel has taken. */
u64 stream_sent_total(const struct stream *s);
u64 stream_written_total(const struct stream *s);

void stream_pause(struct stream *s);          /* reading; the peer will feel it */
void stream_resume(struct stream *s);
bool stream_is_paused(const struct stream *s);

/* Of a stream that is connected. */
const struct addr *stream_peer(const struct stream *s);
const struct addr *stream_local(const struct stream *s);
/* The owner has copied both and asks no more. */
void stream_forget_ends(struct stream *s);
bool stream_is_tls(const struct stream *s);

/* Sends what is queued, says goodbye, reads the peer's rest away, at most STREAM_LINGER_MS. */
void stream_close(struct stream *s);
/* Drops everything at once. */
void stream_abort(struct stream *s);

#endif
