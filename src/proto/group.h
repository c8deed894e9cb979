/*
 * group.h - groups: an entry in a hello or a peer list, and joining and leaving.
 * Group names are letters, digits, '_', '-', '.' and '/' (wire-core.md 15); "a/b" is in "@a" too.
 */
#ifndef PROTO_GROUP_H
#define PROTO_GROUP_H

#include "proto/enums.h"
#include "proto/limits.h"

#define GROUP_ARGS(F, T) \
	F(T, str, name, REQ, 1, NAME_BYTES_MAX, "group name without '@'") \
	F(T, str, role, OPT, 0, NAME_BYTES_MAX, "what the peer is in this group")
JSON_LIST(group, GROUP_ARGS);
#define JSON_C_groups struct group_list
#define JSON_KIND_groups JSON_K_LIST
#define JSON_SUB_groups &group_list_type

#define JOIN_GROUP_ARGS(F, T) \
	F(T, str,   name,   REQ, 1, NAME_BYTES_MAX, "group name, a leading '@' is dropped") \
	F(T, str,   role,   OPT, 0, NAME_BYTES_MAX, "what the peer is in this group; absent clears it") \
	F(T, scope, scope,  OPT, 0, 0, "connection (default) or member") \
	F(T, str,   _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(join_group, JOIN_GROUP_ARGS);

#define LEAVE_GROUP_ARGS(F, T) \
	F(T, str,   name,   REQ, 1, NAME_BYTES_MAX, "group name, a leading '@' is dropped") \
	F(T, scope, scope,  OPT, 0, 0, "connection (default) or member") \
	F(T, str,   _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(leave_group, LEAVE_GROUP_ARGS);

#endif
