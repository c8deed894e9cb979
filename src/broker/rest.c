#include "broker/rest.h"

#include "base/log.h"
#include "broker/rest_args.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "engine/bearer.h"
#include "engine/openapi.h"
#include "engine/prove.h"
#include "engine/rest.h"

enum { TAG_BYTES = 12, PROBLEM_MORE_MAX = 32 << 10, OPENAPI_BYTES_MAX = 4 << 20, PREFLIGHT_SECONDS = 3600 };

#define API S("/api/v1/")

static bool is_ours(str path)
{
	return str_starts(path, S("/api/"));
}

void rest_on_head(struct http *h, struct server_request *rq)
{
	struct http_note *note;
	struct rest_match m;

	if (!is_ours(rq->head->path) || rq->head->framing == HTTP_BODY_NONE)
		return;
	m = rest_find(rq->arena, rq->head->method, rq->head->path);
	if (m.op && m.op->rest->flags & REST_SEND)
		rq->body_max = h->env.post_bytes_max;
	if (!m.op || rq->head->framing != HTTP_BODY_LENGTH || rq->head->content_length <= rq->body_max)
		return;
	note = http_note_take(h, rq);
	note->problems = true;
	note->route = m.op->rest->path;
	rest_fail(h, rq, FAIL(rq->arena, TOO_LARGE, "the body may have %zu bytes", rq->body_max));
}

/* The members that only this side knows, before the last '}'. */
static str complete(struct server_request *rq, str problem)
{
	const struct http_note *note = rq->user;
	struct buf b = buf_make(problem.len + PROBLEM_MORE_MAX);
	struct json_out o = json_out(&b);
	str body;

	buf_add(&b, str_of(problem.ptr, problem.len - 1));
	o.comma = true;
	json_put_str(&o, "path", rq->head->path);
	json_put_str(&o, "request_id", note->id);
	buf_add(&b, S("}"));
	body = b.full ? problem : arena_dup(rq->arena, buf_str(&b));
	buf_done(&b);
	return body;
}

static void answer_problem(struct http *h, struct server_request *rq, int status, str problem,
			   const struct http_header *headers, size_t n)
{
	struct http_header all[3];

	if (n)
		memcpy(all, headers, n * sizeof(*headers));
	if (status == 401)
		all[n++] = (struct http_header){ S("WWW-Authenticate"), S("Bearer realm=\"claudemesh\"") };
	http_answer_as(h, rq, status, S("application/problem+json"), all, n, complete(rq, problem));
}

void rest_fail(struct http *h, struct server_request *rq, const struct err *e)
{
	struct block *problem = rest_problem(e, clock_ms(h->env.clock));

	answer_problem(h, rq, rest_status(e), block_str(problem), NULL, 0);
	block_unref(problem);
}

static void fail_method(struct http *h, struct server_request *rq, str allow)
{
	const struct http_header header = { S("Allow"), allow };
	struct err *e = FAIL(rq->arena, NOT_SUPPORTED, "'%.*s' takes %.*s", STRF(rq->head->path), STRF(allow));
	struct block *problem;

	err_word(e, S("method_not_allowed"));
	problem = rest_problem(e, clock_ms(h->env.clock));
	answer_problem(h, rq, 405, block_str(problem), &header, 1);
	block_unref(problem);
}

/* What a browser asks before it lets a page of another site ask. */
static void answer_options(struct http *h, struct server_request *rq, str allow)
{
	const struct http_header headers[] = {
		{ S("Allow"), allow },
		{ S("Access-Control-Max-Age"), arena_printf(rq->arena, "%d", PREFLIGHT_SECONDS) },
	};

	http_answer_as(h, rq, 204, S(""), headers, ARRAY_LEN(headers), STR_NONE);
}

static struct err *make_event(struct server_request *rq, const struct rest_match *m,
			      struct event **ret_event)
{
	str given, body, type = http_header_get(rq->head, S("content-type"));
	struct proof proof = { 0 };

	if (!(m->op->rest->flags & REST_PUBLIC))
		TRY(bearer_take(rq->arena, http_header_get(rq->head, S("authorization")), &proof));
	TRY(rest_given(rq->arena, m, rq->head, &given));
	TRY(rest_body(rq->arena, m->op, type, rest_in_query(m->op->rest) ? S("") : rq->body, &body));
	*ret_event = event_new(EVENT_CALL, conn_ref_of(rq->id), body, given);
	(*ret_event)->op = m->op;
	(*ret_event)->proof = proof;
	http_request_id(rq, *ret_event);
	snprintf((*ret_event)->address, ADDRESS_LEN_MAX, "%.*s", STRF(policy_account(rq->arena, rq->peer)));
	return NULL;
}

static void submit(struct http *h, struct server_request *rq, const struct rest_match *m)
{
	struct event *ev;
	struct err *failed;

	if (hub_has_ended(h->env.hub) || hub_is_full(h->env.hub, SHARD_HOUSE)) {
		rest_fail(h, rq, FAIL(rq->arena, TRY_AGAIN, "the broker is busy"));
		return;
	}
	failed = make_event(rq, m, &ev);
	if (failed)
		rest_fail(h, rq, failed);
	else if (!hub_submit(h->env.hub, SHARD_HOUSE, ev))
		log_debug("the engine's queue is full");
}

bool rest_on_request(struct http *h, struct server_request *rq)
{
	struct http_note *note = rq->user;
	struct rest_match m;

	if (!is_ours(rq->head->path))
		return false;
	note->problems = str_starts(rq->head->path, API);
	m = rest_find(rq->arena, rq->head->method, rq->head->path);
	if (m.status == 404)
		return false;
	if (m.op)
		note->route = m.op->rest->path;
	note->problems = true;
	note->op = m.op;
	if (str_eq(rq->head->method, S("OPTIONS")))
		answer_options(h, rq, m.allow);
	else if (!m.op)
		fail_method(h, rq, m.allow);
	else
		submit(h, rq, &m);
	return true;
}

/* Weak: the same facts, perhaps not the same bytes. */
static str tag_of(struct arena *a, str body)
{
	u8 digest[DIGEST_BYTES];

	digest_parts(&body, 1, digest);
	return arena_printf(a, "W/\"%.*s\"", STRF(hex_encode(a, str_of(digest, TAG_BYTES))));
}

/* If-None-Match: "*", or a list of tags; weak or not is all the same here. */
static bool has_it(const struct server_request *rq, str tag)
{
	str list = http_header_get(rq->head, S("if-none-match")), one;

	while (list.ptr && str_cut(&list, ',', &one)) {
		one = str_trim(one);
		if (str_eq(one, S("*")) || str_eq(one, tag) || str_eq(one, str_skip(tag, 2)))
			return true;
	}
	return false;
}

static void answer_tagged(struct http *h, struct server_request *rq, str body)
{
	struct http_note *note = rq->user;
	const struct http_header header = { S("ETag"), tag_of(rq->arena, body) };

	note->cache = S("private, no-cache");
	if (has_it(rq, header.value))
		http_answer_as(h, rq, 304, S(""), &header, 1, STR_NONE);
	else
		http_answer_as(h, rq, 200, S("application/json"), &header, 1, body);
}

void rest_answer(struct http *h, struct server_request *rq, int status, i64 retry_after_s, str body)
{
	struct http_note *note = rq->user;

	note->retry_after_s = retry_after_s;
	if (status >= 400)
		answer_problem(h, rq, status, body, NULL, 0);
	else if (status == 200 && strcmp(note->op->rest->method, "GET") == 0)
		answer_tagged(h, rq, body);
	else
		http_answer_as(h, rq, status, body.len ? S("application/json") : S(""), NULL, 0, body);
}

void rest_stream(struct http *h, struct server_request *rq, const struct effect *ef)
{
	struct http_header all[16];
	size_t n = 0;

	if (rq) {
		const struct http_note *note = rq->user;

		for (const struct http_header *c = http_cors; c->name.len; c++)
			all[n++] = *c;
		all[n++] = (struct http_header){ S("X-Request-Id"), arena_dup(rq->arena, note->id) };
		all[n++] = (struct http_header){ S("Cache-Control"), S("no-cache") };
		all[n++] = (struct http_header){ S("Content-Type"), S("text/event-stream") };
		/* Or a proxy waits for the end. */
		all[n++] = (struct http_header){ S("X-Accel-Buffering"), S("no") };
		http_answered(h, rq, 200);
	}
	sse_start(h->env.sse, rq, ef, all, n);
}

void http_openapi(struct http *h, struct server_request *rq, str param UNUSED)
{
	if (!h->openapi.len) {
		h->openapi = buf_make(OPENAPI_BYTES_MAX);
		openapi_json(&h->openapi, h->base);
	}
	answer_tagged(h, rq, buf_str(&h->openapi));
}
