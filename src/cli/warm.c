#include "cli/warm.h"

#include "cli/context.h"
#include "client/keys.h"
#include "client/resolve.h"
#include "crypto/secret.h"
#include "net/url.h"

enum { AWAY_MS = 500, BODY_MAX = 1 << 20, RELOAD_MS = 1000 };

static struct err *find(struct cli *c, struct warm *w)
{
	*w = (struct warm){ 0 };
	if (!crypto_start())
		return FAIL(c->arena, INTERNAL, "this system gives no randomness");
	TRY(paths_user_from_env(c->arena, &w->paths));
	return ipc_from_env(c->arena, &w->paths, &w->ipc);
}

/* What the user has to know about it, if anything. */
static struct err *not_up(struct cli *c, const struct warm *w, const struct daemon_start *st,
			  enum daemon_policy policy)
{
	if (policy == DAEMON_STRICT)
		return cli_hint(c, FAIL(c->arena, TRY_AGAIN, "the daemon is not available (%s): %.*s",
					daemon_state_word(st->state), STRF(st->why)),
				"%.*s", STRF(st->hint));
	/* Quietly sending as somebody else would be worse. */
	if (!str_empty(w->ipc.token))
		return cli_hint(c, FAIL(c->arena, TRY_AGAIN,
					"this session's messages go through the daemon, and it is not there "
					"(%s): %.*s",
					daemon_state_word(st->state), STRF(st->why)),
				"%.*s", STRF(st->hint));
	if (st->state != DAEMON_OFF && st->state != DAEMON_NO_MESH)
		out_note(&c->out, "[claudemesh] warn no daemon (%s): %.*s; going on without it",
			 daemon_state_word(st->state), STRF(st->why));
	return NULL;
}

static struct err *open_warm(struct cli *c, struct warm *w, bool no_spawn)
{
	enum daemon_policy policy = daemon_policy_from(c->global.no_daemon, c->global.strict);
	struct daemon_start_spec spec = { .paths = &w->paths,
					  .ipc = &w->ipc,
					  .policy = policy,
					  .no_spawn = no_spawn };
	struct daemon_start st;
	struct err *e = find(c, w);

	/* A place that cannot have a daemon is no reason to do nothing. */
	if (e && (policy == DAEMON_STRICT || e->code == ERR_INTERNAL))
		return e;
	if (e)
		return NULL;
	st = daemon_ensure(c->arena, &spec);
	w->is_up = daemon_is_up(st.state);
	return w->is_up || no_spawn ? NULL : not_up(c, w, &st, policy);
}

struct err *warm_open(struct cli *c, struct warm *w)
{
	return open_warm(c, w, false);
}

struct err *warm_look(struct cli *c, struct warm *w)
{
	return open_warm(c, w, true);
}

struct err *warm_get(struct cli *c, const struct warm *w, str target, const struct json **ret_body)
{
	const struct ipc_request rq = { .target = target, .deadline_ms = 2 * LOCAL_WAIT_MAX_MS };

	return ipc_ask(c->arena, &w->ipc, &rq, ret_body);
}

str warm_put_out(const struct json *health, str slug)
{
	static const char *const words[] = { "kicked: ", "banned: ", "revoked: " };
	str why = json_get_str(json_get(health, S("closed")), slug);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(why, str_from(words[i])))
			return str_skip(why, strlen(words[i]));
	return STR_NONE;
}

static void tell_put_out(struct cli *c, const struct json *health)
{
	const struct json *closed = json_get(health, S("closed"));

	for (const struct json *m = closed ? closed->first : NULL; m; m = m->next) {
		str why = warm_put_out(health, m->key);

		if (why.len && (str_empty(c->global.mesh) || str_eq(m->key, c->global.mesh)))
			out_warn(&c->out, STR_NONE, "%.*s: %.*s", STRF(m->key), STRF(why));
	}
}

void warm_tell_away(struct cli *c, const struct warm *w)
{
	const struct ipc_request rq = { .target = S("/v1/health"), .deadline_ms = AWAY_MS };
	const struct json *body, *lost;

	if (c->out.json || !w->is_up || ipc_ask(c->arena, &w->ipc, &rq, &body))
		return;
	tell_put_out(c, body);
	lost = json_get(body, S("reconnecting"));
	for (const struct json *m = lost ? lost->first : NULL; m; m = m->next)
		if (str_empty(c->global.mesh) || str_eq(m->key, c->global.mesh))
			out_warn(&c->out, S("claudemesh doctor tells why; this is what was known before"),
				 "the broker of %.*s does not answer", STRF(m->key));
}

struct err *warm_send(struct cli *c, const struct warm *w, const char *method, str target,
		      const struct json_field *fields, const void *args, const struct json **ret_body)
{
	struct ipc_request rq = { .method = str_from(method),
				  .target = target,
				  .deadline_ms = 2 * LOCAL_WAIT_MAX_MS };
	struct buf body = buf_make(BODY_MAX);
	struct json_out j = json_out(&body);
	struct err *e;

	if (fields) {
		json_obj(&j);
		json_encode(&j, fields, args);
		json_obj_end(&j);
		rq.body = buf_str(&body);
	}
	e = body.full ? FAIL(c->arena, TOO_LARGE, "that is too much for one request")
		      : ipc_ask(c->arena, &w->ipc, &rq, ret_body);
	secret_wipe(body.ptr, body.len);
	buf_done(&body);
	return e;
}

str warm_target(struct arena *a, const char *path, const struct query *pairs, size_t n)
{
	str target = str_from(path);
	char sep = '?';

	for (size_t i = 0; i < n; i++) {
		if (str_empty(pairs[i].value))
			continue;
		target = arena_printf(a, "%.*s%c%s=%.*s", STRF(target), sep, pairs[i].name,
				      STRF(url_encode(a, pairs[i].value)));
		sep = '&';
	}
	return target;
}

struct err *warm_mesh(struct cli *c, const struct warm *w, str *ret_slug)
{
	const struct config_mesh_args *mesh;
	struct config_args config;

	*ret_slug = c->global.mesh;
	if (!str_empty(w->ipc.token))
		return NULL;
	TRY(config_load(c->arena, &w->paths, &config));
	TRY(context_mesh(c, &config, &mesh));
	*ret_slug = mesh->slug;
	return NULL;
}

static struct err *warm_list(struct cli *c, const struct warm *w, str target,
			     const struct config_mesh_args *mesh, struct peers_list_args *ret_list)
{
	struct mesh_keys_args keys;
	const struct json *body;

	TRY(warm_get(c, w, target, &body));
	TRY(json_decode(c->arena, body, peers_list_fields, ret_list, sizeof(*ret_list), NULL));
	TRY(keys_load(c->arena, &w->paths, mesh->meshId, &keys));
	members_verify(c->arena, &ret_list->members, mesh->meshId, keys.owner_pubkey);
	members_confirm(&ret_list->members, keys.confirmed.items, keys.confirmed.n);
	return NULL;
}

struct err *warm_peers(struct cli *c, const struct warm *w, const struct config_mesh_args *mesh,
		       struct peers_list_args *ret_list)
{
	const struct query q = { "mesh", mesh->slug };

	return warm_list(c, w, warm_target(c->arena, "/v1/peers", &q, 1), mesh, ret_list);
}

static struct err *company_warm(struct cli *c, const struct warm *w, struct company *co)
{
	const struct query q[] = { { "mesh", co->mesh->slug }, { "fresh", S("true") } };
	const struct json *body;

	co->paths = w->paths;
	TRY(warm_list(c, w, warm_target(c->arena, "/v1/peers", q, ARRAY_LEN(q)), co->mesh, &co->list));
	if (str_empty(w->ipc.token))
		return NULL;
	TRY(warm_get(c, w, S("/v1/sessions/me"), &body));
	co->session = json_get_str(json_get(body, S("session")), S("pubkey"));
	return NULL;
}

struct err *warm_company(struct cli *c, struct company *ret)
{
	struct config_args *config = NEW(c->arena, struct config_args);
	struct company co = { .session = S("") };
	struct visit_spec spec = { .display_name = context_display_name() };
	struct client client;
	struct visit *visit;
	struct warm w;
	struct err *e;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, config));
	TRY(context_mesh(c, config, &co.mesh));
	out_busy(&c->out, "asking the broker");
	TRY(warm_open(c, &w));
	if (w.is_up) {
		TRY(company_warm(c, &w, &co));
		*ret = co;
		return NULL;
	}
	spec.mesh = co.mesh;
	co.paths = *client.paths;
	TRY(visit_open(c->arena, &client, &spec, &visit));
	e = visit_peers(c->arena, visit, true, &co.list);
	visit_close(visit);
	TRY(e);
	*ret = co;
	return NULL;
}

struct err *warm_tell(struct cli *c, const struct warm *w, const char *method, str target,
		      const struct json_field *fields, const void *args, bool *ret_confirmed)
{
	const struct json *body;

	TRY(warm_send(c, w, method, target, fields, args, &body));
	*ret_confirmed = json_get_bool(body, S("confirmed"));
	return NULL;
}

struct err *warm_profile(struct cli *c, const struct warm *w, struct local_profile_args *args,
			 bool *ret_confirmed)
{
	TRY(warm_mesh(c, w, &args->mesh));
	return warm_tell(c, w, "POST", S("/v1/profile"), local_profile_fields, args, ret_confirmed);
}

void warm_reload(struct cli *c)
{
	struct warm w;
	struct ipc_request rq = { .method = S("POST"), .target = S("/v1/reload"), .deadline_ms = RELOAD_MS };
	struct ipc_reply reply;

	/* It watches the file; this only makes it sooner. */
	if (!find(c, &w) && str_empty(w.ipc.token) && !place_check(c->arena, &w.ipc.place) &&
	    ipc_call(c->arena, &w.ipc, &rq, &reply))
		return;
}
