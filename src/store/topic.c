#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, topic_row, no),          FIELD(I64, topic_row, mesh_no),
	FIELD(TEXT, topic_row, id),         FIELD(TEXT, topic_row, name),
	FIELD(TEXT, topic_row, visibility), FIELD(I64, topic_row, created_by),
	FIELD(I64, topic_row, created_ms),  { 0 }
};

static const struct field member_fields[] = { FIELD(I64, topic_member_row, topic_no),
					      FIELD(I64, topic_member_row, member_no),
					      FIELD(TEXT, topic_member_row, role),
					      FIELD(I64, topic_member_row, joined_ms),
					      { 0 } };

void store_topic_add(struct store *st, const struct topic_row *t)
{
	row_queue(st, Q_TOPIC_ADD, fields, t);
}

struct err *store_topic_by_name(struct store *st, struct arena *a, i64 mesh_no, str name,
				struct topic_row **ret_topic)
{
	return row_get(st, a, Q_TOPIC_BY_NAME, DB_VALUES(V(mesh_no), text_value(name)), fields,
		       sizeof(**ret_topic), (void **)ret_topic);
}

void store_topic_member_add(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no, str role,
			    i64 joined_ms)
{
	QUEUE(st, TOPIC_MEMBER_ADD, text_value(role), V(joined_ms), V(topic_no), V(member_no),
	      V(mesh_no));
}

struct err *store_topic_members(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no,
				struct topic_member_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_TOPIC_MEMBERS, DB_VALUES(V(topic_no), V(mesh_no)), member_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}
