/*
 * api_process.c - about the daemon itself: its version, its health, its meshes.
 */
#include "daemon/api_call.h"

#include <unistd.h>

static const char *const features[] = {
	"version", "health", "send", "inbox", "events", "peers", "profile", "skills", "state",
	"memory", "sessions", "outbox", "wait", "replay",
};

static struct err *version_run(struct api_call *c)
{
	struct json_out *j = api_ok(c);

	json_put_str(j, "daemon_version", S(CLAUDEMESH_VERSION));
	json_put_str(j, "ipc_api", S(LOCAL_API_VERSION));
	json_key(j, S("ipc_features"));
	json_arr(j);
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		json_str(j, str_from(features[i]));
	json_arr_end(j);
	json_put_int(j, "schema_version", 1);
	/* Who finds this daemon by its socket makes sure that it is the right one. */
	if (!c->is_session)
		json_put_str(j, "config_dir", c->api->place->config_dir);
	json_put_int(j, "pid", getpid());
	api_done(c, 200);
	return NULL;
}

/* The link that matters to who asks: a session's own, else the member's. */
static struct route *route_of(struct api_call *c, struct mesh *m)
{
	struct session *s = api_session(c);

	return s ? meshes_route(c->daemon->meshes, m->mesh_id, s->pubkey) : m->member;
}

static void put_routes(struct api_call *c, struct json_out *j)
{
	struct mesh *m;

	json_key(j, S("brokers"));
	json_obj(j);
	for (size_t i = 0; (m = meshes_at(c->daemon->meshes, i)); i++) {
		struct route *r = route_of(c, m);
		enum route_state state = r ? route_get_state(r) : ROUTE_CONNECTING;

		if (!c->is_session || str_eq(m->mesh_id, c->view.mesh_id))
			json_put_str(j, arena_cstr(c->arena, m->slug), str_from(route_state_word(state)));
	}
	json_obj_end(j);
}

/* Why links are in this state, as far as it is known. */
static void put_whys(struct api_call *c, struct json_out *j, const char *key, enum route_state state)
{
	struct mesh *m;

	json_key(j, str_from(key));
	json_obj(j);
	for (size_t i = 0; (m = meshes_at(c->daemon->meshes, i)); i++) {
		struct route *r = route_of(c, m);
		str word, text;

		if (!r || route_get_state(r) != state || (c->is_session && !str_eq(m->mesh_id, c->view.mesh_id)))
			continue;
		text = route_why(r, &word);
		json_put_str(j, arena_cstr(c->arena, m->slug),
			     arena_printf(c->arena, "%.*s: %.*s", STRF(word), STRF(text)));
	}
	json_obj_end(j);
}

static struct err *put_mail(struct api_call *c, struct json_out *j)
{
	i64 counts[6], unread;

	TRY(inbox_count_unread(c->daemon->inbox, c->arena, &c->view, &unread));
	json_put_int(j, "unread", unread);
	if (c->is_session)
		return NULL;
	TRY(outbox_count(c->daemon->outbox, c->arena, counts));
	json_key(j, S("outbox"));
	json_obj(j);
	for (int i = OUTBOX_PENDING; i <= OUTBOX_ABORTED; i++)
		json_put_int(j, outbox_status_words[i], counts[i]);
	json_obj_end(j);
	return NULL;
}

static struct err *health_run(struct api_call *c)
{
	struct json_out *j = api_ok(c);
	size_t n_sessions;

	json_put_int(j, "pid", getpid());
	json_put_str(j, "started_at", time_iso(c->arena, c->daemon->started_ms));
	put_routes(c, j);
	put_whys(c, j, "closed", ROUTE_CLOSED);
	put_whys(c, j, "reconnecting", ROUTE_RECONNECTING);
	sessions_list(c->arena, c->daemon->sessions, &n_sessions);
	json_put_int(j, "sessions", (i64)n_sessions);
	TRY(put_mail(c, j));
	if (c->api->port)
		json_put_int(j, "tcp_port", c->api->port);
	api_done(c, 200);
	return NULL;
}

static struct err *reload_run(struct api_call *c)
{
	meshes_reload(c->daemon->meshes);
	api_ok(c);
	api_done(c, 200);
	return NULL;
}

const struct api_route api_process_routes[] = {
	{ "GET", "/v1/version", NULL, 0, 0, API_ANYONE, version_run,
	  "Which daemon this is, and what it can do." },
	{ "GET", "/v1/health", NULL, 0, 0, API_ANYONE, health_run,
	  "Its connections and how much waits." },
	{ "POST", "/v1/reload", NULL, 0, 1024, API_USER, reload_run,
	  "Reads the configuration now: a mesh was joined or left." },
	{ 0 }
};
