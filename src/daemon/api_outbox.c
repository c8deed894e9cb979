/*
 * api_outbox.c - what was promised: its rows, sending one again under a new id, and what became
 * of a message at its recipients.
 */
#include "daemon/api_call.h"

#include "proto/receipt.h"

enum { ASK_MS = 5000, ASK_AGAIN_MS = 100 };

static void put_time(struct api_call *c, const char *key, i64 ms)
{
	json_put_str(&c->json, key, ms ? time_iso(c->arena, ms) : STR_NONE);
}

static str or_null(str s)
{
	return str_empty(s) ? STR_NONE : s;
}

static void put_row(struct api_call *c, const struct outbox_row *row)
{
	struct json_out *j = &c->json;

	json_obj(j);
	json_put_str(j, "id", row->id);
	json_put_str(j, "client_message_id", row->client_message_id);
	json_put_str(j, "status", str_from(outbox_status_words[row->status]));
	json_put_str(j, "mesh", row->mesh);
	json_put_str(j, "to", row->to);
	json_put_int(j, "attempts", row->attempts);
	put_time(c, "enqueued_at", row->enqueued_ms);
	put_time(c, "next_attempt_at", row->next_attempt_ms);
	put_time(c, "delivered_at", row->delivered_ms);
	json_put_str(j, "broker_message_id", or_null(row->broker_message_id));
	json_put_str(j, "last_error", or_null(row->last_error));
	put_time(c, "aborted_at", row->aborted_ms);
	json_put_str(j, "aborted_by", or_null(row->aborted_by));
	json_put_str(j, "superseded_by", or_null(row->superseded_by));
	json_put_int(j, "payload_bytes", row->payload_bytes);
	json_obj_end(j);
}

static struct err *list_run(struct api_call *c)
{
	const struct local_outbox_args *in = c->args;
	struct outbox_filter f = { .session_pubkey = c->view.session_pubkey, .limit = in->limit };
	struct outbox_rows rows;

	for (int i = OUTBOX_PENDING; i <= OUTBOX_ABORTED; i++)
		if (str_eq(in->status, str_from(outbox_status_words[i])))
			f.status = (enum outbox_status)i;
	if (str_eq(in->status, S("failed")))
		f.status = OUTBOX_DEAD;
	if (!str_empty(in->status) && f.status == OUTBOX_ANY)
		return FAIL(c->arena, BAD_REQUEST,
			    "field 'status': pending, inflight, done, dead or aborted");
	TRY(outbox_list(c->daemon->outbox, c->arena, &f, &rows));
	json_key(api_ok(c), S("items"));
	json_arr(&c->json);
	for (size_t i = 0; i < rows.n; i++)
		put_row(c, &rows.items[i]);
	json_arr_end(&c->json);
	api_done(c, 200);
	return NULL;
}

static struct err *requeue_run(struct api_call *c)
{
	const struct local_requeue_args *in = c->args;
	str by = str_empty(in->aborted_by) ? S("operator") : in->aborted_by;
	struct outbox_row old, new;
	struct json_out *j;

	TRY(outbox_requeue(c->daemon->outbox, c->arena, in->id, in->new_client_message_id, by,
			   c->view.session_pubkey, &old, &new));
	TRY(outbox_commit(c->daemon->outbox, c->arena));
	drain_wake(c->daemon->drain);
	j = api_ok(c);
	json_put_str(j, "aborted_row_id", old.id);
	json_put_str(j, "new_row_id", new.id);
	json_put_str(j, "new_client_message_id", new.client_message_id);
	api_done(c, 200);
	return NULL;
}

/* What became of a message: asked of the broker until every recipient has a last word. */

struct asking {
	struct mesh *mesh;
	str mesh_id;
	i64 until_ms;
};

static void ask(void *arg);

static bool is_settled(const struct message_status_result_args *r)
{
	for (size_t i = 0; i < r->recipients.n; i++)
		if (r->recipients.items[i].state < DELIVERY_DELIVERED)
			return r->delivered;
	return true;
}

static void on_status(void *arg, const struct err *e, const struct json *reply)
{
	struct api_call *c = arg;
	struct asking *s = c->state;
	struct message_status_result_args result;
	bool settled;

	if (!e && json_decode(c->arena, reply, message_status_result_fields, &result, sizeof(result),
			      NULL))
		e = FAIL(c->arena, NETWORK, "the broker's answer makes no sense");
	if (e) {
		api_fail(c, e);
		return;
	}
	settled = is_settled(&result);
	if (!settled && loop_now_ms(c->daemon->loop) < s->until_ms) {
		loop_timer_set(c->timer, ASK_AGAIN_MS);
		return;
	}
	json_put_bool(api_ok(c), "settled", settled);
	json_encode(&c->json, message_status_result_fields, &result);
	api_done(c, 200);
}

static void ask(void *arg)
{
	struct api_call *c = arg;
	struct asking *s = c->state;
	struct message_status_args args = { .messageId = c->param };
	struct mesh *m = meshes_get(c->daemon->meshes, s->mesh_id);
	struct session *session = api_session(c);
	struct route *route = session ? meshes_route(c->daemon->meshes, s->mesh_id, session->pubkey)
				      : NULL;

	if (!m)
		api_fail(c, FAIL(c->arena, GONE, "the mesh was left"));
	else if (route)
		route_ask(route, "message_status", message_status_fields, &args, ASK_MS, on_status, c);
	else
		meshes_ask(c->daemon->meshes, m, "message_status", message_status_fields, &args, ASK_MS,
			   on_status, c);
}

static struct err *status_run(struct api_call *c)
{
	const struct local_wait_args *in = c->args;
	struct asking *s = NEW(c->arena, struct asking);

	c->state = s;
	TRY(api_mesh(c, in->mesh, &s->mesh));
	s->mesh_id = arena_dup(c->arena, s->mesh->mesh_id);
	s->until_ms = loop_now_ms(c->daemon->loop) + in->wait_ms;
	c->timer = loop_timer_new(c->daemon->loop, ask, c);
	ask(c);
	return NULL;
}

#define ARGS(id) local_##id##_fields, sizeof(struct local_##id##_args)

const struct api_route api_outbox_routes[] = {
	{ "GET", "/v1/outbox", ARGS(outbox), 0, API_ANYONE, list_run, "What is to be sent and was." },
	{ "POST", "/v1/outbox/requeue", ARGS(requeue), 4096, API_ANYONE, requeue_run,
	  "Sends a message again under a new id." },
	{ "GET", "/v1/messages/<id>", ARGS(wait), 0, API_ANYONE, status_run,
	  "What became of a message at its recipients." },
	{ 0 }
};
