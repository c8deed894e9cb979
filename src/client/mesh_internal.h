/*
 * mesh_internal.h - what creating and joining have in common; for mesh.c and mesh_join.c.
 */
#ifndef CLIENT_MESH_INTERNAL_H
#define CLIENT_MESH_INTERNAL_H

#include "client/mesh.h"

/* Writes the mesh to config.json, joined now; its slug becomes the one it got there. who
 * becomes the configuration's name if that has none. */
struct err *mesh_record(struct arena *a, const struct client *c, struct config_mesh_args *mesh,
			str who) MUST_CHECK;
/* The broker's slug if it is shaped like one, else "mesh-" and the beginning of the id. */
str mesh_local_slug(struct arena *a, str slug, str mesh_id);

#endif
