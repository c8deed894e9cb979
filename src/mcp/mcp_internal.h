/*
 * mcp_internal.h - what the files of this folder share: calls, and how a method answers.
 */
#ifndef MCP_MCP_INTERNAL_H
#define MCP_MCP_INTERNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "mcp/mcp.h"

/* 2026-07-28: no handshake, every request says its version. */
enum mcp_era { ERA_UNKNOWN, ERA_HANDSHAKE, ERA_STATELESS };

struct mcp_batch;

/* A request until it is answered. */
struct mcp_call {
	struct mcp_call *prev, *next;
	struct mcp *mcp;              /* NULL: freed meanwhile */
	struct arena *arena;
	str id;                       /* JSON text; absent: a notification */
	const struct json *params;    /* an object, or NULL */
	const struct mcp_method *method;
	enum mcp_era era;
	struct mcp_batch *batch;      /* it came in one; NULL */
};

/* Responses to a JSON-RPC array (revision 2025-03-26) go out together. */
struct mcp_batch {
	size_t waiting;
	struct buf out;
};

struct mcp_subscription {             /* a subscriptions/listen request that stays open */
	struct mcp_call *call;
	bool prompts, resources;
};

struct mcp {
	struct mcp_env env;
	enum mcp_era era;
	str version;                  /* agreed in the handshake; a literal */
	bool ready;                   /* notifications/initialized has come */
	struct mcp_call *calls;
	size_t n_calls;
	struct mcp_subscription subscriptions[MCP_SUBSCRIPTIONS_MAX];
};

/* One row a method, beside its handler. */
struct mcp_method {
	const char *name;
	unsigned eras;                /* bits 1 << enum mcp_era in which it exists */
	void (*run)(struct mcp_call *c);
	const char *doc;              /* one sentence */
};
enum { IN_HANDSHAKE = 1 << ERA_HANDSHAKE, IN_STATELESS = 1 << ERA_STATELESS, IN_BOTH = IN_HANDSHAKE | IN_STATELESS };

extern const struct mcp_method mcp_handshake_methods[]; /* handshake.c */
extern const struct mcp_method mcp_skill_methods[];     /* skills.c */
extern const struct mcp_method mcp_tool_methods[];      /* tools.c */
extern const struct mcp_method mcp_listen_methods[];    /* listen.c */

/* JSON-RPC and MCP error codes. */
enum {
	RPC_PARSE = -32700, RPC_INVALID = -32600, RPC_NO_METHOD = -32601, RPC_PARAMS = -32602,
	RPC_INTERNAL = -32603, RPC_BUSY = -32000, RPC_NO_RESOURCE = -32002, RPC_VERSION = -32022,
};

/* The result's members are written between these two; mcp_result() opens the object. */
struct mcp_result { struct mcp_call *call; struct buf buf; struct json_out json; };
void mcp_result(struct mcp_call *c, struct mcp_result *r);
/* A list the client may keep: only stateless requests are told for how long. */
void mcp_result_end_list(struct mcp_result *r);
void mcp_result_end(struct mcp_result *r);
void mcp_error(struct mcp_call *c, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same with "data": JSON text. */
void mcp_error_data(struct mcp_call *c, int code, str data, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The call stays open without an answer (subscriptions). */
void mcp_call_free(struct mcp_call *c);
void mcp_notify(struct mcp *m, const char *method, str params); /* params: JSON text; absent: none */
/* Asks the daemon; done is told in a later turn, not at all when the call is gone. */
typedef void mcp_done_fn(struct mcp_call *c, const struct err *e, int status, const struct json *body);
void mcp_ask(struct mcp_call *c, str method, str path, str body, mcp_done_fn *done);

/* handshake.c: the version that answers to `asked`. */
str mcp_version_for(str asked);
bool mcp_version_is_stateless(str version);
/* listen.c */
void mcp_skills_changed(struct mcp *m);

#endif
