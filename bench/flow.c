#include "bench/flow.h"

#include "crypto/box.h"
#include "proto/message.h"
#include "proto/peer.h"

#define SETTLE_ID S("settle")

/* Who gets what client p sends; LEDGER_ALL for '*'. */
static u32 recipient_of(const struct peer *p)
{
	u32 per_mesh = p->run->crew->per_mesh;

	switch (p->run->flags->pattern) {
	case PATTERN_FANOUT:
	case PATTERN_TOPIC: return LEDGER_ALL;
	case PATTERN_DRAIN: return p->no - p->no % per_mesh + per_mesh - 1;
	default: return crew_next(p->run->crew, p->no);
	}
}

/* Twice under one key only for the same text: a resend. The keys are of this run alone. */
static void nonce_of(const struct run *r, u64 no, u8 nonce[BOX_NONCE_BYTES])
{
	memset(nonce, 0, BOX_NONCE_BYTES);
	memcpy(nonce, &no, sizeof(no));
	memcpy(nonce + sizeof(no), &r->ledger.key, sizeof(r->ledger.key));
}

/* 64 hex digits that are the same on every retry: a broker compares them and cannot recompute
 * them, and the digest of a body is nothing that it could be measured by. */
static str fingerprint_of(struct arena *a, str id)
{
	enum { DIGITS = 64 };
	char *p = arena_alloc(a, DIGITS);

	for (size_t n = 0, i = 0; n < DIGITS; i++)
		if (id.ptr[i % id.len] != '-')
			p[n++] = id.ptr[i % id.len];
	return str_of(p, DIGITS);
}

static void send_message(struct peer *p, u64 no)
{
	struct run *r = p->run;
	struct arena *a = r->scratch;
	u32 to = ledger_at(&r->ledger, no)->recipient;
	str id = ledger_id(&r->ledger, a, no);
	str text = ledger_body(a, no, (size_t)r->flags->bytes);
	struct send_args args = { .id = id, .client_message_id = id, .priority = PRIORITY_NEXT };
	u8 nonce[BOX_NONCE_BYTES];
	struct sealed sealed;
	struct err *e;

	if (to == LEDGER_ALL) {
		args.targetSpec = r->flags->pattern == PATTERN_TOPIC ? S("#general") : S("*");
		sealed = plain_encode(a, text);
	} else {
		args.targetSpec = r->crew->members[to].pubkey;
		nonce_of(r, no, nonce);
		e = box_seal_nonce(a, r->boxes, peer_seal_pair(p), args.targetSpec, text, nonce,
				   &sealed);
		if (e) {
			run_fail(r, e);
			return;
		}
	}
	args.nonce = sealed.nonce;
	args.ciphertext = sealed.ciphertext;
	args.request_fingerprint = fingerprint_of(a, id);
	/* The broker keeps it and passes it on; who measures it reads no posts. */
	if (args.targetSpec.ptr[0] == '#')
		args.signature = sign_hex(a, id, peer_seal_pair(p));
	peer_write(p, "send", send_fields, &args);
}

void flow_resend(struct peer *p)
{
	p->again = false;
	for (size_t i = 0; i < p->n_unacked; i++) {
		p->run->ledger.resent++;
		send_message(p, p->unacked[i]);
	}
}

/* False when the ledger is full. */
static bool send_new(struct peer *p, u32 recipient)
{
	u64 no = ledger_send(&p->run->ledger, p->no, recipient, run_now_us());

	if (no == LEDGER_NONE)
		return false;
	p->open++;
	p->unacked[p->n_unacked++] = no;
	send_message(p, no);
	return true;
}

static void fill_queue(struct peer *p)
{
	const struct crew *c = p->run->crew;

	while (p->to_queue && p->open < RUN_QUEUE_WINDOW &&
	       send_new(p, crew_sleeper(c, p->no, p->to_queue))) {
		p->to_queue--;
		p->run->to_queue--;
	}
}

void flow_fill(struct peer *p)
{
	struct run *r = p->run;
	i64 now = run_now_us();

	if (p->state == PEER_READY && r->phase == PHASE_QUEUE)
		fill_queue(p);
	if (p->state != PEER_READY || r->phase != PHASE_FLOW || r->is_pausing ||
	    now >= r->send_until_us)
		return;
	while (p->quota && p->open < (size_t)r->flags->window) {
		if (!send_new(p, recipient_of(p))) {
			r->send_until_us = now;
			return;
		}
		p->quota--;
		r->left--;
	}
}

void flow_settle(struct peer *p)
{
	struct set_status_args args = { .status = STATUS_IDLE, ._reqId = SETTLE_ID };

	p->settled = false;
	peer_write(p, "set_status", set_status_fields, &args);
}

/* The message is no longer under way; its sender may send the next. */
static void closed(struct run *r, u64 no)
{
	struct peer *p = &r->peers[ledger_at(&r->ledger, no)->sender];

	p->open--;
	run_next(r, p);
}

static void forget_unacked(struct peer *p, u64 no)
{
	for (size_t i = 0; i < p->n_unacked; i++) {
		if (p->unacked[i] != no)
			continue;
		p->n_unacked--;
		memmove(p->unacked + i, p->unacked + i + 1,
			(p->n_unacked - i) * sizeof(*p->unacked));
		return;
	}
}

static void on_ack(struct peer *p, const struct json *frame)
{
	struct run *r = p->run;
	struct ledger *l = &r->ledger;
	struct ack_args ack;
	struct err *e = json_decode(r->scratch, frame, ack_fields, &ack, sizeof(ack), NULL);
	u64 no = e ? LEDGER_NONE : ledger_find(l, ack.id);
	u64 settled_before = l->acked + l->refused;

	if (e) {
		run_fail(r, e);
		return;
	}
	if (!ack.queued && str_eq(ack.code, S("try_again"))) {
		p->again = true;
		return;
	}
	if (!(ack.queued ? ledger_acked(l, p->no, ack.id, ack.messageId, run_now_us())
			 : ledger_refused(l, p->no, ack.id, ack.error)))
		return;
	/* A second ack of a message that was sent twice changes nothing. */
	if (l->acked + l->refused == settled_before)
		return;
	forget_unacked(p, no);
	if (run_drains(r) || ledger_is_done(l, no))
		closed(r, no);
	run_moved(r);
}

static void write_ack(struct peer *p, str client_id, str message_id)
{
	struct client_ack_args ack = { .clientMessageId = client_id, .brokerMessageId = message_id };

	peer_write(p, "client_ack", client_ack_fields, &ack);
}

static void ack_due(struct peer *p)
{
	const struct ledger *l = &p->run->ledger;
	u64 no = p->ack_due;

	if (no == LEDGER_NONE)
		return;
	p->ack_due = LEDGER_NONE;
	write_ack(p, ledger_id(l, p->run->scratch, no),
		  str_of(ledger_at(l, no)->message_id, ID_LEN));
}

void flow_ack_due(struct run *r)
{
	if (!r->acks_due)
		return;
	r->acks_due = false;
	for (u32 i = 0; i < r->n; i++)
		ack_due(&r->peers[i]);
}

/* A thousand clients read a broadcast and then ack it. Here one thread plays them all: what it
 * acked before everybody has read, the others would have to wait for. */
static void put_off_ack(struct peer *p, u64 no)
{
	struct run *r = p->run;

	ack_due(p);
	p->ack_due = no;
	r->acks_due = true;
	if (ledger_is_everywhere(&r->ledger, no))
		flow_ack_due(r);
}

static void on_push(struct peer *p, const struct json *frame)
{
	struct run *r = p->run;
	struct box_own own = { str_empty(p->session_pubkey) ? NULL : &p->session, &p->who->pair };
	struct ledger_push got = { 0 };
	struct push_args push;
	struct err *e = json_decode(r->scratch, frame, push_fields, &push, sizeof(push), NULL);
	struct sealed sealed;
	u64 done, no;

	if (e) {
		run_fail(r, e);
		return;
	}
	if (str_eq(push.subtype, S("system")))
		return;
	sealed = (struct sealed){ push.nonce, push.ciphertext };
	/* What does not open leaves got.body absent, and the ledger counts it. */
	if (str_empty(push.targetSpec))
		e = box_open(r->scratch, r->boxes, &own, push.senderPubkey, sealed, &got.body);
	else
		e = plain_decode(r->scratch, sealed, &got.body);
	got.client_id = push.client_message_id;
	got.message_id = push.messageId;
	got.sender_pubkey = push.senderMemberPubkey;
	done = ledger_got(&r->ledger, p->no, &got, run_now_us());
	no = ledger_find(&r->ledger, push.client_message_id);
	if (no != LEDGER_NONE && ledger_at(&r->ledger, no)->recipient == LEDGER_ALL &&
	    push.messageId.len == ID_LEN)
		put_off_ack(p, no);
	else
		write_ack(p, push.client_message_id, push.messageId);
	run_moved(r);
	if (done == LEDGER_NONE)
		return;
	if (run_drains(r))
		run_step(r);
	else
		closed(r, done);
}

void flow_frame(struct peer *p, str type, const struct json *frame)
{
	struct run *r = p->run;

	if (str_eq(type, S("push"))) {
		on_push(p, frame);
	} else if (str_eq(json_get_str(frame, S("_reqId")), SETTLE_ID)) {
		r->n_settled += !p->settled;
		p->settled = true;
		run_step(r);
	} else if (str_eq(type, S("ack"))) {
		on_ack(p, frame);
	} else if (str_eq(type, S("error"))) {
		str code = json_get_str(frame, S("code")), text = json_get_str(frame, S("message"));

		/* An ack that could not be stored: its push comes again. */
		if (str_eq(code, S("try_again")))
			return;
		run_fail(r, FAIL(r->scratch, REFUSED, "client %u got an error: %.*s: %.*s", p->no,
				 STRF(code), STRF(text)));
	}
}
