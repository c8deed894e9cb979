/*
 * mesh.h - create, share, join, leave: what the commands of these names do.
 *
 * Keys are made here and the owner's secret is on disk before the broker hears of the mesh,
 * so that no crash loses it. Nothing that a broker answers is believed where a signature
 * can tell. Blocking; files and HTTP.
 */
#ifndef CLIENT_MESH_H
#define CLIENT_MESH_H

#include "base/clock.h"
#include "base/random.h"
#include "client/config.h"
#include "client/invite_link.h"
#include "client/keys.h"
#include "net/tls.h"

enum {
	SHARE_USES_DEFAULT = 1,
	JOIN_TEXT_MAX = 8192,
};
#define SHARE_TTL_DEFAULT_MS (7 * 24 * 3600 * (i64)1000)
#define SHARE_TTL_MAX_MS (365 * 24 * 3600 * (i64)1000)

/* What every one of these needs. */
struct client {
	const struct paths *paths;
	const struct clock *clock;
	const struct random *random; /* ids and codes; keys come from libsodium */
	struct tls *tls;             /* NULL: the system's authorities */
};

struct mesh_made {
	struct config_mesh_args mesh; /* as written to config.json */
	str role;
	bool is_owner;
	bool already_member; /* join: we were in it before; the old identity is kept */
	bool verified;       /* join: the chain owner - invite - member holds */
	str warning;         /* a sentence for the user; empty if all is well */
};

/* broker: ws or http address. who: name of the creator; becomes the configuration's name if
 * that has none. */
struct err *mesh_create(struct arena *a, const struct client *c, str name, str who, str broker,
			struct mesh_made *ret_made) MUST_CHECK;

struct share_made {
	str url; /* with the secret behind '#' */
	str code, token, expires_at;
	i64 max_uses;
	str slug;
	bool emailed; /* the broker's first try to mail it worked */
};
/* uses 0, ttl_ms 0, role empty: the defaults. FORBIDDEN if we hold no owner key. */
struct err *mesh_share(struct arena *a, const struct client *c, const struct config_mesh_args *mesh,
		       str role, i64 uses, i64 ttl_ms, struct share_made *ret_share) MUST_CHECK;
/* The same, mailed to an address; the mail has the link without its secret. */
struct err *mesh_share_to(struct arena *a, const struct client *c, const struct config_mesh_args *mesh,
			  str role, str email, i64 uses, i64 ttl_ms, struct share_made *ret_share) MUST_CHECK;

/* link: any form of invite_link.h. default_broker: for a bare code; empty: that of
 * CLAUDEMESH_BROKER_URL or of the only broker in the configuration. */
struct err *mesh_join(struct arena *a, const struct client *c, str link, str who,
		      str default_broker, struct mesh_made *ret_made) MUST_CHECK;

/* Takes the mesh off config.json; keys of an owner stay on disk and are named in *ret_kept
 * (empty otherwise), because nobody else has them. */
struct err *mesh_leave(struct arena *a, const struct client *c, str slug, str *ret_kept) MUST_CHECK;

/* Calls it something else on this machine only: config.json and the folder of the sessions'
 * keys; the broker's own name of it is kept for invites. EXISTS: another mesh is called that,
 * or was and its sessions' keys are still there. */
struct err *mesh_rename(struct arena *a, const struct client *c, str old, str slug) MUST_CHECK;

#endif
