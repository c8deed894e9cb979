/*
 * places.h - admitted sockets by the place they are at: the address they come from, and the
 * process and directory that their hello told.
 *
 * A hook (POST /hook/set-status) names nothing else. The index stands where the sockets are, so
 * that lies and floods end here and reach no engine; one look costs one hash. Loop thread only.
 */
#ifndef BROKER_PLACES_H
#define BROKER_PLACES_H

#include "base/random.h"
#include "engine/bucket.h"
#include "engine/event.h"
#include "net/server.h"

enum { PLACES_CALLERS_MAX = 4096 }; /* accounts whose misses are counted */

struct places;

/* One socket's entry, part of what stands for the socket. Zeroed: nowhere. */
struct place {
	struct place *prev, *next; /* of one spot, newest first */
	struct spot *spot;
	struct conn_id conn;
	unsigned shard;
	struct bucket hooks;
};

struct places *places_new(const struct random *random);
void places_free(struct places *ps); /* NULL is fine; after its last place has left */

/* The place is at this spot from now on; digest: of proof_place(). */
void places_enter(struct places *ps, struct place *p, str address, const u8 digest[PLACE_BYTES]);
void places_leave(struct places *ps, struct place *p); /* nowhere is fine */
/* The newest there; NULL: nobody. */
struct place *places_find(struct places *ps, str address, const u8 digest[PLACE_BYTES]);

/* Charges an account for a call that may be a lie; false: it has asked too often. Whoever knew
 * where somebody is gets it back. */
bool places_charge(struct places *ps, str account, i64 mono_ms);
void places_give_back(struct places *ps, str account);
/* The same for the calls of one place. */
bool place_charge(struct place *p, i64 mono_ms);

#endif
