/*
 * mesh.c - making a mesh. With our client the owner key never comes here; for a reference
 * client the broker makes the keys and keeps them sealed under its key file.
 */
#include "proto/mesh.h"

#include "crypto/chain.h"
#include "crypto/encode.h"
#include "engine/account.h"
#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/guess.h"
#include "engine/msg/msg.h"
#include "engine/msg/owner.h"
#include "engine/req.h"
#include "engine/slug.h"

enum { SLUG_TRIES = 100 };

static struct err *bad(struct req *rq, str word, const char *text)
{
	return err_word(FAIL(rq->arena, BAD_REQUEST, "%s", text), word);
}

static struct err *free_slug(struct req *rq, const struct mesh_create_args *in, str *ret_slug)
{
	str base = in->slug.len ? in->slug : slug_from_name(rq->arena, in->name);
	struct mesh_row *taken;

	TRY(slug_check(rq->arena, base));
	*ret_slug = base;
	for (int i = 2; i <= SLUG_TRIES; i++) {
		TRY(store_mesh_by_slug(rq->engine->store, rq->arena, *ret_slug, &taken));
		if (!taken)
			return NULL;
		*ret_slug = arena_printf(rq->arena, "%.*s-%d", (int)MIN(base.len, SLUG_BYTES_MAX - 4),
					 base.ptr, i);
	}
	return err_word(FAIL(rq->arena, EXISTS, "too many meshes named '%.*s'; choose another slug", STRF(base)),
			S("Too many meshes with this name"));
}

/* Keys and id: the client's, or ours. */
static struct err *choose_keys(struct req *rq, const struct mesh_create_args *in, struct mesh_row *row)
{
	struct mesh_row *taken;

	if (!in->owner_pubkey.len) {
		row->id = id_random(rq->arena, rq->engine->random);
		return owner_keys_make(rq, row);
	}
	if (!rq->event->proof.signed_by_key)
		return bad(rq, S("bad_signature"), "claim_signature does not hold under owner_pubkey");
	if (!id_is_prefix(in->id, ID_LEN))
		return bad(rq, S("invalid_id"), "id: 32 of 0-9A-Za-z");
	TRY(store_mesh_by_id(rq->engine->store, rq->arena, in->id, &taken));
	if (taken)
		return FAIL(rq->arena, CONFLICT, "a mesh with this id exists");
	row->id = in->id;
	row->owner_pubkey = hex_lower(rq->arena, in->owner_pubkey);
	return NULL;
}

static void answer_created(struct req *rq, const struct mesh_row *mesh, str member_id)
{
	struct mesh_created_args out = { .id = mesh->id, .slug = mesh->slug, .name = mesh->name,
					 .member_id = member_id,
					 .broker_url = rq->engine->settings.ws_url };

	req_answer(rq, 200, mesh_created_fields, &out);
}

/* The same request again, because its answer got lost: answers it once more. From rows: the
 * mesh may be of another shard. */
static struct err *made_before(struct req *rq, const struct mesh_create_args *in, str creator, bool *ret_before)
{
	struct store *st = rq->engine->store;
	struct member_row *members;
	struct mesh_row *mesh = NULL;
	size_t n;

	*ret_before = false;
	if (in->owner_pubkey.len && rq->event->proof.signed_by_key)
		TRY(store_mesh_by_id(st, rq->arena, in->id, &mesh));
	if (!mesh || mesh->archived_ms || !str_eq(in->owner_pubkey, mesh->owner_pubkey))
		return NULL;
	TRY(store_members(st, rq->arena, mesh->no, &members, &n));
	for (size_t i = 0; i < n && !*ret_before; i++) {
		if (!str_eq(members[i].pubkey, creator))
			continue;
		answer_created(rq, mesh, members[i].id);
		*ret_before = true;
	}
	return NULL;
}

static struct err *mesh_create_run(struct req *rq, const void *args)
{
	const struct mesh_create_args *in = args;
	struct engine *e = rq->engine;
	struct mesh_row row = { .name = in->name, .created_ms = e->now_ms };
	struct newcomer creator = {
		.x25519 = in->x25519_pubkey, .role = ROLE_ADMIN, .topic_role = S("lead"),
		.claim_signature = in->owner_pubkey.len ? in->claim_signature : STR_NONE,
	};
	struct member *member;
	struct mesh *m;
	bool already, before;

	if (!rq->event->may_create && !rq->account)
		return FAIL(rq->arena, FORBIDDEN, "this broker does not let you create meshes from here");
	if (!str_trim(in->name).len || !name_is_printable(in->name))
		return bad(rq, S("name required"), "a mesh needs a name without control characters");
	TRY(enrol_key(rq, in->pubkey, S("pubkey required (64 hex chars)"), &creator.pubkey));
	creator.name = in->display_name.len ? in->display_name
					    : arena_printf(rq->arena, "%.*s-owner",
							   (int)MIN(in->name.len, NAME_BYTES_MAX - 6),
							   in->name.ptr);
	if (!name_is_printable(creator.name) || !str_is_utf8(creator.name))
		return bad(rq, S("malformed"), "display_name has control characters");
	TRY(made_before(rq, in, creator.pubkey, &before));
	if (before)
		return NULL;
	TRY(mesh_made_check(rq));
	TRY(free_slug(rq, in, &row.slug));
	TRY(choose_keys(rq, in, &row));
	row.no = store_next(e->store, NUMBER_MESH);
	store_mesh_add(e->store, &row);
	m = mesh_add(e, &row);
	m->made_in = m->touched_in = e->batch_no;
	audit_with(m, NULL, "mesh_created", AUDIT_FIELDS(AUDIT_TEXT("name", row.name),
							 AUDIT_TEXT("owner", row.owner_pubkey)));
	TRY(enrol(rq, m, &creator, NULL, &member, &already));
	mesh_made(rq);
	if (rq->account)
		account_own(rq, m, member);
	answer_created(rq, &row, str_from(member->id));
	return NULL;
}

/* The creator's link in the chain: the owner key itself vouches for the member key. */
static struct err *mesh_create_prove(struct arena *a, const void *args, i64 now_ms UNUSED, struct proof *ret_proof)
{
	const struct mesh_create_args *in = args;
	struct chain_claim claim = { in->id, S("owner"), hex_lower(a, in->pubkey), in->x25519_pubkey };

	if (!in->owner_pubkey.len)
		return NULL;
	if (!pubkey_is_valid(in->owner_pubkey) ||
	    !chain_claim_check(a, &claim, in->owner_pubkey, in->claim_signature))
		return err_word(FAIL(a, BAD_REQUEST, "claim_signature does not hold under owner_pubkey"),
				S("bad_signature"));
	ret_proof->signed_by_key = true;
	memcpy(ret_proof->pubkey, in->owner_pubkey.ptr, 64);
	return NULL;
}

const struct op msg_mesh[] = {
	OP("mesh_create", OP_CALL | OP_MAY_ACCOUNT, mesh_create, mesh_create_prove, mesh_create_run, "",
	   mesh_created_fields,
	   "Makes a mesh with its #general and its creator as first member."),
	{ 0 }
};
