/*
 * gate.h - WebSocket visitors on their way to the engine and back.
 *
 * A new socket is offered a challenge in its 101. Its first frames are proved on the pool,
 * one at a time, unread meanwhile; a good hello goes to the engine, whose EFFECT_ADMIT lets
 * the frames flow. What is no hello gets an error and may be followed by one. Everything of
 * an admitted socket becomes an event, in order, for the engine of its hello's mesh. Loop
 * thread only.
 */
#ifndef BROKER_GATE_H
#define BROKER_GATE_H

#include "base/clock.h"
#include "base/random.h"
#include "broker/challenge.h"
#include "broker/hub.h"
#include "broker/metrics.h"
#include "broker/places.h"
#include "broker/policy.h"
#include "broker/pool.h"

struct gate;

/* All of it outlives the gate. */
struct gate_env {
	const struct clock *clock;
	const struct random *random;
	const struct policy *policy;
	struct hub *hub;
	struct pool *pool;
	struct places *places;        /* admitted sockets are entered */
	unsigned shards;              /* engines behind the hub */
	struct challenges *challenges; /* NULL: pages have none */
};

struct gate *gate_new(const struct gate_env *env);
void gate_free(struct gate *g);               /* NULL is fine; after the server */
/* Before the first visitor. */
void gate_set_server(struct gate *g, struct server *sv);

/* The WebSocket half of struct server_app. */
void gate_on_upgrade(struct gate *g, struct server_request *rq, struct ws_answer *answer);
void gate_on_open(struct gate *g, struct ws_conn *c, struct server_request *rq);
void gate_on_message(struct gate *g, struct ws_conn *c, str message);
void gate_on_written(struct gate *g, struct ws_conn *c, u64 total);
void gate_on_close(struct gate *g, struct ws_conn *c, const struct ws_end *end);

/* Adds what was opened, and refused here, before an engine heard of it. */
void gate_figures(const struct gate *g, struct figures *f);

/* EFFECT_SEND, EFFECT_CLOSE, EFFECT_ADMIT. */
void gate_apply(struct gate *g, const struct effect *ef);
/* The shard's engine has room again. */
void gate_room(struct gate *g, unsigned shard);

#endif
