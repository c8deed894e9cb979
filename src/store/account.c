#include "store/account.h"

#include "store/row.h"

static const struct field fields[] = {
	FIELD(TEXT, account_row, id),   FIELD(TEXT, account_row, email),
	FIELD(TEXT, account_row, name), FIELD(I64, account_row, created_ms),
	FIELD(I64, account_row, blocked_ms), { 0 },
};

void store_account_add(struct store *st, const struct account_row *a)
{
	row_queue(st, Q_ACCOUNT_ADD, fields, a);
}

void store_account_name_set(struct store *st, str id, str name)
{
	QUEUE(st, ACCOUNT_NAME_SET, text_value(name), text_value(id));
}

struct err *store_account(struct store *st, struct arena *a, str id, struct account_row **ret_account)
{
	return row_get(st, a, Q_ACCOUNT, DB_VALUES(text_value(id)), fields, sizeof(**ret_account),
		       (void **)ret_account);
}

struct err *store_account_by_email(struct store *st, struct arena *a, str email,
				   struct account_row **ret_account)
{
	return row_get(st, a, Q_ACCOUNT_BY_EMAIL, DB_VALUES(text_value(email)), fields,
		       sizeof(**ret_account), (void **)ret_account);
}

void store_account_block(struct store *st, str id, i64 blocked_ms)
{
	QUEUE(st, ACCOUNT_BLOCK, V(blocked_ms), text_value(id));
}

struct err *store_accounts(struct store *st, struct arena *a, str after, i64 now_ms, size_t limit,
			   struct account_listed **ret_rows, size_t *ret_n)
{
	static const struct field listed[] = {
		FIELD(TEXT, account_listed, account.id),         FIELD(TEXT, account_listed, account.email),
		FIELD(TEXT, account_listed, account.name),       FIELD(I64, account_listed, account.created_ms),
		FIELD(I64, account_listed, account.blocked_ms),  FIELD(I64, account_listed, n_sessions),
		FIELD(I64, account_listed, n_members),           { 0 },
	};

	return rows_get(st, a, Q_ACCOUNTS, DB_VALUES(V(now_ms), text_value(after), V((i64)limit)), listed,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

/* ---- sessions ---- */

static const struct field session_fields[] = {
	FIELD(TEXT, account_session_row, id),       FIELD(TEXT, account_session_row, account),
	FIELD(TEXT, account_session_row, kind),     FIELD(BLOB, account_session_row, digest),
	FIELD(TEXT, account_session_row, hostname), FIELD(TEXT, account_session_row, platform),
	FIELD(TEXT, account_session_row, arch),     FIELD(TEXT, account_session_row, address),
	FIELD(I64, account_session_row, created_ms), FIELD(I64, account_session_row, expires_ms),
	FIELD(I64, account_session_row, revoked_ms), FIELD(I64, account_session_row, seen_ms), { 0 },
};

void store_session_add(struct store *st, const struct account_session_row *s)
{
	row_queue(st, Q_SESSION_ADD, session_fields, s);
}

struct err *store_session(struct store *st, struct arena *a, str id, struct account_session_row **ret_session)
{
	return row_get(st, a, Q_SESSION, DB_VALUES(text_value(id)), session_fields, sizeof(**ret_session),
		       (void **)ret_session);
}

struct err *store_session_by_digest(struct store *st, struct arena *a, str digest,
				    struct account_session_row **ret_session)
{
	return row_get(st, a, Q_SESSION_BY_DIGEST, DB_VALUES(blob_value(digest)), session_fields,
		       sizeof(**ret_session), (void **)ret_session);
}

struct err *store_sessions(struct store *st, struct arena *a, str account, i64 now_ms, size_t limit,
			   struct account_session_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_SESSIONS, DB_VALUES(text_value(account), V(now_ms), V((i64)limit)),
			session_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_session_count(struct store *st, struct arena *a, str account, i64 now_ms, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_SESSION_COUNT], DB_VALUES(text_value(account), V(now_ms)), &rows));
	*ret_n = rows.n ? db_row(&rows, 0)[0].i : 0;
	return NULL;
}

void store_session_revoke(struct store *st, str id, i64 revoked_ms)
{
	QUEUE(st, SESSION_REVOKE, V(revoked_ms), text_value(id));
}

void store_sessions_revoke_of(struct store *st, str account, i64 revoked_ms)
{
	QUEUE(st, SESSIONS_REVOKE_OF, V(revoked_ms), text_value(account));
}

void store_session_seen(struct store *st, str id, i64 seen_ms)
{
	QUEUE_LATER(st, SESSION_SEEN, V(seen_ms), text_value(id));
}

void store_sessions_prune(struct store *st, i64 before_ms)
{
	QUEUE(st, SESSIONS_PRUNE, V(before_ms));
}

/* ---- whose members are ---- */

void store_account_member_add(struct store *st, i64 mesh_no, i64 member_no, str account, i64 created_ms)
{
	QUEUE(st, ACCOUNT_MEMBER_ADD, V(mesh_no), V(member_no), text_value(account), V(created_ms));
}

void store_account_member_drop(struct store *st, i64 mesh_no, i64 member_no)
{
	QUEUE(st, ACCOUNT_MEMBER_DROP, V(mesh_no), V(member_no));
}

struct err *store_account_of_member(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				    str *ret_account)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_ACCOUNT_OF_MEMBER], DB_VALUES(V(mesh_no), V(member_no)), &rows));
	*ret_account = rows.n ? db_row(&rows, 0)[0].s : STR_NONE;
	return NULL;
}

static const struct field member_fields[] = {
	FIELD(I64, account_member_row, mesh_no),    FIELD(I64, account_member_row, member_no),
	FIELD(TEXT, account_member_row, mesh_id),   FIELD(TEXT, account_member_row, slug),
	FIELD(TEXT, account_member_row, name),      FIELD(TEXT, account_member_row, member_id),
	FIELD(TEXT, account_member_row, member_name), FIELD(TEXT, account_member_row, role),
	FIELD(I64, account_member_row, device_of),  FIELD(I64, account_member_row, joined_ms),
	FIELD(I64, account_member_row, made_ms),    FIELD(I64, account_member_row, n_members),
	FIELD(I64, account_member_row, first_no),   { 0 },
};

struct err *store_account_members(struct store *st, struct arena *a, str account, size_t limit,
				  struct account_member_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_ACCOUNT_MEMBERS, DB_VALUES(text_value(account), V((i64)limit)), member_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_account_members_in(struct store *st, struct arena *a, str account, i64 mesh_no,
				     i64 **ret_numbers, size_t *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_ACCOUNT_MEMBERS_IN], DB_VALUES(text_value(account), V(mesh_no)),
		   &rows));
	*ret_numbers = NEW_ARRAY(a, i64, rows.n);
	*ret_n = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		(*ret_numbers)[i] = db_row(&rows, i)[0].i;
	return NULL;
}

/* ---- codes by mail ---- */

static const struct field code_fields[] = {
	FIELD(TEXT, login_code_row, email), FIELD(BLOB, login_code_row, mac), FIELD(I64, login_code_row, tries),
	FIELD(I64, login_code_row, created_ms), FIELD(I64, login_code_row, until_ms), { 0 },
};

void store_login_code_put(struct store *st, const struct login_code_row *c)
{
	row_queue(st, Q_LOGIN_CODE_PUT, code_fields, c);
}

struct err *store_login_code(struct store *st, struct arena *a, str email, struct login_code_row **ret_code)
{
	return row_get(st, a, Q_LOGIN_CODE, DB_VALUES(text_value(email)), code_fields, sizeof(**ret_code),
		       (void **)ret_code);
}

void store_login_code_tried(struct store *st, str email, i64 tries)
{
	QUEUE(st, LOGIN_CODE_TRIED, V(tries), text_value(email));
}

void store_login_code_drop(struct store *st, str email)
{
	QUEUE(st, LOGIN_CODE_DROP, text_value(email));
}

void store_login_codes_prune(struct store *st, i64 before_ms)
{
	QUEUE(st, LOGIN_CODES_PRUNE, V(before_ms));
}

/* ---- programs that wait ---- */

static const struct field device_fields[] = {
	FIELD(BLOB, login_device_row, digest),     FIELD(TEXT, login_device_row, session_id),
	FIELD(TEXT, login_device_row, user_code),  FIELD(TEXT, login_device_row, hostname),
	FIELD(TEXT, login_device_row, platform),   FIELD(TEXT, login_device_row, arch),
	FIELD(TEXT, login_device_row, address),    FIELD(I64, login_device_row, created_ms),
	FIELD(I64, login_device_row, until_ms),    FIELD(I64, login_device_row, state),
	FIELD(TEXT, login_device_row, account),    FIELD(TEXT, login_device_row, session),
	FIELD(BLOB, login_device_row, token),      FIELD(I64, login_device_row, handed_ms), { 0 },
};

void store_login_device_add(struct store *st, const struct login_device_row *d)
{
	row_queue(st, Q_LOGIN_DEVICE_ADD, device_fields, d);
}

struct err *store_login_device(struct store *st, struct arena *a, str digest, struct login_device_row **ret_row)
{
	return row_get(st, a, Q_LOGIN_DEVICE, DB_VALUES(blob_value(digest)), device_fields, sizeof(**ret_row),
		       (void **)ret_row);
}

struct err *store_login_device_named(struct store *st, struct arena *a, str name,
				     struct login_device_row **ret_row)
{
	TRY(row_get(st, a, Q_LOGIN_DEVICE_BY_SESSION, DB_VALUES(text_value(name)), device_fields,
		    sizeof(**ret_row), (void **)ret_row));
	if (*ret_row)
		return NULL;
	return row_get(st, a, Q_LOGIN_DEVICE_BY_USER, DB_VALUES(text_value(name)), device_fields,
		       sizeof(**ret_row), (void **)ret_row);
}

void store_login_device_set(struct store *st, const struct login_device_row *d)
{
	QUEUE(st, LOGIN_DEVICE_SET, V(d->state), V(d->until_ms), text_value(d->account), text_value(d->session),
	      blob_value(d->token), V(d->handed_ms), blob_value(d->digest));
}

void store_login_devices_prune(struct store *st, i64 before_ms)
{
	QUEUE(st, LOGIN_DEVICES_PRUNE, V(before_ms));
}
