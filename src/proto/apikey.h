/*
 * apikey.h - API keys: what lets a program without a key pair post and read over REST
 * (wire-core.md 7, http-data-web.md 2.6).
 *
 * Unlike the reference, a key does no more than its issuer may: admin and state_write are
 * for the mesh's admins, as are the keys of others; unknown words and dates are refused.
 */
#ifndef PROTO_APIKEY_H
#define PROTO_APIKEY_H

#include "json/fields.h"
#include "proto/limits.h"

/* Bits; admin implies the others. */
enum cap { CAP_SEND = 1, CAP_READ = 2, CAP_STATE_WRITE = 4, CAP_ADMIN = 8 };
/* In order of the bits. */
static const char *const cap_words[] UNUSED = { "send", "read", "state_write", "admin", NULL };

/* What is missing here answers invalid_args: the handler looks. */
#define APIKEY_CREATE_ARGS(F, T) \
	F(T, str,  label,        OPT, 0, NAME_BYTES_MAX, "what it is for; shown in lists, not empty") \
	F(T, strs, capabilities, OPT, 0, APIKEY_CAPS_MAX, "send, read; of admins also state_write, admin; at least one") \
	F(T, strs, topicScopes,  OPT, 0, APIKEY_TOPICS_MAX, "names of the topics it is for; absent or null: all") \
	F(T, str,  expiresAt,    OPT, 0, NAME_BYTES_MAX, "ISO time with Z, or a date, in the future; absent: never") \
	F(T, str,  _reqId,       OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(apikey_create, APIKEY_CREATE_ARGS);

#define APIKEY_CREATED_ARGS(F, T) \
	F(T, str,  id,           REQ, 0, 0, "of the key") \
	F(T, str,  secret,       REQ | SECRET, 0, 0, "the key itself; it is never shown again") \
	F(T, str,  label,        REQ, 0, 0, "as given") \
	F(T, str,  prefix,       REQ, 0, 0, "the first 11 characters of the secret, to know it by") \
	F(T, strs, capabilities, REQ, 0, 0, "what it may do") \
	F(T, any,  topicScopes,  REQ | NULLABLE, 0, 0, "names of topics, or null: all") \
	F(T, str,  createdAt,    REQ, 0, 0, "ISO time") \
	F(T, str,  expiresAt,    REQ | NULLABLE, 0, 0, "ISO time, or null: never") \
	F(T, str,  _reqId,       OPT, 0, 0, "echo")
JSON_ARGS(apikey_created, APIKEY_CREATED_ARGS);

#define APIKEY_LIST_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(apikey_list, APIKEY_LIST_ARGS);

#define APIKEY_ENTRY_ARGS(F, T) \
	F(T, str,  id,           REQ, 0, 0, "of the key") \
	F(T, str,  label,        REQ, 0, 0, "what it is for") \
	F(T, str,  prefix,       REQ, 0, 0, "the first 11 characters of its secret") \
	F(T, strs, capabilities, REQ, 0, 0, "what it may do") \
	F(T, any,  topicScopes,  REQ | NULLABLE, 0, 0, "names of topics, or null: all") \
	F(T, str,  createdAt,    REQ, 0, 0, "ISO time") \
	F(T, str,  lastUsedAt,   REQ | NULLABLE, 0, 0, "ISO time, to the minute, or null") \
	F(T, str,  revokedAt,    REQ | NULLABLE, 0, 0, "ISO time, or null") \
	F(T, str,  expiresAt,    REQ | NULLABLE, 0, 0, "ISO time, or null: never") \
	F(T, str,  issuerId,     REQ, 0, 0, "member who made it") \
	F(T, str,  issuerName,   REQ, 0, 0, "its name")
JSON_LIST(apikey_entry, APIKEY_ENTRY_ARGS);
#define JSON_C_apikey_entries struct apikey_entry_list
#define JSON_KIND_apikey_entries JSON_K_LIST
#define JSON_SUB_apikey_entries &apikey_entry_list_type

#define APIKEY_LIST_RESPONSE_ARGS(F, T) \
	F(T, apikey_entries, keys, REQ, 0, LIST_ROWS_MAX, "newest first, also what was revoked or expired within a week") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(apikey_list_response, APIKEY_LIST_RESPONSE_ARGS);

#define APIKEY_REVOKE_ARGS(F, T) \
	F(T, str, id,     OPT, 0, NAME_BYTES_MAX, "the key's id, or its first characters, 6 at least") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(apikey_revoke, APIKEY_REVOKE_ARGS);

/* Ours, for who has a connection and wants to use REST beside it, as the web page: no key is made,
 * nothing is stored, and a broker that starts anew knows it no more. */
#define BEARER_TOKEN_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(bearer_token, BEARER_TOKEN_ARGS);

#define BEARER_TOKEN_CREATED_ARGS(F, T) \
	F(T, str, token,     REQ | SECRET, 0, 0, "good for what the member may do") \
	F(T, str, expiresAt, REQ, 0, 0, "ISO time, ten minutes from now") \
	F(T, str, _reqId,    OPT, 0, 0, "echo")
JSON_ARGS(bearer_token_created, BEARER_TOKEN_CREATED_ARGS);

#define APIKEY_REVOKE_RESPONSE_ARGS(F, T) \
	F(T, str, status,  REQ, 0, 0, "revoked, not_found or not_unique") \
	F(T, str, id,      OPT, 0, 0, "revoked: the whole id, also of one that was revoked before") \
	F(T, i64, matches, OPT, 0, 0, "not_unique: 2") \
	F(T, str, _reqId,  OPT, 0, 0, "echo")
JSON_ARGS(apikey_revoke_response, APIKEY_REVOKE_RESPONSE_ARGS);

#endif
