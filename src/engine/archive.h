/*
 * archive.h - receipts that are too old for memory: what leads to them by client_message_id
 * and by message id.
 *
 * The rows stay where they are. A move writes, for all receipts up to a number, their hashes in
 * order as a run (store.h) and, when all of it is stored, forgets them in memory: so at every
 * moment a receipt is in memory, in a run, or in both, and a commit that failed, or whose
 * outcome is unknown, only makes some writing happen twice. Each run has a filter of its hashes in
 * memory, so that a new id costs no query, and a map from times to numbers (id_map.h).
 *
 * Each shard moves and drops the runs of its own meshes; all read all of them when they start. Only
 * receipts.c calls this. Engine thread.
 */
#ifndef ENGINE_ARCHIVE_H
#define ENGINE_ARCHIVE_H

#include "engine/dedupe.h"
#include "engine/id_map.h"
#include "store/store.h"

struct archive;

/* Which of the engines this is. */
struct archive_owner { unsigned shard, shards; };

struct archive *archive_new(struct store *store, struct archive_owner owner);
void archive_free(struct archive *ar);        /* NULL is fine */
struct err *archive_load(struct archive *ar, struct arena *a) MUST_CHECK;
/* All receipts of the owner's meshes up to this number are in a run. */
i64 archive_end(const struct archive *ar);
/* Is this one, though behind that? So when the number of shards was another for a while. */
bool archive_covers(const struct archive *ar, i64 no, str mesh_id);
bool archive_was_shared(const struct archive *ar); /* then mesh_id matters to archive_covers() */

/* The receipts that may have this hash. */
struct err *archive_find(const struct archive *ar, struct arena *a, u64 hash, i64 **ret_nos,
			 size_t *ret_n) MUST_CHECK;
/* The next numbers that may have ids of these times; *at starts with 0. NULL: no more. */
struct archive_at { size_t run, range; };
const struct id_range *archive_next(const struct archive *ar, i64 first_us, i64 last_us,
				    struct archive_at *at);

bool archive_is_moving(const struct archive *ar);
/* Starts to move what the first n ranges of the map cover; they must be sealed. */
void archive_start(struct archive *ar, const struct id_map *map, size_t n);
/* One batch's part of it. */
void archive_slice(struct archive *ar, struct arena *a, struct dedupe *d);
/* The batch is stored. Returns how many ranges have just become the archive's: the caller
 * drops them. */
size_t archive_stored(struct archive *ar);
void archive_undo(struct archive *ar);        /* it is not, or perhaps */

/* Drops one batch's part of what is from before before_ms. *ret_more: not yet all. */
void archive_prune(struct archive *ar, i64 before_ms, bool *ret_more);
size_t archive_runs(const struct archive *ar);

#endif
