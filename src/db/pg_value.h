/*
 * pg_value.h - values in PostgreSQL's binary form: parameters, arrays of them, cells. Pure.
 */
#ifndef DB_PG_VALUE_H
#define DB_PG_VALUE_H

#include "db/group.h"

/* As libpq wants them; the bytes are in an arena or the caller's values. */
struct pg_params {
	int n;
	const char *values[SHAPE_BINDS_MAX]; /* NULL: NULL */
	int lengths[SHAPE_BINDS_MAX], formats[SHAPE_BINDS_MAX];
};

/* The type of a parameter of that letter, as the server numbers it. */
u32 pg_type(char bind);
/* May a column of that type be read as that letter? */
bool pg_type_fits(char column, u32 type);

void pg_params_one(struct arena *a, const struct db_query *q, const struct db_value *values,
		   struct pg_params *ret_params);
/* One array for each parameter, with an element for each row. */
void pg_params_many(struct arena *a, const struct group *g, struct pg_params *ret_params);

/* bytes: NULL for NULL. The value is a copy in the arena. */
struct db_value pg_cell(struct arena *a, char column, const char *bytes, size_t len);

#endif
