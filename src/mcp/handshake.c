/*
 * handshake.c - who we are: `initialize` up to 2025-11-25, `server/discover` from 2026-07-28.
 *
 * The capability "claude/channel" is what makes Claude Code listen to channel notifications;
 * without it they are dropped in silence.
 */
#include "mcp/instructions.h"
#include "mcp/mcp_internal.h"

static const str handshake_versions[] = { S("2025-11-25"), S("2025-06-18"), S("2025-03-26"), S("2024-11-05") };
static const str stateless_version = S("2026-07-28");

/* What the client asks for if we know it, else our newest. */
str mcp_version_for(str asked)
{
	for (size_t i = 0; i < ARRAY_LEN(handshake_versions); i++)
		if (str_eq(asked, handshake_versions[i]))
			return handshake_versions[i];
	return handshake_versions[0];
}

bool mcp_version_is_stateless(str version)
{
	return str_eq(version, stateless_version);
}

static void put_capabilities(struct json_out *o, const struct mcp *m)
{
	json_key(o, S("capabilities"));
	json_obj(o);
	if (m->env.tools)
		json_put_raw(o, "tools", S("{}"));
	json_put_raw(o, "prompts", S("{\"listChanged\":true}"));
	json_put_raw(o, "resources", S("{\"listChanged\":true}"));
	json_put_raw(o, "experimental", S("{\"claude/channel\":{}}"));
	json_obj_end(o);
}

static void put_info(struct json_out *o)
{
	json_obj(o);
	json_put_str(o, "name", S("claudemesh"));
	json_put_str(o, "version", S(CLAUDEMESH_VERSION));
	json_obj_end(o);
}

static void initialize_run(struct mcp_call *c)
{
	str asked = json_get_str(c->params, S("protocolVersion"));
	struct mcp *m = c->mcp;
	struct mcp_result r;

	if (!asked.ptr) {
		mcp_error(c, RPC_PARAMS, "protocolVersion is missing");
		return;
	}
	m->era = ERA_HANDSHAKE;
	m->version = mcp_version_for(asked);
	mcp_result(c, &r);
	json_put_str(&r.json, "protocolVersion", m->version);
	put_capabilities(&r.json, m);
	json_key(&r.json, S("serverInfo"));
	put_info(&r.json);
	json_put_str(&r.json, "instructions", S(MCP_INSTRUCTIONS));
	mcp_result_end(&r);
}

static void discover_run(struct mcp_call *c)
{
	struct mcp_result r;

	mcp_result(c, &r);
	json_key(&r.json, S("supportedVersions"));
	json_arr(&r.json);
	json_str(&r.json, stateless_version);
	json_arr_end(&r.json);
	put_capabilities(&r.json, c->mcp);
	json_put_str(&r.json, "instructions", S(MCP_INSTRUCTIONS));
	json_key(&r.json, S("_meta"));
	json_obj(&r.json);
	json_key(&r.json, S("io.modelcontextprotocol/serverInfo"));
	put_info(&r.json);
	json_obj_end(&r.json);
	mcp_result_end_list(&r);
}

static void ping_run(struct mcp_call *c)
{
	struct mcp_result r;

	mcp_result(c, &r);
	mcp_result_end(&r);
}

static void initialized_run(struct mcp_call *c)
{
	c->mcp->ready = c->mcp->version.ptr != NULL;
	mcp_call_free(c);
}

/* Nothing of ours takes long enough to be worth stopping. */
static void cancelled_run(struct mcp_call *c)
{
	mcp_call_free(c);
}

const struct mcp_method mcp_handshake_methods[] = {
	{ "initialize", IN_HANDSHAKE, initialize_run, "Agrees on a version and says what we offer." },
	{ "notifications/initialized", IN_HANDSHAKE, initialized_run, "The client is ready: messages may be shown." },
	{ "server/discover", IN_BOTH, discover_run, "Says what we offer, without a handshake." },
	{ "ping", IN_HANDSHAKE, ping_run, "Answers." },
	{ "notifications/cancelled", IN_BOTH, cancelled_run, "The client waits for an answer no more." },
	{ 0 }
};
