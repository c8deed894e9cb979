/*
 * grant.c - what a member lets others do to it, over its own connection: no account is needed.
 */
#include "engine/grant.h"

#include "engine/msg/msg.h"
#include "engine/req.h"

static void answer(struct req *rq, str req_id)
{
	struct grants_args out = grants_of(rq, rq->from->member);

	out._reqId = req_id;
	req_send_list(rq, "grants", grants_fields, &out);
}

static struct err *grants_set_run(struct req *rq, const void *args)
{
	const struct grants_set_args *in = args;

	TRY(req_may_list(rq));
	TRY(grants_set(rq, rq->from->member, in->grants));
	answer(rq, in->_reqId);
	return NULL;
}

static struct err *grants_get_run(struct req *rq, const void *args)
{
	const struct grants_get_args *in = args;

	TRY(req_may_list(rq));
	answer(rq, in->_reqId);
	return NULL;
}

const struct op msg_grant[] = {
	OP("grants_set", OP_FRAME, grants_set, NULL, grants_set_run, "grants error", grants_fields,
	   "Sets what other members' keys may do to the caller; entries that are not named stay."),
	OP("grants_get", OP_FRAME, grants_get, NULL, grants_get_run, "grants error", grants_fields,
	   "Tells the caller what it lets whom do, and what was kept from it for that."),
	{ 0 }
};
