/*
 * listen.c - telling that prompts and resources have changed: to everybody after a handshake,
 * in 2026-07-28 to whoever asked with subscriptions/listen, a request that stays open.
 */
#include "mcp/mcp_internal.h"

static void acknowledge(struct mcp_call *c, const struct mcp_subscription *s)
{
	mcp_notify(c->mcp, "notifications/subscriptions/acknowledged",
		   arena_printf(c->arena, "{\"notifications\":{\"promptsListChanged\":%s,\"resourcesListChanged\":%s},"
				"\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":%.*s}}",
				s->prompts ? "true" : "false", s->resources ? "true" : "false", STRF(c->id)));
}

static void listen_run(struct mcp_call *c)
{
	const struct json *wanted = json_get(c->params, S("notifications"));
	struct mcp *m = c->mcp;

	for (size_t i = 0; c->id.ptr && i < MCP_SUBSCRIPTIONS_MAX; i++) {
		struct mcp_subscription *s = &m->subscriptions[i];

		if (s->call)
			continue;
		*s = (struct mcp_subscription){
			.call = c,
			.prompts = json_get_bool(wanted, S("promptsListChanged")),
			.resources = json_get_bool(wanted, S("resourcesListChanged")),
		};
		acknowledge(c, s);
		return;
	}
	mcp_error(c, RPC_BUSY, "%d subscriptions are open, the most there may be", MCP_SUBSCRIPTIONS_MAX);
}

static void tell(struct mcp *m, const char *method, const struct mcp_subscription *s)
{
	mcp_notify(m, method,
		   arena_printf(s->call->arena, "{\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":%.*s}}",
				STRF(s->call->id)));
}

void mcp_skills_changed(struct mcp *m)
{
	if (mcp_is_ready(m)) {
		mcp_notify(m, "notifications/prompts/list_changed", STR_NONE);
		mcp_notify(m, "notifications/resources/list_changed", STR_NONE);
	}
	for (size_t i = 0; i < MCP_SUBSCRIPTIONS_MAX; i++) {
		const struct mcp_subscription *s = &m->subscriptions[i];

		if (s->call && s->prompts)
			tell(m, "notifications/prompts/list_changed", s);
		if (s->call && s->resources)
			tell(m, "notifications/resources/list_changed", s);
	}
}

const struct mcp_method mcp_listen_methods[] = {
	{ "subscriptions/listen", IN_STATELESS, listen_run, "Asks to be told of changed lists." },
	{ 0 }
};
