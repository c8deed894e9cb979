/*
 * permission.h - what a member may do in its mesh (wire-core.md 11): by its role, or by a row that
 * takes the place of that.
 */
#ifndef PROTO_PERMISSION_H
#define PROTO_PERMISSION_H

#include "json/fields.h"
#include "proto/limits.h"

/* P(constant, wire name, owner, admin, member). The order is that of the bits in the database. */
#define PERMISSIONS(P) \
	P(PERM_INVITE,       "canInvite",            1, 1, 0) \
	P(PERM_DEPLOY_MCP,   "canDeployMcp",         1, 1, 0) \
	P(PERM_FILES,        "canManageFiles",       1, 1, 0) \
	P(PERM_VAULT,        "canManageVault",       1, 1, 0) \
	P(PERM_WATCHES,      "canManageWatches",     1, 1, 0) \
	P(PERM_WEBHOOKS,     "canManageWebhooks",    1, 1, 0) \
	P(PERM_WRITE_STATE,  "canWriteState",        1, 1, 1) \
	P(PERM_SEND,         "canSend",              1, 1, 1) \
	P(PERM_USE_TOOLS,    "canUseTools",          1, 1, 1) \
	P(PERM_DELETE_MESH,  "canDeleteMesh",        1, 0, 0) \
	P(PERM_PERMISSIONS,  "canManagePermissions", 1, 1, 0)

enum {
#define PERMISSION_NUMBER_(id, word, owner, admin, member) id##_NUMBER_,
	PERMISSIONS(PERMISSION_NUMBER_)
#undef PERMISSION_NUMBER_
	PERMISSION_COUNT
};
enum permission {
#define PERMISSION_BIT_(id, word, owner, admin, member) id = 1 << id##_NUMBER_,
	PERMISSIONS(PERMISSION_BIT_)
#undef PERMISSION_BIT_
	PERM_ALL = (1 << PERMISSION_COUNT) - 1,
};
#define PERMISSION_WORD_(id, word, owner, admin, member) word,
static const char *const permission_words[] UNUSED = { PERMISSIONS(PERMISSION_WORD_) NULL };

#define PERMISSIONS_GET_ARGS(F, T) \
	F(T, str, memberId, OPT, 0, 64, "whose; absent: everybody's") \
	F(T, str, _reqId,   OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(permissions_get, PERMISSIONS_GET_ARGS);

#define PERMISSIONS_SET_ARGS(F, T) \
	F(T, str, memberId,    REQ, 1, 64, "whose") \
	F(T, any, permissions, REQ | NULLABLE, 0, 0, "an object: true or false to some of the keys; null: as the role has it") \
	F(T, str, _reqId,      OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(permissions_set, PERMISSIONS_SET_ARGS);

#define PERMISSION_ENTRY_ARGS(F, T) \
	F(T, str,  memberId,    REQ, 0, 0, "record id") \
	F(T, str,  displayName, REQ, 0, 0, "what it is called") \
	F(T, str,  role,        REQ, 0, 0, "owner, admin or member") \
	F(T, bool, isOwner,     REQ, 0, 0, "who made the mesh: may do everything, always") \
	F(T, bool, explicit,    REQ, 0, 0, "they were set for it; else they are those of the role") \
	F(T, any,  permissions, REQ, 0, 0, "an object: true or false to each key")
JSON_LIST(permission_entry, PERMISSION_ENTRY_ARGS);
#define JSON_C_permission_entries struct permission_entry_list
#define JSON_KIND_permission_entries JSON_K_LIST
#define JSON_SUB_permission_entries &permission_entry_list_type

#define PERMISSIONS_ARGS(F, T) \
	F(T, permission_entries, members, REQ, 0, LIST_ROWS_MAX, "by age; devices are their person's") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(permissions, PERMISSIONS_ARGS);

/* GET and POST /cli/mesh/:slug/permissions, as the reference has them; requester_id is ignored: the
 * session says who asks (D-38). */
#define CLI_PERMISSIONS_NONE(F, T) \
	F(T, any, unused, OPT, 0, 0, "nothing is asked for")
JSON_ARGS(cli_permissions_none, CLI_PERMISSIONS_NONE);

#define CLI_PERMISSION_ARGS(F, T) \
	F(T, str,  member_id,    REQ, 0, 0, "record id") \
	F(T, str,  display_name, REQ, 0, 0, "what it is called") \
	F(T, str,  role,         REQ, 0, 0, "admin or member") \
	F(T, bool, is_owner,     REQ, 0, 0, "who made the mesh") \
	F(T, any,  permissions,  REQ, 0, 0, "an object: true or false to each key")
JSON_LIST(cli_permission, CLI_PERMISSION_ARGS);
#define JSON_C_cli_permission_rows struct cli_permission_list
#define JSON_KIND_cli_permission_rows JSON_K_LIST
#define JSON_SUB_cli_permission_rows &cli_permission_list_type

#define CLI_PERMISSIONS_ARGS(F, T) \
	F(T, str, mesh, REQ, 0, 0, "its slug") \
	F(T, cli_permission_rows, members, REQ, 0, LIST_ROWS_MAX, "by age")
JSON_ARGS(cli_permissions, CLI_PERMISSIONS_ARGS);

#define CLI_PERMISSIONS_SET_ARGS(F, T) \
	F(T, str, member_id,   OPT, 0, 64, "whose") \
	F(T, any, permissions, OPT, 0, 0, "an object: true or false to some of the keys; null: as the role has it")
JSON_ARGS(cli_permissions_set, CLI_PERMISSIONS_SET_ARGS);

#define CLI_PERMISSIONS_OK_ARGS(F, T) \
	F(T, bool, ok, REQ, 0, 0, "true")
JSON_ARGS(cli_permissions_ok, CLI_PERMISSIONS_OK_ARGS);

#endif
