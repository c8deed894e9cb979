#include "store/audit.h"

#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, audit_row, mesh_no), FIELD(I64, audit_row, seq),
	FIELD(TEXT, audit_row, event),  FIELD(OPT, audit_row, actor),
	FIELD(TEXT, audit_row, payload), FIELD(BLOB, audit_row, hash),
	FIELD(I64, audit_row, created_ms), { 0 },
};

void store_audit_add(struct store *st, const struct audit_row *r, bool may_wait)
{
	if (may_wait)
		QUEUE_LATER(st, AUDIT_ADD, V(r->mesh_no), V(r->seq), text_value(r->event), opt_value(r->actor),
			    text_value(r->payload), blob_value(r->hash), V(r->created_ms));
	else
		row_queue(st, Q_AUDIT_ADD, fields, r);
}

struct err *store_audit_after(struct store *st, struct arena *a, i64 mesh_no, i64 seq, size_t limit,
			      struct audit_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_AUDIT_AFTER, DB_VALUES(V(mesh_no), V(seq), V((i64)limit)), fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_audit_before(struct store *st, struct arena *a, i64 mesh_no, i64 seq, size_t limit,
			       struct audit_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_AUDIT_BEFORE, DB_VALUES(V(mesh_no), V(seq), V((i64)limit)), fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_audit_of_event(struct store *st, struct arena *a, i64 mesh_no, str event,
				 const struct audit_page *page, struct audit_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_AUDIT_OF_EVENT,
			DB_VALUES(V(mesh_no), text_value(event), V(page->before_seq), V((i64)page->limit),
				  V((i64)page->offset)),
			fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_audit_of_event_count(struct store *st, struct arena *a, i64 mesh_no, str event, size_t limit,
				       i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_AUDIT_OF_EVENT_COUNT],
		   DB_VALUES(V(mesh_no), text_value(event), V((i64)limit)), &rows));
	*ret_n = (i64)rows.n;
	return NULL;
}

struct err *store_audit_messages(struct store *st, struct arena *a, i64 mesh_no, i64 from_seq,
				 const struct audit_page *page, struct audit_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_AUDIT_MESSAGES,
			DB_VALUES(V(mesh_no), V(page->before_seq), V(from_seq), V((i64)page->limit),
				  V((i64)page->offset)),
			fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_audit_others_count(struct store *st, struct arena *a, i64 mesh_no, size_t limit, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_AUDIT_OTHERS_COUNT], DB_VALUES(V(mesh_no), V((i64)limit)), &rows));
	*ret_n = (i64)rows.n;
	return NULL;
}
