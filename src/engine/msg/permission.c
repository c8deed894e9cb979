/*
 * permission.c - what members may do in their mesh, shown to and changed by who manages it. Who
 * asks is the connection's member, never somebody that the request names (D-38).
 */
#include "engine/permission.h"

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

	TRY(permissions_set(rq, rq->from->member, in->memberId, in->permissions));
	TRY(permissions_list(rq, rq->from->mesh, in->memberId, &out.members));
	req_send_list(rq, "permissions", permissions_fields, &out);
	return NULL;
}

const struct op msg_permission[] = {
	OP_FOR(PERM_PERMISSIONS, "permissions_get", OP_FRAME, permissions_get, NULL, permissions_get_run,
	       "permissions error", permissions_fields, "Shows what members may do in the mesh."),
	OP_FOR(PERM_PERMISSIONS, "permissions_set", OP_FRAME, permissions_set, NULL, permissions_set_run,
	       "permissions error", permissions_fields, "Changes what a member may do, whatever its role."),
	{ 0 }
};
