#include "crypto/post.h"

#include <sodium.h>

#include "crypto/canonical.h"
#include "crypto/encode.h"

/* Neither part has a '|' in it, so there is one way to read it. */
static str hash_of(struct arena *a, const struct post_claim *c)
{
	u8 digest[crypto_generichash_BYTES];
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	crypto_generichash_update(&state, (const u8 *)c->nonce.ptr, c->nonce.len);
	crypto_generichash_update(&state, (const u8 *)"|", 1);
	crypto_generichash_update(&state, (const u8 *)c->ciphertext.ptr, c->ciphertext.len);
	crypto_generichash_final(&state, digest, sizeof(digest));
	return hex_encode(a, str_of(digest, sizeof(digest)));
}

struct err *post_text(struct arena *a, const struct post_claim *c, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("claudemesh-post-v1") },
		{ "mesh_id", c->mesh_id },
		{ "topic_id", c->topic_id },
		{ "epoch", canonical_i64(a, c->epoch) },
		{ "body_version", canonical_i64(a, c->body_version) },
		{ "client_message_id", c->client_message_id },
		{ "reply_to", c->reply_to },
		{ NULL, hash_of(a, c) },
	};

	if (str_empty(c->client_message_id))
		return FAIL(a, BAD_REQUEST, "'client_message_id' is empty: a post that is signed has one");
	if (str_index(c->nonce, '|') >= 0 || str_index(c->ciphertext, '|') >= 0)
		return FAIL(a, BAD_REQUEST, "'nonce' or 'ciphertext' is not base64");
	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *post_sign(struct arena *a, const struct post_claim *c, const struct sign_pair *author,
		      str *ret_signature)
{
	str text;

	TRY(post_text(a, c, &text));
	*ret_signature = sign_hex(a, text, author);
	return NULL;
}

bool post_check(struct arena *a, const struct post_claim *c, str author_pubkey, str signature)
{
	str text;

	return pubkey_is_valid(author_pubkey) && !post_text(a, c, &text) &&
	       sign_check_hex(text, signature, author_pubkey);
}
