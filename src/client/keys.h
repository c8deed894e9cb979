/*
 * keys.h - what we keep of a mesh beside config.json: keys/<mesh id>.json, mode 0600.
 *
 * owner_pubkey is what every chain is checked against: pinned when the mesh was made or
 * joined, and never replaced by what a broker says later. The owner's secret is there only
 * for who created the mesh. Memory is wiped with the arena.
 */
#ifndef CLIENT_KEYS_H
#define CLIENT_KEYS_H

#include "client/paths.h"
#include "crypto/keys.h"
#include "json/fields.h"

enum { CONFIRMED_MAX = 4096 };

#define MESH_KEYS_ARGS(F, T) \
	F(T, str, mesh_id, REQ, 1, 64, "mesh record id") \
	F(T, str, owner_pubkey, OPT, 0, 64, "64 hex; empty: nobody told us") \
	F(T, str, owner_secret, OPT | SECRET, 0, 128, "128 hex; only at the owner") \
	F(T, str, root_key, OPT | SECRET, 0, 64, "base64url of 32 bytes; empty: not known") \
	F(T, str, member_secret, OPT | SECRET, 0, 128, \
	  "128 hex; of a join under way, so that it can be repeated") \
	F(T, str, join_code, OPT, 0, 64, "code of the invite we came by") \
	F(T, str, join_invite_id, OPT, 0, 64, "and its id: what a repeated claim signs") \
	F(T, str, role, OPT, 0, 16, "admin or member, as joined") \
	F(T, str, slug, OPT, 0, 0, "the broker's slug, where ours had to differ") \
	F(T, str, public_url, OPT, 0, 0, "ws address by which the broker calls itself, for invites") \
	F(T, strs, confirmed, OPT, 0, CONFIRMED_MAX, "member keys whose safety number was compared, 64 hex")
JSON_ARGS(mesh_keys, MESH_KEYS_ARGS);

/* A missing file is success with an empty mesh_id. */
struct err *keys_load(struct arena *a, const struct paths *p, str mesh_id,
		      struct mesh_keys_args *ret_keys) MUST_CHECK;
struct err *keys_save(struct arena *a, const struct paths *p, const struct mesh_keys_args *keys)
	MUST_CHECK;
/* The mesh that we joined, or tried to, by the invite with that code; empty mesh_id if none. */
struct err *keys_find_code(struct arena *a, const struct paths *p, str code,
			   struct mesh_keys_args *ret_keys) MUST_CHECK;
struct err *keys_remove(struct arena *a, const struct paths *p, str mesh_id) MUST_CHECK;
/* The user compared the safety number with the holder of this member key. */
struct err *keys_confirm(struct arena *a, const struct paths *p, str mesh_id, str pubkey) MUST_CHECK;
/* The mesh's root key, where there is a file of it without one. */
struct err *keys_put_root(struct arena *a, const struct paths *p, str mesh_id, str root_key) MUST_CHECK;
bool keys_is_confirmed(const struct mesh_keys_args *keys, str pubkey);
/* The owner's pair; FORBIDDEN if we are not the owner, saying who can do it. */
struct err *keys_owner_pair(struct arena *a, const struct mesh_keys_args *keys, str slug,
			    struct sign_pair *ret_pair) MUST_CHECK;

#endif
