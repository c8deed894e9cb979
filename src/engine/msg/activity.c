#include "engine/traffic.h"

#include "engine/msg/msg.h"

static struct err *mesh_activity_run(struct req *rq, const void *args)
{
	const struct mesh_activity_args *in = args;
	struct mesh_activity_response_args out = { ._reqId = in->_reqId };

	TRY(req_may_list(rq));
	traffic_show(rq->from->mesh, rq->from->member, &out);
	req_send_list(rq, "mesh_activity_response", mesh_activity_response_fields, &out);
	return NULL;
}

const struct op msg_activity[] = {
	OP("mesh_activity", OP_FRAME, mesh_activity, NULL, mesh_activity_run, "mesh_activity_response",
	   mesh_activity_response_fields,
	   "Tells who wrote to whom and how often in the last day, and what happened: numbers of what the caller may see."),
	{ 0 }
};
