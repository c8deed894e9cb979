/*
 * invites.c - invites over the WebSocket: made by who may invite but has no owner key, listed, ended
 * (B18, B19); and the owner's word for a member that came by one.
 *
 * A list shows codes, and no token or secret (A12).
 */
#include "engine/invites.h"

#include "crypto/chain.h"
#include "crypto/invite.h"
#include "engine/audit.h"
#include "engine/mail.h"
#include "engine/msg/msg.h"
#include "engine/permission.h"
#include "engine/rank.h"
#include "engine/topic.h"
#include "proto/invite.h"

static struct err *invite_make_run(struct req *rq, const void *args)
{
	const struct invite_make_args *in = args;
	struct invite_terms terms = { in->role, in->email, in->max_uses, in->expires_at };
	struct member *by = rq->from->member;
	struct invite_row row = { 0 };
	struct invite_made_args out;
	struct block *not_sent;
	i64 job_no;

	TRY(invite_terms_check(rq, &terms, &row));
	if (str_eq(row.role, S("admin")) && member_rank(by) < RANK_ADMIN)
		return FAIL(rq->arena, FORBIDDEN, "only an admin can invite an admin");
	invite_open(rq, &row);
	TRY(invite_add(rq, by->mesh, by, &row));
	TRY(invite_mail(rq, by->mesh, by, &row, &job_no));
	out = (struct invite_made_args){
		.id = row.id, .code = row.code, .url = invite_url(rq, &row), .role = row.role,
		.max_uses = row.max_uses, .expires_at = time_iso(rq->arena, row.expires_ms), ._reqId = in->_reqId,
	};
	if (!job_no) {
		req_send(rq, "invite_made", invite_made_fields, &out);
		return NULL;
	}
	not_sent = message_block("invite_made", invite_made_fields, &out);
	out.emailed = true;
	mail_answer(rq, job_no, 0, message_block("invite_made", invite_made_fields, &out), not_sent);
	return NULL;
}

static str state_of(const struct engine *e, const struct invite_row *row)
{
	if (row->revoked_ms)
		return S("revoked");
	if (row->expires_ms <= e->now_ms)
		return S("expired");
	return row->uses >= row->max_uses ? S("exhausted") : S("live");
}

static struct err *invite_list_run(struct req *rq, const void *args)
{
	const struct invite_list_args *in = args;
	struct engine *e = rq->engine;
	struct mesh *m = rq->from->mesh;
	struct invites_args out = { ._reqId = in->_reqId };
	struct invite_row *rows;
	struct job_row *jobs;
	size_t n, n_jobs;

	TRY(req_may_list(rq));
	TRY(store_invites(e->store, rq->arena, m->no, &rows, &n));
	TRY(store_jobs_of(e->store, rq->arena, m->no, &jobs, &n_jobs));
	out.invites = (struct invite_entry_list){ NEW_ARRAY(rq->arena, struct invite_entry_args, INVITES_LISTED_MAX),
						  0, true };
	for (size_t i = n; i-- > 0 && out.invites.n < INVITES_LISTED_MAX;) {
		const struct invite_row *row = &rows[i];
		str state = state_of(e, row);
		const struct member *by = mesh_member_by_no(m, row->made_by);

		/* Without a code it is the chain of a member that was confirmed. */
		if (str_empty(row->code) || (!in->all && !str_eq(state, S("live"))))
			continue;
		out.invites.items[out.invites.n++] = (struct invite_entry_args){
			.id = row->id, .code = row->code, .url = invite_url(rq, row), .state = state,
			.role = row->role, .max_uses = row->max_uses, .uses = row->uses,
			.created_at = time_iso(rq->arena, row->created_ms),
			.expires_at = time_iso(rq->arena, row->expires_ms),
			.used_at = row->used_ms ? time_iso(rq->arena, row->used_ms) : STR_NONE,
			.proves = row->owner_signature.len > 0,
			.made_by = row->made_by && by ? by->name : STR_NONE,
			.email = row->email, .mail = invite_mail_state(jobs, n_jobs, row->no),
		};
	}
	req_send_list(rq, "invites", invites_fields, &out);
	return NULL;
}

/* Nobody is mailed a link that is dead. */
static struct err *end_mail(struct req *rq, const struct invite_row *row)
{
	struct store *st = rq->engine->store;
	struct job_row *jobs;
	size_t n;

	TRY(store_jobs_of(st, rq->arena, row->mesh_no, &jobs, &n));
	for (size_t i = 0; i < n; i++)
		if (jobs[i].about_no == row->no && !jobs[i].ended_ms)
			store_job_end(st, jobs[i].no, S("failed"), rq->engine->now_ms);
	return NULL;
}

static struct err *invite_revoke_run(struct req *rq, const void *args)
{
	const struct invite_revoke_args *in = args;
	struct engine *e = rq->engine;
	struct mesh *m = rq->from->mesh;
	struct invite_row *row;

	TRY(store_invite_by_id(e->store, rq->arena, in->invite, &row));
	if (!row)
		TRY(store_invite_by_code(e->store, rq->arena, in->invite, &row));
	if (!row || row->mesh_no != m->no || str_empty(row->code))
		return FAIL(rq->arena, NOT_FOUND, "this mesh has no such invite");
	if (!row->revoked_ms) {
		TRY(end_mail(rq, row));
		row->revoked_ms = e->now_ms;
		store_invite_revoke(e->store, m->no, row->no, e->now_ms);
		audit(m, rq->from->member, "invite_revoked", row->id);
	}
	req_send(rq, "invite_revoked", invite_revoked_fields, &(struct invite_revoked_args){
		.id = row->id, .code = row->code, .revoked_at = time_iso(rq->arena, row->revoked_ms),
		.uses = row->uses, ._reqId = in->_reqId,
	});
	return NULL;
}

/* ---- the owner's word ---- */

static struct err *check_chain(struct req *rq, const struct member_confirm_args *in, const struct member *who)
{
	struct chain chain = {
		.owner_pubkey = str_of(who->mesh->owner_pubkey, 64),
		.invite = { str_from(who->mesh->id), in->invite_id, in->invite_pubkey,
			    enum_word(role_words, (int)who->role), in->expires_at, 1 },
		.invite_signature = in->owner_signature,
		.claim = { str_from(who->mesh->id), in->invite_id, str_of(who->pubkey, 64), in->x25519 },
		.claim_signature = in->claim_signature,
	};

	return chain_verify(rq->arena, &chain, str_of(who->pubkey, 64));
}

static struct err *find_member(struct req *rq, str id, struct member **ret_member)
{
	struct member *m;

	for (m = rq->from->mesh->members; m; m = m->hh.next)
		if (str_eq(str_from(m->id), id) && !m->revoked_ms)
			break;
	if (!m)
		return FAIL(rq->arena, NOT_FOUND, "no member of this mesh has this id");
	if (m->device_of || (!m->invite_no && m->claim_signature.len))
		return FAIL(rq->arena, CONFLICT, "a device or the owner is not confirmed by an invite");
	*ret_member = m;
	return NULL;
}

static void confirm(struct member *who, const struct invite_row *invite, const struct member_confirm_args *in)
{
	own_str(&who->x25519, in->x25519);
	own_str(&who->claim_signature, in->claim_signature);
	who->invite_no = invite->no;
	who->verified = true;
	store_member_rejoin(who->mesh->engine->store, &(struct member_row){
		.no = who->no, .mesh_no = who->mesh->no, .x25519 = who->x25519, .name = who->name,
		.role = enum_word(role_words, (int)who->role), .claim_signature = who->claim_signature,
		.invite_no = who->invite_no,
	});
}

/* Anybody may bring it: the owner's signature is what counts. */
static struct err *member_confirm_run(struct req *rq, const void *args)
{
	const struct member_confirm_args *in = args;
	struct engine *e = rq->engine;
	struct mesh *m = rq->from->mesh;
	struct invite_row row = {
		.id = in->invite_id, .invite_pubkey = in->invite_pubkey, .owner_signature = in->owner_signature,
		.sealed_root = in->sealed_root, .max_uses = 1, .uses = 1,
	}, *same;
	struct member *who = NULL;

	TRY(find_member(rq, in->memberId, &who));
	if (!id_is_prefix(in->invite_id, ID_LEN) || in->expires_at > INT64_MAX / 1000)
		return FAIL(rq->arena, BAD_REQUEST, "invite_id: 32 letters and digits; expires_at: Unix seconds");
	row.expires_ms = in->expires_at * 1000;
	TRY(check_chain(rq, in, who));
	TRY(store_invite_by_id(e->store, rq->arena, in->invite_id, &same));
	if (same && (same->mesh_no != m->no || who->invite_no != same->no))
		return FAIL(rq->arena, CONFLICT, "an invite with this id exists");
	/* One that ended unused is no longer stored: without this its secret could still confirm. */
	if (!same && row.expires_ms <= e->now_ms)
		return err_word(FAIL(rq->arena, GONE, "the owner's signatures have expired"), S("expired"));
	if (!same) {
		row.role = enum_word(role_words, (int)who->role);
		TRY(invite_add(rq, m, rq->from->member, &row));
		confirm(who, &row, in);
		audit(m, rq->from->member, "member_confirmed", str_of(who->pubkey, 64));
	}
	req_send(rq, "member_confirmed", member_confirmed_fields, &(struct member_confirmed_args){
		.memberId = str_from(who->id), ._reqId = in->_reqId });
	return NULL;
}

static struct err *root_key_get_run(struct req *rq, const void *args)
{
	const struct root_key_get_args *in = args;
	struct member *me = member_person(rq->from->member);
	struct invite_row *rows;
	struct root_key_args out = { ._reqId = in->_reqId };
	size_t n;

	TRY(req_may_list(rq));
	TRY(store_invites(rq->engine->store, rq->arena, me->mesh->no, &rows, &n));
	for (size_t i = 0; i < n; i++)
		if (rows[i].no == me->invite_no && str_empty(rows[i].code) && rows[i].sealed_root.len)
			out.sealed_root = rows[i].sealed_root;
	req_send(rq, "root_key", root_key_fields, &out);
	return NULL;
}

const struct op msg_invites[] = {
	OP_FOR(PERM_INVITE, "invite_make", OP_FRAME, invite_make, NULL, invite_make_run, "invite_made error",
	       invite_made_fields, "Makes an invite without the owner's key, and mails it: who joins by it is "
	       "unverified until the owner's client confirms the key."),
	OP_FOR(PERM_INVITE, "invite_list", OP_FRAME, invite_list, NULL, invite_list_run, "invites error",
	       invites_fields, "Lists the mesh's invites, with what became of their mails."),
	OP_FOR(PERM_INVITE, "invite_revoke", OP_FRAME, invite_revoke, NULL, invite_revoke_run, "invite_revoked error",
	       invite_revoked_fields, "Ends an invite; who joined by it stays."),
	OP("member_confirm", OP_FRAME, member_confirm, NULL, member_confirm_run, "member_confirmed error",
	   member_confirmed_fields, "Brings the owner's signatures for a member that joined without the secret of "
	   "a link, with the root key sealed to it."),
	OP("root_key_get", OP_FRAME, root_key_get, NULL, root_key_get_run, "root_key error", root_key_fields,
	   "The root key as it was sealed to the caller when it was confirmed."),
	{ 0 }
};
