#include "client/topic_read.h"

#include "crypto/secret.h"

bool topic_trusts(const struct topic_reader *by, str pubkey)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (str_eq(pubkey, sign_pair_pubkey(a, by->member)))
		return true;
	for (size_t i = 0; by->members && i < by->members->n; i++)
		if (str_eq(by->members->items[i].pubkey, pubkey))
			return by->members->items[i].verified;
	return false;
}

/* One copy. What was sealed by another than who is named is as good as nothing. */
static struct err *take_copy(struct arena *a, const struct topic_reader *by, str topic_id,
			     const struct topic_key_copy_args *copy, bool *ret_broken)
{
	struct topic_slot slot = { by->mesh_id, topic_id, copy->epoch };
	struct sealed sealed = { copy->nonce, copy->encryptedKey };
	u8 key[TOPIC_KEY_BYTES];
	bool bound = false;
	struct err *e;

	*ret_broken = false;
	if (topic_slot_open(a, sealed, &slot, by->member, copy->sealerPubkey, key, &bound)) {
		*ret_broken = true;
		return NULL;
	}
	e = topic_keys_add(a, by->paths, by->mesh_id, &slot, key, bound && topic_trusts(by, copy->sealerPubkey));
	secret_wipe(key, sizeof(key));
	return e;
}

struct err *topic_read_keys(struct arena *a, const struct topic_reader *by,
			    const struct topic_key_data_args *data, i64 seen_epoch, i64 *ret_broken)
{
	struct topic_keys_args known;
	bool broken;

	*ret_broken = 0;
	if (data->epoch < seen_epoch)
		return FAIL(a, CONFLICT, "the broker went back to an older key of '#%.*s' than it had before",
			    STRF(data->topic));
	TRY(topic_keys_see(a, by->paths, by->mesh_id, data->topicId, data->topic, data->epoch));
	TRY(topic_keys_load(a, by->paths, by->mesh_id, &known));
	for (size_t i = data->keys.n; i-- > 0;) {
		const struct topic_key_copy_args *copy = &data->keys.items[i];
		const struct topic_key_args *have = topic_keys_get(&known, data->topicId, copy->epoch);

		if (copy->epoch < 1 || (have && have->trusted))
			continue;
		TRY(take_copy(a, by, data->topicId, copy, &broken));
		if (broken && !have)
			*ret_broken = copy->epoch;
	}
	return NULL;
}

static bool has_later(const struct topic_keys_args *keys, str topic_id, i64 epoch)
{
	for (size_t i = 0; i < keys->keys.n; i++)
		if (keys->keys.items[i].epoch > epoch && str_eq(keys->keys.items[i].topic_id, topic_id))
			return true;
	return false;
}

static void read_plain(struct arena *a, struct sealed sealed, struct topic_line *line)
{
	line->readable = !plain_decode(a, sealed, &line->text);
	if (!line->readable)
		line->why = S("it is not text");
}

void topic_read_line(struct arena *a, const struct topic_keys_args *keys, str topic_id,
		     const struct topic_message_args *message, struct topic_line *ret_line)
{
	struct sealed sealed = { message->nonce, message->ciphertext };
	struct topic_line line = { .encrypted = message->bodyVersion == 2 };
	i64 epoch = MAX(message->epoch, 1);
	const struct topic_key_args *row = topic_keys_get(keys, topic_id, epoch);
	u8 key[TOPIC_KEY_BYTES];

	if (!line.encrypted) {
		read_plain(a, sealed, &line);
	} else if (!row) {
		line.no_key = true;
		line.why = has_later(keys, topic_id, epoch)
				   ? S("it was written before you were given a key")
				   : S("nobody who has the key has sealed it for you yet");
	} else if (!topic_key_bytes(row, key)) {
		line.why = S("the key kept for it is damaged");
	} else {
		line.readable = !topic_body_open(a, sealed, key, &line.text);
		secret_wipe(key, sizeof(key));
		if (!line.readable)
			line.why = S("the topic's key does not open it: it was changed, or sealed under another");
	}
	if (!line.readable)
		line.text = STR_NONE;
	*ret_line = line;
}

static void close_line(struct topic_line *line, str why)
{
	line->readable = line->no_key = line->verified = false;
	line->proof = POST_FORGED;
	line->text = STR_NONE;
	line->why = why;
}

void topic_prove_line(struct arena *a, str mesh_id, str topic_id, const struct topic_message_args *message,
		      struct topic_line *line)
{
	line->proof = post_proof_of(a, mesh_id, topic_id, message);
	if (line->proof == POST_FORGED)
		close_line(line, S(POST_FORGED_TEXT));
}

void topic_line_repeats(struct topic_line *line)
{
	close_line(line, S(POST_REPEAT_TEXT));
}

struct topic_message_args topic_message_of(const struct inbound *m)
{
	return (struct topic_message_args){ .nonce = m->sealed.nonce, .ciphertext = m->sealed.ciphertext,
					    .bodyVersion = 2, .epoch = m->epoch };
}

void topic_line_into(const struct topic_line *line, struct inbound *m)
{
	if (m->forged)
		return;
	m->readable = line->readable;
	m->encrypted = line->readable;
	m->body = line->text;
	m->why = line->readable ? STR_NONE : line->why;
}
