/*
 * id_map.h - which numbers the message ids of a time have, without an index: for every range
 * of at most ID_RANGE numbers, the earliest and the latest time in its ids.
 *
 * Ids rise with the numbers, so that hardly ever more than one range can have an id; where the
 * clock was set back or another engine wrote, a few can. Packed it stands in the database:
 * four little-endian 64-bit numbers a range. Pure.
 */
#ifndef ENGINE_ID_MAP_H
#define ENGINE_ID_MAP_H

#include "base/arena.h"

enum { ID_RANGE = 256 };

struct id_range { i64 first_no, last_no, first_us, last_us; };

struct id_map {
	struct id_range *items;
	size_t n, cap;
	bool sealed;          /* the last range takes no more */
};

void id_map_done(struct id_map *map);
/* Numbers rise. */
void id_map_add(struct id_map *map, i64 no, i64 us);
void id_map_put(struct id_map *map, const struct id_range *range);
/* What is added from now on is not in the ranges that are there. */
void id_map_seal(struct id_map *map);
void id_map_drop(struct id_map *map, size_t n); /* the first n ranges */
/* Numbers from the first to the last of each range, together. */
i64 id_map_count(const struct id_range *items, size_t n);
/* The next range that may have ids of these times; *at starts with 0. NULL: no more. */
const struct id_range *id_map_next(const struct id_map *map, i64 first_us, i64 last_us, size_t *at);

str id_map_pack(struct arena *a, const struct id_range *items, size_t n);
void id_map_unpack(struct id_map *map, str packed); /* adds them */

#endif
