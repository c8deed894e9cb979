/*
 * status.c - idle, working, dnd: said by the peer, for one connection or for the member.
 *
 * Of wire-core.md 5.8 there is one source here, the peer's own word ("manual"): nothing is
 * inferred and no delivery changes a status (D-20). `working` lapses STATUS_TTL_MS after it
 * was last said, so that whoever forgot to take it back holds up no message for longer;
 * saying it again keeps it up. `dnd` stays until it is taken back.
 */
#include "engine/state.h"

#include <utlist.h>

#include "json/json.h"
#include "proto/group.h"

enum { GROUPS_JSON_MAX = 1 << 20 };

enum status presence_status(const struct presence *p)
{
	if (p->status != STATUS_ABSENT)
		return p->status;
	return p->member->status != STATUS_ABSENT ? p->member->status : STATUS_IDLE;
}

enum reach presence_reach(const struct presence *p)
{
	return reach_of(&(struct reach_facts){
		.online = p->online, .takes = p->takes, .session = p->session, .keeps = p->keeps,
		.told = p->told, .status = presence_status(p), .channel = p->channel,
	});
}

static void limit(struct engine *e, struct timer *timer, enum status status)
{
	if (status == STATUS_WORKING)
		timer_set(&e->timers, timer, e->mono_ms + STATUS_TTL_MS);
	else
		timer_clear(&e->timers, timer);
}

void presence_set_status(struct presence *p, enum status status)
{
	p->status = status;
	limit(p->mesh->engine, &p->working, status);
}

void member_set_status(struct member *m, enum status status)
{
	struct presence *p;

	m->status = status;
	limit(m->mesh->engine, &m->working, status);
	DL_FOREACH2(m->presences, p, member_next)
		presence_set_status(p, STATUS_ABSENT);
}

void status_lapse(void *engine, void *presence)
{
	struct engine *e = engine;
	struct presence *p = presence;

	p->mesh->touched_in = e->batch_no;
	p->status = STATUS_ABSENT;
	member_wake(p->member);
}

void status_lapse_member(void *engine, void *member)
{
	struct engine *e = engine;
	struct member *m = member;

	m->mesh->touched_in = e->batch_no;
	m->status = STATUS_IDLE;
	member_profile_store(m);
	member_wake(m);
}

void member_profile_store(const struct member *m)
{
	struct engine *e = m->mesh->engine;
	struct buf b = buf_make(GROUPS_JSON_MAX);
	struct json_out o = json_out(&b);

	json_arr(&o);
	for (size_t i = 0; i < m->groups.n; i++) {
		json_obj(&o);
		json_encode(&o, group_fields, &m->groups.items[i]);
		json_obj_end(&o);
	}
	json_arr_end(&o);
	store_member_profile_set(e->store, &(struct member_row){
		.no = m->no, .mesh_no = m->mesh->no, .summary = m->summary,
		.status = enum_word(status_words, (int)m->status),
		.groups = arena_dup(e->batch, buf_str(&b)),
		.hidden = m->hidden,
		.profile = m->profile,
	});
	buf_done(&b);
}

void member_settings_store(const struct member *m)
{
	store_member_settings_set(m->mesh->engine->store, &(struct member_row){
		.no = m->no, .mesh_no = m->mesh->no, .name = m->name, .role_tag = m->role_tag,
		.message_mode = enum_word(message_mode_words, (int)m->message_mode),
		.joined_name = m->joined_name,
	});
}

str member_mode_word(const struct member *m)
{
	return m->message_mode ? enum_word(message_mode_words, (int)m->message_mode) : S("push");
}
