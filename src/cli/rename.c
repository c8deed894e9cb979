/*
 * rename.c - what this machine calls a mesh; with --everywhere, by its owner, what all call it.
 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/policy.h"
#include "cli/wire.h"
#include "proto/mesh.h"

/* A rule about the mesh would quietly hold for nothing. */
static struct err *check_policy(struct cli *c, str slug)
{
	struct policy policy;
	str path;

	if (policy_load(c, &policy, &path))
		return NULL; /* the gate has told it */
	for (size_t i = 0; i < policy.n; i++)
		if (str_eq(policy.rules[i].mesh, slug))
			return cli_hint(c, FAIL(c->arena, CONFLICT, "the policy has a rule about '%.*s'", STRF(slug)),
					"change %.*s, line %zu first", STRF(path), policy.rules[i].line);
	return NULL;
}

/* Agents that run in it have its name in their configuration. */
static struct err *check_sessions(struct cli *c, str slug)
{
	const struct json *body, *list;
	size_t n = 0;
	struct warm w;

	TRY(warm_look(c, &w));
	if (!str_empty(w.ipc.token))
		return cli_hint(c, FAIL(c->arena, CONFLICT, "this is an agent session, which has the name, too"),
				"a terminal of your own can do it, when no agent runs in the mesh");
	if (!w.is_up)
		return NULL;
	TRY(warm_get(c, &w, S("/v1/sessions"), &body));
	list = json_get(body, S("sessions"));
	for (const struct json *s = list ? list->first : NULL; s; s = s->next)
		n += str_eq(json_get_str(s, S("mesh")), slug);
	if (!n)
		return NULL;
	return cli_hint(c, FAIL(c->arena, CONFLICT, "%zu agent session%s run%s in '%.*s'", n, n == 1 ? "" : "s",
				n == 1 ? "s" : "", STRF(slug)),
			"end %s first; a resumed session has its address again", n == 1 ? "it" : "them");
}

#define RENAME_FLAGS(F, T) \
	F(T, bool, everywhere, "", 0, 0, "for everybody: the mesh's own name and slug; its owner only")
CLI_FLAGS(rename, RENAME_FLAGS);

static struct err *rename_at_broker(struct cli *c, str old, str slug)
{
	struct mesh_rename_args args = { .name = slug, .slug = slug };
	struct mesh_changed_args done;
	struct wire w;
	struct err *e;

	c->global.mesh = old;
	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "mesh_rename", mesh_rename_fields, &args, mesh_changed_fields, &done, sizeof(done));
	wire_close(&w);
	return e;
}

static struct err *rename_run(struct cli *c, const void *flags)
{
	const struct rename_flags *in = flags;
	str old = c->args[0], slug = c->args[1];
	const struct config_mesh_args *mesh;
	struct config_args config;
	struct client client;

	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(config_find_mesh(c->arena, &config, old, &mesh));
	TRY(check_policy(c, old));
	TRY(check_sessions(c, old));
	if (in->everywhere)
		TRY(rename_at_broker(c, old, slug));
	TRY(mesh_rename(c->arena, &client, old, slug));
	warm_reload(c);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "slug", slug);
		json_put_str(j, "was", old);
		json_put_str(j, "id", mesh->meshId);
		json_put_bool(j, "everywhere", in->everywhere);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "Renamed: \"%.*s\" → \"%.*s\"", STRF(old), STRF(slug));
	out_hint(&c->out, in->everywhere ? "for everybody; others keep what they call it on their machines"
					 : "on this machine; for the others it is called as before");
	return NULL;
}

const struct command rename_command = {
	.name = "rename",
	.aliases = "workspace rename",
	.arguments = "SLUG NEW",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "rename"),
	.run = rename_run,
	COMMAND_FLAGS(rename),
	.doc = "Calls a mesh something else on this machine, or everywhere.",
	.more = "Others and invites keep its first name. Not while agents run in it, nor while\n"
		"policy.yaml has a rule about it.",
	.fields = "slug was id everywhere",
};
