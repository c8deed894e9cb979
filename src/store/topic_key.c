#include "store/row.h"

static const struct field copy_fields[] = {
	FIELD(I64, topic_copy_row, topic_no),   FIELD(I64, topic_copy_row, epoch),
	FIELD(I64, topic_copy_row, member_no),  FIELD(TEXT, topic_copy_row, sealed),
	FIELD(TEXT, topic_copy_row, nonce),     FIELD(I64, topic_copy_row, sealer_no),
	FIELD(I64, topic_copy_row, created_ms), FIELD(I64, topic_copy_row, maker_no),
	FIELD(OPT, topic_copy_row, key_pubkey), { 0 }
};

void store_topic_epoch_add(struct store *st, i64 mesh_no, i64 topic_no, i64 epoch, i64 maker_no, str key_pubkey,
			   i64 created_ms)
{
	QUEUE(st, TOPIC_EPOCH_ADD, V(topic_no), V(epoch), V(mesh_no), V(maker_no), opt_value(key_pubkey),
	      V(created_ms));
}

void store_topic_copy_add(struct store *st, i64 mesh_no, const struct topic_copy_row *c)
{
	QUEUE(st, TOPIC_COPY_ADD, V(c->topic_no), V(c->epoch), V(c->member_no), V(mesh_no),
	      text_value(c->sealed), text_value(c->nonce), V(c->sealer_no), V(c->created_ms));
}

void store_topic_copy_drop(struct store *st, i64 mesh_no, i64 topic_no, i64 epoch, i64 member_no)
{
	QUEUE(st, TOPIC_COPY_DROP, V(topic_no), V(epoch), V(member_no), V(mesh_no));
}

struct err *store_topic_copies(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 member_no,
			       struct topic_copy_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_TOPIC_COPIES, DB_VALUES(V(topic_no), V(mesh_no), V(member_no)), copy_fields,
			sizeof(**ret_rows), (void **)ret_rows, ret_n);
}

struct err *store_topic_copy(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 epoch,
			     i64 member_no, bool *ret_there)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_TOPIC_COPY],
		   DB_VALUES(V(topic_no), V(epoch), V(member_no), V(mesh_no)), &rows));
	*ret_there = rows.n > 0;
	return NULL;
}

struct err *store_topic_key_pubkey(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 epoch,
				   str *ret_pubkey)
{
	struct db_rows rows;

	TRY(db_run(st->db, a, &store_queries[Q_TOPIC_EPOCH], DB_VALUES(V(topic_no), V(epoch), V(mesh_no)), &rows));
	*ret_pubkey = rows.n ? db_row(&rows, 0)[0].s : STR_NONE;
	return NULL;
}
