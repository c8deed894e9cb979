/*
 * shape.h - what a query's text tells: the tables it touches, and the text that carries
 * out many rows of it in one statement.
 *
 * Only three forms have such a text: INSERT ... VALUES (...) [ON CONFLICT DO NOTHING],
 * UPDATE t SET ... WHERE a = $1 AND b = $2, and DELETE with such a WHERE, which may end in
 * AND NOT EXISTS (a look at other tables). Their parameters come from
 * unnest(arrays) AS v(p1, p2 ...), so that each SQL text is still written once. What is
 * not understood counts as touching every table. Pure, any thread.
 */
#ifndef DB_SHAPE_H
#define DB_SHAPE_H

#include "db/db.h"

enum { SHAPE_BINDS_MAX = 64, SHAPE_TABLES_MAX = 63 };

/* The tables met so far; their place is their bit. What is over the limit shares the last. */
struct shape_tables {
	struct arena *arena;
	str names[SHAPE_TABLES_MAX];
	size_t n;
};

struct shape {
	u64 reads, writes; /* tables, a bit each */
	str many;          /* the text for many rows; empty: there is none */
	u64 keys;          /* parameters that name the row of an UPDATE: a statement must not
			       * hold two rows with the same values of them */
};

/* INTERNAL if the parameters do not fit the row's binds: count, order of first appearance. */
struct err *shape_read(struct arena *a, struct shape_tables *tables, const struct db_query *q,
		       struct shape *ret_shape) MUST_CHECK;

/* May writes of the two change places without changing what is stored? */
static inline bool shape_commute(const struct shape *a, const struct shape *b)
{
	return !(a->writes & (b->reads | b->writes)) && !(b->writes & a->reads);
}

#endif
