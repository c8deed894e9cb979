/*
 * topic_post.c - posts, history, read marks and notifications, over WebSocket.
 *
 * A refused post is an ack as that of a direct send: texts begin with a word that the reference
 * daemon knows for final, but for what may succeed later.
 */
#include "crypto/encode.h"
#include "engine/msg/msg.h"
#include "engine/topic.h"
#include "proto/message.h"

/* The code of a refused ack. */
static str code_of(const struct err *e)
{
	if (e->code == ERR_TOO_LARGE)
		return S("too_large");
	if (e->code == ERR_FORBIDDEN)
		return S("forbidden");
	/* What one knew by a name may be gone, and another topic have it. */
	if (str_eq(err_wire(e), S("topic_not_found")))
		return err_wire(e);
	/* Somebody was first, with the first key or the next: to fetch it and try again is the same. */
	return str_eq(err_wire(e), S("stale_epoch")) || str_eq(err_wire(e), S("already_encrypted")) ? S("stale_epoch")
												    : S("invalid");
}

static struct err *refuse(struct req *rq, struct err *e)
{
	if (e->code == ERR_INTERNAL || e->code == ERR_IO || e->code == ERR_TRY_AGAIN)
		return e;
	if (e->code == ERR_RATE_LIMIT)
		req_refuse_rate(rq);
	else
		req_refuse_send(rq, code_of(e), arena_printf(rq->arena, "%s: %.*s",
				e->code == ERR_FORBIDDEN ? "forbidden" : "invalid", STRF(e->text)));
	return NULL;
}

struct err *topic_send(struct req *rq, const struct send_args *in)
{
	struct topic_draft draft = {
		.nonce = in->nonce, .ciphertext = in->ciphertext, .body_version = in->bodyVersion,
		.epoch = in->epoch, .priority = in->priority, .reply_to = in->replyToId, .mentions = in->mentions,
		.client_id = in->client_message_id, .fingerprint = in->request_fingerprint, .signature = in->signature,
		.new_key = in->newKey.present ? &in->newKey : NULL,
	};
	struct ack_args ack = { .id = in->id.ptr ? in->id : S(""), .queued = true };
	struct topic_posted posted;
	struct topic *t = NULL;
	struct err *e = topic_find(rq, in->targetSpec, &t);

	if (!e)
		e = topic_post(rq, t, &draft, &posted);
	if (e)
		return refuse(rq, e);
	ack.messageId = posted.id;
	ack.recipients = posted.recipients;
	ack.topicId = str_from(t->id);
	ack.duplicate = posted.duplicate;
	ack.epoch = posted.epoch;
	ack.seq = posted.seq;
	ack.notifications = posted.notified;
	if (!posted.duplicate)
		ack.delivery = posted.live ? S("live") : posted.recipients ? S("stored") : S("nobody");
	req_send(rq, "ack", ack_fields, &ack);
	return NULL;
}

static struct err *topic_history_run(struct req *rq, const void *args)
{
	const struct topic_history_args *in = args;
	struct topic_history_response_args out = { .topic = in->topic, ._reqId = in->_reqId };
	struct topic_page page = { .limit = in->limit, .before_id = in->beforeId, .after_id = in->afterId };
	struct topic *t;

	TRY(req_may_list(rq));
	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_history_signed(rq, t, &page, &out));
	out.topicId = str_from(t->id);
	req_send_list(rq, "topic_history_response", topic_history_response_fields, &out);
	return NULL;
}

static struct err *topic_mark_read_run(struct req *rq, const void *args)
{
	const struct topic_mark_read_args *in = args;
	struct topic *t;
	i64 read_ms;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_mark_read(rq, t, in->upToId, &read_ms));
	req_done(rq);
	return NULL;
}

static struct err *notification_list_run(struct req *rq, const void *args)
{
	const struct notification_list_args *in = args;
	struct notification_list_response_args out = { .since = in->since, ._reqId = in->_reqId,
						       .mentionedAs = req_member(rq)->name };
	struct notification_page page = { .unread = in->unread, .limit = in->limit, .before_id = in->beforeId };

	if (in->since.len && !time_from_iso(in->since, &page.since_ms))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'since': an ISO time"), S("invalid_since"));
	TRY(req_may_list(rq));
	TRY(notifications_list(rq, &page, &out.notifications));
	TRY(notifications_unread(rq, &out.unread));
	req_send_list(rq, "notification_list_response", notification_list_response_fields, &out);
	return NULL;
}

static struct err *notification_read_run(struct req *rq, const void *args)
{
	const struct notification_read_args *in = args;
	struct notification_read_response_args out = { ._reqId = in->_reqId };

	if (in->all == (in->ids.n > 0))
		return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'ids': either it or 'all'"), S("invalid"));
	TRY(notifications_read(rq, &in->ids, in->all, 0, &out.marked));
	out.readAt = time_iso(rq->arena, rq->engine->now_ms);
	req_send(rq, "notification_read_response", notification_read_response_fields, &out);
	return NULL;
}

const struct op msg_topic_post[] = {
	OP("topic_history", OP_FRAME, topic_history, NULL, topic_history_run, "topic_history_response error",
	   topic_history_response_fields, "Reads a page of a topic's posts."),
	OP("topic_mark_read", OP_FRAME, topic_mark_read, NULL, topic_mark_read_run, "ack error", NULL,
	   "Has read a topic, up to a post or all of it."),
	OP("notification_list", OP_FRAME, notification_list, NULL, notification_list_run,
	   "notification_list_response error", notification_list_response_fields,
	   "Lists the posts in which the caller was mentioned."),
	OP("notification_read", OP_FRAME, notification_read, NULL, notification_read_run,
	   "notification_read_response error", notification_read_response_fields, "Has read mentions."),
	{ 0 }
};
