/*
 * sse.h - streams of server-sent events at the loop's side: starts them, passes on what the
 * engine tells, keeps them warm, and drops who does not read.
 *
 * A reader that has more than SSE_WAITING_MAX bytes before it is let go; it comes back with the id
 * that it saw last, and gets what it missed. Loop thread only.
 */
#ifndef BROKER_SSE_H
#define BROKER_SSE_H

#include "broker/hub.h"
#include "net/loop.h"

enum {
	SSE_WAITING_MAX = 1 << 20,
	SSE_HEARTBEAT_MS = 15000,
};

struct sse;

/* clock: of the heartbeats' texts. All of it outlives the struct sse. */
struct sse *sse_new(struct loop *l, struct hub *hub, const struct clock *clock, i64 heartbeat_ms);
void sse_free(struct sse *s);                 /* NULL is fine; after the server */
void sse_set_server(struct sse *s, struct server *sv);

/* EFFECT_STREAM; rq is NULL if the request has gone. The headers are for the start of the answer. */
void sse_start(struct sse *s, struct server_request *rq, const struct effect *ef,
	       const struct http_header *headers, size_t n_headers);
/* EFFECT_EVENT, EFFECT_EVENT_LAST. */
void sse_apply(struct sse *s, const struct effect *ef);
/* on_stream_close() of the server. */
void sse_closed(struct sse *s, struct conn_id id, void *user);
size_t sse_count(const struct sse *s);

#endif
