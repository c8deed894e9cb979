#include "bench/peer.h"

#include <unistd.h>

#include "bench/flow.h"
#include "crypto/hello.h"
#include "proto/hello.h"

enum { ATTESTATION_MS = 12 * 3600 * 1000 };

static void queue_run(struct run *r);

/* Counts go with the state, so that no way out of a state can forget them. */
static void set_state(struct peer *p, enum peer_state to)
{
	struct run *r = p->run;

	r->n_ready -= p->state == PEER_READY;
	r->n_connecting -= p->state == PEER_OPENING || p->state == PEER_GREETING;
	p->state = to;
	r->n_ready += to == PEER_READY;
	r->n_connecting += to == PEER_OPENING || to == PEER_GREETING;
	run_step(r);
}

void peer_write(struct peer *p, const char *type, const struct json_field *fields, const void *args)
{
	struct buf *b = &p->run->out;
	struct json_out o = json_out(b);

	buf_clear(b);
	json_obj(&o);
	json_put_str(&o, "type", str_from(type));
	json_encode(&o, fields, args);
	json_obj_end(&o);
	if (p->ws && !b->full)
		ws_client_send(p->ws, buf_str(b));
}

const struct sign_pair *peer_seal_pair(const struct peer *p)
{
	return str_empty(p->session_pubkey) ? &p->who->pair : &p->session;
}

static struct strs capabilities(void)
{
	static str words[] = { { "client_ack", 10 } };

	return (struct strs){ words, ARRAY_LEN(words), true };
}

static struct err *say_hello(struct peer *p, const struct hello_claim *claim)
{
	struct hello_args args = {
		.meshId = claim->mesh_id,
		.memberId = claim->member_id,
		.pubkey = claim->pubkey,
		.sessionId = claim->session_id,
		.pid = getpid(),
		.cwd = S("/"),
		.channel = S("claudemesh-bench"),
		.timestamp = claim->timestamp_ms,
		.capabilities = capabilities(),
	};

	if (str_empty(claim->challenge)) {
		args.signature = hello_v1_sign(p->run->scratch, claim, &p->who->pair);
	} else {
		args.helloVersion = 2;
		TRY(hello_v2_sign(p->run->scratch, claim, &p->who->pair, &args.signature));
	}
	peer_write(p, "hello", hello_fields, &args);
	return NULL;
}

static struct err *say_session_hello(struct peer *p, struct hello_claim *claim)
{
	struct arena *a = p->run->scratch;
	struct attestation vouch = { p->who->pubkey, p->session_pubkey,
				     claim->timestamp_ms + ATTESTATION_MS };
	struct session_claim old = { claim->mesh_id, p->who->pubkey, p->session_pubkey,
				     claim->timestamp_ms };
	struct session_hello_args args = {
		.meshId = claim->mesh_id,
		.parentMemberId = claim->member_id,
		.parentMemberPubkey = p->who->pubkey,
		.sessionPubkey = p->session_pubkey,
		.sessionId = claim->session_id,
		.pid = getpid(),
		.cwd = S("/"),
		.channel = S("claudemesh-bench"),
		.timestamp = claim->timestamp_ms,
		.capabilities = capabilities(),
		.parentAttestation = { .present = true,
				       .sessionPubkey = p->session_pubkey,
				       .parentMemberPubkey = p->who->pubkey,
				       .expiresAt = vouch.expires_ms },
	};

	TRY(attestation_sign(a, &vouch, &p->who->pair, &args.parentAttestation.signature));
	claim->session_pubkey = p->session_pubkey;
	if (str_empty(claim->challenge)) {
		args.signature = session_hello_sign(a, &old, &p->session);
	} else {
		args.helloVersion = 2;
		TRY(hello_v2_sign(a, claim, &p->session, &args.signature));
	}
	peer_write(p, "session_hello", session_hello_fields, &args);
	return NULL;
}

static void on_open(void *arg, struct ws_client *ws, const struct http_head *answer)
{
	struct peer *p = arg;
	struct run *r = p->run;
	struct hello_claim claim = {
		.mesh_id = p->who->mesh->id,
		.member_id = p->who->id,
		.pubkey = p->who->pubkey,
		.timestamp_ms = clock_ms(&clock_real),
		.session_id = p->who->name,
		.challenge = http_header_get(answer, S("Claudemesh-Challenge")),
	};
	struct err *e;

	arena_reset(r->scratch);
	set_state(p, PEER_GREETING);
	e = str_empty(p->session_pubkey) ? say_hello(p, &claim) : say_session_hello(p, &claim);
	if (e)
		run_fail(r, e);
}

static void greeted(struct peer *p)
{
	struct run *r = p->run;

	hist_add(&r->hello, run_now_us() - p->started_us);
	r->hellos++;
	set_state(p, PEER_READY);
	queue_run(r);
	run_peer_ready(p);
}

static void on_message(void *arg, struct ws_client *ws, str message, bool is_text)
{
	struct peer *p = arg;
	struct run *r = p->run;
	const struct json *frame;
	struct err *e;
	str type;

	arena_reset(r->scratch);
	e = json_parse(r->scratch, message, &frame);
	if (e) {
		run_fail(r, e);
		return;
	}
	type = json_get_str(frame, S("type"));
	if (p->state == PEER_GREETING && str_eq(type, S("hello_ack"))) {
		greeted(p);
	} else if (p->state == PEER_GREETING && str_eq(type, S("error"))) {
		str code = json_get_str(frame, S("code")), text = json_get_str(frame, S("message"));

		run_fail(r,
			 FAIL(r->scratch, REFUSED, "the hello of client %u was refused: %.*s: %.*s",
			      p->no, STRF(code), STRF(text)));
	} else {
		flow_frame(p, type, frame);
	}
}

static void ended(struct peer *p)
{
	struct run *r = p->run;

	ws_client_free(p->ws);
	p->ws = NULL;
	set_state(p, PEER_AWAY);
	queue_run(r);
	if (!p->wanted)
		return;
	r->losses++;
	loop_timer_set(p->retry, PEER_RETRY_MIN_MS +
					 (i64)random_below(&random_system,
							   PEER_RETRY_MAX_MS - PEER_RETRY_MIN_MS));
}

static void on_fail(void *arg, struct ws_client *ws, const struct err *e, int http_status)
{
	struct peer *p = arg;

	/* While the broker starts again nobody listens; anything that is an answer is final. */
	if (http_status)
		run_fail(p->run, e);
	ended(p);
}

static void on_close(void *arg, struct ws_client *ws, const struct ws_end *end)
{
	ended(arg);
}

static const struct ws_client_app app = {
	.on_open = on_open,
	.on_message = on_message,
	.on_fail = on_fail,
	.on_close = on_close,
};

static void queue_run(struct run *r)
{
	while (r->queue && r->n_connecting < RUN_CONNECTING_MAX) {
		struct peer *p = r->queue;
		struct ws_client_spec spec = { .url = r->crew->ws_url };

		r->queue = p->next;
		p->next = NULL;
		if (!r->queue)
			r->queue_end = &r->queue;
		if (p->state != PEER_QUEUED)
			continue;
		if (!p->wanted) {
			set_state(p, PEER_AWAY);
			continue;
		}
		p->started_us = run_now_us();
		set_state(p, PEER_OPENING);
		p->ws = ws_client_new(r->loop, &spec, &app, p);
	}
}

static void enqueue(void *arg)
{
	struct peer *p = arg;
	struct run *r = p->run;

	if (p->state != PEER_AWAY || !p->wanted)
		return;
	set_state(p, PEER_QUEUED);
	*r->queue_end = p;
	r->queue_end = &p->next;
	queue_run(r);
}

void peer_want(struct peer *p)
{
	p->run->n_wanted += !p->wanted;
	p->wanted = true;
	enqueue(p);
}

void peer_drop(struct peer *p)
{
	p->run->n_wanted -= p->wanted;
	p->wanted = false;
	loop_timer_off(p->retry);
	ws_client_free(p->ws);
	p->ws = NULL;
	if (p->state != PEER_QUEUED)
		set_state(p, PEER_AWAY);
}

void peer_init(struct peer *p, struct run *r, u32 no)
{
	*p = (struct peer){
		.run = r, .no = no, .who = &r->crew->members[no], .ack_due = LEDGER_NONE
	};
	p->retry = loop_timer_new(r->loop, enqueue, p);
	p->unacked = NEW_ARRAY(r->arena, u64, MAX((size_t)r->flags->window, (size_t)RUN_QUEUE_WINDOW));
	if (r->flags->session) {
		sign_pair_new(&p->session);
		p->session_pubkey = sign_pair_pubkey(r->arena, &p->session);
	}
}

void peer_done(struct peer *p)
{
	loop_timer_free(p->retry);
	ws_client_free(p->ws);
	sign_pair_wipe(&p->session);
}
