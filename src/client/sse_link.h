/*
 * sse_link.h - a stream of Server-Sent Events that comes back by itself and asks for what it
 * missed: of the daemon (ipc.h), or of a broker's topic.
 *
 * A stream that ended is opened anew after a delay of full jitter, with the id of the last event.
 * Loop thread only; callbacks never come from inside a call of the owner, and may close it.
 */
#ifndef CLIENT_SSE_LINK_H
#define CLIENT_SSE_LINK_H

#include "client/sse.h"
#include "json/json.h"
#include "net/loop.h"
#include "net/tls.h"

struct sse_link_spec {
	struct loop *loop;
	str url;
	str unix_path;      /* connect there; else empty */
	struct tls *tls;    /* NULL: the system's authorities */
	str authorization;  /* value of the header; empty: none. Wiped with the link */
	str last_id;        /* of the last event seen; empty: only what comes */
	size_t event_max;
	i64 head_ms, idle_ms; /* for the answer's head, and between two parts of it */
	i64 retry_min_ms, retry_max_ms;
};

struct sse_link;
struct sse_link_handler {
	void (*on_open)(void *arg); /* may be NULL */
	void (*on_event)(void *arg, const struct sse_event *ev);
	/* The error of an answer that is no stream; body NULL: it was no JSON. */
	struct err *(*refusal)(struct arena *a, int status, const struct json *body);
	/* It ended, or never came; the next attempt is made by itself in retry_ms. */
	void (*on_down)(void *arg, const struct err *why, i64 retry_ms);
};

/* Copies what the spec points to. */
struct sse_link *sse_link_open(const struct sse_link_spec *spec, const struct sse_link_handler *h,
			       void *arg);
void sse_link_close(struct sse_link *l); /* NULL is fine */
/* From the next attempt on. */
void sse_link_authorize(struct sse_link *l, str authorization);
/* Goes on after another event than the last one that came. */
void sse_link_resume(struct sse_link *l, str last_id);

#endif
