#include "engine/vouch.h"

#include "engine/bearer.h"
#include "engine/rank.h"

/* Absent where there is no chain. */
static void chain_of(const struct member *m, const struct invite_row *invites, size_t n, struct chain_args *out)
{
	if (!m->claim_signature.len || m->device_of)
		return;
	out->x25519 = m->x25519;
	out->claimSignature = m->claim_signature;
	if (!m->invite_no) {
		out->present = true;
		out->inviteId = S("owner");
		out->invitePubkey = str_of(m->mesh->owner_pubkey, 64);
		out->role = S("admin");
		out->ownerSignature = S("");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (invites[i].no != m->invite_no)
			continue;
		out->present = true;
		out->inviteId = invites[i].id;
		out->invitePubkey = invites[i].invite_pubkey;
		out->role = invites[i].role;
		out->expiresAt = invites[i].expires_ms / 1000;
		out->maxUses = invites[i].max_uses;
		out->ownerSignature = invites[i].owner_signature;
	}
}

static void device_of(const struct member *m, struct device_of_args *out)
{
	const struct member *first = m->device_of ? mesh_member_by_no(m->mesh, m->device_of) : NULL;

	if (!first)
		return;
	*out = (struct device_of_args){
		.present = true,
		.memberId = str_from(first->id),
		.memberPubkey = str_of(first->pubkey, 64),
		.label = m->device_label.ptr ? m->device_label : S(""),
		.code = m->device_code,
		.expiresAt = m->device_expires_s,
		.codeSignature = m->device_signature,
		.x25519 = m->x25519,
		.claimSignature = m->claim_signature,
	};
}

struct err *vouch_members(struct req *rq, struct member *const *members, size_t n, struct member_list *ret_list)
{
	struct invite_row *invites;
	size_t n_invites;

	*ret_list = (struct member_list){ NEW_ARRAY(rq->arena, struct member_args, n + 1), n, true };
	if (!n)
		return NULL;
	TRY(store_invites(rq->engine->store, rq->arena, members[0]->mesh->no, &invites, &n_invites));
	for (size_t i = 0; i < n; i++) {
		const struct member *m = members[i];
		struct member_args *row = &ret_list->items[i];

		*row = (struct member_args){
			.memberId = str_from(m->id),
			.pubkey = str_of(m->pubkey, 64),
			.displayName = m->name,
			.role = enum_word(role_words, (int)m->role),
			.owner = member_is_owner(m),
			.verified = m->verified,
		};
		chain_of(m, invites, n_invites, &row->chain);
		device_of(m, &row->device);
	}
	return NULL;
}

static void add_once(struct member **list, size_t *n, struct member *m)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == m)
			return;
	list[(*n)++] = m;
}

struct err *vouch_gone(struct req *rq, const i64 *member_nos, size_t n, struct member_list *ret_list)
{
	struct mesh *mesh = rq->from ? rq->from->mesh : rq->caller->mesh;
	struct member **gone = NEW_ARRAY(rq->arena, struct member *, 2 * n + 1);
	size_t n_gone = 0;

	*ret_list = (struct member_list){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct member *m = mesh_member_by_no(mesh, member_nos[i]);
		struct member *first = m && m->device_of ? mesh_member_by_no(mesh, m->device_of) : NULL;

		if (m && m->revoked_ms)
			add_once(gone, &n_gone, m);
		if (first && first->revoked_ms)
			add_once(gone, &n_gone, first);
	}
	return n_gone ? vouch_members(rq, gone, n_gone, ret_list) : NULL;
}
