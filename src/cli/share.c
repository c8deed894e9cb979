#include "cli/commands.h"
#include "cli/context.h"

#include <inttypes.h>

#include "cli/qr.h"
#include "proto/limits.h"

#define SHARE_FLAGS(F, T) \
	F(T, i64, uses, "N", 1, INVITE_USES_MAX, "how many may join with it; default 1") \
	F(T, duration, expires, "TIME", 1000, SHARE_TTL_MAX_MS, \
	  "how long it is good: 2h, 7d (default)")
CLI_FLAGS(share, SHARE_FLAGS);

static void share_print(struct cli *c, const struct share_made *made)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "mesh", made->slug);
		json_put_str(j, "url", made->url);
		json_put_str(j, "code", made->code);
		json_put_str(j, "token", made->token);
		json_put_str(j, "expires_at", made->expires_at);
		json_put_int(j, "max_uses", made->max_uses);
		out_json_end(&c->out);
		return;
	}
	out_section(&c->out, "invite to %.*s", STRF(made->slug));
	out_link(&c->out, made->url);
	if (c->out.tty && !c->out.quiet)
		qr_print(&c->out, c->arena, made->url);
	if (!c->out.quiet)
		out_end(&c->out);
	out_info(&c->out, "good until %.*s, for %" PRId64 " %s",
		 STRF(context_time(c->arena, made->expires_at)), made->max_uses,
		 made->max_uses == 1 ? "person" : "people");
	out_hint(&c->out, "whoever has the link can join: claudemesh join LINK");
}

static struct err *share_run(struct cli *c, const void *flags)
{
	const struct share_flags *in = flags;
	struct client client;
	struct config_args config;
	const struct config_mesh_args *mesh;
	struct share_made made;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	TRY(context_mesh(c, &config, &mesh));
	out_busy(&c->out, "asking the broker");
	TRY(mesh_share(c->arena, &client, mesh, STR_NONE, in->uses, in->expires, &made));
	share_print(c, &made);
	return NULL;
}

const struct command share_command = {
	.name = "share",
	.aliases = "invite, workspace share, workspace invite",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "mesh", "share"),
	COMMAND_FLAGS(share),
	.run = share_run,
	.doc = "Makes a link with which others join.",
	.more = "What follows '#' in the link is the invite's secret. The broker never sees it;\n"
		"send the link over a channel you trust.",
	.fields = "mesh url code token expires_at max_uses",
};
