/*
 * db.h - a SQL database as the store sees it: run a query, queue a write, commit.
 *
 * A query is a constant row that holds its text once, acceptable to every driver: `$1`,
 * `$2` ... numbered in the order in which they first appear, one letter per parameter in
 * `binds` and per result column in `columns` (s text, i integer, b bytes). Drivers keep
 * it prepared under its slot, for as long as the slot is used with the same text pointer.
 *
 * Writes are queued and reach the database in order, in one transaction, when
 * db_commit() runs. Whatever reads in between first sends what is queued, inside the
 * transaction that the commit ends, so a batch sees its own writes. When a call fails
 * inside a batch, all of the batch is undone and every later call of it answers the same
 * error, until db_commit() (which returns it) or db_rollback(): never use an error as a
 * branch, write ON CONFLICT DO NOTHING.
 *
 * Failures: CONFLICT (a constraint), TRY_AGAIN (locked, disk full, connection: nothing is
 * stored), IO (the file cannot be used), INTERNAL (damaged, or a faulty query). A TRY_AGAIN
 * with the word DB_LOST_RACE says that the server undid the batch in favour of another
 * transaction (deadlock, serialization): the same batch may succeed at once. When the
 * connection to a server is lost during a commit its TRY_AGAIN does not tell whether the
 * batch was stored: read again what memory holds of it. A failed fsync ends the process:
 * what the kernel dropped cannot be written again.
 *
 * A database handle belongs to one thread at a time. Out of memory aborts.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/err.h"

struct db;
struct db_driver;

enum {
	DB_SLOT_MAX = 256,              /* prepared queries of one handle */
	DB_QUEUE_MAX = 4096,            /* queued writes kept in memory; more go to the driver at once */
	DB_QUEUE_BYTES = 4 << 20,       /* the same for their bytes */
	DB_ROWS_MAX = 4 << 20,          /* rows of one answer */
	DB_BESIDE_MAX = 7,              /* more connections of one process */
};

#define DB_LOST_RACE "lost_race"

enum db_type { DB_NULL, DB_I64, DB_STR, DB_BLOB };

struct db_value {
	enum db_type type;
	i64 i;                /* 0 unless DB_I64 */
	str s;                /* text or bytes; absent for NULL */
};

struct db_query {
	const char *name;     /* for messages, and the statement's name at a server */
	int slot;             /* 0 to DB_SLOT_MAX - 1 */
	const char *binds, *columns;
	const char *sql;
};

struct db_rows {
	size_t n, columns;
	struct db_value *cells;
};

/* The cells of row i. */
static inline const struct db_value *db_row(const struct db_rows *rows, size_t i)
{
	return rows->cells + i * rows->columns;
}

static inline struct db_value db_null(void) { return (struct db_value){ .type = DB_NULL }; }
static inline struct db_value db_i64(i64 i) { return (struct db_value){ .type = DB_I64, .i = i }; }
static inline struct db_value db_int(int i) { return db_i64(i); }
static inline struct db_value db_bool(bool b) { return db_i64(b); }
/* An absent str is NULL; an empty one is ''. */
static inline struct db_value db_str(str s)
{
	return (struct db_value){ .type = s.ptr ? DB_STR : DB_NULL, .s = s };
}
static inline struct db_value db_blob(str s)
{
	return (struct db_value){ .type = s.ptr ? DB_BLOB : DB_NULL, .s = s };
}

#define V(x) _Generic((x), str: db_str, i64: db_i64, int: db_int, bool: db_bool)(x)
/* The values of a call: DB_VALUES(V(id), V(n)) stands for an array and its length. */
#define DB_VALUES(...) \
	(const struct db_value[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } }, \
	sizeof((const struct db_value[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } }) / sizeof(struct db_value) - 1

/* where: a file path (its folder must exist) or ":memory:"; for db_pg a postgresql://
 * address. Refuses a database that another process has open. */
struct err *db_open(struct arena *a, const struct db_driver *driver, str where,
		    struct db **ret_db) MUST_CHECK;
/* One more connection of this process to the database of `first`, for another thread. no: 1
 * to DB_BESIDE_MAX, each once at a time. NOT_SUPPORTED where there is one writer only. */
struct err *db_open_beside(struct arena *a, const struct db *first, unsigned no,
			   struct db **ret_db) MUST_CHECK;
void db_close(struct db *db);                 /* NULL is fine; queued writes are forgotten */
void db_closep(struct db **db);

/* Runs a query and gives its rows, in the arena. Outside a batch it only reads. */
struct err *db_run(struct db *db, struct arena *a, const struct db_query *q,
		   const struct db_value *values, size_t n, struct db_rows *ret_rows) MUST_CHECK;
/* Queues a write; the values are copied. What it returns is dropped. */
void db_queue(struct db *db, const struct db_query *q, const struct db_value *values, size_t n);
/* One transaction with all that is queued; durable when it returns. Nothing queued: nothing. */
struct err *db_commit(struct db *db, struct arena *a) MUST_CHECK;
void db_rollback(struct db *db);
bool db_pending(const struct db *db);         /* would db_commit() do something? */
bool db_begun(const struct db *db);           /* has any of the batch left the queue, or failed? */

/* Opens the transaction of the batch now: nobody else writes until its end. */
struct err *db_begin(struct db *db, struct arena *a) MUST_CHECK;
/* Runs a script of statements without parameters, inside the batch's transaction if open. */
struct err *db_exec(struct db *db, struct arena *a, str script) MUST_CHECK;
/* Only prepares: tests do it to every query. */
struct err *db_prepare(struct db *db, struct arena *a, const struct db_query *q) MUST_CHECK;

#endif
