/*
 * inbox.h - what came for this machine: daemon/inbox.db.
 *
 * A row is one message for one recipient: a local session's key, or the member's. The same
 * message to two sessions is two rows; the same message again is none. The broker is told
 * (client_ack) when the row is on disk, not before. A body that could not be opened is
 * absent and `why` says so: never its bytes as text. Loop thread only.
 */
#ifndef DAEMON_INBOX_H
#define DAEMON_INBOX_H

#include "base/clock.h"
#include "base/random.h"
#include "client/inbound.h"
#include "daemon/batch.h"
#include "daemon/view.h"

#define INBOX_KEEP_MS (30 * 24 * 3600 * (i64)1000)

enum { INBOX_LIST_MAX = 1000, INBOX_LIST_DEFAULT = 100, INBOX_IDS_MAX = 1000 };

enum recipient_kind { RECIPIENT_MEMBER, RECIPIENT_SESSION };

struct inbox_row {
	str id; /* ours */
	i64 event_id;
	str message_id;        /* the broker's */
	str client_message_id; /* empty if there is none */
	str mesh_id, mesh;
	str sender_pubkey, sender_member_pubkey, sender_member_id, sender_name;
	str body; /* {NULL, 0}: could not be read, see why */
	str why;
	bool encrypted;
	str target; /* empty: to the recipient alone; "*", "@group", "#topic" */
	str topic, reply_to_id, priority, created_at;
	i64 received_ms, seen_ms; /* seen_ms 0: unread */
	str recipient_pubkey;
	enum recipient_kind recipient_kind;
	/* What was known when it came: the sealing key is the member's or vouched for by it; the
	 * mesh's owner vouches for the member; the member is ourselves. */
	bool proven, verified, own;
};

struct inbox_rows {
	struct inbox_row *items;
	size_t n;
};

struct inbox;

/* As outbox_open(); a damaged file is put aside as FILE.damaged-<time> and a new one made:
 * what was in it, and was acknowledged, is lost, so that is logged as an error. */
struct err *inbox_open(struct arena *a, struct loop *loop, const struct clock *clock,
		       const struct random *random, str path, struct inbox **ret_inbox) MUST_CHECK;
void inbox_free(struct inbox *ib); /* NULL is fine */
void inbox_then(struct inbox *ib, batch_fn *fn, void *arg);
struct err *inbox_commit(struct inbox *ib, struct arena *a) MUST_CHECK;
/* The highest event_id of a row; 0 if there is none. */
i64 inbox_last_event(const struct inbox *ib);

/* To whom a message came, and what its event is called. */
struct inbox_for {
	str mesh_id, mesh, recipient_pubkey;
	enum recipient_kind kind;
	i64 event_id;
	str member_pubkey; /* ours in that mesh */
};
/* *ret_row has the row as stored, in a; *ret_new false: it is there already. Safe when
 * inbox_then() calls. */
struct err *inbox_add(struct inbox *ib, struct arena *a, const struct inbound *m,
		      const struct inbox_for *to, struct inbox_row *ret_row, bool *ret_new)
	MUST_CHECK;

struct inbox_filter {
	struct view view;
	str mesh_id, topic, from; /* from: key, key prefix (8 or more), or name */
	i64 since_ms, after_event; /* received_ms >=, event_id >; 0: all */
	bool unread_only;
	bool oldest_first; /* else newest first */
	i64 limit;         /* 0: INBOX_LIST_DEFAULT */
};
struct err *inbox_list(struct inbox *ib, struct arena *a, const struct inbox_filter *f,
		       struct inbox_rows *ret_rows) MUST_CHECK;
/* The row with that id, or message id, or a unique prefix (8 or more) of one. NOT_FOUND,
 * AMBIGUOUS. */
struct err *inbox_find(struct inbox *ib, struct arena *a, const struct view *s, str id,
		       struct inbox_row *ret_row) MUST_CHECK;
/* Unread rows among ids within the view; the rest is left alone. */
struct err *inbox_mark_seen(struct inbox *ib, struct arena *a, const struct view *s,
			    const str *ids, size_t n, i64 *ret_marked) MUST_CHECK;
struct err *inbox_delete(struct inbox *ib, struct arena *a, const struct view *s, str id)
	MUST_CHECK; /* NOT_FOUND */
/* All within the view; mesh_id empty: of every mesh, before_ms 0: of any age. */
struct err *inbox_clear(struct inbox *ib, struct arena *a, const struct view *s, str mesh_id,
			i64 before_ms, i64 *ret_removed) MUST_CHECK;
struct err *inbox_prune(struct inbox *ib, struct arena *a, i64 *ret_removed) MUST_CHECK;
struct err *inbox_count_unread(struct inbox *ib, struct arena *a, const struct view *s,
			       i64 *ret_count) MUST_CHECK;

/* The item of lists and events as JSON: an object with the names of client.md 6.6 and
 * `undecryptable` (why) where body is null. */
void inbox_row_json(struct arena *a, struct json_out *o, const struct inbox_row *row);
/* The same as members of the object that is open in o. */
void inbox_row_put(struct arena *a, struct json_out *o, const struct inbox_row *row);

#endif
