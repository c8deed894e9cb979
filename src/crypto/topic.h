/*
 * topic.h - topic keys and bodies under them (wire-core.md 4.4).
 *
 * A topic key of 32 bytes is sealed once per member, to the member key (never a session
 * key); the sealed copy carries its sender's X25519 key in front.
 *
 * A topic has a key for each epoch. The reference's copies do not say where they belong, so a
 * broker could pass the copy of an old epoch, or of another topic, off as this one's. Copies
 * of ours say it in their nonce, which the box authenticates:
 *   nonce = the first 16 bytes of BLAKE2b-256("claudemesh-topic-key|" mesh_id "|" topic_id
 *           "|" epoch in decimal), then 8 random bytes.
 * The reference opens them as ever. What is not bound to its slot may be read with, never
 * written with.
 */
#ifndef CRYPTO_TOPIC_H
#define CRYPTO_TOPIC_H

#include "crypto/box.h"

enum { TOPIC_KEY_BYTES = 32, TOPIC_BLOB_BYTES = 80 };

/* `nonce` NULL: random. ret_sealed: encryptedKey as ciphertext, and nonce. */
struct err *topic_key_seal(struct arena *a, const u8 topic_key[TOPIC_KEY_BYTES],
			   const struct box_pair *sender, str recipient_pubkey,
			   const u8 *nonce, struct sealed *ret_sealed) MUST_CHECK;
/* BAD_REQUEST if malformed, UNAUTHORIZED "undecryptable" if it is not for us. */
struct err *topic_key_open(struct arena *a, struct sealed sealed, const struct sign_pair *member,
			   u8 ret_key[TOPIC_KEY_BYTES]) MUST_CHECK;

/* Which key of which topic: epoch 1 is a topic's first key. */
struct topic_slot {
	str mesh_id, topic_id;
	i64 epoch;
};

/* The key of a slot, sealed by one member's key (its own) for another; bound to the slot. */
struct err *topic_slot_seal(struct arena *a, const u8 topic_key[TOPIC_KEY_BYTES],
			    const struct topic_slot *slot, const struct sign_pair *own,
			    str recipient_pubkey, struct sealed *ret_sealed) MUST_CHECK;
/* topic_key_open(), for a copy that sender_pubkey (a member key) sealed: UNAUTHORIZED with the
 * word "wrong_sender" if another key did. *ret_bound false: it does not say that it is of this
 * slot, or says that it is of another. */
struct err *topic_slot_open(struct arena *a, struct sealed sealed, const struct topic_slot *slot,
			    const struct sign_pair *member, str sender_pubkey,
			    u8 ret_key[TOPIC_KEY_BYTES], bool *ret_bound) MUST_CHECK;

/* Body version 2. `nonce` NULL: random. */
struct sealed topic_body_seal(struct arena *a, str text, const u8 topic_key[TOPIC_KEY_BYTES],
			      const u8 *nonce);
struct err *topic_body_open(struct arena *a, struct sealed sealed,
			    const u8 topic_key[TOPIC_KEY_BYTES], str *ret_text) MUST_CHECK;

#endif
