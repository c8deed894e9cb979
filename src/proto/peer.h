/*
 * peer.h - who is here and what they are doing (wire-core.md 5).
 */
#ifndef PROTO_PEER_H
#define PROTO_PEER_H

#include "proto/device.h"
#include "proto/group.h"
#include "proto/reach.h"

#define LIST_PEERS_ARGS(F, T) \
	F(T, bool, members, OPT, 0, 0, "also list every member, connected or not") \
	F(T, str,  _reqId,  OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(list_peers, LIST_PEERS_ARGS);

#define PROFILE_ARGS(F, T) \
	F(T, str,  avatar,       OPT, 0, AVATAR_BYTES_MAX, "an emoji or an address") \
	F(T, str,  title,        OPT, 0, NAME_BYTES_MAX, "what it is") \
	F(T, str,  bio,          OPT, 0, BIO_BYTES_MAX, "free text") \
	F(T, strs, capabilities, OPT, 0, CAPABILITIES_MAX, "what it can do, each as long as a name")
JSON_OBJECT(profile, PROFILE_ARGS);

/* Numbers as the peer sent them: the broker neither adds nor keeps them (D-34). */
#define STATS_ARGS(F, T) \
	F(T, any, messagesIn,  OPT, 0, 0, "number") \
	F(T, any, messagesOut, OPT, 0, 0, "number") \
	F(T, any, toolCalls,   OPT, 0, 0, "number") \
	F(T, any, uptime,      OPT, 0, 0, "seconds") \
	F(T, any, errors,      OPT, 0, 0, "number")
JSON_OBJECT(stats, STATS_ARGS);
#define JSON_C_stats struct stats_args
#define JSON_KIND_stats JSON_K_OBJ
#define JSON_SUB_stats stats_fields

#define PEER_ARGS(F, T) \
	F(T, str,    pubkey,       REQ, 0, 0, "session key, else member key") \
	F(T, str,    memberPubkey, REQ, 0, 0, "the stable key to send to") \
	F(T, str,    displayName,  REQ, 0, 0, "name") \
	F(T, str,    status,       REQ, 0, 0, "idle, working or dnd") \
	F(T, str,    summary,      REQ | NULLABLE, 0, 0, "what it is doing, or null") \
	F(T, groups, groups,       REQ, 0, 0, "its groups") \
	F(T, str,    sessionId,    REQ, 0, 0, "of its hello") \
	F(T, str,    connectedAt,  REQ, 0, 0, "ISO time") \
	F(T, str,    cwd,          REQ, 0, 0, "working directory") \
	F(T, str,    peerRole,     REQ, 0, 0, "session or control-plane") \
	F(T, str,    hostname,     OPT, 0, 0, "if told") \
	F(T, str,    peerType,     OPT, 0, 0, "if told") \
	F(T, str,    channel,      OPT, 0, 0, "if told") \
	F(T, str,    model,        OPT, 0, 0, "if told") \
	F(T, any,    stats,        OPT, 0, 0, "of set_stats, if told") \
	F(T, any,    profile,      OPT, 0, 0, "of set_profile, if told; with the role of its hello") \
	F(T, any,    visible,      OPT, 0, 0, "true or false; false: only its own member sees this row") \
	F(T, str,    reach,        OPT, 0, 0, "with members: now, next_turn, poll or not: how soon it hears of a message")
JSON_LIST(peer, PEER_ARGS);
#define JSON_C_peers struct peer_list
#define JSON_KIND_peers JSON_K_LIST
#define JSON_SUB_peers &peer_list_type

/* What binds a member to the owner's key; see crypto/invite.h. */
#define CHAIN_ARGS(F, T) \
	F(T, str, inviteId,       REQ, 0, 0, "invite record id; 'owner' for the creator") \
	F(T, str, invitePubkey,   REQ, 0, 0, "the invite's key") \
	F(T, str, role,           REQ, 0, 0, "role the invite gives") \
	F(T, i64, expiresAt,      REQ, 0, INT64_MAX, "Unix seconds") \
	F(T, i64, maxUses,        REQ, 0, INT64_MAX, "how often it may be used") \
	F(T, str, ownerSignature, REQ, 0, 0, "by the owner's key over the invite") \
	F(T, str, x25519,         REQ, 0, 0, "the member's encryption key of the claim") \
	F(T, str, claimSignature, REQ, 0, 0, "by the invite's key over the member's keys")
JSON_OBJECT(chain, CHAIN_ARGS);
#define JSON_C_chain struct chain_args
#define JSON_KIND_chain JSON_K_OBJ
#define JSON_SUB_chain chain_fields

#define MEMBER_ARGS(F, T) \
	F(T, str,   memberId,    REQ, 0, 0, "record id") \
	F(T, str,   pubkey,      REQ, 0, 0, "member key") \
	F(T, str,   displayName, REQ, 0, 0, "name") \
	F(T, str,   role,        REQ, 0, 0, "admin or member") \
	F(T, bool,  owner,       OPT, 0, 0, "made the mesh; stands above admins") \
	F(T, bool,  online,      REQ, 0, 0, "has a connection") \
	F(T, bool,  verified,    REQ, 0, 0, "its chain from the owner's key holds") \
	F(T, str,   roleTag,     OPT, 0, 0, "what it is, if told") \
	F(T, str,   messageMode, OPT, 0, 0, "push, inbox or off, if told") \
	F(T, chain, chain,       OPT, 0, 0, "for clients that check it themselves") \
	F(T, device_of, device,  OPT, 0, 0, "whose device it is, if it is one; takes the place of the chain")
JSON_LIST(member, MEMBER_ARGS);
#define JSON_C_members struct member_list
#define JSON_KIND_members JSON_K_LIST
#define JSON_SUB_members &member_list_type

#define PEERS_LIST_ARGS(F, T) \
	F(T, peers,   peers,   REQ, 0, LIST_ROWS_MAX, "one entry per presence, oldest first; one for a session and what runs inside it") \
	F(T, members, members, OPT, 0, LIST_ROWS_MAX, "when asked for") \
	F(T, str,     ownerPubkey, OPT, 0, 0, "with members: the mesh owner's key") \
	F(T, str,     _reqId,  OPT, 0, 0, "echo")
JSON_ARGS(peers_list, PEERS_LIST_ARGS);

#define SET_STATUS_ARGS(F, T) \
	F(T, status, status, REQ, 0, 0, "idle, working or dnd") \
	F(T, scope,  scope,  OPT, 0, 0, "connection (default) or member") \
	F(T, str,    _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(set_status, SET_STATUS_ARGS);

/* POST /hook/set-status: an agent's hook, which knows its process and directory only. */
#define HOOK_SET_STATUS_ARGS(F, T) \
	F(T, str,    cwd,        REQ, 1, CWD_BYTES_MAX, "directory of the connection's hello") \
	F(T, i64,    pid,        REQ, 1, INT32_MAX, "process of the connection's hello") \
	F(T, status, status,     REQ, 0, 0, "idle, working or dnd; who is dnd stays so") \
	F(T, str,    session_id, OPT, 0, SESSION_ID_BYTES_MAX, "sent by reference clients, unused")
JSON_ARGS(hook_set_status, HOOK_SET_STATUS_ARGS);

#define HOOK_STATUS_SET_ARGS(F, T) \
	F(T, bool, ok,          REQ, 0, 0, "true") \
	F(T, str,  presence_id, REQ, 1, 64, "whose status it is")
JSON_ARGS(hook_status_set, HOOK_STATUS_SET_ARGS);

#define SET_VISIBLE_ARGS(F, T) \
	F(T, bool,  visible, REQ, 0, 0, "false: others do not list it, nor do multicasts reach it") \
	F(T, scope, scope,   OPT, 0, 0, "connection or member; absent: the connection, and a member link's word is kept for its later ones") \
	F(T, str,   _reqId,  OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the ack")
JSON_ARGS(set_visible, SET_VISIBLE_ARGS);

#define SET_PROFILE_ARGS(F, T) \
	PROFILE_ARGS(F, T) \
	F(T, scope, scope,   OPT, 0, 0, "as in set_visible") \
	F(T, str,   _reqId,  OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the ack")
JSON_ARGS(set_profile, SET_PROFILE_ARGS);

#define SET_REACH_ARGS(F, T) \
	F(T, reach, reach,   REQ, 0, 0, "now, next_turn, poll or not: how soon it hears of a message") \
	F(T, str,   _reqId,  OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(set_reach, SET_REACH_ARGS);

#define SET_STATS_ARGS(F, T) \
	F(T, stats, stats,   REQ, 0, 0, "replaces what was told before") \
	F(T, str,   _reqId,  OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(set_stats, SET_STATS_ARGS);

#define SET_SUMMARY_ARGS(F, T) \
	F(T, str,   summary, OPT, 0, SUMMARY_BYTES_MAX, "one line; absent clears it") \
	F(T, scope, scope,   OPT, 0, 0, "connection (default) or member") \
	F(T, str,   _reqId,  OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(set_summary, SET_SUMMARY_ARGS);

#endif
