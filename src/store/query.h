/*
 * query.h - the rows of queries.def and the embedded migrations, for this folder and its
 * tests.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "db/migrate.h"

enum query_no {
#define Q(name, binds, columns, sql) Q_##name,
#include "store/queries.def"
#undef Q
	QUERY_COUNT
};

extern const struct db_query store_queries[QUERY_COUNT];

/* Made by tools/embed-sql. */
extern const struct migration store_migrations[];
extern const size_t store_migrations_n;

#endif
