/*
 * group.h - puts writes of one query together, so that each group is one statement.
 *
 * A write moves to an earlier one of its query only past writes that commute with it
 * (shape.h), so what is stored in the end is what the order given would store. Pure.
 */
#ifndef DB_GROUP_H
#define DB_GROUP_H

#include "db/driver.h"
#include "db/shape.h"

enum {
	GROUP_ROWS_MAX = 512, /* rows of one statement */
	GROUP_BACK = 32,      /* how many groups back a write looks for its own */
};

struct group_row {
	const struct db_write *write;
	struct group_row *next;
	u64 key; /* hash of the parameters that name its row */
};

struct group {
	const struct db_query *query;
	const struct shape *shape;
	struct group_row *first, *last;
	size_t n;
};

/* shapes: of each query, by slot. Groups and rows live in the arena; returns how many. */
size_t group_writes(struct arena *a, const struct db_write *writes, size_t n,
		    const struct shape *const shapes[DB_SLOT_MAX], struct group **ret_groups);

#endif
