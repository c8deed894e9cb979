/*
 * crew.h - a mesh with n members at a broker, made over HTTP as our client makes them:
 * created with an owner key of ours, joined through invites of ours, chains verified.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "client/api.h"
#include "crypto/keys.h"

struct crew_member {
	struct sign_pair pair;
	str pubkey, id, name;
};

struct crew {
	struct arena *arena;
	struct api api;
	str ws_url, mesh_id, slug;
	struct sign_pair owner;
	struct crew_member *members;
	u32 n;
};

/* tag: makes the mesh's name unique. Blocking. */
struct err *crew_make(struct arena *a, struct crew *c, str broker_url, str tag, u32 n) MUST_CHECK;
void crew_wipe(struct crew *c); /* the keys */

#endif
