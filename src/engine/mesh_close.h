/*
 * mesh_close.h - the end of a mesh: whoever is in it is told and cut off, its API keys, tokens and
 * streams are dead with the same commit, its invites lead nowhere, its slug is free (C5, D-39).
 *
 * An archived mesh keeps what it has on disk, for its operator. Of a deleted one messages, posts, keys
 * of topics and skills are gone; its name, its members, topics and invites and its audit log stay. Engine thread only.
 */
#ifndef ENGINE_MESH_CLOSE_H
#define ENGINE_MESH_CLOSE_H

#include "engine/state.h"

/* `by` is audited, NULL: the broker's operator; delete: or archive. */
struct err *mesh_close(struct mesh *m, const struct member *by, bool delete, struct arena *a) MUST_CHECK;
/* EXISTS: another mesh has the slug. Empty texts stay as they are. */
struct err *mesh_rename(struct mesh *m, const struct member *by, str name, str slug, struct arena *a) MUST_CHECK;

#endif
