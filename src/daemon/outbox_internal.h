/*
 * outbox_internal.h - the inside of the outbox, shared by outbox.c (accept, requeue),
 * outbox_send.c (what is due, marks) and outbox_list.c (reading, pruning).
 */
#ifndef DAEMON_OUTBOX_INTERNAL_H
#define DAEMON_OUTBOX_INTERNAL_H

#include "base/ids.h"
#include "daemon/database.h"
#include "daemon/outbox.h"

enum {
	OUTBOX_SLOT_ACCEPT = DATABASE_SLOT,
	OUTBOX_SLOT_SEND = DATABASE_SLOT + 16,
	OUTBOX_SLOT_LIST = DATABASE_SLOT + 32,
};

struct outbox {
	struct db *db;
	struct batch *batch;
	const struct clock *clock;
	struct id_source ids;
	const struct random *random;
	i64 live; /* pending and in flight, at least; counted anew when it seems too many */
};

/* In the order of outbox_read(). The text columns may be replaced by ''. */
#define OUTBOX_HEAD \
	"seq, id, client_message_id, fingerprint, status, mesh_id, mesh, target, target_spec," \
	" priority, reply_to_id, meta, session_pubkey, session_id, session_name, payload_bytes," \
	" enqueued_ms, next_attempt_ms, attempts, refusals, delivered_ms, aborted_ms, last_error," \
	" broker_message_id, aborted_by, superseded_by, plaintext,"
#define OUTBOX_ALL OUTBOX_HEAD " nonce, ciphertext, payload"
#define OUTBOX_SHORT OUTBOX_HEAD " '', '', ''"
#define OUTBOX_TYPES "isssissssssssssiiiiiiissssisss"

struct outbox_rows outbox_read(struct arena *a, const struct db_rows *rows);
struct err *outbox_recover(struct outbox *ob, struct arena *a, i64 *ret_recovered) MUST_CHECK;
struct err *outbox_count_live(struct outbox *ob, struct arena *a) MUST_CHECK;

#endif
