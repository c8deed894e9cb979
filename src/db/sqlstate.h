/*
 * sqlstate.h - what a PostgreSQL error code means to us. Pure.
 */
#ifndef DB_SQLSTATE_H
#define DB_SQLSTATE_H

#include "base/err.h"

/* state: five characters as in PostgreSQL's appendix A, or NULL (the connection is gone).
 * CONFLICT: a constraint. TRY_AGAIN: the connection, the server's end, disk or memory, a lock, a
 * deadline. IO: the database cannot be used. INTERNAL: anything else, such as a faulty query. */
enum err_code sqlstate_code(const char *state);
/* The server chose this transaction as the one that another had to wait for. */
bool sqlstate_lost_race(const char *state);

#endif
