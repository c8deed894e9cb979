#include "db/pg.h"

#include "base/clock.h"
#include "db/driver.h"
#include "db/pg_session.h"

enum {
	PAUSE_MS = 100,
	PAUSE_MS_MAX = 5000, /* between attempts to connect */
	SCRIPT_MS = 600000,  /* for a migration */
	NAME_MAX_BYTES = 16,
};

/* What is prepared for a slot. `prepared` belongs to the present connection. */
struct slot {
	const char *sql;
	struct shape shape; /* its text is ours to free */
	bool prepared, prepared_many;
	char name[NAME_MAX_BYTES], name_many[NAME_MAX_BYTES];
};

struct pg {
	struct db_conn conn;
	struct arena *arena; /* of the address and table names */
	struct pg_url url;
	struct pg_conn *link;
	struct pg_session session;
	bool in_batch;
	i64 retry_at_ms, pause_ms; /* after a failed attempt to connect */
	char failure[256];         /* why it failed */
	unsigned names;            /* given so far */
	struct shape_tables tables;
	struct slot slots[DB_SLOT_MAX];
	const struct shape *shapes[DB_SLOT_MAX];
};

static void forget_prepared(struct pg *p)
{
	for (size_t i = 0; i < DB_SLOT_MAX; i++)
		p->slots[i].prepared = p->slots[i].prepared_many = false;
}

static struct err *connect_now(struct pg *p, struct arena *a)
{
	int last_backend = pg_conn_backend(p->link);
	struct err *e;

	forget_prepared(p);
	TRY(pg_conn_connect(p->link, a));
	e = pg_session_start(&p->session, p->link, a, &p->url, last_backend);
	if (e)
		pg_conn_drop(p->link);
	return e;
}

/* A connection for what follows. Inside a batch only the one it began on. */
static struct err *ready(struct pg *p, struct arena *a)
{
	i64 now = clock_mono_ms(&clock_real);
	struct err *e;

	if (p->in_batch)
		return pg_conn_is_up(p->link)
			       ? NULL
			       : FAIL(a, TRY_AGAIN,
				      "the connection to the database was lost in this batch");
	if (pg_conn_check(p->link))
		return NULL;
	if (now < p->retry_at_ms)
		return FAIL(a, TRY_AGAIN, "%s", p->failure);
	e = connect_now(p, a);
	if (!e) {
		p->retry_at_ms = p->pause_ms = 0;
		return NULL;
	}
	p->pause_ms = MIN(MAX(PAUSE_MS, 2 * p->pause_ms), PAUSE_MS_MAX);
	p->retry_at_ms = clock_mono_ms(&clock_real) + p->pause_ms;
	snprintf(p->failure, sizeof(p->failure), "%.*s", STRF(e->text));
	if (p->session.started)
		e->code = ERR_TRY_AGAIN; /* it was fine once */
	return e;
}

static void close_conn(struct db_conn *c)
{
	struct pg *p = (struct pg *)c;

	pg_conn_free(p->link);
	for (size_t i = 0; i < DB_SLOT_MAX; i++)
		free((char *)p->slots[i].shape.many.ptr);
	arena_free(p->arena);
	free(p);
}

static struct pg *pg_new(void)
{
	struct pg *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->conn.driver = &db_pg;
	p->arena = arena_new();
	p->tables.arena = p->arena;
	return p;
}

/* Takes p over. */
static struct err *connect_first(struct pg *p, struct arena *a, struct err *e, struct db_conn **ret_conn)
{
	if (!e)
		e = pg_conn_new(p->arena, &p->url, &p->link);
	if (!e)
		e = ready(p, p->arena);
	if (e) {
		e = err_copy(a, e);
		close_conn(&p->conn);
		return e;
	}
	*ret_conn = &p->conn;
	return NULL;
}

static struct err *open_conn(struct arena *a, str where, struct db_conn **ret_conn)
{
	struct pg *p = pg_new();

	return connect_first(p, a, pg_url_read(p->arena, where, &p->url), ret_conn);
}

static struct err *open_beside(struct arena *a, const struct db_conn *first, unsigned no,
			       struct db_conn **ret_conn)
{
	const struct pg *other = (const struct pg *)first;
	struct pg *p = pg_new();

	p->url = (struct pg_url){
		.url = arena_dup(p->arena, other->url.url),
		.schema = arena_dup(p->arena, other->url.schema),
		.timeout_ms = other->url.timeout_ms,
	};
	p->session = (struct pg_session){ .epoch = other->session.epoch, .no = no };
	return connect_first(p, a, NULL, ret_conn);
}

static struct err *deallocate(struct pg *p, struct arena *a, const char *name)
{
	return pg_conn_send_sql(p->link, a, "deallocate",
				arena_printf(a, "DEALLOCATE %s", name).ptr);
}

/* Makes the slot stand for q. */
static struct err *use_slot(struct pg *p, struct arena *a, const struct db_query *q)
{
	struct slot *s = &p->slots[q->slot];
	struct shape shape;

	if (s->sql == q->sql)
		return NULL;
	TRY(shape_read(a, &p->tables, q, &shape));
	if (s->prepared)
		TRY(deallocate(p, a, s->name));
	if (s->prepared_many)
		TRY(deallocate(p, a, s->name_many));
	free((char *)s->shape.many.ptr);
	*s = (struct slot){ .sql = q->sql, .shape = shape };
	s->shape.many.ptr = strndup(shape.many.ptr, shape.many.len);
	if (!s->shape.many.ptr)
		abort();
	p->shapes[q->slot] = &s->shape;
	return NULL;
}

static void give_name(struct pg *p, char name[NAME_MAX_BYTES])
{
	snprintf(name, NAME_MAX_BYTES, "s%u", p->names++);
}

static struct err *use_query(struct pg *p, struct arena *a, const struct db_query *q)
{
	struct slot *s = &p->slots[q->slot];

	TRY(use_slot(p, a, q));
	if (s->prepared)
		return NULL;
	give_name(p, s->name);
	TRY(pg_conn_prepare(p->link, a, s->name, q, q->sql));
	s->prepared = true;
	return NULL;
}

static struct err *use_many(struct pg *p, struct arena *a, const struct db_query *q)
{
	struct slot *s = &p->slots[q->slot];

	if (s->prepared_many)
		return NULL;
	give_name(p, s->name_many);
	TRY(pg_conn_prepare_many(p->link, a, s->name_many, q, s->shape.many.ptr));
	s->prepared_many = true;
	return NULL;
}

static struct err *prepare(struct db_conn *c, struct arena *a, const struct db_query *q)
{
	struct pg *p = (struct pg *)c;

	TRY(ready(p, a));
	TRY(use_query(p, a, q));
	return p->slots[q->slot].shape.many.len ? use_many(p, a, q) : NULL;
}

static struct err *run(struct db_conn *c, struct arena *a, const struct db_query *q,
		       const struct db_value *values, struct db_rows *ret_rows)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct pg *p = (struct pg *)c;
	struct pg_params params;

	TRY(ready(p, a));
	TRY(use_query(p, a, q));
	pg_params_one(scratch, q, values, &params);
	return pg_conn_query(p->link, a, p->slots[q->slot].name, q, &params, ret_rows);
}

static struct err *send_group(struct pg *p, struct arena *a, struct arena *scratch,
			      const struct group *g)
{
	const struct slot *s = &p->slots[g->query->slot];
	struct pg_params params;

	if (g->n == 1) {
		TRY(use_query(p, a, g->query));
		pg_params_one(scratch, g->query, g->first->write->values, &params);
		return pg_conn_send(p->link, a, s->name, g->query->name, &params);
	}
	TRY(use_many(p, a, g->query));
	pg_params_many(scratch, g, &params);
	return pg_conn_send(p->link, a, s->name_many, g->query->name, &params);
}

static struct err *send_writes(struct pg *p, struct arena *a, const struct db_write *writes,
			       size_t n)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct group *groups;
	size_t n_groups = group_writes(scratch, writes, n, p->shapes, &groups);

	for (size_t i = 0; i < n_groups; i++)
		TRY(send_group(p, a, scratch, &groups[i]));
	return NULL;
}

static struct err *write_all(struct db_conn *c, struct arena *a, const struct db_write *writes,
			     size_t n)
{
	struct pg *p = (struct pg *)c;
	size_t sent = 0;

	TRY(ready(p, a));
	for (size_t i = 0; i < n; i++) {
		const struct db_query *q = writes[i].query;

		if (p->slots[q->slot].sql == q->sql)
			continue;
		/* What stands before may use the slot for another text. */
		TRY(send_writes(p, a, writes + sent, i - sent));
		sent = i;
		TRY(use_slot(p, a, q));
	}
	return send_writes(p, a, writes + sent, n - sent);
}

static struct err *begin(struct db_conn *c, struct arena *a)
{
	struct pg *p = (struct pg *)c;

	TRY(ready(p, a));
	p->in_batch = true;
	return pg_conn_send_sql(p->link, a, "begin", "BEGIN");
}

static struct err *commit(struct db_conn *c, struct arena *a)
{
	struct pg *p = (struct pg *)c;

	TRY(ready(p, a));
	TRY(pg_conn_commit(p->link, a));
	p->in_batch = false;
	return NULL;
}

/* What fails here is met again by the next call. */
static void rollback(struct db_conn *c)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	struct pg *p = (struct pg *)c;

	p->in_batch = false;
	if (!pg_conn_in_transaction(p->link))
		return;
	if (pg_conn_finish(p->link, scratch) && !pg_conn_is_up(p->link))
		return;
	if (pg_conn_in_transaction(p->link) &&
	    (pg_conn_send_sql(p->link, scratch, "rollback", "ROLLBACK") ||
	     pg_conn_finish(p->link, scratch)))
		pg_conn_drop(p->link);
}

static struct err *exec(struct db_conn *c, struct arena *a, const char *script)
{
	struct pg *p = (struct pg *)c;

	TRY(ready(p, a));
	if (p->in_batch)
		script = arena_printf(a, "SET LOCAL statement_timeout = %d; %s", SCRIPT_MS, script)
				 .ptr;
	return pg_conn_script(p->link, a, "run script", script, SCRIPT_MS, NULL);
}

/* Every text is compared byte by byte, as in SQLite, whatever the database's own order is. */
static const struct db_token tokens[] = { { "ROW_KEY", "BIGINT" },
					  { "CLUSTERED", "" },
					  { "BLOB", "BYTEA" },
					  { "TEXT", "TEXT COLLATE \"C\"" },
					  { 0 } };

const struct db_driver db_pg = {
	.name = "postgresql",
	.tokens = tokens,
	.open = open_conn,
	.open_beside = open_beside,
	.close = close_conn,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.prepare = prepare,
	.run = run,
	.write = write_all,
	.exec = exec,
};
