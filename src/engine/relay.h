/*
 * relay.h - a call that concerns meshes of several shards goes from one to the next, in order of
 * their numbers; each adds its own, and the last one answers. Engine thread only.
 *
 *   TRY(relay_so_far(rq, list_fields, &out, sizeof(out)));   // zeroed at the first
 *   ... add what is of this shard ...
 *   if (shard < e->settings.shards)
 *           relay(rq, shard, list_fields, &out);
 *   else
 *           req_answer(rq, 200, list_fields, &out);
 */
#ifndef ENGINE_RELAY_H
#define ENGINE_RELAY_H

#include "engine/req.h"

/* What the shards before have found, as they wrote it; all zero at the first. Nobody outside can write
 * it: only for calls whose path has no parameter. */
struct err *relay_so_far(struct req *rq, const struct json_field *fields, void *out, size_t size) MUST_CHECK;
/* Hands the call on, with what was found. */
void relay(struct req *rq, unsigned shard, const struct json_field *fields, const void *out);

#endif
