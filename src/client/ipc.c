#include "client/ipc.h"

#include <stdlib.h>

#include "base/random.h"
#include "client/file.h"
#include "crypto/secret.h"
#include "net/http_client.h"

enum { HEADERS_MAX = 5, TOKEN_LEN = 64 };

/* Host and path in one; where it goes is the socket's path. */
#define IPC_BASE "http://localhost"

struct err *ipc_from_env(struct arena *a, const struct paths *p, struct ipc *ret_ipc)
{
	str token = str_from(getenv("CLAUDEMESH_IPC_TOKEN"));
	str file = str_from(getenv("CLAUDEMESH_IPC_TOKEN_FILE"));
	struct ipc ipc = { 0 };

	TRY(place_from_env(a, p, &ipc.place));
	if (str_empty(token) && !str_empty(file))
		TRY(file_read_private(a, file, &token));
	token = str_trim(token);
	if (!str_empty(token) && !str_is_hex(token, TOKEN_LEN / 2, false))
		return FAIL(a, BAD_REQUEST, "the session's token is not %d hex digits", TOKEN_LEN);
	ipc.token = secret_dup(a, token);
	*ret_ipc = ipc;
	return NULL;
}

bool ipc_is_unreachable(const struct err *e)
{
	return e && e->code == ERR_NETWORK && str_eq(e->word, S("unreachable"));
}

/* What all calls have in common. The spec points into the arena and into rq. */
static struct http_spec make_spec(struct arena *a, const struct ipc *ipc,
				  const struct ipc_request *rq)
{
	struct http_header *h = NEW_ARRAY(a, struct http_header, HEADERS_MAX);
	struct http_spec spec = {
		.method = rq->method,
		.url = arena_printf(a, IPC_BASE "%.*s", STRF(rq->target)),
		.unix_path = ipc->place.socket,
		.headers = h,
		.body = rq->body,
		.deadline_ms = rq->deadline_ms ? rq->deadline_ms : IPC_DEADLINE_MS,
		.response_max = IPC_ANSWER_MAX,
	};

	if (rq->body.ptr)
		h[spec.n_headers++] = (struct http_header){ S("Content-Type"), S("application/json") };
	if (!str_empty(ipc->token)) {
		str value = secret_dup(a, arena_printf(a, LOCAL_SESSION_SCHEME "%.*s", STRF(ipc->token)));

		h[spec.n_headers++] = (struct http_header){ S("Authorization"), value };
	}
	if (!str_empty(rq->idempotency_key))
		h[spec.n_headers++] =
			(struct http_header){ S("Idempotency-Key"), rq->idempotency_key };
	return spec;
}

static void read_reply(struct arena *a, const struct http_answer *answer, struct ipc_reply *ret)
{
	*ret = (struct ipc_reply){ .status = answer->status };
	if (json_parse(a, answer->body, &ret->body))
		ret->body = NULL;
}

struct err *ipc_call(struct arena *a, const struct ipc *ipc, const struct ipc_request *rq,
		     struct ipc_reply *ret_reply)
{
	struct http_spec spec = make_spec(a, ipc, rq);
	struct http_answer answer;

	TRY(http_fetch(a, &spec, &answer));
	read_reply(a, &answer, ret_reply);
	return NULL;
}

static enum err_code code_of(int status, str word)
{
	enum err_code code = err_from_wire(word);

	if (code != ERR_NONE)
		return code;
	switch (status) {
	case 401: return ERR_UNAUTHORIZED;
	case 403: return ERR_FORBIDDEN;
	case 404: return ERR_NOT_FOUND;
	case 409: return ERR_CONFLICT;
	case 410: return ERR_GONE;
	case 413: return ERR_TOO_LARGE;
	case 429: return ERR_RATE_LIMIT;
	case 501: return ERR_NOT_SUPPORTED;
	case 502: return ERR_NETWORK;
	case 503: return ERR_TRY_AGAIN;
	case 504: return ERR_TIMEOUT;
	default: return status < 500 ? ERR_BAD_REQUEST : ERR_INTERNAL;
	}
}

struct err *ipc_refusal(struct arena *a, const struct ipc_reply *reply)
{
	str word = json_get_str(reply->body, S("error"));
	str text = json_get_str(reply->body, S("detail"));
	struct err *e;

	if (reply->status < 400)
		return NULL;
	if (str_empty(text))
		text = str_empty(word) ? S("the daemon refused it without a reason") : word;
	e = err_make(a, code_of(reply->status, word), __FILE__, __LINE__, "%.*s", STRF(text));
	if (!str_empty(word) && err_from_wire(word) == ERR_NONE)
		err_word(e, arena_dup(a, word));
	return e;
}

struct err *ipc_ask(struct arena *a, const struct ipc *ipc, const struct ipc_request *rq,
		    const struct json **ret_body)
{
	struct ipc_reply reply;

	TRY(ipc_call(a, ipc, rq, &reply));
	TRY(ipc_refusal(a, &reply));
	if (!reply.body)
		return FAIL(a, NETWORK, "the daemon's answer is not JSON: is it one of ours?");
	*ret_body = reply.body;
	return NULL;
}

/* On a loop. */

struct ipc_job {
	struct arena *arena;
	struct http_call *call;
	ipc_fn *fn;
	void *arg;
};

static void job_done(void *arg, const struct err *e, const struct http_answer *answer)
{
	struct ipc_job *job = arg;
	struct ipc_reply reply;

	if (!e)
		read_reply(job->arena, answer, &reply);
	job->fn(job->arg, e, e ? NULL : &reply);
	arena_free(job->arena);
}

struct ipc_job *ipc_start(struct loop *l, const struct ipc *ipc, const struct ipc_request *rq,
			  ipc_fn *fn, void *arg)
{
	struct arena *a = arena_new();
	struct ipc_job *job = NEW(a, struct ipc_job);
	struct http_spec spec = make_spec(a, ipc, rq);

	*job = (struct ipc_job){ .arena = a, .fn = fn, .arg = arg };
	job->call = http_call_start(l, &spec, job_done, job);
	return job;
}

void ipc_cancel(struct ipc_job *job)
{
	if (!job)
		return;
	http_call_cancel(job->call);
	arena_free(job->arena);
}
