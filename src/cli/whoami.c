#include "cli/commands.h"
#include "cli/context.h"

static void whoami_json(struct cli *c, const struct client *client,
			const struct config_args *config, str who,
			const struct config_mesh_args *only)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "displayName", who);
	json_put_str(j, "configDir", client->paths->dir);
	out_json_list(&c->out, "meshes");
	for (size_t i = 0; i < config->meshes.n; i++) {
		const struct config_mesh_args *m = &config->meshes.items[i];

		if (only && m != only)
			continue;
		json_obj(j);
		json_put_str(j, "slug", m->slug);
		json_put_str(j, "id", m->meshId);
		json_put_str(j, "memberId", m->memberId);
		json_put_str(j, "pubkey", m->pubkey);
		json_put_str(j, "broker", m->brokerUrl);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
	out_json_end(&c->out);
}

static struct err *whoami_run(struct cli *c, const void *flags UNUSED)
{
	const struct config_mesh_args *only = NULL;
	struct client client;
	struct config_args config;
	str who;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	if (!str_empty(c->global.mesh))
		TRY(config_find_mesh(c->arena, &config, c->global.mesh, &only));
	who = config_who(c->arena, &config, STR_NONE);
	if (c->out.json) {
		whoami_json(c, &client, &config, who, only);
		return NULL;
	}
	out_kv(&c->out, (struct kv[]){ { "name", who }, { "files", client.paths->dir } }, 2);
	for (size_t i = 0; i < config.meshes.n; i++) {
		const struct config_mesh_args *m = &config.meshes.items[i];

		if (only && m != only)
			continue;
		out_section(&c->out, "%.*s", STRF(m->slug));
		out_kv(&c->out,
		       (struct kv[]){ { "key", m->pubkey },
				      { "member", m->memberId },
				      { "mesh", m->meshId },
				      { "broker", m->brokerUrl } },
		       4);
	}
	if (config.meshes.n == 0)
		out_hint(&c->out,
			 "you are in no mesh yet: claudemesh join LINK, or claudemesh create NAME");
	return NULL;
}

const struct command whoami_command = {
	.name = "whoami",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = whoami_run,
	.doc = "Shows your name and public keys, never a secret.",
	.fields = "slug id memberId pubkey broker",
};
