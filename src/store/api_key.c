#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, api_key_row, mesh_no),    FIELD(TEXT, api_key_row, id),
	FIELD(BLOB, api_key_row, digest),    FIELD(TEXT, api_key_row, prefix),
	FIELD(TEXT, api_key_row, label),     FIELD(I64, api_key_row, caps),
	FIELD(OPT, api_key_row, topics),     FIELD(I64, api_key_row, member_no),
	FIELD(I64, api_key_row, created_ms), FIELD(I64, api_key_row, expires_ms),
	FIELD(I64, api_key_row, revoked_ms), FIELD(I64, api_key_row, used_ms),
	FIELD(I64, api_key_row, ends_ms),    { 0 },
};

void store_api_key_add(struct store *st, const struct api_key_row *k)
{
	row_queue(st, Q_API_KEY_ADD, fields, k);
}

struct err *store_api_key(struct store *st, struct arena *a, str digest, struct api_key_row **ret_key)
{
	return row_get(st, a, Q_API_KEY, DB_VALUES(blob_value(digest)), fields, sizeof(**ret_key),
		       (void **)ret_key);
}

struct err *store_api_keys(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, size_t limit,
			   struct api_key_row **ret_rows, size_t *ret_n)
{
	if (member_no)
		return rows_get(st, a, Q_API_KEYS_OF, DB_VALUES(V(mesh_no), V(member_no), V((i64)limit)),
				fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
	return rows_get(st, a, Q_API_KEYS, DB_VALUES(V(mesh_no), V((i64)limit)), fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_api_keys_named(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, str prefix,
				 struct api_key_row **ret_rows, size_t *ret_n)
{
	/* No letter or digit is above '~'. */
	str end = arena_printf(a, "%.*s~", STRF(prefix));

	return rows_get(st, a, Q_API_KEYS_NAMED,
			DB_VALUES(V(mesh_no), text_value(prefix), text_value(end), V(member_no)), fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_api_key_count(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_API_KEY_COUNT], DB_VALUES(V(mesh_no), V(member_no)), &rows));
	*ret_n = rows.n ? db_row(&rows, 0)[0].i : 0;
	return NULL;
}

void store_api_key_revoke(struct store *st, i64 mesh_no, str id, i64 revoked_ms)
{
	QUEUE(st, API_KEY_REVOKE, V(revoked_ms), V(revoked_ms), V(mesh_no), text_value(id));
}

void store_api_keys_revoke_of(struct store *st, i64 mesh_no, i64 member_no, i64 revoked_ms)
{
	QUEUE(st, API_KEYS_REVOKE_OF, V(revoked_ms), V(mesh_no), V(member_no));
}

void store_api_key_used(struct store *st, i64 mesh_no, str id, i64 used_ms)
{
	QUEUE_LATER(st, API_KEY_USED, V(used_ms), V(mesh_no), text_value(id));
}

void store_api_keys_prune(struct store *st, i64 mesh_no, i64 before_ms)
{
	QUEUE(st, API_KEYS_PRUNE, V(mesh_no), V(before_ms));
}
