/*
 * topics.h - topics as a member's client has them: made, joined, posted to and read, with their
 * keys. Blocking; how a frame gets to the broker is the caller's business.
 *
 * Who makes a key seals it to those members of the topic whose key the mesh's owner vouches for
 * (owner, invite, member), or whose safety number the user compared (`verify --confirm`). The
 * others wait until somebody who knows them seals for them. Under a key that is not bound to its
 * slot, or was sealed by somebody whom nobody vouches for, nothing is written: the next post
 * makes a new one. A stale epoch is ended by the next post, which brings the next key with it;
 * of several who try at once one wins and the others post under its key.
 */
#ifndef CLIENT_TOPICS_H
#define CLIENT_TOPICS_H

#include "client/keys.h"
#include "client/members.h"
#include "client/mesh.h"
#include "client/topic_compose.h"
#include "proto/message.h"

/* One frame and its reply, decoded into ret (fields NULL: any will do); a refusal keeps its word. */
typedef struct err *topics_call(void *arg, struct arena *a, const char *type,
				const struct json_field *fields, const void *args,
				const struct json_field *reply_fields, void *ret, size_t ret_size);

struct topics {
	struct arena *arena;
	const struct client *client;
	const struct config_mesh_args *mesh;
	topics_call *call;
	void *arg;
	struct sign_pair *member; /* in the first arena, and wiped with it; the struct may go before */
	struct mesh_keys_args keys;
	struct peers_list_args list; /* members; asked for when first needed */
	bool listed;
	struct members *seen;    /* likewise; whose chains hold: for authors, over many lists */
};

/* The pointers outlive it. */
struct err *topics_init(struct arena *a, const struct client *client, const struct config_mesh_args *mesh,
			topics_call *call, void *arg, struct topics *ret_topics) MUST_CHECK;

/* Makes a topic and its first key, unless in->plaintext; newKey and _reqId are absent. Of one that
 * is there it is a join. *ret_left_out: names of members that the key was not sealed to. */
struct err *topics_create(struct topics *t, const struct topic_create_args *in,
			  struct topic_created_args *ret_created, struct strs *ret_left_out) MUST_CHECK;
/* Makes the first key of a topic that has none, as #general of a new mesh or what a reference
 * client made; *ret_claimed false: it has one, or never gets one. */
struct err *topics_claim(struct topics *t, str topic, struct strs *ret_left_out, bool *ret_claimed) MUST_CHECK;

struct topic_posted {
	str message_id, client_message_id, topic, topic_id;
	bool encrypted, duplicate;
	bool made_key;          /* and it is a new one */
	i64 epoch, seq, recipients, notifications;
	size_t mentions;
	struct strs left_out;   /* names of members that a new key was not sealed to */
};

/* client_message_id empty: made up. */
struct err *topics_post(struct topics *t, const struct topic_post *post, struct topic_posted *ret_posted)
	MUST_CHECK;

/* What the broker has of the topic's keys for us, opened and kept. */
struct err *topics_keys(struct topics *t, str topic, struct topic_key_data_args *ret_data) MUST_CHECK;
/* A page of history as it came, and its lines as far as they can be read, with what is known of who
 * wrote them. A broker that does not tell who is a member leaves them unverified. */
struct err *topics_history(struct topics *t, const struct topic_history_args *in,
			   struct topic_history_response_args *ret_page, struct topic_line **ret_lines)
	MUST_CHECK;
/* The lines of any list of posts of one topic. */
struct err *topics_lines(struct topics *t, str topic_id, const struct topic_message_args *messages, size_t n,
			 struct topic_line **ret_lines) MUST_CHECK;
/* Seals the present key for those members who have no copy and are vouched for. */
struct err *topics_seal_pending(struct topics *t, str topic, size_t *ret_sealed) MUST_CHECK;
/* Seals every key that we may write with, old ones too, for a device of ours, which is proved. */
struct err *topics_seal_device(struct topics *t, str member_id, str pubkey, size_t *ret_sealed) MUST_CHECK;
/* The id of a post from the start of it, among the newest; NOT_FOUND, AMBIGUOUS. */
struct err *topics_find_post(struct topics *t, str topic, str prefix, str *ret_id) MUST_CHECK;

#endif
