#include "store/row.h"

static const struct field mailbox_fields[] = { FIELD(TEXT, backlog_row, pubkey),
					       FIELD(I64, backlog_row, messages),
					       FIELD(I64, backlog_row, bytes),
					       FIELD(I64, backlog_row, withheld),
					       FIELD(I64, backlog_row, withheld_bytes), { 0 } };
static const struct field sender_fields[] = { FIELD(I64, backlog_row, sender_no),
					      FIELD(I64, backlog_row, messages),
					      FIELD(I64, backlog_row, bytes), { 0 } };
static const struct field covered_fields[] = { FIELD(I64, backlog_row, sender_no),
					       FIELD(I64, backlog_row, messages),
					       FIELD(I64, backlog_row, bytes),
					       FIELD(I64, backlog_row, share), { 0 } };
static const struct field sum_fields[] = { FIELD(I64, backlog_row, messages),
					   FIELD(I64, backlog_row, bytes), { 0 } };

struct err *store_backlog_of_mailboxes(struct store *st, struct arena *a, i64 mesh_no,
				       struct backlog_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_BACKLOG_OF_MAILBOXES, DB_VALUES(V(mesh_no)), mailbox_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_backlog_of_senders(struct store *st, struct arena *a, i64 mesh_no,
				     struct backlog_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_BACKLOG_OF_SENDERS, DB_VALUES(V(mesh_no)), sender_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_backlog_covered(struct store *st, struct arena *a, i64 mesh_no, i64 from_mailbox,
				  i64 to_mailbox, struct backlog_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_BACKLOG_COVERED, DB_VALUES(V(from_mailbox), V(mesh_no), V(to_mailbox)),
			covered_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_backlog_sole(struct store *st, struct arena *a, i64 mesh_no, i64 from_mailbox,
			       i64 to_mailbox, struct backlog_row **ret_sum)
{
	return row_get(st, a, Q_BACKLOG_SOLE, DB_VALUES(V(from_mailbox), V(mesh_no), V(to_mailbox)),
		       sum_fields, sizeof(**ret_sum), (void **)ret_sum);
}
