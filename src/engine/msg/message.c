/*
 * message.c - send and client_ack.
 *
 * A message is on disk before its sender is answered. Refusals are acks with a reason and
 * leave nothing behind; their texts are wire-core.md 3.3's where that has one.
 */
#include "proto/message.h"

#include <utlist.h>

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "engine/audit.h"
#include "engine/grant.h"
#include "engine/msg/msg.h"
#include "engine/permission.h"
#include "engine/receipts.h"
#include "engine/req.h"
#include "engine/topic.h"
#include "engine/traffic.h"

#define NO_RECIPIENT_TEXT \
	"no connected peer for target (not online, or targetSpec is your own key without another session)"

/* The first word makes the reference daemon stop. */
#define KEY_REUSED_TEXT \
	"invalid: idempotency_key_reused (this client_message_id was used for another message)"

struct recipients {
	struct mailbox **items;
	size_t n;
	struct mailbox **full;                /* take no more */
	size_t n_full;
	size_t n_withheld;                    /* of n: do not want it */
	bool anyone_connected;
};

/* Adds a mailbox unless this routing has it already. */
static void choose(struct engine *e, struct recipients *to, struct mailbox *mb)
{
	if (mb->stamp == e->stamp)
		return;
	mb->stamp = e->stamp;
	to->items[to->n++] = mb;
}

static void start_routing(struct req *rq, struct recipients *to)
{
	rq->engine->stamp++;
	*to = (struct recipients){ .items = NEW_ARRAY(rq->arena, struct mailbox *,
						      (size_t)rq->from->mesh->n_presences + 1) };
}

/*
 * To a member: when a session of it is online, every session gets its copy, those in grace
 * for when they come back. Otherwise the member's own mailbox, because nothing shall wait for
 * a session that may never return: whoever comes next takes from it, a session that comes
 * back, a new one, or the member's link, at once if that is there (wire-core.md 15, item 7).
 * What a session had not acked when it was lost goes the same way (presence_detach).
 * To oneself only other sessions count, because a member link drops what its own member
 * sent; they get it also in grace.
 */
static void route_member(struct req *rq, struct member *member, struct recipients *to)
{
	bool self = member == rq->from->member;
	bool copies = self || member_has_session_online(member);
	struct presence *p;

	DL_FOREACH2(member->presences, p, member_next) {
		if (p == rq->from || !p->takes)
			continue;
		to->anyone_connected = true;
		if (copies && p->mailbox && (p->session || self))
			choose(rq->engine, to, p->mailbox);
	}
	if (!to->n && !self)
		choose(rq->engine, to, member->mailbox);
}

static void route_direct(struct req *rq, str target, struct recipients *to)
{
	struct mailbox *mb = mesh_mailbox(rq->from->mesh, target);

	if (!mb || mb->member->revoked_ms)
		return;
	if (mb->session && mb->holder == rq->from)
		return;
	if (mb->session && mb->holder && mb->holder->takes) {
		to->anyone_connected = true;
		choose(rq->engine, to, mb);
	} else {
		route_member(rq, mb->member, to);
	}
}

static bool is_in(const struct presence *p, str group)
{
	return p->takes && (!group.len || groups_contain(&p->groups, group));
}

/* Asked for each of its connections, answered once a routing. */
static bool has_session(struct member *member, str group)
{
	u64 stamp = member->mesh->engine->stamp;
	const struct presence *p;

	if (member->stamp == stamp)
		return member->has_session;
	member->stamp = stamp;
	member->has_session = false;
	DL_FOREACH2(member->presences, p, member_next)
		if (p->session && is_in(p, group))
			member->has_session = true;
	return member->has_session;
}

/* group is empty for everybody. A member's link stands in when no session of it is in there. */
static void route_multicast(struct req *rq, str group, struct recipients *to)
{
	struct presence *p;

	DL_FOREACH(rq->from->mesh->presences, p) {
		if (p->member == rq->from->member || p->hidden || !is_in(p, group))
			continue;
		to->anyone_connected = true;
		if (p->mailbox)
			choose(rq->engine, to, p->mailbox);
		else if (!has_session(p->member, group))
			choose(rq->engine, to, p->member->mailbox);
	}
}

static bool is_multicast(str target)
{
	return str_eq(target, S("*")) || target.ptr[0] == '@';
}

/* False after having answered with a refused ack. */
static bool may_send(struct req *rq, const struct send_args *in)
{
	struct engine *e = rq->engine;
	i64 size = (i64)(in->ciphertext.len + in->nonce.len + in->targetSpec.len);
	i64 max = e->settings.max_message_bytes;

	if (size > max) {
		req_refuse_send(rq, S("too_large"), arena_printf(rq->arena,
				"payload too large: %lld bytes > MAX_MESSAGE_BYTES=%lld (invalid)",
				(long long)size, (long long)max));
		return false;
	}
	if (!base64_is_strict(in->nonce) || !base64_is_strict(in->ciphertext)) {
		req_refuse_send(rq, S("invalid"), arena_printf(rq->arena, "invalid: %s is not base64",
				base64_is_strict(in->nonce) ? "ciphertext" : "nonce"));
		return false;
	}
	if (in->targetSpec.ptr[0] == '@' && !group_name_is_valid(str_skip(in->targetSpec, 1))) {
		req_refuse_send(rq, S("invalid"), S("invalid: a group is @ and letters, digits, _ - . /"));
		return false;
	}
	return true;
}

/* What tells a repeat from another message under the same id: the sender's own word if it
 * gives one, because a repeat may be sealed anew; else all that it chose. */
static void describe(struct req *rq, const struct send_args *in, struct receipt_row *r)
{
	const str parts[] = { in->targetSpec,
			      str_from(priority_words[in->priority ? in->priority : PRIORITY_NEXT]),
			      in->nonce, in->ciphertext };
	u8 *digest;

	r->client_id = in->client_message_id;
	r->fingerprint = in->request_fingerprint;
	if (r->fingerprint.len || !r->client_id.len)
		return;
	digest = arena_alloc(rq->arena, DIGEST_BYTES);
	digest_parts(parts, ARRAY_LEN(parts), digest);
	r->digest = str_of(digest, DIGEST_BYTES);
}

/* D-14: the same message again is answered as the first time; nothing is stored or charged.
 * *ret_answered also when the id is taken by another message. */
static struct err *answer_repeat(struct req *rq, const struct send_args *in,
				 const struct receipt_row *now, bool *ret_answered)
{
	struct receipt_row *first = NULL;
	struct ack_args ack = { .id = in->id.ptr ? in->id : S(""), .queued = true, .duplicate = true };

	*ret_answered = false;
	if (!in->client_message_id.len)
		return NULL;
	TRY(receipts_get(rq->from->member, rq->arena, in->client_message_id, &first));
	if (!first)
		return NULL;
	*ret_answered = true;
	if (!str_eq(first->fingerprint, now->fingerprint) || !str_eq(first->digest, now->digest)) {
		req_refuse_send(rq, S("invalid"), S(KEY_REUSED_TEXT));
		return NULL;
	}
	ack.messageId = first->id;
	ack.recipients = first->recipients;
	rq->engine->stats.duplicates++;
	req_send(rq, "ack", ack_fields, &ack);
	return NULL;
}

static void route(struct req *rq, const struct send_args *in, struct recipients *to)
{
	start_routing(rq, to);
	if (str_eq(in->targetSpec, S("*")) || str_eq(in->targetSpec, S("@all")))
		route_multicast(rq, STR_NONE, to);
	else if (in->targetSpec.ptr[0] == '@')
		route_multicast(rq, str_skip(in->targetSpec, 1), to);
	else
		route_direct(rq, in->targetSpec, to);
}

static struct message_row message_of(struct req *rq, const struct send_args *in)
{
	i64 now = rq->engine->now_ms;

	return (struct message_row){
		.mesh_no = rq->from->mesh->no,
		.sender_no = rq->from->member->no, .sender_pubkey = presence_pubkey(rq->from),
		.sender_name = presence_name(rq->from), .target = in->targetSpec,
		.rank = (int)(in->priority ? in->priority : PRIORITY_NEXT) - PRIORITY_NOW,
		.nonce = in->nonce, .ciphertext = in->ciphertext, .client_id = in->client_message_id,
		.fingerprint = in->request_fingerprint, .reply_to = in->replyToId,
		.created_ms = now, .expires_ms = now + (i64)MESSAGE_TTL_DAYS * 24 * 3600 * 1000,
	};
}

/* Sets those aside that have as much waiting as they may. False after having refused it: by
 * a word that makes the reference daemon try again. */
static bool find_room(struct req *rq, const struct message_row *m, struct recipients *to, bool multicast)
{
	const struct member *sender = rq->from->member;
	i64 bytes = message_bytes(m);
	struct backlog seen;
	size_t n = 0;

	if (!backlog_sender_has_room(sender, (i64)to->n, bytes)) {
		req_refuse_send(rq, S("full"), arena_printf(rq->arena,
				"%lld messages (%lld bytes) of yours wait for their recipients; try again later",
				(long long)sender->backlog.messages, (long long)sender->backlog.bytes));
		return false;
	}
	to->full = NEW_ARRAY(rq->arena, struct mailbox *, to->n);
	for (size_t i = 0; i < to->n; i++) {
		bool withheld = !grant_allows_message(to->items[i]->member, m);

		if (backlog_has_room(to->items[i], bytes, withheld)) {
			to->items[n++] = to->items[i];
			to->n_withheld += withheld;
		} else {
			to->full[to->n_full++] = to->items[i];
		}
	}
	to->n = n;
	if (n || !to->n_full || multicast)
		return true;
	seen = backlog_seen(to->full[0], !grant_allows_message(to->full[0]->member, m));
	req_refuse_send(rq, S("full"), arena_printf(rq->arena,
			"the recipient has %lld messages (%lld bytes) waiting; try again later",
			(long long)seen.messages, (long long)seen.bytes));
	return false;
}

/* Its sender can ask why it did not get there. */
static void refuse_for(struct req *rq, struct mailbox *mb, const struct message_row *m)
{
	struct engine *e = rq->engine;
	struct member *member = mb->member;

	store_delivery_refuse(e->store, m->mesh_no, &(struct delivery_row){ .mailbox_no = mb->no,
			      .message_no = m->no },
			      &(struct delivery_end){ member->no, DELIVERY_REFUSED, e->now_ms });
	receipts_ended(e, &(struct ending){ rq->from->mesh, m->no, m->sender_no, m->id, m->client_id, member,
		       str_of(mb->pubkey, 64), DELIVERY_REFUSED, e->now_ms });
}

/* Stores the message with its receipt and hands it on; returns to how many connections it left. */
static size_t accept_message(struct req *rq, const struct send_args *in, struct message_row *m,
			     const struct recipients *to, struct receipt_row *receipt)
{
	struct engine *e = rq->engine;
	CLEANUP(push_blocks_done) struct push_blocks blocks = { 0 };
	struct message_row stored;
	size_t live = 0;

	m->id = receipt->id;
	m->no = receipt->no = store_next(e->store, NUMBER_MESSAGE);
	receipt->mesh_no = m->mesh_no;
	receipt->sender_no = m->sender_no;
	receipt->target = in->targetSpec;
	receipt->recipients = (i64)to->n;
	receipt->created_ms = e->now_ms;
	receipts_add(e, receipt);
	audit_sent(rq->from->mesh, rq->from->member, in->targetSpec, m->rank);
	for (size_t i = 0; i < to->n_full; i++)
		refuse_for(rq, to->full[i], m);
	if (!to->n)
		return 0;
	stored = *m;
	if (to->n_withheld == to->n) /* nobody will read it */
		stored.nonce = stored.ciphertext = S("");
	store_message_add(e->store, &stored);
	for (size_t i = 0; i < to->n; i++)
		live += mailbox_deliver(to->items[i], m, to->n > 1 ? (i64)to->n : 0, &blocks);
	return live;
}

void message_charge(struct member *m)
{
	i64 batch_no = m->mesh->engine->batch_no;

	if (m->sends_in != batch_no)
		m->n_sends = 0;
	m->sends_in = batch_no;
	m->n_sends++;
	bucket_take(&m->sends);
}

static struct err *send_run(struct req *rq, const void *args)
{
	const struct send_args *in = args;
	struct engine *e = rq->engine;
	struct recipients to;
	struct receipt_row receipt = { .id = STR_NONE };
	struct message_row m = message_of(rq, in);
	struct ack_args ack = { .id = in->id.ptr ? in->id : S(""), .queued = true };
	bool answered;
	size_t live;

	if (in->wantReceipt)
		rq->from->receipts = true;
	if (in->targetSpec.ptr[0] == '#')
		return topic_send(rq, in);
	if (!may_send(rq, in))
		return NULL;
	describe(rq, in, &receipt);
	TRY(answer_repeat(rq, in, &receipt, &answered));
	if (answered)
		return NULL;
	if (!bucket_has(&rq->from->member->sends, e->mono_ms, e->settings.rate_per_minute,
			e->settings.rate_burst)) {
		req_refuse_rate(rq);
		return NULL;
	}
	route(rq, in, &to);
	if (!is_multicast(in->targetSpec) &&
	    (!to.n || ((in->requireConnected || e->settings.refuse_offline) && !to.anyone_connected))) {
		req_refuse_send(rq, S("no_recipient"), S(NO_RECIPIENT_TEXT));
		return NULL;
	}
	if (rq->from->mesh->uncounted)
		TRY(backlog_read(rq->from->mesh, rq->arena));
	if (!find_room(rq, &m, &to, is_multicast(in->targetSpec)))
		return NULL;
	message_charge(rq->from->member);
	ack.messageId = receipt.id = id_message(rq->arena, &e->ids);
	live = accept_message(rq, in, &m, &to, &receipt);
	if (to.n)
		traffic_message(rq->from, in->targetSpec);
	ack.recipients = (i64)to.n;
	ack.delivery = live ? S("live") : !to.n ? S("nobody") : to.anyone_connected ? S("held") : S("stored");
	engine_accepted(e, rq->event);
	req_send(rq, "ack", ack_fields, &ack);
	return NULL;
}

static bool names(const struct pushed *x, const struct client_ack_args *in)
{
	if (in->brokerMessageId.len)
		return str_eq(in->brokerMessageId, str_from(x->id));
	return in->clientMessageId.len &&
	       str_eq(in->clientMessageId, str_of(x->client_id, x->client_id_len));
}

static void count_ack(struct engine *e, const struct pushed *x)
{
	histogram_add(&e->stats.wake, (e->mono_ms - x->sent_ms) * 1000);
	histogram_add(&e->stats.delivery, (e->now_ms - x->created_ms) * 1000);
}

/* Ends only what was pushed to this very connection: nobody can ack for another (D-13). A client
 * id is its sender's own: when two senders chose the same it names neither message. */
static struct err *client_ack_run(struct req *rq, const void *args)
{
	const struct client_ack_args *in = args;
	struct pushed *x, *first = NULL;

	presence_acks(rq->from);
	DL_FOREACH(rq->from->pushed, x) {
		if (!names(x, in))
			continue;
		if (first && first->sender_no != x->sender_no)
			return FAIL(rq->arena, AMBIGUOUS,
				    "two senders gave a message the clientMessageId '%.*s'; say "
				    "brokerMessageId", STRF(in->clientMessageId));
		if (!first)
			first = x;
		if (in->brokerMessageId.len)
			break;
	}
	if (first) {
		count_ack(rq->engine, first);
		pushed_end(first);
	} else if (!topics_ack(rq->from, in->brokerMessageId, in->clientMessageId)) {
		return NULL;
	}
	rq->engine->stats.acked++;
	return NULL;
}

const struct op msg_message[] = {
	OP_FOR(PERM_SEND, "send", OP_FRAME | OP_ACKS, send, NULL, send_run, "ack", ack_fields,
	       "Keeps a message for its recipients and pushes it to those that are connected."),
	OP("client_ack", OP_FRAME, client_ack, NULL, client_ack_run, "", NULL,
	   "Says that a pushed message arrived, so that it is not pushed again."),
	{ 0 }
};
