/*
 * mesh.h - making a mesh, inviting, joining: bodies of the broker's HTTP calls
 * (http-data-web.md 1.7, 1.8, 1.10, 2.4, 3). Fields marked "ours" are additive: without
 * them a request is a reference client's.
 */
#ifndef PROTO_MESH_H
#define PROTO_MESH_H

#include "proto/enums.h"
#include "proto/limits.h"

/* POST /cli/mesh/create */
#define MESH_CREATE_ARGS(F, T) \
	F(T, str, name,            OPT, 0, NAME_BYTES_MAX, "name of the mesh") \
	F(T, str, pubkey,          OPT, 0, 128, "the creator's member key, 64 hex") \
	F(T, str, slug,            OPT, 0, SLUG_BYTES_MAX, "default: made from the name") \
	F(T, str, template,        OPT, 0, NAME_BYTES_MAX, "accepted and unused") \
	F(T, str, description,     OPT, 0, SUMMARY_BYTES_MAX, "accepted and unused") \
	F(T, str, id,              OPT, 0, 64, "ours: mesh id chosen by the client, 32 of 0-9A-Za-z") \
	F(T, str, display_name,    OPT, 0, NAME_BYTES_MAX, "ours: the creator's name") \
	F(T, str, owner_pubkey,    OPT, 0, 128, "ours: the owner key, made and kept by the client") \
	F(T, str, x25519_pubkey,   OPT, 0, 64, "ours: the creator's X25519 key, base64url") \
	F(T, str, claim_signature, OPT, 0, 256, "ours: owner key over claudemesh-claim|id|owner|pubkey|x25519")
JSON_ARGS(mesh_create, MESH_CREATE_ARGS);

#define MESH_CREATED_ARGS(F, T) \
	F(T, str, id,         REQ, 1, 64, "mesh id") \
	F(T, str, slug,       REQ, 1, NAME_BYTES_MAX, "unique short name") \
	F(T, str, name,       REQ, 0, 0, "name") \
	F(T, str, member_id,  REQ, 1, 64, "the creator's member id") \
	F(T, str, broker_url, OPT, 0, 0, "ours: ws address of this broker")
JSON_ARGS(mesh_created, MESH_CREATED_ARGS);

/* POST /cli/mesh/:slug/invite */
#define INVITE_CREATE_ARGS(F, T) \
	F(T, str,  email,           OPT, 0, 254, "whom to mail it to") \
	F(T, str,  role,            OPT, 0, 16, "admin or member (default)") \
	F(T, any,  expires_in,      OPT, 0, 0, "seconds, or a text such as 7d; default 7d") \
	F(T, str,  id,              OPT, 0, 64, "ours: invite id, 32 of 0-9A-Za-z") \
	F(T, str,  code,            OPT, 0, 64, "ours: short code, 12 characters") \
	F(T, i64,  max_uses,        OPT, 0, INVITE_USES_MAX, "ours: how often it may be used") \
	F(T, i64,  expires_at,      OPT, 0, INT64_MAX, "ours: Unix seconds") \
	F(T, str,  invite_pubkey,   OPT, 0, 128, "ours: the invite's Ed25519 key, 64 hex") \
	F(T, str,  sealed_root,     OPT, 0, 256, "ours: root key and owner key, secretbox under the invite's secret, base64") \
	F(T, str,  owner_signature, OPT, 0, 256, "ours: owner key over claudemesh-invite|...") \
	F(T, str,  capability_signature, OPT, 0, 256, "ours: owner key over the v2 capability") \
	F(T, str,  token,           OPT, 0, TOKEN_BYTES_MAX, "ours: v1 token for reference clients")
JSON_ARGS(invite_create, INVITE_CREATE_ARGS);

#define INVITE_CREATED_ARGS(F, T) \
	F(T, str,  url,        REQ, 0, 0, "link without the secret") \
	F(T, str,  code,       REQ, 0, 0, "short code") \
	F(T, str,  expires_at, REQ, 0, 0, "ISO time") \
	F(T, bool, emailed,    REQ, 0, 0, "whether a mail was sent") \
	F(T, str,  token,      OPT, 0, 0, "v1 token, for invites whose keys the broker holds")
JSON_ARGS(invite_created, INVITE_CREATED_ARGS);

/* The v1 payload, also the body of the token (http-data-web.md 3.2). */
#define INVITE_PAYLOAD_ARGS(F, T) \
	F(T, i64, v,             REQ, 1, 1, "1") \
	F(T, str, mesh_id,       REQ, 1, 64, "mesh id") \
	F(T, str, mesh_slug,     REQ, 1, NAME_BYTES_MAX, "display only") \
	F(T, str, broker_url,    REQ, 1, 512, "ws address the joiner uses") \
	F(T, i64, expires_at,    REQ, 1, INT64_MAX, "Unix seconds") \
	F(T, str, mesh_root_key, REQ, 1, 64, "base64url, 32 bytes; random in invites of ours") \
	F(T, role, role,         REQ, 0, 0, "admin or member") \
	F(T, str, owner_pubkey,  REQ, 64, 64, "64 hex") \
	F(T, str, signature,     REQ, 128, 128, "by the owner key, 128 hex")
JSON_OBJECT(invite_payload, INVITE_PAYLOAD_ARGS);
#define JSON_C_invite_payload struct invite_payload_args
#define JSON_KIND_invite_payload JSON_K_OBJ
#define JSON_SUB_invite_payload invite_payload_fields

/* POST /join */
#define JOIN_ARGS(F, T) \
	F(T, str, invite_token,   OPT, 0, TOKEN_BYTES_MAX, "the token") \
	F(T, invite_payload, invite_payload, OPT, 0, 0, "the token decoded") \
	F(T, str, peer_pubkey,    OPT, 0, 128, "the joiner's member key, 64 hex") \
	F(T, str, display_name,   OPT, 0, NAME_BYTES_MAX, "the joiner's name")
JSON_ARGS(join, JOIN_ARGS);

#define JOINED_ARGS(F, T) \
	F(T, bool, ok,            REQ, 0, 0, "true") \
	F(T, str,  memberId,      REQ, 1, 64, "the joiner's member id") \
	F(T, bool, alreadyMember, OPT, 0, 0, "the key was a member before; no use was counted")
JSON_ARGS(joined, JOINED_ARGS);

/* GET /api/public/invite-code/:code */
#define INVITE_CODE_ARGS(F, T) \
	F(T, bool, found, REQ, 0, 0, "whether a live invite has this code") \
	F(T, str,  token, OPT, 0, 0, "v1 token") \
	F(T, str,  mesh_id, OPT, 0, 0, "ours") \
	F(T, str,  mesh_slug, OPT, 0, 0, "ours") \
	F(T, str,  mesh_name, OPT, 0, 0, "ours") \
	F(T, str,  invite_id, OPT, 0, 0, "ours: what the claim signature covers") \
	F(T, str,  role, OPT, 0, 0, "ours") \
	F(T, str,  expires_at, OPT, 0, 0, "ours: ISO time") \
	F(T, str,  invite_pubkey, OPT, 0, 0, "ours: absent where the broker holds the keys")
JSON_ARGS(invite_code, INVITE_CODE_ARGS);

/* POST /invites/:code/claim */
#define CLAIM_ARGS(F, T) \
	F(T, str, recipient_x25519_pubkey, OPT, 0, 64, "the joiner's X25519 key, base64url") \
	F(T, str, display_name,            OPT, 0, NAME_BYTES_MAX, "the joiner's name") \
	F(T, str, peer_pubkey,             OPT, 0, 128, "ours: the joiner's member key, 64 hex") \
	F(T, str, mesh_id,                 OPT, 0, 64, "ours: as signed") \
	F(T, str, invite_id,               OPT, 0, 64, "ours: as signed") \
	F(T, str, invite_pubkey,           OPT, 0, 128, "ours: the key that signed, from the link's secret") \
	F(T, str, claim_signature,         OPT, 0, 256, "ours: invite key over claudemesh-claim|mesh_id|invite_id|ed25519|x25519")
JSON_ARGS(claim, CLAIM_ARGS);

#define CLAIMED_ARGS(F, T) \
	F(T, str,  sealed_root_key, REQ | NULLABLE, 0, 0, "root key sealed to the X25519 key; null when only the link's secret opens it") \
	F(T, str,  mesh_id,         REQ, 1, 64, "mesh id") \
	F(T, str,  member_id,       REQ, 1, 64, "the joiner's member id") \
	F(T, str,  owner_pubkey,    REQ, 0, 0, "the owner's key") \
	F(T, str,  canonical_v2,    REQ, 0, 0, "the signed v2 capability") \
	F(T, str,  mesh_slug,       OPT, 0, 0, "ours") \
	F(T, str,  mesh_name,       OPT, 0, 0, "ours") \
	F(T, str,  role,            OPT, 0, 0, "ours") \
	F(T, str,  broker_url,      OPT, 0, 0, "ours: ws address") \
	F(T, str,  sealed_root,     OPT, 0, 0, "ours: root key and owner key, secretbox under the invite's secret, base64") \
	F(T, str,  owner_signature, OPT, 0, 0, "ours: owner key over the invite") \
	F(T, str,  invite_id,       OPT, 0, 0, "ours") \
	F(T, str,  invite_pubkey,   OPT, 0, 0, "ours") \
	F(T, i64,  expires_at,      OPT, 0, INT64_MAX, "ours: Unix seconds, as signed") \
	F(T, i64,  max_uses,        OPT, 0, INT64_MAX, "ours: as signed") \
	F(T, bool, already_member,  OPT, 0, 0, "ours: the key was a member before; no use was counted")
JSON_ARGS(claimed, CLAIMED_ARGS);

/* ---- what its owner does with a mesh: ours ---- */

#define MESH_RENAME_ARGS(F, T) \
	F(T, str, name,   OPT, 1, NAME_BYTES_MAX, "what it is called from now on") \
	F(T, str, slug,   OPT, 2, SLUG_BYTES_MAX, "its short name, in new links; old ones go on working") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(mesh_rename, MESH_RENAME_ARGS);

#define MESH_CLOSE_ARGS(F, T) \
	F(T, str, slug,   REQ, 1, SLUG_BYTES_MAX, "the mesh's, so that no slip of the hand closes it") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(mesh_archive, MESH_CLOSE_ARGS);
JSON_ARGS(mesh_delete, MESH_CLOSE_ARGS);

#define MESH_CHANGED_ARGS(F, T) \
	F(T, str, id,      REQ, 0, 0, "of the mesh") \
	F(T, str, slug,    REQ, 0, 0, "as it is now") \
	F(T, str, name,    REQ, 0, 0, "likewise") \
	F(T, str, deleted, OPT, 0, 0, "its slug, if it was deleted") \
	F(T, bool, ok,     REQ, 0, 0, "true") \
	F(T, str, _reqId,  OPT, 0, 0, "echo")
JSON_ARGS(mesh_changed, MESH_CHANGED_ARGS);

/* PATCH /api/cli/meshes/:slug, DELETE /cli/mesh/:slug, POST /api/my/meshes/:slug/archive */
#define CLI_MESH_RENAME_ARGS(F, T) \
	F(T, str, slug, REQ, 1, SLUG_BYTES_MAX, "the new one, which is its name, too")
JSON_ARGS(cli_mesh_rename, CLI_MESH_RENAME_ARGS);
#define CLI_MESH_NONE(F, T) \
	F(T, any, unused, OPT, 0, 0, "nothing is asked for")
JSON_ARGS(cli_mesh_none, CLI_MESH_NONE);

#endif
