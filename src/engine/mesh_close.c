#include "engine/mesh_close.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/bearer.h"
#include "engine/prove.h"
#include "engine/reader.h"
#include "engine/slug.h"
#include "engine/topic.h"
#include "proto/moderation.h"

static void put_out(struct presence *p, const struct err *why)
{
	if (p->online) {
		effects_send(p->mesh->engine->fx, p->conn, error_message(why, STR_NONE), 0);
		presence_close_with(p, CLOSE_BANNED, why->text);
	}
	presence_end(p);
}

/* What waits for anybody, what was posted, what was shared. */
static struct err *forget_content(struct mesh *m, struct arena *a)
{
	struct store *st = m->engine->store;
	struct mailbox *mb, *next;
	struct topic *t, *next_topic;

	HASH_ITER(hh, m->mailboxes, mb, next)
		TRY(mailbox_end_all(mb, a, DELIVERY_REVOKED, m->engine->now_ms));
	HASH_ITER(hh, m->topics, t, next_topic)
		store_topic_forget(st, m->no, t->no);
	store_skills_forget(st, m->no);
	return NULL;
}

struct err *mesh_close(struct mesh *m, const struct member *by, bool delete, struct arena *a)
{
	struct engine *e = m->engine;
	struct err why = { .code = ERR_GONE, .word = S("mesh_closed"),
			   .text = arena_printf(a, "\"%.*s\" was %s by %s.", STRF(m->name),
					delete ? "deleted" : "archived",
					by ? "its owner" : "the operator of the broker") };
	struct member *member, *next;

	audit(m, by, delete ? "mesh_deleted" : "mesh_archived", STR_NONE);
	m->touched_in = e->batch_no;
	readers_end(m, NULL, 0, "mesh_closed");
	HASH_ITER(hh, m->members, member, next) {
		if (!member->revoked_ms)
			bearers_end(member);
		store_device_codes_remove(e->store, m->no, member->no);
	}
	if (delete)
		TRY(forget_content(m, a));
	/* Each would be told of all the others. */
	e->quiet = true;
	while (m->presences)
		put_out(m->presences, &why);
	e->quiet = false;
	m->archived_ms = e->now_ms;
	store_mesh_archive(e->store, m->no, e->now_ms);
	return NULL;
}

struct err *mesh_rename(struct mesh *m, const struct member *by, str name, str slug, struct arena *a)
{
	struct engine *e = m->engine;
	struct mesh_row *taken = NULL;

	if (slug.len && !str_eq(slug, m->slug)) {
		TRY(slug_check(a, slug));
		TRY(store_mesh_by_slug(e->store, a, slug, &taken));
	}
	if (taken)
		return FAIL(a, EXISTS, "slug \"%.*s\" is already taken", STRF(slug));
	m->touched_in = e->batch_no;
	if (name.len)
		own_str(&m->name, name);
	if (slug.len)
		own_str(&m->slug, slug);
	store_mesh_rename(e->store, m->no, m->slug, m->name);
	audit(m, by, "mesh_renamed", m->name);
	return NULL;
}
