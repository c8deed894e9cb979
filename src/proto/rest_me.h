/*
 * rest_me.h - fields of the REST API's overviews of the key's member (http-data-web.md 2.14).
 *
 * A member is of one mesh, so each has one; they show no more than the key is for.
 */
#ifndef PROTO_REST_ME_H
#define PROTO_REST_ME_H

#include "json/fields.h"
#include "proto/limits.h"

/* ---- workspace ---- */
#define ME_MESH_ARGS(F, T) \
	F(T, str, meshId,   REQ, 0, 0, "record id") \
	F(T, str, slug,     REQ, 0, 0, "its slug") \
	F(T, str, name,     REQ, 0, 0, "its name") \
	F(T, str, memberId, REQ, 0, 0, "the member there") \
	F(T, str, myRole,   REQ, 0, 0, "admin or member") \
	F(T, str, joinedAt, REQ, 0, 0, "ISO time") \
	F(T, i64, peers,    REQ, 0, 0, "members") \
	F(T, i64, online,   REQ, 0, 0, "of them, connected") \
	F(T, i64, topics,   REQ, 0, 0, "that one may see") \
	F(T, i64, unread,   REQ, 0, 0, "posts in them") \
	F(T, i64, unreadMentions, REQ, 0, 0, "1000 stands for more")
JSON_LIST(me_mesh, ME_MESH_ARGS);
#define JSON_C_me_meshes struct me_mesh_list
#define JSON_KIND_me_meshes JSON_K_LIST
#define JSON_SUB_me_meshes &me_mesh_list_type

#define ME_TOTALS_ARGS(F, T) \
	F(T, i64, meshes, REQ, 0, 0, "meshes") \
	F(T, i64, peers,  REQ, 0, 0, "members") \
	F(T, i64, online, REQ, 0, 0, "connected") \
	F(T, i64, topics, REQ, 0, 0, "topics") \
	F(T, i64, unreadMentions, REQ, 0, 0, "mentions")
JSON_OBJECT(me_totals, ME_TOTALS_ARGS);
#define JSON_C_me_totals struct me_totals_args
#define JSON_KIND_me_totals JSON_K_OBJ
#define JSON_SUB_me_totals me_totals_fields

#define ME_WORKSPACE_ARGS(F, T) \
	F(T, str,       userId, REQ, 0, 0, "the member: nobody is more than that here") \
	F(T, me_meshes, meshes, REQ, 0, LIST_ROWS_MAX, "the key's") \
	F(T, me_totals, totals, REQ, 0, 0, "of them")
JSON_ARGS(me_workspace, ME_WORKSPACE_ARGS);

/* ---- topics ---- */
#define ME_TOPIC_ARGS(F, T) \
	F(T, str, topicId,     REQ, 0, 0, "record id") \
	F(T, str, name,        REQ, 0, 0, "its name") \
	F(T, str, description, REQ | NULLABLE, 0, 0, "or null") \
	F(T, str, visibility,  REQ, 0, 0, "public, private or dm") \
	F(T, str, createdAt,   REQ, 0, 0, "ISO time") \
	F(T, str, meshId,      REQ, 0, 0, "of its mesh") \
	F(T, str, meshSlug,    REQ, 0, 0, "likewise") \
	F(T, str, meshName,    REQ, 0, 0, "likewise") \
	F(T, str, memberId,    REQ, 0, 0, "the member there") \
	F(T, i64, unread,      REQ, 0, 0, "posts") \
	F(T, str, lastMessageAt, REQ | NULLABLE, 0, 0, "ISO time, or null")
JSON_LIST(me_topic, ME_TOPIC_ARGS);
#define JSON_C_me_topic_list struct me_topic_list
#define JSON_KIND_me_topic_list JSON_K_LIST
#define JSON_SUB_me_topic_list &me_topic_list_type

#define ME_TOPIC_TOTALS_ARGS(F, T) \
	F(T, i64, topics, REQ, 0, 0, "topics") \
	F(T, i64, unread, REQ, 0, 0, "posts in them")
JSON_OBJECT(me_topic_totals, ME_TOPIC_TOTALS_ARGS);
#define JSON_C_me_topic_totals struct me_topic_totals_args
#define JSON_KIND_me_topic_totals JSON_K_OBJ
#define JSON_SUB_me_topic_totals me_topic_totals_fields

#define ME_TOPICS_ARGS(F, T) \
	F(T, me_topic_list,   topics, REQ, 0, LIST_ROWS_MAX, "those posted to last first, never posted to last") \
	F(T, me_topic_totals, totals, REQ, 0, 0, "of them")
JSON_ARGS(me_topics, ME_TOPICS_ARGS);

/* ---- notifications ---- */
#define ME_NOTIFICATIONS_QUERY_ARGS(F, T) \
	F(T, str, include, OPT, 0, 16, "all: those that were read, too") \
	F(T, str, since,   OPT, 0, 40, "ISO time; default: seven days ago")
JSON_ARGS(me_notifications_query, ME_NOTIFICATIONS_QUERY_ARGS);

#define ME_NOTIFICATION_ARGS(F, T) \
	F(T, str,  notificationId, REQ, 0, 0, "of the mention") \
	F(T, str,  messageId,   REQ, 0, 0, "of the post") \
	F(T, str,  topicId,     REQ, 0, 0, "of its topic") \
	F(T, str,  topicName,   REQ, 0, 0, "likewise") \
	F(T, str,  meshId,      REQ, 0, 0, "of its mesh") \
	F(T, str,  meshSlug,    REQ, 0, 0, "likewise") \
	F(T, str,  meshName,    REQ, 0, 0, "likewise") \
	F(T, str,  senderName,  REQ, 0, 0, "whose post it is") \
	F(T, str,  snippet,     REQ | NULLABLE, 0, 0, "the start of a text of version 1, else null") \
	F(T, str,  ciphertext,  REQ | NULLABLE, 0, 0, "of version 2, else null") \
	F(T, str,  nonce,       REQ | NULLABLE, 0, 0, "likewise") \
	F(T, i64,  bodyVersion, REQ, 0, 0, "1 or 2") \
	F(T, i64,  epoch,       REQ, 0, 0, "under which key") \
	F(T, bool, read,        REQ, 0, 0, "it was read") \
	F(T, str,  readAt,      REQ | NULLABLE, 0, 0, "ISO time, or null") \
	F(T, str,  createdAt,   REQ, 0, 0, "ISO time")
JSON_LIST(me_notification, ME_NOTIFICATION_ARGS);
#define JSON_C_me_notification_list struct me_notification_list
#define JSON_KIND_me_notification_list JSON_K_LIST
#define JSON_SUB_me_notification_list &me_notification_list_type

#define ME_NOTIFICATION_TOTALS_ARGS(F, T) \
	F(T, i64, unread, REQ, 0, 0, "of those listed") \
	F(T, i64, total,  REQ, 0, 0, "listed")
JSON_OBJECT(me_notification_totals, ME_NOTIFICATION_TOTALS_ARGS);
#define JSON_C_me_notification_totals struct me_notification_totals_args
#define JSON_KIND_me_notification_totals JSON_K_OBJ
#define JSON_SUB_me_notification_totals me_notification_totals_fields

#define ME_NOTIFICATIONS_ARGS(F, T) \
	F(T, me_notification_list,   notifications, REQ, 0, 100, "newest first") \
	F(T, me_notification_totals, totals, REQ, 0, 0, "of them")
JSON_ARGS(me_notifications, ME_NOTIFICATIONS_ARGS);

/* ---- activity ---- */
#define ME_ACTIVITY_QUERY_ARGS(F, T) \
	F(T, str, since, OPT, 0, 40, "ISO time; default: a day ago")
JSON_ARGS(me_activity_query, ME_ACTIVITY_QUERY_ARGS);

#define ME_EVENT_ARGS(F, T) \
	F(T, str, messageId,   REQ, 0, 0, "of the post") \
	F(T, str, topicId,     REQ, 0, 0, "of its topic") \
	F(T, str, topicName,   REQ, 0, 0, "likewise") \
	F(T, str, meshId,      REQ, 0, 0, "of its mesh") \
	F(T, str, meshSlug,    REQ, 0, 0, "likewise") \
	F(T, str, meshName,    REQ, 0, 0, "likewise") \
	F(T, str, senderName,  REQ, 0, 0, "whose post it is") \
	F(T, str, senderMemberId, REQ, 0, 0, "likewise") \
	F(T, str, snippet,     REQ | NULLABLE, 0, 0, "the start of a text of version 1, else null") \
	F(T, str, ciphertext,  REQ | NULLABLE, 0, 0, "of version 2, else null") \
	F(T, str, nonce,       REQ | NULLABLE, 0, 0, "likewise") \
	F(T, i64, bodyVersion, REQ, 0, 0, "1 or 2") \
	F(T, i64, epoch,       REQ, 0, 0, "under which key") \
	F(T, str, createdAt,   REQ, 0, 0, "ISO time")
JSON_LIST(me_event, ME_EVENT_ARGS);
#define JSON_C_me_events struct me_event_list
#define JSON_KIND_me_events JSON_K_LIST
#define JSON_SUB_me_events &me_event_list_type

#define ME_ACTIVITY_TOTALS_ARGS(F, T) F(T, i64, events, REQ, 0, 0, "listed")
JSON_OBJECT(me_activity_totals, ME_ACTIVITY_TOTALS_ARGS);
#define JSON_C_me_activity_totals struct me_activity_totals_args
#define JSON_KIND_me_activity_totals JSON_K_OBJ
#define JSON_SUB_me_activity_totals me_activity_totals_fields

#define ME_ACTIVITY_ARGS(F, T) \
	F(T, me_events, activity, REQ, 0, 200, "posts of others, newest first, of the fifty topics posted to last") \
	F(T, me_activity_totals, totals, REQ, 0, 0, "of them")
JSON_ARGS(me_activity, ME_ACTIVITY_ARGS);

/* ---- search ---- */
#define ME_SEARCH_QUERY_ARGS(F, T) \
	F(T, str, q,     OPT, 0, NAME_BYTES_MAX, "part of a name, a description or a text of version 1; any case; of one character finds nothing") \
	F(T, i64, limit, OPT, 1, 200, "how many posts; default 50")
JSON_ARGS(me_search_query, ME_SEARCH_QUERY_ARGS);

#define ME_FOUND_TOPIC_ARGS(F, T) \
	F(T, str, id,          REQ, 0, 0, "record id") \
	F(T, str, name,        REQ, 0, 0, "its name") \
	F(T, str, description, REQ | NULLABLE, 0, 0, "or null") \
	F(T, str, meshId,      REQ, 0, 0, "of its mesh") \
	F(T, str, meshSlug,    REQ, 0, 0, "likewise") \
	F(T, str, meshName,    REQ, 0, 0, "likewise")
JSON_LIST(me_found_topic, ME_FOUND_TOPIC_ARGS);
#define JSON_C_me_found_topics struct me_found_topic_list
#define JSON_KIND_me_found_topics JSON_K_LIST
#define JSON_SUB_me_found_topics &me_found_topic_list_type

#define ME_FOUND_MESSAGE_ARGS(F, T) \
	F(T, str, messageId,   REQ, 0, 0, "of the post") \
	F(T, str, topicId,     REQ, 0, 0, "of its topic") \
	F(T, str, topicName,   REQ, 0, 0, "likewise") \
	F(T, str, meshId,      REQ, 0, 0, "of its mesh") \
	F(T, str, meshSlug,    REQ, 0, 0, "likewise") \
	F(T, str, senderName,  REQ, 0, 0, "whose post it is") \
	F(T, str, snippet,     REQ, 0, 0, "its start") \
	F(T, i64, bodyVersion, REQ, 0, 0, "1: what is encrypted only its readers can search") \
	F(T, str, createdAt,   REQ, 0, 0, "ISO time")
JSON_LIST(me_found_message, ME_FOUND_MESSAGE_ARGS);
#define JSON_C_me_found_messages struct me_found_message_list
#define JSON_KIND_me_found_messages JSON_K_LIST
#define JSON_SUB_me_found_messages &me_found_message_list_type

#define ME_SEARCH_TOTALS_ARGS(F, T) \
	F(T, i64, topics,   REQ, 0, 0, "listed") \
	F(T, i64, messages, REQ, 0, 0, "listed")
JSON_OBJECT(me_search_totals, ME_SEARCH_TOTALS_ARGS);
#define JSON_C_me_search_totals struct me_search_totals_args
#define JSON_KIND_me_search_totals JSON_K_OBJ
#define JSON_SUB_me_search_totals me_search_totals_fields

#define ME_SEARCH_ARGS(F, T) \
	F(T, str, query, REQ, 0, 0, "as asked") \
	F(T, me_found_topics,   topics,   REQ, 0, LIST_ROWS_MAX, "by name") \
	F(T, me_found_messages, messages, REQ, 0, 200, "newest first, among the last 2,000 of the ten topics posted to last") \
	F(T, me_search_totals,  totals,   REQ, 0, 0, "of them")
JSON_ARGS(me_search, ME_SEARCH_ARGS);

/* ---- POST /api/v1/me/peer-pubkey ---- */
#define ME_PUBKEY_ARGS(F, T) F(T, str, pubkey, REQ, 64, 64, "hex")
JSON_ARGS(me_pubkey, ME_PUBKEY_ARGS);

#define ME_PUBKEY_DONE_ARGS(F, T) \
	F(T, str,  memberId, REQ, 0, 0, "the member") \
	F(T, str,  pubkey,   REQ, 0, 0, "its key") \
	F(T, bool, changed,  REQ, 0, 0, "false: a member is its key")
JSON_ARGS(me_pubkey_done, ME_PUBKEY_DONE_ARGS);

#endif
