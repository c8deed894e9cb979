/*
 * install.h - what `claudemesh install` puts into the settings of each agent, a row a file.
 */
#ifndef CLI_INSTALL_H
#define CLI_INSTALL_H

#include "cli/change.h"

struct place_row {
	const char *agent;            /* "claude": as --agents names it */
	const char *agent_name;       /* "Claude Code" */
	const char *home_env, *home;  /* the agent's directory: $home_env, else ~/home */
	const char *program;          /* that or the directory shows that the agent is there */
	const char *file;             /* below that directory; "../.claude.json" beside it */
	const char *what;             /* "MCP server" */
	bool is_hooks, is_skill;      /* left out with --no-hooks, --no-skill */
	bool is_status_line;          /* put in only with --status-line */
	/* Puts into c->after what is missing, or takes out what is ours. command: the program. */
	struct err *(*put)(struct arena *a, struct change *c, str command);
	struct err *(*take)(struct arena *a, struct change *c);
};

extern const struct place_row install_rows[];         /* agent NULL ends the list */

#endif
