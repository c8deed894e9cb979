/*
 * api_sessions.c - agent sessions: who registers, sees and ends them. What is told of a session
 * is public: no key, no token.
 */
#include "daemon/api_call.h"

#include "crypto/secret.h"

/* "@name" or "@name:role" */
static struct err *read_groups(struct arena *a, const struct strs *in, struct group_list *ret)
{
	*ret = (struct group_list){ .items = NEW_ARRAY(a, struct group_args, in->n),
				    .present = in->present };
	for (size_t i = 0; i < in->n; i++) {
		str rest = in->items[i], name = STR_NONE;

		if (str_starts(rest, S("@")))
			rest = str_skip(rest, 1);
		str_cut(&rest, ':', &name);
		if (str_empty(name) || name.len > NAME_BYTES_MAX || rest.len > NAME_BYTES_MAX)
			return FAIL(a, BAD_REQUEST, "field 'groups[%zu]': not \"@name\" or \"@name:role\"",
				    i);
		ret->items[ret->n++] = (struct group_args){ .name = name, .role = rest };
	}
	return NULL;
}

/* The pair that a launcher brought along. Malformed, it is as good as none. */
static bool read_presence(struct arena *a, const struct json *presence, struct sign_pair *ret_pair)
{
	struct local_presence_args in;

	if (!presence || json_decode(a, presence, local_presence_fields, &in, sizeof(in), NULL))
		return false;
	return sign_pair_from_hex(in.session_secret_key, ret_pair) &&
	       str_eq_nocase(sign_pair_pubkey(a, ret_pair), in.session_pubkey);
}

static struct err *register_run(struct api_call *c)
{
	const struct local_register_args *in = c->args;
	struct session_request claim = {
		.token = in->token,
		.session_id = in->session_id,
		.mesh = in->mesh,
		.display_name = in->display_name,
		.pid = in->pid,
		.cwd = in->cwd,
		.role = in->role,
		.message_mode = in->message_mode,
		.hooks = in->hooks,
	};
	struct sign_pair pair = { 0 };
	struct session *s;
	struct json_out *j;
	bool has_pair, stored;
	struct err *e;

	TRY(read_groups(c->arena, &in->groups, &claim.groups));
	has_pair = read_presence(c->arena, in->presence, &pair);
	claim.pair = has_pair ? &pair : NULL;
	e = sessions_register(c->arena, c->daemon->sessions, &claim, &s, &stored);
	sign_pair_wipe(&pair);
	TRY(e);
	daemon_tell_reach(c->daemon, s);
	j = api_ok(c);
	json_put_str(j, "registered_at", time_iso(c->arena, s->registered_ms));
	json_put_bool(j, "presence_accepted", has_pair);
	json_put_bool(j, "stored", stored);
	json_put_str(j, "mesh", s->mesh);
	json_put_str(j, "pubkey", s->pubkey);
	api_done(c, 200);
	return NULL;
}

static struct err *end_run(struct api_call *c)
{
	bool is_me = c->is_session && str_eq(c->param, S("me"));

	if (c->is_session && !is_me && !secret_eq(c->param, c->token))
		return FAIL(c->arena, FORBIDDEN, "a session ends only itself");
	TRY(sessions_end(c->arena, c->daemon->sessions, is_me ? c->token : c->param));
	/* Of a token no more than its beginning is ever shown. */
	json_put_str(api_ok(c), "token_prefix", str_of(c->param.ptr, MIN(c->param.len, 8)));
	api_done(c, 200);
	return NULL;
}

static struct err *me_run(struct api_call *c)
{
	struct session *s = api_session(c);
	struct json_out *j = api_ok(c);

	json_key(j, S("session"));
	session_json(c->arena, j, s);
	api_done(c, 200);
	return NULL;
}

/* Its MCP server has a channel, as long as one of its streams of events is open. */
static struct err *channel_run(struct api_call *c)
{
	struct session *s = api_session(c);

	s->channel = api_streams_of_channel(c->api, s) > 0;
	daemon_tell_reach(c->daemon, s);
	json_put_bool(api_ok(c), "channel", s->channel);
	api_done(c, 200);
	return NULL;
}

static struct err *list_run(struct api_call *c)
{
	size_t n;
	struct session **list = sessions_list(c->arena, c->daemon->sessions, &n);
	struct json_out *j = api_ok(c);

	json_key(j, S("sessions"));
	json_arr(j);
	for (size_t i = 0; i < n; i++)
		session_json(c->arena, j, list[i]);
	json_arr_end(j);
	api_done(c, 200);
	return NULL;
}

const struct api_route api_session_routes[] = {
	{ "POST", "/v1/sessions/register", local_register_fields, sizeof(struct local_register_args),
	  64 << 10, API_USER, register_run, "An agent session begins, or comes back." },
	{ "GET", "/v1/sessions/me", NULL, 0, 0, API_SESSION, me_run, "The session that asks." },
	{ "POST", "/v1/sessions/channel", NULL, 0, 1024, API_SESSION, channel_run,
	  "The agent shows at once what the stream of its events brings." },
	{ "GET", "/v1/sessions", NULL, 0, 0, API_USER, list_run, "All sessions of this machine." },
	{ "DELETE", "/v1/sessions/<token>", NULL, 0, 0, API_ANYONE, end_run,
	  "A session ends: by its token, by the beginning of its hash, or \"me\"." },
	{ 0 }
};
