/*
 * topic.c - topics and who is in them, over WebSocket. Who may what is said in engine/topic.h's
 * functions; a refusal carries the request id in `id` and `_reqId`, so that every client finds it (D-31).
 */
#include "engine/topic.h"

#include "engine/msg/msg.h"

static struct err *topic_create_run(struct req *rq, const void *args)
{
	const struct topic_create_args *in = args;
	struct topic_created_args out = { .topic = { .present = true }, ._reqId = in->_reqId };
	struct topic *t;

	TRY(topic_create(rq, in, &t, &out.created));
	out.topic.id = str_from(t->id);
	out.topic.name = t->name;
	out.topic.visibility = str_from(visibility_words[t->visibility]);
	out.topic.epoch = t->epoch;
	out.topic.plaintext = t->plaintext;
	req_send(rq, "topic_created", topic_created_fields, &out);
	return NULL;
}

static struct err *topic_list_run(struct req *rq, const void *args)
{
	const struct topic_list_args *in = args;
	struct topic_list_response_args out = { .topics = { .present = true }, ._reqId = in->_reqId };
	struct topic **topics;
	size_t n;

	TRY(req_may_list(rq));
	topics_seen(rq, &topics, &n);
	out.topics.items = NEW_ARRAY(rq->arena, struct topic_entry_args, n + 1);
	for (size_t i = 0; i < n; i++)
		out.topics.items[out.topics.n++] = topic_entry_of(rq, topics[i]);
	req_send_list(rq, "topic_list_response", topic_list_response_fields, &out);
	return NULL;
}

static struct err *topic_join_run(struct req *rq, const void *args)
{
	const struct topic_join_args *in = args;
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_join(rq, t, in->role));
	req_done(rq);
	return NULL;
}

static struct err *topic_leave_run(struct req *rq, const void *args)
{
	const struct topic_leave_args *in = args;
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_leave(rq, t));
	req_done(rq);
	return NULL;
}

static struct err *topic_members_run(struct req *rq, const void *args)
{
	const struct topic_members_args *in = args;
	struct topic_members_response_args out = { .topic = in->topic, ._reqId = in->_reqId };
	struct topic *t;

	TRY(req_may_list(rq));
	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_members(rq, t, &out.members));
	out.topicId = str_from(t->id);
	req_send_list(rq, "topic_members_response", topic_members_response_fields, &out);
	return NULL;
}

static struct err *topic_member_set_run(struct req *rq, const void *args)
{
	const struct topic_member_set_args *in = args;
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_member_set(rq, t, in->memberId, in->role));
	req_done(rq);
	return NULL;
}

static struct err *topic_member_remove_run(struct req *rq, const void *args)
{
	const struct topic_member_remove_args *in = args;
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_member_remove(rq, t, in->memberId));
	req_done(rq);
	return NULL;
}

const struct op msg_topic[] = {
	OP("topic_create", OP_FRAME, topic_create, NULL, topic_create_run, "topic_created error",
	   topic_created_fields, "Makes a topic with the caller as lead, or joins the one of that name."),
	OP("topic_list", OP_FRAME, topic_list, NULL, topic_list_run, "topic_list_response", topic_list_response_fields,
	   "Lists the topics that the caller may see, by name, with what it has not read."),
	OP("topic_join", OP_FRAME, topic_join, NULL, topic_join_run, "ack error", NULL,
	   "Is in a public topic from now on."),
	OP("topic_leave", OP_FRAME, topic_leave, NULL, topic_leave_run, "ack error", NULL,
	   "Is not in a topic any more; its key becomes stale."),
	OP("topic_members", OP_FRAME, topic_members, NULL, topic_members_run, "topic_members_response error",
	   topic_members_response_fields, "Lists who is in a topic, by name."),
	OP("topic_member_set", OP_FRAME, topic_member_set, NULL, topic_member_set_run, "ack error", NULL,
	   "Adds a member to a topic, or changes its role there: a lead or an admin may. Who is made an observer stays one, also after leaving."),
	OP("topic_member_remove", OP_FRAME, topic_member_remove, NULL, topic_member_remove_run, "ack error", NULL,
	   "Takes a member out of a topic: a lead or an admin may; the topic's key becomes stale, and the member does not come back by itself."),
	{ 0 }
};
