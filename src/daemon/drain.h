/*
 * drain.h - sends what the outbox holds: per sender at once, a window of sends under way,
 * what fails later again.
 *
 * A refusal is permanent, passing, or none (the connection, or no answer): one rule decides,
 * by the broker's code, and by its words where it has none. Only passing refusals count
 * towards DRAIN_ATTEMPTS_MAX. A row goes over its own sender's link and no other; if that
 * session ended, its link is opened again for it. Loop thread only.
 */
#ifndef DAEMON_DRAIN_H
#define DAEMON_DRAIN_H

#include "daemon/meshes.h"
#include "daemon/outbox.h"

enum {
	DRAIN_WINDOW = 32,        /* sends under way on a link; fewer after a rate limit */
	DRAIN_ACK_MS = 15000,
	DRAIN_ATTEMPTS_MAX = 25,
	DRAIN_BACKOFF_MS = 1000,  /* doubled each time, up to OUTBOX_BACKOFF_MAX_MS, full jitter */
	DRAIN_PAUSE_MS = 1000,    /* of a mesh after rate_limit */
	DRAIN_AWAY_MS = 60000,    /* longest, while a reference broker says: not connected */
};
#define DRAIN_AWAY_KEEP_MS (7 * 24 * 3600 * (i64)1000) /* and for so long */

enum drain_class {
	DRAIN_PERMANENT,
	DRAIN_PASSING,  /* tried again, at most DRAIN_ATTEMPTS_MAX times */
	DRAIN_SLOWER,   /* rate limit: flow control, not counted */
	DRAIN_AWAY,     /* the recipient is not connected and nothing stored, or has too much waiting; or
			 * nobody has sealed the topic's key for us yet */
	DRAIN_UNKNOWN,  /* no answer: not counted; the broker recognises the repeat */
};
/* e: of link_send(). */
enum drain_class drain_classify(const struct err *e);

struct drain;
struct drain *drain_new(const struct meshes_spec *spec, struct meshes *ms);
void drain_free(struct drain *dr); /* NULL is fine */
/* There may be something to send: after a requeue, an open route. */
void drain_wake(struct drain *dr);
/* This sender has something to send: after an accept. */
void drain_wake_sender(struct drain *dr, const struct outbox_sender *who);
/* Of meshes_handler. */
void drain_on_route(struct drain *dr, struct route *r);
void drain_on_gone(struct drain *dr, struct route *r);
void drain_on_peer(struct drain *dr, str mesh_id, str pubkey);
void drain_on_topic(struct drain *dr, str mesh_id);
size_t drain_under_way(const struct drain *dr);
/* Tells of each message that got its last word, and of posts that were put off: ack is the broker's,
 * NULL for a refusal; left_out as postbox_fn's, NULL of what is no post. For who waits for it; the
 * outbox knows it by then. Not from inside a call. */
typedef void drain_heard_fn(void *arg, str client_message_id, const struct json *ack,
			    const struct strs *left_out);
void drain_set_heard(struct drain *dr, drain_heard_fn *fn, void *arg);

#endif
