/*
 * driver.h - what a database must offer: the side of db.h that sqlite.c and fault.c fill.
 *
 * db.c checks the values against the query, keeps the queue and the state of the
 * transaction, and calls rollback() after every failure, also when none is open. A driver
 * returns errors in the arena given and copies what it returns there. begin() and write()
 * may leave their work, and its failure, to the next run() or commit(); the queries stay.
 */
#ifndef DB_DRIVER_H
#define DB_DRIVER_H

#include "db/db.h"

struct db_conn { const struct db_driver *driver; }; /* a driver's connection starts with it */

struct db_write {
	const struct db_query *query;
	const struct db_value *values; /* as many as the query binds */
};

/* Words of a migration that stand for something else in each database. */
struct db_token { const char *word, *text; };

struct db_driver {
	const char *name;
	const struct db_token *tokens; /* ends with a NULL word */
	struct err *(*open)(struct arena *a, str where, struct db_conn **ret_conn);
	/* NULL: one writer only. */
	struct err *(*open_beside)(struct arena *a, const struct db_conn *first, unsigned no,
				   struct db_conn **ret_conn);
	void (*close)(struct db_conn *c);
	struct err *(*begin)(struct db_conn *c, struct arena *a); /* for writing: waits for others */
	struct err *(*commit)(struct db_conn *c, struct arena *a);
	void (*rollback)(struct db_conn *c);
	struct err *(*prepare)(struct db_conn *c, struct arena *a, const struct db_query *q);
	struct err *(*run)(struct db_conn *c, struct arena *a, const struct db_query *q,
			   const struct db_value *values, struct db_rows *ret_rows);
	/* Carries out writes; a driver may change their order where the end is the same. */
	struct err *(*write)(struct db_conn *c, struct arena *a, const struct db_write *writes, size_t n);
	struct err *(*exec)(struct db_conn *c, struct arena *a, const char *script);
};

/* The driver of a handle, for its tokens. */
const struct db_driver *db_driver(const struct db *db);
/* Puts another connection before the handle's own (fault.c). Not inside a batch. */
void db_wrap(struct db *db, struct db_conn *(*wrap)(struct db_conn *inner, void *arg), void *arg);

#endif
