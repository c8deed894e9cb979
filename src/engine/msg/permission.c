/*
 * permission.c - what members may do in their mesh, shown to and changed by who manages it. Who
 * asks is the connection's member, never somebody that the request names (D-38).
 */
#include "engine/permission.h"

#include "engine/account.h"
#include "engine/msg/msg.h"

static struct err *permissions_get_run(struct req *rq, const void *args)
{
	const struct permissions_get_args *in = args;
	struct permissions_args out = { ._reqId = in->_reqId };

	TRY(req_may_list(rq));
	TRY(permissions_list(rq, rq->from->mesh, in->memberId, &out.members));
	req_send_list(rq, "permissions", permissions_fields, &out);
	return NULL;
}

static struct err *permissions_set_run(struct req *rq, const void *args)
{
	const struct permissions_set_args *in = args;
	struct permissions_args out = { ._reqId = in->_reqId };
	str id;

	TRY(permissions_set(rq, rq->from->member, in->memberId, in->permissions, &id));
	TRY(permissions_list(rq, rq->from->mesh, id, &out.members));
	req_send_list(rq, "permissions", permissions_fields, &out);
	return NULL;
}

static struct err *cli_permissions_get_run(struct req *rq, const void *args UNUSED)
{
	struct permission_entry_list list;
	struct cli_permissions_args out;
	struct member *me;

	TRY(account_member_of(rq, event_param(rq->event), &me));
	if (!me)
		return NULL;
	TRY(req_permit(rq, me));
	TRY(permissions_list(rq, me->mesh, STR_NONE, &list));
	out = (struct cli_permissions_args){ me->mesh->slug,
					     { NEW_ARRAY(rq->arena, struct cli_permission_args, list.n), list.n, true } };
	for (size_t i = 0; i < list.n; i++) {
		const struct permission_entry_args *e = &list.items[i];

		out.members.items[i] = (struct cli_permission_args){
			e->memberId, e->displayName, e->isOwner ? S("admin") : e->role, e->isOwner, e->permissions };
	}
	req_answer(rq, 200, cli_permissions_fields, &out);
	return NULL;
}

static struct err *cli_permissions_set_run(struct req *rq, const void *args)
{
	const struct cli_permissions_set_args *in = args;
	struct member *me;
	str id;

	TRY(account_member_of(rq, event_param(rq->event), &me));
	if (!me)
		return NULL;
	TRY(req_permit(rq, me));
	if (!in->member_id.len || !json_get(rq->frame, S("permissions")))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "member_id and permissions are to be given"), S("invalid"));
	TRY(permissions_set(rq, me, in->member_id, in->permissions, &id));
	req_answer(rq, 200, cli_permissions_ok_fields, &(struct cli_permissions_ok_args){ true });
	return NULL;
}

const struct op msg_permission[] = {
	OP_FOR(PERM_PERMISSIONS, "cli_permissions", OP_CALL | OP_ACCOUNT, cli_permissions_none, NULL,
	       cli_permissions_get_run, "", cli_permissions_fields, "Shows what members may do in the mesh."),
	OP_FOR(PERM_PERMISSIONS, "cli_permissions_set", OP_CALL | OP_ACCOUNT, cli_permissions_set, NULL,
	       cli_permissions_set_run, "", cli_permissions_ok_fields,
	       "Changes what a member may do, whatever its role."),
	OP_FOR(PERM_PERMISSIONS, "permissions_get", OP_FRAME, permissions_get, NULL, permissions_get_run,
	       "permissions error", permissions_fields, "Shows what members may do in the mesh."),
	OP_FOR(PERM_PERMISSIONS, "permissions_set", OP_FRAME, permissions_set, NULL, permissions_set_run,
	       "permissions error", permissions_fields, "Changes what a member may do, whatever its role."),
	{ 0 }
};
