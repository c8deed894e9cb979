/*
 * archive.c - the owner closes a mesh for everybody.
 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/wire.h"
#include "proto/mesh.h"

#define ARCHIVE_FLAGS(F, T) \
	F(T, bool, delete, "", 0, 0, "delete what is in it, too: nothing brings it back")
CLI_FLAGS(archive, ARCHIVE_FLAGS);

/* The two take and answer the same. */
static struct err *close_mesh(struct cli *c, str local, bool delete)
{
	struct mesh_rename_args look = { 0 };
	struct mesh_delete_args args = { 0 };
	struct mesh_changed_args done;
	struct wire w;
	struct err *e;

	c->global.mesh = local;
	TRY(wire_open(c, &w));
	/* Its own slug: this machine may call it something else. */
	e = wire_call(&w, c->arena, "mesh_rename", mesh_rename_fields, &look, mesh_changed_fields, &done, sizeof(done));
	args.slug = e ? STR_NONE : done.slug;
	if (!e)
		e = wire_call(&w, c->arena, delete ? "mesh_delete" : "mesh_archive", mesh_delete_fields, &args,
			      mesh_changed_fields, &done, sizeof(done));
	wire_close(&w);
	return e;
}

static struct err *archive_run(struct cli *c, const void *flags)
{
	const struct archive_flags *in = flags;
	const struct config_mesh_args *mesh;
	struct config_args config;
	struct client client;
	str slug = c->args_n ? c->args[0] : c->global.mesh, kept;

	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(config_find_mesh(c->arena, &config, slug, &mesh));
	slug = mesh->slug;
	TRY(cli_confirm(c, in->delete ? "Delete %.*s for everybody, with all that is in it?"
				      : "Close %.*s for everybody? Only the broker's operator can open it again.", STRF(slug)));
	TRY(close_mesh(c, slug, in->delete));
	TRY(mesh_leave(c->arena, &client, slug, &kept));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, in->delete ? "deleted" : "archived", slug);
		json_put_opt(j, "kept", kept);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, STR_NONE, "%s %.*s", in->delete ? "Deleted" : "Archived", STRF(slug));
	return NULL;
}

const struct command archive_command = {
	.name = "archive",
	.aliases = "workspace archive, mesh archive",
	.arguments = "[SLUG]",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "delete"),
	COMMAND_FLAGS(archive),
	.run = archive_run,
	.doc = "Closes a mesh for everybody, after asking; its owner only.",
	.more = "Everybody is cut off; invites, API keys and streams are dead, its slug is free.\n"
		"To leave a mesh that goes on for the others: claudemesh leave.",
	.fields = "deleted archived kept",
};
