/*
 * rest.h - fields of the REST API's calls that only it has (http-data-web.md 2.12 to 2.14), in
 * camel case as the reference's.
 */
#ifndef PROTO_REST_H
#define PROTO_REST_H

#include "proto/group.h"

/* ---- GET /api/v1/peers ---- */
struct rest_none_args { char nothing; };
static const struct json_field rest_none_fields[] UNUSED = { { 0 } };

#define REST_PEER_ARGS(F, T) \
	F(T, str,  memberId,    REQ, 0, 0, "record id of the member") \
	F(T, str,  pubkey,      REQ, 0, 0, "its key") \
	F(T, str,  displayName, REQ, 0, 0, "its name") \
	F(T, str,  status,      REQ, 0, 0, "idle, working or dnd") \
	F(T, str,  summary,     REQ | NULLABLE, 0, 0, "what it is doing, or null") \
	F(T, groups, groups,    REQ, 0, 0, "its groups") \
	F(T, str,  via,         REQ, 0, 0, "ws: connected; rest: asked by REST within five minutes")
JSON_LIST(rest_peer, REST_PEER_ARGS);
#define JSON_C_rest_peers struct rest_peer_list
#define JSON_KIND_rest_peers JSON_K_LIST
#define JSON_SUB_rest_peers &rest_peer_list_type

#define REST_PEERS_ARGS(F, T) \
	F(T, rest_peers, peers, REQ, 0, LIST_ROWS_MAX, "one entry a member")
JSON_ARGS(rest_peers, REST_PEERS_ARGS);

/* ---- GET /api/v1/members ---- */
#define REST_MEMBER_ARGS(F, T) \
	F(T, str,  memberId,    REQ, 0, 0, "record id") \
	F(T, str,  pubkey,      REQ, 0, 0, "its key") \
	F(T, str,  displayName, REQ, 0, 0, "its name") \
	F(T, str,  role,        REQ, 0, 0, "admin or member") \
	F(T, bool, isHuman,     REQ, 0, 0, "false: nobody has said that it is") \
	F(T, str,  joinedAt,    REQ, 0, 0, "ISO time") \
	F(T, bool, online,      REQ, 0, 0, "connected") \
	F(T, str,  status,      REQ, 0, 0, "idle, working, dnd or offline") \
	F(T, str,  summary,     REQ | NULLABLE, 0, 0, "what it is doing, or null")
JSON_LIST(rest_member, REST_MEMBER_ARGS);
#define JSON_C_rest_members struct rest_member_list
#define JSON_KIND_rest_members JSON_K_LIST
#define JSON_SUB_rest_members &rest_member_list_type

#define REST_MEMBERS_ARGS(F, T) \
	F(T, rest_members, members, REQ, 0, LIST_ROWS_MAX, "every member of the mesh, the oldest first")
JSON_ARGS(rest_members, REST_MEMBERS_ARGS);

/* ---- GET /api/v1/me ---- */
#define REST_ME_ARGS(F, T) \
	F(T, str,  meshId,      REQ, 0, 0, "of the key's mesh") \
	F(T, str,  meshSlug,    REQ, 0, 0, "its slug") \
	F(T, str,  meshName,    REQ, 0, 0, "its name") \
	F(T, str,  memberId,    REQ, 0, 0, "in whose name the key acts") \
	F(T, str,  pubkey,      REQ, 0, 0, "that member's key") \
	F(T, str,  displayName, REQ, 0, 0, "its name") \
	F(T, str,  role,        REQ, 0, 0, "admin or member") \
	F(T, str,  keyId,       REQ, 0, 0, "of the API key; empty for a token of bearer_token") \
	F(T, strs, capabilities, REQ, 0, 0, "what the key may do now") \
	F(T, any,  topicScopes, REQ | NULLABLE, 0, 0, "names of the topics it is for, or null: all")
JSON_ARGS(rest_me, REST_ME_ARGS);

#endif
