#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, receipt_row, no),         FIELD(I64, receipt_row, mesh_no),
	FIELD(TEXT, receipt_row, id),        FIELD(I64, receipt_row, sender_no),
	FIELD(TEXT, receipt_row, target),    FIELD(OPT, receipt_row, client_id),
	FIELD(OPT, receipt_row, fingerprint), FIELD(BLOB, receipt_row, digest),
	FIELD(I64, receipt_row, recipients), FIELD(I64, receipt_row, created_ms),
	{ 0 },
};

void store_receipt_add(struct store *st, const struct receipt_row *r)
{
	row_queue(st, Q_RECEIPT_ADD, fields, r);
}

struct err *store_receipt(struct store *st, struct arena *a, i64 mesh_no, i64 no,
			  struct receipt_row **ret_receipt)
{
	return row_get(st, a, Q_RECEIPT_BY_NO, DB_VALUES(V(no), V(mesh_no)), fields,
		       sizeof(**ret_receipt), (void **)ret_receipt);
}

struct err *store_receipts_seen_by(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				   i64 first_no, i64 last_no, str id_prefix, size_t limit,
				   struct receipt_row **ret_rows, size_t *ret_n)
{
	/* '~' comes behind every character of an id. */
	str behind = arena_printf(a, "%.*s~", STRF(id_prefix));

	return rows_get(st, a, Q_RECEIPTS_SEEN_BY,
			DB_VALUES(V(first_no), V(last_no), V(mesh_no), V(id_prefix), V(behind), V(member_no),
				  V((i64)MIN(limit, DB_ROWS_MAX))),
			fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_receipt_ends(struct store *st, struct arena *a, i64 mesh_no, i64 message_no,
			       struct receipt_end **ret_rows, size_t *ret_n)
{
	struct db_rows ended, waiting;
	struct receipt_end *out;

	TRY(db_run(st->db, a, &store_queries[Q_RECEIPT_ENDS], DB_VALUES(V(message_no), V(mesh_no)),
		   &ended));
	TRY(db_run(st->db, a, &store_queries[Q_RECEIPT_WAITS], DB_VALUES(V(message_no), V(mesh_no)),
		   &waiting));
	out = NEW_ARRAY(a, struct receipt_end, ended.n + waiting.n);
	for (size_t i = 0; i < ended.n; i++) {
		const struct db_value *cells = db_row(&ended, i);

		out[i] = (struct receipt_end){ cells[0].i, cells[1].i, (enum delivery_state)cells[2].i,
					       cells[3].i, cells[4].s, 0 };
	}
	for (size_t i = 0; i < waiting.n; i++) {
		const struct db_value *cells = db_row(&waiting, i);

		out[ended.n + i] = (struct receipt_end){ cells[0].i, cells[1].i, DELIVERY_QUEUED, 0,
							 cells[2].s, (int)cells[3].i };
	}
	*ret_rows = out;
	*ret_n = ended.n + waiting.n;
	return NULL;
}

struct err *store_receipt_keys(struct store *st, struct arena *a, i64 after_no, size_t limit,
			       struct receipt_key **ret_rows, size_t *ret_n)
{
	static const struct field key_fields[] = {
		FIELD(I64, receipt_key, no),         FIELD(I64, receipt_key, mesh_no),
		FIELD(I64, receipt_key, sender_no),  FIELD(TEXT, receipt_key, id),
		FIELD(OPT, receipt_key, client_id),  { 0 },
	};

	return rows_get(st, a, Q_RECEIPT_KEYS,
			DB_VALUES(V(after_no), V((i64)MIN(limit, DB_ROWS_MAX))), key_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_receipt_ages(struct store *st, struct arena *a, i64 after_no, size_t limit,
			       struct receipt_age **ret_rows, size_t *ret_n)
{
	static const struct field age_fields[] = {
		FIELD(I64, receipt_age, no), FIELD(I64, receipt_age, recipients),
		FIELD(I64, receipt_age, created_ms), { 0 },
	};

	return rows_get(st, a, Q_RECEIPT_AGES,
			DB_VALUES(V(after_no), V((i64)MIN(limit, DB_ROWS_MAX))), age_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

void store_receipts_prune(struct store *st, i64 after_no, i64 up_to_no, i64 before_ms)
{
	QUEUE(st, RECEIPTS_PRUNE, V(after_no), V(up_to_no), V(before_ms));
	QUEUE(st, RECEIPT_ENDS_PRUNE, V(after_no), V(up_to_no));
}
