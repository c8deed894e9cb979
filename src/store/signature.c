#include "store/row.h"

void store_signature_add(struct store *st, str signature, i64 until_ms)
{
	QUEUE(st, SIGNATURE_ADD, V(until_ms), text_value(signature));
}

struct err *store_signatures(struct store *st, struct arena *a, i64 now_ms, str **ret_signatures,
			     i64 **ret_until, size_t *ret_n)
{
	struct db_rows rows;
	str *signatures;
	i64 *until;

	TRY(db_run(st->db, a, &store_queries[Q_SIGNATURES], DB_VALUES(V(now_ms)), &rows));
	signatures = NEW_ARRAY(a, str, rows.n);
	until = NEW_ARRAY(a, i64, rows.n);
	for (size_t i = 0; i < rows.n; i++) {
		until[i] = db_row(&rows, i)[0].i;
		signatures[i] = db_row(&rows, i)[1].s;
	}
	*ret_signatures = signatures;
	*ret_until = until;
	*ret_n = rows.n;
	return NULL;
}

void store_signatures_prune(struct store *st, i64 now_ms)
{
	QUEUE(st, SIGNATURES_PRUNE, V(now_ms));
}
