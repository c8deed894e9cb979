/*
 * topic_key.c - keys of topics, over WebSocket: a client fetches its copy, seals for others, and
 * installs the next key.
 */
#include "engine/msg/msg.h"
#include "engine/topic.h"

static struct err *topic_key_get_run(struct req *rq, const void *args)
{
	const struct topic_key_get_args *in = args;
	struct topic_key_data_args out;
	struct topic *t;

	TRY(req_may_list(rq));
	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_key_data(rq, t, in->epoch, &out));
	out._reqId = in->_reqId;
	req_send_list(rq, "topic_key_data", topic_key_data_fields, &out);
	return NULL;
}

static struct err *topic_pending_seals_run(struct req *rq, const void *args)
{
	const struct topic_pending_seals_args *in = args;
	struct topic_pending_seals_response_args out;
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_pending_seals(rq, t, &out));
	out._reqId = in->_reqId;
	req_send(rq, "topic_pending_seals_response", topic_pending_seals_response_fields, &out);
	return NULL;
}

static struct err *topic_seal_run(struct req *rq, const void *args)
{
	const struct topic_seal_args *in = args;
	struct topic_copy_args copy = { in->memberId, in->encryptedKey, in->nonce };
	struct topic_sealed_args out = { .memberId = in->memberId, ._reqId = in->_reqId };
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_seal(rq, t, in->epoch, &copy, &out.sealed));
	out.topicId = str_from(t->id);
	out.epoch = in->epoch ? in->epoch : t->epoch;
	req_send(rq, "topic_sealed", topic_sealed_fields, &out);
	return NULL;
}

static struct err *topic_key_drop_run(struct req *rq, const void *args)
{
	const struct topic_key_drop_args *in = args;
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_key_drop(rq, t, in->epoch));
	req_done(rq);
	return NULL;
}

static struct err *topic_key_install_run(struct req *rq, const void *args)
{
	const struct topic_key_install_args *in = args;
	struct topic_key_installed_args out = { ._reqId = in->_reqId };
	struct topic *t;

	TRY(topic_find(rq, in->topic, &t));
	TRY(topic_key_install(rq, t, &in->newKey));
	out.topicId = str_from(t->id);
	out.epoch = t->epoch;
	req_send(rq, "topic_key_installed", topic_key_installed_fields, &out);
	return NULL;
}

const struct op msg_topic_key[] = {
	OP("topic_key_get", OP_FRAME, topic_key_get, NULL, topic_key_get_run, "topic_key_data error",
	   topic_key_data_fields, "Fetches the caller's sealed copies of a topic's keys."),
	OP("topic_pending_seals", OP_FRAME, topic_pending_seals, NULL, topic_pending_seals_run,
	   "topic_pending_seals_response error", topic_pending_seals_response_fields,
	   "Lists members of a topic that have no copy of its key yet."),
	OP("topic_seal", OP_FRAME, topic_seal, NULL, topic_seal_run, "topic_sealed error", topic_sealed_fields,
	   "Gives a member that has none its sealed copy of a topic's key."),
	OP("topic_key_drop", OP_FRAME, topic_key_drop, NULL, topic_key_drop_run, "ack error", NULL,
	   "Lets go of one's own copy that does not open, so that somebody seals another."),
	OP("topic_key_install", OP_FRAME, topic_key_install, NULL, topic_key_install_run,
	   "topic_key_installed error", topic_key_installed_fields,
	   "Installs the next key of a topic, if nobody was faster."),
	{ 0 }
};
