#include "engine/state.h"

#include <utlist.h>

#include "engine/bearer.h"
#include "engine/prove.h"
#include "engine/receipts.h"
#include "engine/topic.h"
#include "proto/moderation.h"

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
	mb->withheld = (struct backlog){ 0 };
	return NULL;
}

str banned_text(struct arena *a, const struct mesh *m)
{
	return arena_printf(a, BANNED_FORMAT, STRF(m->name));
}

/* Word and text are those of the hello that it is going to be refused (hello.c). */
static void put_out(struct presence *p, struct arena *a)
{
	str text = banned_text(a, p->mesh);
	struct err why = { .code = ERR_UNAUTHORIZED, .text = text, .word = S("revoked") };

	if (p->online) {
		effects_send(p->mesh->engine->fx, p->conn, error_message(&why, STR_NONE), 0);
		presence_close_with(p, CLOSE_BANNED, text);
	}
	presence_end(p);
}

static void standing_store(const struct member *m)
{
	store_member_standing_set(m->mesh->engine->store, &(struct member_row){
		.no = m->no, .mesh_no = m->mesh->no, .revoked_ms = m->revoked_ms, .banned_ms = m->banned_ms,
		.banned_by = m->banned_by, .ban_reason = m->ban_reason, .tokens_ms = m->tokens_ms });
}

/* One row: what it had ends with this commit. Its standing is stored by the caller. */
static struct err *member_end(struct member *member, struct arena *a)
{
	struct mesh *m = member->mesh;
	struct engine *e = m->engine;
	struct mailbox *mb, *next;

	m->touched_in = e->batch_no;
	member->revoked_ms = e->now_ms;
	topics_member_gone(member);
	while (member->presences)
		put_out(member->presences, a);
	bearers_end(member);
	store_device_codes_remove(e->store, m->no, member->no);
	HASH_ITER(hh, m->mailboxes, mb, next) {
		if (mb->member != member)
			continue;
		timer_clear(&e->timers, &mb->orphan);
		TRY(mailbox_end_all(mb, a, DELIVERY_REVOKED, e->now_ms));
	}
	return NULL;
}

struct err *member_remove(struct member *member, struct arena *a)
{
	struct member *device, *next;

	if (member->revoked_ms)
		return NULL;
	TRY(member_end(member, a));
	standing_store(member);
	HASH_ITER(hh, member->mesh->members, device, next)
		if (device->device_of == member->no)
			TRY(member_remove(device, a));
	return NULL;
}

struct err *member_ban(struct member *person, const struct member *by, str reason, struct arena *a)
{
	struct member *m, *next;

	HASH_ITER(hh, person->mesh->members, m, next) {
		if (m->revoked_ms || member_person(m) != person)
			continue;
		TRY(member_end(m, a));
		m->banned_ms = m->revoked_ms;
		m->banned_by = by->no;
		own_str(&m->ban_reason, reason);
		standing_store(m);
	}
	return NULL;
}

void member_unban(struct member *person)
{
	struct mesh *mesh = person->mesh;
	struct member *m, *next;

	mesh->touched_in = mesh->engine->batch_no;
	HASH_ITER(hh, mesh->members, m, next) {
		/* A device that was removed before stays so. */
		if (!m->banned_ms || member_person(m) != person)
			continue;
		m->revoked_ms = m->banned_ms = m->banned_by = 0;
		own_free(&m->ban_reason);
		topics_member_back(m);
		standing_store(m);
	}
}
