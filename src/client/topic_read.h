/*
 * topic_read.h - what a broker sends of topics, made readable: sealed copies of keys, and posts.
 *
 * Pure but for the file of keys (topic_keys.h), so that commands, which wait for their answers,
 * and the daemon, which does not, read alike.
 */
#ifndef CLIENT_TOPIC_READ_H
#define CLIENT_TOPIC_READ_H

#include "client/inbound.h"
#include "client/post_proof.h"
#include "client/topic_keys.h"
#include "proto/peer.h"
#include "proto/topic.h"

/* Who reads. */
struct topic_reader {
	const struct paths *paths;
	str mesh_id;
	const struct sign_pair *member; /* our member key: copies are sealed to it */
	/* `verified` of each is ours (members_verify(), members_confirm()), not the broker's. */
	const struct member_list *members;
};

/* Is this member's key, or our own, vouched for? */
bool topic_trusts(const struct topic_reader *by, str pubkey);

/* Opens the copies of an answer to topic_key_get and keeps them with the topic's epoch. seen_epoch:
 * what was known when it was asked. CONFLICT: the broker is behind that, or contradicts what it
 * said before. *ret_broken: the epoch of one that does not open
 * and is worth asking for anew (topic_key_drop); 0: none. */
struct err *topic_read_keys(struct arena *a, const struct topic_reader *by,
			    const struct topic_key_data_args *data, i64 seen_epoch, i64 *ret_broken) MUST_CHECK;

/* A post, as far as it can be read. */
struct topic_line {
	str text;       /* readable; else empty, and `why` says why */
	str why;
	bool readable;
	bool encrypted; /* under a key of the topic */
	bool no_key;    /* unreadable for want of the epoch's key: it may still come */
	enum post_proof proof;
	bool verified;  /* POST_SIGNED by a member whose chain holds; set by who knows (topics.h) */
	bool former;    /* by one that is not a member any more */
};

/* message: only nonce, ciphertext, bodyVersion and epoch of it are looked at; the author is not. */
void topic_read_line(struct arena *a, const struct topic_keys_args *keys, str topic_id,
		     const struct topic_message_args *message, struct topic_line *ret_line);
/* Sets its proof. What is forged has no text. */
void topic_prove_line(struct arena *a, str mesh_id, str topic_id, const struct topic_message_args *message,
		      struct topic_line *line);
/* Its author signed it once, and it was shown: this one is not. */
void topic_line_repeats(struct topic_line *line);

/* The same of a message that was pushed: what to read, and what it says. */
struct topic_message_args topic_message_of(const struct inbound *m);
void topic_line_into(const struct topic_line *line, struct inbound *m);

#endif
