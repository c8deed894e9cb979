/*
 * rest_public.h - what the REST API tells whoever asks (http-data-web.md 2.4).
 */
#ifndef PROTO_REST_PUBLIC_H
#define PROTO_REST_PUBLIC_H

#include "json/fields.h"
#include "proto/limits.h"

/* ---- GET /api/public/invite/:token ---- */
#define PUBLIC_INVITE_ARGS(F, T) \
	F(T, str, token, REQ, 1, TOKEN_BYTES_MAX, "a v1 invite token")
JSON_ARGS(public_invite, PUBLIC_INVITE_ARGS);

#define PUBLIC_INVITE_DATA_ARGS(F, T) \
	F(T, bool, valid,       REQ, 0, 0, "it can be used now") \
	F(T, str,  reason,      OPT, 0, 0, "why not: malformed, bad_signature, not_found, revoked, mesh_archived, expired or exhausted") \
	F(T, str,  meshName,    REQ | NULLABLE, 0, 0, "of the mesh; null if nothing is known") \
	F(T, str,  meshSlug,    OPT, 0, 0, "likewise") \
	F(T, str,  inviterName, REQ | NULLABLE, 0, 0, "whose mesh it is, or null") \
	F(T, str,  expiresAt,   REQ | NULLABLE, 0, 0, "ISO time, or null") \
	F(T, i64,  memberCount, OPT, 0, 0, "members of the mesh") \
	F(T, str,  role,        OPT, 0, 0, "that it gives: admin or member") \
	F(T, i64,  maxUses,     OPT, 0, 0, "how often it may be used") \
	F(T, i64,  usedCount,   OPT, 0, 0, "how often it was; absent: never") \
	F(T, str,  token,       OPT, 0, 0, "as asked")
JSON_ARGS(public_invite_data, PUBLIC_INVITE_DATA_ARGS);

#endif
