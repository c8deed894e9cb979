/*
 * member.c - a member's name, what it is, its groups and how it wants messages: changed by
 * itself or by an admin (wire-core.md 11), for all its connections. Who asks is the connection's
 * member, never somebody that the request names (C-04).
 *
 * A member's devices are the same person and change with it. Who is an admin is said by the owner
 * alone (rank.h); an admin may step down.
 */
#include "proto/member.h"

#include <utlist.h>

#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/permission.h"
#include "engine/rank.h"
#include "engine/req.h"
#include "engine/topic.h"

enum { CHANGES_JSON_MAX = 64 << 10 };

static struct err *invalid(struct req *rq, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), S("invalid"));
}

static struct err *check(struct req *rq, const struct member_update_args *in)
{
	if (!in->displayName.ptr && !in->roleTag.ptr && !in->groups.present && !in->messageMode &&
	    !in->role)
		return invalid(rq, "no fields to update");
	if (in->displayName.ptr && !str_trim(in->displayName).len)
		return invalid(rq, "field 'displayName': a name is more than spaces");
	if (!name_is_printable(in->displayName) || !name_is_printable(in->roleTag))
		return invalid(rq, "names have no control characters");
	for (size_t i = 0; i < in->groups.n; i++) {
		const struct group_args *g = &in->groups.items[i];

		if (!group_name_is_valid(g->name) || str_eq(g->name, S("all")) || !name_is_printable(g->role))
			return invalid(rq, "field 'groups': a group name is letters, digits, '_', '-', '.' and '/', "
					   "and not 'all'");
	}
	return NULL;
}

/* Who is named, as far as the caller may change it. */
static struct err *find(struct req *rq, str id, struct member **ret_person)
{
	struct member *by = rq->from->member, *m, *next;

	HASH_ITER(hh, by->mesh->members, m, next)
		if (str_eq(str_from(m->id), id) && !m->revoked_ms)
			break;
	if (!m)
		return FAIL(rq->arena, NOT_FOUND, "no member of this mesh has this id");
	*ret_person = member_person(m);
	if (*ret_person != member_person(by) && by->role != ROLE_ADMIN)
		return FAIL(rq->arena, FORBIDDEN, "only an admin may change another member");
	return NULL;
}

static struct err *check_role(struct req *rq, const struct member *person, enum role role)
{
	const struct member *by = rq->from->member;
	bool steps_down = role == ROLE_MEMBER && member_person(rq->from->member) == person;

	if (!role)
		return NULL;
	if (member_is_owner(person))
		return role == ROLE_ADMIN ? NULL : FAIL(rq->arena, FORBIDDEN, "the owner's role cannot be changed");
	if (!member_is_owner(by) && !steps_down)
		return FAIL(rq->arena, FORBIDDEN, "only the owner makes admins and unmakes them");
	return NULL;
}

static void set_role(struct member *m, enum role role)
{
	/* What it may do beside its role was given to who had that one. */
	if (m->role != role)
		permissions_reset(m);
	m->role = role;
	store_member_role_set(m->mesh->engine->store, m->mesh->no, m->no, enum_word(role_words, (int)role));
}

/* What it was called when it joined is what its clients still say in their hellos. */
static void rename_member(struct member *m, str name)
{
	struct presence *p;

	if (str_eq(m->name, name))
		return;
	if (!m->joined_name.len)
		own_str(&m->joined_name, m->name);
	DL_FOREACH2(m->presences, p, member_next)
		if (str_eq(p->name, m->name))
			own_free(&p->name);
	own_str(&m->name, name);
}

static void apply(struct member *m, const struct member_update_args *in)
{
	struct presence *p;

	if (in->displayName.ptr)
		rename_member(m, in->displayName);
	if (in->roleTag.ptr)
		own_str(&m->role_tag, in->roleTag);
	if (in->messageMode)
		m->message_mode = in->messageMode;
	if (in->role)
		set_role(m, in->role);
	if (in->groups.present) {
		own_groups(&m->groups, in->groups.items, in->groups.n);
		DL_FOREACH2(m->presences, p, member_next)
			own_groups(&p->groups, in->groups.items, in->groups.n);
	}
	member_profile_store(m);
	member_settings_store(m);
}

/* What was changed, to its other connections. */
static void tell(struct req *rq, struct member *person, const struct member_update_args *in)
{
	struct member_update_args changes = *in;
	struct mesh *m = person->mesh;
	struct buf b = buf_make(CHANGES_JSON_MAX);
	struct json_out o = json_out(&b);
	struct conn_ref *to = NEW_ARRAY(rq->arena, struct conn_ref, (size_t)m->n_presences);
	struct presence *p;
	size_t n = 0;

	changes.memberId = changes._reqId = STR_NONE;
	json_obj(&o);
	json_encode(&o, member_update_fields, &changes);
	json_obj_end(&o);
	DL_FOREACH(m->presences, p)
		if (p->online && p->takes && p != rq->from && member_person(p->member) == person)
			to[n++] = p->conn;
	if (n)
		effects_send_many(rq->engine->fx, to, n, push_event(m, S("profile_updated"), buf_str(&b)));
	buf_done(&b);
}

static struct err *member_update_run(struct req *rq, const void *args)
{
	const struct member_update_args *in = args;
	struct member *person = member_person(rq->from->member), *m, *next;

	TRY(check(rq, in));
	if (!str_empty(in->memberId))
		TRY(find(rq, in->memberId, &person));
	TRY(check_role(rq, person, in->role));
	if (in->role || in->displayName.ptr)
		TRY(change_may(rq, rq->from->member));
	if (in->role && in->role != person->role)
		audit_with(person->mesh, rq->from->member, "role_changed",
			   AUDIT_FIELDS(AUDIT_TEXT("memberId", str_from(person->id)),
					AUDIT_TEXT("role", enum_word(role_words, (int)in->role))));
	if (in->displayName.ptr && !str_eq(in->displayName, person->name))
		audit(person->mesh, rq->from->member, "member_renamed", str_from(person->id));
	HASH_ITER(hh, person->mesh->members, m, next)
		if (!m->revoked_ms && member_person(m) == person)
			apply(m, in);
	tell(rq, person, in);
	req_send(rq, "member_updated", member_updated_fields, &(struct member_updated_args){
		.memberId = str_from(person->id),
		.displayName = person->name,
		.roleTag = person->role_tag.len ? person->role_tag : STR_NONE,
		.groups = { person->groups.items, person->groups.n, true },
		.messageMode = member_mode_word(person),
		.role = enum_word(role_words, (int)person->role),
		._reqId = in->_reqId,
	});
	return NULL;
}

const struct op msg_member[] = {
	OP("member_update", OP_FRAME, member_update, NULL, member_update_run, "member_updated",
	   member_updated_fields,
	   "Changes a member's name, role tag, groups or message mode: its own, or for an admin anybody's. For the "
	   "owner its role."),
	{ 0 }
};
