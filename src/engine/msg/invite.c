/*
 * invite.c - making invites and looking them up by code.
 *
 * Ours: the owner's client made everything, and the owner's signature over it is the
 * authorisation. A reference client's: the broker signs with the owner key it holds.
 */
#include "proto/mesh.h"

#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/invite.h"
#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/account.h"
#include "engine/guess.h"
#include "engine/invites.h"
#include "engine/mail.h"
#include "engine/msg/msg.h"
#include "engine/msg/owner.h"
#include "engine/permission.h"
#include "engine/rank.h"
#include "engine/req.h"

enum { SAME_SECOND_MAX = 60 };
static const i64 DAY_MS = 24 * 3600 * 1000;

static struct err *bad(struct arena *a, str word, const char *text)
{
	return err_word(FAIL(a, BAD_REQUEST, "%s", text), word);
}

/* The payload inside a v1 token. */
static struct err *token_decode(struct arena *a, str token, struct invite_payload_args *ret_payload)
{
	const struct json *obj;
	str text;

	if (!base64url_decode(a, token, &text))
		return bad(a, S("malformed"), "token: not base64url");
	TRY(json_parse(a, text, &obj));
	return json_decode(a, obj, invite_payload_fields, ret_payload, sizeof(*ret_payload), NULL);
}

static struct invite_v1 v1_of(const struct invite_payload_args *p)
{
	return (struct invite_v1){ p->mesh_id, p->mesh_slug, p->broker_url, p->expires_at,
				   p->mesh_root_key, enum_word(role_words, (int)p->role), p->owner_pubkey };
}

/* All three signatures by one key: the v1 token's, the v2 capability's and the invite's. */
static struct err *invite_create_prove(struct arena *a, const void *args, i64 now_ms UNUSED,
				       struct proof *ret_proof)
{
	const struct invite_create_args *in = args;
	struct invite_payload_args p;
	struct invite_v1 v1;
	struct chain_invite chain;
	struct invite_v2 v2;

	if (!in->owner_signature.len)
		return NULL;
	TRY(token_decode(a, in->token, &p));
	v1 = v1_of(&p);
	chain = (struct chain_invite){ p.mesh_id, in->id, in->invite_pubkey, in->role, in->expires_at,
				       in->max_uses };
	v2 = (struct invite_v2){ p.mesh_id, in->id, in->expires_at, in->role, p.owner_pubkey };
	if (p.expires_at != in->expires_at || !str_eq(v1.role, in->role))
		return bad(a, S("malformed"), "token: its role or expiry is not the invite's");
	if (!invite_v1_check(a, &v1, p.signature))
		return bad(a, S("bad_signature"), "the token's signature does not hold");
	if (!chain_invite_check(a, &chain, p.owner_pubkey, in->owner_signature))
		return bad(a, S("bad_signature"), "owner_signature does not hold");
	if (!invite_v2_check(a, &v2, in->capability_signature))
		return bad(a, S("bad_signature"), "capability_signature does not hold");
	ret_proof->signed_by_key = true;
	memcpy(ret_proof->pubkey, hex_lower(a, p.owner_pubkey).ptr, 64);
	return NULL;
}

static str capability_json(struct arena *a, str canonical, str signature)
{
	return arena_printf(a, "{\"canonical\":\"%.*s\",\"signature\":\"%.*s\"}", STRF(canonical),
			    STRF(signature));
}

/* An invite with the same code, token or id. Nothing is there, or the very same invite, when
 * its answer got lost and the owner asks again; anything else is a conflict. */
static struct err *made_before(struct req *rq, const struct mesh *m, const struct invite_create_args *in,
			       bool *ret_again)
{
	struct store *st = rq->engine->store;
	struct arena *a = rq->arena;
	struct invite_row *same;

	TRY(store_invite_by_code(st, a, in->code, &same));
	if (!same)
		TRY(store_invite_by_token(st, a, in->token, &same));
	if (!same)
		TRY(store_invite_by_id(st, a, in->id, &same));
	*ret_again = same && same->mesh_no == m->no && str_eq(same->id, in->id) && str_eq(same->code, in->code) &&
		     str_eq(same->token, in->token) && str_eq(same->owner_signature, in->owner_signature);
	if (same && !*ret_again)
		return FAIL(a, CONFLICT, "an invite with this id, code or token exists");
	return NULL;
}

/* What the owner's client made, checked for shape; the signatures were checked before. */
static struct err *invite_of_ours(struct req *rq, struct mesh *m, const struct invite_create_args *in,
				  struct invite_row *row, bool *ret_again)
{
	struct arena *a = rq->arena;
	struct invite_payload_args p;
	struct invite_v2 v2;
	str canonical;

	if (!str_eq(str_from(rq->event->proof.pubkey), str_from(m->owner_pubkey)))
		return err_word(FAIL(a, FORBIDDEN, "signed by a key that is not the owner's of this mesh"),
				S("Only the owner can invite (for now)"));
	TRY(token_decode(a, in->token, &p));
	if (!str_eq(p.mesh_id, str_from(m->id)))
		return bad(a, S("malformed"), "token: of another mesh");
	if (!id_is_prefix(in->id, ID_LEN) || !pubkey_is_valid(in->invite_pubkey) || !in->sealed_root.len)
		return bad(a, S("malformed"), "id, invite_pubkey or sealed_root: missing or malformed");
	if (in->code.len != INVITE_CODE_LEN || !invite_code_is_valid(in->code))
		return bad(a, S("malformed"), "code: 12 letters and digits");
	if (in->max_uses < 1 || in->expires_at <= rq->engine->now_ms / 1000 ||
	    in->expires_at > rq->engine->now_ms / 1000 + INVITE_DAYS_MAX * DAY_MS / 1000)
		return bad(a, S("malformed"), "max_uses: at least 1; expires_at: within the next 365 days");
	if (!str_eq(in->role, S("member")) && !str_eq(in->role, S("admin")))
		return bad(a, S("malformed"), "role: admin or member");
	TRY(made_before(rq, m, in, ret_again));
	v2 = (struct invite_v2){ p.mesh_id, in->id, in->expires_at, in->role, p.owner_pubkey };
	TRY(invite_v2_text(a, &v2, &canonical));
	row->id = in->id;
	row->code = in->code;
	row->token = in->token;
	row->capability = capability_json(a, canonical, in->capability_signature);
	row->invite_pubkey = in->invite_pubkey;
	row->owner_signature = in->owner_signature;
	row->sealed_root = in->sealed_root;
	row->role = in->role;
	row->max_uses = in->max_uses;
	row->expires_ms = in->expires_at * 1000;
	return NULL;
}

/* A number of seconds, or a text such as "7d": what the reference's client sends (D6). */
static struct err *expires_in(struct req *rq, const struct json *in, i64 *ret_s)
{
	static const struct { char unit; i64 s; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 },
	};
	i64 n = 0, s = 1;
	str text;

	if (!in || in->type == JSON_NULL)
		return NULL;
	text = in->s;
	for (size_t i = 0; i < ARRAY_LEN(units) && text.len > 1; i++)
		if (text.ptr[text.len - 1] == units[i].unit) {
			s = units[i].s;
			text.len--;
			break;
		}
	if (!str_to_i64(text, &n) || n < 1 || n > INVITE_DAYS_MAX * DAY_MS / 1000 / s)
		return bad(rq->arena, S("malformed"), "expires_in: seconds, or such as 12h or 7d, at most 365d");
	*ret_s = rq->engine->now_ms / 1000 + n * s;
	return NULL;
}

/* With the owner key that the broker holds. Nothing in a v1 token differs between two invites of
 * one second, and it must: the later one ends a second earlier. */
static struct err *sign_by_broker(struct req *rq, struct mesh *m, struct invite_row *row)
{
	struct engine *e = rq->engine;
	struct arena *a = rq->arena;
	CLEANUP(sign_pair_wipe) struct sign_pair owner = { 0 };
	struct invite_row *same = row;
	struct invite_v1 v1;
	struct invite_v2 v2;
	str root_key, signature, canonical;

	TRY(owner_keys_open(rq, m, &owner, &root_key));
	invite_open(rq, row);
	v1 = (struct invite_v1){ str_from(m->id), m->slug, e->settings.ws_url, row->expires_ms / 1000 + 1, root_key,
				 row->role, str_from(m->owner_pubkey) };
	for (int i = 0; i < SAME_SECOND_MAX && same; i++) {
		v1.expires_s--;
		TRY(invite_v1_sign(a, &v1, &owner, &signature));
		row->token = invite_v1_token(a, &v1, signature);
		TRY(store_invite_by_token(e->store, a, row->token, &same));
	}
	if (same)
		return FAIL(a, RATE_LIMIT, "too many invites of the same kind within a second");
	row->expires_ms = v1.expires_s * 1000;
	v2 = (struct invite_v2){ str_from(m->id), row->id, v1.expires_s, row->role, str_from(m->owner_pubkey) };
	TRY(invite_v2_text(a, &v2, &canonical));
	TRY(invite_v2_sign(a, &v2, &owner, &signature));
	row->capability = capability_json(a, canonical, signature);
	return NULL;
}

/* For reference clients: terms as asked (D6), else 7 days and one use. An unknown role is member's. */
static struct err *invite_by_broker(struct req *rq, struct mesh *m, const struct invite_create_args *in,
				    struct invite_row *row)
{
	struct invite_terms terms = { str_eq(in->role, S("admin")) ? in->role : S("member"), STR_NONE,
				      in->max_uses, in->expires_at };

	if (!rq->event->may_create)
		return err_word(FAIL(rq->arena, UNAUTHORIZED, "this broker does not let you invite from here"),
				S("unauthorized"));
	if (!terms.expires_s)
		TRY(expires_in(rq, in->expires_in, &terms.expires_s));
	TRY(invite_terms_check(rq, &terms, row));
	return sign_by_broker(rq, m, row);
}

/* For who is signed in and may invite, where the owner keeps the keys: an open one. */
static struct err *invite_by_account(struct req *rq, struct mesh *m, const struct invite_create_args *in,
				     struct member **ret_by, struct invite_row *row)
{
	struct invite_terms terms = { in->role, STR_NONE, in->max_uses, in->expires_at };

	TRY(account_member_in(rq, m, ret_by));
	if (!*ret_by)
		return err_word(FAIL(rq->arena, FORBIDDEN, "you are no member of this mesh"),
				S("Not a member of this mesh"));
	TRY(permission_check(rq->arena, *ret_by, PERM_INVITE));
	if (!terms.expires_s)
		TRY(expires_in(rq, in->expires_in, &terms.expires_s));
	TRY(invite_terms_check(rq, &terms, row));
	if (str_eq(row->role, S("admin")) && member_rank(*ret_by) < RANK_ADMIN)
		return FAIL(rq->arena, FORBIDDEN, "only an admin can invite an admin");
	if (m->owner_secret.len)
		return sign_by_broker(rq, m, row);
	invite_open(rq, row);
	return NULL;
}

/* The outcome of the first try of its mail is part of the answer. */
static struct err *answer_created(struct req *rq, struct mesh *m, const struct member *by,
				  const struct invite_row *row, bool again)
{
	struct invite_created_args out = {
		.url = invite_url(rq, row), .code = row->code,
		.expires_at = time_iso(rq->arena, row->expires_ms),
		.token = row->invite_pubkey.len ? STR_NONE : row->token,
	};
	struct block *not_sent;
	i64 job_no = 0;

	if (!again)
		TRY(invite_mail(rq, m, by, row, &job_no));
	if (!job_no) {
		req_answer(rq, 200, invite_created_fields, &out);
		return NULL;
	}
	not_sent = message_block(NULL, invite_created_fields, &out);
	out.emailed = true;
	mail_answer(rq, job_no, 200, message_block(NULL, invite_created_fields, &out), not_sent);
	return NULL;
}

static struct err *invite_create_run(struct req *rq, const void *args)
{
	const struct invite_create_args *in = args;
	struct engine *e = rq->engine;
	struct invite_row row = { 0 };
	struct member *by = NULL;
	struct mesh_row *mesh;
	struct mesh *m = NULL;
	bool again = false;

	TRY(store_mesh_by_slug(e->store, rq->arena, event_param(rq->event), &mesh));
	if (mesh && !engine_owns(e, mesh->id))
		return req_forward(rq, mesh->id);
	if (mesh)
		TRY(mesh_get(e, rq->arena, mesh->id, &m));
	if (!m)
		return err_word(FAIL(rq->arena, NOT_FOUND, "no mesh has the slug '%.*s'",
				     STRF(event_param(rq->event))), S("Mesh not found"));
	if (rq->event->proof.signed_by_key)
		TRY(invite_of_ours(rq, m, in, &row, &again));
	else if (rq->account)
		TRY(invite_by_account(rq, m, in, &by, &row));
	else
		TRY(invite_by_broker(rq, m, in, &row));
	if (!again) {
		TRY(invite_email_check(rq, in->email, &row));
		TRY(invite_add(rq, m, by, &row));
	}
	return answer_created(rq, m, by, &row, again);
}

/* Only live invites answer, and who guesses is charged (http-data-web.md A12). */
static struct err *invite_code_run(struct req *rq, const void *args UNUSED)
{
	struct engine *e = rq->engine;
	struct invite_code_args out = { 0 };
	struct invite_row *invite = NULL;
	struct mesh_row *row = NULL;

	TRY(guess_check(rq));
	if (invite_code_is_valid(event_param(rq->event)))
		TRY(store_invite_by_code(e->store, rq->arena, event_param(rq->event), &invite));
	if (invite)
		TRY(store_mesh_by_no(e->store, rq->arena, invite->mesh_no, &row));
	if (!invite || !row || row->archived_ms || invite_check(rq, invite)) {
		guess_failed(rq);
		req_answer(rq, 404, invite_code_fields, &out);
		return NULL;
	}
	out = (struct invite_code_args){
		.found = true, .token = invite->token, .mesh_id = row->id, .mesh_slug = row->slug,
		.mesh_name = row->name, .invite_id = invite->id, .role = invite->role,
		.expires_at = time_iso(rq->arena, invite->expires_ms),
		.invite_pubkey = invite->invite_pubkey,
	};
	req_answer(rq, 200, invite_code_fields, &out);
	return NULL;
}

#define NO_ARGS(F, T) F(T, any, unused, OPT, 0, 0, "a GET has no body")
JSON_ARGS(invite_lookup, NO_ARGS);

const struct op msg_invite[] = {
	OP("invite_create", OP_CALL | OP_MAY_ACCOUNT, invite_create, invite_create_prove, invite_create_run, "",
	   invite_created_fields, "Makes an invite; signed by the mesh owner."),
	OP("invite_code", OP_CALL, invite_lookup, NULL, invite_code_run, "", invite_code_fields,
	   "Tells what a live invite's code stands for."),
	{ 0 }
};
