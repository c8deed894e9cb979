/*
 * rest.c - path, query, headers and body of a REST request: whatever comes, what is made of it is
 * JSON or a refusal. The first line is the method and the target, the second a content type, the
 * rest the body.
 */
#include "broker/rest_args.h"
#include "json/json.h"

static void check_json(struct arena *a, str text)
{
	const struct json *value;

	if (json_parse(a, text, &value))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct http_head head = { 0 };
	str rest = str_of(data, size), line, type, json;
	struct rest_match m;

	if (!str_cut(&rest, '\n', &line) || !str_cut(&rest, '\n', &type) || !rest.ptr)
		return 0;
	str_cut(&line, ' ', &head.method);
	head.query = line.ptr ? line : S("");
	str_cut(&head.query, '?', &head.path);
	head.headers[head.n_headers++] = (struct http_header){ S("Last-Event-ID"), type };
	head.headers[head.n_headers++] = (struct http_header){ S("Idempotency-Key"), type };
	m = rest_find(a, head.method, head.path);
	if (!m.op)
		return 0;
	if (!rest_given(a, &m, &head, &json))
		check_json(a, json);
	if (!rest_body(a, m.op, type, rest, &json) && json.ptr != rest.ptr)
		check_json(a, json);
	return 0;
}
