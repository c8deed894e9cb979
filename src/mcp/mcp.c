#include "mcp/mcp_internal.h"

#include <stdarg.h>
#include <utlist.h>

#include "mcp/channel.h"

static const struct mcp_method *const tables[] = {
	mcp_handshake_methods, mcp_skill_methods, mcp_tool_methods, mcp_listen_methods,
};

struct mcp *mcp_new(const struct mcp_env *env)
{
	struct mcp *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->env = *env;
	return m;
}

static void leave_batch(struct mcp_call *c)
{
	struct mcp_batch *b = c->batch;

	if (!b || --b->waiting)
		return;
	if (b->out.len > 1 && c->mcp) {
		buf_add_byte(&b->out, ']');
		c->mcp->env.write(c->mcp->env.arg, buf_str(&b->out));
	}
	buf_done(&b->out);
	free(b);
}

void mcp_call_free(struct mcp_call *c)
{
	if (c->mcp) {
		DL_DELETE(c->mcp->calls, c);
		c->mcp->n_calls--;
	}
	leave_batch(c);
	arena_free(c->arena);
}

void mcp_free(struct mcp *m)
{
	struct mcp_call *c, *next;

	if (!m)
		return;
	/* Whoever waits for the daemon finds that the call belongs to nobody. */
	DL_FOREACH_SAFE(m->calls, c, next) {
		DL_DELETE(m->calls, c);
		c->mcp = NULL;
	}
	for (size_t i = 0; i < MCP_SUBSCRIPTIONS_MAX; i++)
		if (m->subscriptions[i].call)
			mcp_call_free(m->subscriptions[i].call);
	free(m);
}

/* ---- out ---- */

static void respond(struct mcp_call *c, str text)
{
	struct mcp_batch *b = c->batch;

	if (!b) {
		c->mcp->env.write(c->mcp->env.arg, text);
		return;
	}
	buf_add_byte(&b->out, b->out.len ? ',' : '[');
	buf_add(&b->out, text);
}

/* A notification is never answered, whatever came of it. */
static void finish(struct mcp_call *c, struct buf *b)
{
	if (c->id.ptr && b->full)
		respond(c, arena_printf(c->arena, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":%d,"
					"\"message\":\"the answer is larger than a message may be\"}}",
					STRF(c->id), RPC_INTERNAL));
	else if (c->id.ptr)
		respond(c, buf_str(b));
	buf_done(b);
	mcp_call_free(c);
}

void mcp_result(struct mcp_call *c, struct mcp_result *r)
{
	r->call = c;
	r->buf = buf_make(MCP_OUT_MAX);
	r->json = json_out(&r->buf);
	json_obj(&r->json);
	json_put_str(&r->json, "jsonrpc", S("2.0"));
	json_put_raw(&r->json, "id", c->id.ptr ? c->id : S("null"));
	json_key(&r->json, S("result"));
	json_obj(&r->json);
	if (c->era == ERA_STATELESS)
		json_put_str(&r->json, "resultType", S("complete"));
}

void mcp_result_end(struct mcp_result *r)
{
	json_obj_end(&r->json);
	json_obj_end(&r->json);
	finish(r->call, &r->buf);
}

void mcp_result_end_list(struct mcp_result *r)
{
	/* What is shared in a mesh is nobody else's, and changes at any time. */
	if (r->call->era == ERA_STATELESS) {
		json_put_int(&r->json, "ttlMs", 0);
		json_put_str(&r->json, "cacheScope", S("private"));
	}
	mcp_result_end(r);
}

static void error_of(struct mcp_call *c, int code, str data, str text)
{
	struct buf b = buf_make(MCP_OUT_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "jsonrpc", S("2.0"));
	json_put_raw(&o, "id", c->id.ptr ? c->id : S("null"));
	json_key(&o, S("error"));
	json_obj(&o);
	json_put_int(&o, "code", code);
	json_put_str(&o, "message", text);
	if (data.ptr)
		json_put_raw(&o, "data", data);
	json_obj_end(&o);
	json_obj_end(&o);
	finish(c, &b);
}

static str format(struct arena *a, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	return arena_dup(a, str_from(text));
}

void mcp_error(struct mcp_call *c, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_of(c, code, STR_NONE, format(c->arena, fmt, ap));
	va_end(ap);
}

void mcp_error_data(struct mcp_call *c, int code, str data, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_of(c, code, data, format(c->arena, fmt, ap));
	va_end(ap);
}

void mcp_notify(struct mcp *m, const char *method, str params)
{
	struct buf b = buf_make(MCP_OUT_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "jsonrpc", S("2.0"));
	json_put_str(&o, "method", str_from(method));
	if (params.ptr)
		json_put_raw(&o, "params", params);
	json_obj_end(&o);
	if (!b.full)
		m->env.write(m->env.arg, buf_str(&b));
	buf_done(&b);
}

/* ---- the daemon ---- */

struct question {
	struct mcp_call *call;
	mcp_done_fn *done;
};

static void answered(void *arg, const struct err *e, int status, str body)
{
	struct question *q = arg;
	struct mcp_call *c = q->call;
	const struct json *value = NULL;

	if (!c->mcp) {
		mcp_call_free(c);
		return;
	}
	if (!e)
		e = json_parse(c->arena, body, &value);
	q->done(c, e, status, value);
}

void mcp_ask(struct mcp_call *c, str method, str path, str body, mcp_done_fn *done)
{
	struct question *q = NEW(c->arena, struct question);

	*q = (struct question){ c, done };
	c->mcp->env.ask(c->mcp->env.arg, method, path, body, answered, q);
}

/* ---- in ---- */

static const struct mcp_method *method_find(str name)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct mcp_method *row = tables[t]; row->name; row++)
			if (str_eq(name, str_from(row->name)))
				return row;
	return NULL;
}

/* A request of 2026-07-28 says its version itself. */
static str version_of(const struct json *params)
{
	return json_get_str(json_get(params, S("_meta")), S("io.modelcontextprotocol/protocolVersion"));
}

static struct mcp_call *call_new(struct mcp *m, struct arena *a, struct mcp_batch *b)
{
	struct mcp_call *c = NEW(a, struct mcp_call);

	c->mcp = m;
	c->arena = a;
	c->batch = b;
	c->era = m->era;
	DL_APPEND(m->calls, c);
	m->n_calls++;
	return c;
}

static void run(struct mcp_call *c, str name)
{
	str version = version_of(c->params);
	struct mcp *m = c->mcp;

	if (version.len && !mcp_version_is_stateless(version) && m->era != ERA_HANDSHAKE) {
		mcp_error_data(c, RPC_VERSION, S("{\"supported\":[\"2026-07-28\"]}"),
			       "this protocol version needs no handshake with 2026-07-28 only");
		return;
	}
	if (version.len && m->era != ERA_HANDSHAKE)
		c->era = m->era = ERA_STATELESS;
	else if (m->era == ERA_UNKNOWN)
		c->era = ERA_HANDSHAKE;
	c->method = method_find(name);
	if (!c->method || !(c->method->eras & 1u << c->era)) {
		mcp_error(c, RPC_NO_METHOD, "no method '%.*s'", (int)MIN(name.len, (size_t)100), name.ptr);
		return;
	}
	if (m->n_calls > MCP_CALLS_MAX) {
		mcp_error(c, RPC_BUSY, "%d requests are under way; wait for one to be answered",
			  MCP_CALLS_MAX);
		return;
	}
	c->method->run(c);
}

/* What is no request: a response of the client, to nothing that we asked. */
static bool is_response(const struct json *v)
{
	return !json_get(v, S("method")) && (json_get(v, S("result")) || json_get(v, S("error")));
}

static void take_value(struct mcp *m, struct arena *a, const struct json *v, struct mcp_batch *b)
{
	struct mcp_call *c = call_new(m, a, b);
	const struct json *id = json_get(v, S("id")), *method = json_get(v, S("method"));
	const struct json *params = json_get(v, S("params"));

	if (id && (id->type == JSON_STR || id->type == JSON_INT || id->type == JSON_NUM))
		c->id = arena_dup(a, id->raw);
	if (v->type == JSON_OBJ && is_response(v)) {
		mcp_call_free(c);
		return;
	}
	if (v->type != JSON_OBJ || !str_eq(json_get_str(v, S("jsonrpc")), S("2.0")) || !method ||
	    method->type != JSON_STR || (id && !c->id.ptr) || (params && params->type != JSON_OBJ)) {
		if (!c->id.ptr)
			c->id = S("null");
		mcp_error(c, RPC_INVALID, "not a JSON-RPC 2.0 request");
		return;
	}
	c->params = params;
	run(c, method->s);
}

/* Each item in an arena of its own: it lives until that item is answered. */
static void take_batch(struct mcp *m, const struct json *list)
{
	struct mcp_batch *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->waiting = list->count;
	b->out = buf_make(MCP_OUT_MAX);
	for (const struct json *item = list->first; item; item = item->next) {
		struct arena *a = arena_new();
		const struct json *own = NULL;
		struct err *never = json_parse(a, arena_dup(a, item->raw), &own);

		if (never)
			abort(); /* it was parsed before, as part of the list */
		take_value(m, a, own, b);
	}
}

static void refuse(struct mcp *m, int code, const char *what)
{
	struct mcp_call *c = call_new(m, arena_new(), NULL);

	c->id = S("null");
	mcp_error(c, code, "%s", what);
}

void mcp_take_too_long(struct mcp *m)
{
	refuse(m, RPC_INVALID, "the line is longer than 4 MB");
}

void mcp_take(struct mcp *m, str line)
{
	struct arena *a;
	const struct json *v = NULL;
	struct err *e;

	line = str_trim(line);
	if (!line.len)
		return;
	a = arena_new();
	e = json_parse(a, arena_dup(a, line), &v);
	if (e) {
		struct mcp_call *c = call_new(m, a, NULL);

		c->id = S("null");
		mcp_error(c, RPC_PARSE, "%.*s", STRF(e->text));
	} else if (v->type != JSON_ARR) {
		take_value(m, a, v, NULL);
	} else {
		if (v->count)
			take_batch(m, v);
		else
			refuse(m, RPC_INVALID, "an empty array");
		arena_free(a);
	}
}

/* ---- events ---- */

bool mcp_is_ready(const struct mcp *m)
{
	return m->era == ERA_HANDSHAKE && m->ready;
}

static bool is_about_skills(str kind, const struct json *data)
{
	return str_eq(kind, S("system")) && str_starts(json_get_str(data, S("event")), S("skill_"));
}

bool mcp_event(struct mcp *m, str kind, str data)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct buf b = buf_make(MCP_OUT_MAX);
	struct json_out o = json_out(&b);
	const struct json *value = NULL;
	bool is_message = str_eq(kind, S("message"));

	if (json_parse(a, data, &value))
		return true; /* never: the daemon wrote it */
	if (is_about_skills(kind, value)) {
		mcp_skills_changed(m);
		return true;
	}
	if (!is_message && !m->env.presence)
		return true;
	if (!mcp_is_ready(m))
		return false;
	if (channel_params(&o, kind, value) && !b.full)
		mcp_notify(m, "notifications/claude/channel", buf_str(&b));
	buf_done(&b);
	return true;
}

void mcp_waiting(struct mcp *m, size_t n, const struct json *data)
{
	struct buf b = buf_make(MCP_OUT_MAX);
	struct json_out o = json_out(&b);

	channel_waiting_params(&o, n, data);
	mcp_notify(m, "notifications/claude/channel", buf_str(&b));
	buf_done(&b);
}
