/*
 * invite.h - invites over the WebSocket: made without the owner's key, listed, ended; and how the
 * owner confirms a member that came by one.
 *
 * All of it is ours. What a client with the owner's key makes is in mesh.h.
 */
#ifndef PROTO_INVITE_H
#define PROTO_INVITE_H

#include "json/fields.h"
#include "proto/limits.h"

#define INVITE_MAKE_ARGS(F, T) \
	F(T, str, role,       OPT, 0, 16, "member (default) or admin, which only an admin may give") \
	F(T, i64, max_uses,   OPT, 1, INVITE_USES_MAX, "how often it may be used; default 1") \
	F(T, i64, expires_at, OPT, 1, INT64_MAX, "Unix seconds; default in 7 days, at most in 365") \
	F(T, str, email,      OPT, 0, 254, "whom to mail it to") \
	F(T, str, _reqId,     OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(invite_make, INVITE_MAKE_ARGS);

#define INVITE_MADE_ARGS(F, T) \
	F(T, str,  id,         REQ, 0, 0, "invite id") \
	F(T, str,  code,       REQ, 0, 0, "short code") \
	F(T, str,  url,        REQ, 0, 0, "its address; it has no secret") \
	F(T, str,  role,       REQ, 0, 0, "admin or member") \
	F(T, i64,  max_uses,   REQ, 0, 0, "how often it may be used") \
	F(T, str,  expires_at, REQ, 0, 0, "ISO time") \
	F(T, bool, emailed,    REQ, 0, 0, "a mail went out; false with an address: invite_list says what becomes of it") \
	F(T, str,  _reqId,     OPT, 0, 0, "echo")
JSON_ARGS(invite_made, INVITE_MADE_ARGS);

#define INVITE_LIST_ARGS(F, T) \
	F(T, bool, all,    OPT, 0, 0, "those that have ended, too") \
	F(T, str,  _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(invite_list, INVITE_LIST_ARGS);

#define INVITE_ENTRY_ARGS(F, T) \
	F(T, str,  id,         REQ, 0, 0, "invite id") \
	F(T, str,  code,       REQ, 0, 0, "short code") \
	F(T, str,  url,        REQ, 0, 0, "its address, without the secret if it has one") \
	F(T, str,  state,      REQ, 0, 0, "live, revoked, expired or exhausted") \
	F(T, str,  role,       REQ, 0, 0, "admin or member") \
	F(T, i64,  max_uses,   REQ, 0, 0, "how often it may be used") \
	F(T, i64,  uses,       REQ, 0, 0, "how often it was") \
	F(T, str,  created_at, REQ, 0, 0, "ISO time") \
	F(T, str,  expires_at, REQ, 0, 0, "ISO time") \
	F(T, str,  used_at,    OPT, 0, 0, "ISO time, when somebody joined by it last") \
	F(T, bool, proves,     REQ, 0, 0, "signed by the owner: with the whole link, who joins is verified") \
	F(T, str,  made_by,    OPT, 0, 0, "name of the member that made it, if known") \
	F(T, str,  email,      OPT, 0, 0, "whom it was mailed to") \
	F(T, str,  mail,       OPT, 0, 0, "waiting, sent or failed")
JSON_LIST(invite_entry, INVITE_ENTRY_ARGS);
#define JSON_C_invite_entries struct invite_entry_list
#define JSON_KIND_invite_entries JSON_K_LIST
#define JSON_SUB_invite_entries &invite_entry_list_type

#define INVITES_ARGS(F, T) \
	F(T, invite_entries, invites, REQ, 0, LIST_ROWS_MAX, "the newest first, at most 500") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(invites, INVITES_ARGS);

#define INVITE_REVOKE_ARGS(F, T) \
	F(T, str, invite, REQ, 1, 64, "its id or code") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(invite_revoke, INVITE_REVOKE_ARGS);

#define INVITE_REVOKED_ARGS(F, T) \
	F(T, str, id,         REQ, 0, 0, "invite id") \
	F(T, str, code,       REQ, 0, 0, "short code") \
	F(T, str, revoked_at, REQ, 0, 0, "ISO time; of the first time, if it was before") \
	F(T, i64, uses,       REQ, 0, 0, "how many had joined by it; they stay members") \
	F(T, str, _reqId,     OPT, 0, 0, "echo")
JSON_ARGS(invite_revoked, INVITE_REVOKED_ARGS);

/* The owner's client makes the chain that the member could not make for itself (crypto/chain.h). */
#define MEMBER_CONFIRM_ARGS(F, T) \
	F(T, str, memberId,        REQ, 1, 64, "who is confirmed") \
	F(T, str, invite_id,       REQ, 32, 32, "new, 32 of 0-9A-Za-z") \
	F(T, hex, invite_pubkey,   REQ, 64, 64, "Ed25519 key made for it") \
	F(T, i64, expires_at,      REQ, 1, INT64_MAX, "Unix seconds, as signed") \
	F(T, str, x25519,          REQ, 43, 43, "the member's X25519 key, base64url") \
	F(T, hex, owner_signature, REQ, 128, 128, "owner key over claudemesh-invite|...|role|expires_at|1") \
	F(T, hex, claim_signature, REQ, 128, 128, "invite key over claudemesh-claim|mesh|invite|pubkey|x25519") \
	F(T, str, sealed_root,     OPT, 0, 256, "the root key, crypto_box_seal to that key, base64url") \
	F(T, str, _reqId,          OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(member_confirm, MEMBER_CONFIRM_ARGS);

#define MEMBER_CONFIRMED_ARGS(F, T) \
	F(T, str, memberId, REQ, 0, 0, "who is confirmed") \
	F(T, str, _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(member_confirmed, MEMBER_CONFIRMED_ARGS);

/* GET /i/:code: what its page says. Of one that nobody made, nothing. */
#define INVITE_PAGE_ARGS(F, T) \
	F(T, str,  state,      REQ, 0, 0, "live, revoked, expired, exhausted, archived or unknown") \
	F(T, str,  mesh,       OPT, 0, 0, "name of the mesh") \
	F(T, str,  inviter,    OPT, 0, 0, "who invites; of a live one only, like what follows") \
	F(T, str,  role,       OPT, 0, 0, "admin or member") \
	F(T, i64,  members,    OPT, 0, 0, "of the mesh") \
	F(T, i64,  uses_left,  OPT, 0, 0, "how many may still join") \
	F(T, i64,  expires_ms, OPT, 0, INT64_MAX, "of an expired one, too") \
	F(T, bool, secret,     OPT, 0, 0, "the whole link has a secret behind '#'")
JSON_ARGS(invite_page, INVITE_PAGE_ARGS);

#define ROOT_KEY_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(root_key_get, ROOT_KEY_ARGS);

#define ROOT_KEY_SEALED_ARGS(F, T) \
	F(T, str, sealed_root, REQ | NULLABLE, 0, 0, "as member_confirm had it; null: nobody sealed it yet") \
	F(T, str, _reqId,      OPT, 0, 0, "echo")
JSON_ARGS(root_key, ROOT_KEY_SEALED_ARGS);

#endif
