/*
 * api.c - who may call, which route it is, what it brings. The order of the checks is that of
 * client.md 6.4.
 */
#include "daemon/api.h"

#include <unistd.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "daemon/api_call.h"
#include "daemon/local_token.h"
#include "net/url.h"

enum { SESSION_TOKEN_DIGITS = 64, WARN_MS = 1000, ARGS_MAX = 32 };

static const struct api_route *const tables[] = {
	api_process_routes, api_session_routes, api_mail_routes, api_outbox_routes,
	api_peer_routes,    api_pass_routes,    api_ask_routes,     api_event_routes,
};

static void respond_error(struct api *api, struct server_request *rq, const struct err *e,
			  str nearest)
{
	struct buf b = buf_make(64 << 10);
	struct json_out j = json_out(&b);
	const struct http_header type = { S("Content-Type"), S("application/json") };

	json_obj(&j);
	json_put_bool(&j, "ok", false);
	json_put_str(&j, "error", err_wire(e));
	json_put_str(&j, "detail", err_public(e));
	if (!str_empty(nearest))
		json_put_str(&j, "nearest", nearest);
	json_obj_end(&j);
	server_respond(api->server, rq, err_http(e), &type, 1, buf_str(&b));
	buf_done(&b);
}

/* Security refusals are logged, but nobody can fill the log with them. */
static void warn(struct api *api, const char *what, const struct server_request *rq)
{
	i64 now = loop_now_ms(api->daemon->loop);

	if (api->warned_ms && now - api->warned_ms < WARN_MS)
		return;
	api->warned_ms = now;
	log_warn(what, LOG_S("from", str_from(rq->peer->text)), LOG_I("pid", rq->peer->pid));
}

/* Who may call. */

static bool has_token_in_query(const struct http_head *h)
{
	str query = h->query, name, value;

	while (url_query_next(&query, &name, &value))
		if (str_eq_nocase(name, S("token")))
			return true;
	return false;
}

static bool host_is_local(str host)
{
	str name;
	bool is_ipv6;
	int port;

	if (str_empty(host))
		return true;
	if (!url_split_authority(host, &name, &is_ipv6, &port))
		return str_eq(host, S("::1"));
	return str_eq_nocase(name, S("localhost")) || str_eq(name, S("127.0.0.1")) ||
	       str_eq(name, S("::1"));
}

static struct err *check_caller(struct api *api, struct server_request *rq)
{
	str auth = http_header_get(rq->head, S("Authorization"));

	if (has_token_in_query(rq->head)) {
		warn(api, "ipc_token_in_query", rq);
		return FAIL(rq->arena, BAD_REQUEST, "a token does not belong into an address");
	}
	if (!host_is_local(rq->head->host)) {
		warn(api, "ipc_forbidden_host", rq);
		return FAIL(rq->arena, FORBIDDEN, "forbidden host");
	}
	if (http_header_count(rq->head, S("Origin"))) {
		warn(api, "ipc_forbidden_origin", rq);
		return FAIL(rq->arena, FORBIDDEN, "forbidden origin");
	}
	if (rq->peer->is_unix) {
		if (rq->peer->uid == geteuid())
			return NULL;
		warn(api, "ipc_foreign_user", rq);
		return FAIL(rq->arena, FORBIDDEN, "this daemon works for another user");
	}
	if (local_token_admits(api->token, auth))
		return NULL;
	warn(api, "ipc_bearer_mismatch", rq);
	return FAIL(rq->arena, UNAUTHORIZED, "the local token is missing or wrong");
}

/* *ret_token empty: the user. */
static struct err *find_session(struct api *api, struct server_request *rq, str *ret_token,
				struct session **ret_session)
{
	const str scheme = S(LOCAL_SESSION_SCHEME);
	str auth = http_header_get(rq->head, S("Authorization"));

	*ret_token = STR_NONE;
	*ret_session = NULL;
	if (!rq->peer->is_unix || str_empty(auth))
		return NULL;
	if (auth.len <= scheme.len || !str_eq_nocase(str_of(auth.ptr, scheme.len), scheme))
		return FAIL(rq->arena, UNAUTHORIZED, "only a session's token is understood here");
	*ret_token = str_trim(str_skip(auth, scheme.len));
	if (str_is_hex(*ret_token, SESSION_TOKEN_DIGITS / 2, false))
		*ret_session = sessions_get(api->daemon->sessions, *ret_token);
	if (*ret_session)
		return NULL;
	return err_word(FAIL(rq->arena, UNAUTHORIZED,
			     "no session has this token: it ended, or the daemon does not know it"),
			S("unknown_session"));
}

/* Routes. */

/* Does the path fit? *ret_param is what stands for "<x>", still escaped. */
static bool path_fits(const char *pattern, str path, str *ret_param)
{
	str want = str_from(pattern);
	ptrdiff_t hole = str_index(want, '<');

	*ret_param = STR_NONE;
	if (hole < 0)
		return str_eq(want, path);
	want.len = (size_t)hole;
	if (!str_starts(path, want))
		return false;
	*ret_param = str_skip(path, want.len);
	return !str_empty(*ret_param) && str_index(*ret_param, '/') < 0;
}

static const struct api_route *route_get(const struct http_head *h, str *ret_param)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct api_route *r = tables[t]; r->method; r++)
			if (str_eq(str_from(r->method), h->method) &&
			    path_fits(r->path, h->path, ret_param))
				return r;
	return NULL;
}

/* A word of the path first, whatever the method: "GET /v1/inbox" for "PUT /v1/inbox". */
static str nearest_route(struct arena *a, const struct http_head *h)
{
	size_t best = SIZE_MAX;
	str found = STR_NONE, param;

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct api_route *r = tables[t]; r->method; r++) {
			size_t d = path_fits(r->path, h->path, &param)
					   ? 0
					   : str_distance(h->path, str_from(r->path));

			if (d >= best || d > 6)
				continue;
			best = d;
			found = arena_printf(a, "%s %s", r->method, r->path);
		}
	return found;
}

static void respond_no_route(struct api *api, struct server_request *rq)
{
	str nearest = nearest_route(rq->arena, rq->head);
	struct err *e = FAIL(rq->arena, NOT_FOUND, "there is no route %.*s %.*s%s%.*s",
			     STRF(rq->head->method), (int)MIN(rq->head->path.len, 100),
			     rq->head->path.ptr, str_empty(nearest) ? "" : "; there is ",
			     STRF(nearest));

	respond_error(api, rq, e, nearest);
}

/* What it brings. */

static const struct json_field *field_get(const struct json_field *fields, str name)
{
	for (; fields && fields->name; fields++)
		if (str_eq(str_from(fields->name), name))
			return fields;
	return NULL;
}

/* A value of the query as the JSON that the field wants; wrong ones are left to the decoder. */
static struct json *query_value(struct arena *a, const struct json_field *f, str text)
{
	struct json *v = NEW(a, struct json);
	bool yes = str_eq(text, S("true")) || str_eq(text, S("1"));

	*v = (struct json){ .type = JSON_STR, .s = text, .key = str_from(f->name) };
	if (f->kind == JSON_K_I64 && str_to_i64(text, &v->i))
		v->type = JSON_INT;
	if (f->kind == JSON_K_BOOL && (yes || str_eq(text, S("false")) || str_eq(text, S("0")))) {
		v->type = JSON_BOOL;
		v->b = yes;
	}
	return v;
}

/* The query as an object. */
static struct err *read_query(struct arena *a, const struct api_route *r, str query,
			      const struct json **ret_obj)
{
	struct json *obj = NEW(a, struct json), **last = &obj->first;
	str name, value;

	obj->type = JSON_OBJ;
	while (url_query_next(&query, &name, &value)) {
		const struct json_field *f = field_get(r->fields, name);

		if (!f)
			continue;
		if (json_get(obj, name))
			return FAIL(a, BAD_REQUEST, "'%s' stands in the query twice", f->name);
		TRY(url_decode_form(a, value, &value));
		*last = query_value(a, f, value);
		last = &(*last)->next;
		obj->count++;
	}
	*ret_obj = obj;
	return NULL;
}

static struct err *read_args(struct api_call *c, struct server_request *rq)
{
	const struct api_route *r = c->route;
	const struct json *obj;
	void *args;

	if (!r->fields)
		return NULL;
	args = secret_alloc(c->arena, r->args_size);
	if (str_eq(rq->head->method, S("POST"))) {
		str body = secret_dup(c->arena, rq->body);

		TRY(json_parse(c->arena, body, &obj));
		if (obj->type != JSON_OBJ)
			return FAIL(c->arena, BAD_REQUEST, "the body is not a JSON object");
	} else {
		TRY(read_query(c->arena, r, rq->head->query, &obj));
	}
	TRY(json_decode(c->arena, obj, r->fields, args, r->args_size, NULL));
	c->args = args;
	return NULL;
}

static struct err *check_who(struct api_call *c)
{
	if (c->is_session && c->route->who == API_USER)
		return FAIL(c->arena, FORBIDDEN, "a session may not do that, only its user");
	if (!c->is_session && c->route->who == API_SESSION)
		return FAIL(c->arena, UNAUTHORIZED, "no session token");
	return NULL;
}

/* The copies outlive the request and the session. */
static void know_caller(struct api_call *c, const struct server_request *rq, str token,
			const struct session *s)
{
	struct view view = daemon_view(s);
	struct arena *a = c->arena;

	c->is_session = s != NULL;
	c->token = s ? secret_dup(a, token) : STR_NONE;
	c->view = (struct view){ arena_dup(a, view.mesh_id), arena_dup(a, view.session_pubkey),
				 arena_dup(a, view.member_pubkey) };
	c->idempotency_key = arena_dup(a, http_header_get(rq->head, S("Idempotency-Key")));
	c->last_event_id = arena_dup(a, http_header_get(rq->head, S("Last-Event-ID")));
}

static struct api_call *call_new(struct api *api, struct server_request *rq)
{
	struct arena *a = arena_new();
	struct api_call *c = NEW(a, struct api_call);

	*c = (struct api_call){
		.api = api,
		.daemon = api->daemon,
		.arena = a,
		.id = rq->id,
		.out = buf_make(API_ANSWER_MAX),
		.next = api->calls,
	};
	c->json = json_out(&c->out);
	if (api->calls)
		api->calls->prev = c;
	api->calls = c;
	return c;
}

static struct err *begin_call(struct api_call *c, struct server_request *rq, str escaped_param,
			      str token, const struct session *s)
{
	know_caller(c, rq, token, s);
	TRY(check_who(c));
	if (escaped_param.ptr)
		TRY(url_decode(c->arena, escaped_param, &c->param));
	TRY(read_args(c, rq));
	return c->route->run(c);
}

/* The server's callbacks. */

static void on_head(void *arg, struct server_request *rq)
{
	struct api *api = arg;
	struct err *e = check_caller(api, rq);
	const struct api_route *r;
	str param;

	if (e) {
		respond_error(api, rq, e, STR_NONE);
		return;
	}
	r = route_get(rq->head, &param);
	if (!r)
		respond_no_route(api, rq);
	else
		rq->body_max = r->body_max;
}

static void on_request(void *arg, struct server_request *rq)
{
	struct api *api = arg;
	struct session *s;
	struct api_call *c;
	str token, param;
	struct err *e = find_session(api, rq, &token, &s);

	if (e) {
		respond_error(api, rq, e, STR_NONE);
		return;
	}
	c = call_new(api, rq);
	c->route = route_get(rq->head, &param);
	e = begin_call(c, rq, param, token, s);
	if (e)
		api_fail(c, e);
}

static void on_stream_close(void *arg, struct conn_id id, void *user)
{
	api_stream_closed(user);
}

static void on_stream_drained(void *arg, struct conn_id id, void *user)
{
	api_stream_drained(user);
}

static const struct server_app app = {
	.on_request_head = on_head,
	.on_request = on_request,
	.on_stream_close = on_stream_close,
	.on_stream_drained = on_stream_drained,
};

/* The API as a whole. */

struct api *api_new(struct daemon *d, const struct place *pl)
{
	struct server_limits limits = server_limits_default;
	struct api *api = calloc(1, sizeof(*api));

	if (!api)
		abort();
	*api = (struct api){ .daemon = d, .place = pl };
	limits.conns_max = limits.unauth_max = limits.unauth_per_addr_max = API_CONNS_MAX;
	limits.out_max = API_ANSWER_MAX;
	limits.answer_ms = 2 * LOCAL_WAIT_MAX_MS;
	api->server = server_new(d->loop, &app, api, &limits);
	drain_set_heard(d->drain, api_on_heard, api);
	return api;
}

struct err *api_listen(struct arena *a, struct api *api)
{
	return server_listen_unix(a, api->server, api->place->socket);
}

struct err *api_listen_fd(struct arena *a, struct api *api, int fd)
{
	return server_listen_fd(a, api->server, fd);
}

struct err *api_listen_tcp(struct arena *a, struct api *api, int port, str token)
{
	TRY(server_listen(a, api->server, S("127.0.0.1"), port, NULL));
	api->token = token;
	api->port = server_port(api->server);
	return NULL;
}

int api_port(const struct api *api)
{
	return api->port;
}

void api_stop(struct api *api, void (*fn)(void *arg), void *arg)
{
	while (api->calls)
		api_fail(api->calls, FAIL(api->calls->arena, TRY_AGAIN, "the daemon is stopping"));
	server_stop(api->server, API_STOP_MS, fn, arg);
}

void api_free(struct api *api)
{
	if (!api)
		return;
	drain_set_heard(api->daemon->drain, NULL, NULL);
	while (api->calls)
		api_drop(api->calls);
	api_streams_end(api);
	loop_timer_free(api->keepalive);
	server_free(api->server);
	free(api);
}
