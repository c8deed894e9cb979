#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

static str role_of(struct cli *c, const struct client *client, const struct config_mesh_args *m)
{
	struct mesh_keys_args keys;

	/* A missing or unreadable key file says nothing about the role; the list goes on. */
	if (keys_load(c->arena, client->paths, m->meshId, &keys))
		return STR_NONE;
	return !str_empty(keys.owner_secret) ? S("owner")
	       : !str_empty(keys.role)       ? keys.role
					     : STR_NONE;
}

static void mesh_json(struct cli *c, const struct client *client, const struct config_mesh_args *m)
{
	struct json_out *j = &c->out.json_out;

	json_obj(j);
	json_put_str(j, "slug", m->slug);
	json_put_str(j, "name", m->name);
	json_put_str(j, "id", m->meshId);
	json_put_str(j, "memberId", m->memberId);
	json_put_str(j, "pubkey", m->pubkey);
	json_put_str(j, "role", role_of(c, client, m));
	json_put_str(j, "broker", m->brokerUrl);
	json_put_str(j, "joinedAt", m->joinedAt);
	json_obj_end(j);
}

/* What the daemon tells of its links; NULL where none runs: nothing is started for a list. */
static const struct json *daemon_health(struct cli *c)
{
	const struct json *body;
	struct warm w;

	if (warm_look(c, &w) || !w.is_up || warm_get(c, &w, S("/v1/health"), &body))
		return NULL;
	return body;
}

static void mesh_row(struct cli *c, const struct client *client, const struct config_mesh_args *m,
		     const struct json *health)
{
	struct output *o = &c->out;
	str role = role_of(c, client, m), state = json_get_str(json_get(health, S("brokers")), m->slug);
	str put_out = warm_put_out(health, m->slug);
	bool is_open = str_eq(state, S("open"));

	out_span(o, is_open ? TONE_GREEN : str_empty(state) ? TONE_DIM : TONE_YELLOW, "    ●");
	out_span(o, TONE_BOLD, " %.*s", STRF(m->name));
	if (!str_eq(m->name, m->slug))
		out_span(o, TONE_PLAIN, "  %.*s", STRF(m->slug));
	out_end(o);
	out_span(o, TONE_DIM, "      %.*s%s%.*s", STRF(role), role.len ? "  ·  " : "",
		 STRF(m->brokerUrl));
	if (put_out.len)
		out_span(o, TONE_RED, "  ·  %.*s", STRF(put_out));
	else if (!str_empty(state))
		out_span(o, TONE_DIM, "  ·  %.*s", STRF(is_open ? S("connected") : state));
	out_end(o);
}

static struct err *list_run(struct cli *c, const void *flags UNUSED)
{
	const struct json *health;
	struct client client;
	struct config_args config;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "meshes");
		for (size_t i = 0; i < config.meshes.n; i++)
			mesh_json(c, &client, &config.meshes.items[i]);
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	if (config.meshes.n == 0) {
		out_section(&c->out, "no meshes yet");
		out_hint(&c->out, "claudemesh join LINK      with a link from somebody");
		out_hint(&c->out, "claudemesh create NAME    to make one");
		return NULL;
	}
	health = daemon_health(c);
	out_section(&c->out, "your meshes (%zu)", config.meshes.n);
	for (size_t i = 0; i < config.meshes.n; i++)
		mesh_row(c, &client, &config.meshes.items[i], health);
	out_hint(&c->out, "kept in %.*s", STRF(client.paths->config));
	return NULL;
}

const struct command list_command = {
	.name = "list",
	.aliases = "ls, workspace list, workspace ls",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_FREE,
	.run = list_run,
	.doc = "Lists the meshes you are in.",
	.more = "Where a daemon runs, with the state of its connection; a list connects to\n"
		"nothing.",
	.fields = "slug name id memberId pubkey role broker joinedAt",
};
