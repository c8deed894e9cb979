#include "cli/commands.h"
#include "cli/context.h"
#include "cli/wire.h"
#include "proto/moderation.h"

#define LEAVE_FLAGS(F, T) \
	F(T, bool, everywhere, "", 0, 0, "end your membership, on all your machines")
CLI_FLAGS(leave, LEAVE_FLAGS);

/* While the key is still there. */
static struct err *end_membership(struct cli *c, str slug)
{
	struct leave_mesh_args args = { 0 };
	struct wire w;
	struct err *e;

	c->global.mesh = slug;
	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "leave_mesh", leave_mesh_fields, &args, NULL, NULL, 0);
	wire_close(&w);
	return e;
}

static struct err *leave_run(struct cli *c, const void *flags)
{
	const struct leave_flags *in = flags;
	const struct config_mesh_args *mesh;
	struct client client;
	struct config_args config;
	str slug = c->args_n ? c->args[0] : c->global.mesh, kept;

	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(config_find_mesh(c->arena, &config, slug, &mesh));
	slug = mesh->slug;
	if (in->everywhere)
		TRY(cli_confirm(c, "Leave %.*s for good, on all your machines?", STRF(slug)));
	else
		TRY(cli_confirm(c, "Leave %.*s on this machine? Its key goes with it.", STRF(slug)));
	if (in->everywhere)
		TRY(end_membership(c, slug));
	TRY(mesh_leave(c->arena, &client, slug, &kept));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "left", slug);
		json_put_int(j, "remaining", (i64)config.meshes.n - 1);
		if (!str_empty(kept))
			json_put_str(j, "kept", kept);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, arena_printf(c->arena, "remaining: %zu", config.meshes.n - 1), "left %.*s",
	       STRF(slug));
	if (!str_empty(kept))
		out_warn(&c->out, kept, "the owner's key stays here: nobody else has it");
	return NULL;
}

const struct command leave_command = {
	.name = "leave",
	.aliases = "delete, rm, workspace delete, workspace rm",
	.arguments = "[SLUG]",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "leave"),
	COMMAND_FLAGS(leave),
	.run = leave_run,
	.doc = "Leaves a mesh on this machine, after asking.",
	.more = "The mesh goes on for the others. Messages that still wait for you there cannot\n"
		"be read afterwards. Without --everywhere you stay a member, for a backup or another\n"
		"machine; with it only an invite brings you back.",
	.fields = "left remaining kept",
};
