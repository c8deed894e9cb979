/*
 * inbox_internal.h - the inside of the inbox, shared by inbox.c (what comes in, marks) and
 * inbox_list.c (reading).
 */
#ifndef DAEMON_INBOX_INTERNAL_H
#define DAEMON_INBOX_INTERNAL_H

#include "base/ids.h"
#include "daemon/database.h"
#include "daemon/inbox.h"

enum { INBOX_SLOT = DATABASE_SLOT, INBOX_SLOT_LIST = DATABASE_SLOT + 16 };

struct inbox {
	struct db *db;
	struct batch *batch;
	const struct clock *clock;
	struct id_source ids;
	i64 last_event;
};

/* In the order of inbox_read(). */
#define INBOX_COLUMNS \
	"event_id, id, message_id, client_message_id, mesh_id, mesh, sender_pubkey," \
	" sender_member_pubkey, sender_member_id, sender_name, body, why, encrypted, target," \
	" topic, reply_to_id, priority, created_at, received_ms, seen_ms, recipient_pubkey," \
	" recipient_kind, proven, verified, own"
#define INBOX_TYPES "isssssssssssisssssiisiiii"

/* The condition of a view; its values are INBOX_VIEW_VALUES. $1, $2, $3 come first. */
#define INBOX_VIEW "($1 = '' OR (mesh_id = $1 AND recipient_pubkey IN ($2, $3)))"
#define INBOX_VIEW_VALUES(v) \
	V(database_text((v)->mesh_id)), V(database_text((v)->session_pubkey)), \
		V(database_text((v)->member_pubkey))

struct inbox_rows inbox_read(struct arena *a, const struct db_rows *rows);

#endif
