/*
 * config.h - config.json: the meshes this user is in (client.md 5.2), shared with the
 * reference's client, which drops every field it does not know.
 *
 * So nothing of ours is added to it; owner keys and such are in keys/ (keys.h). It holds
 * the member's secret key: a file that others can read or write is refused. Every change is
 * read-modify-write under the lock of paths.lock. Strings live in the caller's arena, in
 * memory that is wiped with it.
 */
#ifndef CLIENT_CONFIG_H
#define CLIENT_CONFIG_H

#include "client/paths.h"
#include "crypto/keys.h"
#include "proto/group.h"

#define CONFIG_MESH_ARGS(F, T) \
	F(T, str, meshId, REQ, 1, 64, "mesh record id") \
	F(T, str, memberId, REQ, 0, 64, "our member record id") \
	F(T, str, slug, REQ, 1, 0, "what --mesh names; unique in this file") \
	F(T, str, name, REQ, 0, 0, "name to show") \
	F(T, str, pubkey, REQ, 64, 64, "our member key, 64 hex") \
	F(T, str, secretKey, REQ | SECRET, 128, 128, "its secret half, 128 hex") \
	F(T, str, brokerUrl, REQ, 1, 0, "ws address") \
	F(T, str, joinedAt, REQ, 0, 0, "ISO time") \
	F(T, str, rootKey, OPT | SECRET, 0, 64, "base64url of 32 bytes") \
	F(T, i64, inviteVersion, OPT, 0, 2, "1 or 2")
JSON_LIST(config_mesh, CONFIG_MESH_ARGS);
#define JSON_C_config_meshes struct config_mesh_list
#define JSON_KIND_config_meshes JSON_K_LIST
#define JSON_SUB_config_meshes &config_mesh_list_type

#define CONFIG_ARGS(F, T) \
	F(T, i64, version, OPT, 0, 0, "1") \
	F(T, config_meshes, meshes, OPT, 0, 0, "joined meshes in the order of joining") \
	F(T, str, displayName, OPT, 0, 0, "how we are called where nothing else is said") \
	F(T, str, role, OPT, 0, 0, "kept for the reference's client") \
	F(T, groups, groups, OPT, 0, 0, "kept for the reference's client") \
	F(T, str, messageMode, OPT, 0, 0, "push, inbox or off") \
	F(T, str, accountId, OPT, 0, 0, "kept for the reference's client")
JSON_ARGS(config, CONFIG_ARGS);

/* A missing file or list is an empty configuration. BAD_JSON and BAD_REQUEST name the file
 * and the byte or field; FORBIDDEN as in file.h. */
struct err *config_load(struct arena *a, const struct paths *p, struct config_args *ret_config)
	MUST_CHECK;

/* Adds or replaces (same meshId) a mesh. Its slug gets "-2", "-3", ... if another mesh has
 * it; *ret_slug is the one it got. */
struct err *config_add_mesh(struct arena *a, const struct paths *p,
			    const struct config_mesh_args *mesh, str *ret_slug) MUST_CHECK;
/* NOT_FOUND as config_find_mesh(). */
struct err *config_remove_mesh(struct arena *a, const struct paths *p, str slug) MUST_CHECK;
/* Slug and name become `slug`, which must be a valid one. EXISTS: another mesh has it. */
struct err *config_rename_mesh(struct arena *a, const struct paths *p, str old, str slug) MUST_CHECK;
struct err *config_set_display_name(struct arena *a, const struct paths *p, str name) MUST_CHECK;

/* The mesh with that slug or, if empty, the only one. NOT_FOUND names the nearest slug or
 * the command that joins one; AMBIGUOUS lists the slugs. */
struct err *config_find_mesh(struct arena *a, const struct config_args *c, str slug,
			     const struct config_mesh_args **ret_mesh) MUST_CHECK;
/* NULL if we are not in it. */
const struct config_mesh_args *config_get_mesh_id(const struct config_args *c, str mesh_id);
/* The member's key pair; BAD_REQUEST if the two halves do not belong together. The caller
 * wipes it. */
struct err *config_mesh_pair(struct arena *a, const struct config_mesh_args *mesh,
			     struct sign_pair *ret_pair) MUST_CHECK;

/* WHO: `given` (a flag), else the configuration's name, $CLAUDEMESH_DISPLAY_NAME before it,
 * else $USER, else the host's name. Cut to NAME_BYTES_MAX. */
str config_who(struct arena *a, const struct config_args *c, str given);

#endif
