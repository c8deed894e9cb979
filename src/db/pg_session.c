#include "db/pg_session.h"

#include <unistd.h>

#include "base/log.h"

/* Ours among the advisory locks of a database: "clme" and the connection's number; the second
 * half is the schema's. */
enum { LOCK_CLASS = 0x636c6d65 };

static i64 schema_key(str schema)
{
	u32 hash = 2166136261u;

	for (size_t i = 0; i < schema.len; i++)
		hash = (hash ^ (u8)schema.ptr[i]) * 16777619u;
	return (i64)(hash & INT32_MAX);
}

static struct err *check_server(struct pg_conn *c, struct arena *a)
{
	int version = pg_conn_version(c);

	if (version < PG_VERSION_LEAST)
		return FAIL(a, IO, "the database is PostgreSQL %d, at least %d is needed",
			    version / 10000, PG_VERSION_LEAST / 10000);
	if (!str_eq(pg_conn_encoding(c), S("UTF8")))
		return FAIL(a, IO,
			    "the database keeps its text as %.*s: make one with UTF8 "
			    "(createdb -T template0 -E UTF8 NAME)",
			    STRF(pg_conn_encoding(c)));
	return NULL;
}

/* Plans: every query of ours goes by an index (query_test.c), so the plan that is right for a
 * large table is right from the first row on, and is made once. */
static struct err *set(struct pg_conn *c, struct arena *a, const struct pg_url *url)
{
	str sql = arena_printf(
		a,
		"SET search_path = \"%.*s\";"
		"SET synchronous_commit = on;"
		"SET standard_conforming_strings = on;"
		"SET client_min_messages = warning;"
		"SET default_transaction_isolation = 'read committed';"
		"SET default_transaction_read_only = off;"
		"SET statement_timeout = %d;"
		"SET lock_timeout = %d;"
		"SET idle_in_transaction_session_timeout = %d;"
		"SET plan_cache_mode = force_generic_plan;"
		"SET enable_seqscan = off;"
		"SET enable_bitmapscan = off;"
		"SET enable_hashjoin = off;"
		"SET enable_mergejoin = off;"
		"SET jit = off;"
		"%s",
		STRF(url->schema), url->timeout_ms, url->timeout_ms / 2 + 1, 2 * url->timeout_ms,
		/* The server looks whether we are still there while it works. */
		pg_conn_version(c) >= 140000 ? "SET client_connection_check_interval = 1000;" : "");

	return pg_conn_script(c, a, "database settings", sql.ptr, url->timeout_ms, NULL);
}

/* Who else holds one of the locks, in words; empty if nobody seems to. */
static str holder(struct pg_conn *c, struct arena *a, const struct pg_url *url)
{
	str sql = arena_printf(
		a,
		"SELECT coalesce(s.application_name, '?') || ' at ' ||"
		" coalesce(host(s.client_addr), 'the server itself') || ', server process ' || l.pid"
		" FROM pg_locks l LEFT JOIN pg_stat_activity s ON s.pid = l.pid"
		" WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2"
		" AND l.classid BETWEEN %d AND %d AND l.objid = %lld AND l.pid <> pg_backend_pid()"
		" AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
		LOCK_CLASS, LOCK_CLASS + DB_BESIDE_MAX, (long long)schema_key(url->schema));
	struct db_rows rows = { 0 };

	if (pg_conn_script(c, a, "lock of the database", sql.ptr, url->timeout_ms, &rows) ||
	    !rows.n)
		return S("");
	return db_row(&rows, 0)[0].s;
}

/* Ends what is left of our last connection, if that still holds the lock. */
static struct err *end_last(const struct pg_session *s, struct pg_conn *c, struct arena *a,
			    const struct pg_url *url, int backend)
{
	str sql = arena_printf(
		a,
		"SELECT pg_terminate_backend(l.pid) FROM pg_locks l"
		" WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = %d"
		" AND l.objid = %lld AND l.pid = %d"
		" AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
		LOCK_CLASS + (int)s->no, (long long)schema_key(url->schema), backend);

	return pg_conn_script(c, a, "lock of the database", sql.ptr, url->timeout_ms, NULL);
}

/* Begins a transaction and takes the locks of some numbers in it, waiting for a holder that is
 * ending. function: pg_advisory_lock, for the session, or pg_advisory_xact_lock. */
static struct err *wait_locks(struct pg_conn *c, struct arena *a, const struct pg_url *url,
			      const char *function, unsigned from, unsigned to)
{
	str sql = arena_printf(
		a,
		"BEGIN; SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = 0;"
		" SELECT %s(n, %lld) FROM generate_series(%d, %d) n",
		PG_LOCK_MS, function, (long long)schema_key(url->schema), LOCK_CLASS + (int)from,
		LOCK_CLASS + (int)to);
	struct err *e = pg_conn_script(c, a, "lock of the database", sql.ptr,
				       PG_LOCK_MS + url->timeout_ms, NULL);

	if (!e || !str_ends(e->text, S("55P03"))) /* lock_not_available */
		return e;
	TRY(pg_conn_script(c, a, "lock of the database", "ROLLBACK", url->timeout_ms, NULL));
	return FAIL(
		a, CONFLICT,
		"open database: its schema '%.*s' is in use by another broker (%.*s): stop it first, or "
		"give this one another database or ?schema=NAME",
		STRF(url->schema), STRF(holder(c, a, url)));
}

/* For as long as the session lasts. */
static struct err *take_lock(const struct pg_session *s, struct pg_conn *c, struct arena *a,
			     const struct pg_url *url)
{
	TRY(wait_locks(c, a, url, "pg_advisory_lock", s->no, s->no));
	return pg_conn_script(c, a, "lock of the database", "COMMIT", url->timeout_ms, NULL);
}

static struct err *make_schema(struct pg_conn *c, struct arena *a, const struct pg_url *url)
{
	str look = arena_printf(a, "SELECT 1 FROM pg_namespace WHERE nspname = '%.*s'",
				STRF(url->schema));
	str make = arena_printf(a, "CREATE SCHEMA \"%.*s\"", STRF(url->schema));
	struct db_rows rows = { 0 };

	TRY(pg_conn_script(c, a, "schema of the database", look.ptr, url->timeout_ms, &rows));
	return rows.n ? NULL
		      : pg_conn_script(c, a, "schema of the database", make.ptr, url->timeout_ms,
				       NULL);
}

static struct err *read_epoch(struct pg_conn *c, struct arena *a, const struct pg_url *url,
			      const char *sql, i64 *ret_epoch)
{
	struct db_rows rows = { 0 };

	TRY(pg_conn_script(c, a, "owner of the database", sql, url->timeout_ms, &rows));
	if (rows.n != 1 || !str_to_i64(db_row(&rows, 0)[0].s, ret_epoch) || *ret_epoch < 1)
		return FAIL(a, INTERNAL, "table owner of the database is damaged");
	return NULL;
}

static void warn_of_settings(struct pg_conn *c, struct arena *a, const struct pg_url *url)
{
	static const char sql[] =
		"SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes')"
		" AND setting = 'off'";
	struct db_rows rows = { 0 };

	if (!pg_conn_script(c, a, "database settings", sql, url->timeout_ms, &rows) && rows.n)
		log_warn("the database server may lose what it has confirmed when its power fails",
			 LOG_S("off", db_row(&rows, 0)[0].s));
}

/* All locks are held when the epoch changes: who takes one later sees the new one. */
static struct err *count_epoch(struct pg_session *s, struct pg_conn *c, struct arena *a,
			       const struct pg_url *url)
{
	i64 epoch;

	TRY(wait_locks(c, a, url, "pg_advisory_xact_lock", 1, DB_BESIDE_MAX));
	TRY(read_epoch(c, a, url,
		       "CREATE TABLE IF NOT EXISTS owner (epoch BIGINT NOT NULL);"
		       "INSERT INTO owner SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM owner);"
		       "UPDATE owner SET epoch = epoch + 1 RETURNING epoch",
		       &epoch));
	TRY(pg_conn_script(c, a, "owner of the database", "COMMIT", url->timeout_ms, NULL));
	s->epoch = epoch;
	return NULL;
}

static struct err *first_start(struct pg_session *s, struct pg_conn *c, struct arena *a,
			       const struct pg_url *url)
{
	TRY(take_lock(s, c, a, url));
	TRY(make_schema(c, a, url));
	TRY(count_epoch(s, c, a, url));
	warn_of_settings(c, a, url);
	return NULL;
}

static struct err *start_again(struct pg_session *s, struct pg_conn *c, struct arena *a,
			       const struct pg_url *url, int last_backend)
{
	i64 epoch;

	TRY(end_last(s, c, a, url, last_backend));
	TRY(take_lock(s, c, a, url));
	TRY(read_epoch(c, a, url, "SELECT epoch FROM owner", &epoch));
	if (epoch != s->epoch) {
		log_error("another broker has used the database meanwhile, this one ends",
			  LOG_S("schema", url->schema));
		_exit(PG_EXIT_REPLACED);
	}
	if (s->started)
		log_info("connected to the database again");
	return NULL;
}

struct err *pg_session_start(struct pg_session *s, struct pg_conn *c, struct arena *a,
			     const struct pg_url *url, int last_backend)
{
	TRY(check_server(c, a));
	TRY(set(c, a, url));
	if (s->epoch)
		TRY(start_again(s, c, a, url, last_backend));
	else
		TRY(first_start(s, c, a, url));
	s->started = true;
	return NULL;
}
