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

#endif
