/*
 * topic_key.h - a topic's key as it travels: made by a client, sealed once for each member.
 * The broker keeps the copies and can open none (crypto/topic.h).
 */
#ifndef PROTO_TOPIC_KEY_H
#define PROTO_TOPIC_KEY_H

#include "json/fields.h"
#include "proto/limits.h"

#define TOPIC_COPY_ARGS(F, T) \
	F(T, str, memberId,     REQ, ID_BYTES, ID_BYTES, "whom it is sealed for") \
	F(T, str, encryptedKey, REQ, 1, TOPIC_COPY_BYTES_MAX, "base64, 80 bytes: X25519 key of the sealer, box of the topic key") \
	F(T, str, nonce,        REQ, 1, TOPIC_NONCE_BYTES_MAX, "base64, 24 bytes")
JSON_LIST(topic_copy, TOPIC_COPY_ARGS);
#define JSON_C_topic_copies struct topic_copy_list
#define JSON_KIND_topic_copies JSON_K_LIST
#define JSON_SUB_topic_copies &topic_copy_list_type

/* The next key of a topic. Installed only if the topic's epoch is epoch - 1 at that moment. */
#define TOPIC_NEW_KEY_ARGS(F, T) \
	F(T, i64, epoch,     REQ, 1, INT64_MAX, "which one: the topic's epoch and one; 1 is a topic's first key") \
	F(T, str, keyPubkey, OPT, 0, 64, "64 hex, the reference's encryptedKeyPubkey; only shown") \
	F(T, topic_copies, copies, REQ, 1, TOPIC_COPIES_MAX, "for members of the topic; one's own is among them")
JSON_OBJECT(topic_new_key, TOPIC_NEW_KEY_ARGS);
#define JSON_C_topic_new_key struct topic_new_key_args
#define JSON_KIND_topic_new_key JSON_K_OBJ
#define JSON_SUB_topic_new_key topic_new_key_fields

#endif
