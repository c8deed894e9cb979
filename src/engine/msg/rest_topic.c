/*
 * rest_topic.c - topics by REST: lists, posts, history, members. The keys are in rest_key.c, the
 * stream in rest_stream.c; what a topic is and who may what is topic.h's business.
 */
#include "proto/rest_topic.h"

#include "crypto/encode.h"
#include "engine/bearer.h"
#include "engine/msg/msg.h"
#include "engine/rest.h"
#include "engine/topic.h"
#include "proto/permission.h"
#include "proto/rest.h"

/* 24 zero bytes: a text of version 1 has no use for a nonce. */
#define NO_NONCE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct err *topics_run(struct req *rq, const void *args UNUSED)
{
	struct rest_topics_args out = { .topics = { .present = true } };
	struct topic **seen;
	size_t n;

	topics_seen(rq, &seen, &n);
	out.topics.items = NEW_ARRAY(rq->arena, struct topic_entry_args, n);
	for (size_t i = 0; i < n; i++)
		if (topic_in_scope(rq, str_from(seen[i]->id)))
			out.topics.items[out.topics.n++] = topic_entry_of(rq, seen[i]);
	req_answer(rq, 200, rest_topics_fields, &out);
	return NULL;
}

static struct err *topic_run(struct req *rq, const void *args)
{
	const struct rest_topic_only_args *in = args;
	struct topic_entry_args out;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	out = topic_entry_of(rq, t);
	req_answer(rq, 200, topic_entry_fields, &out);
	return NULL;
}

static struct err *topic_new_run(struct req *rq, const void *args)
{
	const struct rest_topic_new_args *in = args;
	struct topic_create_args create = {
		.name = in->name, .description = in->description, .visibility = in->visibility,
		.members = in->members, .plaintext = in->plaintext, .newKey = in->newKey,
	};
	struct rest_topic_made_args out = { .topic = { .present = true } };
	struct topic *t;

	TRY(caller_reaches(rq->arena, rq->caller, str_starts(in->name, S("#")) ? str_skip(in->name, 1) : in->name));
	TRY(topic_create(rq, &create, &t, &out.created));
	out.topic.id = str_from(t->id);
	out.topic.name = t->name;
	out.topic.visibility = str_from(visibility_words[t->visibility]);
	out.topic.epoch = t->epoch;
	out.topic.plaintext = t->plaintext;
	req_answer(rq, 200, rest_topic_made_fields, &out);
	return NULL;
}

static struct err *draft_of(struct req *rq, const struct rest_post_args *in, struct topic_draft *out)
{
	bool both = in->text.ptr && in->ciphertext.ptr, none = !in->text.len && !in->ciphertext.len;

	if (both || none)
		return FAIL(rq->arena, BAD_REQUEST, "field 'text': either it or 'ciphertext', and not empty");
	if (in->text.ptr && (in->bodyVersion == 2 || in->nonce.ptr))
		return FAIL(rq->arena, BAD_REQUEST, "field 'text': is of version 1 and has no nonce");
	if (in->signature.ptr && !in->nonce.len)
		return FAIL(rq->arena, BAD_REQUEST, "field 'signature': is over a ciphertext and its nonce");
	if (in->bodyVersion == 2 && !in->nonce.len)
		return FAIL(rq->arena, BAD_REQUEST, "field 'nonce': missing");
	*out = (struct topic_draft){
		.nonce = in->nonce.len ? in->nonce : S(NO_NONCE),
		.ciphertext = in->text.ptr ? base64_encode(rq->arena, in->text) : in->ciphertext,
		.body_version = in->bodyVersion, .epoch = in->epoch, .priority = in->priority,
		.reply_to = in->replyToId, .mentions = in->mentions, .client_id = in->idempotencyKey,
		.signature = in->signature,
		.new_key = in->newKey.present ? &in->newKey : NULL,
	};
	return NULL;
}

/* Of the member's allowance of sends. */
static i64 seconds_to_next_send(const struct engine *e)
{
	i64 rate = e->settings.rate_per_minute;

	return rate ? (60 + rate - 1) / rate : 1;
}

/* A repeat draws nothing from the allowance of sends, which may be why it is one; but it is a
 * question all the same, and not for nothing. */
enum { REPEAT_KB = 32 };

static struct err *may_ask(struct req *rq)
{
	i64 kb = rq->engine->settings.lists_kb_per_minute;

	if (bucket_has(&req_member(rq)->lists, rq->engine->mono_ms, kb, kb))
		return NULL;
	return FAIL(rq->arena, RATE_LIMIT, "too much was asked for in a minute; wait a little");
}

static struct err *post_run(struct req *rq, const void *args)
{
	const struct rest_post_args *in = args;
	struct rest_posted_args out;
	struct topic_posted done;
	struct topic_draft draft;
	struct topic *t;

	rq->retry_after_s = seconds_to_next_send(rq->engine);
	TRY(draft_of(rq, in, &draft));
	TRY(topic_find_name(rq, in->topic, &t));
	TRY(may_ask(rq));
	TRY(topic_post(rq, t, &draft, &done));
	if (done.duplicate)
		bucket_take_many(&req_member(rq)->lists, REPEAT_KB);
	out = (struct rest_posted_args){
		.messageId = done.id, .historyId = done.id, .queueId = done.id, .topic = t->name,
		.topicId = str_from(t->id), .notifications = done.notified,
		.bodyVersion = in->bodyVersion == 2 ? 2 : 1,
		.replyToId = in->replyToId.len ? in->replyToId : STR_NONE, .seq = done.seq,
		.recipients = done.recipients, .duplicate = done.duplicate,
	};
	req_answer(rq, 200, rest_posted_fields, &out);
	return NULL;
}

static struct err *history_run(struct req *rq, const void *args)
{
	const struct rest_history_args *in = args;
	struct topic_page page = { .limit = in->limit, .before_id = in->before, .after_id = in->after,
				   .member_pubkeys = true };
	struct rest_messages_args out = { 0 };
	struct topic *t;

	if (in->before.ptr && in->after.ptr)
		return FAIL(rq->arena, BAD_REQUEST, "field 'after': not together with 'before'");
	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_history(rq, t, &page, &out.messages, &out.more));
	out.topic = t->name;
	out.topicId = str_from(t->id);
	req_answer(rq, 200, rest_messages_fields, &out);
	return NULL;
}

static struct err *read_run(struct req *rq, const void *args)
{
	const struct rest_read_args *in = args;
	struct rest_read_done_args out = { 0 };
	struct topic *t;
	i64 read_ms;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_mark_read(rq, t, in->upToId, &read_ms));
	out.topic = t->name;
	out.topicId = str_from(t->id);
	out.readAt = time_iso(rq->arena, read_ms);
	req_answer(rq, 200, rest_read_done_fields, &out);
	return NULL;
}

static void done(struct req *rq, const struct topic *t, str member_id)
{
	struct rest_topic_done_args out = { t->name, str_from(t->id), member_id, true };

	req_answer(rq, 200, rest_topic_done_fields, &out);
}

static struct err *join_run(struct req *rq, const void *args)
{
	const struct rest_join_args *in = args;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_join(rq, t, in->role));
	done(rq, t, str_from(rq->caller->member->id));
	return NULL;
}

static struct err *leave_run(struct req *rq, const void *args)
{
	const struct rest_topic_only_args *in = args;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_leave(rq, t));
	done(rq, t, str_from(rq->caller->member->id));
	return NULL;
}

static struct err *members_run(struct req *rq, const void *args)
{
	const struct rest_topic_only_args *in = args;
	struct rest_topic_members_args out = { 0 };
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_members(rq, t, &out.members));
	out.topic = t->name;
	out.topicId = str_from(t->id);
	req_answer(rq, 200, rest_topic_members_fields, &out);
	return NULL;
}

static struct err *member_set_run(struct req *rq, const void *args)
{
	const struct rest_member_of_args *in = args;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_member_set(rq, t, in->memberId, in->role));
	done(rq, t, in->memberId);
	return NULL;
}

static struct err *member_remove_run(struct req *rq, const void *args)
{
	const struct rest_member_gone_args *in = args;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_member_remove(rq, t, in->memberId));
	done(rq, t, in->memberId);
	return NULL;
}

#define POST_ERRORS "topic_not_found forbidden invalid encrypted stale_epoch idempotency_key_reused rate_limit too_large"
#define TOPIC "/api/v1/topics/:topic"

const struct op msg_rest_topic[] = {
	REST("topics", rest_none, "GET", "/api/v1/topics", CAP_READ, 0, topics_run, 200, rest_topics_fields,
	     "", "Lists topics, with how much is unread."),
	REST("topic_new", rest_topic_new, "POST", "/api/v1/topics", CAP_SEND, 0, topic_new_run, 200,
	     rest_topic_made_fields, "", "Makes a topic, or joins the one of that name."),
	REST("topic", rest_topic_only, "GET", TOPIC, CAP_READ, 0, topic_run, 200, topic_entry_fields,
	     "topic_not_found", "Shows one topic."),
	REST_FOR(PERM_SEND, "topic_post", rest_post, "POST", TOPIC, CAP_SEND, REST_TEXT | REST_SEND, post_run, 200,
	     rest_posted_fields, POST_ERRORS, "Posts to a topic: a text as it stands, or JSON."),
	REST_FOR(PERM_SEND, "messages", rest_post, "POST", "/api/v1/messages", CAP_SEND, REST_SEND, post_run, 200,
	     rest_posted_fields, POST_ERRORS, "Posts to a topic, as the reference's clients do."),
	REST("topic_messages", rest_history, "GET", TOPIC "/messages", CAP_READ, 0, history_run, 200,
	     rest_messages_fields, "topic_not_found message_not_found", "Pages through the posts of a topic."),
	REST("topic_read", rest_read, "PATCH", TOPIC "/read", CAP_READ, 0, read_run, 200,
	     rest_read_done_fields, "topic_not_found message_not_found forbidden", "Marks posts of a topic as read."),
	REST("topic_join", rest_join, "POST", TOPIC "/join", CAP_SEND, 0, join_run, 200,
	     rest_topic_done_fields, "topic_not_found forbidden", "Joins a topic that one may see."),
	REST("topic_leave", rest_topic_only, "POST", TOPIC "/leave", CAP_SEND, 0, leave_run, 200,
	     rest_topic_done_fields, "topic_not_found", "Leaves a topic; its key is stale then."),
	REST("topic_members", rest_topic_only, "GET", TOPIC "/members", CAP_READ, 0, members_run, 200,
	     rest_topic_members_fields, "topic_not_found", "Lists who is in a topic."),
	REST("topic_member_set", rest_member_of, "PUT", TOPIC "/members/:memberId", CAP_SEND, 0, member_set_run,
	     200, rest_topic_done_fields, "topic_not_found member_not_found forbidden",
	     "Adds a member to a topic, or changes its role there."),
	REST("topic_member_remove", rest_member_gone, "DELETE", TOPIC "/members/:memberId", CAP_SEND, 0,
	     member_remove_run, 200, rest_topic_done_fields, "topic_not_found member_not_found forbidden",
	     "Removes a member from a topic; its key is stale then."),
	{ 0 }
};
