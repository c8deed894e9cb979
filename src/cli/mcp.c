#include <stdlib.h>

#include "cli/commands.h"
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
		.channel = ipc.channel,
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
		"channel notifications, the mesh's skills as prompts and resources.",
};
