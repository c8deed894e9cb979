#include "daemon/api_call.h"

#include "base/log.h"

struct session *api_session(struct api_call *c)
{
	return c->is_session ? sessions_get(c->daemon->sessions, c->token) : NULL;
}

struct err *api_mesh(struct api_call *c, str mesh, struct mesh **ret_mesh)
{
	TRY(meshes_choose(c->arena, c->daemon->meshes, mesh, api_session(c), ret_mesh));
	if (c->is_session && !str_eq((*ret_mesh)->mesh_id, c->view.mesh_id))
		return FAIL(c->arena, FORBIDDEN, "this session is in another mesh than '%.*s'",
			    STRF(mesh));
	/* An agent does not bring itself back; its user does, by whatever command. */
	if (!c->is_session)
		meshes_rejoin(c->daemon->meshes, *ret_mesh, false);
	return NULL;
}

struct err *api_mesh_filter(struct api_call *c, str mesh, str *ret_mesh_id)
{
	struct mesh *m;

	*ret_mesh_id = c->view.mesh_id;
	if (str_empty(mesh))
		return NULL;
	TRY(api_mesh(c, mesh, &m));
	*ret_mesh_id = arena_dup(c->arena, m->mesh_id);
	return NULL;
}

struct json_out *api_ok(struct api_call *c)
{
	json_obj(&c->json);
	json_put_bool(&c->json, "ok", true);
	return &c->json;
}

void api_drop(struct api_call *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->api->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (c->cleanup)
		c->cleanup(c);
	meshes_forget(c->daemon->meshes, c);
	accept_forget(c->daemon->accept, c);
	loop_timer_free(c->timer);
	buf_done(&c->out);
	arena_free(c->arena);
}

static void respond(struct api_call *c, int status)
{
	const struct http_header type = { S("Content-Type"), S("application/json") };
	struct server_request *rq = server_request_get(c->api->server, c->id);

	if (rq)
		server_respond(c->api->server, rq, status, &type, 1, buf_str(&c->out));
	api_drop(c);
}

void api_done(struct api_call *c, int status)
{
	json_obj_end(&c->json);
	if (c->out.full)
		api_fail(c, FAIL(c->arena, TOO_LARGE, "the answer is larger than %d bytes",
				 API_ANSWER_MAX));
	else
		respond(c, status);
}

/* Which there are, for who named none. */
static void put_attached(struct api_call *c)
{
	struct mesh *m;

	json_key(&c->json, S("attached"));
	json_arr(&c->json);
	for (size_t i = 0; (m = meshes_at(c->daemon->meshes, i)); i++)
		json_str(&c->json, m->slug);
	json_arr_end(&c->json);
}

void api_fail(struct api_call *c, const struct err *e)
{
	if (e->code == ERR_INTERNAL || e->code == ERR_IO)
		log_err(LOG_ERROR, "ipc_call_failed", e);
	buf_clear(&c->out);
	c->out.full = false;
	c->json = json_out(&c->out);
	json_obj(&c->json);
	json_put_bool(&c->json, "ok", false);
	json_put_str(&c->json, "error", err_wire(e));
	json_put_str(&c->json, "detail", err_public(e));
	if (str_eq(err_wire(e), S("mesh_required")) && !c->is_session)
		put_attached(c);
	json_obj_end(&c->json);
	respond(c, err_http(e));
}
