/*
 * topics_post.c - a post: under the key that is known, or with the next one.
 */
#include "client/topics_internal.h"

#include <time.h>

#include "base/ids.h"
#include "crypto/secret.h"

/* What we know will do, mostly: if it is out of date the broker says so. */
static struct err *stand_as_known(struct topics *t, str topic, struct topic_standing *st)
{
	struct topic_keys_args keys;

	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &keys));
	topic_stand_known(&keys, topic, st);
	return NULL;
}

static struct err *stand_as_told(struct topics *t, str topic, struct topic_standing *st)
{
	struct topic_key_data_args data;
	struct topic_keys_args keys;

	TRY(topics_keys(t, topic, &data));
	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &keys));
	return topic_stand_told(t->arena, &keys, topic, &data, st);
}

static struct err *wait_for_copy(struct topics *t, str topic, struct topic_standing *st)
{
	static const struct timespec pause = { 0, TOPIC_COPY_TRY_MS * 1000000L };

	for (int i = 0; i < TOPIC_COPY_TRIES && topic_waits_for_copy(st); i++) {
		nanosleep(&pause, NULL);
		TRY(stand_as_told(t, topic, st));
	}
	return NULL;
}

static struct err *send_frame(struct topics *t, const struct send_args *args, const struct topic_standing *st,
			      struct topic_posted *ret_posted)
{
	struct ack_args ack;

	TRY(t->call(t->arg, t->arena, "send", send_fields, args, ack_fields, &ack, sizeof(ack)));
	*ret_posted = (struct topic_posted){
		.message_id = ack.messageId, .client_message_id = args->client_message_id,
		.topic = st->name, .topic_id = st->topic_id, .duplicate = ack.duplicate,
		.encrypted = args->bodyVersion == 2, .epoch = args->epoch, .seq = ack.seq,
		.recipients = ack.recipients, .notifications = ack.notifications,
		.mentions = args->mentions.n,
	};
	return NULL;
}

/* With a key both are accepted, or neither is. */
static struct err *post_once(struct topics *t, const struct topic_post *post, struct topic_standing *st,
			     struct topic_posted *ret_posted)
{
	struct topic_slot slot = { t->mesh->meshId, st->topic_id, st->epoch + 1 };
	struct topic_author author = topics_author(t);
	struct strs left_out = { 0 };
	struct topic_new_key_args key = { 0 };
	struct send_args args;
	enum topic_way way;

	TRY(topic_post_way(t->arena, post, st, &way));
	if (way == TOPIC_WITH_KEY)
		TRY(topics_next_key(t, &slot, st->key, &key, &left_out));
	topic_post_frame(t->arena, &author, post, st, way, &key, &args);
	TRY(send_frame(t, &args, st, ret_posted));
	if (way != TOPIC_WITH_KEY)
		return NULL;
	ret_posted->left_out = left_out;
	/* A repeat of a post that was there is answered as the first time: the key was not taken. */
	ret_posted->made_key = !ret_posted->duplicate;
	return ret_posted->made_key ? topics_keep_key(t, &slot, st->name, st->key) : NULL;
}

struct err *topics_post(struct topics *t, const struct topic_post *in, struct topic_posted *ret_posted)
{
	struct topic_post post = *in;
	struct topic_standing st;
	struct err *e = NULL;

	TRY(topic_post_check(t->arena, in->text));
	TRY(topic_id_check(t->arena, in->client_message_id));
	post.topic = topic_bare(in->topic);
	if (str_empty(post.client_message_id))
		post.client_message_id = id_random(t->arena, t->client->random);
	TRY(stand_as_known(t, post.topic, &st));
	for (int i = 0; i < TOPIC_POST_TRIES; i++) {
		if (i || !st.has_key || post.plaintext)
			TRY(stand_as_told(t, post.topic, &st));
		TRY(wait_for_copy(t, post.topic, &st));
		e = post_once(t, &post, &st, ret_posted);
		if (!topic_lost_race(e) && !(i == 0 && topic_was_forgotten(e)))
			break;
	}
	secret_wipe(st.key, sizeof(st.key));
	return topic_explain(t->arena, &st, e);
}
