#include "fault/after.h"

#include "db/db.h"
#include "db/pg.h"
#include "db/sqlite.h"

static const struct db_query whole = { "whole", 0, "", "s", "PRAGMA integrity_check" };
static const struct db_query counts = { "counts", 1, "", "iii",
	"SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM delivery), (SELECT count(*) FROM receipt)" };

struct err *after_check(struct arena *a, const struct talk *t)
{
	CLEANUP(db_closep) struct db *db = NULL;
	struct db_rows rows;
	const struct db_value *row;

	if (t->database.len) {
		TRY(db_open(a, &db_pg, t->database, &db));
	} else {
		TRY(db_open(a, &db_sqlite, arena_printf(a, "%s/broker.db", t->broker.data_dir), &db));
		TRY(db_run(db, a, &whole, NULL, 0, &rows));
		if (rows.n != 1 || !str_eq(db_row(&rows, 0)->s, S("ok")))
			return FAIL(a, CONFLICT, "the database is damaged: %.*s", STRF(db_row(&rows, 0)->s));
	}
	TRY(db_run(db, a, &counts, NULL, 0, &rows));
	row = db_row(&rows, 0);
	if (row[0].i || row[1].i || row[2].i != (i64)t->n_said)
		return FAIL(a, CONFLICT, "the database holds %lld messages, %lld deliveries and %lld receipts of %zu",
			    (long long)row[0].i, (long long)row[1].i, (long long)row[2].i, t->n_said);
	return NULL;
}
