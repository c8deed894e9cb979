#include "client/topic_compose.h"

#include "client/mentions.h"
#include "crypto/fingerprint.h"
#include "crypto/post.h"
#include "crypto/secret.h"

str topic_bare(str topic)
{
	return str_starts(topic, S("#")) ? str_skip(topic, 1) : topic;
}

struct err *topic_post_check(struct arena *a, str text)
{
	if (str_empty(text))
		return FAIL(a, BAD_REQUEST, "the message is empty");
	if (text.len > COMPOSE_TEXT_MAX)
		return FAIL(a, TOO_LARGE, "the message has %zu bytes, at most %d fit", text.len, COMPOSE_TEXT_MAX);
	if (!str_is_utf8(text) || str_index(text, 0) >= 0)
		return FAIL(a, BAD_REQUEST, "the message is not text: it is not UTF-8 or holds a NUL byte");
	return NULL;
}

struct err *topic_id_check(struct arena *a, str client_message_id)
{
	if (str_index(client_message_id, '|') >= 0)
		return FAIL(a, BAD_REQUEST, "an id of your own cannot be signed with '|' in it");
	return NULL;
}

/* ---- how it stands ---- */

static void take_key(const struct topic_keys_args *known, struct topic_standing *st)
{
	const struct topic_key_args *row = topic_keys_get(known, st->topic_id, st->epoch);

	st->has_copy = row != NULL;
	st->has_key = row && row->trusted && topic_key_bytes(row, st->key);
}

void topic_stand_known(const struct topic_keys_args *known, str topic, struct topic_standing *ret_standing)
{
	const struct topic_known_args *row = topic_keys_get_topic(known, topic_bare(topic));

	*ret_standing = (struct topic_standing){ .epoch = 0 };
	if (!row || !row->epoch)
		return;
	*ret_standing = (struct topic_standing){ .topic_id = row->topic_id, .name = row->name, .epoch = row->epoch };
	take_key(known, ret_standing);
}

/* What had a key never loses it: else a word of the broker's would have us write what it can read. */
struct err *topic_check_plaintext(struct arena *a, const struct topic_keys_args *known, str topic,
				  const struct topic_key_data_args *data)
{
	const struct topic_known_args *rows[] = { topic_keys_get_topic(known, topic_bare(topic)),
						  topic_keys_get_topic(known, data->topicId) };

	for (size_t i = 0; data->plaintext && i < ARRAY_LEN(rows); i++)
		if (rows[i] && rows[i]->epoch > 0)
			return err_word(FAIL(a, CONFLICT, "the broker says that #%.*s, which was encrypted, is plain text now",
					     STRF(data->topic)), S("went_plain"));
	return NULL;
}

struct err *topic_stand_told(struct arena *a, const struct topic_keys_args *known, str topic,
			     const struct topic_key_data_args *data, struct topic_standing *ret_standing)
{
	TRY(topic_check_plaintext(a, known, topic, data));
	*ret_standing = (struct topic_standing){ .topic_id = data->topicId, .name = data->topic, .epoch = data->epoch,
						 .stale = data->stale, .plaintext = data->plaintext };
	if (data->epoch)
		take_key(known, ret_standing);
	return NULL;
}

bool topic_waits_for_copy(const struct topic_standing *st)
{
	return st->epoch && !st->stale && !st->has_copy;
}

/* ---- the frame ---- */

struct err *topic_post_way(struct arena *a, const struct topic_post *post, const struct topic_standing *st,
			   enum topic_way *ret_way)
{
	if (st->plaintext || (post->plaintext && !st->epoch))
		*ret_way = TOPIC_AS_TEXT;
	else if (post->plaintext)
		return err_word(FAIL(a, BAD_REQUEST, "#%.*s is encrypted: nothing is posted there in plain text",
				     STRF(st->name)),
				S("encrypted"));
	else
		*ret_way = st->has_key && !st->stale ? TOPIC_UNDER_KEY : TOPIC_WITH_KEY;
	return NULL;
}

static str fingerprint(struct arena *a, const struct topic_post *post)
{
	struct request_parts parts = {
		.destination_kind = S("topic"),
		.destination_ref = topic_bare(post->topic),
		.reply_to_id = post->reply_to,
		.priority = enum_word(priority_words, (int)(post->priority ? post->priority : PRIORITY_NEXT)),
		.body = post->text,
	};

	return str_empty(post->fingerprint) ? request_fingerprint(a, &parts) : post->fingerprint;
}

/* With the member's own key, also for its sessions: it does not expire. */
static void sign_frame(struct arena *a, const struct topic_author *author, const struct topic_standing *st,
		       struct send_args *args)
{
	struct post_claim claim = {
		.mesh_id = author->mesh_id, .topic_id = st->topic_id, .epoch = args->epoch,
		.body_version = args->bodyVersion, .client_message_id = args->client_message_id,
		.reply_to = args->replyToId, .nonce = args->nonce, .ciphertext = args->ciphertext,
	};

	/* What cannot be signed (topic_id_check()) says that it is unsigned. */
	if (post_sign(a, &claim, author->member, &args->signature))
		args->signature = STR_NONE;
}

void topic_post_frame(struct arena *a, const struct topic_author *author, const struct topic_post *post,
		      const struct topic_standing *st, enum topic_way way,
		      const struct topic_new_key_args *new_key, struct send_args *ret_send)
{
	struct send_args args = {
		.targetSpec = arena_printf(a, "#%.*s", STRF(st->topic_id)),
		.priority = post->priority ? post->priority : PRIORITY_NEXT,
		.client_message_id = post->client_message_id,
		.request_fingerprint = fingerprint(a, post),
		.mentions = mentions_of(a, post->text),
		.replyToId = str_empty(post->reply_to) ? STR_NONE : post->reply_to,
		.bodyVersion = way == TOPIC_AS_TEXT ? 1 : 2,
	};
	struct sealed sealed = way == TOPIC_AS_TEXT ? plain_encode(a, post->text)
						    : topic_body_seal(a, post->text, st->key, NULL);

	args.nonce = sealed.nonce;
	args.ciphertext = sealed.ciphertext;
	if (way == TOPIC_UNDER_KEY)
		args.epoch = st->epoch;
	if (way == TOPIC_WITH_KEY) {
		args.epoch = new_key->epoch;
		args.newKey = *new_key;
	}
	sign_frame(a, author, st, &args);
	*ret_send = args;
}

/* ---- the next key ---- */

static struct err *add_copy(struct arena *a, const struct topic_author *author, struct topic_new_key_args *key,
			    const struct topic_slot *slot, const u8 bytes[TOPIC_KEY_BYTES], str member_id, str pubkey)
{
	struct topic_copy_args *copy = &key->copies.items[key->copies.n];
	struct sealed sealed;

	TRY(topic_slot_seal(a, bytes, slot, author->member, pubkey, &sealed));
	*copy = (struct topic_copy_args){ member_id, sealed.ciphertext, sealed.nonce };
	key->copies.n++;
	return NULL;
}

/* A fresh key for a slot, our own copy first. */
static struct err *begin_key(struct arena *a, const struct topic_author *author, const struct topic_slot *slot,
			     u8 ret_bytes[TOPIC_KEY_BYTES], struct topic_new_key_args *ret_key)
{
	*ret_key = (struct topic_new_key_args){ .present = true, .epoch = slot->epoch };
	ret_key->copies.items = NEW_ARRAY(a, struct topic_copy_args, TOPIC_COPIES_MAX);
	ret_key->copies.present = true;
	secret_random(ret_bytes, TOPIC_KEY_BYTES);
	return add_copy(a, author, ret_key, slot, ret_bytes, author->member_id, sign_pair_pubkey(a, author->member));
}

static void leave_out(struct arena *a, struct strs *left_out, size_t max, str name)
{
	if (!left_out->items)
		left_out->items = NEW_ARRAY(a, str, max);
	left_out->items[left_out->n++] = name;
	left_out->present = true;
}

/* Only who is in a topic makes its key, and an observer does not. */
static struct err *check_own_role(struct arena *a, const struct topic_author *author,
				  const struct topic_members_response_args *in)
{
	for (size_t i = 0; i < in->members.n; i++)
		if (str_eq(in->members.items[i].memberId, author->member_id))
			return str_eq(in->members.items[i].role, S("observer"))
				       ? err_word(FAIL(a, FORBIDDEN, "you are an observer there: observers do not post"),
						  S("observer"))
				       : NULL;
	return err_word(FAIL(a, FORBIDDEN, "you are not in that topic"), S("not_in_topic"));
}

struct err *topic_next_key(struct arena *a, const struct topic_author *author, const struct topic_reader *by,
			   const struct topic_slot *slot, const struct topic_members_response_args *members,
			   u8 ret_bytes[TOPIC_KEY_BYTES], struct topic_new_key_args *ret_key,
			   struct strs *ret_left_out)
{
	*ret_left_out = (struct strs){ 0 };
	TRY(check_own_role(a, author, members));
	TRY(begin_key(a, author, slot, ret_bytes, ret_key));
	for (size_t i = 0; i < members->members.n && ret_key->copies.n < TOPIC_COPIES_MAX; i++) {
		const struct topic_member_entry_args *m = &members->members.items[i];

		if (m->revoked || str_eq(m->memberId, author->member_id))
			continue;
		if (!topic_trusts(by, m->pubkey) ||
		    add_copy(a, author, ret_key, slot, ret_bytes, m->memberId, m->pubkey))
			leave_out(a, ret_left_out, members->members.n, m->displayName);
	}
	return NULL;
}

/* ---- refusals ---- */

bool topic_lost_race(const struct err *e)
{
	return e && (str_eq(err_wire(e), S("stale_epoch")) || str_eq(err_wire(e), S("already_encrypted")));
}

bool topic_was_forgotten(const struct err *e)
{
	return e && str_eq(err_wire(e), S("topic_not_found"));
}

struct err *topic_explain(struct arena *a, const struct topic_standing *st, struct err *e)
{
	if (!e || !str_eq(err_wire(e), S("forbidden")) || !st->epoch || st->stale || st->has_key)
		return e;
	if (!st->has_copy)
		return err_word(FAIL(a, CONFLICT,
				     "you have no key of #%.*s yet: it is sealed for you when somebody who has it is "
				     "there, and knows who you are", STRF(st->name)),
				S("no_key"));
	return err_word(FAIL(a, CONFLICT,
			     "the key of #%.*s was sealed by somebody nobody vouches for: a lead of it can post, which "
			     "makes a new one", STRF(st->name)),
			S("untrusted_key"));
}
