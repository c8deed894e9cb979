/*
 * sse.h - Server-Sent Events read from bytes, as the WHATWG standard says.
 *
 * Pure; the pieces may be cut anywhere. One event is bounded by the maximum given at the start:
 * past it the stream is broken, and reading on finds nothing. An event without data is none.
 */
#ifndef CLIENT_SSE_H
#define CLIENT_SSE_H

#include "base/buf.h"

struct sse_event {
	str id;    /* of this or the last event that had one; empty: none yet */
	str event; /* "message" where the stream names none */
	str data;  /* lines joined by LF */
};

/* Zeroed but for the maxima, as sse_init() leaves it. */
struct sse {
	struct buf line, data, event, id, next_id;
	bool begun;    /* past a byte order mark */
	bool after_cr; /* an LF belongs to the CR before it */
	bool has_data;
	bool handed_out;
	bool broken; /* over the maximum */
};

void sse_init(struct sse *s, size_t event_max);
void sse_done(struct sse *s);
/* Takes bytes off *in up to the end of the next event. True: *ret_event, which lives until the
 * next call; call again. False: all is used up. */
bool sse_next(struct sse *s, str *in, struct sse_event *ret_event);

#endif
