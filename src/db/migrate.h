/*
 * migrate.h - brings a database to the schema of this program, before anything else runs.
 *
 * Migrations are numbered scripts in a fixed order, built into the program with their
 * checksums. Which were applied stands in table `migration`. Each is applied in its own
 * transaction, under the database's write lock, so two programs cannot do it at once. One
 * that was changed after it was applied, or is not known here, is refused: nothing is
 * guessed, nothing is undone.
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/db.h"

struct migration {
	const char *name;     /* file name, "0001_init.sql": order of names is order of time */
	const char *checksum; /* SHA-256 of the file, hex */
	const char *sql;
};

struct err *db_migrate(struct arena *a, struct db *db, const struct migration *list, size_t n,
		       i64 now_ms) MUST_CHECK;

/* Is there one of this file name or checksum among what was applied? */
struct err *db_migrated(struct arena *a, struct db *db, str name_or_checksum, bool *ret_is) MUST_CHECK;

#endif
