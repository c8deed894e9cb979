/*
 * pg_url.h - the address of a PostgreSQL database, before libpq sees it.
 *
 * postgresql:// or postgres://, as libpq takes it, and two parameters that are ours and
 * taken out: schema=NAME and timeout=SECONDS. The rest may hold a password: no error text
 * quotes it. Pure.
 */
#ifndef DB_PG_URL_H
#define DB_PG_URL_H

#include "base/err.h"

enum {
	PG_TIMEOUT_S = 15, /* default of timeout= */
	PG_TIMEOUT_S_MAX = 600,
	PG_SCHEMA_MAX = 63, /* PostgreSQL's limit of a name */
};

struct pg_url {
	str url;        /* for libpq, NUL-terminated; may hold a password */
	str schema;     /* a-z, 0-9 and _; "claudemesh" unless given */
	int timeout_ms; /* for one answer of the server */
};

bool pg_url_is(str where);
struct err *pg_url_read(struct arena *a, str where, struct pg_url *ret_url) MUST_CHECK;
/* text with *** for the secret wherever it stands; on one line. */
str pg_url_hide(struct arena *a, str text, str secret);

#endif
