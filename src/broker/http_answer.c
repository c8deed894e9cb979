#include "broker/http_answer.h"

#include "base/ids.h"
#include "base/log.h"
#include "broker/account.h"
#include "broker/rest.h"
#include "json/json.h"

enum { HEADERS_MORE_MAX = 4, ERROR_BODY_MAX = 4096, RETRY_AFTER_SECONDS = 2 };

/* The reference's, and what its own clients miss there. No cookie exists that a foreign page
 * could borrow; what trusts the caller's place refuses an Origin (policy.h). */
const struct http_header http_cors[] = {
	{ S("Access-Control-Allow-Origin"), S("*") },
	{ S("Access-Control-Allow-Methods"), S("POST, GET, PUT, PATCH, DELETE, OPTIONS") },
	{ S("Access-Control-Allow-Headers"),
	  S("Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Mesh-Id, "
	    "X-Member-Id, X-File-Name, X-Tags, X-Persistent, X-Target-Spec") },
	{ S("Access-Control-Expose-Headers"), S("X-Request-Id, ETag, Retry-After, Allow") },
	{ S(""), S("") },
};
enum { CORS_N = ARRAY_LEN(http_cors) - 1 };

struct http_note *http_note_take(struct http *h, struct server_request *rq)
{
	struct http_note *note = NEW(rq->arena, struct http_note);

	rq->user = note;
	note->id = id_from_alphabet(rq->arena, h->env.random, S("0123456789abcdef"), REQUEST_ID_LEN);
	note->route = "none";
	note->at_us = h->env.clock->mono_us(h->env.clock->arg);
	return note;
}

static void count(struct http *h, const char *route, int status)
{
	struct route_tally *t = NULL;
	int class = status / 100 - 1;

	if (class < 0 || class >= STATUS_CLASSES)
		return;
	HASH_FIND_PTR(h->tallies, &route, t);
	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t)
			abort();
		t->route = t->count.route = route;
		HASH_ADD_PTR(h->tallies, route, t);
	}
	t->count.by_class[class]++;
}

void http_answered(struct http *h, const struct server_request *rq, int status)
{
	const struct http_note *note = rq->user;

	count(h, note->route, status);
	histogram_add(&h->requests, h->env.clock->mono_us(h->env.clock->arg) - note->at_us);
	log_request(note->id);
	log_debug("request", LOG_S("method", rq->head->method), LOG_S("route", str_from(note->route)),
		  LOG_I("status", status), LOG_S("peer", str_from(rq->peer->text)));
	log_request(STR_NONE);
}

void http_request_id(const struct server_request *rq, struct event *ev)
{
	const struct http_note *note = rq->user;

	memcpy(ev->request_id, note->id.ptr, REQUEST_ID_LEN);
}

void http_answer_as(struct http *h, struct server_request *rq, int status, str type,
		    const struct http_header *headers, size_t n_headers, str body)
{
	const struct http_note *note = rq->user;
	struct http_header all[CORS_N + 5 + HEADERS_MORE_MAX + ACCOUNT_HEADERS_MAX];
	size_t n = CORS_N;

	if (n_headers > HEADERS_MORE_MAX)
		abort();
	memcpy(all, http_cors, CORS_N * sizeof(*all));
	all[n++] = (struct http_header){ S("X-Request-Id"), note->id };
	all[n++] = (struct http_header){ S("Cache-Control"), note->cache.ptr ? note->cache : S("no-store") };
	if (type.len)
		all[n++] = (struct http_header){ S("Content-Type"), type };
	if (status == 429 || status == 503)
		all[n++] = (struct http_header){
			S("Retry-After"),
			arena_printf(rq->arena, "%lld", (long long)(note->retry_after_s ? note->retry_after_s
											: RETRY_AFTER_SECONDS))
		};
	n += account_headers(note, status, all + n);
	if (status == 401 && !note->problems)
		all[n++] = (struct http_header){ S("WWW-Authenticate"), S("Bearer realm=\"claudemesh\"") };
	if (n_headers)
		memcpy(all + n, headers, n_headers * sizeof(*headers));
	http_answered(h, rq, status);
	server_respond(h->server, rq, status, all, n + n_headers, body);
}

void http_answer_file(struct http *h, struct server_request *rq, int status, str type,
		      const struct http_header *headers, size_t n_headers, str body)
{
	const struct http_note *note = rq->user;
	struct http_header *all = NEW_ARRAY(rq->arena, struct http_header, n_headers + 2);

	memcpy(all, headers, n_headers * sizeof(*headers));
	all[n_headers] = (struct http_header){ S("X-Request-Id"), note->id };
	all[n_headers + 1] = (struct http_header){ S("Content-Type"), type };
	http_answered(h, rq, status);
	server_respond(h->server, rq, status, all, n_headers + 2, body);
}

void http_answer(struct http *h, struct server_request *rq, int status, str body)
{
	http_answer_as(h, rq, status, body.len ? S("application/json") : S(""), NULL, 0, body);
}

static str error_body(struct server_request *rq, bool ok_false, str word, str text)
{
	struct buf b = buf_make(ERROR_BODY_MAX);
	struct json_out o = json_out(&b);
	const struct http_note *note = rq->user;
	str body;

	json_obj(&o);
	if (ok_false)
		json_put_bool(&o, "ok", false);
	json_put_str(&o, "error", word);
	json_put_str(&o, "detail", text);
	json_put_str(&o, "request_id", note->id);
	json_obj_end(&o);
	body = b.full ? S("{\"error\":\"internal\"}") : arena_dup(rq->arena, buf_str(&b));
	buf_done(&b);
	return body;
}

void http_fail(struct http *h, struct server_request *rq, bool ok_false, const struct err *e)
{
	const struct http_note *note = rq->user;

	if (e->code == ERR_INTERNAL || e->code == ERR_IO) {
		log_request(note->id);
		log_err(LOG_ERROR, "request failed", e);
		log_request(STR_NONE);
	}
	if (note->problems) {
		rest_fail(h, rq, e);
		return;
	}
	http_answer(h, rq, err_http(e), error_body(rq, ok_false, err_wire(e), err_public(e)));
}

void http_answer_allow(struct http *h, struct server_request *rq, str allow)
{
	const struct http_header header = { S("Allow"), allow };
	str text = arena_printf(rq->arena, "'%.*s' takes %.*s", STRF(rq->head->path), STRF(allow));

	http_answer_as(h, rq, 405, S("application/json"), &header, 1,
		       error_body(rq, false, S("method_not_allowed"), text));
}

void http_answer_type(struct http *h, struct server_request *rq, bool ok_false)
{
	http_answer(h, rq, 415,
		    error_body(rq, ok_false, S("not_json"),
			       S("the body must be sent as Content-Type: application/json")));
}

/* A request for the WebSocket that asks for no WebSocket. */
void http_upgrade(struct http *h, struct server_request *rq, str param UNUSED)
{
	const struct http_header header = { S("Upgrade"), S("websocket") };

	http_answer_as(h, rq, 426, S("application/json"), &header, 1,
		       error_body(rq, false, S("upgrade_required"),
				  S("this address speaks WebSocket")));
}
