/*
 * tools.c - four tools for agents that cannot run a shell. Off unless the settings say so:
 * a shell command costs no tokens until it is used, a tool costs them in every session.
 */
#include "mcp/mcp_internal.h"
#include "mcp/neutral.h"
#include "net/url.h"

enum { TEXT_MAX = 8 << 20 };

struct tool {
	const char *name, *doc;
	const char *properties;       /* of the schema: JSON members */
	const char *required;         /* JSON array */
	bool reads_only;
	/* The request that it makes; returns false when the arguments are wrong. */
	bool (*ask)(struct mcp_call *c, const struct json *args);
};

/* Whatever the daemon says is the tool's answer, its refusals too: the agent reads them. */
static void answer(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	bool failed = e || status >= 400;
	struct buf text = buf_make(TEXT_MAX);
	struct mcp_result r;

	if (e)
		buf_printf(&text, "the claudemesh daemon does not answer: %.*s (claudemesh daemon up)", STRF(e->text));
	else
		neutral_add_text(&text, body->raw, SIZE_MAX);
	mcp_result(c, &r);
	json_key(&r.json, S("content"));
	json_arr(&r.json);
	json_obj(&r.json);
	json_put_str(&r.json, "type", S("text"));
	json_put_str(&r.json, "text", buf_str(&text));
	json_obj_end(&r.json);
	json_arr_end(&r.json);
	if (failed)
		json_put_bool(&r.json, "isError", true);
	buf_done(&text);
	mcp_result_end(&r);
}

static str object(struct mcp_call *c, const struct json *args)
{
	return args ? args->raw : S("{}");
}

static bool send_ask(struct mcp_call *c, const struct json *args)
{
	if (!json_get_str(args, S("to")).len || !json_get_str(args, S("message")).len)
		return false;
	mcp_ask(c, S("POST"), S("/v1/send"), object(c, args), answer);
	return true;
}

static bool inbox_ask(struct mcp_call *c, const struct json *args)
{
	bool all = json_get_bool(args, S("all"));

	mcp_ask(c, S("GET"), all ? S("/v1/inbox?limit=20") : S("/v1/inbox?unread_only=true&limit=20"),
		STR_NONE, answer);
	return true;
}

static bool peers_ask(struct mcp_call *c, const struct json *args UNUSED)
{
	mcp_ask(c, S("GET"), S("/v1/peers"), STR_NONE, answer);
	return true;
}

static bool status_ask(struct mcp_call *c, const struct json *args)
{
	if (!json_get_str(args, S("status")).len && !json_get_str(args, S("summary")).ptr)
		return false;
	mcp_ask(c, S("POST"), S("/v1/profile"), object(c, args), answer);
	return true;
}

static const struct tool tools[] = {
	{ "send", "Sends a message to a peer.",
	  "\"to\":{\"type\":\"string\",\"description\":\"from_id, name, @group or *\"},"
	  "\"message\":{\"type\":\"string\"},\"priority\":{\"enum\":[\"now\",\"next\",\"low\"]},"
	  "\"reply_to_id\":{\"type\":\"string\"}",
	  "[\"to\",\"message\"]", false, send_ask },
	{ "inbox", "Messages not read yet.", "\"all\":{\"type\":\"boolean\"}", "[]", false, inbox_ask },
	{ "peers", "Who is connected.", "", "[]", true, peers_ask },
	{ "status", "Says what this session is doing.",
	  "\"status\":{\"enum\":[\"idle\",\"working\",\"dnd\"]},\"summary\":{\"type\":\"string\"}", "[]", false,
	  status_ask },
};

static void list_run(struct mcp_call *c)
{
	struct mcp_result r;

	mcp_result(c, &r);
	json_key(&r.json, S("tools"));
	json_arr(&r.json);
	for (size_t i = 0; c->mcp->env.tools && i < ARRAY_LEN(tools); i++) {
		json_obj(&r.json);
		json_put_str(&r.json, "name", str_from(tools[i].name));
		json_put_str(&r.json, "description", str_from(tools[i].doc));
		json_put_raw(&r.json, "inputSchema",
			     arena_printf(c->arena, "{\"type\":\"object\",\"properties\":{%s},\"required\":%s}",
					  tools[i].properties, tools[i].required));
		if (tools[i].reads_only)
			json_put_raw(&r.json, "annotations", S("{\"readOnlyHint\":true}"));
		json_obj_end(&r.json);
	}
	json_arr_end(&r.json);
	mcp_result_end_list(&r);
}

static const struct tool *tool_find(const struct mcp *m, str name)
{
	for (size_t i = 0; m->env.tools && i < ARRAY_LEN(tools); i++)
		if (str_eq(name, str_from(tools[i].name)))
			return &tools[i];
	return NULL;
}

static void call_run(struct mcp_call *c)
{
	const struct tool *tool = tool_find(c->mcp, json_get_str(c->params, S("name")));
	const struct json *args = json_get(c->params, S("arguments"));

	if (!tool)
		mcp_error(c, RPC_PARAMS, c->mcp->env.tools ? "no such tool; there are send, inbox, peers and status"
							   : "tools are off; use the claudemesh command");
	else if ((args && args->type != JSON_OBJ) || !tool->ask(c, args))
		mcp_error(c, RPC_PARAMS, "%s: the arguments do not fit the schema", tool->name);
}

const struct mcp_method mcp_tool_methods[] = {
	{ "tools/list", IN_BOTH, list_run, "Lists the tools; none unless they are switched on." },
	{ "tools/call", IN_BOTH, call_run, "Runs a tool." },
	{ 0 }
};
