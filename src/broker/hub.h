/*
 * hub.h - where the loop's thread and the engine's meet: events one way, effects the other.
 *
 * Effects are never dropped and never reordered: they wait in a list, and at most one call
 * is posted to the loop for it. When the engine's queue is full, hub_submit() says so, and
 * room() tells when to go on. Loop thread only, but for hub_on_effects() and hub_on_room(),
 * which the engine's thread calls.
 */
#ifndef BROKER_HUB_H
#define BROKER_HUB_H

#include "engine/effect.h"
#include "net/loop.h"
#include "net/server.h"

struct hub;

struct hub_ends {
	bool (*submit)(void *arg, struct event *ev);   /* as engine_submit() */
	void (*apply)(void *arg, const struct effect *ef);
	void (*room)(void *arg);
	void *arg;
};

struct hub *hub_new(struct loop *l, const struct hub_ends *ends);
/* What waits is dropped; turns the loop if it must. NULL is fine. After the engine's thread. */
void hub_free(struct hub *h);

/* Takes the event over. False: read no more from whoever it came from, until room(). */
bool hub_submit(struct hub *h, struct event *ev) MUST_CHECK;
/* The queue is full: what can be refused, should be. */
bool hub_is_full(const struct hub *h);
/* The engine has stopped: applies what waits, now; from here on events are dropped. */
void hub_end(struct hub *h);
bool hub_has_ended(const struct hub *h);

void hub_on_effects(void *hub, struct effects *fx);
void hub_on_room(void *hub);

static inline struct conn_ref conn_ref_of(struct conn_id id)
{
	return (struct conn_ref){ 0, id.slot, id.gen };
}
static inline struct conn_id conn_id_of(struct conn_ref ref)
{
	return (struct conn_id){ ref.slot, ref.gen };
}

#endif
