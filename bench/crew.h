/*
 * crew.h - meshes with members at a broker, made over HTTP as our client makes them: created with
 * an owner key of ours, joined through invites of ours, chains verified.
 *
 * Every mesh has as many clients as every other, and its clients stand side by side: mesh k has
 * those from k * per_mesh on. Sleepers are members too, and never connect; they stand behind all clients,
 * mesh by mesh as well.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "client/api.h"
#include "crypto/keys.h"

struct crew_mesh {
	struct sign_pair owner;
	str id, slug;
};

struct crew_member {
	struct sign_pair pair;
	struct crew_mesh *mesh;
	str pubkey, id, name;
};

struct crew {
	struct arena *arena;
	struct api api;
	str ws_url;
	struct crew_mesh *meshes;
	u32 n_meshes, per_mesh;
	u32 n; /* clients: n_meshes * per_mesh */
	struct crew_member *members; /* clients, then sleepers */
	u32 n_members;
	u32 sleepers; /* of each mesh */
};

struct crew_spec {
	str broker_url;
	str tag; /* makes the meshes' names unique */
	u32 clients, meshes; /* the second divides the first */
	u32 sleepers; /* of each mesh */
	bool is_bare; /* keys and ids only: the yardstick has no HTTP and knows no meshes */
};

/* Blocking. */
struct err *crew_make(struct arena *a, struct crew *c, const struct crew_spec *spec) MUST_CHECK;
void crew_wipe(struct crew *c); /* the keys */
/* The client that follows this one in its mesh, around. */
u32 crew_next(const struct crew *c, u32 no);
/* Members that sleep in this client's mesh, around: turn picks one. */
u32 crew_sleeper(const struct crew *c, u32 no, u64 turn);

#endif
