/*
 * pg_session.h - what a connection needs before it is used: settings, the schema, and the
 * lock that makes its broker the only one of that schema.
 *
 * The lock ends with the server's session, so whoever holds it knows that no older session
 * of its broker is still committing. `epoch` counts the brokers that held it: a broker that
 * lost its connection and finds another number has been replaced meanwhile, what it keeps
 * in memory is wrong, and its process ends.
 *
 * A broker may have several connections: each holds a lock of its own number. The first one
 * of a new broker takes all of them for the moment in which it counts the epoch, so that it
 * neither begins beside a connection of another broker nor is overlooked by one.
 */
#ifndef DB_PG_SESSION_H
#define DB_PG_SESSION_H

#include "db/pg_conn.h"

enum {
	PG_LOCK_MS = 3000, /* wait for the lock of a session that is ending */
	PG_VERSION_LEAST = 130000,
	PG_EXIT_REPLACED = 10, /* the exit status of IO */
};

struct pg_session {
	i64 epoch;    /* 0: no connection yet */
	unsigned no;  /* among the connections of this broker; 0 makes the schema and the epoch */
	bool started; /* there was a connection */
};

/* Right after pg_conn_connect(). last_backend: pg_conn_backend() of the connection before. */
struct err *pg_session_start(struct pg_session *s, struct pg_conn *c, struct arena *a,
			     const struct pg_url *url, int last_backend) MUST_CHECK;

#endif
