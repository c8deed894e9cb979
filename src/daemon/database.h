/*
 * database.h - opens one of the daemon's two databases: a private file, whole, and of our
 * schema. Beside them may lie tables of the reference's daemon; they are left alone.
 */
#ifndef DAEMON_DATABASE_H
#define DAEMON_DATABASE_H

#include "base/clock.h"
#include "db/db.h"

enum { DATABASE_CACHE_KB = 256, DATABASE_SLOT = 4 }; /* the first slot for queries */

/* What stands in a column that is never NULL. */
static inline str database_text(str s) { return s.ptr ? s : S(""); }

struct database_migration {
	const char *name, *sql;
};

/* FORBIDDEN: not ours, a symbolic link, or no file. The word "damaged" marks an error that
 * says the content cannot be used. path ":memory:" for tests. */
struct err *database_open(struct arena *a, str path, const struct clock *clock,
			  const struct database_migration *migrations, size_t n,
			  struct db **ret_db) MUST_CHECK;

#endif
