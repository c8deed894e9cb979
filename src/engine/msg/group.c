#include "proto/group.h"

#include <utlist.h>

#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/req.h"

static struct err *group_name(struct req *rq, str *name)
{
	if (name->len && name->ptr[0] == '@')
		*name = str_skip(*name, 1);
	if (group_name_is_valid(*name) && !str_eq(*name, S("all")))
		return NULL;
	return err_word(FAIL(rq->arena, BAD_REQUEST,
			     "field 'name': a group name is letters, digits, '_', '-', '.' and '/', and not 'all'"),
			S("invalid"));
}

static struct err *full(struct req *rq)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "in %d groups already; leave one first", GROUPS_MAX),
			S("invalid"));
}

/* There is room. */
static void put(struct groups *groups, str name, str role)
{
	bool fits = own_groups_put(groups, name, role);

	assert(fits);
	(void)fits;
}

static struct err *join_group_run(struct req *rq, const void *args)
{
	const struct join_group_args *in = args;
	struct member *member = rq->from->member;
	struct presence *p;
	str name = in->name;

	TRY(group_name(rq, &name));
	if (!name_is_printable(in->role))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'role': control characters"), S("invalid"));
	if (in->scope != SCOPE_MEMBER) {
		if (!groups_have_room(&rq->from->groups, name))
			return full(rq);
		put(&rq->from->groups, name, in->role);
		req_done(rq);
		return NULL;
	}
	/* All of its connections or none. */
	if (!groups_have_room(&member->groups, name))
		return full(rq);
	DL_FOREACH2(member->presences, p, member_next)
		if (!groups_have_room(&p->groups, name))
			return full(rq);
	put(&member->groups, name, in->role);
	DL_FOREACH2(member->presences, p, member_next)
		put(&p->groups, name, in->role);
	member_profile_store(member);
	req_done(rq);
	return NULL;
}

static struct err *leave_group_run(struct req *rq, const void *args)
{
	const struct leave_group_args *in = args;
	struct member *member = rq->from->member;
	struct presence *p;
	str name = in->name;

	TRY(group_name(rq, &name));
	if (in->scope == SCOPE_MEMBER) {
		own_groups_remove(&member->groups, name);
		DL_FOREACH2(member->presences, p, member_next)
			own_groups_remove(&p->groups, name);
		member_profile_store(member);
	} else {
		own_groups_remove(&rq->from->groups, name);
	}
	req_done(rq);
	return NULL;
}

const struct op msg_group[] = {
	OP("join_group", OP_FRAME, join_group, NULL, join_group_run, "ack", NULL,
	   "Joins a group; messages to '@group' reach it."),
	OP("leave_group", OP_FRAME, leave_group, NULL, leave_group_run, "ack", NULL, "Leaves a group."),
	{ 0 }
};
