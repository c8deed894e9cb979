/*
 * account.h - signing in: what the page, programs and the broker say to each other
 * (http-data-web.md 1.10, 2.2, 4). Fields marked "ours" are additive.
 */
#ifndef PROTO_ACCOUNT_H
#define PROTO_ACCOUNT_H

#include "json/fields.h"
#include "proto/limits.h"

#define ACCOUNT_DAY_MS ((i64)24 * 3600 * 1000)

enum {
	SESSION_DAYS = 30,
	SYNC_TOKEN_MS = 15 * 60 * 1000,
	SESSIONS_PER_ACCOUNT_MAX = 200,
	ACCOUNT_MEMBERS_MAX = 1000,      /* of one account, that lists show */

	LOGIN_CODE_DIGITS = 6,
	LOGIN_CODE_MS = 10 * 60 * 1000,
	LOGIN_CODE_TRIES = 5,
	/* Codes asked for by mail: of one e-mail address, and from one network address. */
	LOGIN_MAILS_PER_HOUR = 4,
	LOGIN_MAILS_BURST = 4,
	LOGIN_ASKED_PER_HOUR = 30,
	LOGIN_ASKED_BURST = 10,
	/* Codes tried from one network address that were wrong. */
	LOGIN_TRIES_PER_HOUR = 60,
	LOGIN_TRIES_BURST = 20,

	LOGIN_DEVICE_MS = 5 * 60 * 1000, /* to be approved in */
	LOGIN_REPEAT_MS = 60 * 1000,     /* the token is handed out again for so long, until it is used */
	/* Logins of programs started from one address, and from all. */
	LOGIN_DEVICES_PER_HOUR = 60,
	LOGIN_DEVICES_BURST = 20,
	LOGIN_DEVICES_ALL_PER_MINUTE = 600,
	/* Links and codes looked at that do not exist, by one account or address. */
	LOGIN_MISSES_PER_HOUR = 60,
	LOGIN_MISSES_BURST = 20,

	DEVICE_CODE_LEN = 16, USER_CODE_LEN = 9, SESSION_ID_LEN = 41,
	FACT_BYTES_MAX = 128,            /* hostname, platform, arch */
};

/* The payload of a session token. */
#define SESSION_CLAIMS_ARGS(F, T) \
	F(T, str, sub,   REQ, 1, 64, "account id") \
	F(T, str, email, REQ, 1, 254, "its e-mail address") \
	F(T, str, name,  OPT, 0, NAME_BYTES_MAX, "its name") \
	F(T, str, type,  REQ, 1, 32, "cli-session, cli-token, browser or cli-sync") \
	F(T, str, jti,   REQ, 1, 64, "UUID") \
	F(T, i64, iat,   REQ, 0, (i64)1 << 40, "made, Unix seconds") \
	F(T, i64, exp,   REQ, 0, (i64)1 << 40, "over, Unix seconds")
JSON_ARGS(session_claims, SESSION_CLAIMS_ARGS);

#define SESSION_USER_ARGS(F, T) \
	F(T, str, id,           REQ, 1, 64, "account id") \
	F(T, str, display_name, REQ, 0, 0, "name, or what stands before the '@'") \
	F(T, str, email,        REQ, 0, 0, "e-mail address")
JSON_OBJECT(session_user, SESSION_USER_ARGS);
#define JSON_C_session_user struct session_user_args
#define JSON_KIND_session_user JSON_K_OBJ
#define JSON_SUB_session_user session_user_fields

/* POST /api/auth/email */
#define LOGIN_EMAIL_ARGS(F, T) \
	F(T, str, email, REQ, 3, 254, "e-mail address")
JSON_ARGS(login_email, LOGIN_EMAIL_ARGS);

#define LOGIN_EMAIL_DONE_ARGS(F, T) \
	F(T, bool, ok,   REQ, 0, 0, "true, whoever's address it is") \
	F(T, bool, mail, REQ, 0, 0, "does this broker send mail at all? If not, its operator gives out codes") \
	F(T, i64, valid_ms, REQ, 0, 0, "how long a code is good")
JSON_ARGS(login_email_done, LOGIN_EMAIL_DONE_ARGS);

/* POST /api/auth/code */
#define LOGIN_CODE_ARGS(F, T) \
	F(T, str, email,    REQ, 3, 254, "e-mail address") \
	F(T, str, code,     REQ | SECRET, 1, 16, "the digits; spaces and '-' between them do no harm") \
	F(T, str, hostname, OPT, 0, FACT_BYTES_MAX, "how the browser calls itself") \
	F(T, str, platform, OPT, 0, FACT_BYTES_MAX, "system it runs on") \
	F(T, str, arch,     OPT, 0, FACT_BYTES_MAX, "machine")
JSON_ARGS(login_code, LOGIN_CODE_ARGS);

#define SIGNED_IN_ARGS(F, T) \
	F(T, str, token, REQ | SECRET, 1, 0, "session token") \
	F(T, session_user, user, REQ, 0, 0, "who signed in") \
	F(T, str, expires_at, REQ, 0, 0, "ISO time")
JSON_ARGS(signed_in, SIGNED_IN_ARGS);

/* POST /cli/device-code */
#define DEVICE_LOGIN_ARGS(F, T) \
	F(T, str, hostname, OPT, 0, FACT_BYTES_MAX, "of the program's machine") \
	F(T, str, platform, OPT, 0, FACT_BYTES_MAX, "its system") \
	F(T, str, arch,     OPT, 0, FACT_BYTES_MAX, "its processor")
JSON_ARGS(device_login, DEVICE_LOGIN_ARGS);

#define DEVICE_LOGIN_STARTED_ARGS(F, T) \
	F(T, str, device_code, REQ | SECRET, 1, 64, "only for the program: what it polls with") \
	F(T, str, user_code,   REQ, 1, 64, "XXXX-XXXX, shown on both screens") \
	F(T, str, session_id,  REQ, 1, 64, "in the address that the browser opens") \
	F(T, str, expires_at,  REQ, 0, 0, "ISO time") \
	F(T, str, verification_url, REQ, 0, 0, "page; with ?session= or ?code=") \
	F(T, str, token_url,   REQ, 0, 0, "page that makes a token to paste")
JSON_ARGS(device_login_started, DEVICE_LOGIN_STARTED_ARGS);

/* GET /cli/device-code/:device_code */
#define DEVICE_LOGIN_POLLED_ARGS(F, T) \
	F(T, str, status, REQ, 0, 0, "pending, approved, consumed, expired; ours: denied") \
	F(T, str, session_token, OPT | SECRET, 0, 0, "approved: the token") \
	F(T, session_user, user, OPT, 0, 0, "approved: whose it is")
JSON_ARGS(device_login_polled, DEVICE_LOGIN_POLLED_ARGS);

/* GET /api/my/login/:code */
#define DEVICE_LOGIN_SEEN_ARGS(F, T) \
	F(T, str, session_id, REQ, 0, 0, "as in the address") \
	F(T, str, user_code,  REQ, 0, 0, "to be compared with the terminal") \
	F(T, str, hostname,   REQ, 0, 0, "as the program says") \
	F(T, str, platform,   REQ, 0, 0, "as the program says") \
	F(T, str, arch,       REQ, 0, 0, "as the program says") \
	F(T, str, address,    REQ, 0, 0, "where it asked from, as this broker saw it") \
	F(T, str, created_at, REQ, 0, 0, "ISO time") \
	F(T, str, expires_at, REQ, 0, 0, "ISO time")
JSON_ARGS(device_login_seen, DEVICE_LOGIN_SEEN_ARGS);

#define ACCOUNT_OK_ARGS(F, T) \
	F(T, bool, ok,    REQ, 0, 0, "true") \
	F(T, bool, found, OPT, 0, 0, "there was one to revoke")
JSON_ARGS(account_ok, ACCOUNT_OK_ARGS);

/* POST /cli/token */
#define TOKEN_MADE_ARGS(F, T) \
	F(T, str, token, REQ | SECRET, 1, 0, "session token, shown once") \
	F(T, str, expires_at, REQ, 0, 0, "ISO time")
JSON_ARGS(token_made, TOKEN_MADE_ARGS);

/* POST /cli/session/revoke */
#define SESSION_REVOKE_ARGS(F, T) \
	F(T, str, token, OPT | SECRET, 0, 4096, "the session token that ends")
JSON_ARGS(session_revoke, SESSION_REVOKE_ARGS);

/* GET /cli/sessions */
#define SESSION_ENTRY_ARGS(F, T) \
	F(T, str, id,         REQ, 1, 64, "session id") \
	F(T, str, hostname,   REQ, 0, 0, "as it said") \
	F(T, str, platform,   REQ, 0, 0, "as it said") \
	F(T, str, arch,       REQ, 0, 0, "as it said") \
	F(T, str, last_seen_at, REQ | NULLABLE, 0, 0, "ISO time; null: never used") \
	F(T, str, created_at, REQ, 0, 0, "ISO time") \
	F(T, str, kind,       OPT, 0, 0, "ours: type of its token") \
	F(T, str, address,    OPT, 0, 0, "ours: where it was asked for") \
	F(T, str, expires_at, OPT, 0, 0, "ours: ISO time") \
	F(T, bool, current,   OPT, 0, 0, "ours: the one that asks")
JSON_LIST(session_entry, SESSION_ENTRY_ARGS);
#define JSON_C_session_entries struct session_entry_list
#define JSON_KIND_session_entries JSON_K_LIST
#define JSON_SUB_session_entries &session_entry_list_type
#define SESSION_LIST_ARGS(F, T) \
	F(T, session_entries, sessions, REQ, 0, 0, "oldest first")
JSON_ARGS(session_list, SESSION_LIST_ARGS);

/* GET /api/my/profile */
#define PROFILE_DATA_ARGS(F, T) \
	F(T, str, id,           REQ, 1, 64, "account id") \
	F(T, str, email,        REQ, 0, 0, "e-mail address") \
	F(T, str, name,         REQ, 0, 0, "name, or empty") \
	F(T, str, display_name, REQ, 0, 0, "name, or what stands before the '@'") \
	F(T, str, created_at,   REQ, 0, 0, "ISO time") \
	F(T, str, expires_at,   OPT, 0, 0, "when the session ends, ISO time")
JSON_ARGS(profile_data, PROFILE_DATA_ARGS);
/* POST /api/my/profile */
#define PROFILE_NAME_ARGS(F, T) \
	F(T, str, name, REQ, 0, NAME_BYTES_MAX, "name that others are shown; may be empty")
JSON_ARGS(profile_name, PROFILE_NAME_ARGS);

/* GET /cli/meshes */
#define CLI_MESH_ARGS(F, T) \
	F(T, str, id,           REQ, 1, 64, "mesh id") \
	F(T, str, slug,         REQ, 0, 0, "unique short name") \
	F(T, str, name,         REQ, 0, 0, "name") \
	F(T, str, role,         REQ, 0, 0, "admin or member") \
	F(T, bool, is_owner,    REQ, 0, 0, "did the caller make it?") \
	F(T, i64, member_count, REQ, 0, 0, "members") \
	F(T, i64, active_peers, REQ, 0, 0, "of them, connected") \
	F(T, str, joined_at,    REQ, 0, 0, "ISO time") \
	F(T, str, broker_url,   REQ, 0, 0, "ws address") \
	F(T, str, member_id,    OPT, 0, 64, "ours: the caller's")
JSON_LIST(cli_mesh, CLI_MESH_ARGS);
#define JSON_C_cli_meshes struct cli_mesh_list
#define JSON_KIND_cli_meshes JSON_K_LIST
#define JSON_SUB_cli_meshes &cli_mesh_list_type
#define CLI_MESH_DATA_ARGS(F, T) \
	F(T, cli_meshes, meshes, REQ, 0, 0, "those that the caller is in")
JSON_ARGS(cli_mesh_data, CLI_MESH_DATA_ARGS);

/* GET /api/my/meshes */
#define MY_MESH_ARGS(F, T) \
	F(T, str, id,          REQ, 1, 64, "mesh id") \
	F(T, str, name,        REQ, 0, 0, "name") \
	F(T, str, slug,        REQ, 0, 0, "unique short name") \
	F(T, str, visibility,  REQ, 0, 0, "private") \
	F(T, str, transport,   REQ, 0, 0, "managed") \
	F(T, str, tier,        REQ, 0, 0, "free") \
	F(T, str, createdAt,   REQ, 0, 0, "ISO time") \
	F(T, str, archivedAt,  REQ, 0, 0, "null") \
	F(T, bool, isOwner,    REQ, 0, 0, "did the caller make it?") \
	F(T, str, myRole,      REQ, 0, 0, "admin or member") \
	F(T, i64, memberCount, REQ, 0, 0, "members")
JSON_LIST(my_mesh, MY_MESH_ARGS);
#define JSON_C_my_meshes struct my_mesh_list
#define JSON_KIND_my_meshes JSON_K_LIST
#define JSON_SUB_my_meshes &my_mesh_list_type
#define MY_MESH_DATA_ARGS(F, T) \
	F(T, my_meshes, data,  REQ, 0, 0, "newest first") \
	F(T, i64, total,       REQ, 0, 0, "how many")
JSON_ARGS(my_mesh_data, MY_MESH_DATA_ARGS);

/* POST /api/cli-sync-token: the meshes are not the caller's to say (A2). */
#define SYNC_TOKEN_ARGS(F, T) \
	F(T, str, action, OPT, 0, 16, "sync")
JSON_ARGS(sync_token, SYNC_TOKEN_ARGS);

/* POST /cli-sync */
#define CLI_SYNC_ARGS(F, T) \
	F(T, str, sync_token,   OPT | SECRET, 0, 4096, "token of /api/cli-sync-token; or a session token as bearer") \
	F(T, str, peer_pubkey,  OPT, 0, 128, "key to join with, 64 hex") \
	F(T, str, display_name, OPT, 0, NAME_BYTES_MAX, "name to join with") \
	F(T, str, mesh_id,      OPT, 0, 64, "ours: only into this mesh") \
	F(T, str, account_id,   OPT, 0, 64, "ours: as signed") \
	F(T, i64, timestamp,    OPT, 0, INT64_MAX, "ours: Unix milliseconds, as signed") \
	F(T, str, signature,    OPT, 0, 256, "ours: by peer_pubkey over claudemesh-sync|account_id|mesh_id|peer_pubkey|" \
					     "timestamp; a key that is a member already is linked with it")
JSON_ARGS(cli_sync, CLI_SYNC_ARGS);

#define SYNCED_MESH_ARGS(F, T) \
	F(T, str, mesh_id,    REQ, 1, 64, "mesh id") \
	F(T, str, slug,       REQ, 0, 0, "unique short name") \
	F(T, str, broker_url, REQ, 0, 0, "ws address") \
	F(T, str, member_id,  REQ, 1, 64, "the key's member id") \
	F(T, str, role,       REQ, 0, 0, "admin or member") \
	F(T, str, name,       OPT, 0, 0, "ours: the mesh's") \
	F(T, str, owner_pubkey, OPT, 0, 0, "ours: the owner's key, on the broker's word")
JSON_LIST(synced_mesh, SYNCED_MESH_ARGS);
#define JSON_C_synced_meshes struct synced_mesh_list
#define JSON_KIND_synced_meshes JSON_K_LIST
#define JSON_SUB_synced_meshes &synced_mesh_list_type
#define CLI_SYNCED_ARGS(F, T) \
	F(T, bool, ok,         REQ, 0, 0, "true") \
	F(T, str, account_id,  REQ, 0, 0, "account id") \
	F(T, synced_meshes, meshes, REQ, 0, 0, "those that the key is in now")
JSON_ARGS(cli_synced, CLI_SYNCED_ARGS);

/* account_link, over a connection */
#define ACCOUNT_LINK_ARGS(F, T) \
	F(T, str, token,  REQ | SECRET, 1, 4096, "session token of the account") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply")
JSON_ARGS(account_link, ACCOUNT_LINK_ARGS);
#define ACCOUNT_LINKED_ARGS(F, T) \
	F(T, str, accountId, REQ, 0, 0, "account id") \
	F(T, str, email,     REQ, 0, 0, "its e-mail address") \
	F(T, str, _reqId,    OPT, 0, 0, "of the request")
JSON_ARGS(account_linked, ACCOUNT_LINKED_ARGS);

#endif
