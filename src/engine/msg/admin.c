/*
 * admin.c - what the operator sees of meshes and does to them, over the socket in the data directory
 * only. What happens to a mesh stands in its audit log, done by nobody of it.
 *
 * The operator reads no messages and is no member: nothing here tells what is in a mesh but names and
 * counts.
 */
#include "proto/admin.h"

#include "crypto/encode.h"
#include "engine/audit.h"
#include "engine/bearer.h"
#include "engine/enrol.h"
#include "engine/mesh_close.h"
#include "engine/msg/msg.h"
#include "engine/relay.h"

enum { ADMIN_KEYS_MAX = 1000 };

static str time_or_null(struct arena *a, i64 ms)
{
	return ms ? time_iso(a, ms) : STR_NONE;
}

static struct err *is_deleted(struct req *rq, i64 mesh_no, bool *ret_deleted)
{
	i64 n;

	TRY(store_audit_of_event_count(rq->engine->store, rq->arena, mesh_no, S("mesh_deleted"), 1, &n));
	*ret_deleted = n > 0;
	return NULL;
}

/* ---- the list ---- */

static struct err *mesh_row_fill(struct req *rq, const struct mesh_row *m, struct admin_mesh_row_args *row)
{
	struct arena *a = rq->arena;
	struct mesh_figures *f;

	TRY(store_mesh_figures(rq->engine->store, a, m->no, &f));
	*row = (struct admin_mesh_row_args){
		.id = m->id, .slug = m->slug, .name = m->name, .owner = f->owner, .owner_email = f->owner_email,
		.members = f->n_members, .waiting = f->n_waiting, .created_at = time_iso(a, m->created_ms),
		.archived_at = time_or_null(a, m->archived_ms),
	};
	return m->archived_ms ? is_deleted(rq, m->no, &row->deleted) : NULL;
}

/* A page, as the house reads it from the store. */
static struct err *read_page(struct req *rq, i64 after, struct admin_meshes_listed_args *out)
{
	struct mesh_row *rows;
	size_t n;

	TRY(store_meshes(rq->engine->store, rq->arena, after, ADMIN_MESHES_PAGE + 1, &rows, &n));
	if (n > ADMIN_MESHES_PAGE) {
		n = ADMIN_MESHES_PAGE;
		out->next = rows[n - 1].no;
	}
	out->meshes.items = NEW_ARRAY(rq->arena, struct admin_mesh_row_args, n);
	out->meshes.present = true;
	for (size_t i = 0; i < n; i++)
		TRY(mesh_row_fill(rq, &rows[i], &out->meshes.items[out->meshes.n++]));
	return NULL;
}

/* Only a mesh's own shard knows who is there. */
static struct err *admin_meshes_run(struct req *rq, const void *args)
{
	const struct admin_meshes_asked_args *in = args;
	struct engine *e = rq->engine;
	struct admin_meshes_listed_args out;
	unsigned next = e->settings.shards;

	TRY(relay_so_far(rq, admin_meshes_listed_fields, &out, sizeof(out)));
	if (!rq->event->forwarded)
		TRY(read_page(rq, in->after, &out));
	for (size_t i = 0; i < out.meshes.n; i++) {
		struct admin_mesh_row_args *row = &out.meshes.items[i];
		unsigned shard = mesh_shard(row->id, e->settings.shards);
		struct mesh *m = NULL;

		if (shard > e->settings.shard && shard < next)
			next = shard;
		if (shard == e->settings.shard)
			HASH_FIND(hh, e->meshes, row->id.ptr, (unsigned)row->id.len, m);
		row->connections += m ? m->n_presences : 0;
	}
	if (next < e->settings.shards)
		relay(rq, next, admin_meshes_listed_fields, &out);
	else
		req_answer(rq, 200, admin_meshes_listed_fields, &out);
	return NULL;
}

/* ---- one of them ---- */

/* By id, or by slug if it is open. *ret_row is NULL when the call went to the mesh's own shard. */
static struct err *find_row(struct req *rq, str name, struct mesh_row **ret_row)
{
	struct engine *e = rq->engine;
	struct mesh_row *row;

	*ret_row = NULL;
	TRY(store_mesh_by_id(e->store, rq->arena, name, &row));
	if (!row)
		TRY(store_mesh_by_slug(e->store, rq->arena, name, &row));
	if (!row)
		return FAIL(rq->arena, NOT_FOUND, "no mesh has the id '%.*s', and no open one that slug", STRF(name));
	if (!engine_owns(e, row->id))
		return req_forward(rq, row->id);
	*ret_row = row;
	return NULL;
}

/* An open one. Likewise. */
static struct err *find_open(struct req *rq, str name, struct mesh **ret_mesh)
{
	struct mesh_row *row;

	*ret_mesh = NULL;
	TRY(find_row(rq, name, &row));
	if (!row)
		return NULL;
	TRY(mesh_get(rq->engine, rq->arena, row->id, ret_mesh));
	if (!*ret_mesh)
		return FAIL(rq->arena, CONFLICT, "mesh '%.*s' (%.*s) is closed", STRF(row->id), STRF(row->slug));
	return NULL;
}

static void answer_set(struct req *rq, const struct mesh *m, bool archived)
{
	req_answer(rq, 200, admin_mesh_set_fields, &(struct admin_mesh_set_args){
		.id = str_from(m->id), .slug = m->slug, .archived = archived });
}

static struct err *admin_mesh_archive_run(struct req *rq, const void *args)
{
	const struct admin_mesh_args *in = args;
	struct mesh *m;

	TRY(find_open(rq, in->mesh, &m));
	if (!m)
		return NULL;
	TRY(mesh_close(m, NULL, false, rq->arena));
	answer_set(rq, m, true);
	return NULL;
}

static struct err *may_open(struct req *rq, const struct mesh_row *row)
{
	struct mesh_row *other;
	bool deleted;

	if (!row->archived_ms)
		return FAIL(rq->arena, CONFLICT, "mesh '%.*s' is open", STRF(row->slug));
	TRY(is_deleted(rq, row->no, &deleted));
	if (deleted)
		return FAIL(rq->arena, GONE, "mesh '%.*s' was deleted: nothing of it is left to open", STRF(row->id));
	TRY(store_mesh_by_slug(rq->engine->store, rq->arena, row->slug, &other));
	if (other)
		return FAIL(rq->arena, EXISTS, "another mesh (%.*s) has the slug '%.*s' by now; archive or rename it first",
			    STRF(other->id), STRF(row->slug));
	return NULL;
}

/* Members find what they left; API keys and tokens stay dead. */
static struct err *admin_mesh_open_run(struct req *rq, const void *args)
{
	const struct admin_mesh_args *in = args;
	struct engine *e = rq->engine;
	struct mesh_row *row;
	struct mesh *m = NULL;

	TRY(find_row(rq, in->mesh, &row));
	if (!row)
		return NULL;
	TRY(may_open(rq, row));
	store_mesh_archive(e->store, row->no, 0);
	HASH_FIND(hh, e->meshes, row->id.ptr, (unsigned)row->id.len, m);
	if (m)
		m->archived_ms = 0;
	TRY(mesh_get(e, rq->arena, row->id, &m));
	if (!m)
		return FAIL(rq->arena, INTERNAL, "mesh '%.*s' is not there", STRF(row->id));
	audit(m, NULL, "mesh_opened", STR_NONE);
	answer_set(rq, m, false);
	return NULL;
}

/* ---- its API keys ---- */

static struct strs cap_list(struct arena *a, i64 caps)
{
	struct strs words = { .items = NEW_ARRAY(a, str, ARRAY_LEN(cap_words)), .present = true };

	for (size_t i = 0; cap_words[i]; i++)
		if (caps & 1 << i)
			words.items[words.n++] = str_from(cap_words[i]);
	return words;
}

static struct err *admin_keys_run(struct req *rq, const void *args)
{
	const struct admin_mesh_args *in = args;
	struct admin_keys_listed_args out = { .keys = { .present = true } };
	struct arena *a = rq->arena;
	struct api_key_row *rows;
	struct mesh *m;
	size_t n;

	TRY(find_open(rq, in->mesh, &m));
	if (!m)
		return NULL;
	TRY(store_api_keys(rq->engine->store, a, m->no, 0, ADMIN_KEYS_MAX, &rows, &n));
	out.keys.items = NEW_ARRAY(a, struct admin_key_row_args, n);
	for (size_t i = 0; i < n; i++) {
		const struct member *issuer = mesh_member_by_no(m, rows[i].member_no);

		out.keys.items[out.keys.n++] = (struct admin_key_row_args){
			.id = rows[i].id, .label = rows[i].label, .prefix = rows[i].prefix,
			.capabilities = cap_list(a, rows[i].caps), .issuer = issuer ? issuer->name : S(""),
			.created_at = time_iso(a, rows[i].created_ms), .last_used_at = time_or_null(a, rows[i].used_ms),
			.expires_at = time_or_null(a, rows[i].expires_ms),
			.revoked_at = time_or_null(a, rows[i].revoked_ms),
		};
	}
	req_answer(rq, 200, admin_keys_listed_fields, &out);
	return NULL;
}

static struct err *admin_key_revoke_run(struct req *rq, const void *args)
{
	const struct admin_key_args *in = args;
	struct api_key_row *rows;
	struct mesh *m;
	size_t n = 0;

	if (!id_is_prefix(in->id, APIKEY_ID_MIN))
		return FAIL(rq->arena, BAD_REQUEST, "field 'id': a key's id, or at least %d characters of its start",
			    APIKEY_ID_MIN);
	TRY(find_open(rq, in->mesh, &m));
	if (!m)
		return NULL;
	TRY(store_api_keys_named(rq->engine->store, rq->arena, m->no, 0, in->id, &rows, &n));
	if (n != 1)
		return FAIL(rq->arena, NOT_FOUND, "%s of the mesh has an id that starts with '%.*s'",
			    n ? "more than one API key" : "no API key", STRF(in->id));
	api_key_end(m, NULL, &rows[0]);
	req_answer(rq, 200, admin_key_revoked_fields, &(struct admin_key_revoked_args){ rows[0].id, rows[0].label });
	return NULL;
}

/* ---- its audit log ---- */

/* One part of the chain, from where the caller is. It ends at the row that memory knows as the last. */
static struct err *admin_audit_run(struct req *rq, const void *args)
{
	const struct admin_audit_args *in = args;
	struct admin_audited_args out = { .seq = in->seq, .hash = in->hash };
	struct audit_row *rows;
	struct mesh *m;
	struct audit_walk walk = { .seq = in->seq };
	str hash = S("");
	size_t n;

	if (in->hash.len != (in->seq ? 2 * AUDIT_HASH_BYTES : 0))
		return FAIL(rq->arena, BAD_REQUEST, "field 'hash': of the row 'seq', and only then");
	if (in->seq && !hex_decode(rq->arena, in->hash, true, &hash))
		return FAIL(rq->arena, BAD_REQUEST, "field 'hash': hex");
	memcpy(walk.hash, hash.ptr, hash.len);
	TRY(find_open(rq, in->mesh, &m));
	if (!m)
		return NULL;
	TRY(store_audit_after(rq->engine->store, rq->arena, m->no, in->seq, ADMIN_AUDIT_ROWS, &rows, &n));
	out.id = str_from(m->id);
	out.brokenAt = audit_walk(m, rows, n, m->audit.seq, &walk);
	if (!out.brokenAt && !n && walk.seq < m->audit.seq)
		out.brokenAt = walk.seq + 1;
	if (!out.brokenAt && walk.seq == m->audit.seq && walk.seq && memcmp(walk.hash, m->audit.hash, AUDIT_HASH_BYTES))
		out.brokenAt = walk.seq;
	out.seq = walk.seq;
	out.hash = walk.seq ? hex_encode(rq->arena, str_of(walk.hash, AUDIT_HASH_BYTES)) : S("");
	out.done = out.brokenAt || walk.seq >= m->audit.seq;
	req_answer(rq, 200, admin_audited_fields, &out);
	return NULL;
}

const struct op msg_admin[] = {
	OP("admin_meshes", OP_CALL | OP_ADMIN, admin_meshes_asked, NULL, admin_meshes_run, "",
	   admin_meshes_listed_fields, "Lists the meshes, closed ones too, for the operator."),
	OP("admin_mesh_archive", OP_CALL | OP_ADMIN, admin_mesh, NULL, admin_mesh_archive_run, "", admin_mesh_set_fields,
	   "Closes a mesh, as its owner can."),
	OP("admin_mesh_open", OP_CALL | OP_ADMIN, admin_mesh, NULL, admin_mesh_open_run, "", admin_mesh_set_fields,
	   "Opens an archived mesh again, if its slug is free."),
	OP("admin_keys", OP_CALL | OP_ADMIN, admin_mesh, NULL, admin_keys_run, "", admin_keys_listed_fields,
	   "Lists the API keys of a mesh, for the operator."),
	OP("admin_key_revoke", OP_CALL | OP_ADMIN, admin_key, NULL, admin_key_revoke_run, "", admin_key_revoked_fields,
	   "Ends an API key at once."),
	OP("admin_audit", OP_CALL | OP_ADMIN, admin_audit, NULL, admin_audit_run, "", admin_audited_fields,
	   "Verifies a part of a mesh's audit log, from where the last call ended."),
	{ 0 }
};
