#include "broker/gate.h"

#include <utlist.h>

#include "base/log.h"
#include "broker/proving.h"
#include "engine/prove.h"
#include "json/json.h"

enum { VISITOR_MAGIC = 0x6d766973 };
#define PAGE_CHALLENGE S("challenge=")

enum visitor_state {
	VISITOR_NEW,     /* may say hello */
	VISITOR_PROVING, /* a frame is on the pool */
	VISITOR_ASKED,   /* the engine decides */
	VISITOR_ADMITTED,
	VISITOR_CLOSING,
};

/* A push whose way out the engine wants to hear of. */
struct written_mark {
	u64 server, engine;
};

struct visitor {
	unsigned magic;
	struct gate *gate;
	struct ws_conn *conn;
	struct visitor *prev, *next;
	enum visitor_state state;
	bool known; /* the engine was told of it, and wants to hear of its end */
	bool is_page; /* its challenge is one that it asked for before */
	bool direct; /* its address is its own */
	bool has_place;
	u8 digest[PLACE_BYTES]; /* of what its hello tells of its place */
	struct place place;
	bool held;  /* reads nothing until the engine has room */
	unsigned shard; /* its engine, once it is known; the house for no mesh at all */
	char challenge[HELLO_CHALLENGE_LEN + 1];
	struct written_mark *marks; /* in order of both; from `first_mark` on */
	size_t first_mark, n_marks, cap_marks;
};

struct gate {
	struct gate_env env;
	struct server *server;
	struct visitor *visitors;
	i64 opened, hellos_refused[HELLO_REFUSAL_COUNT];
};

struct gate *gate_new(const struct gate_env *env)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->env = *env;
	return g;
}

void gate_set_server(struct gate *g, struct server *sv)
{
	g->server = sv;
}

static void visitor_free(struct visitor *v)
{
	DL_DELETE(v->gate->visitors, v);
	places_leave(v->gate->env.places, &v->place);
	v->magic = 0;
	free(v->marks);
	free(v);
}

void gate_free(struct gate *g)
{
	struct visitor *v, *next;

	if (!g)
		return;
	DL_FOREACH_SAFE(g->visitors, v, next)
		visitor_free(v);
	free(g);
}

static struct visitor *visitor_of(struct ws_conn *c)
{
	struct visitor *v = ws_conn_user(c);

	if (v->magic != VISITOR_MAGIC)
		abort();
	return v;
}

/* NULL if it is gone or closing. */
static struct visitor *visitor_get(struct gate *g, struct conn_id id)
{
	struct ws_conn *c = ws_conn_get(g->server, id);

	return c ? visitor_of(c) : NULL;
}

static const char *const state_names[] = { "new", "proving", "asked", "admitted", "closing" };

/* The only place that moves a visitor; its socket is read only where a frame can be used. */
static void visitor_set_state(struct visitor *v, enum visitor_state state)
{
	static const unsigned allowed[] = {
		[VISITOR_NEW] = 1u << VISITOR_PROVING,
		[VISITOR_PROVING] = 1u << VISITOR_NEW | 1u << VISITOR_ASKED,
		[VISITOR_ASKED] = 1u << VISITOR_ADMITTED,
		[VISITOR_ADMITTED] = 0,
		[VISITOR_CLOSING] = 0,
	};

	if (state != VISITOR_CLOSING && !(allowed[v->state] & 1u << state)) {
		log_error("visitor in the wrong state",
			  LOG_S("from", str_from(state_names[v->state])),
			  LOG_S("to", str_from(state_names[state])));
		abort();
	}
	v->state = state;
	if (state == VISITOR_CLOSING) {
		places_leave(v->gate->env.places, &v->place);
		return;
	}
	if (state == VISITOR_PROVING || state == VISITOR_ASKED || v->held)
		ws_conn_pause(v->conn);
	else
		ws_conn_resume(v->conn);
}

static void visitor_close(struct visitor *v, int code, str reason)
{
	visitor_set_state(v, VISITOR_CLOSING);
	ws_conn_close(v->conn, code, reason);
}

static void visitor_submit(struct visitor *v, struct event *ev)
{
	if (hub_submit(v->gate->env.hub, v->shard, ev))
		return;
	v->held = true;
	ws_conn_pause(v->conn);
}

/* A page names the challenge that it asked for before. False: not a good one, or another query. */
static bool page_challenge(struct gate *g, const struct server_request *rq, str *ret_challenge)
{
	str query = rq->head->query;

	*ret_challenge = STR_NONE;
	if (!str_starts(query, PAGE_CHALLENGE))
		return !query.len;
	*ret_challenge = str_skip(query, PAGE_CHALLENGE.len);
	return g->env.challenges && challenges_ok(g->env.challenges, *ret_challenge);
}

void gate_on_upgrade(struct gate *g, struct server_request *rq, struct ws_answer *answer)
{
	struct http_header *header;
	str challenge;

	if (!policy_origin_ok(g->env.policy, rq)) {
		answer->status = 403;
		answer->why = "a page of another site may not connect";
		return;
	}
	if (!page_challenge(g, rq, &challenge)) {
		answer->status = 403;
		answer->why = "this challenge was used or is too old; ask for another";
		return;
	}
	header = NEW(rq->arena, struct http_header);
	header->name = S("Claudemesh-Challenge");
	header->value = challenge.len ? challenge : hello_challenge(rq->arena, g->env.random);
	rq->user = header;
	answer->headers = header;
	answer->n_headers = 1;
}

void gate_on_open(struct gate *g, struct ws_conn *c, struct server_request *rq)
{
	const struct http_header *header = rq->user;
	struct visitor *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	g->opened++;
	v->magic = VISITOR_MAGIC;
	v->gate = g;
	v->conn = c;
	snprintf(v->challenge, sizeof(v->challenge), "%.*s", STRF(header->value));
	v->is_page = str_starts(rq->head->query, PAGE_CHALLENGE);
	v->direct = policy_is_direct(g->env.policy, rq);
	DL_APPEND(g->visitors, v);
	ws_conn_set_user(c, v);
}

static void say_hello(struct visitor *v, const struct proving *p)
{
	struct event *ev = event_new(EVENT_HELLO, conn_ref_of(p->id), p->frame, STR_NONE);

	ev->proof = p->proof;
	v->has_place = v->direct && p->proof.has_place;
	memcpy(v->digest, p->proof.place, sizeof(v->digest));
	v->known = true;
	if (p->proof.mesh_id[0])
		v->shard = mesh_shard(str_from(p->proof.mesh_id), v->gate->env.shards);
	visitor_set_state(v, VISITOR_ASKED);
	visitor_submit(v, ev);
}

static void refuse_hello(struct visitor *v, str word)
{
	v->gate->hellos_refused[counter_of(hello_refusal_words, word)]++;
	visitor_close(v, WS_POLICY, word);
}

/* False after having closed it. */
static bool use_challenge(struct visitor *v, const struct proving *p)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct challenges *all = v->gate->env.challenges;

	switch (challenges_use(all, str_from(v->challenge), str_from(p->proof.pubkey),
			       policy_account(a, ws_conn_peer(v->conn)))) {
	case CHALLENGE_USED: return true;
	case CHALLENGE_WAS_USED: refuse_hello(v, S("replayed")); break;
	case CHALLENGE_FULL: refuse_hello(v, S("capacity")); break;
	}
	return false;
}

static void on_proved(void *arg, const struct proving *p)
{
	struct gate *g = arg;
	struct visitor *v = visitor_get(g, p->id);

	if (!v || v->state != VISITOR_PROVING)
		return;
	switch (p->verdict) {
	case VERDICT_GOOD:
		if (!v->is_page || use_challenge(v, p))
			say_hello(v, p);
		break;
	case VERDICT_STRAY:
		visitor_set_state(v, VISITOR_NEW);
		ws_conn_send_block(v->conn, p->error);
		break;
	case VERDICT_REFUSED:
		log_info("hello refused", LOG_S("code", str_from(p->word)),
			 LOG_S("error", str_from(p->text)),
			 LOG_S("peer", str_from(ws_conn_peer(v->conn)->text)));
		ws_conn_send_block(v->conn, p->error);
		refuse_hello(v, str_from(p->word));
		break;
	}
}

/* A second hello: answered here, so that it can never reach what the first one made. */
static bool refuse_second_hello(struct visitor *v, str message)
{
	CLEANUP(arena_freep) struct arena *a = NULL;
	const struct json *frame;
	struct block *answer;
	str type;

	if (!str_contains(message, S("hello\"")))
		return false;
	a = arena_new();
	if (json_parse(a, message, &frame))
		return false; /* the engine says what is wrong with it */
	type = json_get_str(frame, S("type"));
	if (!str_eq(type, S("hello")) && !str_eq(type, S("session_hello")))
		return false;
	answer = error_message(err_word(FAIL(a, CONFLICT, "this connection has said hello already"),
					S("already_hello")),
			       message);
	ws_conn_send_block(v->conn, answer);
	block_unref(answer);
	return true;
}

void gate_on_message(struct gate *g, struct ws_conn *c, str message)
{
	struct visitor *v = visitor_of(c);
	struct conn_id id = ws_conn_id(c);

	if (v->state == VISITOR_NEW) {
		visitor_set_state(v, VISITOR_PROVING);
		proving_start(g->env.pool, g->env.clock, id, str_from(v->challenge), message,
			      on_proved, g);
	} else if (v->state == VISITOR_ADMITTED && !refuse_second_hello(v, message)) {
		visitor_submit(v, event_new(EVENT_FRAME, conn_ref_of(id), message, STR_NONE));
	}
}

static void marks_add(struct visitor *v, u64 server, u64 engine)
{
	if (v->first_mark && v->first_mark + v->n_marks == v->cap_marks) {
		memmove(v->marks, v->marks + v->first_mark, v->n_marks * sizeof(*v->marks));
		v->first_mark = 0;
	}
	if (v->n_marks == v->cap_marks) {
		v->cap_marks = MAX(2 * v->cap_marks, 8);
		v->marks = realloc(v->marks, v->cap_marks * sizeof(*v->marks));
		if (!v->marks)
			abort();
	}
	v->marks[v->first_mark + v->n_marks++] = (struct written_mark){ server, engine };
}

/* The newest of the engine's marks that is reached, or 0. */
static u64 marks_take(struct visitor *v, u64 total)
{
	u64 reached = 0;

	while (v->n_marks && v->marks[v->first_mark].server <= total) {
		reached = v->marks[v->first_mark].engine;
		v->first_mark++;
		v->n_marks--;
	}
	if (!v->n_marks)
		v->first_mark = 0;
	return reached;
}

void gate_on_written(struct gate *g UNUSED, struct ws_conn *c, u64 total)
{
	struct visitor *v = visitor_of(c);
	u64 mark = marks_take(v, total);
	struct event *ev;

	if (!mark)
		return;
	ev = event_new(EVENT_WRITTEN, conn_ref_of(ws_conn_id(c)), STR_NONE, STR_NONE);
	ev->mark = mark;
	visitor_submit(v, ev);
}

/* Who says goodbye is gone; who is cut off may come back. */
static bool said_goodbye(const struct ws_end *end)
{
	return end->by_peer &&
	       (end->code == WS_NORMAL || end->code == WS_GOING_AWAY || end->code == WS_NO_CODE);
}

void gate_on_close(struct gate *g, struct ws_conn *c, const struct ws_end *end)
{
	struct visitor *v = visitor_of(c);

	log_debug("connection closed", LOG_I("code", end->code), LOG_S("reason", end->reason),
		  LOG_S("cause", end->cause), LOG_S("peer", str_from(ws_conn_peer(c)->text)));
	if (v->known) {
		struct event *ev = event_new(EVENT_CLOSED, conn_ref_of(ws_conn_id(c)), STR_NONE,
					     STR_NONE);

		ev->clean = said_goodbye(end);
		/* There is nobody left to hold up when the queue is full. */
		if (!hub_submit(g->env.hub, v->shard, ev))
			log_debug("the engine's queue is full");
	}
	visitor_free(v);
}

static void apply_send(struct gate *g, const struct effect *ef)
{
	for (size_t i = 0; i < ef->n_to; i++) {
		struct visitor *v = visitor_get(g, conn_id_of(ef->to[i]));
		u64 mark;

		if (!v)
			continue;
		mark = ws_conn_send_block(v->conn, ef->block);
		if (ef->mark)
			marks_add(v, mark, ef->mark);
	}
}

static void admit(struct visitor *v)
{
	ws_conn_authenticated(v->conn);
	visitor_set_state(v, VISITOR_ADMITTED);
	if (!v->has_place)
		return;
	v->place.conn = ws_conn_id(v->conn);
	v->place.shard = v->shard;
	places_enter(v->gate->env.places, &v->place, str_from(ws_conn_peer(v->conn)->text),
		     v->digest);
}

void gate_apply(struct gate *g, const struct effect *ef)
{
	struct visitor *v = ef->kind == EFFECT_SEND ? NULL : visitor_get(g, conn_id_of(ef->to[0]));

	if (ef->kind == EFFECT_SEND) {
		apply_send(g, ef);
	} else if (v && ef->kind == EFFECT_CLOSE) {
		if (v->is_page && v->state == VISITOR_ASKED && str_eq(ef->reason, S("unauthorized")))
			challenges_forget(g->env.challenges, str_from(v->challenge));
		visitor_close(v, ef->code, ef->reason);
	} else if (v && ef->kind == EFFECT_ADMIT && v->state == VISITOR_ASKED) {
		admit(v);
	}
}

void gate_figures(const struct gate *g, struct figures *f)
{
	f->websockets_opened += g->opened;
	for (size_t i = 0; i < HELLO_REFUSAL_COUNT; i++)
		f->hellos_refused[i] += g->hellos_refused[i];
}

void gate_room(struct gate *g, unsigned shard)
{
	struct visitor *v;

	DL_FOREACH(g->visitors, v) {
		if (!v->held || v->shard != shard)
			continue;
		v->held = false;
		if (v->state == VISITOR_NEW || v->state == VISITOR_ADMITTED)
			ws_conn_resume(v->conn);
	}
}
