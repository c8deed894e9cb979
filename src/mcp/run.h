/*
 * run.h - the server on standard input and output, with the user's daemon behind it.
 *
 * It is ready before it knows whether there is a daemon, and starts one beside. It ends with
 * standard input, and at once when nobody reads what it writes. Nothing but protocol goes to
 * standard output.
 */
#ifndef MCP_RUN_H
#define MCP_RUN_H

#include "client/daemon_start.h"
#include "mcp/mcp.h"

struct mcp_run_spec {
	const struct paths *paths; /* of the user */
	const struct ipc *ipc;
	enum daemon_policy policy;
	int in, out;
	bool tools, presence;
	/* The agent was started so that it takes channel notifications (launch does): what it was
	 * told counts as seen. Else the same message also waits for a hook or the inbox. */
	bool channel;
	/* "push"; "inbox": told that a message waits, not what it says; "off": not told. */
	str message_mode;
	/* mcp.h: the policy, asked before a tool does anything. */
	struct err *(*may)(void *may_arg, struct arena *a, const struct mcp_deed *deed);
	void *may_arg;
};

/* Until the end of input. An error: it could not begin. */
struct err *mcp_run(struct arena *a, const struct mcp_run_spec *spec) MUST_CHECK;

#endif
