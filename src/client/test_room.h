/*
 * test_room.h - a broker with one topic and the people in it, for topics_test.c. It keeps what it
 * is given and may lie about it.
 */
#ifndef CLIENT_TEST_ROOM_H
#define CLIENT_TEST_ROOM_H

#include "client/test_dir.h"
#include "client/topics.h"
#include "crypto/encode.h"

enum { PEOPLE = 4, COPIES = 64, POSTS = 32 };

struct room;
struct person {
	struct room *room;
	struct paths paths;
	struct config_mesh_args mesh;
	struct topics topics;
	bool is_in, unknown; /* unknown: of no interest to the others */
};

struct room {
	struct arena *arena;
	struct person people[PEOPLE];
	i64 epoch;
	bool exists, stale, plaintext;
	bool other_id; /* says that the topic is another one */
	struct { i64 epoch; str member_id, sealer_id; struct topic_copy_args copy; } copies[COPIES];
	size_t n_copies;
	struct topic_message_args posts[POSTS];
	size_t n_posts;
	struct member_list authors; /* who left, as history tells */
	int asked_keys, asked_peers, installs, drops;
	struct person *lead; /* only this one changes a key that is not stale; NULL: everybody */
	/* Somebody else's doing, just before a key of ours arrives. */
	void (*meanwhile)(struct room *r);
};

static const char *const names[PEOPLE] = { "alice", "bob", "carol", "dave" };

static str keep(struct room *r, str s)
{
	return s.ptr ? arena_dup(r->arena, s) : STR_NONE;
}

static void add_copy(struct room *r, i64 epoch, str sealer_id, const struct topic_copy_args *copy)
{
	assert_true(r->n_copies < COPIES);
	r->copies[r->n_copies].epoch = epoch;
	r->copies[r->n_copies].sealer_id = sealer_id;
	r->copies[r->n_copies].member_id = keep(r, copy->memberId);
	r->copies[r->n_copies++].copy = (struct topic_copy_args){ keep(r, copy->memberId), keep(r, copy->encryptedKey),
								  keep(r, copy->nonce) };
}

static bool has_copy(const struct room *r, i64 epoch, str member_id)
{
	for (size_t i = 0; i < r->n_copies; i++)
		if (r->copies[i].epoch == epoch && str_eq(r->copies[i].member_id, member_id))
			return true;
	return false;
}

static struct err *install(struct room *r, struct arena *a, str maker_id, const struct topic_new_key_args *key)
{
	bool may = !r->lead || r->stale || !r->epoch || str_eq(r->lead->mesh.memberId, maker_id);

	void (*meanwhile)(struct room *r) = r->meanwhile;

	r->meanwhile = NULL;
	if (meanwhile)
		meanwhile(r);
	if (!may)
		return FAIL(a, FORBIDDEN, "only a lead");
	if (key->epoch != r->epoch + 1)
		return err_word(FAIL(a, CONFLICT, "another was first"), S("stale_epoch"));
	for (size_t i = 0; i < key->copies.n; i++)
		add_copy(r, key->epoch, maker_id, &key->copies.items[i]);
	r->epoch = key->epoch;
	r->stale = false;
	r->installs++;
	return NULL;
}

static struct err *take_send(struct person *p, struct arena *a, const struct send_args *in, struct ack_args *out)
{
	struct room *r = p->room;

	if (!str_eq(in->targetSpec, r->other_id ? S("#topic002") : S("#topic001")))
		return err_word(FAIL(a, NOT_FOUND, "no such topic"), S("topic_not_found"));
	if (in->newKey.present)
		TRY(install(r, a, p->mesh.memberId, &in->newKey));
	else if (in->bodyVersion == 2 && (in->epoch != r->epoch || r->stale))
		return err_word(FAIL(a, CONFLICT, "somebody left"), S("stale_epoch"));
	else if (in->bodyVersion == 1 && r->epoch)
		return err_word(FAIL(a, BAD_REQUEST, "there is a key"), S("encrypted"));
	assert_true(r->n_posts < POSTS);
	r->posts[r->n_posts++] = (struct topic_message_args){
		.id = arena_printf(r->arena, "Post%028zu", r->n_posts), .senderMemberId = p->mesh.memberId,
		.senderPubkey = p->mesh.pubkey, .client_message_id = keep(r, in->client_message_id),
		.signature = keep(r, in->signature), .replyToId = keep(r, in->replyToId),
		.nonce = keep(r, in->nonce), .ciphertext = keep(r, in->ciphertext), .bodyVersion = in->bodyVersion,
		.epoch = in->epoch, .seq = (i64)r->n_posts };
	*out = (struct ack_args){ .messageId = r->posts[r->n_posts - 1].id, .queued = true,
				  .seq = (i64)r->n_posts, .recipients = 1 };
	return NULL;
}

static void tell_keys(struct person *p, struct arena *a, struct topic_key_data_args *out)
{
	struct room *r = p->room;

	r->asked_keys++;
	*out = (struct topic_key_data_args){ .topic = S("ops"), .epoch = r->epoch,
					     .topicId = r->other_id ? S("topic002") : S("topic001"),
					     .stale = r->stale, .plaintext = r->plaintext };
	out->keys.items = NEW_ARRAY(a, struct topic_key_copy_args, COPIES);
	for (size_t i = r->n_copies; i-- > 0;) {
		struct person *sealer = &r->people[0];

		if (!str_eq(r->copies[i].member_id, p->mesh.memberId))
			continue;
		for (size_t k = 0; k < PEOPLE; k++)
			if (str_eq(r->people[k].mesh.memberId, r->copies[i].sealer_id))
				sealer = &r->people[k];
		out->keys.items[out->keys.n++] = (struct topic_key_copy_args){
			.epoch = r->copies[i].epoch, .encryptedKey = r->copies[i].copy.encryptedKey,
			.nonce = r->copies[i].copy.nonce, .sealerPubkey = sealer->mesh.pubkey };
	}
}

static void tell_members(struct room *r, struct arena *a, struct topic_members_response_args *out)
{
	*out = (struct topic_members_response_args){ .topicId = S("topic001") };
	out->members.items = NEW_ARRAY(a, struct topic_member_entry_args, PEOPLE);
	for (size_t i = 0; i < PEOPLE; i++)
		if (r->people[i].is_in)
			out->members.items[out->members.n++] = (struct topic_member_entry_args){
				.memberId = r->people[i].mesh.memberId, .pubkey = r->people[i].mesh.pubkey,
				.displayName = str_from(names[i]) };
}

static void tell_pending(struct room *r, struct arena *a, struct topic_pending_seals_response_args *out)
{
	*out = (struct topic_pending_seals_response_args){ .topicId = S("topic001"), .epoch = r->epoch,
							   .stale = r->stale };
	out->pending.items = NEW_ARRAY(a, struct topic_pending_entry_args, PEOPLE);
	for (size_t i = 0; i < PEOPLE; i++)
		if (r->people[i].is_in && !has_copy(r, r->epoch, r->people[i].mesh.memberId))
			out->pending.items[out->pending.n++] = (struct topic_pending_entry_args){
				r->people[i].mesh.memberId, r->people[i].mesh.pubkey, str_from(names[i]) };
}

static void tell_peers(struct room *r, struct arena *a, struct peers_list_args *out)
{
	r->asked_peers++;
	*out = (struct peers_list_args){ 0 };
	out->members.items = NEW_ARRAY(a, struct member_args, PEOPLE);
	for (size_t i = 0; i < PEOPLE; i++)
		out->members.items[out->members.n++] = (struct member_args){
			.memberId = r->people[i].mesh.memberId, .pubkey = r->people[i].mesh.pubkey, .verified = true };
}

static struct err *drop_copy(struct person *p, i64 epoch)
{
	struct room *r = p->room;

	r->drops++;
	for (size_t i = 0; i < r->n_copies; i++)
		if (r->copies[i].epoch == epoch && str_eq(r->copies[i].member_id, p->mesh.memberId))
			r->copies[i].epoch = -1;
	return NULL;
}

static struct err *answer(void *arg, struct arena *a, const char *type, const struct json_field *fields UNUSED,
			  const void *args, const struct json_field *reply_fields UNUSED, void *ret,
			  size_t size UNUSED)
{
	struct person *p = arg;
	struct room *r = p->room;
	str verb = str_from(type);

	if (str_eq(verb, S("send")))
		return take_send(p, a, args, ret);
	if (str_eq(verb, S("topic_key_install")))
		return install(r, a, p->mesh.memberId, &((const struct topic_key_install_args *)args)->newKey);
	if (str_eq(verb, S("topic_key_drop")))
		return drop_copy(p, ((const struct topic_key_drop_args *)args)->epoch);
	if (str_eq(verb, S("topic_key_get")))
		tell_keys(p, a, ret);
	else if (str_eq(verb, S("topic_members")))
		tell_members(r, a, ret);
	else if (str_eq(verb, S("topic_pending_seals")))
		tell_pending(r, a, ret);
	else if (str_eq(verb, S("list_peers")))
		tell_peers(r, a, ret);
	else if (str_eq(verb, S("topic_create")))
		*(struct topic_created_args *)ret = (struct topic_created_args){
			.topic = { true, S("topic001"), S("ops"), S("public"), r->epoch, r->plaintext }, .created = !r->exists };
	else if (str_eq(verb, S("topic_history")))
		*(struct topic_history_response_args *)ret = (struct topic_history_response_args){
			.topicId = S("topic001"), .messages = { r->posts, r->n_posts, true }, .authors = r->authors };
	else if (str_eq(verb, S("topic_seal"))) {
		const struct topic_seal_args *in = args;
		struct topic_copy_args copy = { in->memberId, in->encryptedKey, in->nonce };

		((struct topic_sealed_args *)ret)->sealed = !has_copy(r, in->epoch, in->memberId);
		if (!has_copy(r, in->epoch, in->memberId))
			add_copy(r, in->epoch, p->mesh.memberId, &copy);
	} else
		fail_msg("nobody answers %s", type);
	return NULL;
}

static const struct client *client_of(struct arena *a, const struct paths *paths)
{
	struct client *c = NEW(a, struct client);

	*c = (struct client){ .paths = paths, .clock = &clock_real, .random = &random_system };
	return c;
}

/* Everybody compared numbers with everybody, but for who is unknown. */
static void open_room(struct room *r)
{
	struct arena *a = arena_new();

	*r = (struct room){ .arena = a, .exists = true };
	for (size_t i = 0; i < PEOPLE; i++) {
		struct sign_pair pair = test_pair((u8)(i + 1));
		struct person *p = &r->people[i];

		p->room = r;
		p->is_in = true;
		p->unknown = i == 3;
		p->paths = test_paths(a);
		p->mesh = (struct config_mesh_args){
			.meshId = S("mesh0001"), .memberId = arena_printf(a, "Member%026zu", i),
			.pubkey = sign_pair_pubkey(a, &pair), .secretKey = sign_pair_secret(a, &pair) };
	}
	for (size_t i = 0; i < PEOPLE; i++)
		for (size_t k = 0; k < PEOPLE; k++)
			if (k != i && !r->people[k].unknown)
				assert_ok(keys_confirm(a, &r->people[i].paths, S("mesh0001"), r->people[k].mesh.pubkey));
	for (size_t i = 0; i < PEOPLE; i++)
		assert_ok(topics_init(a, client_of(a, &r->people[i].paths), &r->people[i].mesh, answer, &r->people[i],
				      &r->people[i].topics));
}

static void close_room(struct room *r)
{
	arena_free(r->arena);
}

static struct topic_posted post(struct room *r, size_t who, const char *text)
{
	struct topic_post in = { .topic = S("ops"), .text = str_from(text) };
	struct topic_posted out;

	assert_ok(topics_post(&r->people[who].topics, &in, &out));
	return out;
}

/* What somebody reads of the n-th post; NULL: nothing. */
static struct topic_line line(struct room *r, size_t who, size_t n)
{
	struct topic_line *lines;

	assert_ok(topics_lines(&r->people[who].topics, S("topic001"), &r->posts[n], 1, &lines));
	return lines[0];
}

static void reads(struct room *r, size_t who, size_t n, const char *text)
{
	struct topic_line got = line(r, who, n);

	if (!text)
		assert_false(got.readable || str_empty(got.why));
	else
		assert_str(got.text, str_from(text));
}

#endif
