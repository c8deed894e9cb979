/*
 * hello.h - how a connection says who it is, and what it is told (wire-core.md 2).
 *
 * Additive fields of ours: helloVersion 2 (signs the socket's challenge, see
 * crypto/hello.h) and capabilities: "client_ack" (acks every push), "no_delivery" (wants
 * no messages: a one-shot command that only asks or sends), "receipts" (is sent message_state),
 * "skills" (is told of skills that come and go), "attestation" (a push says by what the sender's
 * session key is its member's), "next_turn" (keeps `next` for the agent's next turn, so it is sent
 * that while it works, too). reach: how soon the agent hears of a message, see reach.h.
 */
#ifndef PROTO_HELLO_H
#define PROTO_HELLO_H

#include "proto/group.h"
#include "proto/reach.h"

#define HELLO_ARGS(F, T) \
	F(T, str,    meshId,        REQ, 1, 64, "mesh record id") \
	F(T, str,    memberId,      REQ, 0, 64, "part of the signed text") \
	F(T, str,    pubkey,        REQ, 0, 128, "member key, 64 hex") \
	F(T, str,    sessionPubkey, OPT, 0, 128, "session key, 64 lower-case hex; unsigned in version 1") \
	F(T, str,    displayName,   OPT, 0, NAME_BYTES_MAX, "name to show; absent: the member's") \
	F(T, str,    sessionId,     REQ, 0, SESSION_ID_BYTES_MAX, "one session id of one member is one presence") \
	F(T, i64,    pid,           OPT, INT32_MIN, INT32_MAX, "process id") \
	F(T, str,    cwd,           OPT, 0, CWD_BYTES_MAX, "working directory, shown in peer lists") \
	F(T, str,    hostname,      OPT, 0, NAME_BYTES_MAX, "host, shown in peer lists") \
	F(T, str,    peerType,      OPT, 0, NAME_BYTES_MAX, "ai, human or connector") \
	F(T, str,    channel,       OPT, 0, NAME_BYTES_MAX, "which client this is") \
	F(T, str,    model,         OPT, 0, NAME_BYTES_MAX, "language model") \
	F(T, groups, groups,        OPT, 0, GROUPS_MAX, "initial groups; empty counts as absent") \
	F(T, i64,    timestamp,     REQ, 0, INT64_MAX, "Unix ms, within 60 s of the broker") \
	F(T, str,    signature,     REQ, 0, 256, "by the member key, 128 hex") \
	F(T, i64,    helloVersion,  OPT, 0, INT64_MAX, "2: the signature covers the challenge") \
	F(T, strs,   capabilities,  OPT, 0, CAPABILITIES_MAX, "what the client understands") \
	F(T, reach,  reach,         OPT, 0, 0, "now, next_turn, poll or not: how soon it hears of a message") \
	F(T, i64,    protocolVersion, OPT, INT64_MIN, INT64_MAX, "declared by some clients, unused")
JSON_ARGS(hello, HELLO_ARGS);

#define ATTESTATION_ARGS(F, T) \
	F(T, str, sessionPubkey,      REQ, 0, 128, "the session key vouched for") \
	F(T, str, parentMemberPubkey, REQ, 0, 128, "the member key that vouches") \
	F(T, i64, expiresAt,          REQ, 0, INT64_MAX, "Unix ms, at most 24 h ahead") \
	F(T, str, signature,          REQ, 0, 256, "by the member key, 128 hex")
JSON_OBJECT(attestation, ATTESTATION_ARGS);
#define JSON_C_attestation struct attestation_args
#define JSON_KIND_attestation JSON_K_OBJ
#define JSON_SUB_attestation attestation_fields

#define SESSION_HELLO_ARGS(F, T) \
	F(T, str,    meshId,             REQ, 1, 64, "mesh record id") \
	F(T, str,    parentMemberId,     OPT, 0, 64, "must be the member of parentMemberPubkey") \
	F(T, str,    parentMemberPubkey, REQ, 0, 128, "member key, 64 lower-case hex") \
	F(T, str,    sessionPubkey,      REQ, 0, 128, "session key, 64 lower-case hex") \
	F(T, attestation, parentAttestation, REQ, 0, 0, "the member key's word for the session key") \
	F(T, str,    displayName,        OPT, 0, NAME_BYTES_MAX, "name to show; absent: the member's") \
	F(T, str,    sessionId,          REQ, 0, SESSION_ID_BYTES_MAX, "one session id of one member is one presence") \
	F(T, i64,    pid,                OPT, INT32_MIN, INT32_MAX, "process id") \
	F(T, str,    cwd,                OPT, 0, CWD_BYTES_MAX, "working directory, shown in peer lists") \
	F(T, str,    hostname,           OPT, 0, NAME_BYTES_MAX, "host, shown in peer lists") \
	F(T, str,    peerType,           OPT, 0, NAME_BYTES_MAX, "ai, human or connector") \
	F(T, str,    channel,            OPT, 0, NAME_BYTES_MAX, "which client this is") \
	F(T, str,    model,              OPT, 0, NAME_BYTES_MAX, "language model") \
	F(T, str,    role,               OPT, 0, NAME_BYTES_MAX, "what it is in the mesh, shown in peer lists") \
	F(T, groups, groups,             OPT, 0, GROUPS_MAX, "present, even empty, replaces the member's groups") \
	F(T, i64,    timestamp,          REQ, 0, INT64_MAX, "Unix ms, within 60 s of the broker") \
	F(T, str,    signature,          REQ, 0, 256, "by the session key, 128 hex") \
	F(T, i64,    helloVersion,       OPT, 0, INT64_MAX, "2: the signature covers the challenge") \
	F(T, strs,   capabilities,       OPT, 0, CAPABILITIES_MAX, "what the client understands") \
	F(T, reach,  reach,              OPT, 0, 0, "now, next_turn, poll or not: how soon it hears of a message") \
	F(T, i64,    protocolVersion,    OPT, INT64_MIN, INT64_MAX, "declared by some clients, unused")
JSON_ARGS(session_hello, SESSION_HELLO_ARGS);

#define MEMBER_PROFILE_ARGS(F, T) \
	F(T, str,    roleTag,     REQ | NULLABLE, 0, NAME_BYTES_MAX, "free text or null") \
	F(T, groups, groups,      REQ, 0, GROUPS_MAX, "the member's default groups") \
	F(T, str,    messageMode, REQ, 0, NAME_BYTES_MAX, "push, inbox or off")
JSON_OBJECT(member_profile, MEMBER_PROFILE_ARGS);
#define JSON_C_member_profile struct member_profile_args
#define JSON_KIND_member_profile JSON_K_OBJ
#define JSON_SUB_member_profile member_profile_fields

#define HELLO_ACK_ARGS(F, T) \
	F(T, str, presenceId,        REQ, 0, 64, "id of this connection's presence") \
	F(T, str, memberDisplayName, REQ, 0, NAME_BYTES_MAX, "the name others see") \
	F(T, member_profile, memberProfile, REQ, 0, 0, "the member's settings") \
	F(T, str, memberId,          OPT, 0, 64, "the member's record id") \
	F(T, bool, restored,         OPT, 0, 0, "member link: the member was here before") \
	F(T, str, lastSummary,       OPT, 0, 0, "with restored: what it was doing") \
	F(T, str, lastSeenAt,        OPT, 0, 0, "with restored: ISO time") \
	F(T, groups, restoredGroups, OPT, 0, 0, "with restored: groups that it has again") \
	F(T, strs, features,         OPT, 0, CAPABILITIES_MAX, "what this broker offers beyond the reference")
JSON_ARGS(hello_ack, HELLO_ACK_ARGS);

#endif
