/*
 * cast.h - who plays: meshes with their owner keys, members, and the hellos they say.
 *
 * Meshes and members are made over HTTP as our client does it: the owner key stays here,
 * joining goes through a v1 token signed with it.
 */
#ifndef CONV_CAST_H
#define CONV_CAST_H

#include "conv/vars.h"
#include "crypto/keys.h"
#include "json/json.h"

struct mesh {
	str name, id, slug, token;    /* token: empty before the second member */
	struct sign_pair owner;
	struct mesh *next;
};

struct member {
	str name, id, pubkey;
	struct mesh *mesh;
	struct sign_pair pair;
	struct member *next;
};

struct cast {
	struct arena *arena;
	struct vars *vars;
	int port;
	struct mesh *meshes;
	struct member *members;
};

/* Makes the member, and the mesh with its first member. Sets $NAME (key), $NAME.id, and of the
 * mesh $MESH.id, $MESH.slug, $MESH.owner. */
struct err *cast_member(struct arena *a, struct cast *c, str name, str mesh_name) MUST_CHECK;
/* NULL if there is none. */
struct member *cast_find(const struct cast *c, str name);

/* The kinds of hello that clients say (wire-core.md 0.1). */
enum hello_kind {
	HELLO_OURS,           /* version 2: the challenge is signed; acks deliveries */
	HELLO_CLI,            /* the reference's commands: an unsigned session key, no acks */
	HELLO_DAEMON,         /* the reference's member link: no session key */
	HELLO_SDK,            /* like the CLI, without cwd */
	HELLO_SESSION,        /* the reference's session link: session_hello with an attestation */
};

/* The frame. `over` (NULL for none) replaces members, null takes one away; it is signed as it
 * then stands, unless a signature is given. */
struct err *cast_hello(struct arena *a, const struct member *m, const struct sign_pair *session,
		       str conn_name, enum hello_kind kind, str challenge,
		       const struct json *over, str *ret_frame) MUST_CHECK;

#endif
