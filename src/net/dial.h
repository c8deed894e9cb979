/*
 * dial.h - a stream to a host and port, or to a Unix socket.
 *
 * Every address of the name is tried in the resolver's order, each with its share of the
 * deadline; with TLS the handshake and the check of the host name are part of it. The error says
 * what was tried last: "connect to 127.0.0.1:7900 failed: connection refused". Its word is
 * "tls" if somebody was there, but not to be trusted; "unreachable" if nobody answers at a Unix
 * socket.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/stream.h"

struct dial;

struct dial_to {
	str host;             /* name or address; ignored with unix_path */
	int port;
	str unix_path;        /* instead of host and port, if not empty */
	struct tls *tls;      /* NULL: plain */
	i64 deadline_ms;      /* for all of it */
};

/* Exactly one of s and e. The stream is open, TLS included; the callee calls stream_start().
 * e lives during the call. */
typedef void dial_fn(void *arg, struct stream *s, const struct err *e);

/* Never calls back from inside. The dial is gone when on_done returns. */
struct dial *dial_start(struct loop *l, const struct dial_to *to, dial_fn *on_done, void *arg);
/* Before on_done only; it will not be called. */
void dial_cancel(struct dial *d);

#endif
