/*
 * unload.c - a mesh that nobody is in leaves memory; the store has all of it but what was
 * charged and what lapses by itself, and it stays until that is over.
 */
#include "engine/state.h"

/* What only memory knows of a member: a status that lapses, and what it was charged. */
static bool member_is_idle(struct member *member)
{
	const struct engine *e = member->mesh->engine;
	i64 rate = e->settings.rate_per_minute;

	if (timer_is_set(&member->working) ||
	    !bucket_is_full(&member->lists, e->mono_ms, e->settings.lists_kb_per_minute))
		return false;
	return !rate || (bucket_is_full(&member->sends, e->mono_ms, rate) &&
			 bucket_is_full(&member->refusals, e->mono_ms, rate));
}

static bool is_idle(struct mesh *m)
{
	struct engine *e = m->engine;
	struct member *member, *next;
	struct mailbox *mb, *next_mb;

	if (m->presences || m->n_readers || m->stale || m->idle_in != m->touched_in) {
		m->idle_in = m->touched_in;
		m->idle_ms = e->mono_ms;
		return false;
	}
	if (m->touched_in == e->batch_no || e->mono_ms - m->idle_ms < MESH_IDLE_MS || timer_is_set(&m->calm))
		return false;
	HASH_ITER(hh, m->members, member, next)
		if (!member_is_idle(member))
			return false;
	HASH_ITER(hh, m->mailboxes, mb, next_mb)
		if (mb->pushed || mb->refill || timer_is_set(&mb->orphan))
			return false;
	return true;
}

void meshes_unload(struct engine *e)
{
	struct mesh *m, *next;

	HASH_ITER(hh, e->meshes, m, next) {
		if (!is_idle(m))
			continue;
		e->stats.meshes_unloaded++;
		mesh_free(m);
	}
}
