/*
 * pg_conn.h - one connection to a PostgreSQL server. Its .c is the one file that sees
 * libpq-fe.h.
 *
 * Commands are sent in pipeline mode and answered when something asks: a query, finish(),
 * a script. The first failure answers for all that were sent after it; the server skips
 * those. Every wait has the deadline of the address; past it, or when the connection is
 * lost, it is dropped and the call fails with TRY_AGAIN. No error text holds the password.
 */
#ifndef DB_PG_CONN_H
#define DB_PG_CONN_H

#include "db/pg_url.h"
#include "db/pg_value.h"

enum {
	PG_CONNECT_MS = 5000, /* for a connection, name resolution not counted */
	PG_SENT_MAX = 128,    /* commands without an answer */
};

struct pg_conn;

/* url outlives the connection. Only reads the address. */
struct err *pg_conn_new(struct arena *a, const struct pg_url *url, struct pg_conn **ret_conn)
	MUST_CHECK;
void pg_conn_free(struct pg_conn *c); /* NULL is fine */

struct err *pg_conn_connect(struct pg_conn *c, struct arena *a) MUST_CHECK;
void pg_conn_drop(struct pg_conn *c);
/* False if there is none; looks whether the server has closed it. Nothing may be unanswered. */
bool pg_conn_check(struct pg_conn *c);
bool pg_conn_is_up(const struct pg_conn *c); /* as far as is known */
/* True unless the server is known to be outside any transaction, with nothing unanswered. */
bool pg_conn_in_transaction(const struct pg_conn *c);
int pg_conn_backend(
	const struct pg_conn *c); /* the server's process, also of the last connection */
int pg_conn_version(const struct pg_conn *c); /* 150004 is 15.4 */
str pg_conn_encoding(const struct pg_conn *c);

/* Runs statements without parameters. The rows of the last one, as text, if ret_rows is given. */
struct err *pg_conn_script(struct pg_conn *c, struct arena *a, const char *what, const char *sql,
			   int timeout_ms, struct db_rows *ret_rows) MUST_CHECK;

/* Sends a statement; its failure shows in a later call. what: a name for errors, constant. */
struct err *pg_conn_send_sql(struct pg_conn *c, struct arena *a, const char *what, const char *sql)
	MUST_CHECK;
struct err *pg_conn_send(struct pg_conn *c, struct arena *a, const char *statement,
			 const char *what, const struct pg_params *params) MUST_CHECK;
/* Waits for the answers of all that was sent. */
struct err *pg_conn_finish(struct pg_conn *c, struct arena *a) MUST_CHECK;
/* Ends a transaction and waits; TRY_AGAIN also when it cannot be known how it ended. */
struct err *pg_conn_commit(struct pg_conn *c, struct arena *a) MUST_CHECK;
/* Sends and waits, for its rows too if ret_rows is given. */
struct err *pg_conn_query(struct pg_conn *c, struct arena *a, const char *statement,
			  const struct db_query *q, const struct pg_params *params,
			  struct db_rows *ret_rows) MUST_CHECK;
/* Prepares sql under a name, with the types of q's binds; checks its columns against q's. */
struct err *pg_conn_prepare(struct pg_conn *c, struct arena *a, const char *statement,
			    const struct db_query *q, const char *sql) MUST_CHECK;
struct err *pg_conn_prepare_many(struct pg_conn *c, struct arena *a, const char *statement,
				 const struct db_query *q, const char *sql) MUST_CHECK;

#endif
