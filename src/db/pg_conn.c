#include "db/pg_conn.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/sqlstate.h"

struct pg_conn {
	const struct pg_url *url;
	PGconn *pq;     /* NULL: no connection */
	char *password; /* to be hidden; NULL: none */
	int backend;
	const char *sent[PG_SENT_MAX]; /* without an answer, in order */
	size_t n_sent;
	bool committing; /* a COMMIT is among them */
};

/* What to do with the answer to the last command sent. */
struct last {
	const struct db_query *query;
	struct db_rows *ret_rows;
	bool describes, commits;
};

static void hide_notice(void *arg UNUSED, const char *text)
{
	log_debug("notice of the database", LOG_S("text", str_trim(str_from(text))));
}

struct err *pg_conn_new(struct arena *a, const struct pg_url *url, struct pg_conn **ret_conn)
{
	PQconninfoOption *options = PQconninfoParse(url->url.ptr, NULL);
	struct pg_conn *c;

	if (!options)
		return FAIL(
			a, BAD_REQUEST,
			"the address of the database cannot be read: "
			"postgresql://USER@HOST:PORT/DATABASE is expected, with what libpq allows");
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->url = url;
	for (const PQconninfoOption *o = options; o->keyword; o++)
		if (strcmp(o->keyword, "password") == 0 && o->val && o->val[0] &&
		    !(c->password = strdup(o->val)))
			abort();
	PQconninfoFree(options);
	*ret_conn = c;
	return NULL;
}

void pg_conn_drop(struct pg_conn *c)
{
	PQfinish(c->pq);
	c->pq = NULL;
	c->n_sent = 0;
	c->committing = false;
}

void pg_conn_free(struct pg_conn *c)
{
	if (!c)
		return;
	pg_conn_drop(c);
	if (c->password)
		explicit_bzero(c->password, strlen(c->password));
	free(c->password);
	free(c);
}

static str hidden(struct arena *a, const struct pg_conn *c, const char *text)
{
	return pg_url_hide(a, str_from(text ? text : ""), str_from(c->password));
}

/* The connection is of no more use. */
static struct err *lost(struct pg_conn *c, struct arena *a, const char *why)
{
	bool unknown = c->committing;
	str text = hidden(a, c, why ? why : PQerrorMessage(c->pq));

	pg_conn_drop(c);
	if (unknown)
		return FAIL(a, TRY_AGAIN,
			    "the database was lost during a commit, whose outcome is unknown: %.*s",
			    STRF(text));
	return FAIL(a, TRY_AGAIN, "the connection to the database was lost: %.*s", STRF(text));
}

/* Waits until the socket is ready or the deadline has passed; then *ret_ready is false. */
static struct err *wait_socket(struct pg_conn *c, struct arena *a, short events, i64 deadline,
			       bool *ret_ready)
{
	struct pollfd p = { .fd = PQsocket(c->pq), .events = events };
	int n;

	do {
		i64 left = deadline - clock_mono_ms(&clock_real);

		n = poll(&p, 1, (int)MAX(left, 0));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return lost(c, a, strerror(errno));
	*ret_ready = n > 0;
	return NULL;
}

/* ---- connecting ---- */

/* What stands before the address gives way to it, what stands behind overrides it. */
static PGconn *start(const struct pg_conn *c)
{
	const char *const keys[] = { "fallback_application_name", "gssencmode",
				     "target_session_attrs",      "keepalives_idle",
				     "keepalives_interval",       "keepalives_count",
				     "tcp_user_timeout",          "dbname",
				     "client_encoding",           NULL };
	const char *const values[] = {
		"claudemesh-broker", "disable", "read-write", "10", "5", "3", "20000",
		c->url->url.ptr,     "UTF8",    NULL
	};

	return PQconnectStartParams(keys, values, 1);
}

static struct err *connect_fails(struct pg_conn *c, struct arena *a, const char *why)
{
	str text = hidden(a, c, why ? why : PQerrorMessage(c->pq));

	pg_conn_drop(c);
	return FAIL(a, TRY_AGAIN, "no connection to the database: %.*s", STRF(text));
}

struct err *pg_conn_connect(struct pg_conn *c, struct arena *a)
{
	i64 deadline = clock_mono_ms(&clock_real) + MIN(PG_CONNECT_MS, c->url->timeout_ms);
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	bool ready = true;

	pg_conn_drop(c);
	c->pq = start(c);
	if (!c->pq)
		abort();
	if (PQstatus(c->pq) == CONNECTION_BAD)
		return connect_fails(c, a, NULL);
	while (state != PGRES_POLLING_OK) {
		TRY(wait_socket(c, a, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline,
				&ready));
		if (!ready)
			return connect_fails(c, a, "no answer in time");
		state = PQconnectPoll(c->pq);
		if (state == PGRES_POLLING_FAILED)
			return connect_fails(c, a, NULL);
	}
	PQsetNoticeProcessor(c->pq, hide_notice, NULL);
	PQsetnonblocking(c->pq, 1);
	c->backend = PQbackendPID(c->pq);
	return NULL;
}

bool pg_conn_is_up(const struct pg_conn *c)
{
	return c->pq != NULL;
}

bool pg_conn_check(struct pg_conn *c)
{
	enum { LOOKS = 4 }; /* last words of the server come before the end */

	for (int i = 0; c->pq && i < LOOKS; i++) {
		struct pollfd p = { .fd = PQsocket(c->pq), .events = POLLIN };

		if (poll(&p, 1, 0) <= 0)
			break;
		if (!PQconsumeInput(c->pq) || PQstatus(c->pq) == CONNECTION_BAD)
			pg_conn_drop(c);
	}
	return c->pq != NULL;
}

bool pg_conn_in_transaction(const struct pg_conn *c)
{
	return c->pq && (c->n_sent || PQtransactionStatus(c->pq) != PQTRANS_IDLE);
}

int pg_conn_backend(const struct pg_conn *c)
{
	return c->backend;
}

int pg_conn_version(const struct pg_conn *c)
{
	return PQserverVersion(c->pq);
}

str pg_conn_encoding(const struct pg_conn *c)
{
	return str_from(PQparameterStatus(c->pq, "server_encoding"));
}

/* ---- answers ---- */

/* The next result; *ret_result is NULL at the end of a command's. */
static struct err *next_result(struct pg_conn *c, struct arena *a, i64 deadline,
			       PGresult **ret_result)
{
	while (PQisBusy(c->pq)) {
		int unsent = PQflush(c->pq);
		bool ready;

		if (unsent < 0)
			return lost(c, a, NULL);
		TRY(wait_socket(c, a, unsent ? POLLIN | POLLOUT : POLLIN, deadline, &ready));
		if (!ready)
			return lost(c, a, "no answer in time");
		if (!PQconsumeInput(c->pq))
			return lost(c, a, NULL);
	}
	*ret_result = PQgetResult(c->pq);
	if (!*ret_result && PQstatus(c->pq) == CONNECTION_BAD)
		return lost(c, a, NULL);
	return NULL;
}

static void clear_result(void *result)
{
	PQclear(result);
}

/* The failure that a result tells; NULL if none. */
static struct err *result_error(struct pg_conn *c, struct arena *a, const PGresult *r,
				const char *what)
{
	ExecStatusType status = PQresultStatus(r);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	struct err *e;
	str shown;

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
		return NULL;
	shown = hidden(a, c, text ? text : PQresultErrorMessage(r));
	if (status == PGRES_PIPELINE_ABORTED)
		shown = S("not carried out");
	e = err_make(a, sqlstate_code(state), __FILE__, __LINE__, "%s: %.*s%s%s", what, STRF(shown),
		     state ? ", SQLSTATE " : "", state ? state : "");
	return sqlstate_lost_race(state) ? err_word(e, S(DB_LOST_RACE)) : e;
}

static struct err *read_rows(struct arena *a, const PGresult *r, const struct last *last)
{
	const struct db_query *q = last->query;
	struct db_rows rows = { .n = (size_t)PQntuples(r), .columns = strlen(q->columns) };

	if (rows.n > DB_ROWS_MAX)
		return FAIL(a, INTERNAL, "query %s gives more than %d rows", q->name, DB_ROWS_MAX);
	if ((size_t)PQnfields(r) != rows.columns)
		return FAIL(a, INTERNAL, "query %s gives %d columns, its row says '%s'", q->name,
			    PQnfields(r), q->columns);
	rows.cells = NEW_ARRAY(a, struct db_value, rows.n * rows.columns);
	for (size_t i = 0; i < rows.n * rows.columns; i++) {
		int row = (int)(i / rows.columns), column = (int)(i % rows.columns);
		bool null = PQgetisnull(r, row, column);

		rows.cells[i] = pg_cell(a, q->columns[column],
					null ? NULL : PQgetvalue(r, row, column),
					(size_t)PQgetlength(r, row, column));
	}
	*last->ret_rows = rows;
	return NULL;
}

static struct err *check_columns(struct arena *a, const PGresult *r, const struct db_query *q)
{
	if ((size_t)PQnfields(r) != strlen(q->columns))
		return FAIL(a, INTERNAL, "query %s gives %d columns, its row says '%s'", q->name,
			    PQnfields(r), q->columns);
	for (int i = 0; q->columns[i]; i++)
		if (!pg_type_fits(q->columns[i], PQftype(r, i)))
			return FAIL(a, INTERNAL,
				    "query %s: column %d is of type %u, its row says '%c'", q->name,
				    i + 1, PQftype(r, i), q->columns[i]);
	return NULL;
}

static struct err *use_last(struct arena *a, PGresult *r, const struct last *last)
{
	if (last->describes)
		return check_columns(a, r, last->query);
	if (last->commits && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		return FAIL(a, TRY_AGAIN, "the database ended a transaction with %s",
			    PQcmdStatus(r));
	return last->ret_rows ? read_rows(a, r, last) : NULL;
}

/* Reads one command's results to their end. The first failure goes to *first. */
static struct err *take_answer(struct pg_conn *c, struct arena *a, i64 deadline, const char *what,
			       const struct last *last, struct err **first)
{
	CLEANUP(arena_freep) struct arena *results = arena_new();
	PGresult *r;

	for (;;) {
		TRY(next_result(c, a, deadline, &r));
		if (!r)
			return NULL;
		arena_defer(results, clear_result, r);
		if (!*first)
			*first = result_error(c, a, r, what);
		if (!*first && last)
			*first = use_last(a, r, last);
	}
}

static struct err *finish(struct pg_conn *c, struct arena *a, const struct last *last)
{
	i64 deadline = clock_mono_ms(&clock_real) + c->url->timeout_ms;
	struct err *first = NULL;
	PGresult *r;

	if (!PQpipelineSync(c->pq))
		return lost(c, a, NULL);
	for (size_t i = 0; i < c->n_sent; i++)
		TRY(take_answer(c, a, deadline, c->sent[i], i + 1 == c->n_sent ? last : NULL,
				&first));
	TRY(next_result(c, a, deadline, &r));
	if (PQresultStatus(r) != PGRES_PIPELINE_SYNC) {
		PQclear(r);
		return lost(c, a, "its answers are out of step");
	}
	PQclear(r);
	c->n_sent = 0;
	c->committing = false;
	return first;
}

struct err *pg_conn_finish(struct pg_conn *c, struct arena *a)
{
	return c->n_sent ? finish(c, a, NULL) : NULL;
}

/* ---- commands ---- */

static struct err *gone(struct arena *a)
{
	return FAIL(a, TRY_AGAIN, "the connection to the database was lost");
}

static struct err *before_send(struct pg_conn *c, struct arena *a)
{
	if (!c->pq)
		return gone(a);
	if (PQpipelineStatus(c->pq) == PQ_PIPELINE_OFF && !PQenterPipelineMode(c->pq))
		return lost(c, a, NULL);
	return c->n_sent == PG_SENT_MAX ? finish(c, a, NULL) : NULL;
}

/* ok: libpq took the command. */
static struct err *after_send(struct pg_conn *c, struct arena *a, const char *what, int ok)
{
	if (!ok)
		return lost(c, a, NULL);
	c->sent[c->n_sent++] = what;
	return NULL;
}

struct err *pg_conn_send_sql(struct pg_conn *c, struct arena *a, const char *what, const char *sql)
{
	TRY(before_send(c, a));
	return after_send(c, a, what, PQsendQueryParams(c->pq, sql, 0, NULL, NULL, NULL, NULL, 1));
}

struct err *pg_conn_send(struct pg_conn *c, struct arena *a, const char *statement,
			 const char *what, const struct pg_params *params)
{
	TRY(before_send(c, a));
	return after_send(c, a, what,
			  PQsendQueryPrepared(c->pq, statement, params->n, params->values,
					      params->lengths, params->formats, 1));
}

struct err *pg_conn_commit(struct pg_conn *c, struct arena *a)
{
	struct last last = { .commits = true };

	TRY(pg_conn_send_sql(c, a, "commit", "COMMIT"));
	c->committing = true;
	return finish(c, a, &last);
}

struct err *pg_conn_query(struct pg_conn *c, struct arena *a, const char *statement,
			  const struct db_query *q, const struct pg_params *params,
			  struct db_rows *ret_rows)
{
	struct last last = { .query = q, .ret_rows = ret_rows };

	TRY(pg_conn_send(c, a, statement, q->name, params));
	return finish(c, a, &last);
}

struct err *pg_conn_prepare(struct pg_conn *c, struct arena *a, const char *statement,
			    const struct db_query *q, const char *sql)
{
	struct last last = { .query = q, .describes = true };
	Oid types[SHAPE_BINDS_MAX];
	int n = (int)strlen(q->binds);

	for (int i = 0; i < n; i++)
		types[i] = pg_type(q->binds[i]);
	TRY(before_send(c, a));
	TRY(after_send(c, a, q->name, PQsendPrepare(c->pq, statement, sql, n, types)));
	TRY(before_send(c, a));
	TRY(after_send(c, a, q->name, PQsendDescribePrepared(c->pq, statement)));
	return finish(c, a, &last);
}

struct err *pg_conn_prepare_many(struct pg_conn *c, struct arena *a, const char *statement,
				 const struct db_query *q, const char *sql)
{
	TRY(before_send(c, a));
	TRY(after_send(c, a, q->name, PQsendPrepare(c->pq, statement, sql, 0, NULL)));
	return finish(c, a, NULL);
}

/* ---- scripts ---- */

static void text_rows(struct arena *a, const PGresult *r, struct db_rows *ret_rows)
{
	struct db_rows rows = { .n = (size_t)PQntuples(r), .columns = (size_t)PQnfields(r) };

	rows.cells = NEW_ARRAY(a, struct db_value, rows.n * rows.columns);
	for (size_t i = 0; i < rows.n * rows.columns; i++) {
		int row = (int)(i / rows.columns), column = (int)(i % rows.columns);

		if (!PQgetisnull(r, row, column))
			rows.cells[i] = db_str(arena_dup(a, str_from(PQgetvalue(r, row, column))));
	}
	*ret_rows = rows;
}

struct err *pg_conn_script(struct pg_conn *c, struct arena *a, const char *what, const char *sql,
			   int timeout_ms, struct db_rows *ret_rows)
{
	CLEANUP(arena_freep) struct arena *results = arena_new();
	i64 deadline = clock_mono_ms(&clock_real) + timeout_ms;
	struct err *first = NULL;
	PGresult *r = NULL;

	if (!c->pq)
		return gone(a);
	TRY(pg_conn_finish(c, a));
	if (!PQexitPipelineMode(c->pq) || !PQsendQuery(c->pq, sql))
		return lost(c, a, NULL);
	for (;;) {
		TRY(next_result(c, a, deadline, &r));
		if (!r)
			return first;
		arena_defer(results, clear_result, r);
		if (!first)
			first = result_error(c, a, r, what);
		if (!first && ret_rows)
			text_rows(a, r, ret_rows);
	}
}
