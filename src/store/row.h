/*
 * row.h - what the files of this folder share: the store itself, and row structs described
 * by field lists. One list serves to queue a row (the values of its INSERT) and to read it
 * (the columns of its SELECT), in the same order. Nobody outside the folder includes this.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "store/query.h"
#include "store/store.h"

enum {
	NUMBER_BLOCK = 10000, /* numbers reserved at once; the rest of a block is lost at a stop */
	ROW_FIELDS_MAX = 32,
	LATER_MAX = 128,      /* queued writes that wait for another commit: carrying them out takes
			       * about as long as a commit, and who comes next waits for it */
	ENDED_MAX = 4096,     /* messages whose end waits for the commit */
};

struct store {
	struct db *db;
	struct numbers *numbers;
	i64 reserves[NUMBER_COUNT]; /* by this batch: numbers below; 0: none */
	bool reserving;
	struct ended { i64 mesh_no, message_no; } *ended; /* by this batch, ENDED_MAX of them */
	size_t n_ended;
	bool urgent;           /* something queued may not wait */
	size_t n_later;        /* what is queued and may */
};

enum field_kind {
	FIELD_END,
	FIELD_I64, FIELD_INT, FIELD_BOOL,
	FIELD_TEXT,           /* absent is stored as '' */
	FIELD_OPT,            /* absent or empty is stored as NULL and read as absent */
	FIELD_BLOB,           /* bytes; the same */
};

struct field {
	enum field_kind kind;
	size_t offset;
};

#define FIELD(kind_, type, name) { FIELD_##kind_, offsetof(struct type, name) }

struct db_value text_value(str s);            /* FIELD_TEXT */
struct db_value opt_value(str s);             /* FIELD_OPT */
struct db_value blob_value(str s);            /* FIELD_BLOB */

/* Queues q with the row's fields as values. */
void row_queue(struct store *st, enum query_no q, const struct field *fields, const void *row);
/* Fills row from the cells of one result row. */
void row_read(const struct field *fields, const struct db_value *cells, void *row);

/* Runs a query whose columns are the fields; *ret_rows is an array of n structs of `size`. */
struct err *rows_get(struct store *st, struct arena *a, enum query_no q, const struct db_value *values,
		     size_t n_values, const struct field *fields, size_t size,
		     void **ret_rows, size_t *ret_n) MUST_CHECK;
/* The same for at most one row: NULL when there is none. */
struct err *row_get(struct store *st, struct arena *a, enum query_no q, const struct db_value *values,
		    size_t n_values, const struct field *fields, size_t size, void **ret_row) MUST_CHECK;

/* A delivery of the message has ended, and the message with it if it was the last. That is
 * looked at before the commit, for all of them: what ends and what looks alternating could
 * not go to a server many at a time. No query shows a message without a delivery. */
void ended_add(struct store *st, i64 mesh_no, i64 message_no);

#define QUEUE(st, name, ...) \
	((st)->urgent = true, db_queue((st)->db, &store_queries[Q_##name], DB_VALUES(__VA_ARGS__)))
/* One that need not be committed for its own sake, see store_may_wait(). */
#define QUEUE_LATER(st, name, ...) \
	((st)->n_later++, db_queue((st)->db, &store_queries[Q_##name], DB_VALUES(__VA_ARGS__)))

#endif
