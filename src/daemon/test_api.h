/*
 * test_api.h - the local API of a daemon in a yard, asked over its Unix socket or over TCP on
 * the same loop. Only *_test.c includes this.
 */
#ifndef DAEMON_TEST_API_H
#define DAEMON_TEST_API_H

#include "daemon/test_yard.h"

#include "daemon/api.h"
#include "daemon/local_token.h"
#include "net/http_client.h"

struct bench {
	struct yard y;
	struct place place;
	struct api *api;
	str token; /* of TCP, once bench_tcp() was called */
};

static inline void bench_start(struct bench *b)
{
	yard_start(&b->y);
	b->token = STR_NONE;
	assert_ok(place_find(b->y.a, &b->y.paths, STR_NONE, &b->place));
	yard_daemon(&b->y);
	b->api = api_new(b->y.d, &b->place);
	assert_ok(api_listen(b->y.a, b->api));
	yard_open(&b->y);
}

static inline void bench_end(struct bench *b)
{
	api_free(b->api);
	yard_end(&b->y);
}

static inline void bench_tcp(struct bench *b)
{
	assert_ok(local_token_open(b->y.a, &b->place, &b->token));
	assert_ok(api_listen_tcp(b->y.a, b->api, 0, b->token));
	assert_true(api_port(b->api) > 0);
}

static inline str bench_quoted(struct arena *a, const char *text)
{
	str s = arena_dup(a, str_from(text));

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\'')
			((char *)s.ptr)[i] = '"';
	return s;
}

/* One call; zero is a GET of the user over the Unix socket. */
struct ask {
	const char *method, *target, *body;
	const char *session; /* token */
	const char *header, *value;
	const char *base; /* NULL: http://localhost */
	bool tcp;
};

struct told {
	struct yard *y;
	bool done;
	int status;
	str text;
	const struct json *body;
};

static inline void bench_told(void *arg, const struct err *e, const struct http_answer *answer)
{
	struct told *t = arg;

	t->done = true;
	if (e)
		print_error("%.*s\n", STRF(e->text));
	if (e)
		return;
	t->status = answer->status;
	t->text = arena_dup(t->y->a, answer->body);
	if (json_parse(t->y->a, t->text, &t->body))
		t->body = NULL;
}

static inline struct http_spec bench_spec(struct bench *b, const struct ask *ask)
{
	struct arena *a = b->y.a;
	struct http_header *h = NEW_ARRAY(a, struct http_header, 3);
	const char *base = ask->tcp    ? arena_printf(a, "http://127.0.0.1:%d", api_port(b->api)).ptr
			   : ask->base ? ask->base
				       : "http://localhost";
	struct http_spec spec = { .headers = h,
				  .url = arena_printf(a, "%s%s", base, ask->target),
				  .method = str_from(ask->method),
				  .deadline_ms = YARD_UNTIL_MS };

	if (ask->body)
		spec.body = bench_quoted(a, ask->body);
	if (!ask->tcp)
		spec.unix_path = b->place.socket;
	if (ask->session)
		h[spec.n_headers++] = (struct http_header){
			S("Authorization"), arena_printf(a, "ClaudeMesh-Session %s", ask->session)
		};
	if (ask->header)
		h[spec.n_headers++] =
			(struct http_header){ str_from(ask->header), str_from(ask->value) };
	return spec;
}

static inline struct told bench_ask(struct bench *b, struct ask ask)
{
	struct told t = { .y = &b->y };
	struct http_spec spec = bench_spec(b, &ask);

	http_call_start(b->y.loop, &spec, bench_told, &t);
	until(&b->y, t.done);
	return t;
}

#define GET(b, ...) bench_ask(b, (struct ask){ .target = __VA_ARGS__ })
#define POST(b, target_, ...) \
	bench_ask(b, (struct ask){ .method = "POST", .target = target_, .body = __VA_ARGS__ })
#define DELETE(b, ...) bench_ask(b, (struct ask){ .method = "DELETE", .target = __VA_ARGS__ })

static inline void told_is(struct told t, int status, const char *word, const char *file, int line)
{
	str got = json_get_str(t.body, S("error"));

	if (t.status == status && str_eq(got, word ? str_from(word) : STR_NONE))
		return;
	print_error("%d, not %d: %.*s\n", t.status, status, STRF(t.text));
	_fail(file, line);
}
#define assert_told(t, status, word) told_is(t, status, word, __FILE__, __LINE__)

/* Of a list of the answer. */
static inline size_t told_count(struct told t, const char *list)
{
	const struct json *items = json_get(t.body, str_from(list));

	assert_non_null(items);
	return items->count;
}

#endif
