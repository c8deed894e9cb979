#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

#include <stdlib.h>

static void whoami_json(struct cli *c, const struct client *client,
			const struct config_args *config, str who,
			const struct config_mesh_args *only, const struct json *session)
{
	struct json_out *j = out_json(&c->out);

	if (session) {
		json_key(j, S("session"));
		json_value(j, session);
	}

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

/* The session that this program runs in, as the daemon knows it; NULL outside of one. */
static const struct json *own_session(struct cli *c)
{
	struct warm w;
	const struct json *body;
	struct err *e;

	if (!getenv("CLAUDEMESH_IPC_TOKEN") && !getenv("CLAUDEMESH_IPC_TOKEN_FILE"))
		return NULL;
	e = warm_look(c, &w);
	if (!e && w.is_up)
		e = warm_get(c, &w, S("/v1/sessions/me"), &body);
	if (e)
		out_note(&c->out, "this session is not known to the daemon: %.*s", STRF(e->text));
	return e || !w.is_up ? NULL : json_get(body, S("session"));
}

static void session_print(struct cli *c, const struct json *session)
{
	out_section(&c->out, "this session");
	out_kv(&c->out,
	       (struct kv[]){ { "name", json_get_str(session, S("displayName")) },
			      { "mesh", json_get_str(session, S("mesh")) },
			      { "key", json_get_str(session, S("pubkey")) },
			      { "id", json_get_str(session, S("sessionId")) },
			      { "role", json_get_str(session, S("role")) },
			      { "directory", json_get_str(session, S("cwd")) } },
	       6);
}

static struct err *whoami_run(struct cli *c, const void *flags UNUSED)
{
	const struct config_mesh_args *only = NULL;
	const struct json *session;
	struct client client;
	struct config_args config;
	str who;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	if (!str_empty(c->global.mesh))
		TRY(config_find_mesh(c->arena, &config, c->global.mesh, &only));
	who = config_who(c->arena, &config, STR_NONE);
	session = own_session(c);
	if (c->out.json) {
		whoami_json(c, &client, &config, who, only, session);
		return NULL;
	}
	out_kv(&c->out, (struct kv[]){ { "name", who }, { "files", client.paths->dir } }, 2);
	if (session)
		session_print(c, session);
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
