#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, topic_row, no),          FIELD(I64, topic_row, mesh_no),
	FIELD(TEXT, topic_row, id),         FIELD(TEXT, topic_row, name),
	FIELD(TEXT, topic_row, visibility), FIELD(I64, topic_row, created_by),
	FIELD(I64, topic_row, created_ms),  FIELD(OPT, topic_row, description),
	FIELD(BOOL, topic_row, plaintext),  FIELD(I64, topic_row, epoch),
	FIELD(BOOL, topic_row, stale),      FIELD(BOOL, topic_row, filled),
	{ 0 }
};

static const struct field read_fields[] = {
	FIELD(I64, topic_row, no),          FIELD(I64, topic_row, mesh_no),
	FIELD(TEXT, topic_row, id),         FIELD(TEXT, topic_row, name),
	FIELD(TEXT, topic_row, visibility), FIELD(I64, topic_row, created_by),
	FIELD(I64, topic_row, created_ms),  FIELD(OPT, topic_row, description),
	FIELD(BOOL, topic_row, plaintext),  FIELD(I64, topic_row, epoch),
	FIELD(BOOL, topic_row, stale),      FIELD(BOOL, topic_row, filled),
	FIELD(I64, topic_row, last_seq),    FIELD(I64, topic_row, last_ms),
	{ 0 }
};

static const struct field member_fields[] = {
	FIELD(I64, topic_member_row, topic_no),  FIELD(I64, topic_member_row, member_no),
	FIELD(TEXT, topic_member_row, role),     FIELD(I64, topic_member_row, joined_ms),
	FIELD(I64, topic_member_row, read_ms),   FIELD(I64, topic_member_row, read_seq),
	FIELD(I64, topic_member_row, own_unread), FIELD(I64, topic_member_row, place_seq),
	FIELD(BOOL, topic_member_row, keyed),    { 0 }
};

static const struct field bar_fields[] = {
	FIELD(I64, topic_bar_row, topic_no), FIELD(I64, topic_bar_row, member_no),
	FIELD(TEXT, topic_bar_row, role),    { 0 }
};

void store_topic_add(struct store *st, const struct topic_row *t)
{
	row_queue(st, Q_TOPIC_ADD, fields, t);
}

void store_topic_key_set(struct store *st, i64 mesh_no, i64 topic_no, i64 epoch, bool stale)
{
	QUEUE(st, TOPIC_KEY_SET, V(epoch), db_bool(stale), V(topic_no), V(mesh_no));
}

void store_topic_filled(struct store *st, i64 mesh_no, i64 topic_no)
{
	QUEUE(st, TOPIC_FILLED, V(topic_no), V(mesh_no));
}

struct err *store_topic_by_name(struct store *st, struct arena *a, i64 mesh_no, str name,
				struct topic_row **ret_topic)
{
	return row_get(st, a, Q_TOPIC_BY_NAME, DB_VALUES(V(mesh_no), text_value(name)), fields,
		       sizeof(**ret_topic), (void **)ret_topic);
}

struct err *store_topics(struct store *st, struct arena *a, i64 mesh_no, struct topic_row **ret_rows,
			 size_t *ret_n)
{
	return rows_get(st, a, Q_TOPICS, DB_VALUES(V(mesh_no)), read_fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_topic_member_add(struct store *st, i64 mesh_no, const struct topic_member_row *m)
{
	QUEUE(st, TOPIC_MEMBER_ADD, text_value(m->role), V(m->joined_ms), V(m->read_seq), V(m->place_seq),
	      V(m->topic_no), V(m->member_no), V(mesh_no));
}

void store_topic_member_role(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no, str role)
{
	QUEUE(st, TOPIC_MEMBER_ROLE, text_value(role), V(topic_no), V(member_no), V(mesh_no));
}

void store_topic_member_read(struct store *st, i64 mesh_no, const struct topic_member_row *m)
{
	QUEUE(st, TOPIC_MEMBER_READ, V(m->read_ms), V(m->read_seq), V(m->own_unread), V(m->topic_no),
	      V(m->member_no), V(mesh_no));
}

void store_topic_member_place(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no, i64 place_seq)
{
	QUEUE_LATER(st, TOPIC_MEMBER_PLACE, V(place_seq), V(topic_no), V(member_no), V(mesh_no));
}

void store_topic_member_remove(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no)
{
	QUEUE(st, TOPIC_MEMBER_REMOVE, V(topic_no), V(member_no), V(mesh_no));
}

struct err *store_topic_members(struct store *st, struct arena *a, i64 mesh_no,
				struct topic_member_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_TOPIC_MEMBERS, DB_VALUES(V(mesh_no)), member_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

void store_topic_bar_set(struct store *st, i64 mesh_no, const struct topic_bar_row *bar)
{
	store_topic_bar_drop(st, mesh_no, bar->topic_no, bar->member_no);
	QUEUE(st, TOPIC_BAR_ADD, text_value(bar->role), V(bar->topic_no), V(bar->member_no), V(mesh_no));
}

void store_topic_bar_drop(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no)
{
	QUEUE(st, TOPIC_BAR_DROP, V(topic_no), V(member_no), V(mesh_no));
}

struct err *store_topic_bars(struct store *st, struct arena *a, i64 mesh_no, struct topic_bar_row **ret_rows,
			     size_t *ret_n)
{
	return rows_get(st, a, Q_TOPIC_BARS, DB_VALUES(V(mesh_no)), bar_fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}
