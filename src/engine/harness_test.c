#include "engine/harness_test.h"

#include "crypto/encode.h"
#include "crypto/hello.h"
#include "crypto/secret.h"
#include "engine/account.h"
#include "engine/op.h"
#include "engine/prove.h"

static const i64 START_MS = 1700000000000;

static void close_house(void *arg)
{
	struct house *h = arg;

	for (size_t i = 0; i < h->n_held; i++)
		event_free(h->held[i]);
	engine_free(h->engine);
}

struct house *house(struct arena *a)
{
	struct house *h = NEW(a, struct house);

	assert_true(crypto_start());
	h->a = a;
	h->f = fixture(a);
	h->at.us = START_MS * 1000;
	h->clock = clock_fixed(&h->at);
	h->seed.state = 7;
	h->random = random_seeded(&h->seed);
	random_fill(&h->random, h->keys.key, sizeof(h->keys.key));
	h->settings = engine_settings_default();
	h->settings.rate_per_minute = 0;
	h->settings.ws_url = S("ws://127.0.0.1:7900/ws");
	h->settings.http_url = S("http://127.0.0.1:7900");
	h->settings.login_secret = S("a secret of session tokens");
	h->may_create = true;
	memcpy(h->address, "127.0.0.1", sizeof("127.0.0.1"));
	assert_ok(engine_new(a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
	arena_defer(a, close_house, h);
	return h;
}

static void check_backlog(struct house *h, struct mesh *m)
{
	struct mailbox *mb, *next_mb;
	struct member *member, *next;
	struct backlog *before;
	size_t at = 0;

	if (m->stale || m->uncounted)
		return;
	before = NEW_ARRAY(h->a, struct backlog, 2 * HASH_COUNT(m->mailboxes) + HASH_CNT(hh, m->members));
	HASH_ITER(hh, m->mailboxes, mb, next_mb) {
		before[at++] = mb->backlog;
		before[at++] = mb->withheld;
	}
	HASH_ITER(hh, m->members, member, next)
		before[at++] = member->backlog;
	if (backlog_read(m, h->a))
		return;
	at = 0;
	HASH_ITER(hh, m->mailboxes, mb, next_mb) {
		assert_int_equal(before[at].messages, mb->backlog.messages);
		assert_int_equal(before[at++].bytes, mb->backlog.bytes);
		assert_int_equal(before[at].messages, mb->withheld.messages);
		assert_int_equal(before[at++].bytes, mb->withheld.bytes);
	}
	HASH_ITER(hh, m->members, member, next) {
		assert_int_equal(before[at].messages, member->backlog.messages);
		assert_int_equal(before[at++].bytes, member->backlog.bytes);
	}
}

void check_backlogs(struct house *h)
{
	struct mesh *m, *next;

	HASH_ITER(hh, h->engine->meshes, m, next)
		check_backlog(h, m);
}

void restart(struct house *h)
{
	check_backlogs(h);
	store_now(h);
	engine_free(h->engine);
	h->engine = NULL;
	if (!test_is("memory")) {
		fixture_close(h->f);
		fixture_open(h->f);
	} else {
		store_close(h->f->st);
		assert_ok(store_open(h->a, h->f->db, &h->f->st));
	}
	for (struct peer *p = h->peers; p; p = p->next)
		p->admitted = false;
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
}

/* ---- effects ---- */

static struct peer *peer_at(struct house *h, struct conn_ref conn)
{
	for (struct peer *p = h->peers; p; p = p->next)
		if (conn_ref_eq(p->conn, conn))
			return p;
	return NULL;
}

static struct got *deliver(struct house *h, struct peer *p)
{
	struct got *g = NEW(h->a, struct got);

	*p->last = g;
	p->last = &g->next;
	return g;
}

static void take_effect(struct house *h, const struct effect *fx, struct conn_ref to)
{
	struct peer *p = peer_at(h, to);
	struct got *g;

	if (fx->kind == EFFECT_MAIL) {
		assert_true(h->n_mails < ARRAY_LEN(h->mails));
		h->mails[h->n_mails].job = (i64)fx->mark;
		h->mails[h->n_mails].shard = (unsigned)fx->code;
		assert_ok(json_parse(h->a, arena_dup(h->a, block_str(fx->block)), &h->mails[h->n_mails++].says));
		return;
	}
	if (fx->kind == EFFECT_REPLY) {
		assert_true(h->n_answers < HELD_MAX);
		h->answers[h->n_answers].status = fx->code;
		h->answers[h->n_answers].body = arena_dup(h->a, block_str(fx->block));
		assert_ok(json_parse(h->a, h->answers[h->n_answers].body, &h->answers[h->n_answers].json));
		h->n_answers++;
		return;
	}
	if (!p)
		return;
	if (fx->kind == EFFECT_ADMIT) {
		p->admitted = true;
		return;
	}
	g = deliver(h, p);
	if (fx->kind == EFFECT_CLOSE) {
		g->code = fx->code;
		g->reason = arena_dup(h->a, fx->reason);
	} else {
		g->block = fx->block;
		g->mark = fx->mark;
		g->text = arena_dup(h->a, block_str(fx->block));
	}
}

void take_effects(struct house *h, struct effects *fx)
{
	h->effects = fx->n;
	for (size_t i = 0; i < fx->n; i++)
		for (size_t k = 0; k < fx->items[i].n_to; k++)
			take_effect(h, &fx->items[i], fx->items[i].to[k]);
	effects_free(fx);
}

static void step(struct house *h, struct event **events, size_t n)
{
	if (h->run)
		h->run(h, events, n);
	else
		take_effects(h, engine_step(h->engine, events, n));
}

const struct json *mailed(struct house *h, int outcome)
{
	struct event *ev = event_new(EVENT_MAILED, (struct conn_ref){ 0 }, STR_NONE, STR_NONE);
	const struct json *says = h->mails[0].says;

	assert_true(h->n_mails > 0);
	ev->mark = (u64)h->mails[0].job;
	ev->outcome = outcome;
	memmove(&h->mails[0], &h->mails[1], --h->n_mails * sizeof(h->mails[0]));
	submit(h, ev);
	return says;
}

void with_mail(struct house *h)
{
	h->settings.mail = true;
	h->engine->settings.mail = true;
}

void advance(struct house *h, i64 ms)
{
	h->at.us += ms * 1000;
	do
		step(h, NULL, 0);
	while (engine_next_ms(h->engine) <= clock_mono_ms(&h->clock));
}

void store_now(struct house *h)
{
	timer_set(&h->engine->timers, &h->engine->later, 0);
	step(h, NULL, 0);
}

void fail_commits(struct house *h, enum err_code code)
{
	if (code)
		store_now(h);
	if (code)
		db_fault(h->f->db, &h->f->plan);
	h->f->plan = (struct db_fault){ .fail_at = code ? 1 : 0, .code = code, .commits_only = true };
}

void hold(struct house *h)
{
	h->holding = true;
}

void release(struct house *h)
{
	size_t n = h->n_held;

	h->holding = false;
	h->n_held = 0;
	step(h, h->held, n);
	for (size_t i = 0; i < n; i++)
		event_free(h->held[i]);
}

void submit(struct house *h, struct event *ev)
{
	assert_true(h->n_held < HELD_MAX);
	h->held[h->n_held++] = ev;
	if (!h->holding)
		release(h);
}

/* ---- calls ---- */

/* As the broker's loop does. */
static struct err *take_bearer(struct house *h, const struct op *op, struct session_proof *ret_session)
{
	str header = h->bearer.ptr ? arena_printf(h->a, "Bearer %.*s", STRF(h->bearer)) : STR_NONE;

	*ret_session = (struct session_proof){ 0 };
	if (!(op->flags & (OP_ACCOUNT | OP_MAY_ACCOUNT)))
		return NULL;
	if (!header.ptr && (op->flags & OP_MAY_ACCOUNT || (h->legacy_auth && !(op->flags & OP_BROWSER))))
		return NULL;
	return session_take(h->a, h->settings.login_secret, header, clock_ms(&h->clock), ret_session);
}

int call(struct house *h, const char *name, const char *param, str body)
{
	const struct op *op = op_find(str_from(name), OP_CALL);
	struct session_proof session;
	struct event *ev;
	struct err *e;
	struct proof proof;

	assert_non_null(op);
	e = take_bearer(h, op, &session);
	if (!e)
		e = prove_call(h->a, op, body, str_from(param), clock_ms(&h->clock), &proof);
	if (e) {
		struct block *block = call_error(op, e);

		h->answers[h->n_answers].status = err_http(e);
		h->answers[h->n_answers].body = arena_dup(h->a, block_str(block));
		assert_ok(json_parse(h->a, h->answers[h->n_answers].body, &h->answers[h->n_answers].json));
		block_unref(block);
		return h->answers[h->n_answers++].status;
	}
	ev = event_new(EVENT_CALL, (struct conn_ref){ 0, ++h->slots, 2 }, body, str_from(param));
	ev->op = op;
	ev->proof = proof;
	ev->proof.session = session;
	ev->legacy_auth = h->legacy_auth && !h->bearer.ptr;
	ev->may_create = h->may_create;
	memcpy(ev->address, h->address, sizeof(ev->address));
	submit(h, ev);
	return h->n_answers ? h->answers[h->n_answers - 1].status : 0;
}

const struct json *answer(struct house *h)
{
	assert_true(h->n_answers > 0);
	return h->answers[h->n_answers - 1].json;
}

/* ---- connections ---- */

static const char *or(const char *given, const char *other)
{
	return given ? given : other;
}

static str sign_member(struct peer *p, const struct greeting *g, i64 timestamp)
{
	struct arena *a = p->place->house->a;
	struct hello_claim claim = {
		.mesh_id = str_from(p->place->id), .member_id = str_from(p->member_id),
		.pubkey = str_from(p->pubkey), .timestamp_ms = timestamp,
		.session_pubkey = g->session || g->show_session ? str_from(p->session_pubkey) : STR_NONE,
		.session_id = str_from(or(g->session_id, p->name)),
		.challenge = str_from(or(g->signed_challenge, "challenge")),
	};
	str signature;

	if (!g->v2)
		return hello_v1_sign(a, &claim, &p->member);
	assert_ok(hello_v2_sign(a, &claim, g->session ? &p->session : &p->member, &signature));
	return signature;
}

static str session_part(struct peer *p, const struct greeting *g, i64 timestamp, str *ret_signature)
{
	struct arena *a = p->place->house->a;
	i64 until = clock_ms(&p->place->house->clock) + (g->attested_ms ? g->attested_ms : 3600000);
	str key = str_from(or(g->attested_pubkey, p->session_pubkey)), attested;

	assert_ok(attestation_sign(a, &(struct attestation){ str_from(p->pubkey), key, until }, &p->member,
				   &attested));
	*ret_signature = g->v2 ? sign_member(p, g, timestamp) :
		session_hello_sign(a, &(struct session_claim){ str_from(p->place->id), str_from(p->pubkey),
				   str_from(p->session_pubkey), timestamp }, &p->session);
	return text(a, "'parentMemberId':'%s','parentMemberPubkey':'%s','sessionPubkey':'%s',"
		    "'parentAttestation':{'sessionPubkey':'%.*s','parentMemberPubkey':'%s','expiresAt':%lld,"
		    "'signature':'%.*s'}", p->member_id, p->pubkey, p->session_pubkey, STRF(key), p->pubkey,
		    (long long)until, STRF(attested));
}

str hello_frame(struct peer *p, const struct greeting *g)
{
	struct arena *a = p->place->house->a;
	i64 timestamp = g->timestamp_ms ? g->timestamp_ms : clock_ms(&p->place->house->clock);
	str signature, part, shown = S("");

	if (g->session) {
		part = session_part(p, g, timestamp, &signature);
	} else {
		signature = sign_member(p, g, timestamp);
		if (g->show_session)
			shown = text(a, "'sessionPubkey':'%s',", p->session_pubkey);
		part = text(a, "%.*s'memberId':'%s','pubkey':'%s'", STRF(shown), p->member_id, p->pubkey);
	}
	if (g->signature)
		signature = str_from(g->signature);
	return text(a, "{'type':'%s','meshId':'%s',%.*s,'sessionId':'%s','timestamp':%lld,'signature':'%.*s',"
		    "'hostname':'%s','channel':'%s','displayName':'%s','capabilities':%s%s%s}",
		    g->session ? "session_hello" : "hello", p->place->id, STRF(part), or(g->session_id, p->name),
		    (long long)timestamp, STRF(signature), or(g->hostname, "host"), or(g->channel, "test"),
		    or(g->name, ""), or(g->capabilities, "['client_ack']"), g->v2 ? ",'helloVersion':2" : "",
		    or(g->extra, ""));
}

static void refuse(struct peer *p, const struct err *e, str frame)
{
	struct house *h = p->place->house;
	struct block *block = error_message(e, frame);
	struct got *g = deliver(h, p);

	g->text = arena_dup(h->a, block_str(block));
	block_unref(block);
	g = deliver(h, p);
	g->code = 1008;
	g->reason = arena_dup(h->a, err_wire(e));
}

void greet_with(struct peer *p, str frame, const struct greeting *g)
{
	struct house *h = p->place->house;
	struct event *ev;
	struct proof proof;
	struct err *e;

	p->admitted = false;
	forget(p); /* of the connection before */
	p->conn = g && g->conn.gen ? g->conn : (struct conn_ref){ 0, ++h->slots, 1 };
	e = prove_hello(h->a, frame, str_from(or(g ? g->challenge : NULL, "challenge")),
			clock_ms(&h->clock), &proof);
	if (e) {
		refuse(p, e, frame);
		return;
	}
	ev = event_new(EVENT_HELLO, p->conn, frame, STR_NONE);
	ev->proof = proof;
	submit(h, ev);
}

void greet(struct peer *p, const struct greeting *g)
{
	greet_with(p, hello_frame(p, g), g);
}

void enter(struct peer *p, const struct greeting *g)
{
	/* Two signatures of one moment are the same one, and the second a replay. */
	p->place->house->at.us += 1000;
	greet(p, g);
	expect(p, "{'type':'hello_ack'}");
	assert_true(p->admitted);
}

struct peer *arrive(struct place *m, const char *name)
{
	struct peer *p = newcomer(m, name);

	enter(p, GREETING(0));
	return p;
}

struct peer *arrive_session(struct place *m, const char *name)
{
	struct peer *p = newcomer(m, name);

	enter(p, GREETING(.session = true));
	return p;
}

static void closed(struct peer *p, bool clean)
{
	struct event *ev = event_new(EVENT_CLOSED, p->conn, STR_NONE, STR_NONE);

	ev->clean = clean;
	p->admitted = false;
	submit(p->place->house, ev);
}

void hang_up(struct peer *p)
{
	closed(p, true);
}

void lose(struct peer *p)
{
	closed(p, false);
}

void written(struct peer *p, u64 mark)
{
	struct event *ev = event_new(EVENT_WRITTEN, p->conn, STR_NONE, STR_NONE);

	ev->mark = mark;
	submit(p->place->house, ev);
}

void say_raw(struct peer *p, str frame)
{
	submit(p->place->house, event_new(EVENT_FRAME, p->conn, frame, STR_NONE));
}

/* ---- texts and patterns ---- */

str text(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	str s;

	va_start(ap, fmt);
	s = text_quoted(a, fmt, ap);
	va_end(ap);
	return s;
}

void say(struct peer *p, const char *fmt, ...)
{
	va_list ap;
	str frame;

	va_start(ap, fmt);
	frame = text_quoted(p->place->house->a, fmt, ap);
	va_end(ap);
	say_raw(p, frame);
}

static str body_of(struct arena *a, const char *id)
{
	return base64_encode(a, str_from(id));
}

void send_to(struct peer *p, const char *target, const char *id, const char *priority)
{
	struct arena *a = p->place->house->a;

	say(p, "{'type':'send','id':'%s','client_message_id':'%s','targetSpec':'%s','priority':%s%s%s,"
	    "'nonce':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX','ciphertext':'%.*s'}", id, id, target,
	    priority ? "'" : "", or(priority, "null"), priority ? "'" : "", STRF(body_of(a, id)));
}

void ack_push(struct peer *p, const struct json *push)
{
	say(p, "{'type':'client_ack','brokerMessageId':'%.*s'}", STRF(json_get_str(push, S("messageId"))));
}
