#include "engine/id_map.h"

#include <endian.h>

void id_map_done(struct id_map *map)
{
	free(map->items);
	*map = (struct id_map){ 0 };
}

static struct id_range *append(struct id_map *map)
{
	if (map->n == map->cap) {
		map->cap = MAX(2 * map->cap, (size_t)16);
		map->items = reallocarray(map->items, map->cap, sizeof(*map->items));
		if (!map->items)
			abort();
	}
	return &map->items[map->n++];
}

void id_map_add(struct id_map *map, i64 no, i64 us)
{
	struct id_range *last = map->n ? &map->items[map->n - 1] : NULL;

	if (!last || map->sealed || no - last->first_no >= ID_RANGE) {
		*append(map) = (struct id_range){ no, no, us, us };
		map->sealed = false;
		return;
	}
	last->last_no = no;
	last->first_us = MIN(last->first_us, us);
	last->last_us = MAX(last->last_us, us);
}

void id_map_put(struct id_map *map, const struct id_range *range)
{
	*append(map) = *range;
}

void id_map_seal(struct id_map *map)
{
	map->sealed = true;
}

void id_map_drop(struct id_map *map, size_t n)
{
	map->n -= n;
	memmove(map->items, map->items + n, map->n * sizeof(*map->items));
}

i64 id_map_count(const struct id_range *items, size_t n)
{
	i64 count = 0;

	for (size_t i = 0; i < n; i++)
		count += items[i].last_no - items[i].first_no + 1;
	return count;
}

const struct id_range *id_map_next(const struct id_map *map, i64 first_us, i64 last_us, size_t *at)
{
	for (; *at < map->n; ++*at)
		if (map->items[*at].first_us <= last_us && map->items[*at].last_us >= first_us)
			return &map->items[(*at)++];
	return NULL;
}

str id_map_pack(struct arena *a, const struct id_range *items, size_t n)
{
	u64 *out = NEW_ARRAY(a, u64, 4 * n);

	for (size_t i = 0; i < n; i++) {
		out[4 * i] = htole64((u64)items[i].first_no);
		out[4 * i + 1] = htole64((u64)items[i].last_no);
		out[4 * i + 2] = htole64((u64)items[i].first_us);
		out[4 * i + 3] = htole64((u64)items[i].last_us);
	}
	return str_of(out, 4 * n * sizeof(*out));
}

void id_map_unpack(struct id_map *map, str packed)
{
	u64 in[4];

	for (; packed.len >= sizeof(in); packed = str_skip(packed, sizeof(in))) {
		memcpy(in, packed.ptr, sizeof(in));
		*append(map) = (struct id_range){ (i64)le64toh(in[0]), (i64)le64toh(in[1]),
						  (i64)le64toh(in[2]), (i64)le64toh(in[3]) };
	}
}
