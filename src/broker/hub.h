/*
 * hub.h - where the loop's thread and the engines' meet: events one way, effects the other.
 *
 * Effects are never dropped, and those of one shard never reordered: they wait in a list, and
 * at most one call is posted to the loop for it. When the queue of a shard is full,
 * hub_submit() says so, and room() tells when to go on. Loop thread only, but for
 * hub_on_effects() and hub_on_room(), which the engines' threads call.
 */
#ifndef BROKER_HUB_H
#define BROKER_HUB_H

#include "engine/effect.h"
#include "engine/shard.h"
#include "net/loop.h"
#include "net/server.h"

struct hub;

struct hub_ends {
	bool (*submit)(void *arg, unsigned shard, struct event *ev);   /* as engine_submit() */
	void (*apply)(void *arg, const struct effect *ef);
	void (*room)(void *arg, unsigned shard);
	void *arg;
};

struct hub *hub_new(struct loop *l, const struct hub_ends *ends);
/* What waits is dropped; turns the loop if it must. NULL is fine. After the engines' threads. */
void hub_free(struct hub *h);

/* Takes the event over. False: read no more from whoever it came from, until room(). */
bool hub_submit(struct hub *h, unsigned shard, struct event *ev) MUST_CHECK;
/* The queue is full: what can be refused, should be. */
bool hub_is_full(const struct hub *h, unsigned shard);
/* Applies what waits, now. */
void hub_drain(struct hub *h);
/* All engines have stopped: applies what waits, now; from here on events are dropped. */
void hub_end(struct hub *h);
bool hub_has_ended(const struct hub *h);

/* The `arg` of a shard's thread, for the two below. */
void *hub_port(struct hub *h, unsigned shard);
void hub_on_effects(void *port, struct effects *fx);
void hub_on_room(void *port);

static inline struct conn_ref conn_ref_of(struct conn_id id)
{
	return (struct conn_ref){ 0, id.slot, id.gen };
}
static inline struct conn_id conn_id_of(struct conn_ref ref)
{
	return (struct conn_id){ ref.slot, ref.gen };
}

#endif
