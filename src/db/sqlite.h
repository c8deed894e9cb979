/*
 * sqlite.h - the SQLite driver: one file in WAL mode, synchronous=FULL, or ":memory:".
 *
 * The file belongs to one process: beside it lies FILE.lock, held while it is open. Other
 * programs may read the file meanwhile; one that writes makes us wait up to
 * two seconds, then the call fails with TRY_AGAIN.
 */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include "db/db.h"

extern const struct db_driver db_sqlite;

/* A whole and consistent copy into a new file, also while another process writes: it reads one
 * state and holds nobody up. EXISTS, IO; what is left of a failed one is removed. */
struct err *sqlite_copy(struct arena *a, str from, str to) MUST_CHECK;
/* Reads all of a file that nobody has open. BAD_REQUEST: it is damaged, or no database. */
struct err *sqlite_check(struct arena *a, str path) MUST_CHECK;
/* Gives room that is not used back to the disk. The file must be nobody's: CONFLICT. */
struct err *sqlite_vacuum(struct arena *a, str path) MUST_CHECK;

#endif
