/*
 * gate.c - the broker's side of a connection, as broker/gate.c has it, and the engine's turn:
 * a batch of events in, effects out, the crash between them.
 */
#include "simulate/sim.h"

#include "engine/op.h"
#include "engine/prove.h"

enum { BATCH_MOST = 24 };

static void push_packet(struct sim *s, struct conn *c, struct packet p)
{
	struct packet *packet = NEW(s->a, struct packet);
	struct pipe *pipe = &c->down;

	i64 delay_us = s->healed ? MS : (i64)roll(s, (u64)s->delay_us) + 1;

	p.taken_us = MAX(s->now_us, pipe->last_taken_us);
	p.due_us = MAX(p.taken_us + delay_us, pipe->last_due_us);
	pipe->last_taken_us = p.taken_us;
	pipe->last_due_us = p.due_us;
	*packet = p;
	if (!pipe->last)
		pipe->last = &pipe->first;
	*pipe->last = packet;
	pipe->last = &packet->next;
}

void gate_push_down(struct sim *s, struct conn *c, str frame, u64 mark)
{
	if (c->gate == GATE_GONE)
		return;
	/* The kernel takes it all the same, but it arrives nowhere. */
	push_packet(s, c, (struct packet){ .text = c->cut ? STR_NONE : frame, .mark = mark });
}

void gate_submit(struct sim *s, struct conn *c, struct event *ev, struct msg *msg, str frame)
{
	if (s->n_events == EVENTS_MAX)
		abort();
	s->events[s->n_events++] = (struct waiting_event){ ev, c, msg, frame };
}

void gate_gone(struct sim *s, struct conn *c, bool clean)
{
	struct event *ev;

	c->gate = GATE_GONE;
	c->gate_ends_us = NEVER;
	if (!c->known) {
		c->forgotten = true;
		return;
	}
	ev = event_new(EVENT_CLOSED, c->ref, STR_NONE, STR_NONE);
	ev->clean = clean;
	gate_submit(s, c, ev, NULL, STR_NONE);
}

void gate_close(struct sim *s, struct conn *c, int code, str reason)
{
	if (c->gate == GATE_GONE)
		return;
	note(s, "%s is closed %d %.*s", c->client->name, code, STRF(reason));
	if (!c->cut)
		push_packet(s, c, (struct packet){ .close = true, .code = code });
	gate_gone(s, c, false);
}

static void refuse(struct sim *s, struct conn *c, struct err *e, str frame)
{
	struct block *block = error_message(e, frame);
	str word = err_wire(e);

	gate_push_down(s, c, arena_dup(s->a, block_str(block)), 0);
	block_unref(block);
	if (e->code == ERR_BAD_JSON || str_eq(word, S("no_hello")))
		return;
	if (c->client->kind != LIAR && !str_eq(word, S("timestamp_skew")) && !str_eq(word, S("expired")) &&
	    !str_eq(word, S("ttl_too_long")))
		violated(s, "I7", "an honest hello of %s is not proved: %.*s", c->client->name, STRF(e->text));
	gate_close(s, c, 1008, word);
}

static void prove(struct sim *s, struct conn *c, const struct packet *p)
{
	struct event *ev;
	struct proof proof;
	struct err *e = prove_hello(s->a, p->text, str_from(c->challenge), wall_us(s) / MS, &proof);

	if (e) {
		refuse(s, c, e, p->text);
		return;
	}
	c->gate = GATE_ASKED;
	c->known = true;
	if (proof.mesh_id[0])
		c->shard = (int)mesh_shard(str_from(proof.mesh_id), (unsigned)s->n_shards);
	c->hello = p->text;
	ev = event_new(EVENT_HELLO, c->ref, p->text, STR_NONE);
	ev->proof = proof;
	gate_submit(s, c, ev, NULL, p->text);
}

static bool is_hello(struct sim *s, str frame)
{
	const struct json *obj;
	struct err *e;

	if (!str_contains(frame, S("hello\"")))
		return false;
	e = json_parse(s->a, frame, &obj);
	return !e && op_find(json_get_str(obj, S("type")), OP_HELLO);
}

void gate_take(struct sim *s, struct conn *c, const struct packet *p)
{
	if (c->gate == GATE_NEW)
		prove(s, c, p);
	else if (c->gate == GATE_ADMITTED && !is_hello(s, p->text))
		gate_submit(s, c, event_new(EVENT_FRAME, c->ref, p->text, STR_NONE), p->msg, p->text);
}

/* ---- the engine's turn ---- */

static struct conn *conn_of(struct sim *s, struct conn_ref ref)
{
	for (struct conn *c = s->conns; c; c = c->next)
		if (conn_ref_eq(c->ref, ref))
			return c;
	return NULL;
}

/* Closes that an honest client may meet; all others are somebody else's doing. */
static void check_close(struct sim *s, struct conn *c, const struct effect *fx)
{
	static const char *const fine[] = { "session_replaced", "timestamp_skew", "try_again", "capacity", "internal" };
	const struct client *client = c->client;

	if (client->kind == LIAR)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		if (str_eq(fx->reason, str_from(fine[i])))
			return;
	if (str_eq(fx->reason, S("attestation_expired")) && client->model->session)
		return;
	violated(s, "I7", "%s is closed %d %.*s", client->name, fx->code, STRF(fx->reason));
}

static void ended_by_engine(struct sim *s, struct conn *c, const struct effect *fx)
{
	check_close(s, c, fx);
	shadow_closed(s, c, fx->reason);
	c->online = false;
	gate_close(s, c, fx->code, fx->reason);
}

static void capture(struct sim *s, str text, struct msg *msg)
{
	int at = s->n_captured < CAPTURED_MAX ? s->n_captured++ : (int)roll(s, CAPTURED_MAX);

	s->captured[at] = text;
	s->captured_msg[at] = msg;
}

/* Whoever is admitted has the key that its hello names. */
static void check_proved(struct sim *s, struct conn *c)
{
	const struct json *hello;
	str pubkey;

	if (json_parse(s->a, c->hello, &hello))
		return;
	pubkey = json_get_str(hello, S("pubkey"));
	if (!pubkey.ptr)
		pubkey = json_get_str(hello, S("parentMemberPubkey"));
	if (str_eq(pubkey, str_from(person_of(s, c->client->member)->pubkey)) &&
	    str_eq(json_get_str(hello, S("meshId")), str_from(s->mesh_ids[c->client->member->mesh])))
		return;
	if (s->now_us < s->jumped_back_us + 5 * SECOND)
		c->impostor = true;
	else
		violated(s, "I5", "%s is admitted as %.*s", c->client->name, STRF(pubkey));
}

static void admitted(struct sim *s, struct conn *c)
{
	check_proved(s, c);
	c->online = true;
	if (c->gate != GATE_GONE)
		c->gate = GATE_ADMITTED;
	shadow_admitted(s, c);
	capture(s, c->hello, NULL);
	note(s, "%s is admitted on %u", c->client->name, c->ref.gen);
}

static void sent_to(struct sim *s, struct conn *c, const struct effect *fx, bool pushes)
{
	str frame = arena_dup(s->a, block_str(fx->block));
	const struct json *obj;
	struct err *e = json_parse(s->a, frame, &obj);

	if (!e && c->impostor)
		return;
	if (e) {
		violated(s, "json", "the engine writes %.*s", STRF(frame));
		return;
	}
	if (pushes && str_eq(json_get_str(obj, S("type")), S("push")))
		oracle_pushed(s, c, obj, frame, fx->mark);
	if (!pushes && str_eq(json_get_str(obj, S("type")), S("ack")))
		oracle_acked(s, c, obj);
	if (pushes && str_eq(json_get_str(obj, S("type")), S("message_state")))
		oracle_told(s, obj);
}

static void apply(struct sim *s, const struct effect *fx, struct conn *c)
{
	switch (fx->kind) {
	case EFFECT_SEND:
		sent_to(s, c, fx, true);
		gate_push_down(s, c, arena_dup(s->a, block_str(fx->block)), fx->mark);
		break;
	case EFFECT_CLOSE: ended_by_engine(s, c, fx); break;
	case EFFECT_ADMIT: admitted(s, c); break;
	case EFFECT_STREAM:
	case EFFECT_EVENT:
	case EFFECT_EVENT_LAST:
	case EFFECT_REPLY:
	case EFFECT_MAIL:
	case EFFECT_FORWARD: violated(s, "effects", "a reply to nobody's call"); break;
	}
}

/* Acks are looked at first: a push of the same batch is compared with what was accepted. */
static void look_at_acks(struct sim *s, const struct effects *fx)
{
	for (size_t i = 0; i < fx->n; i++) {
		struct conn *c = fx->items[i].n_to ? conn_of(s, fx->items[i].to[0]) : NULL;

		if (c && fx->items[i].kind != EFFECT_SEND)
			c->client->changed_step = s->step;
	}
	for (size_t i = 0; i < fx->n; i++) {
		for (size_t k = 0; k < fx->items[i].n_to; k++) {
			struct conn *c = conn_of(s, fx->items[i].to[k]);

			if (!c || c->forgotten)
				violated(s, "effects", "an effect for connection %u, which is gone",
					 fx->items[i].to[k].gen);
			else if (fx->items[i].kind == EFFECT_SEND)
				sent_to(s, c, &fx->items[i], false);
		}
	}
}

static void apply_all(struct sim *s, const struct effects *fx, size_t n)
{
	look_at_acks(s, fx);
	for (size_t i = 0; i < n; i++)
		if (s->events[i].msg)
			oracle_seen(s, s->events[i].msg);
	for (size_t i = 0; i < fx->n && !s->failed; i++)
		for (size_t k = 0; k < fx->items[i].n_to; k++)
			apply(s, &fx->items[i], conn_of(s, fx->items[i].to[k]));
}

/* What the events say about the world before the engine runs them. */
static void before(struct sim *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct waiting_event *w = &s->events[i];

		if (w->ev->kind == EVENT_CLOSED) {
			shadow_lost(s, w->conn, w->ev->clean);
			w->conn->online = false;
		} else if (w->msg) {
			oracle_sending(s, w->msg);
		} else if (w->ev->kind == EVENT_FRAME) {
			oracle_ack_seen(s, w->conn, w->text);
		}
	}
}

static void after(struct sim *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct waiting_event *w = &s->events[i];

		if (w->ev->kind == EVENT_CLOSED) {
			/* It may have been admitted in this very batch. */
			shadow_lost(s, w->conn, w->ev->clean);
			w->conn->online = false;
			w->conn->forgotten = true;
		}
		/* Events that ran again one by one may have pushed again what a later one acks. */
		if (w->ev->kind == EVENT_FRAME && stats_of(s).failed_commits != s->failed_commits)
			oracle_ack_seen(s, w->conn, w->text);
		if (w->ev->kind == EVENT_FRAME && w->msg && chance(s, 30))
			capture(s, w->text, w->msg);
	}
}

/* Moves the first events for this shard to the front, at most so many; returns how many. */
static size_t choose(struct sim *s, const struct shard *at, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_events && n < most; i++) {
		struct waiting_event w = s->events[i];

		if (&s->shards[w.conn->shard] != at)
			continue;
		memmove(&s->events[n + 1], &s->events[n], (i - n) * sizeof(w));
		s->events[n++] = w;
	}
	return n;
}

void engine_run(struct sim *s, struct shard *at)
{
	struct event *batch[BATCH_MOST];
	size_t most = chance(s, 50) ? 1 : 1 + roll(s, BATCH_MOST), n = choose(s, at, most);
	struct effects *fx;
	bool crashed;

	for (size_t i = 0; i < n; i++)
		batch[i] = s->events[i].ev;
	s->step++;
	s->turn = at;
	before(s, n);
	oracle_before(s);
	fx = engine_step(at->engine, batch, n);
	crashed = disk_crashed(s);
	if (!crashed) {
		oracle_failed_commit(s);
		apply_all(s, fx, n);
		after(s, n);
		shadow_time(s);
		oracle_step(s);
	}
	effects_free(fx);
	for (size_t i = 0; i < n; i++)
		event_free(batch[i]);
	s->n_events -= n;
	memmove(s->events, s->events + n, s->n_events * sizeof(s->events[0]));
	if (crashed)
		broker_restart(s, true);
	else
		at->busy_until_us = s->now_us + (s->healed ? 1 : (i64)roll(s, chance(s, 95) ? 3 * MS : 300 * MS));
}
