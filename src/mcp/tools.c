/*
 * tools.c - four tools for agents that cannot run a shell. Off unless the settings say so:
 * a shell command costs no tokens until it is used, a tool costs them in every session.
 */
#include "mcp/mcp_internal.h"
#include "mcp/neutral.h"
#include "net/url.h"

enum { TEXT_MAX = 8 << 20, DEEDS_MAX = 2 };

struct tool {
	const char *name, *doc;
	const char *properties;       /* of the schema: JSON members */
	const char *required;         /* JSON array */
	bool reads_only;
	bool (*fits)(const struct json *args);
	void (*ask)(struct mcp_call *c, const struct json *args);
	/* What it does in the policy's words, as the commands' rows have it; `given`: only when
	 * the arguments have this member; `posts`: only when `to` is a topic. */
	struct { const char *given, *resource, *verb; bool is_write, posts; } deeds[DEEDS_MAX];
};

static void answer_text(struct mcp_call *c, str text, bool failed)
{
	struct mcp_result r;

	mcp_result(c, &r);
	json_key(&r.json, S("content"));
	json_arr(&r.json);
	json_obj(&r.json);
	json_put_str(&r.json, "type", S("text"));
	json_put_str(&r.json, "text", text);
	json_obj_end(&r.json);
	json_arr_end(&r.json);
	if (failed)
		json_put_bool(&r.json, "isError", true);
	mcp_result_end(&r);
}

/* Whatever the daemon says is the tool's answer, its refusals too: the agent reads them. */
static void answer(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	struct buf text = buf_make(TEXT_MAX);

	if (e)
		buf_printf(&text, "the claudemesh daemon does not answer: %.*s (claudemesh daemon up)", STRF(e->text));
	else
		neutral_add_text(&text, body->raw, SIZE_MAX);
	answer_text(c, buf_str(&text), e || status >= 400);
	buf_done(&text);
}

static str object(struct mcp_call *c, const struct json *args)
{
	return args ? args->raw : S("{}");
}

static bool any_fits(const struct json *args UNUSED)
{
	return true;
}

static bool send_fits(const struct json *args)
{
	return json_get_str(args, S("to")).len && json_get_str(args, S("message")).len;
}

static void send_ask(struct mcp_call *c, const struct json *args)
{
	mcp_ask(c, S("POST"), S("/v1/send"), object(c, args), answer);
}

static void inbox_ask(struct mcp_call *c, const struct json *args)
{
	bool all = json_get_bool(args, S("all"));

	mcp_ask(c, S("GET"), all ? S("/v1/inbox?limit=20") : S("/v1/inbox?unread_only=true&limit=20"),
		STR_NONE, answer);
}

static void peers_ask(struct mcp_call *c, const struct json *args UNUSED)
{
	mcp_ask(c, S("GET"), S("/v1/peers"), STR_NONE, answer);
}

static bool status_fits(const struct json *args)
{
	return json_get_str(args, S("status")).len || json_get_str(args, S("summary")).ptr;
}

/* Only what the schema has: the route takes more, of which the policy was not asked. */
static void status_ask(struct mcp_call *c, const struct json *args)
{
	const str names[] = { S("status"), S("summary"), S("mesh") };
	struct buf b = buf_make(MCP_LINE_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!json_get(args, names[i]))
			continue;
		json_key(&o, names[i]);
		json_value(&o, json_get(args, names[i]));
	}
	json_obj_end(&o);
	mcp_ask(c, S("POST"), S("/v1/profile"), arena_dup(c->arena, buf_str(&b)), answer);
	buf_done(&b);
}

static const struct tool tools[] = {
	{ "send", "Sends a message to a peer, or posts to a topic.",
	  "\"to\":{\"type\":\"string\",\"description\":\"from_id, name, @group, * or #topic\"},"
	  "\"message\":{\"type\":\"string\"},\"priority\":{\"enum\":[\"now\",\"next\",\"low\"]},"
	  "\"reply_to_id\":{\"type\":\"string\"}",
	  "[\"to\",\"message\"]", false, send_fits, send_ask,
	  { { NULL, "message", "send", true }, { NULL, "topic", "post", true, .posts = true } } },
	{ "inbox", "Messages not read yet.", "\"all\":{\"type\":\"boolean\"}", "[]", false, any_fits, inbox_ask,
	  { { NULL, "message", "inbox", false } } },
	{ "peers", "Who is connected.", "", "[]", true, any_fits, peers_ask, { { NULL, "peer", "list", false } } },
	{ "status", "Says what this session is doing.",
	  "\"status\":{\"enum\":[\"idle\",\"working\",\"dnd\"]},\"summary\":{\"type\":\"string\"}", "[]", false,
	  status_fits, status_ask,
	  { { "status", "profile", "status", true }, { "summary", "profile", "summary", true } } },
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

/* May the tool do what it is about to? NULL is yes, but for *ret_needs_peers. */
static struct err *ask_policy(struct mcp_call *c, const struct tool *tool, const struct json *args,
			      const struct json *peers, bool *ret_needs_peers)
{
	bool is_topic = str_starts(str_trim(json_get_str(args, S("to"))), S("#"));
	const struct mcp_env *env = &c->mcp->env;

	*ret_needs_peers = false;
	for (size_t i = 0; env->may && i < DEEDS_MAX && tool->deeds[i].resource; i++) {
		const struct mcp_deed deed = { .resource = tool->deeds[i].resource,
					       .verb = tool->deeds[i].verb,
					       .is_write = tool->deeds[i].is_write,
					       .mesh = json_get_str(args, S("mesh")),
					       .who = is_topic ? STR_NONE : json_get_str(args, S("to")),
					       .peers = peers,
					       .ret_needs_peers = ret_needs_peers };

		if ((tool->deeds[i].given && !json_get(args, str_from(tool->deeds[i].given))) ||
		    (tool->deeds[i].posts && !is_topic))
			continue;
		TRY(env->may(env->may_arg, c->arena, &deed));
		if (*ret_needs_peers)
			return NULL;
	}
	return NULL;
}

static void go_on(struct mcp_call *c, const struct json *peers);

static void on_peers(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	if (!e && status < 400)
		go_on(c, body);
	else
		answer(c, e, status, body);
}

static void go_on(struct mcp_call *c, const struct json *peers)
{
	const struct tool *tool = tool_find(c->mcp, json_get_str(c->params, S("name")));
	const struct json *args = json_get(c->params, S("arguments"));
	bool needs_peers;
	struct err *e = ask_policy(c, tool, args, peers, &needs_peers);

	if (e)
		answer_text(c, e->text, true);
	else if (needs_peers && !peers)
		mcp_ask(c, S("GET"), S("/v1/peers"), STR_NONE, on_peers);
	else
		tool->ask(c, args);
}

static void call_run(struct mcp_call *c)
{
	const struct tool *tool = tool_find(c->mcp, json_get_str(c->params, S("name")));
	const struct json *args = json_get(c->params, S("arguments"));

	if (!tool)
		mcp_error(c, RPC_PARAMS, c->mcp->env.tools ? "no such tool; there are send, inbox, peers and status"
							   : "tools are off; use the claudemesh command");
	else if ((args && args->type != JSON_OBJ) || !tool->fits(args))
		mcp_error(c, RPC_PARAMS, "%s: the arguments do not fit the schema", tool->name);
	else
		go_on(c, NULL);
}

const struct mcp_method mcp_tool_methods[] = {
	{ "tools/list", IN_BOTH, list_run, "Lists the tools; none unless they are switched on." },
	{ "tools/call", IN_BOTH, call_run, "Runs a tool." },
	{ 0 }
};
