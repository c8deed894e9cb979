/*
 * admin.h - what the operator asks over the socket in the data directory (`claudemesh-broker admin`),
 * each as POST /admin/NAME.
 */
#ifndef PROTO_ADMIN_H
#define PROTO_ADMIN_H

#include "json/fields.h"
#include "proto/limits.h"

enum {
	ADMIN_USERS_PAGE = 500,
	ADMIN_MESHES_PAGE = 100,       /* each is counted anew */
	ADMIN_AUDIT_ROWS = 1000,       /* verified by one call */
};

/* login-code, sessions, user-block, user-unblock */
#define ADMIN_EMAIL_ARGS(F, T) \
	F(T, str, email, REQ, 3, 254, "e-mail address")
JSON_ARGS(admin_email, ADMIN_EMAIL_ARGS);

#define ADMIN_CODE_MADE_ARGS(F, T) \
	F(T, str, email,      REQ, 0, 0, "in its normal form") \
	F(T, str, code,       REQ | SECRET, 0, 0, "for the sign-in page, once") \
	F(T, str, url,        REQ, 0, 0, "of that page") \
	F(T, str, expires_at, REQ, 0, 0, "ISO time")
JSON_ARGS(admin_code_made, ADMIN_CODE_MADE_ARGS);

/* users */
#define ADMIN_USERS_ASKED_ARGS(F, T) \
	F(T, str, after, OPT, 0, 254, "only addresses behind this one")
JSON_ARGS(admin_users_asked, ADMIN_USERS_ASKED_ARGS);
#define ADMIN_USER_ARGS(F, T) \
	F(T, str, id,         REQ, 0, 0, "account id") \
	F(T, str, email,      REQ, 0, 0, "e-mail address") \
	F(T, str, name,       REQ, 0, 0, "name, or empty") \
	F(T, i64, sessions,   REQ, 0, 0, "how often it is signed in") \
	F(T, i64, members,    REQ, 0, 0, "of meshes, that are its own") \
	F(T, str, created_at, REQ, 0, 0, "ISO time") \
	F(T, str, blocked_at, REQ | NULLABLE, 0, 0, "ISO time; null: it is not")
JSON_LIST(admin_user, ADMIN_USER_ARGS);
#define JSON_C_admin_users struct admin_user_list
#define JSON_KIND_admin_users JSON_K_LIST
#define JSON_SUB_admin_users &admin_user_list_type
#define ADMIN_USERS_LISTED_ARGS(F, T) \
	F(T, admin_users, users, REQ, 0, 0, "by address") \
	F(T, str, next,          OPT, 0, 0, "for `after`, when there are more")
JSON_ARGS(admin_users_listed, ADMIN_USERS_LISTED_ARGS);

#define ADMIN_USER_SET_ARGS(F, T) \
	F(T, str, email,          REQ, 0, 0, "in its normal form") \
	F(T, bool, blocked,       REQ, 0, 0, "may it not sign in?") \
	F(T, i64, sessions_ended, REQ, 0, 0, "where it was signed in")
JSON_ARGS(admin_user_set, ADMIN_USER_SET_ARGS);

/* session-revoke */
#define ADMIN_SESSION_ARGS(F, T) \
	F(T, str, id, REQ, 1, 64, "session id")
JSON_ARGS(admin_session, ADMIN_SESSION_ARGS);
#define ADMIN_SESSION_ENDED_ARGS(F, T) \
	F(T, str, id, REQ, 0, 0, "session id")
JSON_ARGS(admin_session_ended, ADMIN_SESSION_ENDED_ARGS);

/* meshes */
#define ADMIN_MESHES_ASKED_ARGS(F, T) \
	F(T, i64, after, OPT, 0, INT64_MAX, "only meshes behind this one, as `next` said")
JSON_ARGS(admin_meshes_asked, ADMIN_MESHES_ASKED_ARGS);
#define ADMIN_MESH_ROW_ARGS(F, T) \
	F(T, str, id,          REQ, 0, 0, "mesh id") \
	F(T, str, slug,        REQ, 0, 0, "short name; unique among those that are open") \
	F(T, str, name,        REQ, 0, 0, "name") \
	F(T, str, owner,       REQ | NULLABLE, 0, 0, "name of the member who made it") \
	F(T, str, owner_email, REQ | NULLABLE, 0, 0, "of that member's account; null: it has none") \
	F(T, i64, members,     REQ, 0, 0, "members") \
	F(T, i64, connections, REQ, 0, 0, "of them and their sessions, now") \
	F(T, i64, waiting,     REQ, 0, 0, "messages that wait for somebody") \
	F(T, str, created_at,  REQ, 0, 0, "ISO time") \
	F(T, str, archived_at, REQ | NULLABLE, 0, 0, "ISO time; null: it is open") \
	F(T, bool, deleted,    REQ, 0, 0, "archived, and what was in it is gone")
JSON_LIST(admin_mesh_row, ADMIN_MESH_ROW_ARGS);
#define JSON_C_admin_mesh_rows struct admin_mesh_row_list
#define JSON_KIND_admin_mesh_rows JSON_K_LIST
#define JSON_SUB_admin_mesh_rows &admin_mesh_row_list_type
#define ADMIN_MESHES_LISTED_ARGS(F, T) \
	F(T, admin_mesh_rows, meshes, REQ, 0, 0, "oldest first") \
	F(T, i64, next,               OPT, 0, 0, "for `after`, when there are more")
JSON_ARGS(admin_meshes_listed, ADMIN_MESHES_LISTED_ARGS);

/* mesh-archive, mesh-open, keys */
#define ADMIN_MESH_ARGS(F, T) \
	F(T, str, mesh, REQ, 1, 64, "id, or slug of an open one")
JSON_ARGS(admin_mesh, ADMIN_MESH_ARGS);
#define ADMIN_MESH_SET_ARGS(F, T) \
	F(T, str, id,        REQ, 0, 0, "mesh id") \
	F(T, str, slug,      REQ, 0, 0, "short name") \
	F(T, bool, archived, REQ, 0, 0, "is it closed now?")
JSON_ARGS(admin_mesh_set, ADMIN_MESH_SET_ARGS);

#define ADMIN_KEY_ROW_ARGS(F, T) \
	F(T, str, id,            REQ, 0, 0, "key id") \
	F(T, str, label,         REQ, 0, 0, "what its maker calls it") \
	F(T, str, prefix,        REQ, 0, 0, "how it begins") \
	F(T, strs, capabilities, REQ, 0, 0, "what it may do") \
	F(T, str, issuer,        REQ, 0, 0, "name of the member in whose name it acts") \
	F(T, str, created_at,    REQ, 0, 0, "ISO time") \
	F(T, str, last_used_at,  REQ | NULLABLE, 0, 0, "ISO time; null: never") \
	F(T, str, expires_at,    REQ | NULLABLE, 0, 0, "ISO time; null: never") \
	F(T, str, revoked_at,    REQ | NULLABLE, 0, 0, "ISO time; null: it is good")
JSON_LIST(admin_key_row, ADMIN_KEY_ROW_ARGS);
#define JSON_C_admin_key_rows struct admin_key_row_list
#define JSON_KIND_admin_key_rows JSON_K_LIST
#define JSON_SUB_admin_key_rows &admin_key_row_list_type
#define ADMIN_KEYS_LISTED_ARGS(F, T) \
	F(T, admin_key_rows, keys, REQ, 0, 0, "newest first, at most 1000")
JSON_ARGS(admin_keys_listed, ADMIN_KEYS_LISTED_ARGS);

#define ADMIN_KEY_ARGS(F, T) \
	F(T, str, mesh, REQ, 1, 64, "id, or slug of an open one") \
	F(T, str, id,   REQ, 1, 64, "key id, or at least 6 characters of its start")
JSON_ARGS(admin_key, ADMIN_KEY_ARGS);
#define ADMIN_KEY_REVOKED_ARGS(F, T) \
	F(T, str, id,    REQ, 0, 0, "key id") \
	F(T, str, label, REQ, 0, 0, "what its maker calls it")
JSON_ARGS(admin_key_revoked, ADMIN_KEY_REVOKED_ARGS);

/* audit: a part of the chain; the caller goes on where it ended. */
#define ADMIN_AUDIT_ARGS(F, T) \
	F(T, str, mesh, REQ, 1, 64, "id, or slug of an open one") \
	F(T, i64, seq,  OPT, 0, INT64_MAX, "rows verified so far") \
	F(T, hex, hash, OPT, 0, 64, "of the last of them")
JSON_ARGS(admin_audit, ADMIN_AUDIT_ARGS);
#define ADMIN_AUDITED_ARGS(F, T) \
	F(T, str, id,       REQ, 0, 0, "mesh id") \
	F(T, i64, seq,      REQ, 0, 0, "rows that hold") \
	F(T, str, hash,     REQ, 0, 0, "of the last of them") \
	F(T, bool, done,    REQ, 0, 0, "that was the end, or the place where it breaks") \
	F(T, i64, brokenAt, REQ, 0, 0, "the first row that is not what it has to be; 0: none")
JSON_ARGS(admin_audited, ADMIN_AUDITED_ARGS);

#endif
