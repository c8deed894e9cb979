#include "store/row.h"

static const struct field fields[] = { FIELD(I64, invite_row, no),
				       FIELD(I64, invite_row, mesh_no),
				       FIELD(TEXT, invite_row, id),
				       FIELD(OPT, invite_row, code),
				       FIELD(OPT, invite_row, token),
				       FIELD(OPT, invite_row, capability),
				       FIELD(OPT, invite_row, invite_pubkey),
				       FIELD(OPT, invite_row, owner_signature),
				       FIELD(OPT, invite_row, sealed_root),
				       FIELD(TEXT, invite_row, role),
				       FIELD(I64, invite_row, max_uses),
				       FIELD(I64, invite_row, uses),
				       FIELD(I64, invite_row, expires_ms),
				       FIELD(I64, invite_row, created_ms),
				       FIELD(I64, invite_row, revoked_ms),
				       FIELD(OPT, invite_row, email),
				       FIELD(I64, invite_row, made_by),
				       FIELD(I64, invite_row, used_ms),
				       { 0 } };

void store_invite_add(struct store *st, const struct invite_row *i)
{
	row_queue(st, Q_INVITE_ADD, fields, i);
}

struct err *store_invite_by_code(struct store *st, struct arena *a, str code,
				 struct invite_row **ret_invite)
{
	return row_get(st, a, Q_INVITE_BY_CODE, DB_VALUES(text_value(code)), fields,
		       sizeof(**ret_invite), (void **)ret_invite);
}

struct err *store_invite_by_token(struct store *st, struct arena *a, str token,
				  struct invite_row **ret_invite)
{
	return row_get(st, a, Q_INVITE_BY_TOKEN, DB_VALUES(text_value(token)), fields,
		       sizeof(**ret_invite), (void **)ret_invite);
}

struct err *store_invite_by_id(struct store *st, struct arena *a, str id,
			       struct invite_row **ret_invite)
{
	return row_get(st, a, Q_INVITE_BY_ID, DB_VALUES(text_value(id)), fields, sizeof(**ret_invite),
		       (void **)ret_invite);
}

struct err *store_invites(struct store *st, struct arena *a, i64 mesh_no,
			  struct invite_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_INVITES, DB_VALUES(V(mesh_no)), fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_invite_used(struct store *st, i64 mesh_no, i64 invite_no, i64 uses, i64 used_ms)
{
	QUEUE(st, INVITE_USED, V(uses), V(used_ms), V(invite_no), V(mesh_no));
}

void store_invite_revoke(struct store *st, i64 mesh_no, i64 invite_no, i64 revoked_ms)
{
	QUEUE(st, INVITE_REVOKE, V(revoked_ms), V(invite_no), V(mesh_no));
}

struct err *store_invites_mailed(struct store *st, struct arena *a, str email, i64 since_ms, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_INVITES_MAILED], DB_VALUES(text_value(email), V(since_ms)), &rows));
	*ret_n = db_row(&rows, 0)[0].i;
	return NULL;
}

struct err *store_invite_count(struct store *st, struct arena *a, i64 mesh_no, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_INVITE_COUNT], DB_VALUES(V(mesh_no)), &rows));
	*ret_n = db_row(&rows, 0)[0].i;
	return NULL;
}

void store_invites_prune(struct store *st, i64 mesh_no, i64 before_ms)
{
	QUEUE(st, INVITES_PRUNE, V(mesh_no), V(before_ms));
}
