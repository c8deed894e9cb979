#include "cli/wire.h"

/* The mesh of the session that we run in. */
static struct err *session_mesh(struct cli *c, const struct warm *warm, str *ret_slug)
{
	const struct json *me;

	TRY(warm_get(c, warm, S("/v1/sessions/me"), &me));
	*ret_slug = json_get_str(json_get(me, S("session")), S("mesh"));
	return NULL;
}

static struct err *open_warm(struct cli *c, struct wire *w)
{
	struct config_args *config = NEW(c->arena, struct config_args);
	str slug = c->global.mesh;

	w->client = (struct client){ .paths = &w->warm.paths, .clock = &clock_real, .random = &random_system };
	TRY(config_load(c->arena, &w->warm.paths, config));
	if (str_empty(w->warm.ipc.token))
		return context_mesh(c, config, &w->mesh);
	if (str_empty(slug))
		TRY(session_mesh(c, &w->warm, &slug));
	return config_find_mesh(c->arena, config, slug, &w->mesh);
}

struct err *wire_open(struct cli *c, struct wire *w)
{
	*w = (struct wire){ .c = c };
	TRY(warm_open(c, &w->warm));
	if (w->warm.is_up)
		return open_warm(c, w);
	TRY(stay_find(c, &w->stay));
	w->client = w->stay.client;
	w->mesh = w->stay.mesh;
	return NULL;
}

static struct err *ask_daemon(struct wire *w, struct arena *a, const char *type,
			      const struct json_field *fields, const void *args,
			      const struct json **ret_reply)
{
	struct local_ask_args ask = { .type = str_from(type), .mesh = w->mesh->slug };
	CLEANUP(buf_done) struct buf text = buf_make(LOCAL_ASK_BYTES_MAX);
	struct json_out j = json_out(&text);
	const struct json *body;

	if (fields) {
		json_obj(&j);
		json_encode(&j, fields, args);
		json_obj_end(&j);
		if (text.full)
			return FAIL(a, TOO_LARGE, "that is too much for one request");
		TRY(json_parse(a, buf_str(&text), &ask.args));
	}
	TRY(warm_send(w->c, &w->warm, "POST", S("/v1/ask"), local_ask_fields, &ask, &body));
	*ret_reply = json_get(body, S("reply"));
	return NULL;
}

static struct err *decode(struct arena *a, const char *type, const struct json *reply,
			  const struct json_field *fields, void *ret, size_t size)
{
	struct err *e = fields ? json_decode(a, reply, fields, ret, size, NULL) : NULL;

	return e ? FAIL(a, REFUSED, "the broker's answer to '%s' makes no sense: %.*s", type, STRF(e->text))
		 : NULL;
}

struct err *wire_call(void *arg, struct arena *a, const char *type, const struct json_field *fields,
		      const void *args, const struct json_field *reply_fields, void *ret_reply,
		      size_t reply_size)
{
	struct wire *w = arg;
	const struct json *reply = NULL;

	if (w->warm.is_up) {
		struct err *e = ask_daemon(w, a, type, fields, args, &reply);

		if (!e)
			return decode(a, type, reply, reply_fields, ret_reply, reply_size);
		if (!ipc_is_unreachable(e) || !str_empty(w->warm.ipc.token))
			return e;
		w->warm.is_up = false;
		w->stay = (struct stay){ .client = w->client, .mesh = w->mesh };
	}
	if (!w->stay.visit)
		TRY(stay_visit(w->c, &w->stay));
	if (str_eq(str_from(type), S("send")))
		return visit_post(a, w->stay.visit, args, ret_reply);
	return visit_call(a, w->stay.visit, type, fields, args, reply_fields, ret_reply, reply_size);
}

void wire_close(struct wire *w)
{
	visit_close(w->stay.visit);
	w->stay.visit = NULL;
}

static struct err *visit_one(struct wire *w, wire_fn *fn, void *arg)
{
	struct err *e = fn(w, arg);

	wire_close(w);
	return e;
}

struct err *wire_each(struct cli *c, wire_fn *fn, void *arg)
{
	struct config_args config;
	struct err *first = NULL;
	struct wire w = { .c = c };
	size_t done = 0;

	TRY(warm_open(c, &w.warm));
	if (w.warm.is_up)
		w.client = (struct client){ .paths = &w.warm.paths, .clock = &clock_real, .random = &random_system };
	else
		TRY(context_client(c, &w.client));
	TRY(context_config(c, &w.client, &config));
	if (!str_empty(c->global.mesh) || !str_empty(w.warm.ipc.token) || config.meshes.n < 2) {
		TRY(wire_open(c, &w));
		return visit_one(&w, fn, arg);
	}
	for (size_t i = 0; i < config.meshes.n; i++) {
		struct wire one = { .c = c, .warm = w.warm, .client = w.client, .mesh = &config.meshes.items[i] };
		struct err *e;

		one.stay = (struct stay){ .client = w.client, .mesh = one.mesh };
		e = visit_one(&one, fn, arg);
		done += !e;
		if (e)
			out_note(&c->out, "%.*s: %.*s", STRF(one.mesh->slug), STRF(e->text));
		if (e && !first)
			first = e;
	}
	return done ? NULL : first;
}
