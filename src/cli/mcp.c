#include <stdlib.h>

#include "cli/commands.h"
#include "cli/policy.h"
#include "client/config.h"
#include "client/agent.h"
#include "mcp/run.h"

#define MCP_FLAGS(F, T) \
	F(T, bool, tools, "", 0, 0, "offer tools, for agents without a shell; CLAUDEMESH_MCP_TOOLS=1 does the same") \
	F(T, bool, presence, "", 0, 0, "tell of peers that come and go; CLAUDEMESH_MCP_PRESENCE=1 does the same")
CLI_FLAGS(mcp, MCP_FLAGS);

static bool is_set(const char *name)
{
	return str_eq(str_from(getenv(name)), S("1"));
}

/* The daemon takes a mesh by its id, too; rules have slugs. */
static struct err *find_slug(struct arena *a, str mesh, str *ret_slug)
{
	const struct config_mesh_args *m;
	struct config_args config;
	struct paths paths;

	*ret_slug = mesh;
	if (str_empty(mesh))
		return NULL;
	TRY(paths_from_env(a, &paths));
	TRY(config_load(a, &paths, &config));
	m = config_get_mesh_id(&config, mesh);
	if (m)
		*ret_slug = m->slug;
	return NULL;
}

/* The same rules as for the commands; what they would ask a person about is refused. */
static struct err *may(void *arg, struct arena *a, const struct mcp_deed *deed)
{
	struct cli own = *(const struct cli *)arg;
	struct policy_request rq = { .resource = str_from(deed->resource),
				     .verb = str_from(deed->verb),
				     .is_write = deed->is_write,
				     .who = deed->who,
				     .command = S("mcp"),
				     .unasked = true,
				     .ret_needs_peers = deed->ret_needs_peers };
	struct peers_list_args list;

	own.arena = a;
	TRY(find_slug(a, deed->mesh, &rq.mesh));
	if (deed->peers) {
		TRY(json_decode(a, deed->peers, peers_list_fields, &list, sizeof(list), NULL));
		rq.peers = &list;
	}
	return policy_ask(&own, &rq);
}

static struct err *mcp_run_command(struct cli *c, const void *flags)
{
	const struct mcp_flags *in = flags;
	struct paths paths;
	struct ipc ipc;

	TRY(paths_user_from_env(c->arena, &paths));
	TRY(ipc_from_env(c->arena, &paths, &ipc));
	/* Only who launched the agent knows that it shows what a channel brings. */
	ipc.channel = ipc.token.len && is_set("CLAUDEMESH_CHANNEL");
	return mcp_run(c->arena, &(struct mcp_run_spec){
		.paths = &paths, .ipc = &ipc, .policy = daemon_policy_from(false, false), .in = 0, .out = 1,
		.tools = in->tools || is_set("CLAUDEMESH_MCP_TOOLS"),
		.channel = ipc.channel, .may = may, .may_arg = c,
		.message_mode = agent_message_mode(c->arena, &paths, ipc.token.len != 0),
		.presence = in->presence || is_set("CLAUDEMESH_MCP_PRESENCE"),
	});
}

const struct command mcp_command = {
	.name = "mcp",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	COMMAND_FLAGS(mcp),
	.run = mcp_run_command,
	.doc = "Serves an agent session over MCP on stdin and stdout.",
	.more = "Agents start it by themselves: claudemesh install. Messages reach the session as\n"
		"channel notifications, the mesh's skills as prompts and resources. These and its\n"
		"tools obey the policy as the commands do; what would have to be asked is refused.",
};
