#include "client/sse_link.h"

#include "base/random.h"
#include "crypto/secret.h"
#include "net/http_client.h"

enum { LAST_ID_MAX = 64, AUTHORIZATION_MAX = 256 };

struct sse_link {
	struct sse_link_spec spec;
	struct arena *arena; /* as long as the object */
	const struct sse_link_handler *handler;
	void *arg;
	struct sse sse;
	char last_id[LAST_ID_MAX];
	size_t last_id_len;
	char *authorization;
	size_t authorization_len;
	struct http_call *call;
	struct loop_timer *timer;
	i64 backoff_ms;
	int busy;    /* inside a callback: closing waits */
	bool closed;
};

static void link_done(struct sse_link *l)
{
	http_call_cancel(l->call);
	loop_timer_free(l->timer);
	sse_done(&l->sse);
	arena_free(l->arena);
}

void sse_link_close(struct sse_link *l)
{
	if (!l)
		return;
	l->closed = true;
	if (!l->busy)
		link_done(l);
}

/* After callbacks: if one of them closed it, it goes now. */
static void leave(struct sse_link *l)
{
	if (!--l->busy && l->closed)
		link_done(l);
}

void sse_link_resume(struct sse_link *l, str last_id)
{
	if (last_id.len > LAST_ID_MAX)
		return;
	if (last_id.len)
		memcpy(l->last_id, last_id.ptr, last_id.len);
	l->last_id_len = last_id.len;
}

void sse_link_authorize(struct sse_link *l, str authorization)
{
	l->authorization_len = MIN(authorization.len, (size_t)AUTHORIZATION_MAX);
	if (l->authorization_len)
		memcpy(l->authorization, authorization.ptr, l->authorization_len);
}

static void on_head(void *arg, const struct http_head *head)
{
	struct sse_link *l = arg;

	l->backoff_ms = l->spec.retry_min_ms;
	sse_done(&l->sse);
	sse_init(&l->sse, l->spec.event_max);
	l->busy++;
	if (l->handler->on_open)
		l->handler->on_open(l->arg);
	leave(l);
}

static void on_data(void *arg, str part)
{
	struct sse_link *l = arg;
	struct sse_event event;

	l->busy++;
	while (!l->closed && sse_next(&l->sse, &part, &event)) {
		if (!str_empty(event.id))
			sse_link_resume(l, event.id);
		l->handler->on_event(l->arg, &event);
	}
	leave(l);
}

static void retry_later(struct sse_link *l, const struct err *why)
{
	i64 wait = 1 + (i64)random_below(&random_system, (u64)l->backoff_ms);

	l->backoff_ms = MIN(2 * l->backoff_ms, l->spec.retry_max_ms);
	loop_timer_set(l->timer, wait);
	l->busy++;
	l->handler->on_down(l->arg, why, wait);
	leave(l);
}

static void on_done(void *arg, const struct err *e, const struct http_answer *answer)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sse_link *l = arg;
	const struct err *why = e;
	const struct json *body;

	l->call = NULL;
	if (!e && json_parse(a, answer->body, &body))
		body = NULL;
	if (!e)
		why = l->handler->refusal(a, answer->status, body);
	if (!why)
		why = FAIL(a, NETWORK, "the stream of events ended");
	retry_later(l, why);
}

static void connect_now(void *arg)
{
	struct sse_link *l = arg;
	struct http_header h[3] = { { S("Accept"), S("text/event-stream") } };
	struct http_spec spec = {
		.url = l->spec.url,
		.unix_path = l->spec.unix_path,
		.tls = l->spec.tls,
		.headers = h,
		.n_headers = 1,
		.deadline_ms = l->spec.head_ms,
		.idle_ms = l->spec.idle_ms,
		.on_head = on_head,
		.on_data = on_data,
	};

	if (l->last_id_len)
		h[spec.n_headers++] =
			(struct http_header){ S("Last-Event-ID"), str_of(l->last_id, l->last_id_len) };
	if (l->authorization_len)
		h[spec.n_headers++] = (struct http_header){ S("Authorization"),
							    str_of(l->authorization, l->authorization_len) };
	l->call = http_call_start(l->spec.loop, &spec, on_done, l);
}

struct sse_link *sse_link_open(const struct sse_link_spec *spec, const struct sse_link_handler *h,
			       void *arg)
{
	struct arena *a = arena_new();
	struct sse_link *l = NEW(a, struct sse_link);

	*l = (struct sse_link){
		.spec = *spec,
		.arena = a,
		.handler = h,
		.arg = arg,
		.authorization = (char *)secret_alloc(a, AUTHORIZATION_MAX),
		.backoff_ms = spec->retry_min_ms,
	};
	l->spec.url = arena_dup(a, spec->url);
	l->spec.unix_path = str_empty(spec->unix_path) ? STR_NONE : arena_dup(a, spec->unix_path);
	sse_link_authorize(l, spec->authorization);
	sse_link_resume(l, spec->last_id);
	sse_init(&l->sse, spec->event_max);
	l->timer = loop_timer_new(spec->loop, connect_now, l);
	connect_now(l);
	return l;
}
