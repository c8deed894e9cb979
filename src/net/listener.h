/*
 * listener.h - a listening socket that makes streams.
 *
 * Accepted sockets are close-on-exec, non-blocking, with TCP_NODELAY and keep-alive. When the
 * process runs out of descriptors new connections are dropped and a warning is logged, at most
 * one a minute. Loop thread only.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/stream.h"

enum { LISTEN_BACKLOG = 4096 };

struct listener;

/* The new stream is the callee's: it calls stream_start() or stream_abort(). */
typedef void listener_fn(void *arg, struct stream *s);

/* host: an address or a name; empty means every address. Port 0 takes a free one. tls may be
 * NULL, and outlives the listener; the owner's deadline bounds its handshake. */
struct err *listener_open(struct arena *a, struct loop *l, str host, int port, struct tls *tls,
			  listener_fn *on_accept, void *arg,
			  struct listener **ret_listener) MUST_CHECK;
/* A Unix socket with mode 0600. A dead socket file is replaced, a live one is an error. */
struct err *listener_open_unix(struct arena *a, struct loop *l, str path, listener_fn *on_accept,
			       void *arg, struct listener **ret_listener) MUST_CHECK;
/* Takes over a listening stream socket, TCP or Unix, that was opened by whoever started us. */
struct err *listener_open_fd(struct arena *a, struct loop *l, int fd, listener_fn *on_accept,
			     void *arg, struct listener **ret_listener) MUST_CHECK;
const struct addr *listener_addr(const struct listener *ln);
void listener_close(struct listener *ln);     /* NULL is fine; removes a file that it made */

#endif
