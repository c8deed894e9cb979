/*
 * api_ask.c - topics, API keys and what else a command asks the mesh's broker by itself: the
 * frame goes out as it came, over the caller's own connection, and the answer comes back.
 *
 * The daemon does not read them, and so nothing here changes when a verb gets a field. Messages and
 * posts are none of this: they go through the outbox (accept.h).
 */
#include "daemon/api_call.h"

enum { ASK_MS = 10000 };

/* By name, or by how the name begins if it ends with '_'. Everything else has a route of its
 * own, or is the daemon's alone (hello, client_ack, send). */
static const char *const asked[] = { "topic_", "apikey_", "audit_", "notification_", "me_", "member_", "grants_", "permissions_", "list_peers",
				       "kick", "disconnect", "ban", "unban", "list_bans", "leave_mesh", NULL };

static bool is_asked(str type)
{
	for (size_t i = 0; asked[i]; i++) {
		str word = str_from(asked[i]);

		if (str_ends(word, S("_")) ? str_starts(type, word) : str_eq(type, word))
			return true;
	}
	return false;
}

static void on_reply(void *arg, const struct err *e, const struct json *reply)
{
	struct api_call *c = arg;

	if (e) {
		api_fail(c, e);
		return;
	}
	json_put_raw(api_ok(c), "reply", reply->raw);
	api_done(c, 200);
}

/* What stands between the braces; the frame's own members are ours to write. */
static struct err *members_of(struct api_call *c, const struct json *args, str *ret_members)
{
	if (!args || args->type == JSON_NULL)
		return NULL;
	if (args->type != JSON_OBJ)
		return FAIL(c->arena, BAD_REQUEST, "field 'args': expected an object");
	for (const struct json *m = args->first; m; m = m->next)
		if (str_eq(m->key, S("type")) || str_eq(m->key, S("_reqId")) || str_eq(m->key, S("id")))
			return FAIL(c->arena, BAD_REQUEST, "field 'args.%.*s' is the daemon's to write",
				    STRF(m->key));
	*ret_members = str_trim(str_of(args->raw.ptr + 1, args->raw.len - 2));
	return NULL;
}

static struct err *ask_run(struct api_call *c)
{
	const struct local_ask_args *in = c->args;
	const struct session *s = api_session(c);
	str members = STR_NONE;
	struct route *r;
	struct mesh *m;

	if (!is_asked(in->type))
		return FAIL(c->arena, NOT_SUPPORTED, "'%.*s' is not passed on", STRF(in->type));
	TRY(members_of(c, in->args, &members));
	TRY(api_mesh(c, in->mesh, &m));
	if (c->is_session && !s)
		return FAIL(c->arena, GONE, "the session has ended");
	r = s ? meshes_route(c->daemon->meshes, m->mesh_id, s->pubkey) : m->member;
	if (!r)
		return FAIL(c->arena, TRY_AGAIN, "the session has no connection yet");
	route_ask_text(r, in->type, members, ASK_MS, on_reply, c);
	return NULL;
}

const struct api_route api_ask_routes[] = {
	{ "POST", "/v1/ask", local_ask_fields, sizeof(struct local_ask_args), LOCAL_ASK_BYTES_MAX, API_ANYONE,
	  ask_run, "Asks the mesh's broker about topics, API keys, members and mentions." },
	{ 0 }
};
