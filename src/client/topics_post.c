/*
 * topics_post.c - a post: under the key that is known, or with the next one.
 */
#include "client/topics_internal.h"

#include <time.h>

#include "base/ids.h"
#include "client/mentions.h"
#include "crypto/fingerprint.h"
#include "crypto/secret.h"

enum {
	/* Who joined a moment ago is being sealed for by whoever is there. */
	KEY_TRIES = 10, KEY_TRY_MS = 150,
};

/* How a topic stands, as far as a post has to know. */
struct standing {
	str topic_id, name;
	i64 epoch;
	bool stale, plaintext;
	bool has_copy; /* of the key of epoch, fit to read with at least */
	bool has_key;  /* and `key` is it, fit to write with */
	u8 key[TOPIC_KEY_BYTES];
};

static str bare(str topic)
{
	return str_starts(topic, S("#")) ? str_skip(topic, 1) : topic;
}

static struct err *take_key(struct topics *t, struct standing *st)
{
	const struct topic_key_args *row;
	struct topic_keys_args known;

	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &known));
	row = topic_keys_get(&known, st->topic_id, st->epoch);
	st->has_copy = row != NULL;
	st->has_key = row && row->trusted && topic_key_bytes(row, st->key);
	return NULL;
}

/* What we know will do, mostly: if it is out of date the broker says so. */
static struct err *stand_as_known(struct topics *t, str topic, struct standing *st)
{
	const struct topic_known_args *known;
	struct topic_keys_args keys;

	*st = (struct standing){ .epoch = 0 };
	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &keys));
	known = topic_keys_get_topic(&keys, topic);
	if (!known || !known->epoch)
		return NULL;
	*st = (struct standing){ .topic_id = known->topic_id, .name = known->name, .epoch = known->epoch };
	return take_key(t, st);
}

static struct err *stand_as_told(struct topics *t, str topic, struct standing *st)
{
	struct topic_key_data_args data;

	TRY(topics_keys(t, topic, &data));
	*st = (struct standing){ .topic_id = data.topicId, .name = data.topic, .epoch = data.epoch,
				 .stale = data.stale, .plaintext = data.plaintext };
	return st->epoch ? take_key(t, st) : NULL;
}

static struct err *wait_for_copy(struct topics *t, str topic, struct standing *st)
{
	static const struct timespec pause = { 0, KEY_TRY_MS * 1000000L };

	for (int i = 0; i < KEY_TRIES && st->epoch && !st->stale && !st->has_copy; i++) {
		nanosleep(&pause, NULL);
		TRY(stand_as_told(t, topic, st));
	}
	return NULL;
}

static str fingerprint(struct topics *t, const struct topic_post *post)
{
	struct request_parts parts = {
		.destination_kind = S("topic"),
		.destination_ref = bare(post->topic),
		.reply_to_id = post->reply_to,
		.priority = enum_word(priority_words, (int)(post->priority ? post->priority : PRIORITY_NEXT)),
		.body = post->text,
	};

	return request_fingerprint(t->arena, &parts);
}

static struct send_args frame_of(struct topics *t, const struct topic_post *post, const struct standing *st)
{
	return (struct send_args){
		.targetSpec = arena_printf(t->arena, "#%.*s", STRF(st->topic_id)),
		.priority = post->priority ? post->priority : PRIORITY_NEXT,
		.client_message_id = post->client_message_id,
		.request_fingerprint = fingerprint(t, post),
		.mentions = mentions_of(t->arena, post->text),
		.replyToId = str_empty(post->reply_to) ? STR_NONE : post->reply_to,
		.bodyVersion = 1,
	};
}

static struct err *send_frame(struct topics *t, const struct send_args *args, const struct standing *st,
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

static struct err *post_plain(struct topics *t, const struct topic_post *post, const struct standing *st,
			      struct topic_posted *ret_posted)
{
	struct send_args args = frame_of(t, post, st);
	struct sealed plain = plain_encode(t->arena, post->text);

	args.nonce = plain.nonce;
	args.ciphertext = plain.ciphertext;
	return send_frame(t, &args, st, ret_posted);
}

static struct err *post_sealed(struct topics *t, const struct topic_post *post, const struct standing *st,
			       struct topic_posted *ret_posted)
{
	struct send_args args = frame_of(t, post, st);
	struct sealed sealed = topic_body_seal(t->arena, post->text, st->key, NULL);

	args.nonce = sealed.nonce;
	args.ciphertext = sealed.ciphertext;
	args.bodyVersion = 2;
	args.epoch = st->epoch;
	return send_frame(t, &args, st, ret_posted);
}

/* The key comes with the post: both are accepted, or neither is. */
static struct err *post_with_key(struct topics *t, const struct topic_post *post, struct standing *st,
				 struct topic_posted *ret_posted)
{
	struct topic_slot slot = { t->mesh->meshId, st->topic_id, st->epoch + 1 };
	struct send_args args = frame_of(t, post, st);
	struct strs left_out;
	struct sealed sealed;

	TRY(topics_next_key(t, &slot, st->key, &args.newKey, &left_out));
	sealed = topic_body_seal(t->arena, post->text, st->key, NULL);
	args.nonce = sealed.nonce;
	args.ciphertext = sealed.ciphertext;
	args.bodyVersion = 2;
	args.epoch = slot.epoch;
	TRY(send_frame(t, &args, st, ret_posted));
	ret_posted->left_out = left_out;
	/* A repeat of a post that was there is answered as the first time: the key was not taken. */
	ret_posted->made_key = !ret_posted->duplicate;
	return ret_posted->made_key ? topics_keep_key(t, &slot, st->name, st->key) : NULL;
}

static struct err *post_once(struct topics *t, const struct topic_post *post, struct standing *st,
			     struct topic_posted *ret_posted)
{
	if (st->plaintext || (post->plaintext && !st->epoch))
		return post_plain(t, post, st, ret_posted);
	if (post->plaintext)
		return err_word(FAIL(t->arena, BAD_REQUEST, "#%.*s is encrypted: nothing is posted there in plain text",
				     STRF(st->name)),
				S("encrypted"));
	if (st->has_key && !st->stale)
		return post_sealed(t, post, st, ret_posted);
	return post_with_key(t, post, st, ret_posted);
}

static struct err *check(struct topics *t, const struct topic_post *post)
{
	if (str_empty(post->text))
		return FAIL(t->arena, BAD_REQUEST, "the message is empty");
	if (post->text.len > COMPOSE_TEXT_MAX)
		return FAIL(t->arena, TOO_LARGE, "the message has %zu bytes, at most %d fit", post->text.len,
			    COMPOSE_TEXT_MAX);
	if (!str_is_utf8(post->text) || str_index(post->text, 0) >= 0)
		return FAIL(t->arena, BAD_REQUEST, "the message is not text: it is not UTF-8 or holds a NUL byte");
	return NULL;
}

/* A key that is not stale is for a lead to change: the others can only wait, and are told for what. */
static struct err *explain(struct topics *t, const struct standing *st, struct err *e)
{
	if (!e || !str_eq(err_wire(e), S("forbidden")) || !st->epoch || st->stale || st->has_key)
		return e;
	if (!st->has_copy)
		return err_word(FAIL(t->arena, CONFLICT,
				     "you have no key of #%.*s yet: it is sealed for you when somebody who has it is "
				     "there, and knows who you are", STRF(st->name)),
				S("no_key"));
	return err_word(FAIL(t->arena, CONFLICT,
			     "the key of #%.*s was sealed by somebody nobody vouches for: a lead of it can post, which "
			     "makes a new one", STRF(st->name)),
			S("untrusted_key"));
}

/* The topic that we knew by this name is not there any more; another may be. */
static bool was_forgotten(const struct err *e, int tries)
{
	return tries == 0 && e && str_eq(err_wire(e), S("topic_not_found"));
}

struct err *topics_post(struct topics *t, const struct topic_post *in, struct topic_posted *ret_posted)
{
	struct topic_post post = *in;
	struct standing st;
	struct err *e = NULL;

	TRY(check(t, in));
	post.topic = bare(in->topic);
	if (str_empty(post.client_message_id))
		post.client_message_id = id_random(t->arena, t->client->random);
	TRY(stand_as_known(t, post.topic, &st));
	for (int i = 0; i < TOPIC_POST_TRIES; i++) {
		if (i || !st.has_key || post.plaintext)
			TRY(stand_as_told(t, post.topic, &st));
		TRY(wait_for_copy(t, post.topic, &st));
		e = post_once(t, &post, &st, ret_posted);
		if (!topics_lost_race(e) && !was_forgotten(e, i))
			break;
	}
	secret_wipe(st.key, sizeof(st.key));
	return explain(t, &st, e);
}
