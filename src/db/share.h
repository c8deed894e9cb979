/*
 * share.h - several connections to one SQLite database, in one thread: for tests and the
 * simulator of what runs on a server with many.
 *
 * As there, nobody sees what another has not committed. Where a server would let one wait for
 * the other's transaction, or answer from before it, the call fails with TRY_AGAIN: in one
 * thread nobody could end the wait.
 */
#ifndef DB_SHARE_H
#define DB_SHARE_H

#include "db/db.h"

/* From now on db_open_beside() works. Before db_fault(), each handle may have faults of its
 * own. Not inside a batch. */
void db_share(struct db *db);

#endif
