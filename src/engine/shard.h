/*
 * shard.h - which of several engines owns a mesh. One process runs `shards` of them, each
 * with a thread, a store and a connection to the database of its own; nothing of a mesh is
 * in the memory of another. Shard 0 is the house: it also has what belongs to no mesh.
 */
#ifndef ENGINE_SHARD_H
#define ENGINE_SHARD_H

#include "base/str.h"

enum { SHARD_HOUSE = 0, SHARDS_MAX = 8 };

/* Fixed by the id alone, as long as the number of shards (at least 1) stays. Any thread. */
unsigned mesh_shard(str mesh_id, unsigned shards);

#endif
