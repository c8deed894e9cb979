/*
 * grant.h - grants: what a member lets another member's key do to it (wire-core.md 9), set and asked
 * for over its own connection.
 *
 * The reference has an HTTP route of accounts only; these verbs are ours.
 */
#ifndef PROTO_GRANT_H
#define PROTO_GRANT_H

#include "json/fields.h"
#include "proto/limits.h"

/* Bits, in the order of the words; the numbers are in the database. */
enum grant_cap {
	GRANT_READ = 1, GRANT_DM = 2, GRANT_BROADCAST = 4, GRANT_STATE_READ = 8, GRANT_STATE_WRITE = 16,
	GRANT_FILE_READ = 32,
	GRANT_DEFAULT = GRANT_READ | GRANT_DM | GRANT_BROADCAST | GRANT_STATE_READ,
	GRANT_ALL = 63,
};
static const char *const grant_words[] UNUSED = {
	"read", "dm", "broadcast", "state-read", "state-write", "file-read", NULL };

enum {
	GRANTS_MAX = 1000,               /* entries of one member */
	GRANTS_PER_MESH_MAX = 100000,
};

#define GRANTS_SET_ARGS(F, T) \
	F(T, any, grants, REQ, 0, 0, "an object: to a public key a list of capabilities, [] to block it, null for the default") \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(grants_set, GRANTS_SET_ARGS);

#define GRANTS_GET_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(grants_get, GRANTS_GET_ARGS);

#define GRANTS_DROPPED_ARGS(F, T) \
	F(T, str, pubkey,     REQ, 64, 64, "the key that the grant is for") \
	F(T, str, memberId,   OPT, 0, 0, "its member, if it is one's") \
	F(T, str, name,       OPT, 0, 0, "what that is called") \
	F(T, str, capability, REQ, 0, 0, "what it lacked: dm or broadcast") \
	F(T, i64, count,      REQ, 0, 0, "messages that were kept from the caller") \
	F(T, str, lastAt,     REQ, 0, 0, "ISO time of the last of them, of either capability")
JSON_LIST(grants_dropped, GRANTS_DROPPED_ARGS);
#define JSON_C_grants_dropped_rows struct grants_dropped_list
#define JSON_KIND_grants_dropped_rows JSON_K_LIST
#define JSON_SUB_grants_dropped_rows &grants_dropped_list_type

#define GRANTS_ARGS(F, T) \
	F(T, any,  grants,   REQ, 0, 0, "as they are now: to each key its list; of others holds `defaults`") \
	F(T, strs, defaults, REQ, 0, 0, "what a key may do that has no entry") \
	F(T, grants_dropped_rows, dropped, REQ, 0, 2 * GRANTS_MAX, "what was kept from the caller since the entry was made") \
	F(T, str,  _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(grants, GRANTS_ARGS);

/* POST /cli/mesh/:slug/grants, as the reference has it. */
#define CLI_GRANTS_ARGS(F, T) \
	F(T, any, grants, OPT, 0, 0, "as in grants_set")
JSON_ARGS(cli_grants, CLI_GRANTS_ARGS);

#define CLI_GRANTS_SET_ARGS(F, T) \
	F(T, bool, ok,    REQ, 0, 0, "true") \
	F(T, any, grants, REQ, 0, 0, "all entries as they are now")
JSON_ARGS(cli_grants_set, CLI_GRANTS_SET_ARGS);

#endif
