#include "client/account_internal.h"

#include "base/ids.h"
#include "client/mesh_internal.h"
#include "crypto/sync.h"
#include "net/url.h"

/* What is the same for every mesh of one sync. */
struct sync {
	struct arena *arena;
	const struct client *client;
	const struct api *api;
	const struct auth_args *auth;
	struct config_args config;
	struct synced out;
};

static struct strs list_of(struct arena *a, size_t n)
{
	return (struct strs){ NEW_ARRAY(a, str, n), 0, true };
}

/* The broker's answer about the one mesh that was asked for; NULL: it was not let in. */
static struct err *call(struct sync *s, str mesh_id, const struct sign_pair *key,
			const struct synced_mesh_args **ret_mesh)
{
	struct arena *a = s->arena;
	struct cli_sync_args args = {
		.peer_pubkey = sign_pair_pubkey(a, key), .display_name = config_who(a, &s->config, STR_NONE),
		.mesh_id = mesh_id, .account_id = s->auth->user.id, .timestamp = clock_ms(s->client->clock),
	};
	struct sync_claim claim = { args.account_id, mesh_id, args.peer_pubkey, args.timestamp };
	struct cli_synced_args *reply = NEW(a, struct cli_synced_args);
	struct err *e;

	*ret_mesh = NULL;
	TRY(sync_claim_sign(a, &claim, key, &args.signature));
	e = account_sync_call(a, s->api, &args, reply);
	if (e && e->code == ERR_BAD_REQUEST)
		return NULL;
	TRY(e);
	for (size_t i = 0; i < reply->meshes.n; i++)
		if (str_eq(reply->meshes.items[i].mesh_id, mesh_id))
			*ret_mesh = &reply->meshes.items[i];
	return NULL;
}

/* The key that an interrupted sync or join made, or a new one that is on disk before it is used. */
static struct err *take_key(struct sync *s, str mesh_id, struct mesh_keys_args *keys, struct sign_pair *ret_key,
			    bool *ret_before)
{
	TRY(keys_load(s->arena, s->client->paths, mesh_id, keys));
	*ret_before = keys->mesh_id.len > 0;
	if (keys->member_secret.len && sign_pair_from_hex(keys->member_secret, ret_key))
		return NULL;
	sign_pair_new(ret_key);
	keys->mesh_id = mesh_id;
	keys->member_secret = sign_pair_secret(s->arena, ret_key);
	return keys_save(s->arena, s->client->paths, keys);
}

/* Whose mesh it is stays open: the broker's word for the owner's key is pinned nowhere. */
static struct err *join_one(struct sync *s, const struct cli_mesh_args *m)
{
	CLEANUP(sign_pair_wipe) struct sign_pair key = { 0 };
	const struct synced_mesh_args *got;
	struct config_mesh_args mesh;
	struct mesh_keys_args keys;
	bool before;

	TRY(take_key(s, m->id, &keys, &key, &before));
	TRY(call(s, m->id, &key, &got));
	if (!got) {
		s->out.refused.items[s->out.refused.n++] = m->slug;
		return before ? NULL : keys_remove(s->arena, s->client->paths, m->id);
	}
	mesh = (struct config_mesh_args){
		.meshId = m->id, .memberId = got->member_id, .slug = mesh_local_slug(s->arena, got->slug, m->id),
		.name = got->name.len ? got->name : m->name, .pubkey = sign_pair_pubkey(s->arena, &key),
		.secretKey = sign_pair_secret(s->arena, &key), .inviteVersion = 2,
	};
	TRY(url_ws_address(s->arena, s->api->base, &mesh.brokerUrl));
	TRY(mesh_record(s->arena, s->client, &mesh, config_who(s->arena, &s->config, STR_NONE)));
	keys.member_secret = STR_NONE;
	keys.role = got->role;
	if (!str_eq(mesh.slug, got->slug))
		keys.slug = got->slug;
	s->out.joined.items[s->out.joined.n++] = mesh.slug;
	return keys_save(s->arena, s->client->paths, &keys);
}

static const struct cli_mesh_args *in_account(const struct cli_mesh_data_args *all, str mesh_id)
{
	for (size_t i = 0; i < all->meshes.n; i++)
		if (str_eq(all->meshes.items[i].id, mesh_id))
			return &all->meshes.items[i];
	return NULL;
}

static struct err *link_one(struct sync *s, const struct config_mesh_args *mesh)
{
	CLEANUP(sign_pair_wipe) struct sign_pair key = { 0 };
	const struct synced_mesh_args *got;
	str base;

	TRY(url_http_base(s->arena, mesh->brokerUrl, &base));
	if (!str_eq(base, s->api->base))
		return NULL;
	TRY(config_mesh_pair(s->arena, mesh, &key));
	TRY(call(s, mesh->meshId, &key, &got));
	if (got)
		s->out.linked.items[s->out.linked.n++] = mesh->slug;
	return NULL;
}

struct err *account_sync(struct arena *a, const struct client *c, const struct api *api, const struct auth_args *auth,
			 struct synced *ret_synced)
{
	struct sync s = { a, c, api, auth, { 0 }, { .n_meshes = 0 } };
	struct cli_mesh_data_args all = { 0 };

	TRY(config_load(a, c->paths, &s.config));
	TRY(account_meshes(a, api, &all));
	s.out.n_meshes = (i64)all.meshes.n;
	s.out.joined = list_of(a, all.meshes.n);
	s.out.refused = list_of(a, all.meshes.n);
	s.out.linked = list_of(a, s.config.meshes.n);
	for (size_t i = 0; i < all.meshes.n; i++)
		if (id_is_prefix(all.meshes.items[i].id, ID_LEN) &&
		    !config_get_mesh_id(&s.config, all.meshes.items[i].id))
			TRY(join_one(&s, &all.meshes.items[i]));
	for (size_t i = 0; i < s.config.meshes.n; i++)
		if (!in_account(&all, s.config.meshes.items[i].meshId))
			TRY(link_one(&s, &s.config.meshes.items[i]));
	*ret_synced = s.out;
	return NULL;
}
