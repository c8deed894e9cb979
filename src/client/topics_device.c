/*
 * topics_device.c - a new device of ours reads what we can read: our topic keys, the old ones
 * too, sealed to it. Others who are there first do the same for the present keys only.
 */
#include "client/topics.h"

#include "crypto/secret.h"

enum { EPOCHS_SHARED_MAX = 64 }; /* of one topic, the newest */

/* True if it has a copy now. */
static bool seal_one(struct topics *t, const struct topic_key_args *row, str member_id, str pubkey)
{
	struct topic_slot slot = { t->mesh->meshId, row->topic_id, row->epoch };
	struct topic_seal_args seal = { .topic = row->topic_id, .epoch = row->epoch, .memberId = member_id };
	struct topic_sealed_args done;
	u8 bytes[TOPIC_KEY_BYTES];
	struct sealed sealed;
	struct err *e;

	if (!topic_key_bytes(row, bytes))
		return false;
	e = topic_slot_seal(t->arena, bytes, &slot, t->member, pubkey, &sealed);
	secret_wipe(bytes, sizeof(bytes));
	if (e)
		return false;
	seal.encryptedKey = sealed.ciphertext;
	seal.nonce = sealed.nonce;
	return !t->call(t->arg, t->arena, "topic_seal", topic_seal_fields, &seal, topic_sealed_fields, &done,
			sizeof(done));
}

/* A key that we would not write with is not handed on as if it were ours. */
static struct err *seal_topic(struct topics *t, const struct topic_entry_args *topic, str member_id, str pubkey,
			      size_t *sealed)
{
	struct topic_key_data_args data;
	const struct topic_key_args *row;
	struct topic_keys_args known;

	TRY(topics_keys(t, topic->id, &data));
	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &known));
	for (i64 epoch = topic->epoch; epoch > MAX(topic->epoch - EPOCHS_SHARED_MAX, 0); epoch--) {
		row = topic_keys_get(&known, topic->id, epoch);
		*sealed += row && row->trusted && seal_one(t, row, member_id, pubkey);
	}
	return NULL;
}

struct err *topics_seal_device(struct topics *t, str member_id, str pubkey, size_t *ret_sealed)
{
	struct topic_list_args args = { 0 };
	struct topic_list_response_args list;

	*ret_sealed = 0;
	TRY(t->call(t->arg, t->arena, "topic_list", topic_list_fields, &args, topic_list_response_fields, &list,
		    sizeof(list)));
	for (size_t i = 0; i < list.topics.n; i++)
		if (list.topics.items[i].role.len && list.topics.items[i].epoch > 0)
			TRY(seal_topic(t, &list.topics.items[i], member_id, pubkey, ret_sealed));
	return NULL;
}
