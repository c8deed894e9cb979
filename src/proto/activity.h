/*
 * activity.h - what goes on in a mesh, as numbers: an addition to the reference.
 *
 * mesh_activity tells who wrote to whom and how often, who came and went, what became of topics. No
 * text, no size, no id of a message. Of topics that the caller may not see nothing is shown or
 * counted, nor what hidden connections sent. It is the broker's memory of one day: it begins anew
 * with the broker, or when nobody was in the mesh for a while; `since` says when.
 */
#ifndef PROTO_ACTIVITY_H
#define PROTO_ACTIVITY_H

#include "json/fields.h"
#include "proto/limits.h"

#define MESH_ACTIVITY_ARGS(F, T) F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(mesh_activity, MESH_ACTIVITY_ARGS);

#define TRAFFIC_EDGE_ARGS(F, T) \
	F(T, str, from,    REQ, 0, 0, "memberId of who wrote; a device counts as its person") \
	F(T, str, to,      OPT, 0, 0, "memberId, of direct messages") \
	F(T, str, topicId, OPT, 0, 0, "of posts") \
	F(T, str, topic,   OPT, 0, 0, "its name") \
	F(T, str, group,   OPT, 0, 0, "of messages to a group or to everybody, as written: @name or *") \
	F(T, i64, hour,    REQ, 0, 0, "how many in the last hour, counted by ten minutes") \
	F(T, i64, day,     REQ, 0, 0, "how many in the last day, counted by hours") \
	F(T, str, lastAt,  REQ, 0, 0, "ISO time of the last")
JSON_LIST(traffic_edge, TRAFFIC_EDGE_ARGS);
#define JSON_C_traffic_edges struct traffic_edge_list
#define JSON_KIND_traffic_edges JSON_K_LIST
#define JSON_SUB_traffic_edges &traffic_edge_list_type

#define TRAFFIC_COUNT_ARGS(F, T) \
	F(T, str, at, REQ, 0, 0, "ISO time at which it begins") \
	F(T, i64, n,  REQ, 0, 0, "messages and posts in it")
JSON_LIST(traffic_count, TRAFFIC_COUNT_ARGS);
#define JSON_C_traffic_counts struct traffic_count_list
#define JSON_KIND_traffic_counts JSON_K_LIST
#define JSON_SUB_traffic_counts &traffic_count_list_type

#define ACTIVITY_EVENT_ARGS(F, T) \
	F(T, str, at,          REQ, 0, 0, "ISO time") \
	F(T, str, what,        REQ, 0, 0, "came, went, topic_created, topic_joined, topic_left, topic_removed, topic_role") \
	F(T, str, memberId,    REQ, 0, 0, "whom it is about") \
	F(T, str, displayName, REQ, 0, 0, "that member's name now") \
	F(T, str, topicId,     OPT, 0, 0, "of what is about a topic") \
	F(T, str, topic,       OPT, 0, 0, "its name")
JSON_LIST(activity_event, ACTIVITY_EVENT_ARGS);
#define JSON_C_activity_events struct activity_event_list
#define JSON_KIND_activity_events JSON_K_LIST
#define JSON_SUB_activity_events &activity_event_list_type

#define MESH_ACTIVITY_RESPONSE_ARGS(F, T) \
	F(T, str, since, REQ, 0, 0, "ISO time from which on was counted; a day ago at most") \
	F(T, traffic_edges,   edges,  REQ, 0, LIST_ROWS_MAX, "the last used first") \
	F(T, traffic_counts,  hour,   REQ, 0, LIST_ROWS_MAX, "the last hour by ten minutes, of these edges") \
	F(T, traffic_counts,  day,    REQ, 0, LIST_ROWS_MAX, "the last day by hours") \
	F(T, activity_events, events, REQ, 0, LIST_ROWS_MAX, "newest first, the last hundred or fewer") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(mesh_activity_response, MESH_ACTIVITY_RESPONSE_ARGS);

#endif
