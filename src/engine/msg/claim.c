/*
 * claim.c - joining with a short code (http-data-web.md 1.8). Binds the member's Ed25519
 * key in the same request; without one nothing happens (D-51).
 */
#include "proto/mesh.h"

#include "crypto/chain.h"
#include "crypto/encode.h"
#include "crypto/invite.h"
#include "crypto/secretbox.h"
#include "engine/account.h"
#include "engine/enrol.h"
#include "engine/guess.h"
#include "engine/msg/msg.h"
#include "engine/msg/owner.h"
#include "engine/req.h"

static struct err *bad(struct arena *a, str word, const char *text)
{
	return err_word(FAIL(a, BAD_REQUEST, "%s", text), word);
}

static bool x25519_is_valid(struct arena *a, str text)
{
	str bytes;

	return base64url_decode(a, text, &bytes) && bytes.len == 32;
}

static struct err *claim_prove(struct arena *a, const void *args, i64 now_ms UNUSED, struct proof *ret_proof)
{
	const struct claim_args *in = args;
	struct chain_claim claim = { in->mesh_id, in->invite_id, in->peer_pubkey, in->recipient_x25519_pubkey };

	if (!x25519_is_valid(a, in->recipient_x25519_pubkey))
		return bad(a, S("malformed"), "recipient_x25519_pubkey: 32 bytes as base64url");
	if (!in->peer_pubkey.len)
		return err_word(FAIL(a, NOT_SUPPORTED,
				     "a claim must bind an Ed25519 key; send peer_pubkey, or join with the v1 token"),
				S("invite_v2_disabled"));
	if (!pubkey_is_valid(in->peer_pubkey))
		return bad(a, S("malformed"), "peer_pubkey: 64 lower-case hex characters");
	if (!in->claim_signature.len)
		return NULL;
	if (!pubkey_is_valid(in->invite_pubkey) ||
	    !chain_claim_check(a, &claim, in->invite_pubkey, in->claim_signature))
		return bad(a, S("bad_signature"), "claim_signature does not hold under invite_pubkey");
	ret_proof->signed_by_key = true;
	memcpy(ret_proof->invite_pubkey, in->invite_pubkey.ptr, 64);
	return NULL;
}

/* An invite of ours admits only who knows the link's secret: the code alone is not enough. */
static struct err *check_secret(struct req *rq, const struct claim_args *in, str mesh_id,
				const struct invite_row *invite)
{
	if (!invite->invite_pubkey.len)
		return NULL;
	if (!rq->event->proof.signed_by_key ||
	    !str_eq(str_from(rq->event->proof.invite_pubkey), invite->invite_pubkey) ||
	    !str_eq(in->mesh_id, mesh_id) || !str_eq(in->invite_id, invite->id)) {
		guess_failed(rq);
		return bad(rq->arena, S("bad_signature"),
			   "this invite needs the whole link, with the part behind '#'");
	}
	return NULL;
}

/* The root key, sealed to the joiner where the broker holds it. */
static struct err *seal_root(struct req *rq, struct mesh *m, str x25519, str *ret_sealed)
{
	CLEANUP(sign_pair_wipe) struct sign_pair owner = { 0 };
	str root_text, root, recipient, box;

	*ret_sealed = STR_NONE;
	if (!m->owner_secret.len)
		return NULL;
	TRY(owner_keys_open(rq, m, &owner, &root_text));
	if (!base64url_decode(rq->arena, root_text, &root) || root.len != ROOT_KEY_BYTES ||
	    !base64url_decode(rq->arena, x25519, &recipient) ||
	    !sealedbox_seal(rq->arena, root, (const u8 *)recipient.ptr, &box))
		return FAIL(rq->arena, INTERNAL, "the root key of mesh '%s' cannot be sealed", m->id);
	*ret_sealed = base64url_encode(rq->arena, box);
	return NULL;
}

static struct err *find_invite(struct req *rq, struct invite_row **ret_invite, str *ret_mesh_id)
{
	struct engine *e = rq->engine;
	str code = event_param(rq->event);
	struct mesh_row *row = NULL;

	*ret_invite = NULL;
	TRY(guess_check(rq));
	if (invite_code_is_valid(code))
		TRY(store_invite_by_code(e->store, rq->arena, code, ret_invite));
	if (*ret_invite)
		TRY(store_mesh_by_no(e->store, rq->arena, (*ret_invite)->mesh_no, &row));
	if (row && !row->archived_ms) {
		*ret_mesh_id = row->id;
		return NULL;
	}
	guess_failed(rq);
	return FAIL(rq->arena, NOT_FOUND, "no invite has this code");
}

static struct err *claim_run(struct req *rq, const void *args)
{
	const struct claim_args *in = args;
	struct newcomer who = {
		.pubkey = in->peer_pubkey, .name = in->display_name, .topic_role = S("member"),
		.x25519 = in->recipient_x25519_pubkey, .claim_signature = in->claim_signature,
	};
	struct claimed_args out = { 0 };
	struct invite_row *invite;
	const struct json *capability = NULL;
	struct member *member;
	struct mesh *m;
	bool is_new;
	str mesh_id;

	if (!pubkey_is_valid(in->peer_pubkey))
		return FAIL(rq->arena, INTERNAL, "claim was not proved");
	TRY(find_invite(rq, &invite, &mesh_id));
	TRY(check_secret(rq, in, mesh_id, invite));
	if (!engine_owns(rq->engine, mesh_id))
		return req_forward(rq, mesh_id);
	TRY(mesh_get(rq->engine, rq->arena, mesh_id, &m));
	if (!m)
		return FAIL(rq->arena, INTERNAL, "mesh '%.*s' is gone from the store", STRF(mesh_id));
	if (invite->capability.len)
		TRY(json_parse(rq->arena, invite->capability, &capability));
	TRY(seal_root(rq, m, in->recipient_x25519_pubkey, &out.sealed_root_key));
	who.role = str_eq(invite->role, S("admin")) ? ROLE_ADMIN : ROLE_MEMBER;
	if (!invite->invite_pubkey.len)
		who.claim_signature = STR_NONE;
	is_new = !mesh_member(m, who.pubkey);
	TRY(enrol(rq, m, &who, invite, &member, &out.already_member));
	if (rq->account && is_new)
		account_own(rq, m, member);
	out.mesh_id = str_from(m->id);
	out.member_id = str_from(member->id);
	out.owner_pubkey = str_of(m->owner_pubkey, 64);
	out.canonical_v2 = capability ? json_get_str(capability, S("canonical")) : S("");
	out.mesh_slug = m->slug;
	out.mesh_name = m->name;
	out.role = invite->role;
	out.broker_url = rq->engine->settings.ws_url;
	out.sealed_root = invite->sealed_root;
	out.owner_signature = invite->owner_signature;
	out.invite_id = invite->id;
	out.invite_pubkey = invite->invite_pubkey;
	out.expires_at = invite->expires_ms / 1000;
	out.max_uses = invite->max_uses;
	req_answer(rq, 200, claimed_fields, &out);
	return NULL;
}

const struct op msg_claim[] = {
	OP("claim", OP_CALL | OP_MAY_ACCOUNT, claim, claim_prove, claim_run, "", claimed_fields,
	   "Makes the caller's key a member through a short code and the link's secret."),
	{ 0 }
};
