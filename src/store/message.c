#include "store/row.h"

#define COLUMNS \
	FIELD(I64, message_row, no), FIELD(I64, message_row, mesh_no), \
		FIELD(TEXT, message_row, id), FIELD(I64, message_row, sender_no), \
		FIELD(TEXT, message_row, sender_pubkey), FIELD(OPT, message_row, sender_name), \
		FIELD(TEXT, message_row, target), FIELD(INT, message_row, rank), \
		FIELD(TEXT, message_row, nonce), FIELD(TEXT, message_row, ciphertext), \
		FIELD(OPT, message_row, client_id), FIELD(OPT, message_row, fingerprint), \
		FIELD(OPT, message_row, reply_to), FIELD(I64, message_row, created_ms), \
		FIELD(I64, message_row, expires_ms)

static const struct field fields[] = { COLUMNS, { 0 } };

/* A waiting message starts with the message itself; the delivery's columns are behind it. */
_Static_assert(offsetof(struct waiting, message) == 0, "message_row fields are read at offset 0");
static const struct field waiting_fields[] = { COLUMNS, FIELD(I64, waiting, shared),
					       FIELD(I64, waiting, bytes), { 0 } };

void store_message_add(struct store *st, const struct message_row *m)
{
	row_queue(st, Q_MESSAGE_ADD, fields, m);
}

void store_delivery_add(struct store *st, i64 mesh_no, const struct delivery_row *d)
{
	QUEUE(st, DELIVERY_ADD, V(d->mailbox_no), V(d->rank), V(d->message_no), V(mesh_no),
	      V(d->shared), V(d->sender_no), V(d->bytes));
}

void store_delivery_end(struct store *st, i64 mesh_no, const struct delivery_row *d,
			const struct delivery_end *end)
{
	QUEUE_LATER(st, RECEIPT_END_ADD, V(d->message_no), V(d->mailbox_no), V(mesh_no), V(end->member_no),
		    V((int)end->state), V(end->at_ms));
	QUEUE_LATER(st, DELIVERY_END, V(d->mailbox_no), V(d->rank), V(d->message_no), V(mesh_no));
	ended_add(st, mesh_no, d->message_no);
}

void store_delivery_refuse(struct store *st, i64 mesh_no, const struct delivery_row *d,
			   const struct delivery_end *end)
{
	QUEUE(st, RECEIPT_END_ADD, V(d->message_no), V(d->mailbox_no), V(mesh_no), V(end->member_no),
	      V((int)end->state), V(end->at_ms));
}

void store_deliveries_move(struct store *st, i64 mesh_no, i64 from_mailbox, i64 to_mailbox)
{
	if (from_mailbox == to_mailbox)
		return;
	QUEUE(st, COVERED_MESSAGES_DROP, V(from_mailbox), V(mesh_no), V(to_mailbox));
	QUEUE(st, COVERED_DROP, V(from_mailbox), V(mesh_no), V(to_mailbox));
	QUEUE(st, DELIVERIES_COPY, V(to_mailbox), V(from_mailbox), V(mesh_no));
	QUEUE(st, DELIVERIES_DROP, V(from_mailbox), V(mesh_no), V(to_mailbox));
}

void store_deliveries_move_sole(struct store *st, i64 mesh_no, i64 from_mailbox, i64 to_mailbox)
{
	QUEUE(st, DELIVERIES_COPY_SOLE, V(to_mailbox), V(from_mailbox), V(mesh_no));
	QUEUE(st, DELIVERIES_DROP_SOLE, V(from_mailbox), V(mesh_no), V(to_mailbox));
}

struct err *store_waiting(struct store *st, struct arena *a, i64 mesh_no, i64 mailbox_no,
			  int max_rank, i64 now_ms, size_t limit, struct waiting **ret_rows,
			  size_t *ret_n)
{
	return rows_get(st, a, Q_WAITING,
			DB_VALUES(V(mailbox_no), V(max_rank), V(mesh_no), V(now_ms),
				  V((i64)MIN(limit, DB_ROWS_MAX))),
			waiting_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

void store_deliveries_end(struct store *st, i64 mesh_no, i64 mailbox_no, enum delivery_state state,
			  i64 at_ms)
{
	QUEUE(st, MAILBOX_RECEIPTS_END, V((int)state), V(at_ms), V(mailbox_no), V(mesh_no));
	QUEUE(st, MAILBOX_MESSAGES_DROP, V(mailbox_no), V(mesh_no));
	QUEUE(st, MAILBOX_DELIVERIES_DROP, V(mailbox_no), V(mesh_no));
}

struct err *store_expiring(struct store *st, struct arena *a, i64 now_ms, size_t messages, size_t limit,
			   struct expiring **ret_rows, size_t *ret_n)
{
	static const struct field expiring_fields[] = {
		FIELD(I64, expiring, message_no), FIELD(I64, expiring, mesh_no),
		FIELD(TEXT, expiring, message_id), FIELD(I64, expiring, sender_no),
		FIELD(I64, expiring, mailbox_no), FIELD(OPT, expiring, client_id),
		FIELD(I64, expiring, expires_ms), FIELD(TEXT, expiring, mesh_id),
		FIELD(INT, expiring, rank),       FIELD(I64, expiring, member_no),
		FIELD(TEXT, expiring, pubkey),    FIELD(I64, expiring, shared),
		FIELD(I64, expiring, bytes),      { 0 },
	};

	return rows_get(st, a, Q_EXPIRING, DB_VALUES(V((i64)messages), V(now_ms), V((i64)limit)),
			expiring_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_ending(struct store *st, struct arena *a, i64 mesh_no, i64 mailbox_no,
			 struct expiring **ret_rows, size_t *ret_n)
{
	static const struct field ending_fields[] = {
		FIELD(I64, expiring, message_no), FIELD(TEXT, expiring, message_id),
		FIELD(I64, expiring, sender_no),  FIELD(OPT, expiring, client_id),
		FIELD(I64, expiring, shared),     FIELD(I64, expiring, bytes),
		{ 0 },
	};

	return rows_get(st, a, Q_ENDING, DB_VALUES(V(mailbox_no), V(mesh_no)), ending_fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_expire(struct store *st, const struct expiring *row)
{
	struct delivery_row d = { .mailbox_no = row->mailbox_no, .message_no = row->message_no, .rank = row->rank };
	struct delivery_end end = { row->member_no, DELIVERY_EXPIRED, row->expires_ms };

	if (row->mailbox_no)
		store_delivery_end(st, row->mesh_no, &d, &end);
	else
		ended_add(st, row->mesh_no, row->message_no);
}
