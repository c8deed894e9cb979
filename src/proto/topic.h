/*
 * topic.h - topics: rooms with members, history and notifications (wire-core.md 6).
 *
 * `topic` names one by its name, with or without '#', or by its id. A post is a `send` with
 * targetSpec '#name' or '#id' (message.h); its push has `topic`. Fields that the reference does
 * not know are additions; so are the verbs topic_member_set, topic_member_remove, topic_key_*,
 * topic_pending_seals, topic_seal, notification_*.
 *
 * A topic that is not there, is another mesh's, or is private and not the caller's is refused in
 * one way: topic_not_found, with the request id in `id` and `_reqId`.
 *
 * Keys. A topic is at an epoch: 0 has no key (bodies v1, which the broker can read), epoch n has the
 * n-th key, made by a client. Leaving and being removed make the epoch stale: until somebody
 * installs epoch + 1 (topic_key_install, or newKey in a post) posts are refused as `stale_epoch`.
 *
 * A connection that lists the capability "topics" is pushed the posts of its member's topics
 * whatever other connections the member has, and system events as hints, to ask again:
 *   topic_changed     {topicId, topic, what, memberId}   what: created, joined, left, removed, role
 *   topic_stale       {topicId, topic, epoch}            the next key is wanted before the next post
 *   topic_epoch       {topicId, topic, epoch}            a key was installed
 *   topic_key_wanted  {topicId, topic, epoch, memberId}  a member has no copy of it yet
 *   topic_key_sealed  {topicId, topic, epoch}            to that member: it has one now
 *   topic_read        {topicId, topic}                   to the other connections of who read it
 *   notification      {topicId, topic, messageId}        to who was mentioned
 */
#ifndef PROTO_TOPIC_H
#define PROTO_TOPIC_H

#include "proto/peer.h"
#include "proto/topic_key.h"

enum visibility { VISIBILITY_PUBLIC, VISIBILITY_PRIVATE, VISIBILITY_DM };
static const char *const visibility_words[] UNUSED = { "public", "private", "dm", NULL };
#define JSON_C_visibility enum visibility
#define JSON_KIND_visibility JSON_K_ENUM
#define JSON_SUB_visibility visibility_words

enum topic_role { TOPIC_ROLE_ABSENT, TOPIC_LEAD, TOPIC_MEMBER, TOPIC_OBSERVER };
static const char *const topic_role_words[] UNUSED = { "", "lead", "member", "observer", NULL };
#define JSON_C_topic_role enum topic_role
#define JSON_KIND_topic_role JSON_K_ENUM
#define JSON_SUB_topic_role topic_role_words

#define TOPIC_(F, T) F(T, str, topic, REQ, 1, TOPIC_NAME_BYTES_MAX + 1, "name or id; '#' in front will do")
#define REQ_ID_(F, T) F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")

/* ---- topic_create ---- */
#define TOPIC_CREATE_ARGS(F, T) \
	F(T, str,        name,        REQ, 1, TOPIC_NAME_BYTES_MAX, "letters, digits, _ - .; '#' in front is dropped") \
	F(T, str,        description, OPT, 0, TOPIC_DESCRIPTION_BYTES_MAX, "what it is for") \
	F(T, visibility, visibility,  OPT, 0, 0, "public: every member of the mesh may see and join it; private: only who was added; dm: only who is named here, for good") \
	F(T, strs,       members,     OPT, 0, TOPIC_NEW_MEMBERS_MAX, "ids of members to add besides oneself") \
	F(T, bool,       plaintext,   OPT, 0, 0, "it never gets a key: the broker can read it, and every client says so") \
	F(T, topic_new_key, newKey,   OPT, 0, 0, "its first key, epoch 1; without it the topic is at epoch 0") \
	REQ_ID_(F, T)
JSON_ARGS(topic_create, TOPIC_CREATE_ARGS);

#define TOPIC_CREATED_TOPIC_ARGS(F, T) \
	F(T, str,        id,         REQ, 0, 0, "record id") \
	F(T, str,        name,       REQ, 0, 0, "without '#'") \
	F(T, str,        visibility, REQ, 0, 0, "as it is") \
	F(T, i64,        epoch,      REQ, 0, 0, "0: no key") \
	F(T, bool,       plaintext,  REQ, 0, 0, "it never gets a key")
JSON_OBJECT(topic_created_topic, TOPIC_CREATED_TOPIC_ARGS);
#define JSON_C_topic_created_topic struct topic_created_topic_args
#define JSON_KIND_topic_created_topic JSON_K_OBJ
#define JSON_SUB_topic_created_topic topic_created_topic_fields

#define TOPIC_CREATED_ARGS(F, T) \
	F(T, topic_created_topic, topic, REQ, 0, 0, "the new one, or the one of that name") \
	F(T, bool, created, REQ, 0, 0, "false: it was there; the caller is in it now, as before or as member") \
	REQ_ID_(F, T)
JSON_ARGS(topic_created, TOPIC_CREATED_ARGS);

/* ---- topic_list ---- */
#define TOPIC_LIST_ARGS(F, T) REQ_ID_(F, T)
JSON_ARGS(topic_list, TOPIC_LIST_ARGS);

#define TOPIC_ENTRY_ARGS(F, T) \
	F(T, str,  id,          REQ, 0, 0, "record id") \
	F(T, str,  name,        REQ, 0, 0, "without '#'") \
	F(T, str,  description, REQ | NULLABLE, 0, 0, "or null") \
	F(T, str,  visibility,  REQ, 0, 0, "public, private or dm") \
	F(T, i64,  memberCount, REQ, 0, 0, "devices of one person count once") \
	F(T, str,  createdAt,   REQ, 0, 0, "ISO time") \
	F(T, str,  role,        REQ | NULLABLE, 0, 0, "the caller's: lead, member, observer; null: not in it") \
	F(T, i64,  unread,      REQ, 0, 0, "posts of others that the caller has not read; 0 when not in it") \
	F(T, i64,  lastSeq,     REQ, 0, 0, "number of the newest post; 0: none") \
	F(T, str,  lastMessageAt, REQ | NULLABLE, 0, 0, "its ISO time, or null") \
	F(T, i64,  epoch,       REQ, 0, 0, "0: no key, the broker can read what is posted") \
	F(T, bool, stale,       REQ, 0, 0, "the next key is wanted before the next post") \
	F(T, bool, plaintext,   REQ, 0, 0, "it never gets a key")
JSON_LIST(topic_entry, TOPIC_ENTRY_ARGS);
#define JSON_C_topic_entries struct topic_entry_list
#define JSON_KIND_topic_entries JSON_K_LIST
#define JSON_SUB_topic_entries &topic_entry_list_type

#define TOPIC_LIST_RESPONSE_ARGS(F, T) \
	F(T, topic_entries, topics, REQ, 0, LIST_ROWS_MAX, "those that the caller may see, by name") \
	REQ_ID_(F, T)
JSON_ARGS(topic_list_response, TOPIC_LIST_RESPONSE_ARGS);

/* ---- topic_join, topic_leave: an ack with the _reqId, if there is one ---- */
#define TOPIC_JOIN_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, topic_role, role, OPT, 0, 0, "member (default) or observer; lead: only an admin of the mesh. Who is in it keeps its role") \
	REQ_ID_(F, T)
JSON_ARGS(topic_join, TOPIC_JOIN_ARGS);

#define TOPIC_LEAVE_ARGS(F, T) TOPIC_(F, T) REQ_ID_(F, T)
JSON_ARGS(topic_leave, TOPIC_LEAVE_ARGS);

/* ---- topic_members ---- */
#define TOPIC_MEMBERS_ARGS(F, T) TOPIC_(F, T) REQ_ID_(F, T)
JSON_ARGS(topic_members, TOPIC_MEMBERS_ARGS);

#define TOPIC_MEMBER_ENTRY_ARGS(F, T) \
	F(T, str,  memberId,    REQ, 0, 0, "record id") \
	F(T, str,  pubkey,      REQ, 0, 0, "its member key") \
	F(T, str,  displayName, REQ, 0, 0, "its name") \
	F(T, str,  role,        REQ, 0, 0, "lead, member or observer") \
	F(T, str,  joinedAt,    REQ, 0, 0, "ISO time") \
	F(T, str,  lastReadAt,  REQ | NULLABLE, 0, 0, "ISO time, or null") \
	F(T, str,  deviceOf,    OPT, 0, 0, "memberId of the person, if this is a device of it") \
	F(T, bool, revoked,     OPT, 0, 0, "true: removed from the mesh") \
	F(T, bool, keyed,       REQ, 0, 0, "it has a copy of the topic's key")
JSON_LIST(topic_member_entry, TOPIC_MEMBER_ENTRY_ARGS);
#define JSON_C_topic_member_entries struct topic_member_entry_list
#define JSON_KIND_topic_member_entries JSON_K_LIST
#define JSON_SUB_topic_member_entries &topic_member_entry_list_type

#define TOPIC_MEMBERS_RESPONSE_ARGS(F, T) \
	F(T, str, topic,   REQ, 0, 0, "as asked") \
	F(T, str, topicId, REQ, 0, 0, "record id") \
	F(T, topic_member_entries, members, REQ, 0, LIST_ROWS_MAX, "by name") \
	REQ_ID_(F, T)
JSON_ARGS(topic_members_response, TOPIC_MEMBERS_RESPONSE_ARGS);

/* ---- topic_member_set, topic_member_remove: by a lead, or an admin of the mesh who may see it ---- */
#define TOPIC_MEMBER_SET_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, str,        memberId, REQ, 1, ID_BYTES, "whom to add, or whose role to change") \
	F(T, topic_role, role,     OPT, 0, 0, "default member") \
	REQ_ID_(F, T)
JSON_ARGS(topic_member_set, TOPIC_MEMBER_SET_ARGS);

#define TOPIC_MEMBER_REMOVE_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, str, memberId, REQ, 1, ID_BYTES, "who shall not be in it any more") \
	REQ_ID_(F, T)
JSON_ARGS(topic_member_remove, TOPIC_MEMBER_REMOVE_ARGS);

/* ---- topic_history ---- */
#define TOPIC_HISTORY_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, i64, limit,    OPT, INT64_MIN, INT64_MAX, "default 50; 1 to 200, clamped") \
	F(T, str, beforeId, OPT, 0, ID_BYTES, "posts older than this one") \
	F(T, str, afterId,  OPT, 0, ID_BYTES, "posts newer than this one, the oldest of them") \
	REQ_ID_(F, T)
JSON_ARGS(topic_history, TOPIC_HISTORY_ARGS);

/* One post, the same over WebSocket, REST and in a stream. */
#define TOPIC_MESSAGE_ARGS(F, T) \
	F(T, str, id,             REQ, 0, 0, "of the post: what its ack said and replies name") \
	F(T, str, senderMemberId, REQ, 0, 0, "member id") \
	F(T, str, senderPubkey,   REQ, 0, 0, "WebSocket: the session key it was posted with, else the member key; REST: the member key") \
	F(T, str, senderMemberPubkey, OPT, 0, 0, "the member key, where senderPubkey is a session's") \
	F(T, str, senderName,     REQ, 0, 0, "the member's name now") \
	F(T, str, nonce,          REQ, 0, 0, "as sent") \
	F(T, str, ciphertext,     REQ, 0, 0, "as sent") \
	F(T, i64, bodyVersion,    REQ, 0, 0, "1: base64 text, 2: under the topic's key") \
	F(T, i64, epoch,          REQ, 0, 0, "under which key; 0 for version 1") \
	F(T, str, replyToId,      OPT, 0, 0, "id of the post this answers, while that is there") \
	F(T, i64, seq,            REQ, 0, 0, "its number in the topic: 1, 2, 3 ... without a gap") \
	F(T, str, priority,       REQ, 0, 0, "now, next or low") \
	F(T, str, client_message_id, OPT, 0, 0, "the sender's own id") \
	F(T, str, signature,      OPT, 0, 0, "by the key of senderMemberId over the text of crypto/post.h; absent: unsigned") \
	F(T, str, signedReplyTo,  OPT, 0, 0, "of a signed post whose replyToId is gone: what was signed") \
	F(T, str, createdAt,      REQ, 0, 0, "ISO time")
JSON_LIST(topic_message, TOPIC_MESSAGE_ARGS);
#define JSON_C_topic_messages struct topic_message_list
#define JSON_KIND_topic_messages JSON_K_LIST
#define JSON_SUB_topic_messages &topic_message_list_type

#define TOPIC_HISTORY_RESPONSE_ARGS(F, T) \
	F(T, str,  topic,    REQ, 0, 0, "as asked") \
	F(T, str,  topicId,  REQ, 0, 0, "record id") \
	F(T, topic_messages, messages, REQ, 0, LIST_ROWS_MAX, "newest first; with afterId oldest first") \
	F(T, bool, more,     REQ, 0, 0, "there are others in this direction") \
	F(T, members, authors, OPT, 0, LIST_ROWS_MAX, "who signed some of them and is not a member any more: as list_peers had them") \
	REQ_ID_(F, T)
JSON_ARGS(topic_history_response, TOPIC_HISTORY_RESPONSE_ARGS);

/* ---- topic_mark_read: an ack with the _reqId, if there is one ---- */
#define TOPIC_MARK_READ_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, str, upToId, OPT, 0, ID_BYTES, "the newest post that was read; absent: all. A mark never goes back") \
	REQ_ID_(F, T)
JSON_ARGS(topic_mark_read, TOPIC_MARK_READ_ARGS);

/* ---- keys ---- */
#define TOPIC_KEY_GET_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, i64, epoch, OPT, 0, INT64_MAX, "of this key; absent: of all, the newest first") \
	REQ_ID_(F, T)
JSON_ARGS(topic_key_get, TOPIC_KEY_GET_ARGS);

#define TOPIC_KEY_COPY_ARGS(F, T) \
	F(T, i64, epoch,          REQ, 0, 0, "of which key") \
	F(T, str, encryptedKey,   REQ, 0, 0, "as sealed for the caller") \
	F(T, str, nonce,          REQ, 0, 0, "likewise") \
	F(T, str, sealerMemberId, REQ, 0, 0, "who sealed it") \
	F(T, str, sealerPubkey,   REQ, 0, 0, "that member's key") \
	F(T, str, makerMemberId,  REQ, 0, 0, "who installed the key") \
	F(T, str, senderPubkey,   REQ | NULLABLE, 0, 0, "the reference's: keyPubkey of the key, or null") \
	F(T, str, createdAt,      REQ, 0, 0, "ISO time")
JSON_LIST(topic_key_copy, TOPIC_KEY_COPY_ARGS);
#define JSON_C_topic_key_copies struct topic_key_copy_list
#define JSON_KIND_topic_key_copies JSON_K_LIST
#define JSON_SUB_topic_key_copies &topic_key_copy_list_type

#define TOPIC_KEY_DATA_ARGS(F, T) \
	F(T, str,  topic,     REQ, 0, 0, "its name") \
	F(T, str,  topicId,   REQ, 0, 0, "record id") \
	F(T, i64,  epoch,     REQ, 0, 0, "the newest; 0: no key") \
	F(T, bool, stale,     REQ, 0, 0, "the next one is wanted before the next post") \
	F(T, bool, plaintext, REQ, 0, 0, "it never gets a key") \
	F(T, topic_key_copies, keys, REQ, 0, LIST_ROWS_MAX, "the caller's copies; empty: none was sealed for it yet") \
	REQ_ID_(F, T)
JSON_ARGS(topic_key_data, TOPIC_KEY_DATA_ARGS);

#define TOPIC_PENDING_SEALS_ARGS(F, T) TOPIC_(F, T) REQ_ID_(F, T)
JSON_ARGS(topic_pending_seals, TOPIC_PENDING_SEALS_ARGS);

#define TOPIC_PENDING_ENTRY_ARGS(F, T) \
	F(T, str, memberId,    REQ, 0, 0, "record id") \
	F(T, str, pubkey,      REQ, 0, 0, "its member key") \
	F(T, str, displayName, REQ, 0, 0, "its name")
JSON_LIST(topic_pending_entry, TOPIC_PENDING_ENTRY_ARGS);
#define JSON_C_topic_pending_entries struct topic_pending_entry_list
#define JSON_KIND_topic_pending_entries JSON_K_LIST
#define JSON_SUB_topic_pending_entries &topic_pending_entry_list_type

#define TOPIC_PENDING_SEALS_RESPONSE_ARGS(F, T) \
	F(T, str,  topic,        REQ, 0, 0, "its name") \
	F(T, str,  topicId,      REQ, 0, 0, "record id") \
	F(T, i64,  epoch,        REQ, 0, 0, "of which key they have no copy; 0: there is no key") \
	F(T, bool, stale,        REQ, 0, 0, "the next one is wanted instead") \
	F(T, str,  senderPubkey, REQ | NULLABLE, 0, 0, "the reference's, or null") \
	F(T, topic_pending_entries, pending, REQ, 0, LIST_ROWS_MAX, "at most 50") \
	REQ_ID_(F, T)
JSON_ARGS(topic_pending_seals_response, TOPIC_PENDING_SEALS_RESPONSE_ARGS);

#define TOPIC_SEAL_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, i64, epoch,        OPT, 0, INT64_MAX, "of which key; absent: the newest") \
	F(T, str, memberId,     REQ, 1, ID_BYTES, "for whom") \
	F(T, str, encryptedKey, REQ, 1, TOPIC_COPY_BYTES_MAX, "base64, 80 bytes") \
	F(T, str, nonce,        REQ, 1, TOPIC_NONCE_BYTES_MAX, "base64, 24 bytes") \
	REQ_ID_(F, T)
JSON_ARGS(topic_seal, TOPIC_SEAL_ARGS);

#define TOPIC_SEALED_ARGS(F, T) \
	F(T, str,  topicId,  REQ, 0, 0, "record id") \
	F(T, str,  memberId, REQ, 0, 0, "for whom") \
	F(T, i64,  epoch,    REQ, 0, 0, "of which key") \
	F(T, bool, sealed,   REQ, 0, 0, "false: it had one already, which stays") \
	REQ_ID_(F, T)
JSON_ARGS(topic_sealed, TOPIC_SEALED_ARGS);

/* One's own copy that does not open: gone, so that somebody seals another. An ack. */
#define TOPIC_KEY_DROP_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, i64, epoch, REQ, 1, INT64_MAX, "of which key") \
	REQ_ID_(F, T)
JSON_ARGS(topic_key_drop, TOPIC_KEY_DROP_ARGS);

/* Compare and swap: `stale_epoch` if the topic is at another epoch than newKey.epoch - 1. */
#define TOPIC_KEY_INSTALL_ARGS(F, T) \
	TOPIC_(F, T) \
	F(T, topic_new_key, newKey, REQ, 0, 0, "the key") \
	REQ_ID_(F, T)
JSON_ARGS(topic_key_install, TOPIC_KEY_INSTALL_ARGS);

#define TOPIC_KEY_INSTALLED_ARGS(F, T) \
	F(T, str, topicId, REQ, 0, 0, "record id") \
	F(T, i64, epoch,   REQ, 0, 0, "of the topic now") \
	REQ_ID_(F, T)
JSON_ARGS(topic_key_installed, TOPIC_KEY_INSTALLED_ARGS);

/* ---- notifications: mentions of a member, or of any device of it ---- */
#define NOTIFICATION_LIST_ARGS(F, T) \
	F(T, str,  since,    OPT, 0, 40, "ISO time; absent: all that are kept") \
	F(T, bool, unread,   OPT, 0, 0, "only those") \
	F(T, i64,  limit,    OPT, INT64_MIN, INT64_MAX, "default 50; 1 to 200, clamped") \
	F(T, str,  beforeId, OPT, 0, ID_BYTES, "older than this one") \
	REQ_ID_(F, T)
JSON_ARGS(notification_list, NOTIFICATION_LIST_ARGS);

#define NOTIFICATION_ARGS(F, T) \
	F(T, str, id,             REQ, 0, 0, "of the post") \
	F(T, str, notificationId, REQ, 0, 0, "the same: a post notifies a member once") \
	F(T, str, topicId,        REQ, 0, 0, "record id") \
	F(T, str, topicName,      REQ, 0, 0, "its name") \
	F(T, str, senderMemberId, REQ, 0, 0, "member id") \
	F(T, str, senderName,     REQ, 0, 0, "that member's name now") \
	F(T, str, senderPubkey,   REQ, 0, 0, "that member's key") \
	F(T, str, nonce,          REQ, 0, 0, "as sent") \
	F(T, str, ciphertext,     REQ, 0, 0, "as sent") \
	F(T, i64, bodyVersion,    REQ, 0, 0, "1 or 2") \
	F(T, i64, epoch,          REQ, 0, 0, "under which key") \
	F(T, str, client_message_id, OPT, 0, 0, "the sender's own id") \
	F(T, str, signature,      OPT, 0, 0, "as in history") \
	F(T, str, signedReplyTo,  OPT, 0, 0, "of a signed answer: the post that was signed with it") \
	F(T, str, kind,           REQ, 0, 0, "mention") \
	F(T, str, readAt,         REQ | NULLABLE, 0, 0, "ISO time, or null") \
	F(T, str, createdAt,      REQ, 0, 0, "ISO time")
JSON_LIST(notification, NOTIFICATION_ARGS);
#define JSON_C_notifications struct notification_list
#define JSON_KIND_notifications JSON_K_LIST
#define JSON_SUB_notifications &notification_list_type

#define NOTIFICATION_LIST_RESPONSE_ARGS(F, T) \
	F(T, notifications, notifications, REQ, 0, LIST_ROWS_MAX, "newest first") \
	F(T, str, since,       REQ | NULLABLE, 0, 0, "as asked, or null") \
	F(T, str, mentionedAs, REQ, 0, 0, "the member's name") \
	F(T, i64, unread,      REQ, 0, 0, "of all that are kept; 1000 stands for more") \
	REQ_ID_(F, T)
JSON_ARGS(notification_list_response, NOTIFICATION_LIST_RESPONSE_ARGS);

#define NOTIFICATION_READ_ARGS(F, T) \
	F(T, strs, ids, OPT, 0, 200, "of posts") \
	F(T, bool, all, OPT, 0, 0, "all of them") \
	REQ_ID_(F, T)
JSON_ARGS(notification_read, NOTIFICATION_READ_ARGS);

#define NOTIFICATION_READ_RESPONSE_ARGS(F, T) \
	F(T, i64, marked, REQ, 0, 0, "how many became read") \
	F(T, str, readAt, REQ, 0, 0, "ISO time") \
	REQ_ID_(F, T)
JSON_ARGS(notification_read_response, NOTIFICATION_READ_RESPONSE_ARGS);

#endif
