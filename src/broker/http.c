#include "broker/http.h"

#include "base/log.h"
#include "broker/account.h"
#include "broker/http_answer.h"
#include "broker/rest.h"
#include "broker/routes.h"
#include "engine/op.h"
#include "engine/prove.h"

#include <unistd.h>

/* A call while its signatures are checked; lives in its arena. */
struct call {
	struct http *http;
	struct arena *arena;
	struct pool_job job;
	struct conn_id id;
	const struct op *op;
	str body, param;
	bool may_create, legacy_auth;
	struct session_proof session;
	char address[ADDRESS_LEN_MAX];
	struct proof proof;
	struct err *error;
};

struct http *http_new(const struct http_env *env)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->env = *env;
	h->started_ms = clock_mono_ms(env->clock);
	return h;
}

void http_free(struct http *h)
{
	struct route_tally *t, *next;

	if (!h)
		return;
	HASH_ITER(hh, h->tallies, t, next) {
		HASH_DEL(h->tallies, t);
		free(t);
	}
	buf_done(&h->openapi);
	free(h);
}

void http_set_server(struct http *h, struct server *sv, str base)
{
	h->server = sv;
	h->base = base;
}

/* Answers if the shard can take no call now. rq may be NULL: its caller is gone. */
static bool is_busy(struct http *h, struct server_request *rq, const struct op *op, unsigned shard)
{
	bool ended = hub_has_ended(h->env.hub);

	if (!ended && !hub_is_full(h->env.hub, shard))
		return false;
	if (rq)
		http_fail(h, rq, op->flags & OP_OK_FALSE,
			  FAIL(rq->arena, TRY_AGAIN,
			       ended ? "the broker is shutting down" : "the broker is busy"));
	return true;
}

/* A connection has one call at a time, so there is nothing to hold back when the queue is
 * full; the next calls are refused. */
static void submit(struct http *h, unsigned shard, struct event *ev)
{
	if (!hub_submit(h->env.hub, shard, ev))
		log_debug("the engine's queue is full");
}

static void too_often(struct http *h, struct server_request *rq)
{
	struct err *e = FAIL(rq->arena, RATE_LIMIT, "too many from here; wait a minute");

	h->hooks_limited++;
	http_fail(h, rq, true, err_word(e, S("rate limited")));
}

/* The connection that an OP_PLACE call is about; answers if there is none. */
static struct place *find_place(const struct call *c, struct server_request *rq)
{
	struct http *h = c->http;
	struct place *p = NULL;

	if (policy_is_direct(h->env.policy, rq) && c->proof.has_place)
		p = places_find(h->env.places, str_from(rq->peer->text), c->proof.place);
	if (!p) {
		http_fail(h, rq, true, FAIL(rq->arena, NOT_FOUND, NO_PLACE_TEXT));
		return NULL;
	}
	places_give_back(h->env.places, str_from(c->address));
	if (place_charge(p, clock_mono_ms(h->env.clock)))
		return p;
	too_often(h, rq);
	return NULL;
}

static void call_submit(struct call *c, struct server_request *rq)
{
	struct http *h = c->http;
	struct place *place = NULL;
	unsigned shard = SHARD_HOUSE;
	struct event *ev;

	if (c->op->flags & OP_PLACE) {
		place = find_place(c, rq);
		if (!place)
			return;
		shard = place->shard;
	}
	if (is_busy(h, rq, c->op, shard))
		return;
	ev = event_new(EVENT_CALL, conn_ref_of(c->id), c->body, c->param);
	ev->op = c->op;
	ev->proof = c->proof;
	ev->proof.session = c->session;
	ev->legacy_auth = c->legacy_auth;
	ev->may_create = c->may_create;
	http_request_id(rq, ev);
	memcpy(ev->address, c->address, sizeof(ev->address));
	if (place)
		ev->about = conn_ref_of(place->conn);
	submit(h, shard, ev);
}

static void call_prove(void *arg)
{
	struct call *c = arg;

	c->error = prove_call(c->arena, c->op, c->body, c->param, clock_ms(c->http->env.clock),
			      &c->proof);
}

static void call_proved(void *arg)
{
	struct call *c = arg;
	struct server_request *rq = server_request_get(c->http->server, c->id);

	if (rq && c->error)
		http_fail(c->http, rq, c->op->flags & OP_OK_FALSE, c->error);
	else if (rq)
		call_submit(c, rq);
	arena_free(c->arena);
}

static void call_start(struct http *h, struct server_request *rq, const struct op *op, str param)
{
	str account = policy_account(rq->arena, rq->peer);
	struct account_call who;
	struct err *refused = account_call_take(h, rq, op, &who);
	struct arena *a;
	struct call *c;

	if (refused) {
		http_fail(h, rq, op->flags & OP_OK_FALSE, refused);
		return;
	}
	h->hooks += op->flags & OP_PLACE ? 1 : 0;
	/* A lie until it is known whom it is about; then it is given back. */
	if (op->flags & OP_PLACE &&
	    !places_charge(h->env.places, account, clock_mono_ms(h->env.clock))) {
		too_often(h, rq);
		return;
	}
	a = arena_new();
	c = NEW(a, struct call);
	c->http = h;
	c->arena = a;
	c->id = rq->id;
	c->op = op;
	c->body = arena_dup(a, who.body);
	c->session = who.session;
	c->legacy_auth = who.legacy;
	c->param = arena_dup(a, param);
	c->may_create = str_eq(str_from(op->name), S("invite_create"))
				? policy_may_invite(h->env.policy, rq)
				: policy_may_create(h->env.policy, rq);
	snprintf(c->address, sizeof(c->address), "%.*s", STRF(account));
	c->job = (struct pool_job){ .run = call_prove, .done = call_proved, .arg = c };
	if (op->prove) {
		pool_start(h->env.pool, &c->job);
		return;
	}
	call_submit(c, rq);
	arena_free(a);
}

/* What a browser may do without asking first is no JSON; so JSON it must be, if it says. */
static bool is_wrong_type(const struct server_request *rq)
{
	str type = http_header_get(rq->head, S("content-type"));

	return rq->body.len && type.ptr && !policy_is_json(type);
}

/* Who reached the socket in the data directory, which nobody else may open. */
static bool http_is_admin(const struct server_request *rq)
{
	return rq->peer->is_unix && (rq->peer->uid == (i64)geteuid() || rq->peer->uid == 0);
}

static void no_route(struct http *h, struct server_request *rq, const struct route_match *m)
{
	struct arena *a = rq->arena;
	str path = rq->head->path;

	if (m->status == 405)
		http_answer_allow(h, rq, m->allow);
	else if (m->status == 400)
		http_fail(h, rq, false, FAIL(a, BAD_REQUEST, "a broken escape in the path"));
	else if (m->nearest.len)
		http_fail(h, rq, false,
			  FAIL(a, NOT_FOUND, "nothing at '%.*s', did you mean %.*s?", STRF(path),
			       STRF(m->nearest)));
	else
		http_fail(h, rq, false, FAIL(a, NOT_FOUND, "nothing at '%.*s'", STRF(path)));
}

void http_on_head(struct http *h, struct server_request *rq)
{
	rest_on_head(h, rq);
}

void http_on_request(struct http *h, struct server_request *rq)
{
	struct http_note *note = http_note_take(h, rq);
	struct route_match m;
	const struct op *op;

	if (rest_on_request(h, rq))
		return;
	if (str_eq(rq->head->method, S("OPTIONS"))) {
		http_answer(h, rq, 204, STR_NONE);
		return;
	}
	m = route_find(rq->arena, rq->head->method, rq->head->path);
	if (!m.route) {
		no_route(h, rq, &m);
		return;
	}
	note->route = m.route->pattern;
	note->param = m.param;
	note->page = m.route->op ? m.route->answer : NULL;
	if (!m.route->op) {
		m.route->answer(h, rq, m.param);
		return;
	}
	op = op_find(str_from(m.route->op), OP_CALL);
	if (op && (op->flags & OP_ADMIN) != 0 && !http_is_admin(rq)) {
		m = (struct route_match){ .status = 404 };
		no_route(h, rq, &m);
		return;
	}
	if (!op)
		http_fail(h, rq, false,
			  FAIL(rq->arena, NOT_SUPPORTED, "this broker has no '%s'", m.route->op));
	else if (op->flags & OP_OWN_PAGE && !policy_origin_ok(h->env.policy, rq))
		http_fail(h, rq, false, FAIL(rq->arena, FORBIDDEN, "a page of another site may not ask this"));
	else if (is_wrong_type(rq))
		http_answer_type(h, rq, op->flags & OP_OK_FALSE);
	else
		call_start(h, rq, op, m.param);
}

/* The house found out whose call it is. */
static void forward(struct http *h, struct server_request *rq, const struct effect *ef)
{
	struct event *ev = event_forwarded(block_str(ef->block));
	unsigned shard = (unsigned)ef->code;

	if (is_busy(h, rq, ev->op, shard))
		event_free(ev);
	else
		submit(h, shard, ev);
}

void http_apply(struct http *h, const struct effect *ef)
{
	struct server_request *rq = server_request_get(h->server, conn_id_of(ef->to[0]));

	struct http_note *note = rq ? rq->user : NULL;

	if (note && ef->kind == EFFECT_REPLY)
		note->retry_after_s = (i64)ef->mark;
	if (ef->kind == EFFECT_FORWARD)
		forward(h, rq, ef);
	else if (ef->kind == EFFECT_STREAM)
		rest_stream(h, rq, ef);
	else if (note && note->op)
		rest_answer(h, rq, ef->code, (i64)ef->mark, ef->block ? block_str(ef->block) : STR_NONE);
	else if (note && note->page)
		note->page(h, rq, ef->block ? block_str(ef->block) : STR_NONE);
	else if (rq)
		http_answer(h, rq, ef->code, ef->block ? block_str(ef->block) : STR_NONE);
}
