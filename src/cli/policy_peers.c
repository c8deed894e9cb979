/*
 * policy_peers.c - who is there, for rules about peers: as the daemon keeps it, else asked.
 */
#include "cli/context.h"
#include "cli/policy.h"
#include "cli/warm.h"

enum { MESHES_ASKED_MAX = 64 };

static struct err *ask(struct cli *c, const struct client *client, const struct config_mesh_args *mesh,
		       struct peers_list_args *ret_list)
{
	struct visit_spec spec = { .mesh = mesh, .display_name = context_display_name() };
	struct visit *visit;
	struct err *e;

	TRY(visit_open(c->arena, client, &spec, &visit));
	e = visit_peers(c->arena, visit, true, ret_list);
	visit_close(visit);
	return e;
}

static void add(struct arena *a, struct peers_list_args *all, const struct peers_list_args *more)
{
	struct peer_args *peers = NEW_ARRAY(a, struct peer_args, all->peers.n + more->peers.n);
	struct member_args *members = NEW_ARRAY(a, struct member_args, all->members.n + more->members.n);

	for (size_t i = 0; i < all->peers.n + more->peers.n; i++)
		peers[i] = i < all->peers.n ? all->peers.items[i] : more->peers.items[i - all->peers.n];
	for (size_t i = 0; i < all->members.n + more->members.n; i++)
		members[i] = i < all->members.n ? all->members.items[i] : more->members.items[i - all->members.n];
	all->peers.items = peers;
	all->peers.n += more->peers.n;
	all->members.items = members;
	all->members.n += more->members.n;
}

struct err *policy_peers(struct cli *c, str mesh, struct peers_list_args *ret_list)
{
	const struct query q = { "mesh", mesh };
	struct peers_list_args all = { 0 };
	struct config_args config;
	const struct json *body;
	struct client client;
	struct warm w;

	TRY(warm_look(c, &w));
	if (w.is_up) {
		TRY(warm_get(c, &w, warm_target(c->arena, "/v1/peers", &q, 1), &body));
		return json_decode(c->arena, body, peers_list_fields, ret_list, sizeof(*ret_list), NULL);
	}
	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	for (size_t i = 0; i < MIN(config.meshes.n, (size_t)MESHES_ASKED_MAX); i++) {
		struct peers_list_args list;

		if (!str_empty(mesh) && !str_eq(mesh, config.meshes.items[i].slug))
			continue;
		TRY(ask(c, &client, &config.meshes.items[i], &list));
		add(c->arena, &all, &list);
	}
	*ret_list = all;
	return NULL;
}
