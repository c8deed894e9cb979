/*
 * invite_page.c - what the page behind a short code tells: to whoever has the code, no more than
 * public_invite tells of a token, and no token (A12). Who guesses is charged.
 */
#include "crypto/invite.h"
#include "engine/guess.h"
#include "engine/enrol.h"
#include "engine/invites.h"
#include "engine/msg/msg.h"
#include "proto/invite.h"

#define NO_ARGS(F, T) F(T, any, unused, OPT, 0, 0, "a GET has no body")
JSON_ARGS(invite_page_get, NO_ARGS);

static i64 count_members(const struct mesh *m)
{
	i64 n = 0;

	for (const struct member *member = m->members; member; member = member->hh.next)
		n += !member->revoked_ms && !member->device_of;
	return n;
}

static struct err *tell_live(struct req *rq, const struct mesh_row *row, const struct invite_row *invite,
			     struct invite_page_args *out)
{
	struct mesh *m;

	TRY(mesh_get(rq->engine, rq->arena, row->id, &m));
	if (!m)
		return FAIL(rq->arena, INTERNAL, "mesh '%.*s' is gone from the store", STRF(row->id));
	out->inviter = invite_inviter(m, invite);
	out->role = invite->role;
	out->members = count_members(m);
	out->uses_left = invite->max_uses - invite->uses;
	out->secret = invite->invite_pubkey.len > 0;
	return NULL;
}

static struct err *invite_page_run(struct req *rq, const void *args UNUSED)
{
	struct store *st = rq->engine->store;
	str code = event_param(rq->event);
	struct invite_page_args out = { .state = S("unknown") };
	struct invite_row *invite = NULL;
	struct mesh_row *row = NULL;
	struct err *over;

	TRY(guess_check(rq));
	if (invite_code_is_valid(code))
		TRY(store_invite_by_code(st, rq->arena, code, &invite));
	if (invite)
		TRY(store_mesh_by_no(st, rq->arena, invite->mesh_no, &row));
	if (!row) {
		guess_failed(rq);
		req_answer(rq, 404, invite_page_fields, &out);
		return NULL;
	}
	if (!engine_owns(rq->engine, row->id))
		return req_forward(rq, row->id);
	over = invite_check(rq, invite);
	out.state = row->archived_ms ? S("archived") : over ? err_wire(over) : S("live");
	out.mesh = row->name;
	out.expires_ms = invite->expires_ms;
	if (str_eq(out.state, S("live")))
		TRY(tell_live(rq, row, invite, &out));
	req_answer(rq, str_eq(out.state, S("live")) ? 200 : 410, invite_page_fields, &out);
	return NULL;
}

const struct op msg_invite_page[] = {
	OP("invite_page", OP_CALL, invite_page_get, NULL, invite_page_run, "", invite_page_fields,
	   "Tells what the page of an invite's code shows."),
	{ 0 }
};
