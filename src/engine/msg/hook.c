/*
 * hook.c - what an agent's hooks say over HTTP, with nothing to show but where they run.
 *
 * The broker has found the one connection that comes from the caller's address and told the
 * same process and directory (broker/places.h); no other can be meant (D-18).
 */
#include "engine/msg/msg.h"
#include "engine/prove.h"
#include "engine/req.h"
#include "proto/peer.h"

static struct err *hook_set_status_prove(struct arena *a UNUSED, const void *args, i64 now_ms UNUSED,
					 struct proof *ret_proof)
{
	const struct hook_set_status_args *in = args;

	proof_place(ret_proof, in->pid, in->cwd);
	return NULL;
}

/* Reading a mesh again may end the presence. */
static struct err *find(struct req *rq, struct presence **ret_presence)
{
	struct presence *p = presence_of(rq->engine, rq->event->about);

	if (p && p->mesh->stale) {
		TRY(mesh_read_again(p->mesh, rq->arena));
		p = presence_of(rq->engine, rq->event->about);
	}
	*ret_presence = p;
	return NULL;
}

static struct err *hook_set_status_run(struct req *rq, const void *args)
{
	const struct hook_set_status_args *in = args;
	struct hook_status_set_args out = { .ok = true };
	struct presence *p;

	TRY(find(rq, &p));
	if (!p)
		return FAIL(rq->arena, NOT_FOUND, NO_PLACE_TEXT);
	p->mesh->touched_in = rq->engine->batch_no;
	/* Whoever wants quiet said so; a hook that fires each turn does not take it back. */
	if (presence_status(p) != STATUS_DND) {
		presence_set_status(p, in->status);
		member_wake(p->member);
	}
	out.presence_id = str_from(p->id);
	req_answer(rq, 200, hook_status_set_fields, &out);
	return NULL;
}

const struct op msg_hook[] = {
	OP("hook_set_status", OP_CALL | OP_OK_FALSE | OP_PLACE, hook_set_status, hook_set_status_prove,
	   hook_set_status_run, "", hook_status_set_fields,
	   "Sets the status of the connection that has the caller's address and said this pid and cwd."),
	{ 0 }
};
