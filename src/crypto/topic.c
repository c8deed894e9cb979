#include "crypto/topic.h"

#include <inttypes.h>

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/secret.h"
#include "crypto/secretbox.h"

enum { SLOT_TAG_BYTES = 16 };

_Static_assert((int)SLOT_TAG_BYTES < (int)BOX_NONCE_BYTES, "the rest of a nonce is random");
_Static_assert(TOPIC_BLOB_BYTES == BOX_KEY_BYTES + TOPIC_KEY_BYTES + BOX_MAC_BYTES, "blob");

static void nonce_choose(const u8 *given, u8 ret_nonce[BOX_NONCE_BYTES])
{
	if (given)
		memcpy(ret_nonce, given, BOX_NONCE_BYTES);
	else
		secret_random(ret_nonce, BOX_NONCE_BYTES);
}

static struct sealed in_base64(struct arena *a, str bytes, const u8 nonce[BOX_NONCE_BYTES])
{
	return (struct sealed){ .nonce = base64_encode(a, str_of(nonce, BOX_NONCE_BYTES)),
				.ciphertext = base64_encode(a, bytes) };
}

struct err *topic_key_seal(struct arena *a, const u8 topic_key[TOPIC_KEY_BYTES],
			   const struct box_pair *sender, str recipient_pubkey,
			   const u8 *nonce, struct sealed *ret_sealed)
{
	u8 blob[TOPIC_BLOB_BYTES], n[BOX_NONCE_BYTES];
	u8 sign_pk[SIGN_PK_BYTES], pk[BOX_KEY_BYTES];

	if (!hex_read(recipient_pubkey, true, sign_pk, sizeof(sign_pk)) ||
	    !box_pk_from_sign(sign_pk, pk))
		return FAIL(a, BAD_REQUEST, "recipient is not a public key to seal to");
	nonce_choose(nonce, n);
	memcpy(blob, sender->pk, BOX_KEY_BYTES);
	if (crypto_box_easy(blob + BOX_KEY_BYTES, topic_key, TOPIC_KEY_BYTES, n, pk,
			    sender->sk) != 0)
		return FAIL(a, BAD_REQUEST, "recipient is not a public key to seal to");
	*ret_sealed = in_base64(a, str_of(blob, sizeof(blob)), n);
	return NULL;
}

struct err *topic_key_open(struct arena *a, struct sealed sealed, const struct sign_pair *member,
			   u8 ret_key[TOPIC_KEY_BYTES])
{
	CLEANUP(box_pair_wipe) struct box_pair own = { 0 };
	u8 blob[TOPIC_BLOB_BYTES], nonce[BOX_NONCE_BYTES], key[TOPIC_KEY_BYTES];

	if (!base64_read(sealed.nonce, nonce, sizeof(nonce)))
		return FAIL(a, BAD_REQUEST, "nonce is not base64 of %d bytes", BOX_NONCE_BYTES);
	if (!base64_read(sealed.ciphertext, blob, sizeof(blob)))
		return FAIL(a, BAD_REQUEST, "sealed topic key is not base64 of %d bytes",
			    TOPIC_BLOB_BYTES);
	box_pair_from_sign(member, &own);
	if (crypto_box_open_easy(key, blob + BOX_KEY_BYTES, sizeof(blob) - BOX_KEY_BYTES, nonce,
				 blob, own.sk) != 0)
		return err_word(FAIL(a, UNAUTHORIZED, "topic key cannot be opened with our key"),
				S("undecryptable"));
	memcpy(ret_key, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	return NULL;
}

/* The half of a nonce that tells the slot. */
static void slot_tag(struct arena *a, const struct topic_slot *slot, u8 ret_tag[SLOT_TAG_BYTES])
{
	str text = arena_printf(a, "claudemesh-topic-key|%.*s|%.*s|%" PRId64, STRF(slot->mesh_id),
				STRF(slot->topic_id), slot->epoch);
	u8 digest[crypto_generichash_BYTES];

	crypto_generichash(digest, sizeof(digest), (const u8 *)text.ptr, text.len, NULL, 0);
	memcpy(ret_tag, digest, SLOT_TAG_BYTES);
}

struct err *topic_slot_seal(struct arena *a, const u8 topic_key[TOPIC_KEY_BYTES],
			    const struct topic_slot *slot, const struct sign_pair *own,
			    str recipient_pubkey, struct sealed *ret_sealed)
{
	CLEANUP(box_pair_wipe) struct box_pair sender = { 0 };
	u8 nonce[BOX_NONCE_BYTES];

	slot_tag(a, slot, nonce);
	secret_random(nonce + SLOT_TAG_BYTES, sizeof(nonce) - SLOT_TAG_BYTES);
	box_pair_from_sign(own, &sender);
	return topic_key_seal(a, topic_key, &sender, recipient_pubkey, nonce, ret_sealed);
}

struct err *topic_slot_open(struct arena *a, struct sealed sealed, const struct topic_slot *slot,
			    const struct sign_pair *member, str sender_pubkey,
			    u8 ret_key[TOPIC_KEY_BYTES], bool *ret_bound)
{
	u8 blob[TOPIC_BLOB_BYTES], nonce[BOX_NONCE_BYTES], tag[SLOT_TAG_BYTES];
	u8 sign_pk[SIGN_PK_BYTES], pk[BOX_KEY_BYTES];

	if (!hex_read(sender_pubkey, true, sign_pk, sizeof(sign_pk)) || !box_pk_from_sign(sign_pk, pk))
		return FAIL(a, BAD_REQUEST, "who sealed the topic key is not a public key");
	if (base64_read(sealed.ciphertext, blob, sizeof(blob)) && memcmp(blob, pk, sizeof(pk)) != 0)
		return err_word(FAIL(a, UNAUTHORIZED, "topic key was sealed by another key than the one named"),
				S("wrong_sender"));
	TRY(topic_key_open(a, sealed, member, ret_key));
	slot_tag(a, slot, tag);
	*ret_bound = base64_read(sealed.nonce, nonce, sizeof(nonce)) && memcmp(nonce, tag, sizeof(tag)) == 0;
	return NULL;
}

struct sealed topic_body_seal(struct arena *a, str text, const u8 topic_key[TOPIC_KEY_BYTES],
			      const u8 *nonce)
{
	u8 n[BOX_NONCE_BYTES];

	nonce_choose(nonce, n);
	return in_base64(a, secretbox_seal(a, text, n, topic_key), n);
}

struct err *topic_body_open(struct arena *a, struct sealed sealed,
			    const u8 topic_key[TOPIC_KEY_BYTES], str *ret_text)
{
	u8 nonce[BOX_NONCE_BYTES];
	str boxed, text;

	if (!base64_read(sealed.nonce, nonce, sizeof(nonce)))
		return FAIL(a, BAD_REQUEST, "nonce is not base64 of %d bytes", BOX_NONCE_BYTES);
	if (!base64_decode(a, sealed.ciphertext, &boxed))
		return FAIL(a, BAD_REQUEST, "ciphertext is not base64");
	if (!secretbox_open(a, boxed, nonce, topic_key, &text))
		return err_word(FAIL(a, UNAUTHORIZED, "body cannot be opened with the topic key"),
				S("undecryptable"));
	if (!str_is_utf8(text))
		return FAIL(a, BAD_REQUEST, "opened body is not utf-8");
	*ret_text = text;
	return NULL;
}
