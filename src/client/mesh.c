/*
 * mesh.c - create, share and leave. Joining is in mesh_join.c.
 */
#include "client/mesh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "client/account.h"
#include "client/api.h"
#include "client/mesh_internal.h"
#include "client/share.h"
#include "client/validate.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "net/url.h"

/* The reference's own name for who made a mesh without an invite. */
#define OWNER_INVITE_ID S("owner")

struct err *mesh_record(struct arena *a, const struct client *c, struct config_mesh_args *mesh,
			str who)
{
	struct config_args config;

	mesh->joinedAt = time_iso(a, clock_ms(c->clock));
	TRY(config_add_mesh(a, c->paths, mesh, &mesh->slug));
	TRY(config_load(a, c->paths, &config));
	if (str_empty(config.displayName) && !str_empty(who))
		TRY(config_set_display_name(a, c->paths, who));
	return NULL;
}

static struct err *create_request(struct arena *a, const struct client *c,
				  const struct sign_pair *owner, const struct sign_pair *member,
				  str name, str who, struct mesh_create_args *ret_args)
{
	struct mesh_create_args args = {
		.name = name,
		.pubkey = sign_pair_pubkey(a, member),
		.id = id_random(a, c->random),
		.display_name = who,
		.owner_pubkey = sign_pair_pubkey(a, owner),
		.x25519_pubkey = share_x25519(a, member),
	};
	struct chain_claim claim = { args.id, OWNER_INVITE_ID, args.pubkey, args.x25519_pubkey };

	TRY(chain_claim_sign(a, &claim, owner, &args.claim_signature));
	*ret_args = args;
	return NULL;
}

static struct mesh_keys_args new_keys(struct arena *a, const struct sign_pair *owner, str mesh_id)
{
	u8 root[ROOT_KEY_BYTES];
	struct mesh_keys_args keys = { .mesh_id = mesh_id,
				       .owner_pubkey = sign_pair_pubkey(a, owner),
				       .owner_secret = sign_pair_secret(a, owner),
				       .role = S("admin") };

	secret_random(root, sizeof(root));
	keys.root_key = encode_secret_base64url(a, root, sizeof(root));
	secret_wipe(root, sizeof(root));
	return keys;
}

/* A broker that makes the ids itself must not name a mesh that we are in: what we keep of
 * that one, with its key, would be lost. */
static struct err *check_new_id(struct arena *a, const struct client *c, str own_id, str id)
{
	struct config_args config;
	struct mesh_keys_args keys;

	TRY(keys_load(a, c->paths, id, &keys));
	TRY(config_load(a, c->paths, &config));
	if (config_get_mesh_id(&config, id) || (!str_eq(id, own_id) && !str_empty(keys.mesh_id)))
		return err_word(FAIL(a, REFUSED,
				     "the broker answered with the id of a mesh that you are in "
				     "already; do not trust it, nothing was changed"),
				S("id_taken"));
	return NULL;
}

/* The broker knows the mesh: keep what it said. */
static struct err *created(struct arena *a, const struct client *c, struct mesh_keys_args *keys,
			   const struct mesh_created_args *made, struct mesh_made *m, str who)
{
	m->mesh.meshId = made->id;
	m->mesh.memberId = made->member_id;
	m->mesh.slug = mesh_local_slug(a, made->slug, made->id);
	m->mesh.name = str_empty(made->name) ? made->slug : made->name;
	m->is_owner = m->verified = str_eq(made->id, keys->mesh_id);
	if (m->is_owner) {
		keys->slug = made->slug;
		keys->public_url = made->broker_url;
		TRY(keys_save(a, c->paths, keys));
		m->mesh.rootKey = keys->root_key;
	} else {
		/* It took no notice of our id, so it made keys of its own, as the reference does. */
		TRY(keys_remove(a, c->paths, keys->mesh_id));
		m->warning = S(
			"this broker keeps the owner key of the mesh itself: who runs it can invite anyone");
	}
	return mesh_record(a, c, &m->mesh, who);
}

struct err *mesh_create(struct arena *a, const struct client *c, str name, str who, str broker,
			struct mesh_made *ret_made)
{
	CLEANUP(sign_pair_wipe) struct sign_pair owner = { 0 };
	CLEANUP(sign_pair_wipe) struct sign_pair member = { 0 };
	struct mesh_made m = { .role = S("admin") };
	struct mesh_created_args made;
	struct mesh_create_args args;
	struct mesh_keys_args keys;
	struct api api;
	struct err *e;

	TRY(api_init(a, broker, &api));
	api.tls = c->tls;
	TRY(auth_token_for(a, c->paths, broker, &api.token));
	TRY(url_ws_address(a, broker, &m.mesh.brokerUrl));
	sign_pair_new(&owner);
	sign_pair_new(&member);
	TRY(create_request(a, c, &owner, &member, name, who, &args));
	m.mesh.pubkey = args.pubkey;
	m.mesh.secretKey = sign_pair_secret(a, &member);
	keys = new_keys(a, &owner, args.id);
	TRY(keys_save(a, c->paths, &keys));
	e = api_mesh_create(a, &api, &args, &made);
	if (!e)
		e = check_new_id(a, c, keys.mesh_id, made.id);
	if (e) {
		/* Without the broker's answer the keys open nothing. */
		(void)!keys_remove(a, c->paths, keys.mesh_id);
		return e;
	}
	TRY(created(a, c, &keys, &made, &m, who));
	*ret_made = m;
	return NULL;
}

/* "http://h:1" of "http://h:1/i/CODE"; the address that we used if the answer is odd. */
static str link_base(struct arena *a, const struct invite_created_args *made, const struct api *api)
{
	str tail = arena_printf(a, "/i/%.*s", STRF(made->code));

	if (str_ends(made->url, tail) &&
	    (str_starts(made->url, S("http://")) || str_starts(made->url, S("https://"))))
		return str_of(made->url.ptr, made->url.len - tail.len);
	return api->base;
}

static struct err *share_prepare(struct arena *a, const struct client *c,
				 const struct config_mesh_args *mesh,
				 const struct mesh_keys_args *keys, struct share_spec *spec,
				 struct invite_create_args *ret_args,
				 u8 secret[INVITE_SECRET_BYTES])
{
	CLEANUP(sign_pair_wipe) struct sign_pair owner = { 0 };
	u8 root[ROOT_KEY_BYTES];
	struct err *e;

	TRY(keys_owner_pair(a, keys, mesh->slug, &owner));
	spec->mesh_id = mesh->meshId;
	spec->mesh_slug = str_empty(keys->slug) ? mesh->slug : keys->slug;
	spec->broker_url = str_empty(keys->public_url) ? mesh->brokerUrl : keys->public_url;
	spec->owner = &owner;
	spec->random = c->random;
	if (!decode_secret_base64url(keys->root_key, root, sizeof(root)))
		return FAIL(a, IO, "the root key of '%.*s' is missing from its key file",
			    STRF(mesh->slug));
	spec->root_key = root;
	e = share_make(a, spec, ret_args, secret);
	secret_wipe(root, sizeof(root));
	spec->owner = NULL;
	spec->root_key = NULL;
	return e;
}

struct err *mesh_share(struct arena *a, const struct client *c, const struct config_mesh_args *mesh,
		       str role, i64 uses, i64 ttl_ms, struct share_made *ret_share)
{
	return mesh_share_to(a, c, mesh, role, STR_NONE, uses, ttl_ms, ret_share);
}

struct err *mesh_share_to(struct arena *a, const struct client *c, const struct config_mesh_args *mesh,
			  str role, str email, i64 uses, i64 ttl_ms, struct share_made *ret_share)
{
	i64 expires_ms = clock_ms(c->clock) + (ttl_ms ? ttl_ms : SHARE_TTL_DEFAULT_MS);
	struct share_spec spec = { .role = str_empty(role) ? S("member") : role,
				   .expires_s = expires_ms / 1000,
				   .max_uses = uses ? uses : SHARE_USES_DEFAULT };
	u8 secret[INVITE_SECRET_BYTES];
	struct invite_created_args made;
	struct invite_create_args args;
	struct mesh_keys_args keys;
	struct api api;
	struct err *e;

	if (spec.max_uses < 1 || spec.max_uses > INVITE_USES_MAX || ttl_ms < 0 ||
	    ttl_ms > SHARE_TTL_MAX_MS)
		return FAIL(a, BAD_REQUEST, "an invite has 1 to %d uses and lasts at most 365 days",
			    INVITE_USES_MAX);
	if (!str_eq(spec.role, S("member")) && !str_eq(spec.role, S("admin")))
		return FAIL(a, BAD_REQUEST, "a role is member or admin, not '%.*s'",
			    STRF(spec.role));
	TRY(keys_load(a, c->paths, mesh->meshId, &keys));
	TRY(api_init(a, mesh->brokerUrl, &api));
	api.tls = c->tls;
	TRY(share_prepare(a, c, mesh, &keys, &spec, &args, secret));
	args.email = email;
	e = api_invite_create(a, &api, spec.mesh_slug, &args, &made);
	if (!e && !str_eq(made.code, args.code))
		e = FAIL(
			a, REFUSED,
			"the broker made an invite of its own instead of ours: it is too old for this client");
	if (!e)
		*ret_share = (struct share_made){
			.url = invite_link_write(a, link_base(a, &made, &api), args.code, secret),
			.code = args.code,
			.token = args.token,
			.expires_at = time_iso(a, spec.expires_s * 1000),
			.max_uses = spec.max_uses,
			.slug = mesh->slug,
			.emailed = made.emailed,
		};
	secret_wipe(secret, sizeof(secret));
	return e;
}

struct err *mesh_leave(struct arena *a, const struct client *c, str slug, str *ret_kept)
{
	const struct config_mesh_args *mesh;
	struct mesh_keys_args keys;
	struct config_args config;

	TRY(config_load(a, c->paths, &config));
	TRY(config_find_mesh(a, &config, slug, &mesh));
	TRY(keys_load(a, c->paths, mesh->meshId, &keys));
	TRY(config_remove_mesh(a, c->paths, mesh->slug));
	*ret_kept = STR_NONE;
	if (!str_empty(keys.owner_secret))
		*ret_kept = arena_printf(a, "%.*s/%.*s.json", STRF(c->paths->keys),
					 STRF(mesh->meshId));
	else
		TRY(keys_remove(a, c->paths, mesh->meshId));
	return NULL;
}

/* Who resumes a session has its key again, also under the new name. */
static struct err *move_sessions(struct arena *a, const struct paths *p, str old, str slug)
{
	str from = arena_printf(a, "%.*s/%.*s", STRF(p->sessions), STRF(old));
	str to = arena_printf(a, "%.*s/%.*s", STRF(p->sessions), STRF(slug));

	if (rename(arena_cstr(a, from), arena_cstr(a, to)) == 0 || errno == ENOENT)
		return NULL;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return FAIL(a, EXISTS, "sessions of an earlier mesh of that name have their keys in '%.*s'",
			    STRF(to));
	return FAIL(a, IO, "cannot rename '%.*s': %s", STRF(from), strerror(errno));
}

struct err *mesh_rename(struct arena *a, const struct client *c, str old, str slug)
{
	const struct config_mesh_args *mesh;
	struct mesh_keys_args keys;
	struct config_args config;
	struct invalid why;
	struct err *e;
	str value;

	if (!valid_slug(a, slug, &value, &why))
		return invalid_err(a, &why);
	TRY(config_load(a, c->paths, &config));
	TRY(config_find_mesh(a, &config, old, &mesh));
	if (str_eq(mesh->slug, slug))
		return NULL;
	TRY(keys_load(a, c->paths, mesh->meshId, &keys));
	if (!str_empty(keys.mesh_id) && str_empty(keys.slug)) {
		keys.slug = mesh->slug;
		TRY(keys_save(a, c->paths, &keys));
	}
	TRY(move_sessions(a, c->paths, mesh->slug, slug));
	e = config_rename_mesh(a, c->paths, mesh->slug, slug);
	if (e && move_sessions(a, c->paths, slug, mesh->slug))
		return e; /* the first failure is what the user has to know */
	return e;
}
