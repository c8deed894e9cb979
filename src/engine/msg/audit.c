/*
 * audit.c - the audit log for the mesh's admins: audit_query, audit_verify, audit_rows,
 * audit_checkpoint.
 *
 * Only they: it tells who wrote to whom (D-40 of the reference). What is read was committed before
 * it is answered, so nobody keeps a row or a checkpoint that a crash takes back.
 */
#include "proto/audit.h"

#include "crypto/encode.h"
#include "engine/audit.h"
#include "engine/msg/msg.h"
#include "engine/req.h"

enum { ROWS_PER_KB = 4 };

static struct err *check_reader(struct req *rq)
{
	if (rq->from->member->role == ROLE_ADMIN)
		return NULL;
	return FAIL(rq->arena, FORBIDDEN, "the audit log is for admins of the mesh");
}

/* Somebody may have written into the database: what is no text is shown as none. */
static str shown(str text)
{
	return str_is_utf8(text) ? text : S("");
}

static str hash_hex(struct arena *a, str hash)
{
	return hash.len == AUDIT_HASH_BYTES ? hex_encode(a, hash) : S("");
}

static size_t page_limit(i64 limit)
{
	return (size_t)MIN(limit ? limit : AUDIT_PAGE_DEFAULT, AUDIT_PAGE_MAX);
}

/* How many of the rows fit a page: one at least. */
static size_t fitting(const struct audit_row *rows, size_t n)
{
	size_t bytes = 0, i = 0;

	while (i < n && (i == 0 || bytes + rows[i].payload.len <= AUDIT_PAGE_BYTES_MAX))
		bytes += rows[i++].payload.len;
	return i;
}

static str actor_name(const struct mesh *m, str id)
{
	const struct member *member, *next;

	if (!id.ptr)
		return S("system");
	HASH_ITER(hh, m->members, member, next)
		if (str_eq(str_from(member->id), id))
			return member->name;
	return shown(id);
}

static struct err *fill(struct req *rq, const struct audit_row *row, struct audit_entry_args *entry)
{
	const struct json *payload = NULL;
	struct arena *a = rq->arena;

	if (json_parse(a, row->payload, &payload))
		payload = NULL;
	*entry = (struct audit_entry_args){
		.id = row->seq, .eventType = shown(row->event), .actor = actor_name(rq->from->mesh, row->actor),
		.actorId = row->actor.ptr ? shown(row->actor) : STR_NONE, .payload = payload,
		.hash = hash_hex(a, row->hash), .createdAt = time_iso(a, row->created_ms),
	};
	return NULL;
}

static struct err *all(struct req *rq, const struct audit_query_args *in, struct audit_row **ret_rows,
		       size_t *ret_n, i64 *ret_total)
{
	const struct mesh *m = rq->from->mesh;
	i64 newest = in->beforeSeq ? MIN(in->beforeSeq - 1, m->audit.seq) : m->audit.seq;

	*ret_total = m->audit.seq;
	return store_audit_before(rq->engine->store, rq->arena, m->no, MAX(newest - in->offset, 0) + 1,
				  page_limit(in->limit), ret_rows, ret_n);
}

static struct err *of_event(struct req *rq, const struct audit_query_args *in, struct audit_row **ret_rows,
			    size_t *ret_n, i64 *ret_total)
{
	const struct mesh *m = rq->from->mesh;
	struct store *st = rq->engine->store;
	struct audit_page page = { .before_seq = in->beforeSeq ? in->beforeSeq : INT64_MAX,
				   .limit = page_limit(in->limit), .offset = (size_t)in->offset };
	i64 from, others;

	if (in->offset > AUDIT_OFFSET_MAX)
		return FAIL(rq->arena, BAD_REQUEST, "offset: with an eventType at most %d; say beforeSeq",
			    AUDIT_OFFSET_MAX);
	if (!str_eq(in->eventType, S("message_sent"))) {
		TRY(store_audit_of_event_count(st, rq->arena, m->no, in->eventType, AUDIT_COUNTED_MAX, ret_total));
		return store_audit_of_event(st, rq->arena, m->no, in->eventType, &page, ret_rows, ret_n);
	}
	TRY(store_audit_others_count(st, rq->arena, m->no, AUDIT_COUNTED_MAX, &others));
	*ret_total = MIN(MAX(m->audit.seq - others, 0), AUDIT_COUNTED_MAX);
	page.before_seq = MIN(page.before_seq, m->audit.seq + 1);
	from = MAX(page.before_seq - AUDIT_SCAN_MAX, 0);
	return store_audit_messages(st, rq->arena, m->no, from, &page, ret_rows, ret_n);
}

static struct err *audit_query_run(struct req *rq, const void *args)
{
	const struct audit_query_args *in = args;
	struct audit_result_args out = { .entries = { .present = true }, ._reqId = in->_reqId };
	struct audit_row *rows;
	size_t n;

	TRY(check_reader(rq));
	TRY(req_may_list(rq));
	if (in->eventType.len)
		TRY(of_event(rq, in, &rows, &n, &out.total));
	else
		TRY(all(rq, in, &rows, &n, &out.total));
	engine_commit(rq->engine);
	n = fitting(rows, n);
	out.entries.items = NEW_ARRAY(rq->arena, struct audit_entry_args, n);
	for (size_t i = 0; i < n; i++)
		TRY(fill(rq, &rows[i], &out.entries.items[out.entries.n++]));
	req_send_list(rq, "audit_result", audit_result_fields, &out);
	return NULL;
}

static struct err *audit_rows_run(struct req *rq, const void *args)
{
	const struct audit_rows_args *in = args;
	const struct mesh *m = rq->from->mesh;
	struct audit_rows_result_args out = { .meshId = str_from(m->id), .rows = { .present = true },
					      .last = m->audit.seq, ._reqId = in->_reqId };
	size_t limit = in->limit ? page_limit(in->limit) : AUDIT_PAGE_MAX, n;
	struct audit_row *rows;

	TRY(check_reader(rq));
	TRY(req_may_list(rq));
	TRY(store_audit_after(rq->engine->store, rq->arena, m->no, in->afterSeq, limit, &rows, &n));
	engine_commit(rq->engine);
	n = fitting(rows, n);
	out.rows.items = NEW_ARRAY(rq->arena, struct audit_stored_args, n);
	for (size_t i = 0; i < n; i++)
		out.rows.items[out.rows.n++] = (struct audit_stored_args){
			.seq = rows[i].seq, .event = shown(rows[i].event),
			.actor = rows[i].actor.ptr ? shown(rows[i].actor) : STR_NONE,
			.payload = shown(rows[i].payload), .createdMs = rows[i].created_ms,
			.hash = hash_hex(rq->arena, rows[i].hash),
		};
	req_send_list(rq, "audit_rows_result", audit_rows_result_fields, &out);
	return NULL;
}

static struct err *audit_verify_run(struct req *rq, const void *args)
{
	const struct audit_verify_args *in = args;
	struct member *by = rq->from->member;

	TRY(check_reader(rq));
	TRY(req_may_list(rq));
	TRY(audit_check_start(rq, in->_reqId));
	/* About what it would be to be sent the rows; but who verifies a long log can see its peers. */
	bucket_take_many(&by->lists, MIN(by->mesh->audit.seq / ROWS_PER_KB + 1,
					 MAX(rq->engine->settings.lists_kb_per_minute / 2, 1)));
	return NULL;
}

static struct err *audit_checkpoint_run(struct req *rq, const void *args)
{
	const struct audit_checkpoint_args *in = args;
	const struct mesh *m = rq->from->mesh;
	struct checkpoint c = { .mesh_id = str_from(m->id), .seq = m->audit.seq, .hash = S(""),
				.time_ms = rq->engine->now_ms };
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct audit_checkpoint_result_args out = { ._reqId = in->_reqId };

	TRY(check_reader(rq));
	if (!rq->engine->keys)
		return FAIL(rq->arena, NOT_SUPPORTED, "this broker has no key to sign with");
	if (c.seq)
		c.hash = hex_encode(rq->arena, str_of(m->audit.hash, AUDIT_HASH_BYTES));
	checkpoint_pair(rq->engine->keys, &pair);
	TRY(checkpoint_sign(rq->arena, &c, &pair, &out.signature));
	engine_commit(rq->engine);
	out.meshId = c.mesh_id;
	out.seq = c.seq;
	out.hash = c.hash;
	out.timeMs = c.time_ms;
	out.pubkey = sign_pair_pubkey(rq->arena, &pair);
	req_send(rq, "audit_checkpoint_result", audit_checkpoint_result_fields, &out);
	return NULL;
}

const struct op msg_audit[] = {
	OP("audit_query", OP_FRAME, audit_query, NULL, audit_query_run, "audit_result error", audit_result_fields,
	   "Shows the audit log, newest first, to an admin."),
	OP("audit_verify", OP_FRAME, audit_verify, NULL, audit_verify_run, "audit_verify_result error",
	   audit_verify_result_fields,
	   "Lets the broker verify the whole chain. Who does not trust it asks for audit_rows."),
	OP("audit_rows", OP_FRAME, audit_rows, NULL, audit_rows_run, "audit_rows_result error",
	   audit_rows_result_fields,
	   "Gives the chain's rows as they are stored, upwards, for a client that verifies them."),
	OP("audit_checkpoint", OP_FRAME, audit_checkpoint, NULL, audit_checkpoint_run,
	   "audit_checkpoint_result error", audit_checkpoint_result_fields,
	   "Signs how far the chain is; kept elsewhere it shows later that nothing was taken off."),
	{ 0 }
};
