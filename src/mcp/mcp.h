/*
 * mcp.h - a Model Context Protocol server for one agent session, without its pipes.
 *
 * Lines come in with mcp_take(), events of the daemon with mcp_event(); what goes out is
 * handed to `write`, a message a call. It answers the handshake of every revision from
 * 2024-11-05 on (`initialize`), and requests of 2026-07-28, which need none; which of the two
 * a connection speaks shows in its first request. Channel notifications exist in the first
 * kind only. Nothing here waits: what needs the daemon is asked and answered later.
 *
 * One thread. Callbacks of `ask` must not come from inside the call.
 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include "json/json.h"

enum {
	MCP_LINE_MAX = 4 << 20,       /* a longer line is refused, not kept */
	MCP_CALLS_MAX = 256,          /* requests under way */
	MCP_OUT_MAX = 8 << 20,        /* one message out */
	MCP_SUBSCRIPTIONS_MAX = 8,
};

/* What the daemon answered: exactly one of e and body; both live during the call. */
typedef void mcp_answer_fn(void *arg, const struct err *e, int status, str body);

/* One thing that a tool, a prompt or a resource is about to do, as rules of the policy name it (client.md 3). */
struct mcp_deed {
	const char *resource, *verb;
	bool is_write;
	str mesh, who;                /* as the agent gave them; empty: it did not */
	/* Who is there, as the daemon tells it; NULL: not asked yet. Where a rule needs it,
	 * *ret_needs_peers is set instead of an answer, and the same comes again with it. */
	const struct json *peers;
	bool *ret_needs_peers;
};

struct mcp_env {
	/* One message, no newline in it. */
	void (*write)(void *arg, str line);
	/* A request to the daemon's local API. fn is called once, later. */
	void (*ask)(void *arg, str method, str path, str body, mcp_answer_fn *fn, void *fn_arg);
	void *arg;
	/* Asked before a tool does anything and before skills are read; NULL is yes, an error is told to the agent. The
	 * hook itself NULL: everything may be done. */
	struct err *(*may)(void *may_arg, struct arena *a, const struct mcp_deed *deed);
	void *may_arg;
	bool tools;                   /* offer the small tool set */
	bool presence;                /* tell of peers that come and go, too */
};

struct mcp;

struct mcp *mcp_new(const struct mcp_env *env);
/* Calls under way are dropped; their answers may still come. NULL is fine. */
void mcp_free(struct mcp *m);
/* One line, without its newline; an empty one is nothing. */
void mcp_take(struct mcp *m, str line);
/* The line was longer than MCP_LINE_MAX and is gone. */
void mcp_take_too_long(struct mcp *m);
/* True if the agent was told (or will never be): the message counts as seen. */
bool mcp_event(struct mcp *m, str kind, str data);
/* Tells the agent, which is ready, that n messages wait in its inbox; data: the only one, or NULL. */
void mcp_waiting(struct mcp *m, size_t n, const struct json *data);
/* The client said that it is ready, and takes notifications of the channel. */
bool mcp_is_ready(const struct mcp *m);

#endif
