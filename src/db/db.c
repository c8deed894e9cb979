#include "db/db.h"

#include <assert.h>

#include "db/driver.h"

struct db {
	struct db_conn *conn;
	bool open;           /* a transaction is open at the driver */
	struct arena *arena; /* values of the queue */
	struct db_write *queue;
	size_t n, cap;
	struct err broken; /* why the batch cannot be finished; ERR_NONE if it can */
	char broken_text[256];
};

static struct db *db_new(struct db_conn *conn)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		abort();
	*db = (struct db){ .conn = conn, .arena = arena_new() };
	return db;
}

struct err *db_open(struct arena *a, const struct db_driver *driver, str where, struct db **ret_db)
{
	struct db_conn *conn;

	TRY(driver->open(a, where, &conn));
	*ret_db = db_new(conn);
	return NULL;
}

struct err *db_open_beside(struct arena *a, const struct db *first, unsigned no, struct db **ret_db)
{
	const struct db_driver *driver = first->conn->driver;
	struct db_conn *conn;

	assert(no >= 1 && no <= DB_BESIDE_MAX);
	if (!driver->open_beside)
		return FAIL(a, NOT_SUPPORTED, "%s has one writer: no second connection is opened",
			    driver->name);
	TRY(driver->open_beside(a, first->conn, no, &conn));
	*ret_db = db_new(conn);
	return NULL;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db_rollback(db);
	db->conn->driver->close(db->conn);
	arena_free(db->arena);
	free(db->queue);
	free(db);
}

void db_closep(struct db **db)
{
	db_close(*db);
	*db = NULL;
}

const struct db_driver *db_driver(const struct db *db)
{
	return db->conn->driver;
}

void db_wrap(struct db *db, struct db_conn *(*wrap)(struct db_conn *inner, void *arg), void *arg)
{
	assert(!db_pending(db));
	db->conn = wrap(db->conn, arg);
}

bool db_pending(const struct db *db)
{
	return db->open || db->n > 0 || db->broken.code != ERR_NONE;
}

bool db_begun(const struct db *db)
{
	return db->open || db->broken.code != ERR_NONE;
}

/* A wrong type or count is our bug, never a caller's input. */
static void check_values(const struct db_query *q, const struct db_value *values, size_t n)
{
	assert(q->slot >= 0 && q->slot < DB_SLOT_MAX);
	assert(strlen(q->binds) == n);
	for (size_t i = 0; i < n; i++) {
		enum db_type want = q->binds[i] == 'i'   ? DB_I64
				    : q->binds[i] == 's' ? DB_STR
							 : DB_BLOB;

		assert(values[i].type == want || (values[i].type == DB_NULL && want != DB_I64));
	}
}

static void queue_clear(struct db *db)
{
	db->n = 0;
	arena_reset(db->arena);
}

/* Undoes the batch after a failure and remembers why. Returns e. */
static struct err *break_batch(struct db *db, struct err *e)
{
	size_t len = MIN(e->text.len, sizeof(db->broken_text));

	memcpy(db->broken_text, e->text.ptr, len);
	db->broken = *e;
	db->broken.text = str_of(db->broken_text, len);
	db->conn->driver->rollback(db->conn);
	db->open = false;
	return e;
}

static struct err *still_broken(const struct db *db, struct arena *a)
{
	const struct err *b = &db->broken;

	if (b->code == ERR_NONE)
		return NULL;
	return err_word(err_make(a, b->code, b->file, b->line, "%.*s", STRF(b->text)), b->word);
}

struct err *db_begin(struct db *db, struct arena *a)
{
	struct err *e;

	TRY(still_broken(db, a));
	if (db->open)
		return NULL;
	e = db->conn->driver->begin(db->conn, a);
	if (e)
		return break_batch(db, e);
	db->open = true;
	return NULL;
}

/* Sends what is queued. The error may not live in the queue's arena beyond this call. */
static struct err *flush(struct db *db, struct arena *a)
{
	struct err *e;

	TRY(still_broken(db, a));
	if (!db->n)
		return NULL;
	TRY(db_begin(db, a));
	e = db->conn->driver->write(db->conn, a, db->queue, db->n);
	if (e)
		e = break_batch(db, e);
	if (a != db->arena)
		queue_clear(db);
	return e;
}

struct err *db_run(struct db *db, struct arena *a, const struct db_query *q,
		   const struct db_value *values, size_t n, struct db_rows *ret_rows)
{
	struct db_rows rows = { .columns = strlen(q->columns) };
	struct err *e;

	check_values(q, values, n);
	TRY(flush(db, a));
	e = db->conn->driver->run(db->conn, a, q, values, &rows);
	if (e)
		return db->open ? break_batch(db, e) : e;
	*ret_rows = rows;
	return NULL;
}

struct err *db_exec(struct db *db, struct arena *a, str script)
{
	struct err *e;

	TRY(flush(db, a));
	e = db->conn->driver->exec(db->conn, a, arena_cstr(a, script));
	return e && db->open ? break_batch(db, e) : e;
}

struct err *db_prepare(struct db *db, struct arena *a, const struct db_query *q)
{
	return db->conn->driver->prepare(db->conn, a, q);
}

void db_queue(struct db *db, const struct db_query *q, const struct db_value *values, size_t n)
{
	struct db_value *copy;

	check_values(q, values, n);
	if (db->broken.code != ERR_NONE)
		return;
	if (db->n == DB_QUEUE_MAX || arena_used(db->arena) > DB_QUEUE_BYTES) {
		/* A failure is kept in db->broken; the commit returns it. */
		if (flush(db, db->arena))
			return;
		queue_clear(db);
	}
	if (db->n == db->cap) {
		db->cap = MAX(64, db->cap * 2);
		db->queue = reallocarray(db->queue, db->cap, sizeof(*db->queue));
		if (!db->queue)
			abort();
	}
	copy = NEW_ARRAY(db->arena, struct db_value, n);
	for (size_t i = 0; i < n; i++) {
		copy[i] = values[i];
		copy[i].s = arena_dup(db->arena, values[i].s);
	}
	db->queue[db->n++] = (struct db_write){ .query = q, .values = copy };
}

struct err *db_commit(struct db *db, struct arena *a)
{
	struct err *e = flush(db, a);

	if (!e && db->open)
		e = db->conn->driver->commit(db->conn, a);
	if (!e)
		db->open = false;
	db_rollback(db);
	return e;
}

void db_rollback(struct db *db)
{
	if (db->open)
		db->conn->driver->rollback(db->conn);
	db->open = false;
	db->broken.code = ERR_NONE;
	queue_clear(db);
}
