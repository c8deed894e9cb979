/*
 * pg.h - the PostgreSQL driver. where: postgresql://USER@HOST/DATABASE as libpq takes it
 * (also several hosts, sslmode=..., host=/run/postgresql; a password better in PGPASSFILE),
 * and two parameters of ours: schema=NAME (default claudemesh), which is made if it is not
 * there, and timeout=SECONDS (15) for one answer of the server.
 *
 * One broker uses a schema at a time: its session holds an advisory lock. Needs a direct
 * connection or a pooler in session mode. synchronous_commit is on.
 *
 * A batch goes to the server in one or two rounds: BEGIN and the writes wait for what needs
 * an answer, a read or COMMIT, and writes of one query become one statement (group.h).
 *
 * When the connection is lost the call fails with TRY_AGAIN and the next use connects again,
 * with growing pauses in between. Nothing of the batch is stored, except when the loss hit
 * the COMMIT itself: then its outcome is unknown, and it is settled once a call succeeds
 * again, because the new session has waited for the end of the old one. Whoever gets
 * TRY_AGAIN from a commit must read again what it keeps in memory.
 */
#ifndef DB_PG_H
#define DB_PG_H

#include "db/db.h"

extern const struct db_driver db_pg;

#endif
