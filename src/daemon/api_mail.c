/*
 * api_mail.c - what is sent, and what came in.
 */
#include "daemon/api_call.h"

#include "client/keys.h"
#include "client/resolve.h"
#include "proto/peer.h"

enum { FRESH_ASK_MS = 2000, QUIET_ROUNDS = 2 };

/* Send. */

static struct err *send_run(struct api_call *c);

/* A call that waits for the broker's word. */
struct sending {
	str client_message_id;
};

static void put_conflict(struct api_call *c, const struct outbox_answer *answer)
{
	struct json_out *j = &c->json;

	json_obj(j);
	json_put_bool(j, "ok", false);
	json_put_str(j, "error", S("idempotency_key_reused"));
	json_put_str(j, "conflict", answer->conflict);
	json_put_str(j, "detail",
		     arena_printf(c->arena, "the id '%.*s' was used before: %.*s",
				  STRF(answer->client_message_id), STRF(answer->conflict)));
	json_put_str(j, "client_message_id", answer->client_message_id);
	json_put_str(j, "daemon_fingerprint_prefix", answer->fingerprint_prefix);
	json_put_str(j, "broker_message_id",
		     str_empty(answer->broker_message_id) ? STR_NONE : answer->broker_message_id);
	if (!str_empty(answer->reason))
		json_put_str(j, "reason", answer->reason);
	api_done(c, 409);
}

static bool is_post(const struct api_call *c)
{
	const struct local_send_args *in = c->args;

	return str_starts(str_trim(in->to), S("#"));
}

/* What only posts have: which key they went out under, and what the broker did with them. */
static void put_post(struct api_call *c, const struct json *ack, const struct strs *left_out)
{
	static const char *const numbers[] = { "epoch", "seq", "notifications" };
	struct json_out *j = &c->json;

	json_put_opt(j, "topic_id", json_get_str(ack, S("topicId")));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (json_get(ack, str_from(numbers[i])))
			json_put_int(j, numbers[i], json_get_int(ack, str_from(numbers[i]), 0));
	if (!left_out || !left_out->n)
		return;
	json_key(j, S("left_out"));
	json_arr(j);
	for (size_t i = 0; i < left_out->n; i++)
		json_str(j, left_out->items[i]);
	json_arr_end(j);
}

/* Whom the message is for, as far as the kept list of peers tells. */
static void put_target(struct api_call *c)
{
	const struct local_send_args *in = c->args;
	const struct roster *roster;
	const struct peers_list_args none = { 0 };
	struct mesh_keys_args keys;
	struct target to;
	struct mesh *m;

	if (api_mesh(c, in->mesh, &m))
		return;
	if (is_post(c)) {
		json_put_str(&c->json, "target", str_trim(in->to));
		return;
	}
	roster = meshes_kept_roster(c->daemon->meshes, m);
	if (resolve_target(c->arena, roster ? &roster->list : &none, m->member_pubkey, in->to, &to))
		return;
	json_put_str(&c->json, "target", to.spec);
	json_put_str(&c->json, "name", str_empty(to.name) ? STR_NONE : to.name);
	json_put_bool(&c->json, "listed", to.listed);
	if (to.kind != TARGET_KEY || !roster ||
	    keys_load(c->arena, c->daemon->paths, m->mesh_id, &keys))
		return;
	json_put_bool(&c->json, "recipientOnline", to.online);
	for (size_t i = 0; i < roster->list.members.n; i++)
		if (str_eq(roster->list.members.items[i].pubkey, to.member_pubkey))
			json_put_bool(&c->json, "verified",
				      member_is_verified(c->arena, &roster->list.members.items[i],
							 m->mesh_id, keys.owner_pubkey));
}

/* status: queued, inflight, done or dead. ack: the broker's, if it is at hand. */
static void put_accepted(struct api_call *c, const struct outbox_answer *answer, bool duplicate,
			 const struct json *ack, const struct strs *left_out)
{
	struct json_out *j = api_ok(c);
	bool done = answer->status == OUTBOX_DONE;

	json_put_str(j, "client_message_id", answer->client_message_id);
	json_put_str(j, "status",
		     answer->status == OUTBOX_PENDING
			     ? S("queued")
			     : str_from(outbox_status_words[answer->status]));
	if (done)
		json_put_str(j, "broker_message_id", answer->broker_message_id);
	if (!str_empty(answer->reason))
		json_put_str(j, "reason", answer->reason);
	json_put_bool(j, "duplicate", duplicate);
	put_target(c);
	json_put_opt(j, "delivery", json_get_str(ack, S("delivery")));
	if (json_get(ack, S("recipients")))
		json_put_int(j, "recipients", json_get_int(ack, S("recipients"), 0));
	if (is_post(c))
		put_post(c, ack, left_out);
	api_done(c, done ? 200 : 202);
}

/* What the outbox says now. */
static void answer_now(struct api_call *c, const struct json *ack, const struct strs *left_out)
{
	const struct sending *s = c->state;
	const struct outbox_answer *answer = NULL;
	struct err *e = outbox_check(c->daemon->outbox, c->arena, s->client_message_id, STR_NONE,
				     STR_NONE, &answer);

	if (!e && !answer)
		e = FAIL(c->arena, INTERNAL, "an accepted message is not in the outbox");
	if (e)
		api_fail(c, e);
	else
		put_accepted(c, answer, false, ack, left_out);
}

static void on_send_timeout(void *arg)
{
	answer_now(arg, NULL, NULL);
}

static bool waits_for(const struct api_call *c, str client_message_id)
{
	const struct sending *s = c->state;

	return c->route->run == send_run && s && str_eq(s->client_message_id, client_message_id);
}

void api_on_heard(void *arg, str client_message_id, const struct json *ack, const struct strs *left_out)
{
	struct api *api = arg;

	for (struct api_call *c = api->calls, *next; c; c = next) {
		next = c->next;
		if (waits_for(c, client_message_id))
			answer_now(c, ack, left_out);
	}
}

/* Who posts waits for the broker's word only where it may come soon. */
static bool is_connected(struct api_call *c)
{
	const struct local_send_args *in = c->args;
	struct session *s = api_session(c);
	struct mesh *m;
	struct route *r;

	if (api_mesh(c, in->mesh, &m))
		return false;
	r = meshes_route(c->daemon->meshes, m->mesh_id, s ? s->pubkey : STR_NONE);
	return r && route_get_state(r) == ROUTE_OPEN;
}

static void on_accepted(void *arg, const struct err *e, const struct outbox_answer *answer)
{
	struct api_call *c = arg;
	const struct local_send_args *in = c->args;
	struct sending *s;

	if (e) {
		api_fail(c, e);
	} else if (answer->http == 409) {
		put_conflict(c, answer);
	} else if (answer->http == 200 || !in->wait_ms || (is_post(c) && !is_connected(c))) {
		put_accepted(c, answer, !answer->is_new, NULL, NULL);
	} else {
		s = NEW(c->arena, struct sending);
		s->client_message_id = arena_dup(c->arena, answer->client_message_id);
		c->state = s;
		c->timer = loop_timer_new(c->daemon->loop, on_send_timeout, c);
		loop_timer_set(c->timer, in->wait_ms);
	}
}

static struct err *send_run(struct api_call *c)
{
	const struct local_send_args *in = c->args;
	struct accept_request rq = {
		.to = in->to,
		.message = in->message,
		.priority = in->priority,
		.reply_to_id = in->reply_to_id,
		.client_message_id = str_empty(c->idempotency_key) ? in->client_message_id
								   : c->idempotency_key,
		.mesh = in->mesh,
		.meta = in->meta,
		.plaintext = in->plaintext,
		.session = api_session(c),
	};
	struct mesh *m;

	/* A session sends as itself, in its own mesh. */
	if (c->is_session) {
		TRY(api_mesh(c, in->mesh, &m));
		rq.mesh = m->slug;
	}
	accept_send(c->daemon->accept, &rq, on_accepted, c);
	return NULL;
}

/* Inbox. */

struct reading {
	struct inbox_filter filter;
	i64 until_ms;   /* of settling, then of waiting */
	i64 last_event; /* when the last round of questions began */
	size_t asked;   /* answers that are still to come */
	int quiet;      /* rounds in a row during which nothing came */
	struct events_reader *reader;
	struct loop_task task;
};

static struct err *read_filter(struct api_call *c, struct inbox_filter *ret)
{
	const struct local_inbox_args *in = c->args;

	*ret = (struct inbox_filter){
		.view = c->view,
		.topic = in->topic,
		.from = in->from,
		.unread_only = in->unread_only,
		.oldest_first = in->oldest_first,
		.limit = in->limit,
	};
	if (!str_empty(in->since) && !time_from_iso(in->since, &ret->since_ms))
		return FAIL(c->arena, BAD_REQUEST, "field 'since': not an ISO time");
	return api_mesh_filter(c, in->mesh, &ret->mesh_id);
}

/* What was listed counts as read, unless mark_seen=false. */
static struct err *mark_listed(struct api_call *c, const struct inbox_rows *rows, i64 *ret_marked)
{
	const struct local_inbox_args *in = c->args;
	str *ids = NEW_ARRAY(c->arena, str, rows->n);
	size_t n = 0;

	*ret_marked = 0;
	if (str_eq(in->mark_seen, S("false")) || str_eq(in->mark_seen, S("0")))
		return NULL;
	for (size_t i = 0; i < rows->n; i++)
		if (!rows->items[i].seen_ms)
			ids[n++] = rows->items[i].id;
	if (!n)
		return NULL;
	TRY(inbox_mark_seen(c->daemon->inbox, c->arena, &c->view, ids, n, ret_marked));
	return inbox_commit(c->daemon->inbox, c->arena);
}

static void reading_done(struct api_call *c)
{
	struct reading *r = c->state;

	events_leave(r->reader);
	loop_task_cancel(&r->task);
}

static struct err *answer_rows(struct api_call *c, const struct inbox_rows *rows)
{
	struct json_out *j;
	i64 marked;

	TRY(mark_listed(c, rows, &marked));
	j = api_ok(c);
	json_key(j, S("items"));
	json_arr(j);
	for (size_t i = 0; i < rows->n; i++)
		inbox_row_json(c->arena, j, &rows->items[i]);
	json_arr_end(j);
	json_put_int(j, "marked_seen", marked);
	api_done(c, 200);
	return NULL;
}

/* Lists; nothing there and time left: goes on waiting. */
static void list_now(struct api_call *c, bool final)
{
	struct reading *r = c->state;
	struct inbox_rows rows;
	struct err *e = inbox_list(c->daemon->inbox, c->arena, &r->filter, &rows);

	if (!e && !rows.n && !final && r->reader)
		return;
	if (!e)
		e = answer_rows(c, &rows);
	if (e)
		api_fail(c, e);
}

static void on_waited(void *arg)
{
	list_now(arg, true);
}

/* Something happened; was it a message? */
static void on_event(void *arg)
{
	struct api_call *c = arg;
	struct reading *r = c->state;
	struct event ev;
	bool message = false;

	while (events_take(r->reader, c->arena, &ev))
		message |= strcmp(ev.kind, "message") == 0;
	if (message)
		list_now(c, false);
}

static void wait_for_mail(struct api_call *c)
{
	const struct local_inbox_args *in = c->args;
	struct reading *r = c->state;
	struct err *e = NULL;

	if (in->wait_ms)
		e = events_join(c->arena, c->daemon->events, &c->view, -1, on_event, c, &r->reader);
	if (e) {
		api_fail(c, e);
		return;
	}
	if (in->wait_ms) {
		loop_timer_free(c->timer);
		c->timer = loop_timer_new(c->daemon->loop, on_waited, c);
		loop_timer_set(c->timer, in->wait_ms);
	}
	list_now(c, false);
}

/* Settling: rounds of questions to the brokers, until nothing comes any more. What a broker
 * pushed before it answers is in the inbox by then; what our acks made room for may come after
 * the next answer, not after the one that follows. */

static void ask_round(struct api_call *c);

static void round_over(void *arg)
{
	struct api_call *c = arg;
	struct reading *r = c->state;

	r->quiet = inbox_last_event(c->daemon->inbox) == r->last_event ? r->quiet + 1 : 0;
	if (r->quiet == QUIET_ROUNDS || loop_now_ms(c->daemon->loop) >= r->until_ms)
		wait_for_mail(c);
	else
		ask_round(c);
}

static void on_asked(void *arg, const struct err *e, const struct json *reply)
{
	struct api_call *c = arg;
	struct reading *r = c->state;

	if (--r->asked == 0)
		loop_next_turn(c->daemon->loop, &r->task);
}

static void ask_round(struct api_call *c)
{
	struct reading *r = c->state;
	i64 left = MAX(1, r->until_ms - loop_now_ms(c->daemon->loop));
	struct list_peers_args none = { 0 };
	struct mesh *m;

	r->last_event = inbox_last_event(c->daemon->inbox);
	r->asked = 1;
	for (size_t i = 0; (m = meshes_at(c->daemon->meshes, i)); i++) {
		if (!str_empty(r->filter.mesh_id) && !str_eq(r->filter.mesh_id, m->mesh_id))
			continue;
		r->asked++;
		meshes_ask(c->daemon->meshes, m, "list_peers", list_peers_fields, &none,
			   MIN(left, FRESH_ASK_MS), on_asked, c);
	}
	on_asked(c, NULL, NULL);
}

static struct err *inbox_run(struct api_call *c)
{
	const struct local_inbox_args *in = c->args;
	struct reading *r = NEW(c->arena, struct reading);

	c->state = r;
	c->cleanup = reading_done;
	r->task = (struct loop_task){ .fn = round_over, .arg = c };
	TRY(read_filter(c, &r->filter));
	r->until_ms = loop_now_ms(c->daemon->loop) + in->settle_ms;
	if (in->settle_ms)
		ask_round(c);
	else
		wait_for_mail(c);
	return NULL;
}

static struct err *find_run(struct api_call *c)
{
	struct inbox_row row;
	struct json_out *j;

	TRY(inbox_find(c->daemon->inbox, c->arena, &c->view, c->param, &row));
	j = api_ok(c);
	json_key(j, S("item"));
	inbox_row_json(c->arena, j, &row);
	api_done(c, 200);
	return NULL;
}

static struct err *seen_run(struct api_call *c)
{
	const struct local_ids_args *in = c->args;
	i64 marked;

	TRY(inbox_mark_seen(c->daemon->inbox, c->arena, &c->view, in->ids.items, in->ids.n, &marked));
	TRY(inbox_commit(c->daemon->inbox, c->arena));
	json_put_int(api_ok(c), "marked_seen", marked);
	api_done(c, 200);
	return NULL;
}

static struct err *clear_run(struct api_call *c)
{
	const struct local_clear_args *in = c->args;
	i64 before = 0, removed;
	str mesh_id;

	if (!str_empty(in->before) && !time_from_iso(in->before, &before))
		return FAIL(c->arena, BAD_REQUEST, "field 'before': not an ISO time");
	TRY(api_mesh_filter(c, in->mesh, &mesh_id));
	TRY(inbox_clear(c->daemon->inbox, c->arena, &c->view, mesh_id, before, &removed));
	TRY(inbox_commit(c->daemon->inbox, c->arena));
	json_put_int(api_ok(c), "removed", removed);
	api_done(c, 200);
	return NULL;
}

static struct err *delete_run(struct api_call *c)
{
	struct json_out *j;

	TRY(inbox_delete(c->daemon->inbox, c->arena, &c->view, c->param));
	TRY(inbox_commit(c->daemon->inbox, c->arena));
	j = api_ok(c);
	json_put_int(j, "removed", 1);
	json_put_str(j, "id", c->param);
	api_done(c, 200);
	return NULL;
}

#define ARGS(id) local_##id##_fields, sizeof(struct local_##id##_args)

const struct api_route api_mail_routes[] = {
	{ "POST", "/v1/send", ARGS(send), 256 << 10, API_ANYONE, send_run,
	  "Accepts a message: on disk when it is answered." },
	{ "GET", "/v1/inbox", ARGS(inbox), 0, API_ANYONE, inbox_run,
	  "Messages, newest first; they count as read from then on." },
	{ "GET", "/v1/inbox/<id>", NULL, 0, 0, API_ANYONE, find_run,
	  "One message, by its id or the beginning of one." },
	{ "POST", "/v1/inbox/seen", ARGS(ids), 64 << 10, API_ANYONE, seen_run,
	  "These were read." },
	{ "DELETE", "/v1/inbox", ARGS(clear), 0, API_ANYONE, clear_run,
	  "Forgets messages that this caller may see." },
	{ "DELETE", "/v1/inbox/<id>", NULL, 0, 0, API_ANYONE, delete_run, "Forgets one message." },
	{ 0 }
};
