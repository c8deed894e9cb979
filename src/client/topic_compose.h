/*
 * topic_compose.h - what a post to a topic is made of: how the topic stands, which way to post that
 * leaves, the frame, and the next key where it takes one.
 *
 * Without any I/O, so that commands, which wait for their answers (topics.h), and the daemon, which
 * does not (daemon/postbox.h), post alike. Keys lie in the caller's memory, who wipes them.
 */
#ifndef CLIENT_TOPIC_COMPOSE_H
#define CLIENT_TOPIC_COMPOSE_H

#include "client/compose.h"
#include "client/topic_read.h"

enum {
	TOPIC_POST_TRIES = 8,
	/* Who joined a moment ago is being sealed for by whoever is there. */
	TOPIC_COPY_TRIES = 10,
	TOPIC_COPY_TRY_MS = 150,
};

/* Who posts. */
struct topic_author {
	str mesh_id, member_id;
	const struct sign_pair *member;
};

struct topic_post {
	str topic, text;        /* name or id, with or without '#' */
	str reply_to;           /* whole id, or empty */
	bool plaintext;         /* the broker may read it; refused where the topic has a key */
	enum priority priority;
	str client_message_id;
	str fingerprint;        /* empty: of what is above */
};

/* How a topic stands, as far as a post has to know. */
struct topic_standing {
	str topic_id, name;
	i64 epoch;              /* 0: no key */
	bool stale, plaintext;
	bool has_copy;          /* of the key of epoch, fit to read with at least */
	bool has_key;           /* and `key` is it, fit to write with */
	u8 key[TOPIC_KEY_BYTES];
};

/* Without '#'. */
str topic_bare(str topic);
/* BAD_REQUEST, TOO_LARGE: no text that can be posted. */
struct err *topic_post_check(struct arena *a, str text) MUST_CHECK;
/* BAD_REQUEST: an id of the sender's own that cannot be signed. */
struct err *topic_id_check(struct arena *a, str client_message_id) MUST_CHECK;

/* As we remember it: that will do, mostly; if it is out of date the broker says so. epoch 0: nothing
 * is remembered that helps. */
void topic_stand_known(const struct topic_keys_args *known, str topic, struct topic_standing *ret_standing);
/* As the broker tells, with the keys that are known after that was read (topic_read_keys()).
 * CONFLICT "went_plain": it says that a topic which had a key has none. */
struct err *topic_stand_told(struct arena *a, const struct topic_keys_args *known, str topic,
			     const struct topic_key_data_args *data,
			     struct topic_standing *ret_standing) MUST_CHECK;
/* Had it a key once, by what we know? CONFLICT "went_plain" if the broker says it never gets one. */
struct err *topic_check_plaintext(struct arena *a, const struct topic_keys_args *known, str topic,
				  const struct topic_key_data_args *data) MUST_CHECK;
/* Is a copy of the key probably on its way to us? */
bool topic_waits_for_copy(const struct topic_standing *st);

enum topic_way { TOPIC_AS_TEXT, TOPIC_UNDER_KEY, TOPIC_WITH_KEY /* the next one comes with it */ };
/* BAD_REQUEST "encrypted": plain text is wanted where there is a key. */
struct err *topic_post_way(struct arena *a, const struct topic_post *post, const struct topic_standing *st,
			   enum topic_way *ret_way) MUST_CHECK;
/* The fields of `send`, signed by the author. WITH_KEY: new_key, whose bytes st->key is. */
void topic_post_frame(struct arena *a, const struct topic_author *author, const struct topic_post *post,
		      const struct topic_standing *st, enum topic_way way,
		      const struct topic_new_key_args *new_key, struct send_args *ret_send);

/* A key for a slot, sealed to those of the topic's members who are vouched for: the first
 * TOPIC_COPIES_MAX of them, the others when somebody seals for them. ret_left_out: names of those whom
 * nobody vouches for. FORBIDDEN "not_in_topic", "observer": such make no key. */
struct err *topic_next_key(struct arena *a, const struct topic_author *author, const struct topic_reader *by,
			   const struct topic_slot *slot, const struct topic_members_response_args *members,
			   u8 ret_bytes[TOPIC_KEY_BYTES], struct topic_new_key_args *ret_key,
			   struct strs *ret_left_out) MUST_CHECK;

/* Somebody else was first: the topic has another key now than it was asked for. */
bool topic_lost_race(const struct err *e);
/* The topic that we knew by this name is not there any more; another may be. */
bool topic_was_forgotten(const struct err *e);
/* A key that is not stale is for a lead to change: the others can only wait, and are told for what,
 * as "no_key" or "untrusted_key". Other errors, and NULL, as they are. */
struct err *topic_explain(struct arena *a, const struct topic_standing *st, struct err *e);

#endif
