/*
 * events.h - what happened, in order, for everyone who listens (GET /v1/events).
 *
 * An event has an id that rises strictly, across restarts too. The last EVENTS_MAX are kept
 * in memory, and messages are in the inbox under the same ids. A reader pulls: it is woken,
 * takes as many as it has room for, and comes back. One that resumes after an id gets
 * everything since, if memory reaches back so far; if not, an event `reset` ("read again
 * what you keep of peers") and then the messages from the inbox. A reader that is too slow
 * costs no memory: it falls back in the same way. Loop thread only.
 */
#ifndef DAEMON_EVENTS_H
#define DAEMON_EVENTS_H

#include "daemon/inbox.h"
#include "daemon/view.h"

enum {
	EVENTS_MAX = 1024,          /* kept in memory */
	EVENTS_BYTES = 1 << 20,     /* and of their data */
	EVENTS_READERS_MAX = 256,
};

struct event {
	i64 id;
	const char *kind;  /* message, peer_join, peer_leave, system, broker_status, reset */
	str data;          /* JSON object */
	str mesh_id, recipient; /* who may see it: view.h */
};

struct events;
struct events *events_new(struct loop *loop, const struct clock *clock, struct inbox *inbox);
void events_free(struct events *ev); /* no reader is left */

/* An id for a message that is about to be stored. Until it is published or cancelled nothing
 * else is: ids rise for readers, too. */
i64 events_reserve(struct events *ev);
void events_cancel(struct events *ev);
/* id: a reserved one, in order; 0: the next. data is copied. */
void events_publish(struct events *ev, i64 id, const char *kind, str mesh_id, str recipient,
		    str data);
/* Event `message` of a row of the inbox. */
void events_publish_message(struct events *ev, const struct inbox_row *row);

struct events_reader;
/* last_id: the reader's last event; -1: only what comes. on_more: there is something to take;
 * never from inside a call. The view is copied. TRY_AGAIN: EVENTS_READERS_MAX. */
struct err *events_join(struct arena *a, struct events *ev, const struct view *s, i64 last_id,
			void (*on_more)(void *arg), void *arg, struct events_reader **ret_reader)
	MUST_CHECK;
void events_leave(struct events_reader *r); /* NULL is fine; from on_more() too */
/* The next event, in a; false: none for now, on_more() will call. An error (of the inbox) is
 * logged and ends nothing: false. */
bool events_take(struct events_reader *r, struct arena *a, struct event *ret_event);

#endif
