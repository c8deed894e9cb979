/*
 * outbox.h - what this machine promised to send: daemon/outbox.db.
 *
 * A row is a message, sealed and addressed when it was accepted; it goes out in that form
 * over the link of its sender (a session's key, or the member's) and in no other. A post to a
 * topic is the exception: it is sealed when it is sent, because the topic may be at another key
 * by then (postbox.h); here it lies as text, as the payload of every row does. The
 * client_message_id is used up for ever, and is the broker's key for recognising repeats:
 * so a row found in flight after a crash is simply sent again.
 *
 *   pending -> inflight -> done | dead | pending (backoff)
 *   pending, inflight, dead -> aborted (requeued under a new id)
 *
 * Writes belong to the current batch: on disk after outbox_then()'s call. The text of a
 * message is dropped when it is done. Loop thread only.
 */
#ifndef DAEMON_OUTBOX_H
#define DAEMON_OUTBOX_H

#include "base/clock.h"
#include "base/random.h"
#include "daemon/batch.h"
#include "proto/enums.h"

#define OUTBOX_DONE_KEEP_MS (30 * 24 * 3600 * (i64)1000) /* as long as brokers know the id */
#define OUTBOX_DEAD_KEEP_MS (30 * 24 * 3600 * (i64)1000) /* dead and aborted, with their text */

enum {
	OUTBOX_LIST_MAX = 500,
	OUTBOX_LIST_DEFAULT = 50,
	OUTBOX_ROWS_MAX = 100000,   /* pending ones; more are refused with TRY_AGAIN */
	OUTBOX_PREFIX_LEN = 16,     /* hex digits of a fingerprint in a conflict */
	OUTBOX_LEASE_MS = 30000,    /* in flight at most, should a mark be lost */
	OUTBOX_BACKOFF_MAX_MS = 30000,
	OUTBOX_ERROR_MAX = 400,     /* bytes of last_error */
};

enum outbox_status {
	OUTBOX_ANY, /* in filters */
	OUTBOX_PENDING,
	OUTBOX_INFLIGHT,
	OUTBOX_DONE,
	OUTBOX_DEAD,
	OUTBOX_ABORTED,
};
static const char *const outbox_status_words[] UNUSED = { "",     "pending", "inflight", "done",
							  "dead", "aborted", NULL };

struct outbox_row {
	i64 seq; /* order of acceptance */
	str id, client_message_id;
	str fingerprint; /* 64 hex */
	enum outbox_status status;
	str mesh_id, mesh; /* record id; slug when it was accepted */
	str to;            /* as typed */
	str target_spec, nonce, ciphertext;
	str priority;      /* word */
	str reply_to_id, meta;
	str session_pubkey, session_id, session_name; /* of the sending session; empty: the member */
	bool plaintext;    /* a post that the broker may read */
	str payload;       /* the text; empty once done */
	i64 payload_bytes;
	i64 enqueued_ms, next_attempt_ms;
	i64 attempts; /* times sent */
	i64 refusals; /* of them refused for a reason that may pass */
	i64 delivered_ms, aborted_ms; /* 0: not */
	str last_error, broker_message_id;
	str aborted_by, superseded_by;
};

struct outbox_rows {
	struct outbox_row *items;
	size_t n;
};

struct outbox;

/* Creates, checks and migrates the file, mode 0600, and puts rows found in flight back to
 * pending. FORBIDDEN: the file is not ours; INTERNAL or IO with a remedy: it is damaged, and
 * stays as it is. loop NULL: see batch.h. path ":memory:" for tests. */
struct err *outbox_open(struct arena *a, struct loop *loop, const struct clock *clock,
			const struct random *random, str path, struct outbox **ret_outbox)
	MUST_CHECK;
void outbox_free(struct outbox *ob); /* NULL is fine */

void outbox_then(struct outbox *ob, batch_fn *fn, void *arg); /* batch.h */
struct err *outbox_commit(struct outbox *ob, struct arena *a) MUST_CHECK;

/* What an accept is answered with (client.md 7.3). */
struct outbox_answer {
	int http; /* 202 queued or in flight, 200 done before, 409 conflict */
	enum outbox_status status;
	bool is_new;
	str id, client_message_id;
	str broker_message_id;  /* empty: not yet */
	str conflict;           /* 409: "outbox_<status>_fingerprint_<match|mismatch>" */
	str fingerprint_prefix; /* 409: of the row that has the id */
	str reason;             /* dead: its last_error; pending: why it was not taken yet, or empty */
};

/* To a topic? */
static inline bool outbox_is_post(const struct outbox_row *row)
{
	return str_starts(row->target_spec, S("#"));
}

/* Is the id known? Then the answer that a repeat gets, else NULL in *ret_answer. mesh_id
 * empty: whichever it was. Reads only. */
struct err *outbox_check(struct outbox *ob, struct arena *a, str client_message_id, str fingerprint,
			 str mesh_id, const struct outbox_answer **ret_answer) MUST_CHECK;
/* The whole table in one transaction. Of the row only what a sender decides is read: ids,
 * fingerprint, mesh, to, target_spec ... payload. The answer holds once outbox_then() calls. */
struct err *outbox_accept(struct outbox *ob, struct arena *a, const struct outbox_row *row,
			  struct outbox_answer *ret_answer) MUST_CHECK;

struct outbox_filter {
	enum outbox_status status;
	str session_pubkey; /* only this sender's; empty: all */
	i64 limit;          /* 0: OUTBOX_LIST_DEFAULT */
};
/* Newest first. Without payload, nonce and ciphertext. */
struct err *outbox_list(struct outbox *ob, struct arena *a, const struct outbox_filter *f,
			struct outbox_rows *ret_rows) MUST_CHECK;
/* A pending, inflight or dead row (id: its id or client_message_id) becomes aborted, and a
 * new pending one with all of its routing and ciphertext takes its place under a new
 * client_message_id (empty: made up). NOT_FOUND; CONFLICT: done or aborted, or the new id is
 * used. session_pubkey: only this sender's; empty: any. */
struct err *outbox_requeue(struct outbox *ob, struct arena *a, str id, str new_client_id,
			   str aborted_by, str session_pubkey, struct outbox_row *ret_old,
			   struct outbox_row *ret_new) MUST_CHECK;

/* A sender that has rows to send. */
struct outbox_sender {
	str mesh_id, mesh, session_pubkey, session_id, session_name;
	i64 next_ms; /* when the first is due */
};
struct outbox_senders {
	struct outbox_sender *items;
	size_t n;
};
struct err *outbox_senders(struct outbox *ob, struct arena *a, struct outbox_senders *ret_senders)
	MUST_CHECK;
/* Pending rows of one sender that are due, and inflight ones whose lease ran out; in order of
 * acceptance. A time that the clock, turned back, puts beyond the longest backoff counts as due. */
struct err *outbox_due(struct outbox *ob, struct arena *a, str mesh_id, str session_pubkey,
		       size_t limit, struct outbox_rows *ret_rows) MUST_CHECK;

/* Marks; they ride with the next commit, and only move rows that are pending or in flight. */
void outbox_mark_inflight(struct outbox *ob, i64 seq);
void outbox_mark_done(struct outbox *ob, i64 seq, str broker_message_id);
void outbox_mark_dead(struct outbox *ob, i64 seq, str reason);
/* Back to pending, due after delay_ms; counted: the broker refused it, or did not answer. */
void outbox_mark_later(struct outbox *ob, i64 seq, i64 delay_ms, str reason, bool counted);
/* All that one sender waits to send is dead. */
void outbox_kill(struct outbox *ob, str mesh_id, str session_pubkey, str reason);
/* Rows that wait for this recipient to come are due. */
void outbox_wake_target(struct outbox *ob, str mesh_id, str target_spec);
/* Posts of a mesh that wait for a key are due, and those behind them with them; what its broker
 * refused waits on. */
void outbox_wake_posts(struct outbox *ob, str mesh_id);

/* Drops rows whose time is over, in small portions; ret_removed may be NULL. */
struct err *outbox_prune(struct outbox *ob, struct arena *a, i64 *ret_removed) MUST_CHECK;
/* Rows by status, indexed by enum outbox_status. */
struct err *outbox_count(struct outbox *ob, struct arena *a, i64 ret_counts[6]) MUST_CHECK;

#endif
