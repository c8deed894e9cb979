#include "store/number.h"

#include <pthread.h>

#include "store/row.h"

struct numbers {
	pthread_mutex_t lock;  /* everything below */
	unsigned users;
	struct {
		i64 next;      /* the next to give */
		i64 durable;   /* numbers below are reserved on disk */
	} of[NUMBER_COUNT];
};

struct numbers *numbers_new(void)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	pthread_mutex_init(&n->lock, NULL);
	n->users = 1;
	for (size_t kind = 0; kind < NUMBER_COUNT; kind++)
		n->of[kind].next = 1;
	return n;
}

struct numbers *numbers_ref(struct numbers *n)
{
	pthread_mutex_lock(&n->lock);
	n->users++;
	pthread_mutex_unlock(&n->lock);
	return n;
}

void numbers_unref(struct numbers *n)
{
	bool last;

	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	last = --n->users == 0;
	pthread_mutex_unlock(&n->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&n->lock);
	free(n);
}

struct err *numbers_load(struct numbers *n, struct store *st, struct arena *a)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_NUMBERS], DB_VALUES(), &rows));
	for (size_t i = 0; i < rows.n; i++) {
		i64 kind = db_row(&rows, i)[0].i, limit = db_row(&rows, i)[1].i;

		if (kind < 0 || kind >= NUMBER_COUNT || limit < 1)
			return FAIL(a, INTERNAL, "table number holds kind %lld, limit %lld",
				    (long long)kind, (long long)limit);
		n->of[kind].next = n->of[kind].durable = limit;
	}
	return NULL;
}

bool numbers_are_new(struct numbers *n)
{
	bool are_new = true;

	pthread_mutex_lock(&n->lock);
	for (size_t kind = 0; kind < NUMBER_COUNT; kind++)
		are_new = are_new && !n->of[kind].durable;
	pthread_mutex_unlock(&n->lock);
	return are_new;
}

i64 store_next(struct store *st, enum store_number kind)
{
	struct numbers *n = st->numbers;
	i64 no, durable;

	pthread_mutex_lock(&n->lock);
	no = n->of[kind].next++;
	durable = n->of[kind].durable;
	pthread_mutex_unlock(&n->lock);
	if (no >= MAX(durable, st->reserves[kind])) {
		st->reserves[kind] = no + NUMBER_BLOCK;
		st->reserving = true;
	}
	return no;
}

void numbers_reserve(struct store *st)
{
	if (!st->reserving)
		return;
	for (size_t kind = 0; kind < NUMBER_COUNT; kind++)
		if (st->reserves[kind])
			QUEUE(st, NUMBER_RESERVE, V((i64)kind), V(st->reserves[kind]));
}

void numbers_reserved(struct store *st, bool stored)
{
	struct numbers *n = st->numbers;

	if (!st->reserving)
		return;
	pthread_mutex_lock(&n->lock);
	for (size_t kind = 0; kind < NUMBER_COUNT; kind++) {
		if (stored)
			n->of[kind].durable = MAX(n->of[kind].durable, st->reserves[kind]);
		st->reserves[kind] = 0;
	}
	pthread_mutex_unlock(&n->lock);
	st->reserving = false;
}
