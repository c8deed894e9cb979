/*
 * join.c - joining with a v1 token (http-data-web.md 1.7). Checks and words in the
 * reference's order; unlike there, use, member and #general are one commit.
 */
#include "proto/mesh.h"

#include "crypto/encode.h"
#include "crypto/invite.h"
#include "engine/account.h"
#include "engine/enrol.h"
#include "engine/guess.h"
#include "engine/msg/msg.h"
#include "engine/req.h"

static struct err *bad(struct arena *a, str word, const char *text)
{
	return err_word(FAIL(a, BAD_REQUEST, "%s", text), word);
}

static struct err *join_prove(struct arena *a, const void *args, i64 now_ms UNUSED, struct proof *ret_proof)
{
	const struct join_args *in = args;
	const struct invite_payload_args *p = &in->invite_payload;
	struct invite_v1 v1 = { p->mesh_id, p->mesh_slug, p->broker_url, p->expires_at, p->mesh_root_key,
				enum_word(role_words, (int)p->role), p->owner_pubkey };

	if (!in->invite_token.len || !p->present || !in->peer_pubkey.len || !in->display_name.len)
		return bad(a, S("invite_token, invite_payload, peer_pubkey, display_name required"),
			   "a field is missing");
	if (!str_is_hex(in->peer_pubkey, 32, false))
		return bad(a, S("peer_pubkey must be 64 hex chars (32 bytes)"), "peer_pubkey is malformed");
	if (!invite_v1_check(a, &v1, p->signature))
		return bad(a, S("invite_bad_signature"), "the invite's signature does not hold");
	ret_proof->signed_by_key = true;
	memcpy(ret_proof->pubkey, p->owner_pubkey.ptr, 64);
	return NULL;
}

/* invite_revoked, invite_expired, invite_exhausted: always 400 here. */
static struct err *v1_word(struct arena *a, struct err *e)
{
	if (!e || e->code != ERR_GONE)
		return e;
	return err_word(FAIL(a, BAD_REQUEST, "%.*s", STRF(e->text)), arena_printf(a, "invite_%.*s", STRF(e->word)));
}

static struct err *find_invite(struct req *rq, const struct join_args *in, i64 mesh_no,
			       struct invite_row **ret_invite)
{
	struct arena *a = rq->arena;

	TRY(store_invite_by_token(rq->engine->store, a, in->invite_token, ret_invite));
	if (!*ret_invite) {
		guess_failed(rq);
		return bad(a, S("invite_not_found"), "this broker did not issue that invite");
	}
	if ((*ret_invite)->mesh_no != mesh_no)
		return bad(a, S("invite_mesh_mismatch"), "the invite is for another mesh");
	return NULL;
}

static struct err *join_run(struct req *rq, const void *args)
{
	const struct join_args *in = args;
	struct arena *a = rq->arena;
	struct newcomer who = { .name = in->display_name, .topic_role = S("member") };
	struct joined_args out = { .ok = true };
	struct invite_row *invite;
	struct member *member;
	struct mesh_row *row;
	struct mesh *m;
	bool is_new;

	if (!rq->event->proof.signed_by_key)
		return FAIL(a, INTERNAL, "join was not proved");
	TRY(guess_check(rq));
	TRY(store_mesh_by_id(rq->engine->store, a, in->invite_payload.mesh_id, &row));
	if (!row || row->archived_ms) {
		guess_failed(rq);
		return bad(a, S("mesh_not_found"), "no such mesh on this broker");
	}
	if (!str_eq(in->invite_payload.owner_pubkey, row->owner_pubkey))
		return bad(a, S("invite_owner_mismatch"), "the invite is not signed by the owner of this mesh");
	TRY(find_invite(rq, in, row->no, &invite));
	if (!engine_owns(rq->engine, row->id))
		return req_forward(rq, row->id);
	TRY(mesh_get(rq->engine, a, row->id, &m));
	if (!m)
		return FAIL(a, INTERNAL, "mesh '%.*s' is gone from the store", STRF(row->id));
	/* The role comes from the row; the signed payload says the same for honest tokens. */
	who.role = str_eq(invite->role, S("admin")) ? ROLE_ADMIN : ROLE_MEMBER;
	who.pubkey = hex_lower(a, in->peer_pubkey);
	is_new = !mesh_member(m, who.pubkey);
	TRY(v1_word(a, enrol(rq, m, &who, invite, &member, &out.alreadyMember)));
	if (rq->account && is_new)
		account_own(rq, m, member);
	out.memberId = str_from(member->id);
	req_answer(rq, 200, joined_fields, &out);
	return NULL;
}

const struct op msg_join[] = {
	OP("join", OP_CALL | OP_OK_FALSE | OP_MAY_ACCOUNT, join, join_prove, join_run, "", joined_fields,
	   "Makes the caller's key a member of the mesh whose owner signed the token."),
	{ 0 }
};
