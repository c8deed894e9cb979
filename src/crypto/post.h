/*
 * post.h - who wrote a post of a topic: a signature by its author's own key, a member's or a
 * device's, over what was posted and where.
 *
 * The keys of members and devices do not expire, and chain.h and device.h tie them to the owner of
 * the mesh, so a signature is checked years later, also after its author has left. Session keys
 * sign no posts. A signature says which mesh, topic, epoch and post is answered and which id its
 * author gave it: whoever carries a post can drop its signature, but not move it elsewhere, give it
 * to somebody else, or tell it twice as two. What time it is from is not signed.
 */
#ifndef CRYPTO_POST_H
#define CRYPTO_POST_H

#include "base/err.h"
#include "crypto/keys.h"

struct post_claim {
	str mesh_id, topic_id;
	i64 epoch;                /* 0: under no key */
	i64 body_version;         /* 1 or 2 */
	str client_message_id;    /* of the author; a post without one is not signed */
	str reply_to;             /* id of the post it answers; empty: none */
	str nonce, ciphertext;    /* the texts as they are sent, base64 */
};

/* claudemesh-post-v1|mesh_id|topic_id|epoch|body_version|client_message_id|reply_to|hash, where hash
 * is the BLAKE2b-256 of nonce "|" ciphertext in lower-case hex. BAD_REQUEST for a field with '|'
 * in it and for an empty client_message_id. */
struct err *post_text(struct arena *a, const struct post_claim *c, str *ret_text) MUST_CHECK;
struct err *post_sign(struct arena *a, const struct post_claim *c, const struct sign_pair *author,
		      str *ret_signature) MUST_CHECK;
/* author_pubkey: a member's or a device's. That it is one is for chain_verify() and device_verify(). */
bool post_check(struct arena *a, const struct post_claim *c, str author_pubkey, str signature) MUST_CHECK;

#endif
