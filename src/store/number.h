/*
 * number.h - the numbers that all stores of a process give, from one counter a kind.
 *
 * Every number below a limit on disk may have been given, and a start goes on there. A batch
 * that gives a number beyond it raises the limit in its own transaction, whoever else is
 * doing that too: what is on disk was always reserved on disk, whichever commit fails, and
 * two stores never give one number. The rows are written last in a batch and in order of
 * kind, so that two batches cannot wait for each other there. Any thread. Nobody outside the
 * folder includes this.
 */
#ifndef STORE_NUMBER_H
#define STORE_NUMBER_H

#include "store/store.h"

struct numbers;

struct numbers *numbers_new(void);            /* of a database in which nothing was ever stored */
struct numbers *numbers_ref(struct numbers *n);
void numbers_unref(struct numbers *n);        /* NULL is fine; the last one frees it */
/* Once, before the first number. */
struct err *numbers_load(struct numbers *n, struct store *st, struct arena *a) MUST_CHECK;
bool numbers_are_new(struct numbers *n);

/* Queues what the batch of this store must reserve; then tells what became of it. */
void numbers_reserve(struct store *st);
void numbers_reserved(struct store *st, bool stored);

#endif
