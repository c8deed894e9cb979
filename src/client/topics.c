#include "client/topics.h"

#include "client/resolve.h"
#include "client/topics_internal.h"
#include "client/validate.h"
#include "crypto/secret.h"

static void wipe(void *member)
{
	sign_pair_wipe(member);
}

static void forget_members(void *seen)
{
	members_done(seen);
}

struct err *topics_init(struct arena *a, const struct client *client, const struct config_mesh_args *mesh,
			topics_call *call, void *arg, struct topics *ret_topics)
{
	*ret_topics = (struct topics){ .arena = a, .client = client, .mesh = mesh, .call = call, .arg = arg };
	ret_topics->member = NEW(a, struct sign_pair);
	ret_topics->seen = NEW(a, struct members);
	arena_defer(a, wipe, ret_topics->member);
	arena_defer(a, forget_members, ret_topics->seen);
	TRY(config_mesh_pair(a, mesh, ret_topics->member));
	return keys_load(a, client->paths, mesh->meshId, &ret_topics->keys);
}

/* Who is who, as far as we can tell ourselves. */
struct err *topics_know_members(struct topics *t)
{
	struct list_peers_args args = { .members = true };

	if (t->listed)
		return NULL;
	TRY(t->call(t->arg, t->arena, "list_peers", list_peers_fields, &args, peers_list_fields, &t->list,
		    sizeof(t->list)));
	members_verify(t->arena, &t->list.members, t->mesh->meshId, t->keys.owner_pubkey);
	members_confirm(&t->list.members, t->keys.confirmed.items, t->keys.confirmed.n);
	t->listed = true;
	return NULL;
}

static struct topic_reader reader_of(const struct topics *t)
{
	return (struct topic_reader){ .paths = t->client->paths, .mesh_id = t->mesh->meshId,
				      .member = t->member, .members = &t->list.members };
}

static bool any_sealed_by_others(const struct topics *t, const struct topic_key_data_args *data)
{
	for (size_t i = 0; i < data->keys.n; i++)
		if (!str_eq(data->keys.items[i].sealerPubkey, t->mesh->pubkey))
			return true;
	return false;
}

struct err *topics_keys(struct topics *t, str topic, struct topic_key_data_args *ret_data)
{
	struct topic_key_get_args args = { .topic = topic };
	const struct topic_known_args *seen;
	struct topic_keys_args known;
	struct topic_reader by;
	i64 broken, seen_epoch;

	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &known));
	seen = topic_keys_get_topic(&known, topic);
	seen_epoch = seen ? seen->epoch : 0;
	TRY(t->call(t->arg, t->arena, "topic_key_get", topic_key_get_fields, &args, topic_key_data_fields,
		    ret_data, sizeof(*ret_data)));
	TRY(topic_check_plaintext(t->arena, &known, topic, ret_data));
	if (any_sealed_by_others(t, ret_data))
		TRY(topics_know_members(t));
	by = reader_of(t);
	/* The name may be another topic's by now. */
	if (seen && !str_eq(seen->topic_id, ret_data->topicId))
		seen_epoch = 0;
	TRY(topic_read_keys(t->arena, &by, ret_data, seen_epoch, &broken));
	if (broken) {
		struct topic_key_drop_args drop = { .topic = ret_data->topicId, .epoch = broken };

		/* So that somebody seals another; if not now, then next time. */
		(void)!t->call(t->arg, t->arena, "topic_key_drop", topic_key_drop_fields, &drop, NULL, NULL, 0);
	}
	return NULL;
}

/* ---- making keys ---- */

struct topic_author topics_author(const struct topics *t)
{
	return (struct topic_author){ t->mesh->meshId, t->mesh->memberId, t->member };
}

struct err *topics_next_key(struct topics *t, const struct topic_slot *slot, u8 ret_bytes[TOPIC_KEY_BYTES],
			    struct topic_new_key_args *ret_key, struct strs *ret_left_out)
{
	struct topic_members_args args = { .topic = slot->topic_id };
	struct topic_author author = topics_author(t);
	struct topic_members_response_args in;
	struct topic_reader by;

	TRY(topics_know_members(t));
	TRY(t->call(t->arg, t->arena, "topic_members", topic_members_fields, &args, topic_members_response_fields,
		    &in, sizeof(in)));
	by = reader_of(t);
	return topic_next_key(t->arena, &author, &by, slot, &in, ret_bytes, ret_key, ret_left_out);
}

struct err *topics_keep_key(struct topics *t, const struct topic_slot *slot, str name,
			    const u8 bytes[TOPIC_KEY_BYTES])
{
	TRY(topic_keys_see(t->arena, t->client->paths, t->mesh->meshId, slot->topic_id, name, slot->epoch));
	return topic_keys_add(t->arena, t->client->paths, t->mesh->meshId, slot, bytes, true);
}

static struct err *install(struct topics *t, const struct topic_slot *slot, str name, struct strs *ret_left_out)
{
	struct topic_key_install_args args = { .topic = slot->topic_id };
	struct topic_key_installed_args done;
	u8 bytes[TOPIC_KEY_BYTES];
	struct err *e;

	e = topics_next_key(t, slot, bytes, &args.newKey, ret_left_out);
	if (!e)
		e = t->call(t->arg, t->arena, "topic_key_install", topic_key_install_fields, &args,
			    topic_key_installed_fields, &done, sizeof(done));
	if (!e)
		e = topics_keep_key(t, slot, name, bytes);
	secret_wipe(bytes, sizeof(bytes));
	return e;
}

/* Another client may be quicker; its key is as good. */
struct err *topics_claim(struct topics *t, str topic, struct strs *ret_left_out, bool *ret_claimed)
{
	struct topic_key_data_args data;
	struct topic_slot slot;
	struct err *e;

	*ret_claimed = false;
	TRY(topics_keys(t, topic, &data));
	if (data.plaintext || data.epoch > 0)
		return NULL;
	slot = (struct topic_slot){ t->mesh->meshId, data.topicId, 1 };
	e = install(t, &slot, data.topic, ret_left_out);
	*ret_claimed = !e;
	if (topic_lost_race(e))
		return topics_keys(t, topic, &data);
	return e;
}

struct err *topics_create(struct topics *t, const struct topic_create_args *in,
			  struct topic_created_args *ret_created, struct strs *ret_left_out)
{
	bool claimed;

	*ret_left_out = (struct strs){ 0 };
	/* A copy says which topic it is for, and only the broker knows that: the key follows. */
	TRY(t->call(t->arg, t->arena, "topic_create", topic_create_fields, in, topic_created_fields, ret_created,
		    sizeof(*ret_created)));
	if (ret_created->created && ret_created->topic.plaintext && !in->plaintext)
		return err_word(FAIL(t->arena, CONFLICT, "the broker made #%.*s a plain text topic, which nobody asked for",
				     STRF(ret_created->topic.name)), S("went_plain"));
	if (ret_created->topic.epoch > 0 || ret_created->topic.plaintext)
		return NULL;
	TRY(topics_claim(t, ret_created->topic.id, ret_left_out, &claimed));
	ret_created->topic.epoch = 1;
	return NULL;
}

struct err *topics_seal_pending(struct topics *t, str topic, size_t *ret_sealed)
{
	struct topic_pending_seals_args args = { .topic = topic };
	struct topic_pending_seals_response_args in;
	const struct topic_known_args *seen;
	const struct topic_key_args *row;
	struct topic_keys_args known;
	struct topic_sealed_args done;
	struct topic_slot slot;
	struct topic_reader by;
	struct sealed sealed;
	u8 bytes[TOPIC_KEY_BYTES];

	*ret_sealed = 0;
	TRY(t->call(t->arg, t->arena, "topic_pending_seals", topic_pending_seals_fields, &args,
		    topic_pending_seals_response_fields, &in, sizeof(in)));
	TRY(topic_keys_load(t->arena, t->client->paths, t->mesh->meshId, &known));
	row = topic_keys_get(&known, in.topicId, in.epoch);
	seen = topic_keys_get_topic(&known, in.topicId);
	/* Nobody is let into what was written before by a broker that goes back. */
	if (seen && seen->epoch > in.epoch)
		return NULL;
	if (!in.pending.n || in.stale || !row || !row->trusted || !topic_key_bytes(row, bytes))
		return NULL;
	TRY(topics_know_members(t));
	by = reader_of(t);
	slot = (struct topic_slot){ t->mesh->meshId, in.topicId, in.epoch };
	for (size_t i = 0; i < in.pending.n; i++) {
		const struct topic_pending_entry_args *p = &in.pending.items[i];
		struct topic_seal_args seal = { .topic = in.topicId, .epoch = in.epoch, .memberId = p->memberId };

		if (!topic_trusts(&by, p->pubkey) ||
		    topic_slot_seal(t->arena, bytes, &slot, t->member, p->pubkey, &sealed))
			continue;
		seal.encryptedKey = sealed.ciphertext;
		seal.nonce = sealed.nonce;
		if (!t->call(t->arg, t->arena, "topic_seal", topic_seal_fields, &seal, topic_sealed_fields, &done,
			     sizeof(done)))
			*ret_sealed += done.sealed;
	}
	secret_wipe(bytes, sizeof(bytes));
	return NULL;
}

struct err *topics_find_post(struct topics *t, str topic, str prefix, str *ret_id)
{
	struct topic_history_args args = { .topic = topic, .limit = TOPIC_PAGE_MAX };
	struct topic_history_response_args page;
	str found = STR_NONE;

	if (prefix.len == MESSAGE_ID_MAX) {
		*ret_id = prefix;
		return NULL;
	}
	TRY(t->call(t->arg, t->arena, "topic_history", topic_history_fields, &args, topic_history_response_fields,
		    &page, sizeof(page)));
	for (size_t i = 0; i < page.messages.n; i++) {
		str id = page.messages.items[i].id;

		if (!str_starts(id, prefix))
			continue;
		if (found.ptr)
			return FAIL(t->arena, AMBIGUOUS, "several posts begin with '%.*s'", STRF(prefix));
		found = id;
	}
	if (!found.ptr)
		return FAIL(t->arena, NOT_FOUND, "no post of #%.*s begins with '%.*s' among the last %d",
			    STRF(topic), STRF(prefix), TOPIC_PAGE_MAX);
	*ret_id = found;
	return NULL;
}
