/*
 * test_mcp.h - a server between two tables: what it asked the daemon, what it wrote.
 * Questions are answered when the test says so, as from a loop.
 */
#ifndef MCP_TEST_MCP_H
#define MCP_TEST_MCP_H

#include "base/test.h"
#include "mcp/mcp.h"

enum { TABLE_MAX = 1200 };

struct table {
	struct arena *arena;
	struct mcp *mcp;
	str out[TABLE_MAX];
	size_t n_out, read;
	struct { str method, path, body; mcp_answer_fn *fn; void *arg; } asked[TABLE_MAX];
	size_t n_asked, answered;
};

static inline void table_write(void *arg, str line)
{
	struct table *t = arg;

	assert_true(str_index(line, '\n') < 0);
	assert_true(t->n_out < TABLE_MAX);
	t->out[t->n_out++] = arena_dup(t->arena, line);
}

static inline void table_ask(void *arg, str method, str path, str body, mcp_answer_fn *fn, void *fn_arg)
{
	struct table *t = arg;

	assert_true(t->n_asked < TABLE_MAX);
	t->asked[t->n_asked].method = arena_dup(t->arena, method);
	t->asked[t->n_asked].path = arena_dup(t->arena, path);
	t->asked[t->n_asked].body = body.ptr ? arena_dup(t->arena, body) : STR_NONE;
	t->asked[t->n_asked].fn = fn;
	t->asked[t->n_asked++].arg = fn_arg;
}

static inline void table_close(void *obj)
{
	struct table *t = obj;

	mcp_free(t->mcp);
	while (t->answered < t->n_asked) {
		size_t i = t->answered++;

		t->asked[i].fn(t->asked[i].arg, NULL, 200, S("{}"));
	}
}

static inline struct table *table_new(struct arena *a, bool tools)
{
	struct table *t = NEW(a, struct table);

	t->arena = a;
	t->mcp = mcp_new(&(struct mcp_env){ .write = table_write, .ask = table_ask, .arg = t, .tools = tools });
	arena_defer(a, table_close, t);
	return t;
}

/* The next message out, which must be there. */
static inline const struct json *table_next(struct table *t)
{
	const struct json *v = NULL;

	assert_true(t->read < t->n_out);
	assert_ok(json_parse(t->arena, t->out[t->read++], &v));
	return v;
}

static inline void table_quiet(struct table *t)
{
	assert_int_equal(t->read, t->n_out);
}

static inline const struct json *table_say(struct table *t, const char *line)
{
	mcp_take(t->mcp, str_from(line));
	return table_next(t);
}

/* Answers the oldest open question, which must be this one. */
static inline void table_answer(struct table *t, const char *path, int status, const char *body)
{
	size_t i = t->answered;

	assert_true(i < t->n_asked);
	assert_str(t->asked[i].path, str_from(path));
	t->answered++;
	t->asked[i].fn(t->asked[i].arg, NULL, status, str_from(body));
}

static inline void table_greet(struct table *t, const char *version)
{
	str line = arena_printf(t->arena, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{"
				"\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\"}}}", version);

	mcp_take(t->mcp, line);
	table_next(t);
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
	table_quiet(t);
}

#endif
