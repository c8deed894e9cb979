/*
 * audit_check.c - audit_verify: all rows of a mesh's chain, STEP_ROWS of them in a batch, so that
 * nobody waits for it and nothing of it stays in memory.
 *
 * It ends at the row that was the last when it began. Memory knows that row's hash, so that rows
 * which were taken off the end meanwhile, or by another hand since the mesh was loaded, are missed.
 */
#include "engine/audit.h"

#include "engine/prove.h"
#include "engine/req.h"
#include "proto/audit.h"

enum {
	STEP_ROWS = 256,
	STEP_MS = 1,                          /* not in the same batch */
};

struct audit_check {
	struct mesh *mesh;
	struct conn_ref to;
	struct timer timer;
	str req_id;
	struct audit_walk walk;
	struct audit_head end;
	i64 began_in;                         /* engine->batch_no */
};

void audit_check_free(struct mesh *m)
{
	struct audit_check *check = m->audit_check;

	if (!check)
		return;
	timer_clear(&m->engine->timers, &check->timer);
	own_free(&check->req_id);
	free(check);
	m->audit_check = NULL;
}

void audit_check_undo(struct mesh *m)
{
	if (m->audit_check && m->audit_check->began_in == m->engine->batch_no)
		audit_check_free(m);
}

static void answer(struct audit_check *check, i64 broken_at)
{
	struct audit_verify_result_args out = {
		.valid = !broken_at, .entries = check->end.seq, .brokenAt = broken_at, ._reqId = check->req_id,
	};

	effects_send(check->mesh->engine->fx, check->to,
		     message_block("audit_verify_result", audit_verify_result_fields, &out), 0);
	audit_check_free(check->mesh);
}

static void fail(struct audit_check *check, struct err *e)
{
	struct engine *engine = check->mesh->engine;
	CLEANUP(buf_done) struct buf b = buf_make(FIELD_STR_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_opt(&o, "_reqId", check->req_id);
	json_obj_end(&o);
	effects_send(engine->fx, check->to, error_message(err_word(e, S("audit_verify_error")), buf_str(&b)), 0);
	audit_check_free(check->mesh);
}

i64 audit_walk(const struct mesh *m, const struct audit_row *rows, size_t n, i64 end, struct audit_walk *walk)
{
	for (size_t i = 0; i < n && walk->seq < end; i++) {
		u8 hash[AUDIT_HASH_BYTES];

		audit_row_hash(m->engine->batch, m, &rows[i], walk->seq ? walk->hash : NULL, hash);
		if (rows[i].seq != walk->seq + 1 || !str_eq(rows[i].hash, str_of(hash, sizeof(hash))))
			return walk->seq + 1;
		memcpy(walk->hash, hash, sizeof(hash));
		walk->seq++;
	}
	return 0;
}

static void step(void *context, void *owner)
{
	struct engine *e = context;
	struct audit_check *check = owner;
	struct audit_row *rows;
	struct err *failed;
	i64 broken_at;
	size_t n;

	if (!presence_of(e, check->to)) {
		audit_check_free(check->mesh);
		return;
	}
	check->mesh->touched_in = e->batch_no;
	failed = store_audit_after(e->store, e->batch, check->mesh->no, check->walk.seq, STEP_ROWS, &rows, &n);
	if (failed) {
		fail(check, failed);
		return;
	}
	broken_at = audit_walk(check->mesh, rows, n, check->end.seq, &check->walk);
	if (broken_at)
		answer(check, broken_at);
	else if (check->walk.seq < check->end.seq && n)
		timer_set(&e->timers, &check->timer, e->mono_ms + STEP_MS);
	else if (check->walk.seq < check->end.seq)
		answer(check, check->walk.seq + 1);
	else
		answer(check, memcmp(check->walk.hash, check->end.hash, AUDIT_HASH_BYTES) != 0 ? check->walk.seq : 0);
}

struct err *audit_check_start(struct req *rq, str req_id)
{
	struct mesh *m = rq->from->mesh;
	struct audit_check *check;

	if (m->audit_check)
		return FAIL(rq->arena, RATE_LIMIT, "the log of this mesh is being verified; ask again when that is done");
	check = calloc(1, sizeof(*check));
	if (!check)
		abort();
	check->mesh = m;
	check->to = rq->event->from;
	check->timer = (struct timer){ .fn = step, .owner = check };
	check->end = m->audit;
	check->began_in = rq->engine->batch_no;
	own_str(&check->req_id, req_id);
	m->audit_check = check;
	timer_set(&rq->engine->timers, &check->timer, rq->engine->mono_ms + STEP_MS);
	/* Where it ends is stored, or the check has not begun. */
	engine_commit(rq->engine);
	return NULL;
}
