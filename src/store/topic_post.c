#include "store/row.h"

static const struct field fields[] = {
	FIELD(I64, post_row, no),           FIELD(I64, post_row, mesh_no),
	FIELD(I64, post_row, topic_no),     FIELD(I64, post_row, seq),
	FIELD(TEXT, post_row, id),          FIELD(I64, post_row, sender_no),
	FIELD(TEXT, post_row, sender_pubkey), FIELD(OPT, post_row, sender_name),
	FIELD(INT, post_row, rank),         FIELD(TEXT, post_row, nonce),
	FIELD(TEXT, post_row, ciphertext),  FIELD(I64, post_row, body_version),
	FIELD(I64, post_row, epoch),        FIELD(I64, post_row, reply_no),
	FIELD(OPT, post_row, client_id),    FIELD(OPT, post_row, fingerprint),
	FIELD(I64, post_row, created_ms),   FIELD(OPT, post_row, signature),
	FIELD(OPT, post_row, signed_reply), { 0 }
};

static const struct field read_fields[] = {
	FIELD(I64, post_row, no),           FIELD(I64, post_row, mesh_no),
	FIELD(I64, post_row, topic_no),     FIELD(I64, post_row, seq),
	FIELD(TEXT, post_row, id),          FIELD(I64, post_row, sender_no),
	FIELD(TEXT, post_row, sender_pubkey), FIELD(OPT, post_row, sender_name),
	FIELD(INT, post_row, rank),         FIELD(TEXT, post_row, nonce),
	FIELD(TEXT, post_row, ciphertext),  FIELD(I64, post_row, body_version),
	FIELD(I64, post_row, epoch),        FIELD(I64, post_row, reply_no),
	FIELD(OPT, post_row, client_id),    FIELD(OPT, post_row, fingerprint),
	FIELD(I64, post_row, created_ms),   FIELD(OPT, post_row, signature),
	FIELD(OPT, post_row, signed_reply), FIELD(OPT, post_row, reply_to),
	{ 0 }
};

static const struct field notification_fields[] = {
	FIELD(I64, notification_row, post.no),           FIELD(I64, notification_row, post.mesh_no),
	FIELD(I64, notification_row, post.topic_no),     FIELD(I64, notification_row, post.seq),
	FIELD(TEXT, notification_row, post.id),          FIELD(I64, notification_row, post.sender_no),
	FIELD(TEXT, notification_row, post.sender_pubkey), FIELD(OPT, notification_row, post.sender_name),
	FIELD(INT, notification_row, post.rank),         FIELD(TEXT, notification_row, post.nonce),
	FIELD(TEXT, notification_row, post.ciphertext),  FIELD(I64, notification_row, post.body_version),
	FIELD(I64, notification_row, post.epoch),        FIELD(I64, notification_row, post.reply_no),
	FIELD(OPT, notification_row, post.client_id),    FIELD(OPT, notification_row, post.fingerprint),
	FIELD(I64, notification_row, post.created_ms),   FIELD(OPT, notification_row, post.signature),
	FIELD(OPT, notification_row, post.signed_reply), FIELD(I64, notification_row, read_ms),
	{ 0 }
};

void store_post_add(struct store *st, const struct post_row *p)
{
	row_queue(st, Q_POST_ADD, fields, p);
}

struct err *store_posts_before(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 seq,
			       size_t limit, struct post_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_POSTS_BEFORE, DB_VALUES(V(topic_no), V(seq), V(mesh_no), V((i64)limit)),
			read_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_posts_after(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 seq,
			      size_t limit, struct post_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_POSTS_AFTER, DB_VALUES(V(topic_no), V(seq), V(mesh_no), V((i64)limit)),
			read_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_post_by_id(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, str id,
			     struct post_row **ret_post)
{
	return row_get(st, a, Q_POST_BY_ID, DB_VALUES(V(topic_no), text_value(id), V(mesh_no)), read_fields,
		       sizeof(**ret_post), (void **)ret_post);
}

struct err *store_posts_of_sender(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 after_seq,
				  i64 sender_no, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_POSTS_OF_SENDER],
		   DB_VALUES(V(topic_no), V(after_seq), V(mesh_no), V(sender_no)), &rows));
	*ret_n = db_row(&rows, 0)[0].i;
	return NULL;
}

/* ---- notifications ---- */
void store_notification_add(struct store *st, i64 mesh_no, i64 member_no, const struct post_row *p)
{
	QUEUE(st, NOTIFICATION_ADD, V(member_no), V(p->no), V(mesh_no), V(p->topic_no), V(p->created_ms));
}

struct err *store_notifications(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, bool unread,
				i64 before_no, i64 since_ms, size_t limit, struct notification_row **ret_rows,
				size_t *ret_n)
{
	if (unread)
		return rows_get(st, a, Q_NOTIFICATIONS_UNREAD,
				DB_VALUES(V(member_no), V(before_no), V(mesh_no), V(since_ms), V((i64)limit)),
				notification_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
	return rows_get(st, a, Q_NOTIFICATIONS,
			DB_VALUES(V(member_no), V(before_no), V(mesh_no), V(since_ms), V((i64)limit)),
			notification_fields, sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_notifications_unread(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				       size_t limit, i64 *ret_n)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_NOTIFICATIONS_COUNT],
		   DB_VALUES(V(member_no), V(mesh_no), V((i64)limit)), &rows));
	*ret_n = (i64)rows.n;
	return NULL;
}

void store_notification_read(struct store *st, i64 mesh_no, i64 member_no, i64 post_no, i64 read_ms)
{
	QUEUE(st, NOTIFICATION_READ, V(read_ms), V(member_no), V(post_no), V(mesh_no));
}

void store_notifications_prune(struct store *st, i64 mesh_no, i64 member_no, i64 before_ms)
{
	QUEUE(st, NOTIFICATIONS_PRUNE, V(member_no), V(mesh_no), V(before_ms));
}
