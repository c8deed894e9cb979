/*
 * rest_topic.h - fields of the REST API's calls about topics and notifications (http-data-web.md
 * 2.8 to 2.13): the reference's, and behind them what it does not know. Lists of topic.h are
 * used as they are.
 */
#ifndef PROTO_REST_TOPIC_H
#define PROTO_REST_TOPIC_H

#include "proto/enums.h"
#include "proto/topic.h"

#define REST_TOPIC_(F, T) F(T, str, topic, REQ, 1, TOPIC_NAME_BYTES_MAX + 1, "name of the topic, without '#'")

/* ---- GET /api/v1/topics, GET /api/v1/topics/:topic ---- */
#define REST_TOPICS_ARGS(F, T) \
	F(T, topic_entries, topics, REQ, 0, LIST_ROWS_MAX, "those that the key's member may see and the key is for, by name")
JSON_ARGS(rest_topics, REST_TOPICS_ARGS);

#define REST_TOPIC_ONLY_ARGS(F, T) REST_TOPIC_(F, T)
JSON_ARGS(rest_topic_only, REST_TOPIC_ONLY_ARGS);

/* ---- POST /api/v1/topics ---- */
#define REST_TOPIC_NEW_ARGS(F, T) \
	F(T, str,        name,        REQ, 1, TOPIC_NAME_BYTES_MAX, "letters, digits, _ - .") \
	F(T, str,        description, OPT, 0, TOPIC_DESCRIPTION_BYTES_MAX, "what it is for") \
	F(T, visibility, visibility,  OPT, 0, 0, "public, private or dm; default public") \
	F(T, strs,       members,     OPT, 0, TOPIC_NEW_MEMBERS_MAX, "ids of members to add besides oneself") \
	F(T, bool,       plaintext,   OPT, 0, 0, "it never gets a key: the broker can read it") \
	F(T, topic_new_key, newKey,   OPT, 0, 0, "its first key, epoch 1; without it the topic is at epoch 0")
JSON_ARGS(rest_topic_new, REST_TOPIC_NEW_ARGS);

#define REST_TOPIC_MADE_ARGS(F, T) \
	F(T, topic_created_topic, topic, REQ, 0, 0, "the new one, or the one of that name") \
	F(T, bool, created, REQ, 0, 0, "false: it was there; the member is in it now")
JSON_ARGS(rest_topic_made, REST_TOPIC_MADE_ARGS);

/* ---- POST /api/v1/messages, POST /api/v1/topics/:topic ---- */
#define REST_POST_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str,      text,        OPT, 0, 0, "what to say, as it is: of version 1, which the broker can read; or ciphertext and nonce") \
	F(T, str,      ciphertext,  OPT, 0, 0, "base64: of version 1 text, of version 2 secretbox under the topic's key") \
	F(T, str,      nonce,       OPT, 0, 64, "base64, 24 bytes; needless with version 1") \
	F(T, priority, priority,    OPT, 0, 0, "now, next (default) or low") \
	F(T, i64,      bodyVersion, OPT, 1, 2, "1 (default) or 2") \
	F(T, i64,      epoch,       OPT, 0, INT64_MAX, "version 2: under which key; absent: the first") \
	F(T, topic_new_key, newKey, OPT, 0, 0, "the topic's next key, installed with the post") \
	F(T, strs,     mentions,    OPT, 0, 16, "names, '@' or not; none: those that a text of version 1 mentions") \
	F(T, str,      replyToId,   OPT, 0, CLIENT_ID_BYTES_MAX, "id of a post of the same topic") \
	F(T, hex,      signature,   OPT, 128, 128, "with ciphertext and idempotencyKey: by the member's key over what topics.md says under Signatures") \
	F(T, str,      idempotencyKey, OPT, 0, CLIENT_ID_BYTES_MAX, "your own id of the post: sent again it is the same post")
JSON_ARGS(rest_post, REST_POST_ARGS);

#define REST_POSTED_ARGS(F, T) \
	F(T, str,  messageId,     REQ, 0, 0, "of the post") \
	F(T, str,  historyId,     REQ, 0, 0, "the same") \
	F(T, str,  queueId,       REQ, 0, 0, "the same") \
	F(T, str,  topic,         REQ, 0, 0, "its topic's name") \
	F(T, str,  topicId,       REQ, 0, 0, "its topic's id") \
	F(T, i64,  notifications, REQ, 0, 0, "members who were mentioned") \
	F(T, i64,  bodyVersion,   REQ, 0, 0, "1 or 2") \
	F(T, str,  replyToId,     OPT, 0, 0, "as given") \
	F(T, i64,  seq,           REQ, 0, 0, "its number in the topic; 0 of a repeat") \
	F(T, i64,  recipients,    REQ, 0, 0, "people in the topic besides the sender") \
	F(T, bool, duplicate,     OPT, 0, 0, "true: it was there, under the same Idempotency-Key")
JSON_ARGS(rest_posted, REST_POSTED_ARGS);

/* ---- GET /api/v1/topics/:topic/messages ---- */
#define REST_HISTORY_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, i64, limit,  OPT, 1, 200, "how many; default 50") \
	F(T, str, before, OPT, 1, ID_BYTES, "id of a post: those older than it") \
	F(T, str, after,  OPT, 1, ID_BYTES, "id of a post: those newer than it, oldest first")
JSON_ARGS(rest_history, REST_HISTORY_ARGS);

#define REST_MESSAGES_ARGS(F, T) \
	F(T, str,  topic,    REQ, 0, 0, "its name") \
	F(T, str,  topicId,  REQ, 0, 0, "its id") \
	F(T, topic_messages, messages, REQ, 0, 200, "newest first; with `after` oldest first") \
	F(T, bool, more,     REQ, 0, 0, "there are others in this direction")
JSON_ARGS(rest_messages, REST_MESSAGES_ARGS);

/* ---- GET /api/v1/topics/:topic/stream ---- */
#define REST_STREAM_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str, lastEventId, OPT, 0, CLIENT_ID_BYTES_MAX, "id of the last event that was seen: what came after it comes first")
JSON_ARGS(rest_stream, REST_STREAM_ARGS);

/* ---- PATCH /api/v1/topics/:topic/read ---- */
#define REST_READ_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str, upToId, OPT, 0, ID_BYTES, "the newest post that was read; absent: all")
JSON_ARGS(rest_read, REST_READ_ARGS);

#define REST_READ_DONE_ARGS(F, T) \
	F(T, str, topic,   REQ, 0, 0, "its name") \
	F(T, str, topicId, REQ, 0, 0, "its id") \
	F(T, str, readAt,  REQ, 0, 0, "ISO time")
JSON_ARGS(rest_read_done, REST_READ_DONE_ARGS);

/* ---- join, leave, members ---- */
#define REST_JOIN_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, topic_role, role, OPT, 0, 0, "member (default) or observer; lead: only an admin of the mesh")
JSON_ARGS(rest_join, REST_JOIN_ARGS);

#define REST_MEMBER_OF_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str,        memberId, REQ, 1, ID_BYTES, "of the member") \
	F(T, topic_role, role,     OPT, 0, 0, "lead, member (default) or observer")
JSON_ARGS(rest_member_of, REST_MEMBER_OF_ARGS);

#define REST_MEMBER_GONE_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str,        memberId, REQ, 1, ID_BYTES, "of the member")
JSON_ARGS(rest_member_gone, REST_MEMBER_GONE_ARGS);

#define REST_TOPIC_DONE_ARGS(F, T) \
	F(T, str,  topic,   REQ, 0, 0, "its name") \
	F(T, str,  topicId, REQ, 0, 0, "its id") \
	F(T, str,  memberId, REQ, 0, 0, "whose membership was changed") \
	F(T, bool, ok,      REQ, 0, 0, "true")
JSON_ARGS(rest_topic_done, REST_TOPIC_DONE_ARGS);

#define REST_TOPIC_MEMBERS_ARGS(F, T) \
	F(T, str, topic,   REQ, 0, 0, "its name") \
	F(T, str, topicId, REQ, 0, 0, "its id") \
	F(T, topic_member_entries, members, REQ, 0, LIST_ROWS_MAX, "by name")
JSON_ARGS(rest_topic_members, REST_TOPIC_MEMBERS_ARGS);

/* ---- keys ---- */
#define REST_KEY_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, i64, epoch, OPT, 1, INT64_MAX, "of which key; absent: the newest that was sealed for the member")
JSON_ARGS(rest_key, REST_KEY_ARGS);

#define REST_KEY_DATA_ARGS(F, T) \
	F(T, str,  topic,        REQ, 0, 0, "its name") \
	F(T, str,  topicId,      REQ, 0, 0, "its id") \
	F(T, str,  encryptedKey, REQ, 0, 0, "as sealed for the member") \
	F(T, str,  nonce,        REQ, 0, 0, "likewise") \
	F(T, str,  senderPubkey, REQ | NULLABLE, 0, 0, "the reference's, or null") \
	F(T, str,  createdAt,    REQ, 0, 0, "ISO time") \
	F(T, i64,  epoch,        REQ, 0, 0, "of which key this is the copy") \
	F(T, str,  sealerMemberId, REQ, 0, 0, "who sealed it") \
	F(T, str,  sealerPubkey, REQ, 0, 0, "that member's key") \
	F(T, i64,  topicEpoch,   REQ, 0, 0, "of the topic's newest key") \
	F(T, bool, stale,        REQ, 0, 0, "the next key is wanted before the next post")
JSON_ARGS(rest_key_data, REST_KEY_DATA_ARGS);

#define REST_CLAIM_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str, encryptedKeyPubkey, REQ, 64, 64, "hex; only shown") \
	F(T, str, encryptedKey,       REQ, 1, TOPIC_COPY_BYTES_MAX, "base64, 80 bytes: one's own copy of the first key") \
	F(T, str, nonce,              REQ, 1, TOPIC_NONCE_BYTES_MAX, "base64, 24 bytes")
JSON_ARGS(rest_claim, REST_CLAIM_ARGS);

#define REST_CLAIMED_ARGS(F, T) \
	F(T, str,  topic,        REQ, 0, 0, "its name") \
	F(T, str,  topicId,      REQ, 0, 0, "its id") \
	F(T, str,  senderPubkey, REQ, 0, 0, "as given") \
	F(T, str,  memberId,     REQ, 0, 0, "who claimed it") \
	F(T, bool, claimed,      REQ, 0, 0, "true")
JSON_ARGS(rest_claimed, REST_CLAIMED_ARGS);

#define REST_NEXT_KEY_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, topic_new_key, newKey, REQ, 0, 0, "the topic's epoch and one")
JSON_ARGS(rest_next_key, REST_NEXT_KEY_ARGS);

#define REST_NEXT_KEY_DONE_ARGS(F, T) \
	F(T, str, topic,   REQ, 0, 0, "its name") \
	F(T, str, topicId, REQ, 0, 0, "its id") \
	F(T, i64, epoch,   REQ, 0, 0, "of the topic now")
JSON_ARGS(rest_next_key_done, REST_NEXT_KEY_DONE_ARGS);

#define REST_PENDING_ARGS(F, T) \
	F(T, str,  topic,        REQ, 0, 0, "its name") \
	F(T, str,  topicId,      REQ, 0, 0, "its id") \
	F(T, str,  senderPubkey, REQ | NULLABLE, 0, 0, "the reference's, or null") \
	F(T, i64,  epoch,        REQ, 0, 0, "of which key they have no copy; 0: there is no key") \
	F(T, bool, stale,        REQ, 0, 0, "the next one is wanted instead") \
	F(T, topic_pending_entries, pending, REQ, 0, LIST_ROWS_MAX, "at most 50")
JSON_ARGS(rest_pending, REST_PENDING_ARGS);

#define REST_SEAL_ARGS(F, T) \
	REST_TOPIC_(F, T) \
	F(T, str, memberId,     REQ, 1, ID_BYTES, "for whom") \
	F(T, str, encryptedKey, REQ, 1, TOPIC_COPY_BYTES_MAX, "base64, 80 bytes") \
	F(T, str, nonce,        REQ, 1, TOPIC_NONCE_BYTES_MAX, "base64, 24 bytes") \
	F(T, i64, epoch,        OPT, 1, INT64_MAX, "of which key; absent: the newest")
JSON_ARGS(rest_seal, REST_SEAL_ARGS);

#define REST_SEALED_ARGS(F, T) \
	F(T, str,  topic,    REQ, 0, 0, "its name") \
	F(T, str,  topicId,  REQ, 0, 0, "its id") \
	F(T, str,  memberId, REQ, 0, 0, "for whom") \
	F(T, str,  sealedAt, REQ, 0, 0, "ISO time") \
	F(T, bool, sealed,   REQ, 0, 0, "false: it had a copy already, which stays")
JSON_ARGS(rest_sealed, REST_SEALED_ARGS);

/* ---- notifications ---- */
#define REST_NOTIFICATIONS_ARGS(F, T) \
	F(T, str,  since,  OPT, 0, 40, "ISO time; default: a day ago") \
	F(T, bool, unread, OPT, 0, 0, "1: only those") \
	F(T, i64,  limit,  OPT, 1, 200, "how many; default 50") \
	F(T, str,  before, OPT, 1, ID_BYTES, "notificationId: those older than it")
JSON_ARGS(rest_notifications, REST_NOTIFICATIONS_ARGS);

#define REST_NOTIFICATION_LIST_ARGS(F, T) \
	F(T, notifications, notifications, REQ, 0, LIST_ROWS_MAX, "newest first") \
	F(T, str, since,       REQ, 0, 0, "ISO time") \
	F(T, str, mentionedAs, REQ, 0, 0, "the member's name")
JSON_ARGS(rest_notification_list, REST_NOTIFICATION_LIST_ARGS);

#define REST_NOTIFICATIONS_READ_ARGS(F, T) \
	F(T, strs, ids,    OPT, 0, 200, "of notifications; or all") \
	F(T, bool, all,    OPT, 0, 0, "true: all of them") \
	F(T, str,  before, OPT, 0, 40, "with all: ISO time; those up to then")
JSON_ARGS(rest_notifications_read, REST_NOTIFICATIONS_READ_ARGS);

#define REST_NOTIFICATIONS_MARKED_ARGS(F, T) \
	F(T, i64, marked, REQ, 0, 0, "how many became read") \
	F(T, str, readAt, REQ, 0, 0, "ISO time")
JSON_ARGS(rest_notifications_marked, REST_NOTIFICATIONS_MARKED_ARGS);

#endif
