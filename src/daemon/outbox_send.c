/*
 * outbox_send.c - what is to be sent, and what became of it. Marks are not urgent: one that
 * a crash loses leaves a row that is sent again under its id.
 */
#include "daemon/outbox_internal.h"

/* Longest time that a row may be told to wait; one that seems to wait longer does so because
 * the clock was turned back. */
#define FAR_MS (5 * 60 * (i64)1000)

enum {
	Q_RECOVER,
	Q_SENDERS,
	Q_DUE,
	Q_INFLIGHT,
	Q_DONE,
	Q_DEAD,
	Q_LATER,
	Q_KILL,
	Q_WAKE,
	Q_WAKE_POSTS,
	Q_LIVE,
	N_QUERIES
};

static const struct db_query queries[N_QUERIES] = {
	[Q_RECOVER] = { "OUTBOX_RECOVER", OUTBOX_SLOT_SEND + Q_RECOVER, "i", "i",
			"UPDATE outgoing SET status = 1, next_attempt_ms = $1 WHERE status = 2"
			" RETURNING seq" },
	[Q_SENDERS] = { "OUTBOX_SENDERS", OUTBOX_SLOT_SEND + Q_SENDERS, "", "sssssi",
			"SELECT mesh_id, mesh, session_pubkey, session_id, session_name,"
			" MIN(next_attempt_ms)"
			" FROM outgoing WHERE status <= 2 GROUP BY mesh_id, session_pubkey" },
	[Q_DUE] = { "OUTBOX_DUE", OUTBOX_SLOT_SEND + Q_DUE, "ssiii", OUTBOX_TYPES,
		    "SELECT " OUTBOX_ALL " FROM outgoing WHERE status <= 2 AND mesh_id = $1"
		    " AND session_pubkey = $2 AND (next_attempt_ms <= $3 OR next_attempt_ms > $4)"
		    " ORDER BY seq LIMIT $5" },
	[Q_INFLIGHT] = { "OUTBOX_INFLIGHT", OUTBOX_SLOT_SEND + Q_INFLIGHT, "ii", "",
			 "UPDATE outgoing SET status = 2, attempts = attempts + 1,"
			 " next_attempt_ms = $1 WHERE seq = $2 AND status <= 2" },
	[Q_DONE] = { "OUTBOX_DONE", OUTBOX_SLOT_SEND + Q_DONE, "isi", "",
		     "UPDATE outgoing SET status = 3, delivered_ms = $1, broker_message_id = $2,"
		     " last_error = '', payload = '', nonce = '', ciphertext = ''"
		     " WHERE seq = $3 AND status <= 2" },
	[Q_DEAD] = { "OUTBOX_DEAD", OUTBOX_SLOT_SEND + Q_DEAD, "si", "",
		     "UPDATE outgoing SET status = 4, last_error = $1"
		     " WHERE seq = $2 AND status <= 2" },
	[Q_LATER] = { "OUTBOX_LATER", OUTBOX_SLOT_SEND + Q_LATER, "isii", "",
		      "UPDATE outgoing SET status = 1, next_attempt_ms = $1, last_error = $2,"
		      " refusals = refusals + $3 WHERE seq = $4 AND status <= 2" },
	[Q_KILL] = { "OUTBOX_KILL", OUTBOX_SLOT_SEND + Q_KILL, "sss", "",
		     "UPDATE outgoing SET status = 4, last_error = $1"
		     " WHERE status <= 2 AND mesh_id = $2 AND session_pubkey = $3" },
	[Q_WAKE] = { "OUTBOX_WAKE", OUTBOX_SLOT_SEND + Q_WAKE, "iss", "",
		     "UPDATE outgoing SET next_attempt_ms = $1"
		     " WHERE status <= 2 AND status = 1 AND mesh_id = $2 AND target_spec = $3" },
	[Q_WAKE_POSTS] = { "OUTBOX_WAKE_POSTS", OUTBOX_SLOT_SEND + Q_WAKE_POSTS, "is", "",
			   "UPDATE outgoing SET next_attempt_ms = $1"
			   " WHERE status <= 2 AND status = 1 AND mesh_id = $2 AND refusals = 0"
			   " AND next_attempt_ms > $1"
			   " AND substr(target_spec, 1, 1) = '#'" },
	[Q_LIVE] = { "OUTBOX_LIVE", OUTBOX_SLOT_SEND + Q_LIVE, "", "i",
		     "SELECT COUNT(*) FROM outgoing WHERE status <= 2" },
};

struct err *outbox_recover(struct outbox *ob, struct arena *a, i64 *ret_recovered)
{
	struct db_rows rows;

	TRY(db_begin(ob->db, a));
	TRY(db_run(ob->db, a, &queries[Q_RECOVER], DB_VALUES(V(clock_ms(ob->clock))), &rows));
	TRY(db_commit(ob->db, a));
	*ret_recovered = (i64)rows.n;
	return NULL;
}

struct err *outbox_count_live(struct outbox *ob, struct arena *a)
{
	struct db_rows rows;

	TRY(db_run(ob->db, a, &queries[Q_LIVE], DB_VALUES(), &rows));
	ob->live = db_row(&rows, 0)[0].i;
	return NULL;
}

struct err *outbox_senders(struct outbox *ob, struct arena *a, struct outbox_senders *ret_senders)
{
	struct db_rows rows;

	TRY(db_run(ob->db, a, &queries[Q_SENDERS], DB_VALUES(), &rows));
	ret_senders->n = rows.n;
	ret_senders->items = NEW_ARRAY(a, struct outbox_sender, rows.n + 1);
	for (size_t i = 0; i < rows.n; i++) {
		const struct db_value *v = db_row(&rows, i);

		ret_senders->items[i] = (struct outbox_sender){ v[0].s, v[1].s, v[2].s,
								v[3].s, v[4].s, v[5].i };
	}
	return NULL;
}

struct err *outbox_due(struct outbox *ob, struct arena *a, str mesh_id, str session_pubkey,
		       size_t limit, struct outbox_rows *ret_rows)
{
	i64 now_ms = clock_ms(ob->clock);
	str sender = database_text(session_pubkey);
	struct db_rows rows;

	TRY(db_run(ob->db, a, &queries[Q_DUE],
		   DB_VALUES(V(mesh_id), V(sender), V(now_ms), V(now_ms + FAR_MS), V((i64)limit)),
		   &rows));
	*ret_rows = outbox_read(a, &rows);
	return NULL;
}

static str short_reason(str reason)
{
	size_t len = MIN(reason.len, (size_t)OUTBOX_ERROR_MAX);

	/* Not in the middle of a character. */
	while (len && len < reason.len && ((u8)reason.ptr[len] & 0xc0) == 0x80)
		len--;
	return str_of(len ? reason.ptr : "", len);
}

void outbox_mark_inflight(struct outbox *ob, i64 seq)
{
	db_queue(ob->db, &queries[Q_INFLIGHT],
		 DB_VALUES(V(clock_ms(ob->clock) + OUTBOX_LEASE_MS), V(seq)));
	batch_lazy(ob->batch);
}

void outbox_mark_done(struct outbox *ob, i64 seq, str broker_message_id)
{
	db_queue(ob->db, &queries[Q_DONE],
		 DB_VALUES(V(clock_ms(ob->clock)), V(database_text(broker_message_id)), V(seq)));
	batch_lazy(ob->batch);
}

void outbox_mark_dead(struct outbox *ob, i64 seq, str reason)
{
	db_queue(ob->db, &queries[Q_DEAD], DB_VALUES(V(short_reason(reason)), V(seq)));
	batch_lazy(ob->batch);
}

void outbox_mark_later(struct outbox *ob, i64 seq, i64 delay_ms, str reason, bool counted)
{
	db_queue(ob->db, &queries[Q_LATER],
		 DB_VALUES(V(clock_ms(ob->clock) + MIN(delay_ms, FAR_MS)), V(short_reason(reason)),
			   V((i64)counted), V(seq)));
	batch_lazy(ob->batch);
}

void outbox_kill(struct outbox *ob, str mesh_id, str session_pubkey, str reason)
{
	db_queue(ob->db, &queries[Q_KILL],
		 DB_VALUES(V(short_reason(reason)), V(mesh_id), V(database_text(session_pubkey))));
	batch_lazy(ob->batch);
}

void outbox_wake_target(struct outbox *ob, str mesh_id, str target_spec)
{
	db_queue(ob->db, &queries[Q_WAKE],
		 DB_VALUES(V(clock_ms(ob->clock)), V(mesh_id), V(target_spec)));
	batch_lazy(ob->batch);
}

void outbox_wake_posts(struct outbox *ob, str mesh_id)
{
	if (!ob->live)
		return;
	db_queue(ob->db, &queries[Q_WAKE_POSTS], DB_VALUES(V(clock_ms(ob->clock)), V(mesh_id)));
	batch_lazy(ob->batch);
}
