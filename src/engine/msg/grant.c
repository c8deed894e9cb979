/*
 * grant.c - what a member lets others do to it: over its own connection, for which no account is
 * needed, or over HTTP by the account that the member is of.
 */
#include "engine/grant.h"

#include "engine/account.h"
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

static struct err *cli_grants_run(struct req *rq, const void *args)
{
	const struct cli_grants_args *in = args;
	struct cli_grants_set_args out = { .ok = true };
	struct member *me;

	TRY(account_member_of(rq, event_param(rq->event), &me));
	if (!me)
		return NULL;
	if (!in->grants || in->grants->type != JSON_OBJ)
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'grants': an object of public keys and lists"),
				S("grants required"));
	TRY(grants_set(rq, me, in->grants));
	out.grants = grants_json(rq->arena, me);
	req_answer(rq, 200, cli_grants_set_fields, &out);
	return NULL;
}

const struct op msg_grant[] = {
	OP("cli_grants", OP_CALL | OP_ACCOUNT, cli_grants, NULL, cli_grants_run, "", cli_grants_set_fields,
	   "Sets what other members' keys may do to the account's member."),
	OP("grants_set", OP_FRAME, grants_set, NULL, grants_set_run, "grants error", grants_fields,
	   "Sets what other members' keys may do to the caller; entries that are not named stay."),
	OP("grants_get", OP_FRAME, grants_get, NULL, grants_get_run, "grants error", grants_fields,
	   "Tells the caller what it lets whom do, and what was kept from it for that."),
	{ 0 }
};
