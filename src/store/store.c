#include "store/store.h"

#include "base/clock.h"
#include "store/number.h"
#include "store/row.h"

struct err *store_migrate(struct arena *a, struct db *db)
{
	return db_migrate(a, db, store_migrations, store_migrations_n, clock_ms(&clock_real));
}

static struct store *store_new(struct db *db, struct numbers *numbers)
{
	struct store *st = calloc(1, sizeof(*st));

	if (!st)
		abort();
	st->db = db;
	st->numbers = numbers;
	st->ended = calloc(ENDED_MAX, sizeof(*st->ended));
	if (!st->ended)
		abort();
	return st;
}

struct store *store_open_beside(struct db *db, struct store *first)
{
	return store_new(db, numbers_ref(first->numbers));
}

struct err *store_open(struct arena *a, struct db *db, struct store **ret_store)
{
	struct store *st = store_new(db, numbers_new());
	struct err *e = numbers_load(st->numbers, st, a);

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
	numbers_unref(st->numbers);
	free(st->ended);
	free(st);
}

struct err *store_ping(struct store *st, struct arena *a)
{
	struct db_rows rows;

	return db_run(st->db, a, &store_queries[Q_PING], DB_VALUES(), &rows);
}

void store_probe(struct store *st, i64 now_ms)
{
	QUEUE(st, PROBE, db_blob(str_of(&now_ms, sizeof(now_ms))));
}

bool store_is_new(const struct store *st)
{
	return numbers_are_new(st->numbers);
}

static void ended_queue(struct store *st)
{
	for (size_t i = 0; i < st->n_ended; i++)
		QUEUE_LATER(st, MESSAGE_END, V(st->ended[i].message_no), V(st->ended[i].mesh_no));
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
	numbers_reserve(st);
	e = db_commit(st->db, a);
	numbers_reserved(st, !e);
	st->urgent = false;
	st->n_later = 0;
	return e;
}

void store_rollback(struct store *st)
{
	st->n_ended = 0;
	db_rollback(st->db);
	numbers_reserved(st, false);
	st->urgent = false;
	st->n_later = 0;
}

bool store_pending(const struct store *st)
{
	return st->reserving || db_pending(st->db);
}

bool store_may_wait(const struct store *st)
{
	return !st->urgent && !st->reserving && st->n_later < LATER_MAX && !db_begun(st->db);
}

bool store_lost_race(const struct err *e)
{
	return str_eq(e->word, S(DB_LOST_RACE));
}
