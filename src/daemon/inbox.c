#include "daemon/inbox.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/inbox_internal.h"

enum { PRUNE_ROWS = 500, PRUNE_ROUNDS = 40 };

static const struct database_migration migrations[] = {
	{ "0001_inbox.sql",
	  "CREATE TABLE incoming ("
	  " event_id INTEGER PRIMARY KEY," /* rises with time */
	  " id TEXT NOT NULL UNIQUE,"
	  " dedupe TEXT NOT NULL,"
	  " message_id TEXT NOT NULL,"
	  " client_message_id TEXT NOT NULL,"
	  " mesh_id TEXT NOT NULL,"
	  " mesh TEXT NOT NULL,"
	  " sender_pubkey TEXT NOT NULL,"
	  " sender_member_pubkey TEXT NOT NULL,"
	  " sender_member_id TEXT NOT NULL,"
	  " sender_name TEXT NOT NULL,"
	  " body TEXT," /* NULL: it could not be read */
	  " why TEXT NOT NULL,"
	  " encrypted INTEGER NOT NULL,"
	  " target TEXT NOT NULL,"
	  " topic TEXT NOT NULL,"
	  " reply_to_id TEXT NOT NULL,"
	  " priority TEXT NOT NULL,"
	  " created_at TEXT NOT NULL,"
	  " received_ms INTEGER NOT NULL,"
	  " seen_ms INTEGER NOT NULL DEFAULT 0,"
	  " recipient_pubkey TEXT NOT NULL,"
	  " recipient_kind INTEGER NOT NULL,"
	  " proven INTEGER NOT NULL," /* what was known of the sender when it came */
	  " verified INTEGER NOT NULL,"
	  " own INTEGER NOT NULL,"
	  " UNIQUE (mesh_id, recipient_pubkey, dedupe));"
	  "CREATE INDEX incoming_message ON incoming (message_id);"
	  "CREATE INDEX incoming_unread ON incoming (recipient_pubkey) WHERE seen_ms = 0;"
	  "CREATE INDEX incoming_received ON incoming (received_ms);" },
};

enum { Q_LAST, Q_ADD, Q_SEEN, Q_DELETE, Q_CLEAR, Q_PRUNE, N_QUERIES };

static const struct db_query queries[N_QUERIES] = {
	[Q_LAST] = { "INBOX_LAST", INBOX_SLOT + Q_LAST, "", "i",
		     "SELECT COALESCE(MAX(event_id), 0) FROM incoming" },
	[Q_ADD] = { "INBOX_ADD", INBOX_SLOT + Q_ADD, "isssssssssssissssisissiii", "i",
		    "INSERT INTO incoming (event_id, id, message_id, client_message_id, mesh_id, mesh,"
		    " sender_pubkey, sender_member_pubkey, sender_member_id, sender_name, body, why,"
		    " encrypted, target, topic, reply_to_id, priority, received_ms,"
		    " recipient_pubkey, recipient_kind, created_at, dedupe, proven, verified, own) VALUES ($1, $2, $3, $4,"
		    " $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"
		    " $22, $23, $24, $25) ON CONFLICT (mesh_id, recipient_pubkey, dedupe) DO NOTHING"
		    " RETURNING event_id" },
	/* Numbered by first appearance: the view's come after the time. */
	[Q_SEEN] = { "INBOX_SEEN", INBOX_SLOT + Q_SEEN, "issss", "i",
		     "UPDATE incoming SET seen_ms = $1"
		     " WHERE ($2 = '' OR (mesh_id = $2 AND recipient_pubkey IN ($3, $4)))"
		     " AND id = $5 AND seen_ms = 0 RETURNING event_id" },
	[Q_DELETE] = { "INBOX_DELETE", INBOX_SLOT + Q_DELETE, "ssss", "i",
		       "DELETE FROM incoming WHERE " INBOX_VIEW " AND id = $4 RETURNING event_id" },
	[Q_CLEAR] = { "INBOX_CLEAR", INBOX_SLOT + Q_CLEAR, "ssssi", "i",
		      "DELETE FROM incoming WHERE " INBOX_VIEW
		      " AND ($4 = '' OR mesh_id = $4) AND ($5 = 0 OR received_ms < $5)"
		      " RETURNING event_id" },
	[Q_PRUNE] = { "INBOX_PRUNE", INBOX_SLOT + Q_PRUNE, "ii", "i",
		      "DELETE FROM incoming WHERE event_id IN (SELECT event_id FROM incoming"
		      " WHERE received_ms < $1 LIMIT $2) RETURNING event_id" },
};

/* The log goes along: a new file must not find it. */
static struct err *put_aside(struct arena *a, str path, i64 now_ms)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		str from = arena_printf(a, "%.*s%s", STRF(path), tails[i]);
		str to = arena_printf(a, "%.*s.damaged-%lld%s", STRF(path), (long long)now_ms,
				      tails[i]);

		if (rename(arena_cstr(a, from), arena_cstr(a, to)) < 0 && errno != ENOENT)
			return FAIL(a, IO, "cannot move the damaged '%.*s' away: %s", STRF(from),
				    strerror(errno));
	}
	return NULL;
}

static struct err *open_whole(struct arena *a, const struct clock *clock, str path,
			      struct db **ret_db)
{
	struct err *e = database_open(a, path, clock, migrations, ARRAY_LEN(migrations), ret_db);

	if (!e || !str_eq(e->word, S("damaged")))
		return e;
	log_err(LOG_ERROR, "the inbox cannot be read: it is put aside and a new one made", e);
	TRY(put_aside(a, path, clock_ms(clock)));
	return database_open(a, path, clock, migrations, ARRAY_LEN(migrations), ret_db);
}

struct err *inbox_open(struct arena *a, struct loop *loop, const struct clock *clock,
		       const struct random *random, str path, struct inbox **ret_inbox)
{
	struct db_rows rows;
	struct inbox *ib;
	struct db *db;
	struct err *e;

	TRY(open_whole(a, clock, path, &db));
	e = db_run(db, a, &queries[Q_LAST], DB_VALUES(), &rows);
	if (e) {
		db_close(db);
		return e;
	}
	ib = calloc(1, sizeof(*ib));
	if (!ib)
		abort();
	*ib = (struct inbox){ .db = db,
			      .batch = batch_new(loop, db),
			      .clock = clock,
			      .ids = { .clock = clock, .random = random },
			      .last_event = db_row(&rows, 0)[0].i };
	*ret_inbox = ib;
	return NULL;
}

void inbox_free(struct inbox *ib)
{
	if (!ib)
		return;
	batch_free(ib->batch);
	db_close(ib->db);
	free(ib);
}

void inbox_then(struct inbox *ib, batch_fn *fn, void *arg)
{
	batch_then(ib->batch, fn, arg);
}

struct err *inbox_commit(struct inbox *ib, struct arena *a)
{
	return batch_commit(ib->batch, a);
}

i64 inbox_last_event(const struct inbox *ib)
{
	return ib->last_event;
}

/* What makes two deliveries one message: the sender's own id, which survives its retries. */
static str dedupe_key(struct arena *a, const struct inbound *m)
{
	str sender = m->from_member_id;

	if (str_empty(sender))
		sender = str_empty(m->from_member_pubkey) ? m->from_pubkey : m->from_member_pubkey;
	if (str_empty(m->client_message_id))
		return arena_printf(a, "m|%.*s", STRF(m->message_id));
	return arena_printf(a, "c|%.*s|%.*s", STRF(sender), STRF(m->client_message_id));
}

static struct inbox_row row_of(struct inbox *ib, struct arena *a, const struct inbound *m,
			       const struct inbox_for *to)
{
	return (struct inbox_row){
		.id = id_message(a, &ib->ids),
		.event_id = to->event_id,
		.message_id = arena_dup(a, m->message_id),
		.client_message_id = arena_dup(a, m->client_message_id),
		.mesh_id = arena_dup(a, to->mesh_id),
		.mesh = arena_dup(a, to->mesh),
		.sender_pubkey = arena_dup(a, m->from_pubkey),
		.sender_member_pubkey = arena_dup(a, m->from_member_pubkey),
		.sender_member_id = arena_dup(a, m->from_member_id),
		.sender_name = arena_dup(a, m->from_name),
		.body = m->readable ? arena_dup(a, database_text(m->body)) : STR_NONE,
		.why = m->readable ? STR_NONE : arena_dup(a, m->why),
		.encrypted = m->encrypted,
		.target = arena_dup(a, m->target),
		.topic = arena_dup(a, m->topic),
		.reply_to_id = arena_dup(a, m->reply_to),
		.priority = arena_dup(a, m->priority),
		.created_at = arena_dup(a, m->created_at),
		.received_ms = clock_ms(ib->clock),
		.recipient_pubkey = arena_dup(a, to->recipient_pubkey),
		.recipient_kind = to->kind,
		.proven = m->proven,
		.verified = m->verified,
		.own = m->proven && str_eq(m->from_member_pubkey, to->member_pubkey),
	};
}

struct err *inbox_add(struct inbox *ib, struct arena *a, const struct inbound *m,
		      const struct inbox_for *to, struct inbox_row *ret_row, bool *ret_new)
{
	struct inbox_row r = row_of(ib, a, m, to);
	struct db_rows rows;

	batch_soon(ib->batch);
	TRY(db_begin(ib->db, a));
	TRY(db_run(ib->db, a, &queries[Q_ADD],
		   DB_VALUES(V(r.event_id), V(r.id), V(database_text(r.message_id)),
			     V(database_text(r.client_message_id)), V(r.mesh_id),
			     V(database_text(r.mesh)), V(database_text(r.sender_pubkey)),
			     V(database_text(r.sender_member_pubkey)),
			     V(database_text(r.sender_member_id)), V(database_text(r.sender_name)),
			     V(r.body), V(database_text(r.why)), V((i64)r.encrypted),
			     V(database_text(r.target)), V(database_text(r.topic)),
			     V(database_text(r.reply_to_id)), V(database_text(r.priority)),
			     V(r.received_ms), V(r.recipient_pubkey), V((i64)r.recipient_kind),
			     V(database_text(r.created_at)), V(dedupe_key(a, m)), V((i64)r.proven),
			     V((i64)r.verified), V((i64)r.own)),
		   &rows));
	ib->last_event = MAX(ib->last_event, r.event_id);
	*ret_row = r;
	*ret_new = rows.n == 1;
	return NULL;
}

struct err *inbox_mark_seen(struct inbox *ib, struct arena *a, const struct view *s, const str *ids,
			    size_t n, i64 *ret_marked)
{
	i64 now_ms = clock_ms(ib->clock), marked = 0;

	if (n > INBOX_IDS_MAX)
		return FAIL(a, BAD_REQUEST, "at most %d ids at once", INBOX_IDS_MAX);
	batch_soon(ib->batch);
	TRY(db_begin(ib->db, a));
	for (size_t i = 0; i < n; i++) {
		struct db_rows rows;

		TRY(db_run(ib->db, a, &queries[Q_SEEN],
			   DB_VALUES(V(now_ms), INBOX_VIEW_VALUES(s), V(database_text(ids[i]))),
			   &rows));
		marked += (i64)rows.n;
	}
	*ret_marked = marked;
	return NULL;
}

struct err *inbox_delete(struct inbox *ib, struct arena *a, const struct view *s, str id)
{
	struct inbox_row row;
	struct db_rows rows;

	TRY(inbox_find(ib, a, s, id, &row));
	batch_soon(ib->batch);
	TRY(db_begin(ib->db, a));
	return db_run(ib->db, a, &queries[Q_DELETE], DB_VALUES(INBOX_VIEW_VALUES(s), V(row.id)),
		      &rows);
}

struct err *inbox_clear(struct inbox *ib, struct arena *a, const struct view *s, str mesh_id,
			i64 before_ms, i64 *ret_removed)
{
	struct db_rows rows;

	batch_soon(ib->batch);
	TRY(db_begin(ib->db, a));
	TRY(db_run(ib->db, a, &queries[Q_CLEAR],
		   DB_VALUES(INBOX_VIEW_VALUES(s), V(database_text(mesh_id)), V(before_ms)),
		   &rows));
	*ret_removed = (i64)rows.n;
	return NULL;
}

struct err *inbox_prune(struct inbox *ib, struct arena *a, i64 *ret_removed)
{
	i64 before_ms = clock_ms(ib->clock) - INBOX_KEEP_MS, total = 0;

	for (int i = 0; i < PRUNE_ROUNDS; i++) {
		struct db_rows rows;

		TRY(db_begin(ib->db, a));
		TRY(db_run(ib->db, a, &queries[Q_PRUNE],
			   DB_VALUES(V(before_ms), V((i64)PRUNE_ROWS)), &rows));
		TRY(batch_commit(ib->batch, a));
		total += (i64)rows.n;
		if (rows.n < PRUNE_ROWS)
			break;
	}
	if (!db_pending(ib->db))
		TRY(db_exec(ib->db, a, S("PRAGMA wal_checkpoint(TRUNCATE)")));
	if (ret_removed)
		*ret_removed = total;
	return NULL;
}
