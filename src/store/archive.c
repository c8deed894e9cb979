#include "store/row.h"

static const struct field run_fields[] = {
	FIELD(I64, receipt_run, no),       FIELD(I64, receipt_run, shard),
	FIELD(I64, receipt_run, shards),   FIELD(I64, receipt_run, first_no),
	FIELD(I64, receipt_run, last_no),  FIELD(I64, receipt_run, newest_ms),
	FIELD(BOOL, receipt_run, done),    { 0 },
};

void store_run_add(struct store *st, const struct receipt_run *run)
{
	row_queue(st, Q_RUN_ADD, run_fields, run);
}

void store_run_key_add(struct store *st, i64 run_no, u64 hash, i64 no)
{
	QUEUE(st, RUN_KEY_ADD, V(run_no), V((i64)hash), V(no));
}

void store_run_done(struct store *st, i64 run_no, str filter, str ids)
{
	QUEUE(st, RUN_DONE, blob_value(filter), blob_value(ids), V(run_no));
}

struct err *store_runs(struct store *st, struct arena *a, struct receipt_run **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_RUNS, DB_VALUES(), run_fields, sizeof(**ret_rows), (void **)ret_rows,
			ret_n);
}

struct err *store_run_contents(struct store *st, struct arena *a, i64 run_no, str *ret_filter,
			       str *ret_ids)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_RUN_CONTENTS], DB_VALUES(V(run_no)), &rows));
	*ret_filter = rows.n ? db_row(&rows, 0)[0].s : STR_NONE;
	*ret_ids = rows.n ? db_row(&rows, 0)[1].s : STR_NONE;
	return NULL;
}

struct err *store_run_find(struct store *st, struct arena *a, i64 run_no, u64 hash, i64 **ret_nos,
			   size_t *ret_n)
{
	struct db_rows rows;
	i64 *nos;

	TRY(db_run(st->db, a, &store_queries[Q_RUN_FIND], DB_VALUES(V(run_no), V((i64)hash)), &rows));
	nos = NEW_ARRAY(a, i64, rows.n);
	for (size_t i = 0; i < rows.n; i++)
		nos[i] = db_row(&rows, i)[0].i;
	*ret_nos = nos;
	*ret_n = rows.n;
	return NULL;
}

void store_run_prune(struct store *st, i64 run_no, i64 up_to_hash)
{
	QUEUE(st, RUN_KEYS_PRUNE, V(run_no), V(up_to_hash));
	if (up_to_hash == INT64_MAX)
		QUEUE(st, RUN_DROP, V(run_no));
}

struct err *store_secret(struct store *st, struct arena *a, str name, str fresh, str *ret_secret)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_SECRET], DB_VALUES(V(name)), &rows));
	if (!rows.n) {
		QUEUE(st, SECRET_ADD, V(name), db_blob(fresh));
		TRY(store_commit(st, a));
		TRY(db_run(st->db, a, &store_queries[Q_SECRET], DB_VALUES(V(name)), &rows));
	}
	if (!rows.n)
		return FAIL(a, INTERNAL, "secret '%.*s' was not kept", STRF(name));
	*ret_secret = db_row(&rows, 0)[0].s;
	return NULL;
}
