/*
 * rest_public.c - what an invite token is worth, told to whoever has it. Always 200, as the
 * reference: the answer is about the token.
 */
#include "proto/rest_public.h"

#include "crypto/encode.h"
#include "crypto/invite.h"
#include "engine/enrol.h"
#include "engine/guess.h"
#include "engine/invites.h"
#include "engine/msg/msg.h"
#include "engine/req.h"
#include "engine/rest.h"
#include "proto/mesh.h"

/* Of a token that nobody here has made: what it says of itself. Empty: nothing is wrong with it. */
static str flaw_of(struct arena *a, str token)
{
	struct invite_payload_args p;
	const struct json *obj;
	struct invite_v1 v1;
	str text;

	if (!base64url_decode(a, token, &text) || json_parse(a, text, &obj) ||
	    json_decode(a, obj, invite_payload_fields, &p, sizeof(p), NULL))
		return S("malformed");
	v1 = (struct invite_v1){ p.mesh_id, p.mesh_slug, p.broker_url, p.expires_at, p.mesh_root_key,
				 enum_word(role_words, (int)p.role), p.owner_pubkey };
	return invite_v1_check(a, &v1, p.signature) ? S("not_found") : S("bad_signature");
}

static void answer_flaw(struct req *rq, str reason, const struct mesh_row *mesh, str expires_at)
{
	struct public_invite_data_args out = { .reason = reason, .expiresAt = expires_at };

	if (mesh)
		out.meshName = mesh->name;
	req_answer(rq, 200, public_invite_data_fields, &out);
}

static i64 count_members(const struct mesh *m)
{
	const struct member *member;
	i64 n = 0;

	for (member = m->members; member; member = member->hh.next)
		n += !member->revoked_ms;
	return n;
}

static struct err *invite_run(struct req *rq, const void *args)
{
	const struct public_invite_args *in = args;
	struct engine *e = rq->engine;
	struct public_invite_data_args out;
	struct invite_row *invite;
	struct mesh_row *row;
	struct err *over;
	struct mesh *m;

	TRY(guess_check(rq));
	TRY(store_invite_by_token(e->store, rq->arena, in->token, &invite));
	if (!invite) {
		guess_failed(rq);
		answer_flaw(rq, flaw_of(rq->arena, in->token), NULL, STR_NONE);
		return NULL;
	}
	TRY(store_mesh_by_no(e->store, rq->arena, invite->mesh_no, &row));
	if (row && !engine_owns(e, row->id))
		return req_forward(rq, row->id);
	over = invite_check(rq, invite);
	if (!row || row->archived_ms || over) {
		answer_flaw(rq, !row || row->archived_ms ? S("mesh_archived") : err_wire(over), row,
			    time_iso(rq->arena, invite->expires_ms));
		return NULL;
	}
	TRY(mesh_get(e, rq->arena, row->id, &m));
	if (!m)
		return FAIL(rq->arena, INTERNAL, "mesh '%.*s' is gone", STRF(row->id));
	out = (struct public_invite_data_args){
		.valid = true, .meshName = m->name, .meshSlug = m->slug,
		.inviterName = invite_inviter(m, invite), .memberCount = count_members(m),
		.role = invite->role, .expiresAt = time_iso(rq->arena, invite->expires_ms),
		.maxUses = invite->max_uses, .usedCount = invite->uses, .token = in->token,
	};
	req_answer(rq, 200, public_invite_data_fields, &out);
	return NULL;
}

const struct op msg_rest_public[] = {
	REST("public_invite", public_invite, "GET", "/api/public/invite/:token", 0, REST_PUBLIC, invite_run, 200,
	     public_invite_data_fields, "", "Says what an invite token is worth."),
	{ 0 }
};
