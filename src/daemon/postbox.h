/*
 * postbox.h - posts to topics on their way out: sealed when they are sent.
 *
 * A post lies in the outbox as text, because the key it goes out under is that of the moment. Here it
 * gets its frame: under the key that is known; else the broker is asked how the topic stands, and
 * where that takes it, the next key is made and goes with the post (client/topic_compose.h). What was
 * sealed under a key that was not the topic's any more is sealed anew, under the same
 * client_message_id, by which the broker knows it.
 *
 * Of the posts to one topic one at a time is about keys; those behind it wait, so that they keep
 * their order and do not all make a key. Every wait has an end: after POSTBOX_MS a post is told
 * TIMEOUT, before the lease of its row runs out. Loop thread only.
 */
#ifndef DAEMON_POSTBOX_H
#define DAEMON_POSTBOX_H

#include "daemon/meshes.h"
#include "daemon/outbox.h"

enum { POSTBOX_MS = 25000, POSTBOX_ASK_MS = 5000, POSTBOX_ACK_MS = 15000 };
_Static_assert((int)POSTBOX_MS < (int)OUTBOX_LEASE_MS, "a post is not sent twice at once");

struct postbox;
struct postbox *postbox_new(const struct meshes_spec *spec, struct meshes *ms);
void postbox_free(struct postbox *pb); /* NULL is fine; after the meshes, nobody is told */

/* Exactly one of e and ack, valid during the call. Besides the broker's refusals: "no_key" and
 * "untrusted_key", which pass when somebody seals the key or changes it. left_out: names of members
 * that a key made for this post was not sealed to. */
typedef void postbox_fn(void *arg, const struct err *e, const struct json *ack,
			const struct strs *left_out);
/* Sends a row (outbox_is_post()), which is copied, over a route whose link is ready. fn is called once,
 * later; never after postbox_on_gone(). */
void postbox_send(struct postbox *pb, struct route *r, const struct outbox_row *row, postbox_fn *fn,
		  void *arg);
/* The route ended: who posts over it is dropped without a word. */
void postbox_on_gone(struct postbox *pb, struct route *r);

#endif
