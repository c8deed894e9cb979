/*
 * device.h - a browser or another machine of a member: how its key is let in (crypto/device.h).
 * All of it is ours; the reference has nothing like it.
 */
#ifndef PROTO_DEVICE_H
#define PROTO_DEVICE_H

#include "proto/enums.h"
#include "proto/limits.h"

/* On a member's own connection: lets one device in, within DEVICE_CODE_MS. */
#define DEVICE_CODE_ARGS(F, T) \
	F(T, hex, code,         REQ, 64, 64, "public key made from the code, which the broker never sees") \
	F(T, i64, expiresAt,    REQ, 0, INT64_MAX, "Unix seconds, as signed") \
	F(T, hex, signature,    REQ, 128, 128, "member key over claudemesh-device|...") \
	F(T, str, introduction, REQ, 1, DEVICE_INTRODUCTION_BYTES_MAX, "for the device, under a key made from the code") \
	F(T, str, _reqId,       OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply")
JSON_ARGS(device_code, DEVICE_CODE_ARGS);

#define DEVICE_CODE_READY_ARGS(F, T) \
	F(T, i64, validMs, REQ, 0, INT64_MAX, "how long the broker takes the code") \
	F(T, str, pageUrl, OPT, 0, 0, "address of the web page") \
	F(T, str, _reqId,  OPT, 0, 0, "echo")
JSON_ARGS(device_code_ready, DEVICE_CODE_READY_ARGS);

/* Answered when the member's code is used, by a reply that may take DEVICE_CODE_MS. */
#define DEVICE_WAIT_ARGS(F, T) \
	F(T, str, _reqId,   OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply; without it there is none")
JSON_ARGS(device_wait, DEVICE_WAIT_ARGS);

#define DEVICE_ADDED_ARGS(F, T) \
	F(T, str, code,     REQ, 0, 0, "the code's public key") \
	F(T, str, memberId, REQ, 0, 0, "record id of the device") \
	F(T, str, pubkey,   REQ, 0, 0, "its key") \
	F(T, str, label,    REQ, 0, 0, "what it says it is") \
	F(T, str, _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(device_added, DEVICE_ADDED_ARGS);

/* From the member, another device of it, or the device itself. */
#define DEVICE_REMOVE_ARGS(F, T) \
	F(T, str, memberId, REQ, 1, 64, "record id of the device") \
	F(T, str, _reqId,   OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the ack")
JSON_ARGS(device_remove, DEVICE_REMOVE_ARGS);

/* POST /api/v1/device/look */
#define DEVICE_LOOK_ARGS(F, T) \
	F(T, hex, code, REQ, 64, 64, "public key made from the code")
JSON_ARGS(device_look, DEVICE_LOOK_ARGS);

#define DEVICE_SEEN_ARGS(F, T) \
	F(T, str, mesh_id,       REQ, 0, 0, "mesh id") \
	F(T, str, mesh_slug,     REQ, 0, 0, "unique short name") \
	F(T, str, mesh_name,     REQ, 0, 0, "name") \
	F(T, str, member_name,   REQ, 0, 0, "whose device it would be") \
	F(T, str, member_pubkey, REQ, 0, 0, "that member's key") \
	F(T, str, owner_pubkey,  REQ, 0, 0, "the mesh owner's key") \
	F(T, i64, expires_at,    REQ, 0, INT64_MAX, "Unix seconds, as signed") \
	F(T, str, signature,     REQ, 0, 0, "member key over claudemesh-device|...") \
	F(T, str, introduction,  REQ, 0, 0, "as the member's machine wrote it")
JSON_ARGS(device_seen, DEVICE_SEEN_ARGS);

/* POST /api/v1/device */
#define DEVICE_ADD_ARGS(F, T) \
	F(T, hex, code,            REQ, 64, 64, "public key made from the code") \
	F(T, str, mesh_id,         REQ, 1, 64, "mesh id, part of the signed text") \
	F(T, hex, pubkey,          REQ, 64, 64, "the device's Ed25519 key") \
	F(T, str, x25519,          REQ, 1, 64, "its X25519 key, base64url") \
	F(T, str, label,           OPT, 0, NAME_BYTES_MAX, "what it is: 'Firefox on Linux'") \
	F(T, hex, claim_signature, REQ, 128, 128, "the code's key over claudemesh-device-claim|...")
JSON_ARGS(device_add, DEVICE_ADD_ARGS);

#define DEVICE_MADE_ARGS(F, T) \
	F(T, str, member_id, REQ, 0, 0, "record id of the device") \
	F(T, str, mesh_id,   REQ, 0, 0, "mesh id") \
	F(T, str, role,      REQ, 0, 0, "admin or member, as its member")
JSON_ARGS(device_made, DEVICE_MADE_ARGS);

/* In the list of members: what makes this row a device of another. */
#define DEVICE_OF_ARGS(F, T) \
	F(T, str, memberId,       REQ, 0, 0, "record id of the member whose device it is") \
	F(T, str, memberPubkey,   REQ, 0, 0, "that member's key") \
	F(T, str, label,          REQ, 0, 0, "what the device says it is") \
	F(T, str, code,           REQ, 0, 0, "public key of the code that let it in") \
	F(T, i64, expiresAt,      REQ, 0, INT64_MAX, "Unix seconds, as signed") \
	F(T, str, codeSignature,  REQ, 0, 0, "member key over claudemesh-device|...") \
	F(T, str, x25519,         REQ, 0, 0, "the device's encryption key") \
	F(T, str, claimSignature, REQ, 0, 0, "the code's key over claudemesh-device-claim|...")
JSON_OBJECT(device_of, DEVICE_OF_ARGS);
#define JSON_C_device_of struct device_of_args
#define JSON_KIND_device_of JSON_K_OBJ
#define JSON_SUB_device_of device_of_fields

#endif
