/*
 * rest_key.c - keys of topics by REST, as the reference's clients ask for them, and the next
 * epochs that they do not know.
 */
#include "engine/bearer.h"
#include "engine/msg/msg.h"
#include "engine/rest.h"
#include "engine/topic.h"
#include "proto/rest_topic.h"

static struct err *unencrypted(struct req *rq)
{
	return err_word(FAIL(rq->arena, CONFLICT, "the topic has no key"), S("topic_unencrypted"));
}

static struct err *key_run(struct req *rq, const void *args)
{
	const struct rest_key_args *in = args;
	const struct topic_key_copy_args *copy;
	struct topic_key_data_args data = { 0 };
	struct rest_key_data_args out;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	if (!t->epoch)
		return unencrypted(rq);
	TRY(topic_key_data(rq, t, in->epoch, &data));
	if (!data.keys.n)
		return err_word(FAIL(rq->arena, NOT_FOUND, "nobody has sealed the topic's key for you yet"),
				S("key_not_sealed_for_member"));
	copy = &data.keys.items[0];
	out = (struct rest_key_data_args){
		.topic = t->name, .topicId = str_from(t->id), .encryptedKey = copy->encryptedKey,
		.nonce = copy->nonce, .senderPubkey = copy->senderPubkey, .createdAt = copy->createdAt,
		.epoch = copy->epoch, .sealerMemberId = copy->sealerMemberId,
		.sealerPubkey = copy->sealerPubkey, .topicEpoch = t->epoch, .stale = t->stale,
	};
	req_answer(rq, 200, rest_key_data_fields, &out);
	return NULL;
}

static struct err *claim_run(struct req *rq, const void *args)
{
	const struct rest_claim_args *in = args;
	struct topic_copy_args own = { .memberId = str_from(rq->caller->member->id),
				       .encryptedKey = in->encryptedKey, .nonce = in->nonce };
	struct topic_new_key_args key = { .present = true, .epoch = 1, .keyPubkey = in->encryptedKeyPubkey,
					  .copies = { &own, 1, true } };
	struct rest_claimed_args out = { .senderPubkey = in->encryptedKeyPubkey, .memberId = own.memberId,
					 .claimed = true };
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	if (t->epoch)
		return err_word(FAIL(rq->arena, CONFLICT, "the topic has a key"), S("already_encrypted"));
	TRY(topic_key_install(rq, t, &key));
	out.topic = t->name;
	out.topicId = str_from(t->id);
	req_answer(rq, 200, rest_claimed_fields, &out);
	return NULL;
}

static struct err *next_key_run(struct req *rq, const void *args)
{
	const struct rest_next_key_args *in = args;
	struct rest_next_key_done_args out = { 0 };
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_key_install(rq, t, &in->newKey));
	out.topic = t->name;
	out.topicId = str_from(t->id);
	out.epoch = t->epoch;
	req_answer(rq, 200, rest_next_key_done_fields, &out);
	return NULL;
}

static struct err *pending_run(struct req *rq, const void *args)
{
	const struct rest_topic_only_args *in = args;
	struct topic_pending_seals_response_args pending = { 0 };
	struct rest_pending_args out;
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(topic_pending_seals(rq, t, &pending));
	out = (struct rest_pending_args){
		.topic = t->name, .topicId = str_from(t->id), .senderPubkey = pending.senderPubkey,
		.epoch = pending.epoch, .stale = pending.stale, .pending = pending.pending,
	};
	req_answer(rq, 200, rest_pending_fields, &out);
	return NULL;
}

/* Of the reference's A9 there is nothing: a copy that is there stays. */
static struct err *seal_run(struct req *rq, const void *args)
{
	const struct rest_seal_args *in = args;
	const struct topic_copy_args copy = { in->memberId, in->encryptedKey, in->nonce };
	struct rest_sealed_args out = { .memberId = in->memberId };
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	if (!t->epoch)
		return unencrypted(rq);
	TRY(topic_seal(rq, t, in->epoch, &copy, &out.sealed));
	out.topic = t->name;
	out.topicId = str_from(t->id);
	out.sealedAt = time_iso(rq->arena, rq->engine->now_ms);
	req_answer(rq, 200, rest_sealed_fields, &out);
	return NULL;
}

#define TOPIC "/api/v1/topics/:topic"

const struct op msg_rest_key[] = {
	REST("topic_key", rest_key, "GET", TOPIC "/key", CAP_READ, 0, key_run, 200, rest_key_data_fields,
	     "topic_not_found key_not_sealed_for_member topic_unencrypted",
	     "Gives the member's sealed copy of a topic's key."),
	REST("topic_claim_key", rest_claim, "POST", TOPIC "/claim-key", CAP_SEND, 0, claim_run, 200,
	     rest_claimed_fields, "topic_not_found already_encrypted forbidden",
	     "Installs the first key of a topic, sealed for its maker."),
	REST("topic_next_key", rest_next_key, "POST", TOPIC "/keys", CAP_SEND, 0, next_key_run, 200,
	     rest_next_key_done_fields, "topic_not_found stale_epoch already_encrypted forbidden",
	     "Installs the next key of a topic, if nobody was first."),
	REST("topic_pending_seals", rest_topic_only, "GET", TOPIC "/pending-seals", CAP_READ, 0, pending_run,
	     200, rest_pending_fields, "topic_not_found", "Lists members without a copy of the topic's key."),
	REST("topic_seal", rest_seal, "POST", TOPIC "/seal", CAP_SEND, 0, seal_run, 200, rest_sealed_fields,
	     "topic_not_found topic_unencrypted member_not_found forbidden",
	     "Gives a member of a topic its copy of the key, if it has none."),
	{ 0 }
};
