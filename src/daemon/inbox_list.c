/* inbox_list.c - the rows for people and agents to read. */
#include "daemon/inbox_internal.h"

enum { Q_NEWEST, Q_OLDEST, Q_FIND, Q_UNREAD, N_QUERIES };
enum { PREFIX_LEN = 8, FOUND_MAX = 16 };

#define LIST_CONDITION \
	INBOX_VIEW " AND ($4 = '' OR mesh_id = $4) AND ($5 = '' OR topic = $5)" \
		   " AND ($6 = '' OR sender_name = $6 COLLATE NOCASE" \
		   "  OR (length($6) >= 8 AND (substr(sender_pubkey, 1, length($6)) = lower($6)" \
		   "   OR substr(sender_member_pubkey, 1, length($6)) = lower($6))))" \
		   " AND received_ms >= $7 AND event_id > $8 AND ($9 = 0 OR seen_ms = 0)"

static const struct db_query queries[N_QUERIES] = {
	[Q_NEWEST] = { "INBOX_NEWEST", INBOX_SLOT_LIST + Q_NEWEST, "ssssssiiii", INBOX_TYPES,
		       "SELECT " INBOX_COLUMNS " FROM incoming WHERE " LIST_CONDITION
		       " ORDER BY event_id DESC LIMIT $10" },
	[Q_OLDEST] = { "INBOX_OLDEST", INBOX_SLOT_LIST + Q_OLDEST, "ssssssiiii", INBOX_TYPES,
		       "SELECT " INBOX_COLUMNS " FROM incoming WHERE " LIST_CONDITION
		       " ORDER BY event_id LIMIT $10" },
	[Q_FIND] = { "INBOX_FIND", INBOX_SLOT_LIST + Q_FIND, "ssssi", INBOX_TYPES,
		     "SELECT " INBOX_COLUMNS " FROM incoming WHERE " INBOX_VIEW
		     " AND (substr(id, 1, length($4)) = $4"
		     "  OR substr(message_id, 1, length($4)) = $4)"
		     " ORDER BY event_id DESC LIMIT $5" },
	[Q_UNREAD] = { "INBOX_UNREAD", INBOX_SLOT_LIST + Q_UNREAD, "sss", "i",
		       "SELECT COUNT(*) FROM incoming WHERE " INBOX_VIEW " AND seen_ms = 0" },
};

static struct inbox_row read_row(const struct db_value *v)
{
	return (struct inbox_row){
		.event_id = v[0].i,
		.id = v[1].s,
		.message_id = v[2].s,
		.client_message_id = v[3].s,
		.mesh_id = v[4].s,
		.mesh = v[5].s,
		.sender_pubkey = v[6].s,
		.sender_member_pubkey = v[7].s,
		.sender_member_id = v[8].s,
		.sender_name = v[9].s,
		.body = v[10].s,
		.why = v[11].s,
		.encrypted = v[12].i != 0,
		.target = v[13].s,
		.topic = v[14].s,
		.reply_to_id = v[15].s,
		.priority = v[16].s,
		.created_at = v[17].s,
		.received_ms = v[18].i,
		.seen_ms = v[19].i,
		.recipient_pubkey = v[20].s,
		.recipient_kind = v[21].i ? RECIPIENT_SESSION : RECIPIENT_MEMBER,
		.proven = v[22].i != 0,
		.verified = v[23].i != 0,
		.own = v[24].i != 0,
	};
}

struct inbox_rows inbox_read(struct arena *a, const struct db_rows *rows)
{
	struct inbox_rows all = { NEW_ARRAY(a, struct inbox_row, rows->n + 1), rows->n };

	for (size_t i = 0; i < rows->n; i++)
		all.items[i] = read_row(db_row(rows, i));
	return all;
}

struct err *inbox_list(struct inbox *ib, struct arena *a, const struct inbox_filter *f,
		       struct inbox_rows *ret_rows)
{
	i64 limit = f->limit > 0 ? MIN(f->limit, INBOX_LIST_MAX) : INBOX_LIST_DEFAULT;
	struct db_rows rows;

	TRY(db_run(ib->db, a, &queries[f->oldest_first ? Q_OLDEST : Q_NEWEST],
		   DB_VALUES(INBOX_VIEW_VALUES(&f->view), V(database_text(f->mesh_id)),
			     V(database_text(f->topic)), V(database_text(f->from)), V(f->since_ms),
			     V(f->after_event), V((i64)f->unread_only), V(limit)),
		   &rows));
	*ret_rows = inbox_read(a, &rows);
	return NULL;
}

struct err *inbox_find(struct inbox *ib, struct arena *a, const struct view *s, str id,
		       struct inbox_row *ret_row)
{
	struct inbox_rows found;
	struct db_rows rows;

	id = str_trim(id);
	if (id.len < PREFIX_LEN)
		return FAIL(a, BAD_REQUEST, "give at least %d characters of the message's id",
			    PREFIX_LEN);
	TRY(db_run(ib->db, a, &queries[Q_FIND],
		   DB_VALUES(INBOX_VIEW_VALUES(s), V(id), V((i64)FOUND_MAX)), &rows));
	found = inbox_read(a, &rows);
	if (!found.n)
		return FAIL(a, NOT_FOUND, "the inbox has no message '%.*s'", STRF(id));
	/* Several recipients here of one message are no ambiguity. */
	for (size_t i = 1; i < found.n; i++)
		if (!str_eq(found.items[i].message_id, found.items[0].message_id))
			return FAIL(a, AMBIGUOUS,
				    "several messages begin with '%.*s': give more of it",
				    STRF(id));
	*ret_row = found.items[0];
	return NULL;
}

struct err *inbox_count_unread(struct inbox *ib, struct arena *a, const struct view *s,
			       i64 *ret_count)
{
	struct db_rows rows;

	TRY(db_run(ib->db, a, &queries[Q_UNREAD], DB_VALUES(INBOX_VIEW_VALUES(s)), &rows));
	*ret_count = db_row(&rows, 0)[0].i;
	return NULL;
}

static void put_or_null(struct json_out *o, const char *key, str value)
{
	json_put_str(o, key, str_empty(value) ? STR_NONE : value);
}

static void put_time(struct arena *a, struct json_out *o, const char *key, i64 ms)
{
	json_put_str(o, key, ms ? time_iso(a, ms) : STR_NONE);
}

void inbox_row_put(struct arena *a, struct json_out *o, const struct inbox_row *row)
{
	json_put_str(o, "id", row->id);
	put_or_null(o, "client_message_id", row->client_message_id);
	put_or_null(o, "broker_message_id", row->message_id);
	json_put_str(o, "mesh", row->mesh);
	put_or_null(o, "topic", row->topic);
	put_or_null(o, "target", row->target);
	put_or_null(o, "sender_pubkey", row->sender_pubkey);
	put_or_null(o, "sender_member_pubkey", row->sender_member_pubkey);
	put_or_null(o, "sender_member_id", row->sender_member_id);
	json_put_str(o, "sender_name", row->sender_name);
	json_put_bool(o, "sender_proven", row->proven);
	json_put_bool(o, "sender_verified", row->verified);
	json_put_bool(o, "sender_own", row->own);
	json_put_str(o, "body", row->body);
	if (!row->body.ptr)
		json_put_str(o, "undecryptable", row->why);
	json_put_bool(o, "encrypted", row->encrypted);
	put_or_null(o, "priority", row->priority);
	put_or_null(o, "created_at", row->created_at);
	put_time(a, o, "received_at", row->received_ms);
	put_or_null(o, "reply_to_id", row->reply_to_id);
	put_time(a, o, "seen_at", row->seen_ms);
	json_put_str(o, "recipient_pubkey", row->recipient_pubkey);
	json_put_str(o, "recipient_kind",
		     row->recipient_kind == RECIPIENT_SESSION ? S("session") : S("member"));
}

void inbox_row_json(struct arena *a, struct json_out *o, const struct inbox_row *row)
{
	json_obj(o);
	inbox_row_put(a, o, row);
	json_obj_end(o);
}
