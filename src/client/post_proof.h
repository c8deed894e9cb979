/*
 * post_proof.h - whether a post is its author's word: its signature, and what is said where it has
 * none or one that does not hold.
 *
 * The broker says who the author is, and the signature whether that is so. What it is checked
 * against is ours where we know better: the mesh and the topic. That the author is a member is
 * another question (resolve.h).
 */
#ifndef CLIENT_POST_PROOF_H
#define CLIENT_POST_PROOF_H

#include "proto/topic.h"

enum post_proof {
	POST_UNSIGNED,   /* anybody who has the topic's key, or the broker where there is none, can have written it */
	POST_FORGED,     /* a signature that does not hold: nobody's word */
	POST_SIGNED,     /* of the key that is named */
};

/* Why a forged one is not shown. */
#define POST_FORGED_TEXT "its signature does not hold: it was changed, moved here, or is not of who is named"
/* Why one that was told before is not shown again. */
#define POST_REPEAT_TEXT "it repeats an earlier post of its author, who signed that once"

/* The key that should have signed it. */
str post_author(const struct topic_message_args *m);
enum post_proof post_proof_of(struct arena *a, str mesh_id, str topic_id, const struct topic_message_args *m);
/* Are two posts of one topic, with different ids, one that its author signed once? */
bool post_repeats(const struct topic_message_args *m, const struct topic_message_args *earlier);

#endif
