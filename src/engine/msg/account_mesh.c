/*
 * account_mesh.c - the meshes of an account: lists of them, and a new key that joins those its
 * person is in already (http-data-web.md 1.10, 2.2, 4.6).
 *
 * Which meshes and which role is looked up here, never told (A2): the account's members are those
 * whose keys were proved by who was signed in. A key let in so has no chain from the owner; others
 * see it as unverified until somebody vouches for it.
 *
 * What concerns meshes of several shards goes from one to the next (relay.h).
 */
#include "proto/account.h"

#include "crypto/encode.h"
#include "crypto/sync.h"
#include "engine/account.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/relay.h"

enum {
	SYNC_MEMBERS_MAX = 32,        /* members of one account in one mesh, to which one may be added */
};

/* The next shard that has one of the meshes, if there is one. */
static bool next_shard(const struct req *rq, const struct account_member_row *rows, size_t n, unsigned *ret_shard)
{
	const struct engine *e = rq->engine;
	unsigned least = e->settings.shards;

	for (size_t i = 0; i < n; i++) {
		unsigned shard = mesh_shard(rows[i].mesh_id, e->settings.shards);

		if (shard > e->settings.shard && shard < least)
			least = shard;
	}
	*ret_shard = least;
	return least < e->settings.shards;
}

/* ---- lists ---- */

static struct err *find_members(struct req *rq, struct account_member_row **ret_rows, size_t *ret_n)
{
	return store_account_members(rq->engine->store, rq->arena, rq->account->id, ACCOUNT_MEMBERS_MAX, ret_rows,
				     ret_n);
}

/* One row a mesh: the member with the most rights, and no device. */
static size_t one_each(struct account_member_row *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct account_member_row *last = kept ? &rows[kept - 1] : NULL;

		if (rows[i].device_of)
			continue;
		if (!last || last->mesh_no != rows[i].mesh_no)
			rows[kept++] = rows[i];
		else if (str_eq(rows[i].role, S("admin")) && !str_eq(last->role, S("admin")))
			*last = rows[i];
	}
	return kept;
}

static i64 count_online(struct engine *e, str mesh_id)
{
	const struct member *member;
	struct mesh *m = NULL;
	i64 n = 0;

	HASH_FIND(hh, e->meshes, mesh_id.ptr, (unsigned)mesh_id.len, m);
	for (member = m ? m->members : NULL; member; member = member->hh.next)
		n += member->presences != NULL && !member->revoked_ms;
	return n;
}

static struct err *cli_meshes_run(struct req *rq, const void *args UNUSED)
{
	struct engine *e = rq->engine;
	struct cli_mesh_data_args out = { 0 }, before = { 0 };
	struct account_member_row *rows;
	unsigned shard;
	size_t n;

	TRY(relay_so_far(rq, cli_mesh_data_fields, &before, sizeof(before)));
	TRY(find_members(rq, &rows, &n));
	n = one_each(rows, n);
	out.meshes = (struct cli_mesh_list){ NEW_ARRAY(rq->arena, struct cli_mesh_args, n + before.meshes.n), 0, true };
	for (size_t i = 0; i < before.meshes.n; i++)
		out.meshes.items[out.meshes.n++] = before.meshes.items[i];
	for (size_t i = 0; i < n; i++) {
		const struct account_member_row *r = &rows[i];

		if (!engine_owns(e, r->mesh_id))
			continue;
		out.meshes.items[out.meshes.n++] = (struct cli_mesh_args){
			.id = r->mesh_id, .slug = r->slug, .name = r->name, .role = r->role,
			.is_owner = r->first_no == r->member_no, .member_count = r->n_members,
			.active_peers = count_online(e, r->mesh_id),
			.joined_at = time_iso(rq->arena, r->joined_ms), .broker_url = e->settings.ws_url,
			.member_id = r->member_id,
		};
	}
	if (next_shard(rq, rows, n, &shard))
		relay(rq, shard, cli_mesh_data_fields, &out);
	else
		req_answer(rq, 200, cli_mesh_data_fields, &out);
	return NULL;
}

/* The newest first; nothing in it is of a mesh's memory. */
static struct err *my_meshes_run(struct req *rq, const void *args UNUSED)
{
	struct my_mesh_data_args out = { 0 };
	struct account_member_row *rows;
	size_t n;

	TRY(find_members(rq, &rows, &n));
	n = one_each(rows, n);
	out.data = (struct my_mesh_list){ NEW_ARRAY(rq->arena, struct my_mesh_args, n), n, true };
	out.total = (i64)n;
	for (size_t i = 0; i < n; i++) {
		const struct account_member_row *r = &rows[n - 1 - i];

		out.data.items[i] = (struct my_mesh_args){
			.id = r->mesh_id, .name = r->name, .slug = r->slug, .visibility = S("private"),
			.transport = S("managed"), .tier = S("free"),
			.createdAt = time_iso(rq->arena, r->made_ms), .archivedAt = STR_NONE,
			.isOwner = r->first_no == r->member_no, .myRole = r->role, .memberCount = r->n_members,
		};
	}
	req_answer(rq, 200, my_mesh_data_fields, &out);
	return NULL;
}

/* ---- sync ---- */

static struct err *cli_sync_prove(struct arena *a, const void *args, i64 now_ms, struct proof *ret_proof)
{
	const struct cli_sync_args *in = args;
	struct sync_claim claim = { in->account_id, in->mesh_id, in->peer_pubkey, in->timestamp };

	if (!in->signature.len)
		return NULL;
	if (in->timestamp < now_ms - HELLO_SKEW_MS || in->timestamp > now_ms + HELLO_SKEW_MS)
		return err_word(FAIL(a, BAD_REQUEST, "field 'timestamp': more than a minute off; is the clock right?"),
				S("timestamp_skew"));
	if (!pubkey_is_valid(in->peer_pubkey) || !sync_claim_check(a, &claim, in->signature))
		return err_word(FAIL(a, BAD_REQUEST, "field 'signature' does not hold"), S("bad_signature"));
	ret_proof->signed_by_key = true;
	memcpy(ret_proof->pubkey, in->peer_pubkey.ptr, 64);
	return NULL;
}

static struct err *sync_refused(struct arena *a, const char *text)
{
	str word = arena_printf(a, "sync token invalid: %s", text);

	return err_word(FAIL(a, BAD_REQUEST, "%.*s", STRF(word)), word);
}

/* By a bearer token, or by a token for one sync, which ends here. Shards behind the first take the
 * account from the one that looked. */
static struct err *find_account(struct req *rq, const struct cli_sync_args *in, const struct cli_synced_args *before)
{
	struct engine *e = rq->engine;
	struct account_session_row *session;
	struct account_row *account = NULL;
	struct session_proof proof;

	if (rq->account)
		return NULL;
	if (rq->event->forwarded) {
		TRY(store_account(e->store, rq->arena, before->account_id, &account));
	} else {
		if (!in->sync_token.len)
			return err_word(FAIL(rq->arena, BAD_REQUEST, "a sync_token, or a session token as bearer"),
					S("sync_token, peer_pubkey, display_name required"));
		if (session_take_token(rq->arena, e->settings.login_secret, in->sync_token, e->now_ms, &proof) ||
		    proof.kind != SESSION_SYNC)
			return sync_refused(rq->arena, "invalid signature, type or time");
		TRY(session_find(rq, &proof, &session));
		if (!session)
			return sync_refused(rq->arena, "token already used");
		store_session_revoke(e->store, session->id, e->now_ms);
		TRY(store_account(e->store, rq->arena, session->account, &account));
	}
	if (!account)
		return sync_refused(rq->arena, "missing sub or email");
	rq->account = account;
	return NULL;
}

/* A key that is a member already is its person's; only who has it may say whose that is. */
static struct err *may_join(struct req *rq, const struct mesh *m, const struct member *there, size_t n_members,
			    bool proved, bool *ret_may)
{
	str account;

	*ret_may = !there && n_members < SYNC_MEMBERS_MAX;
	if (!there || there->revoked_ms)
		return NULL;
	TRY(store_account_of_member(rq->engine->store, rq->arena, m->no, there->no, &account));
	*ret_may = proved || str_eq(account, rq->account->id);
	return NULL;
}

/* A person that was banned with one key does not come back with the next. */
static struct err *standing(struct req *rq, struct mesh *m, enum role *ret_role, size_t *ret_n, bool *ret_banned)
{
	i64 *numbers;
	size_t n;

	*ret_role = ROLE_MEMBER;
	*ret_n = 0;
	*ret_banned = false;
	TRY(store_account_members_in(rq->engine->store, rq->arena, rq->account->id, m->no, &numbers, &n));
	for (size_t i = 0; i < n; i++) {
		const struct member *member = mesh_member_by_no(m, numbers[i]);

		if (!member)
			continue;
		*ret_banned = *ret_banned || member->banned_ms;
		*ret_n += !member->revoked_ms;
		if (!member->revoked_ms && member->role == ROLE_ADMIN)
			*ret_role = ROLE_ADMIN;
	}
	return NULL;
}

static struct err *sync_one(struct req *rq, const struct cli_sync_args *in, struct mesh *m,
			    struct synced_mesh_list *list)
{
	bool proved = rq->event->proof.signed_by_key &&
		      (!in->mesh_id.len || str_eq(in->mesh_id, str_from(m->id)));
	struct newcomer who = { .name = in->display_name, .topic_role = S("member"),
				.pubkey = hex_lower(rq->arena, in->peer_pubkey) };
	struct member *member = mesh_member(m, who.pubkey);
	bool banned, already, may;
	size_t n;

	TRY(standing(rq, m, &who.role, &n, &banned));
	TRY(may_join(rq, m, member, n, proved, &may));
	if (banned || !may)
		return NULL;
	TRY(enrol(rq, m, &who, NULL, &member, &already));
	m->touched_in = rq->engine->batch_no;
	TRY(account_link(rq, m, member));
	list->items[list->n++] = (struct synced_mesh_args){
		.mesh_id = str_from(m->id), .slug = m->slug, .name = m->name,
		.broker_url = rq->engine->settings.ws_url, .member_id = str_from(member->id),
		.role = enum_word(role_words, (int)member->role), .owner_pubkey = str_from(m->owner_pubkey),
	};
	return NULL;
}

static struct err *check_fields(struct req *rq, const struct cli_sync_args *in)
{
	if (!in->peer_pubkey.len || !in->display_name.len)
		return err_word(FAIL(rq->arena, BAD_REQUEST, "a field is missing"),
				S("sync_token, peer_pubkey, display_name required"));
	if (!str_is_hex(in->peer_pubkey, 32, false))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'peer_pubkey': 64 hex characters"),
				S("peer_pubkey must be 64 hex chars (32 bytes)"));
	if (!name_is_printable(in->display_name))
		return FAIL(rq->arena, BAD_REQUEST, "field 'display_name': has control characters");
	return NULL;
}

/* A mesh that the account is not in yet: a member there that proves its key is linked to it. */
static struct err *link_one(struct req *rq, const struct cli_sync_args *in, struct cli_synced_args *out,
			    bool *ret_elsewhere)
{
	struct engine *e = rq->engine;
	struct mesh_row *row = NULL;
	struct member *member;
	struct mesh *m = NULL;

	*ret_elsewhere = false;
	if (!in->mesh_id.len || out->meshes.n)
		return NULL;
	TRY(store_mesh_by_id(e->store, rq->arena, in->mesh_id, &row));
	if (!row || row->archived_ms)
		return NULL;
	*ret_elsewhere = !engine_owns(e, row->id);
	if (*ret_elsewhere || !rq->event->proof.signed_by_key)
		return NULL;
	TRY(mesh_get(e, rq->arena, row->id, &m));
	member = m ? mesh_member(m, hex_lower(rq->arena, in->peer_pubkey)) : NULL;
	return member ? sync_one(rq, in, m, &out->meshes) : NULL;
}

static struct err *cli_sync_run(struct req *rq, const void *args)
{
	const struct cli_sync_args *in = args;
	struct engine *e = rq->engine;
	struct cli_synced_args out = { .ok = true }, before = { 0 };
	struct account_member_row *rows;
	bool elsewhere = false;
	unsigned shard;
	size_t n;

	TRY(relay_so_far(rq, cli_synced_fields, &before, sizeof(before)));
	TRY(check_fields(rq, in));
	TRY(find_account(rq, in, &before));
	if (in->account_id.len && !str_eq(in->account_id, rq->account->id))
		return FAIL(rq->arena, FORBIDDEN, "field 'account_id': not the account of the token");
	TRY(find_members(rq, &rows, &n));
	n = one_each(rows, n);
	out.account_id = rq->account->id;
	out.meshes = (struct synced_mesh_list){ NEW_ARRAY(rq->arena, struct synced_mesh_args, n + before.meshes.n + 1),
						0, true };
	for (size_t i = 0; i < before.meshes.n; i++)
		out.meshes.items[out.meshes.n++] = before.meshes.items[i];
	for (size_t i = 0; i < n; i++) {
		struct mesh *m = NULL;

		if (!engine_owns(e, rows[i].mesh_id) || (in->mesh_id.len && !str_eq(in->mesh_id, rows[i].mesh_id)))
			continue;
		TRY(mesh_get(e, rq->arena, rows[i].mesh_id, &m));
		if (m)
			TRY(sync_one(rq, in, m, &out.meshes));
	}
	TRY(link_one(rq, in, &out, &elsewhere));
	if (elsewhere && mesh_shard(in->mesh_id, e->settings.shards) > e->settings.shard)
		relay(rq, mesh_shard(in->mesh_id, e->settings.shards), cli_synced_fields, &out);
	else if (!in->mesh_id.len && next_shard(rq, rows, n, &shard))
		relay(rq, shard, cli_synced_fields, &out);
	else if (out.meshes.n)
		req_answer(rq, 200, cli_synced_fields, &out);
	else
		return err_word(FAIL(rq->arena, BAD_REQUEST, "your account has no mesh that this key may join"),
				S("no valid meshes found in sync token"));
	return NULL;
}

#define NO_ARGS(F, T) F(T, any, unused, OPT, 0, 0, "a GET has no body")
JSON_ARGS(account_meshes, NO_ARGS);

const struct op msg_account_mesh[] = {
	OP("cli_meshes", OP_CALL | OP_ACCOUNT, account_meshes, NULL, cli_meshes_run, "", cli_mesh_data_fields,
	   "Lists the meshes of the account, for programs."),
	OP("my_meshes", OP_CALL | OP_ACCOUNT, account_meshes, NULL, my_meshes_run, "", my_mesh_data_fields,
	   "Lists the meshes of the account, for the page."),
	OP("cli_sync", OP_CALL | OP_MAY_ACCOUNT | OP_OK_FALSE, cli_sync, cli_sync_prove, cli_sync_run, "",
	   cli_synced_fields, "Lets a new key into the meshes that its account is in, or links one that is there."),
	{ 0 }
};
