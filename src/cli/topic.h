/*
 * topic.h - what the commands about topics share.
 */
#ifndef CLI_TOPIC_H
#define CLI_TOPIC_H

#include "cli/wire.h"
#include "client/topics.h"

enum { SHORT_ID = 8 }; /* characters of an id that are shown, and will do as one */

/* The mesh meant, and its topics. */
struct topic_stay {
	struct wire wire;
	struct topics topics;
};
struct err *topic_open(struct cli *c, struct topic_stay *s) MUST_CHECK;
void topic_close(struct topic_stay *s);
/* The last question of a command: closes, whatever the answer. */
struct err *topic_ask(struct topic_stay *s, const char *type, const struct json_field *fields,
		      const void *args, const struct json_field *reply_fields, void *ret, size_t size) MUST_CHECK;
/* The first argument without '#'. */
str topic_argument(struct cli *c);

/* Warns of members that a key was not sealed to. */
void topic_warn_left_out(struct cli *c, const struct strs *names);
/* verified, unverified (signed, but nobody vouches for who did), unsigned, or forged. */
str topic_authorship(const struct topic_line *line);
/* A mark behind the name, unless the author is verified. */
void topic_mark_author(struct output *o, const struct topic_line *line);
/* Members of a post with its text, into the object that is open. */
#define TOPIC_POST_FIELDS \
	"id senderMemberId senderPubkey senderMemberPubkey senderName nonce ciphertext bodyVersion epoch replyToId seq " \
	"priority client_message_id signature signedReplyTo createdAt message encrypted unreadable authorship " \
	"authorLeft"
void topic_json_post(struct json_out *j, const struct topic_message_args *m, const struct topic_line *line);

/* `topic post`, which `send '#topic'` is, too. */
struct topic_words {
	str topic, text, reply_to, id;
	enum priority priority;
	bool plaintext;
};
struct err *topic_post_words(struct cli *c, const struct topic_words *in) MUST_CHECK;

/* What became of a post. */
struct topic_sent {
	struct topic_posted posted;
	bool via_daemon;
	bool is_queued; /* on the daemon's disk, not with the broker yet; `reason`, if there is one, says why */
	bool is_told;   /* epoch, seq and the like are known */
	str status, reason; /* the daemon's words */
};
/* Through the daemon, which is up: post->topic without '#', client_message_id given. `unreachable`: it
 * took nothing. */
struct err *topic_post_warm(struct topic_stay *s, const struct topic_post *post, struct topic_sent *ret_sent)
	MUST_CHECK;

#endif
