/*
 * store.c - opening, the batch, and the numbers.
 *
 * Numbers are reserved in blocks by a row that rises with the batch that first uses the
 * block. If that batch fails the reservation is gone with it and the next number reserves
 * again, so what is on disk was always reserved on disk.
 */
#include "store/store.h"

#include "base/clock.h"
#include "store/row.h"

struct err *store_migrate(struct arena *a, struct db *db)
{
	return db_migrate(a, db, store_migrations, store_migrations_n, clock_ms(&clock_real));
}

static struct err *numbers_load(struct store *st, struct arena *a)
{
	struct db_rows rows;

	for (size_t kind = 0; kind < NUMBER_COUNT; kind++)
		st->numbers[kind].next = 1;
	TRY(db_run(st->db, a, &store_queries[Q_NUMBERS], DB_VALUES(), &rows));
	for (size_t i = 0; i < rows.n; i++) {
		i64 kind = db_row(&rows, i)[0].i, limit = db_row(&rows, i)[1].i;

		if (kind < 0 || kind >= NUMBER_COUNT || limit < 1)
			return FAIL(a, INTERNAL, "table number holds kind %lld, limit %lld",
				    (long long)kind, (long long)limit);
		st->numbers[kind].next = limit;
		st->numbers[kind].limit = limit;
		st->numbers[kind].durable = limit;
	}
	return NULL;
}

struct err *store_open(struct arena *a, struct db *db, struct store **ret_store)
{
	struct store *st = calloc(1, sizeof(*st));
	struct err *e;

	if (!st)
		abort();
	st->db = db;
	st->ended = calloc(ENDED_MAX, sizeof(*st->ended));
	if (!st->ended)
		abort();
	e = numbers_load(st, a);
	if (e) {
		store_close(st);
		return e;
	}
	*ret_store = st;
	return NULL;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	db_rollback(st->db);
	free(st->ended);
	free(st);
}

bool store_is_new(const struct store *st)
{
	for (size_t kind = 0; kind < NUMBER_COUNT; kind++)
		if (st->numbers[kind].durable)
			return false;
	return true;
}

static void ended_queue(struct store *st)
{
	for (size_t i = 0; i < st->n_ended; i++)
		QUEUE(st, MESSAGE_END, V(st->ended[i].message_no), V(st->ended[i].mesh_no));
	st->n_ended = 0;
}

void ended_add(struct store *st, i64 mesh_no, i64 message_no)
{
	/* The recipients of one message often ack it together. */
	if (st->n_ended && st->ended[st->n_ended - 1].message_no == message_no)
		return;
	if (st->n_ended == ENDED_MAX)
		ended_queue(st);
	st->ended[st->n_ended++] = (struct ended){ mesh_no, message_no };
}

struct err *store_commit(struct store *st, struct arena *a)
{
	struct err *e;

	ended_queue(st);
	e = db_commit(st->db, a);

	for (size_t kind = 0; kind < NUMBER_COUNT; kind++) {
		if (e)
			st->numbers[kind].limit = st->numbers[kind].durable;
		else
			st->numbers[kind].durable = st->numbers[kind].limit;
	}
	return e;
}

void store_rollback(struct store *st)
{
	st->n_ended = 0;
	db_rollback(st->db);
	for (size_t kind = 0; kind < NUMBER_COUNT; kind++)
		st->numbers[kind].limit = st->numbers[kind].durable;
}

bool store_pending(const struct store *st)
{
	return db_pending(st->db);
}

i64 store_next(struct store *st, enum store_number kind)
{
	i64 no = st->numbers[kind].next++;

	if (no >= st->numbers[kind].limit) {
		st->numbers[kind].limit = no + NUMBER_BLOCK;
		QUEUE(st, NUMBER_RESERVE, V((i64)kind), V(st->numbers[kind].limit));
	}
	return no;
}
