#include "store/row.h"

#define COLUMNS \
	FIELD(I64, mailbox_row, no), FIELD(I64, mailbox_row, mesh_no), \
		FIELD(I64, mailbox_row, member_no), FIELD(TEXT, mailbox_row, pubkey), \
		FIELD(BOOL, mailbox_row, session), FIELD(I64, mailbox_row, seen_ms), \
		FIELD(I64, mailbox_row, attested_until_ms), FIELD(OPT, mailbox_row, attestation)

static const struct field stored[] = { COLUMNS, { 0 } };
static const struct field shown[] = { COLUMNS, FIELD(BOOL, mailbox_row, waiting), { 0 } };

void store_mailbox_add(struct store *st, const struct mailbox_row *m)
{
	row_queue(st, Q_MAILBOX_ADD, stored, m);
}

struct err *store_mailboxes(struct store *st, struct arena *a, i64 mesh_no,
			    struct mailbox_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_MAILBOXES, DB_VALUES(V(mesh_no)), shown, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_mailbox_seen(struct store *st, i64 mesh_no, i64 mailbox_no, i64 seen_ms)
{
	QUEUE_LATER(st, MAILBOX_SEEN, V(seen_ms), V(mailbox_no), V(mesh_no));
}

void store_mailbox_own(struct store *st, i64 mesh_no, i64 mailbox_no, i64 member_no, bool session)
{
	QUEUE(st, MAILBOX_OWN, V(member_no), V(session), V(mailbox_no), V(mesh_no));
}

void store_mailbox_attest(struct store *st, i64 mesh_no, i64 mailbox_no, i64 until_ms, str attestation)
{
	QUEUE(st, MAILBOX_ATTEST, V(until_ms), opt_value(attestation), V(mailbox_no), V(mesh_no));
}

struct err *store_mailboxes_idle(struct store *st, struct arena *a, i64 before_ms, size_t limit,
				 struct idle_mailbox **ret_rows, size_t *ret_n)
{
	static const struct field idle_fields[] = {
		FIELD(I64, idle_mailbox, no), FIELD(I64, idle_mailbox, mesh_no),
		FIELD(TEXT, idle_mailbox, mesh_id), FIELD(TEXT, idle_mailbox, pubkey), { 0 },
	};

	return rows_get(st, a, Q_MAILBOXES_IDLE, DB_VALUES(V(before_ms), V((i64)limit)), idle_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

void store_mailbox_drop(struct store *st, i64 mesh_no, i64 mailbox_no)
{
	QUEUE(st, MAILBOX_DROP, V(mailbox_no), V(mesh_no));
}
