#include "engine/state.h"

#include <utlist.h>

#include "engine/reader.h"
#include "engine/receipts.h"
#include "engine/topic.h"

enum { CLOSE_BANNED = 4002 };

struct err *mailbox_end_all(struct mailbox *mb, struct arena *a, enum delivery_state state, i64 at_ms)
{
	struct mesh *m = mb->member->mesh;
	struct engine *e = m->engine;
	struct expiring *rows;
	size_t n;

	while (mb->pushed)
		pushed_return(mb->pushed);
	TRY(store_ending(e->store, a, m->no, mb->no, &rows, &n));
	m->touched_in = e->batch_no;
	for (size_t i = 0; i < n; i++) {
		backlog_end(mb, &(struct delivery_row){ .sender_no = rows[i].sender_no, .shared = rows[i].shared,
							.bytes = rows[i].bytes });
		receipts_ended(e, &(struct ending){ m, rows[i].message_no, rows[i].sender_no, rows[i].message_id,
			       rows[i].client_id, mb->member, str_of(mb->pubkey, 64), state, at_ms });
	}
	store_deliveries_end(e->store, m->no, mb->no, state, at_ms);
	mb->waiting = false;
	return NULL;
}

static struct err *devices_remove(struct member *member, struct arena *a)
{
	struct member *device, *next;

	HASH_ITER(hh, member->mesh->members, device, next)
		if (device->device_of == member->no)
			TRY(member_remove(device, a));
	return NULL;
}

struct err *member_remove(struct member *member, struct arena *a)
{
	struct mesh *m = member->mesh;
	struct engine *e = m->engine;
	struct mailbox *mb, *next;

	if (member->revoked_ms)
		return NULL;
	m->touched_in = e->batch_no;
	member->revoked_ms = e->now_ms;
	store_member_revoke(e->store, m->no, member->no, e->now_ms);
	topics_member_gone(member);
	while (member->presences) {
		if (member->presences->online) {
			effects_close(e->fx, member->presences->conn, CLOSE_BANNED, S("banned"));
			effects_anyway(e->fx);
		}
		presence_end(member->presences);
	}
	readers_end(m, member, 0, "you are no member of the mesh any more");
	HASH_ITER(hh, m->mailboxes, mb, next) {
		if (mb->member != member)
			continue;
		timer_clear(&e->timers, &mb->orphan);
		TRY(mailbox_end_all(mb, a, DELIVERY_REVOKED, e->now_ms));
	}
	return devices_remove(member, a);
}
