#include "client/post_proof.h"

#include "crypto/post.h"

str post_author(const struct topic_message_args *m)
{
	return str_empty(m->senderMemberPubkey) ? m->senderPubkey : m->senderMemberPubkey;
}

enum post_proof post_proof_of(struct arena *a, str mesh_id, str topic_id, const struct topic_message_args *m)
{
	struct post_claim claim = {
		.mesh_id = mesh_id, .topic_id = topic_id,
		.epoch = m->bodyVersion == 2 ? m->epoch : 0, .body_version = m->bodyVersion,
		.client_message_id = m->client_message_id,
		.reply_to = str_empty(m->replyToId) ? m->signedReplyTo : m->replyToId,
		.nonce = m->nonce, .ciphertext = m->ciphertext,
	};

	if (str_empty(m->signature))
		return POST_UNSIGNED;
	return post_check(a, &claim, post_author(m), m->signature) ? POST_SIGNED : POST_FORGED;
}

bool post_repeats(const struct topic_message_args *m, const struct topic_message_args *earlier)
{
	return !str_empty(m->signature) && !str_empty(earlier->signature) && !str_eq(m->id, earlier->id) &&
	       str_eq(post_author(m), post_author(earlier)) &&
	       str_eq(m->client_message_id, earlier->client_message_id);
}
