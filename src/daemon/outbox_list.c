/* outbox_list.c - the rows for people to see, and their end. */
#include "daemon/outbox_internal.h"

enum { Q_LIST, Q_COUNT, Q_PRUNE_DONE, Q_PRUNE_ENDED, N_QUERIES };
enum { PRUNE_ROWS = 500, PRUNE_ROUNDS = 20 };

static const struct db_query queries[N_QUERIES] = {
	[Q_LIST] = { "OUTBOX_LIST", OUTBOX_SLOT_LIST + Q_LIST, "isi", OUTBOX_TYPES,
		     "SELECT " OUTBOX_SHORT " FROM outgoing"
		     " WHERE ($1 = 0 OR status = $1) AND ($2 = '' OR session_pubkey = $2)"
		     " ORDER BY seq DESC LIMIT $3" },
	[Q_COUNT] = { "OUTBOX_COUNT", OUTBOX_SLOT_LIST + Q_COUNT, "", "ii",
		      "SELECT status, COUNT(*) FROM outgoing GROUP BY status" },
	[Q_PRUNE_DONE] = { "OUTBOX_PRUNE_DONE", OUTBOX_SLOT_LIST + Q_PRUNE_DONE, "ii", "i",
			   "DELETE FROM outgoing WHERE seq IN (SELECT seq FROM outgoing"
			   " WHERE status = 3 AND delivered_ms < $1 LIMIT $2) RETURNING seq" },
	[Q_PRUNE_ENDED] = { "OUTBOX_PRUNE_ENDED", OUTBOX_SLOT_LIST + Q_PRUNE_ENDED, "ii", "i",
			    "DELETE FROM outgoing WHERE seq IN (SELECT seq FROM outgoing"
			    " WHERE status >= 4 AND enqueued_ms < $1 LIMIT $2) RETURNING seq" },
};

static struct outbox_row read_row(const struct db_value *v)
{
	return (struct outbox_row){
		.seq = v[0].i,
		.id = v[1].s,
		.client_message_id = v[2].s,
		.fingerprint = v[3].s,
		.status = (enum outbox_status)v[4].i,
		.mesh_id = v[5].s,
		.mesh = v[6].s,
		.to = v[7].s,
		.target_spec = v[8].s,
		.priority = v[9].s,
		.reply_to_id = v[10].s,
		.meta = v[11].s,
		.session_pubkey = v[12].s,
		.session_id = v[13].s,
		.session_name = v[14].s,
		.payload_bytes = v[15].i,
		.enqueued_ms = v[16].i,
		.next_attempt_ms = v[17].i,
		.attempts = v[18].i,
		.refusals = v[19].i,
		.delivered_ms = v[20].i,
		.aborted_ms = v[21].i,
		.last_error = v[22].s,
		.broker_message_id = v[23].s,
		.aborted_by = v[24].s,
		.superseded_by = v[25].s,
		.plaintext = v[26].i,
		.nonce = v[27].s,
		.ciphertext = v[28].s,
		.payload = v[29].s,
	};
}

struct outbox_rows outbox_read(struct arena *a, const struct db_rows *rows)
{
	struct outbox_rows all = { NEW_ARRAY(a, struct outbox_row, rows->n + 1), rows->n };

	for (size_t i = 0; i < rows->n; i++)
		all.items[i] = read_row(db_row(rows, i));
	return all;
}

struct err *outbox_list(struct outbox *ob, struct arena *a, const struct outbox_filter *f,
			struct outbox_rows *ret_rows)
{
	i64 limit = f->limit > 0 ? MIN(f->limit, OUTBOX_LIST_MAX) : OUTBOX_LIST_DEFAULT;
	struct db_rows rows;

	TRY(db_run(ob->db, a, &queries[Q_LIST],
		   DB_VALUES(V((i64)f->status), V(database_text(f->session_pubkey)), V(limit)),
		   &rows));
	*ret_rows = outbox_read(a, &rows);
	return NULL;
}

struct err *outbox_count(struct outbox *ob, struct arena *a, i64 ret_counts[6])
{
	i64 counts[6] = { 0 };
	struct db_rows rows;

	TRY(db_run(ob->db, a, &queries[Q_COUNT], DB_VALUES(), &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct db_value *v = db_row(&rows, i);

		if (v[0].i > 0 && v[0].i < 6)
			counts[v[0].i] = v[1].i;
	}
	memcpy(ret_counts, counts, sizeof(counts));
	return NULL;
}

static struct err *prune(struct outbox *ob, struct arena *a, int query, i64 before_ms, i64 *total)
{
	for (int i = 0; i < PRUNE_ROUNDS; i++) {
		struct db_rows rows;

		TRY(db_begin(ob->db, a));
		TRY(db_run(ob->db, a, &queries[query], DB_VALUES(V(before_ms), V((i64)PRUNE_ROWS)),
			   &rows));
		TRY(batch_commit(ob->batch, a));
		*total += (i64)rows.n;
		if (rows.n < PRUNE_ROWS)
			break;
	}
	return NULL;
}

struct err *outbox_prune(struct outbox *ob, struct arena *a, i64 *ret_removed)
{
	i64 now_ms = clock_ms(ob->clock), total = 0;

	TRY(prune(ob, a, Q_PRUNE_DONE, now_ms - OUTBOX_DONE_KEEP_MS, &total));
	TRY(prune(ob, a, Q_PRUNE_ENDED, now_ms - OUTBOX_DEAD_KEEP_MS, &total));
	/* What is gone is overwritten in the file; the log still holds it. */
	if (!db_pending(ob->db))
		TRY(db_exec(ob->db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	if (ret_removed)
		*ret_removed = total;
	return outbox_count_live(ob, a);
}
