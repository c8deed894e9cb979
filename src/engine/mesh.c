/*
 * mesh.c - meshes, members and mailboxes in memory, as the store has them.
 *
 * Read on first use. After a failed commit they are read again into the same structs,
 * because presences point to them.
 */
#include "engine/state.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/grant.h"
#include "engine/permission.h"
#include "engine/reader.h"
#include "engine/traffic.h"
#include "json/fields.h"
#include "proto/enums.h"

enum {
	MAILBOX_KEEP_MS = MESSAGE_TTL_DAYS * 24 * 3600 * 1000,
	SEEN_STEP_MS = 3600 * 1000,   /* how exactly the store knows who is here */
	PRUNE_MAILBOXES = 1000,       /* that one sweep looks at */
};

static void copy_text(char *to, size_t size, str from)
{
	size_t n = MIN(from.len, size - 1);

	if (n)
		memcpy(to, from.ptr, n);
	to[n] = 0;
}

struct member *mesh_member(struct mesh *m, str pubkey)
{
	struct member *member;

	HASH_FIND(hh, m->members, pubkey.ptr, (unsigned)pubkey.len, member);
	return member;
}

struct member *mesh_member_by_no(struct mesh *m, i64 no)
{
	struct member *member;

	HASH_FIND(hh_no, m->members_by_no, &no, sizeof(no), member);
	return member;
}

struct mailbox *mesh_mailbox(struct mesh *m, str pubkey)
{
	struct mailbox *mb;

	HASH_FIND(hh, m->mailboxes, pubkey.ptr, (unsigned)pubkey.len, mb);
	return mb;
}

static int word_index(const char *const words[], str word)
{
	for (int i = 1; words[i]; i++)
		if (str_eq(str_from(words[i]), word))
			return i;
	return 0;
}

/* The member's groups as the store keeps them: a JSON array; unreadable counts as none. */
static void groups_from_json(struct groups *slot, struct arena *a, str text)
{
	const struct json *list = NULL;

	own_groups_free(slot);
	if (!text.len || json_parse(a, text, &list))
		return;
	for (const struct json *item = list->first; item; item = item->next)
		if (!own_groups_put(slot, json_get_str(item, S("name")), json_get_str(item, S("role"))))
			return;
}

static struct member *member_new(struct mesh *m, const struct member_row *row)
{
	struct member *member = calloc(1, sizeof(*member));

	if (!member)
		abort();
	member->mesh = m;
	member->working = (struct timer){ .fn = status_lapse_member, .owner = member };
	member->no = row->no;
	copy_text(member->id, sizeof(member->id), row->id);
	copy_text(member->pubkey, sizeof(member->pubkey), row->pubkey);
	HASH_ADD(hh, m->members, pubkey, 64, member);
	HASH_ADD(hh_no, m->members_by_no, no, sizeof(member->no), member);
	return member;
}

/* Nobody knows when it was said: it gets the whole time again. */
static void take_status(struct member *member, enum status status)
{
	struct engine *e = member->mesh->engine;

	member->status = status;
	if (status != STATUS_WORKING)
		timer_clear(&e->timers, &member->working);
	else if (!timer_is_set(&member->working))
		timer_set(&e->timers, &member->working, e->mono_ms + STATUS_TTL_MS);
}

static void member_fill(struct member *member, struct arena *a, const struct member_row *row)
{
	own_str(&member->name, row->name);
	own_str(&member->x25519, row->x25519);
	own_str(&member->claim_signature, row->claim_signature);
	own_str(&member->summary, row->summary);
	own_str(&member->profile, row->profile);
	own_str(&member->last_summary, row->last_summary);
	own_str(&member->joined_name, row->joined_name);
	own_str(&member->role_tag, row->role_tag);
	member->message_mode = (enum message_mode)word_index(message_mode_words, row->message_mode);
	member->hidden = row->hidden;
	member->seen_ms = row->seen_ms;
	groups_from_json(&member->groups, a, row->groups);
	member->role = str_eq(row->role, S("admin")) ? ROLE_ADMIN : ROLE_MEMBER;
	take_status(member, (enum status)word_index(status_words, row->status));
	member->invite_no = row->invite_no;
	member->verified = row->claim_signature.len > 0;
	member->created_ms = row->created_ms;
	member->revoked_ms = row->revoked_ms;
	member->banned_ms = row->banned_ms;
	member->banned_by = row->banned_by;
	own_str(&member->ban_reason, row->ban_reason);
	member->tokens_ms = row->tokens_ms;
	member->device_of = row->device_of;
	member->device_expires_s = row->device_expires_s;
	own_str(&member->device_label, row->device_label);
	own_str(&member->device_code, row->device_code);
	own_str(&member->device_signature, row->device_signature);
	member->seen_in_store = true;
}

static void orphan_over(void *engine UNUSED, void *mailbox)
{
	struct mailbox *mb = mailbox;

	if (mb->holder)
		return;
	mailbox_hand_over(mb);
}

static struct mailbox *mailbox_new(struct member *member, i64 no, str pubkey, bool session)
{
	struct mailbox *mb = calloc(1, sizeof(*mb));
	struct mesh *m = member->mesh;

	if (!mb)
		abort();
	mb->no = no;
	mb->seen_in_store = true;
	mb->member = member;
	mb->session = session;
	mb->orphan = (struct timer){ .fn = orphan_over, .owner = mb };
	copy_text(mb->pubkey, sizeof(mb->pubkey), pubkey);
	HASH_ADD(hh, m->mailboxes, pubkey, 64, mb);
	if (!session)
		member->mailbox = mb;
	member->n_session_keys += session;
	return mb;
}

struct mailbox *mailbox_add(struct member *member, str pubkey, bool session)
{
	struct mesh *m = member->mesh;
	struct engine *e = m->engine;
	struct mailbox *mb = mailbox_new(member, store_next(e->store, NUMBER_MAILBOX), pubkey, session);

	mb->seen_ms = e->now_ms;
	store_mailbox_add(e->store, &(struct mailbox_row){ .no = mb->no, .mesh_no = m->no,
			  .member_no = member->no, .pubkey = str_of(mb->pubkey, 64),
			  .session = session, .seen_ms = e->now_ms });
	return mb;
}

void mailbox_release(struct mailbox *mb)
{
	while (mb->pushed)
		pushed_return(mb->pushed);
	if (mb->holder)
		mb->holder->mailbox = NULL;
	mb->holder = NULL;
}

static void set_owner(struct mailbox *mb, struct member *member, bool session)
{
	backlog_drop(mb);
	mb->backlog = mb->withheld = (struct backlog){ 0 };
	mb->member->n_session_keys -= mb->session;
	mb->member = member;
	mb->session = session;
	member->n_session_keys += session;
	if (!session)
		member->mailbox = mb;
}

void mailbox_own(struct mailbox *mb, struct member *member, bool session)
{
	struct mesh *m = member->mesh;

	m->touched_in = m->engine->batch_no;
	mailbox_release(mb);
	mailbox_hand_over(mb);
	set_owner(mb, member, session);
	store_mailbox_own(m->engine->store, m->no, mb->no, member->no, session);
}

void mailbox_attest(struct mailbox *mb, i64 until_ms, str signature)
{
	struct mesh *m = mb->member->mesh;

	if (str_eq(mb->attestation, signature))
		return;
	m->touched_in = m->engine->batch_no;
	mb->attested_until_ms = until_ms;
	own_str(&mb->attestation, signature);
	store_mailbox_attest(m->engine->store, m->no, mb->no, until_ms, signature);
}

struct member *member_add(struct mesh *m, const struct member_row *row)
{
	struct mailbox *squatted = mesh_mailbox(m, row->pubkey);
	struct member *member = member_new(m, row);

	member_fill(member, m->engine->batch, row);
	store_member_add(m->engine->store, row);
	if (squatted)
		mailbox_own(squatted, member, false);
	else
		mailbox_add(member, row->pubkey, false);
	return member;
}

static void mailbox_drop(struct mailbox *mb)
{
	struct mesh *m = mb->member->mesh;

	for (struct mailbox **at = &m->engine->refill; mb->refill && *at; at = &(*at)->next_refill) {
		if (*at == mb) {
			*at = mb->next_refill;
			break;
		}
	}
	timer_clear(&m->engine->timers, &mb->orphan);
	backlog_drop(mb);
	if (mb->holder)
		mb->holder->mailbox = NULL;
	own_free(&mb->attestation);
	mb->member->n_session_keys -= mb->session;
	HASH_DELETE(hh, m->mailboxes, mb);
	free(mb);
}

static void member_free(struct member *member)
{
	struct mesh *m = member->mesh;

	member_topics_free(member);
	member_grants_free(member);
	HASH_DELETE(hh, m->members, member);
	HASH_DELETE(hh_no, m->members_by_no, member);
	timer_clear(&m->engine->timers, &member->working);
	own_free(&member->name);
	own_free(&member->x25519);
	own_free(&member->claim_signature);
	own_free(&member->summary);
	own_free(&member->profile);
	own_free(&member->last_summary);
	own_free(&member->joined_name);
	own_free(&member->role_tag);
	own_free(&member->ban_reason);
	own_free(&member->device_label);
	own_free(&member->device_code);
	own_free(&member->device_signature);
	own_groups_free(&member->groups);
	free(member);
}

static void mesh_fill(struct mesh *m, const struct mesh_row *row)
{
	m->no = row->no;
	own_str(&m->slug, row->slug);
	own_str(&m->name, row->name);
	own_str(&m->owner_secret, row->owner_secret);
	own_str(&m->root_key, row->root_key);
	copy_text(m->owner_pubkey, sizeof(m->owner_pubkey), row->owner_pubkey);
	m->archived_ms = row->archived_ms;
}

static struct err *members_read(struct mesh *m, struct arena *a)
{
	struct member_row *rows;
	struct member *member, *next;
	size_t n;

	TRY(store_members(m->engine->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->members, member, next)
		member->seen_in_store = false;
	for (size_t i = 0; i < n; i++) {
		member = mesh_member_by_no(m, rows[i].no);
		member_fill(member ? member : member_new(m, &rows[i]), a, &rows[i]);
	}
	return NULL;
}

static struct err *mailboxes_read(struct mesh *m, struct arena *a)
{
	struct engine *e = m->engine;
	struct mailbox_row *rows;
	struct mailbox *mb, *next;
	size_t n;

	TRY(store_mailboxes(e->store, a, m->no, &rows, &n));
	HASH_ITER(hh, m->mailboxes, mb, next)
		mb->seen_in_store = false;
	for (size_t i = 0; i < n; i++) {
		struct member *member = mesh_member_by_no(m, rows[i].member_no);

		mb = mesh_mailbox(m, rows[i].pubkey);

		if (!member)
			return FAIL(a, INTERNAL, "mailbox %lld has no member", (long long)rows[i].no);
		if (!mb)
			mb = mailbox_new(member, rows[i].no, rows[i].pubkey, rows[i].session);
		if (mb->member != member)
			set_owner(mb, member, rows[i].session);
		mb->no = rows[i].no;
		mb->seen_in_store = true;
		mb->seen_ms = rows[i].seen_ms;
		mb->attested_until_ms = rows[i].attested_until_ms;
		own_str(&mb->attestation, rows[i].attestation);
		mb->waiting = mb->withheld_waits = rows[i].waiting;
		/* Nobody will come for it. */
		if (mb->waiting && member->revoked_ms)
			TRY(mailbox_end_all(mb, a, DELIVERY_REVOKED, member->revoked_ms));
		if (mb->waiting && mb->session && !mb->holder)
			timer_set(&e->timers, &mb->orphan, e->mono_ms + e->settings.grace_ms);
		mailbox_wake(mb);
	}
	/* Session mailboxes of the batch that failed. */
	HASH_ITER(hh, m->mailboxes, mb, next)
		if (!mb->seen_in_store)
			mailbox_drop(mb);
	return NULL;
}

/* Members and mailboxes that only the failed batch knew, and who connected as them. */
static void drop_unstored(struct mesh *m)
{
	struct presence *p, *next_p;
	struct member *member, *next;
	struct mailbox *mb, *next_mb;

	DL_FOREACH_SAFE(m->presences, p, next_p)
		if (!p->member->seen_in_store)
			presence_end(p);
	HASH_ITER(hh, m->mailboxes, mb, next_mb)
		if (!mb->member->seen_in_store)
			mailbox_drop(mb);
	HASH_ITER(hh, m->members, member, next)
		if (!member->seen_in_store)
			member_free(member);
}

struct err *mesh_read_again(struct mesh *m, struct arena *a)
{
	struct engine *e = m->engine;
	struct mesh_row *row;
	struct presence *p;

	m->touched_in = e->batch_no; /* if this batch fails, too, it has to be read once more */
	TRY(store_mesh_by_id(e->store, a, str_from(m->id), &row));
	if (!row)
		return FAIL(a, INTERNAL, "mesh '%s' is gone from the store", m->id);
	mesh_fill(m, row);
	TRY(audit_read(m, a));
	/* What was on its way goes out again: a receiver that dedupes sees it once. */
	DL_FOREACH(m->presences, p)
		while (p->pushed)
			pushed_return(p->pushed);
	TRY(members_read(m, a));
	drop_unstored(m);
	TRY(grants_read(m, a));
	TRY(permissions_read(m, a));
	TRY(topics_read(m, a));
	TRY(mailboxes_read(m, a));
	TRY(backlog_read(m, a));
	m->stale = false;
	return NULL;
}

struct err *meshes_read_again(struct engine *e, struct arena *a)
{
	struct mesh *m, *next;

	HASH_ITER(hh, e->meshes, m, next)
		if (m->stale)
			TRY(mesh_read_again(m, a));
	return NULL;
}

struct mesh *mesh_add(struct engine *e, const struct mesh_row *row)
{
	struct mesh *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->engine = e;
	m->calm = (struct timer){ .fn = announce_calm, .owner = m };
	copy_text(m->id, sizeof(m->id), row->id);
	mesh_fill(m, row);
	HASH_ADD(hh, e->meshes, id, ID_LEN, m);
	e->hands_on |= !engine_owns(e, str_from(m->id));
	e->stats.meshes++;
	return m;
}

struct err *mesh_get(struct engine *e, struct arena *a, str id, struct mesh **ret_mesh)
{
	struct mesh_row *row;
	struct mesh *m = NULL;

	*ret_mesh = NULL;
	if (id.len != ID_LEN)
		return NULL;
	if (!engine_owns(e, id))
		return FAIL(a, INTERNAL, "mesh '%.*s' is of another shard than %u", STRF(id), e->settings.shard);
	HASH_FIND(hh, e->meshes, id.ptr, ID_LEN, m);
	if (!m) {
		TRY(store_mesh_by_id(e->store, a, id, &row));
		if (!row)
			return NULL;
		m = mesh_add(e, row);
		m->stale = true;
	}
	if (m->stale)
		TRY(mesh_read_again(m, a));
	m->touched_in = e->batch_no;
	if (!m->archived_ms)
		*ret_mesh = m;
	return NULL;
}

void meshes_hand_on(struct engine *e)
{
	struct mesh *m, *next;

	if (!e->hands_on)
		return;
	e->hands_on = false;
	HASH_ITER(hh, e->meshes, m, next)
		if (!engine_owns(e, str_from(m->id)))
			mesh_free(m);
}

void mesh_free(struct mesh *m)
{
	struct engine *e = m->engine;
	struct mailbox *mb, *next_mb;
	struct member *member, *next;

	while (m->presences)
		presence_end(m->presences);
	readers_free(m);
	audit_check_free(m);
	HASH_ITER(hh, m->mailboxes, mb, next_mb)
		mailbox_drop(mb);
	HASH_ITER(hh, m->members, member, next)
		member_free(member);
	topics_free(m);
	traffic_free(m);
	HASH_DELETE(hh, e->meshes, m);
	timer_clear(&e->timers, &m->calm);
	e->stats.meshes--;
	own_free(&m->slug);
	own_free(&m->name);
	own_free(&m->owner_secret);
	own_free(&m->root_key);
	free(m);
}

/* The store knows who is here, about. */
static void note_holders(struct engine *e)
{
	struct mesh *m, *next;
	struct mailbox *mb, *next_mb;

	HASH_ITER(hh, e->meshes, m, next) {
		HASH_ITER(hh, m->mailboxes, mb, next_mb) {
			if (!mb->holder || e->now_ms - mb->seen_ms < SEEN_STEP_MS)
				continue;
			mb->seen_ms = e->now_ms;
			store_mailbox_seen(e->store, m->no, mb->no, e->now_ms);
		}
	}
}

/* False if memory knows better. */
static bool mailbox_forget(struct engine *e, const struct idle_mailbox *row, i64 before_ms)
{
	struct mesh *m = NULL;
	struct mailbox *mb;

	HASH_FIND(hh, e->meshes, row->mesh_id.ptr, (unsigned)row->mesh_id.len, m);
	if (!m)
		return true;
	mb = m->stale || m->uncounted ? NULL : mesh_mailbox(m, row->pubkey);
	if (!mb || mb->holder || mb->pushed || mb->backlog.messages || mb->seen_ms >= before_ms)
		return false;
	m->touched_in = e->batch_no;
	mailbox_drop(mb);
	return true;
}

struct err *mailboxes_prune(struct engine *e, bool *ret_more)
{
	i64 before = e->now_ms - MAILBOX_KEEP_MS;
	struct idle_mailbox *rows;
	size_t n, dropped = 0;

	note_holders(e);
	TRY(store_mailboxes_idle(e->store, e->batch, before, PRUNE_MAILBOXES, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		if (!engine_owns(e, rows[i].mesh_id) || !mailbox_forget(e, &rows[i], before))
			continue;
		store_mailbox_drop(e->store, rows[i].mesh_no, rows[i].no);
		dropped++;
	}
	e->stats.mailboxes_pruned += (i64)dropped;
	*ret_more = dropped && n == PRUNE_MAILBOXES;
	return NULL;
}
