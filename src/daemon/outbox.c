#include "daemon/outbox.h"

#include "base/log.h"
#include "daemon/outbox_internal.h"

static const struct database_migration migrations[] = {
	{ "0001_outbox.sql",
	  "CREATE TABLE outgoing ("
	  " seq INTEGER PRIMARY KEY,"
	  " id TEXT NOT NULL UNIQUE,"
	  " client_message_id TEXT NOT NULL UNIQUE,"
	  " fingerprint TEXT NOT NULL,"
	  " status INTEGER NOT NULL," /* enum outbox_status */
	  " mesh_id TEXT NOT NULL,"
	  " mesh TEXT NOT NULL,"
	  " target TEXT NOT NULL,"
	  " target_spec TEXT NOT NULL,"
	  " priority TEXT NOT NULL,"
	  " reply_to_id TEXT NOT NULL,"
	  " meta TEXT NOT NULL,"
	  " session_pubkey TEXT NOT NULL," /* '' for the member */
	  " session_id TEXT NOT NULL,"
	  " session_name TEXT NOT NULL,"
	  " nonce TEXT NOT NULL,"
	  " ciphertext TEXT NOT NULL,"
	  " payload TEXT NOT NULL,"
	  " payload_bytes INTEGER NOT NULL,"
	  " enqueued_ms INTEGER NOT NULL,"
	  " next_attempt_ms INTEGER NOT NULL,"
	  " attempts INTEGER NOT NULL DEFAULT 0,"
	  " refusals INTEGER NOT NULL DEFAULT 0,"
	  " delivered_ms INTEGER NOT NULL DEFAULT 0,"
	  " aborted_ms INTEGER NOT NULL DEFAULT 0,"
	  " last_error TEXT NOT NULL DEFAULT '',"
	  " broker_message_id TEXT NOT NULL DEFAULT '',"
	  " aborted_by TEXT NOT NULL DEFAULT '',"
	  " superseded_by TEXT NOT NULL DEFAULT '');"
	  "CREATE INDEX outgoing_live ON outgoing (mesh_id, session_pubkey, next_attempt_ms)"
	  " WHERE status <= 2;"
	  "CREATE INDEX outgoing_done ON outgoing (delivered_ms) WHERE status = 3;"
	  "CREATE INDEX outgoing_ended ON outgoing (enqueued_ms) WHERE status >= 4;" },
	{ "0002_posts.sql", "ALTER TABLE outgoing ADD COLUMN plaintext INTEGER NOT NULL DEFAULT 0" },
};

enum { Q_BY_CLIENT_ID, Q_BY_ID, Q_ADD, Q_ABORT, N_QUERIES };

static const struct db_query queries[N_QUERIES] = {
	[Q_BY_CLIENT_ID] = { "OUTBOX_BY_CLIENT_ID", OUTBOX_SLOT_ACCEPT + Q_BY_CLIENT_ID, "s",
			     OUTBOX_TYPES,
			     "SELECT " OUTBOX_ALL " FROM outgoing WHERE client_message_id = $1" },
	[Q_BY_ID] = { "OUTBOX_BY_ID", OUTBOX_SLOT_ACCEPT + Q_BY_ID, "s", OUTBOX_TYPES,
		      "SELECT " OUTBOX_ALL " FROM outgoing WHERE id = $1" },
	[Q_ADD] = { "OUTBOX_ADD", OUTBOX_SLOT_ACCEPT + Q_ADD, "ssssssssssssssssiiii", "",
		    "INSERT INTO outgoing (id, client_message_id, fingerprint, mesh_id, mesh,"
		    " target, target_spec, priority, reply_to_id, meta, session_pubkey, session_id,"
		    " session_name, nonce, ciphertext, payload, payload_bytes, enqueued_ms,"
		    " next_attempt_ms, plaintext, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
		    " $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 1)" },
	[Q_ABORT] = { "OUTBOX_ABORT", OUTBOX_SLOT_ACCEPT + Q_ABORT, "issi", "",
		      "UPDATE outgoing SET status = 5, aborted_ms = $1, aborted_by = $2,"
		      " superseded_by = $3, payload = '', nonce = '', ciphertext = ''"
		      " WHERE seq = $4" },
};

struct err *outbox_open(struct arena *a, struct loop *loop, const struct clock *clock,
			const struct random *random, str path, struct outbox **ret_outbox)
{
	struct outbox *ob;
	i64 recovered = 0;
	struct db *db;
	struct err *e = database_open(a, path, clock, migrations, ARRAY_LEN(migrations), &db);

	if (e && str_eq(e->word, S("damaged")))
		return err_word(
			FAIL(a, INTERNAL,
			     "%.*s; it holds messages that were accepted and perhaps not sent, so it is "
			     "left as it is: move it away (mv '%.*s' '%.*s.damaged') and start again",
			     STRF(e->text), STRF(path), STRF(path)),
			e->word);
	TRY(e);
	ob = calloc(1, sizeof(*ob));
	if (!ob)
		abort();
	*ob = (struct outbox){ .db = db,
			       .batch = batch_new(loop, db),
			       .clock = clock,
			       .random = random,
			       .ids = { .clock = clock, .random = random } };
	e = outbox_recover(ob, a, &recovered);
	if (!e)
		e = outbox_count_live(ob, a);
	if (e) {
		outbox_free(ob);
		return e;
	}
	if (recovered)
		log_info("messages were in flight when the daemon ended; they are sent again",
			 LOG_I("count", recovered));
	*ret_outbox = ob;
	return NULL;
}

void outbox_free(struct outbox *ob)
{
	if (!ob)
		return;
	batch_free(ob->batch);
	db_close(ob->db);
	free(ob);
}

void outbox_then(struct outbox *ob, batch_fn *fn, void *arg)
{
	batch_then(ob->batch, fn, arg);
}

struct err *outbox_commit(struct outbox *ob, struct arena *a)
{
	return batch_commit(ob->batch, a);
}

static struct err *find(struct outbox *ob, struct arena *a, int query, str id,
			struct outbox_row **ret_row)
{
	struct outbox_rows found;
	struct db_rows rows;

	TRY(db_run(ob->db, a, &queries[query], DB_VALUES(V(id)), &rows));
	found = outbox_read(a, &rows);
	*ret_row = found.n ? &found.items[0] : NULL;
	return NULL;
}

/* The table of client.md 7.3, for a row that exists. Another mesh is another request. */
static struct outbox_answer answer_of(struct arena *a, const struct outbox_row *row,
				      str fingerprint, str mesh_id)
{
	bool match = str_eq(row->fingerprint, fingerprint) &&
		     (str_empty(mesh_id) || str_eq(mesh_id, row->mesh_id));
	struct outbox_answer answer = {
		.status = row->status,
		.id = row->id,
		.client_message_id = row->client_message_id,
		.broker_message_id = row->broker_message_id,
	};

	if (match && row->status <= OUTBOX_INFLIGHT) {
		answer.http = 202;
		answer.reason = row->last_error;
		return answer;
	}
	if (match && row->status == OUTBOX_DONE) {
		answer.http = 200;
		return answer;
	}
	answer.http = 409;
	answer.conflict = arena_printf(a, "outbox_%s_fingerprint_%s",
				       outbox_status_words[row->status],
				       match ? "match" : "mismatch");
	answer.fingerprint_prefix = str_of(row->fingerprint.ptr,
					   MIN(row->fingerprint.len, (size_t)OUTBOX_PREFIX_LEN));
	if (row->status == OUTBOX_DEAD)
		answer.reason = row->last_error;
	return answer;
}

struct err *outbox_check(struct outbox *ob, struct arena *a, str client_message_id, str fingerprint,
			 str mesh_id, const struct outbox_answer **ret_answer)
{
	struct outbox_answer *answer = NULL;
	struct outbox_row *row;

	TRY(find(ob, a, Q_BY_CLIENT_ID, client_message_id, &row));
	if (row) {
		answer = NEW(a, struct outbox_answer);
		*answer = answer_of(a, row, fingerprint, mesh_id);
	}
	*ret_answer = answer;
	return NULL;
}

static void add(struct outbox *ob, const struct outbox_row *r, i64 now_ms)
{
	db_queue(ob->db, &queries[Q_ADD],
		 DB_VALUES(V(r->id), V(r->client_message_id), V(r->fingerprint), V(r->mesh_id),
			   V(database_text(r->mesh)), V(database_text(r->to)), V(r->target_spec),
			   V(r->priority), V(database_text(r->reply_to_id)),
			   V(database_text(r->meta)), V(database_text(r->session_pubkey)),
			   V(database_text(r->session_id)), V(database_text(r->session_name)),
			   V(database_text(r->nonce)), V(database_text(r->ciphertext)),
			   V(database_text(r->payload)), V((i64)r->payload.len), V(now_ms),
			   V(now_ms), V((i64)r->plaintext)));
	ob->live++;
	batch_lazy(ob->batch);
}

static struct err *check_room(struct outbox *ob, struct arena *a)
{
	if (ob->live < OUTBOX_ROWS_MAX)
		return NULL;
	TRY(outbox_count_live(ob, a));
	if (ob->live >= OUTBOX_ROWS_MAX)
		return FAIL(a, TRY_AGAIN,
			    "%d messages wait to be sent already; see 'claudemesh "
			    "daemon outbox'",
			    OUTBOX_ROWS_MAX);
	return NULL;
}

struct err *outbox_accept(struct outbox *ob, struct arena *a, const struct outbox_row *row,
			  struct outbox_answer *ret_answer)
{
	struct outbox_row fresh = *row, *old;

	batch_soon(ob->batch);
	TRY(db_begin(ob->db, a));
	TRY(find(ob, a, Q_BY_CLIENT_ID, row->client_message_id, &old));
	if (old) {
		*ret_answer = answer_of(a, old, row->fingerprint, row->mesh_id);
		return NULL;
	}
	TRY(check_room(ob, a));
	fresh.id = id_message(a, &ob->ids);
	add(ob, &fresh, clock_ms(ob->clock));
	*ret_answer = (struct outbox_answer){ .http = 202,
					      .status = OUTBOX_PENDING,
					      .is_new = true,
					      .id = fresh.id,
					      .client_message_id = row->client_message_id };
	return NULL;
}

static struct err *find_any(struct outbox *ob, struct arena *a, str id, str session_pubkey,
			    struct outbox_row **ret_row)
{
	TRY(find(ob, a, Q_BY_ID, id, ret_row));
	if (!*ret_row)
		TRY(find(ob, a, Q_BY_CLIENT_ID, id, ret_row));
	if (!*ret_row ||
	    (!str_empty(session_pubkey) && !str_eq((*ret_row)->session_pubkey, session_pubkey)))
		return FAIL(a, NOT_FOUND, "the outbox has no message '%.*s'", STRF(id));
	return NULL;
}

struct err *outbox_requeue(struct outbox *ob, struct arena *a, str id, str new_client_id,
			   str aborted_by, str session_pubkey, struct outbox_row *ret_old,
			   struct outbox_row *ret_new)
{
	i64 now_ms = clock_ms(ob->clock);
	struct outbox_row fresh, *old, *taken;

	batch_soon(ob->batch);
	TRY(db_begin(ob->db, a));
	TRY(find_any(ob, a, id, session_pubkey, &old));
	if (old->status == OUTBOX_DONE || old->status == OUTBOX_ABORTED)
		return FAIL(a, CONFLICT, "message '%.*s' is %s: there is nothing to send again",
			    STRF(id), outbox_status_words[old->status]);
	if (str_empty(new_client_id))
		new_client_id = id_random(a, ob->random);
	TRY(find(ob, a, Q_BY_CLIENT_ID, new_client_id, &taken));
	if (taken)
		return FAIL(a, CONFLICT, "the client message id '%.*s' is used already",
			    STRF(new_client_id));
	fresh = *old;
	fresh.id = id_message(a, &ob->ids);
	fresh.client_message_id = new_client_id;
	fresh.status = OUTBOX_PENDING;
	fresh.attempts = fresh.refusals = 0;
	fresh.enqueued_ms = fresh.next_attempt_ms = now_ms;
	fresh.last_error = STR_NONE;
	db_queue(ob->db, &queries[Q_ABORT],
		 DB_VALUES(V(now_ms), V(str_empty(aborted_by) ? S("operator") : aborted_by),
			   V(fresh.id), V(old->seq)));
	add(ob, &fresh, now_ms);
	*ret_old = *old;
	*ret_new = fresh;
	return NULL;
}
