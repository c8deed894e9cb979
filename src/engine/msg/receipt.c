/*
 * receipt.c - message_status: what became of a message.
 *
 * Who neither sent it nor was to get it is told that there is none (D-40), and a recipient
 * sees its own part only.
 */
#include "proto/receipt.h"

#include <utlist.h>

#include "engine/msg/msg.h"
#include "engine/receipts.h"
#include "engine/req.h"
#include "engine/topic.h"

enum {
	ID_PREFIX_MIN = 8,
	MATCHES_MAX = 10,             /* as far as an ambiguous prefix is counted */
};

static struct err *find(struct req *rq, str id, struct receipt_row **ret_receipt)
{
	struct receipt_row *rows;
	size_t n;

	if (!id_is_prefix(id, ID_PREFIX_MIN))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "messageId must be 8-32 base62 chars (got %zu)",
				     id.len), S("invalid_argument"));
	TRY(receipts_seen_by(rq->from->member, rq->arena, id, MATCHES_MAX, &rows, &n));
	if (!n)
		return FAIL(rq->arena, NOT_FOUND, "message not found");
	if (n > 1)
		return err_word(FAIL(rq->arena, AMBIGUOUS,
				     "prefix matched %zu messages \xe2\x80\x94 use a longer id", n),
				S("ambiguous_prefix"));
	*ret_receipt = rows;
	return NULL;
}

static bool is_pushed(const struct mailbox *mb, i64 message_no)
{
	const struct pushed *x;

	DL_FOREACH2(mb->pushed, x, mailbox_next)
		if (x->row.message_no == message_no)
			return true;
	return false;
}

static struct recipient_args recipient_of(struct req *rq, const struct receipt_row *r,
					  const struct receipt_end *end, const struct member *member)
{
	const struct mailbox *mb = end->pubkey.len ? mesh_mailbox(rq->from->mesh, end->pubkey) : NULL;
	struct recipient_args out = {
		.name = member->name,
		.pubkey = end->pubkey.len ? end->pubkey : str_of(member->pubkey, 64),
		.memberId = str_from(member->id), .state = end->state,
		.reason = delivery_reason(end->state),
	};

	if (end->state != DELIVERY_QUEUED) {
		out.status = end->state == DELIVERY_DELIVERED ? S("delivered") : S("disconnected");
		out.at = time_iso(rq->arena, end->at_ms);
		return out;
	}
	out.status = mb && mailbox_taker(mb) ? S("held") : S("disconnected");
	if (mb && (is_pushed(mb, r->no) || mailbox_looks_pushed(mb, end->rank)))
		out.state = DELIVERY_PUSHED;
	return out;
}

/* A post has no ends: what a member has got is a place in the topic. */
struct person {
	UT_hash_handle hh;
	const struct member *member;
	bool got;
};

/* Each person once, whichever of its devices got it. */
static void count_people(struct arena *a, const struct topic *t, const struct member *sender, i64 seq,
			 struct message_status_result_args *out)
{
	struct person *people = NULL, *p, *next;
	struct topic_sub *sub, *next_sub;

	HASH_ITER(hh, t->subs, sub, next_sub) {
		const struct member *person = member_person(sub->member);

		if (sub->member->revoked_ms || person == sender)
			continue;
		HASH_FIND_PTR(people, &person, p);
		if (!p) {
			p = NEW(a, struct person);
			p->member = person;
			HASH_ADD_PTR(people, member, p);
			out->subscribers++;
		}
		if (!p->got && MAX(sub->place_seq, sub->read_seq) >= seq) {
			p->got = true;
			out->gotBy++;
		}
	}
	HASH_ITER(hh, people, p, next)
		HASH_DELETE(hh, people, p);
}

static struct err *say_of_post(struct req *rq, const struct receipt_row *r, struct message_status_result_args *out)
{
	struct post_row *post = NULL;
	struct topic *t = NULL;
	str id = str_skip(r->target, 1);

	HASH_FIND(hh, rq->from->mesh->topics, id.ptr, id.len, t);
	if (!t)
		return NULL;
	TRY(store_post_by_id(rq->engine->store, rq->arena, t->mesh->no, t->no, r->id, &post));
	if (!post)
		return NULL;
	count_people(rq->arena, t, member_person(rq->from->member), post->seq, out);
	out->delivered = out->subscribers && out->gotBy == out->subscribers;
	return NULL;
}

static struct err *message_status_run(struct req *rq, const void *args)
{
	const struct message_status_args *in = args;
	struct message_status_result_args out = { .messageId = in->messageId, ._reqId = in->_reqId };
	struct receipt_row *r = NULL;
	struct receipt_end *ends;
	bool is_sender;
	size_t n, delivered = 0;
	i64 last_ms = 0;

	/* What it says of ends must last. */
	engine_commit(rq->engine);
	TRY(find(rq, in->messageId, &r));
	TRY(store_receipt_ends(rq->engine->store, rq->arena, r->mesh_no, r->no, &ends, &n));
	is_sender = r->sender_no == rq->from->member->no;
	out.recipients.present = true;
	out.recipients.items = NEW_ARRAY(rq->arena, struct recipient_args, n);
	for (size_t i = 0; i < n; i++) {
		const struct member *member = mesh_member_by_no(rq->from->mesh, ends[i].member_no);

		if (!member || (!is_sender && member != rq->from->member))
			continue;
		out.recipients.items[out.recipients.n++] = recipient_of(rq, r, &ends[i], member);
		if (ends[i].state != DELIVERY_DELIVERED)
			continue;
		delivered++;
		last_ms = MAX(last_ms, ends[i].at_ms);
	}
	out.id = r->id;
	out.targetSpec = r->target;
	out.createdAt = time_iso(rq->arena, r->created_ms);
	out.client_message_id = is_sender ? r->client_id : STR_NONE;
	out.delivered = delivered && delivered == out.recipients.n;
	if (is_sender && str_starts(r->target, S("#")))
		TRY(say_of_post(rq, r, &out));
	if (out.delivered && last_ms)
		out.deliveredAt = time_iso(rq->arena, last_ms);
	req_send(rq, "message_status_result", message_status_result_fields, &out);
	return NULL;
}

const struct op msg_receipt[] = {
	OP("message_status", OP_FRAME, message_status, NULL, message_status_run, "message_status_result error",
	   message_status_result_fields, "Says what became of a message that the caller sent or was to get."),
	{ 0 }
};
