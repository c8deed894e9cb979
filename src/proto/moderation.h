/*
 * moderation.h - putting somebody out of a mesh, and letting in again (wire-core.md 8): for the
 * owner and admins. What the reference does not have is marked "ours".
 *
 * A target is the name that peers are shown under, a whole public key, or the first
 * TARGET_PREFIX_MIN characters of one or more. What may mean two people is refused as
 * ambiguous_prefix, with both.
 */
#ifndef PROTO_MODERATION_H
#define PROTO_MODERATION_H

#include "json/fields.h"
#include "proto/limits.h"

/* Close codes, and what is said with them. */
enum { CLOSE_KICKED = 4001, CLOSE_BANNED = 4002 };
#define KICKED_TEXT "Kicked from this mesh. Run claudemesh to rejoin."
#define BANNED_TEXT "You've been removed from this mesh. Contact the mesh owner to rejoin."
#define BANNED_FORMAT "You've been removed from \"%.*s\". Contact the mesh owner to rejoin."

/* all before stale before target; without any of them nobody is meant */
#define KICK_ARGS(F, T) \
	F(T, bool, all,    OPT, 0, 0, "everybody but the connection that asks") \
	F(T, i64,  stale,  OPT, 0, 0, "those of whom nothing was heard for so many milliseconds, heartbeats included") \
	F(T, str,  target, OPT, 0, TARGET_BYTES_MAX, "a name, a public key, or 8 characters of one or more") \
	F(T, str,  _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(kick, KICK_ARGS);
JSON_ARGS(disconnect, KICK_ARGS);

#define KICK_ACK_ARGS(F, T) \
	F(T, strs, kicked,   OPT, 0, LIST_ROWS_MAX, "names of the connections that were closed; presence ids where there is none") \
	F(T, strs, affected, OPT, 0, LIST_ROWS_MAX, "the same") \
	F(T, strs, skipped_control_plane, OPT, 0, LIST_ROWS_MAX, "links of daemons that a kick leaves alone") \
	F(T, strs, skipped_protected, OPT, 0, LIST_ROWS_MAX, "ours: of who stands as high as the caller") \
	F(T, str,  _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(kick_ack, KICK_ACK_ARGS);

#define BAN_ARGS(F, T) \
	F(T, str, target, OPT, 0, TARGET_BYTES_MAX, "a member's name, its public key, or 8 characters of it or more") \
	F(T, str, reason, OPT, 0, BAN_REASON_BYTES_MAX, "ours: for the list of bans") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(ban, BAN_ARGS);

#define BAN_ACK_ARGS(F, T) \
	F(T, str, banned,   REQ, 0, 0, "the member's name") \
	F(T, str, pubkey,   OPT, 0, 0, "ours: its key") \
	F(T, str, memberId, OPT, 0, 0, "ours: its id") \
	F(T, str, _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(ban_ack, BAN_ACK_ARGS);

#define UNBAN_ARGS(F, T) \
	F(T, str, target, OPT, 0, TARGET_BYTES_MAX, "the name or public key of a banned member, or 8 characters of it or more") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(unban, UNBAN_ARGS);

#define UNBAN_ACK_ARGS(F, T) \
	F(T, str, unbanned, REQ, 0, 0, "the member's name") \
	F(T, str, pubkey,   OPT, 0, 0, "ours: its key") \
	F(T, str, memberId, OPT, 0, 0, "ours: its id") \
	F(T, str, _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(unban_ack, UNBAN_ACK_ARGS);

#define LIST_BANS_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(list_bans, LIST_BANS_ARGS);

#define BAN_ENTRY_ARGS(F, T) \
	F(T, str, name,      REQ, 0, 0, "the member's name") \
	F(T, str, pubkey,    REQ, 0, 0, "its key") \
	F(T, str, revokedAt, REQ, 0, 0, "ISO time of the ban") \
	F(T, str, memberId,  OPT, 0, 0, "ours: its id") \
	F(T, str, bannedBy,  OPT, 0, 0, "ours: name of who did it") \
	F(T, str, reason,    OPT, 0, 0, "ours: why, if it was said")
JSON_LIST(ban_entry, BAN_ENTRY_ARGS);
#define JSON_C_bans struct ban_entry_list
#define JSON_KIND_bans JSON_K_LIST
#define JSON_SUB_bans &ban_entry_list_type

#define LIST_BANS_RESULT_ARGS(F, T) \
	F(T, bans, bans,   REQ, 0, LIST_ROWS_MAX, "banned members; who left or was removed as a device is none") \
	F(T, str,  _reqId, OPT, 0, 0, "echo")
JSON_ARGS(list_bans_result, LIST_BANS_RESULT_ARGS);

/* ours */
#define LEAVE_MESH_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(leave_mesh, LEAVE_MESH_ARGS);

#endif
