#include "engine/shard.h"

/* FNV-1a, 64 bits, folded: nothing depends on its being hard to guess. */
unsigned mesh_shard(str mesh_id, unsigned shards)
{
	u64 hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < mesh_id.len; i++)
		hash = (hash ^ (u8)mesh_id.ptr[i]) * 0x100000001b3u;
	return (unsigned)((hash ^ hash >> 32) % shards);
}
