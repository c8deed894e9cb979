/*
 * launch_plan.h - what `claudemesh launch` is about to do: files, environment, command. Only
 * thought out here (--print shows it); launch_run.c does it.
 *
 * The agent works in the mesh without anything being installed: its MCP server and hooks come
 * from files of the launch, which go when it ends.
 */
#ifndef CLI_LAUNCH_PLAN_H
#define CLI_LAUNCH_PLAN_H

#include "client/config.h"

enum { LAUNCH_FILES_MAX = 6, LAUNCH_ENV_MAX = 12, LAUNCH_OWN_ARGS_MAX = 16 };

struct launch_input {
	str agent;                    /* name of a row: "claude" */
	str self;                     /* this program's path */
	str dir;                      /* of the launch: private, made for it */
	str user_dir;                 /* the user's own configuration */
	const struct config_args *config;
	const struct config_mesh_args *mesh;
	str name, role, message_mode, system_prompt;
	struct group_list groups;
	str session_id;
	bool is_new;                  /* of the session: else it is resumed */
	bool continues;               /* --continue: the newest one of this directory */
	char *const *passed;          /* further words for the agent; NULL-terminated */
	str mcp_timeout, mcp_output;  /* as they are set; empty: not */
};

struct launch_file { str path, content; };
struct launch_env { const char *name; str value; };

struct launch_plan {
	str program;                  /* found by PATH */
	struct launch_file files[LAUNCH_FILES_MAX];
	size_t n_files;
	struct launch_env env[LAUNCH_ENV_MAX];
	size_t n_env;
	str *argv;
	size_t n_argv;
	str token_file;               /* the session's token goes there */
	bool wakes;                   /* messages reach this agent by themselves */
};

/* BAD_REQUEST: there is no such agent. */
struct err *launch_plan_make(struct arena *a, const struct launch_input *in, struct launch_plan *ret_plan)
	MUST_CHECK;
/* BAD_REQUEST, too. */
struct err *launch_agent_check(struct arena *a, str name) MUST_CHECK;
/* The agents that can be launched, for help: "claude, codex, gemini, cursor-agent". */
str launch_agents(struct arena *a);

#endif
