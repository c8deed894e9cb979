/*
 * ipc_events.c - the daemon's events, with a new connection whenever the last one ended.
 */
#include "client/ipc.h"

#include "base/random.h"
#include "crypto/secret.h"
#include "net/http_client.h"

enum { LAST_ID_MAX = 64 };

struct ipc_events {
	struct loop *loop;
	struct arena *arena; /* as long as the object */
	struct ipc ipc;
	const struct ipc_events_handler *handler;
	void *arg;
	struct sse sse;
	char last_id[LAST_ID_MAX];
	size_t last_id_len;
	struct http_call *call;
	struct loop_timer *timer;
	i64 backoff_ms;
	int busy;    /* inside a callback: closing waits */
	bool closed;
};

static void events_free(struct ipc_events *ev)
{
	http_call_cancel(ev->call);
	loop_timer_free(ev->timer);
	sse_done(&ev->sse);
	arena_free(ev->arena);
}

void ipc_events_close(struct ipc_events *ev)
{
	if (!ev)
		return;
	ev->closed = true;
	if (ev->busy)
		return;
	events_free(ev);
}

/* After callbacks: true if one of them closed it; then it is gone. */
static bool leave(struct ipc_events *ev)
{
	if (--ev->busy || !ev->closed)
		return ev->closed;
	events_free(ev);
	return true;
}

static void remember_id(struct ipc_events *ev, str id)
{
	if (id.len > LAST_ID_MAX)
		return;
	if (id.len)
		memcpy(ev->last_id, id.ptr, id.len);
	ev->last_id_len = id.len;
}

static void on_head(void *arg, const struct http_head *head)
{
	struct ipc_events *ev = arg;

	ev->backoff_ms = IPC_RETRY_MIN_MS;
	sse_done(&ev->sse);
	sse_init(&ev->sse, IPC_EVENT_MAX);
	ev->busy++;
	if (ev->handler->on_open)
		ev->handler->on_open(ev->arg);
	leave(ev);
}

static void on_data(void *arg, str part)
{
	struct ipc_events *ev = arg;
	struct sse_event event;

	ev->busy++;
	while (!ev->closed && sse_next(&ev->sse, &part, &event)) {
		remember_id(ev, event.id);
		ev->handler->on_event(ev->arg, &event);
	}
	leave(ev);
}

static void retry_later(struct ipc_events *ev, const struct err *why)
{
	i64 wait = 1 + (i64)random_below(&random_system, (u64)ev->backoff_ms);

	ev->backoff_ms = MIN(2 * ev->backoff_ms, IPC_RETRY_MAX_MS);
	loop_timer_set(ev->timer, wait);
	ev->busy++;
	ev->handler->on_down(ev->arg, why, wait);
	leave(ev);
}

static void on_done(void *arg, const struct err *e, const struct http_answer *answer)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ipc_events *ev = arg;
	struct ipc_reply reply = { 0 };
	const struct err *why = e;

	ev->call = NULL;
	if (!e) {
		reply.status = answer->status;
		if (json_parse(a, answer->body, &reply.body))
			reply.body = NULL;
		why = ipc_refusal(a, &reply);
	}
	if (!why)
		why = FAIL(a, NETWORK, "the daemon ended the stream of events");
	retry_later(ev, why);
}

static void connect_now(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ipc_events *ev = arg;
	struct http_header h[3] = { { S("Accept"), S("text/event-stream") } };
	struct http_spec spec = {
		.url = S("http://localhost/v1/events"),
		.unix_path = ev->ipc.place.socket,
		.headers = h,
		.n_headers = 1,
		.deadline_ms = IPC_DEADLINE_MS,
		.idle_ms = IPC_EVENTS_IDLE_MS,
		.on_head = on_head,
		.on_data = on_data,
	};

	if (ev->last_id_len)
		h[spec.n_headers++] = (struct http_header){ S("Last-Event-ID"),
							    str_of(ev->last_id, ev->last_id_len) };
	if (!str_empty(ev->ipc.token))
		h[spec.n_headers++] = (struct http_header){
			S("Authorization"),
			secret_dup(a, arena_printf(a, LOCAL_SESSION_SCHEME "%.*s", STRF(ev->ipc.token)))
		};
	ev->call = http_call_start(ev->loop, &spec, on_done, ev);
}

struct ipc_events *ipc_events_open(struct loop *l, const struct ipc *ipc, str last_id,
				   const struct ipc_events_handler *h, void *arg)
{
	struct arena *a = arena_new();
	struct ipc_events *ev = NEW(a, struct ipc_events);

	*ev = (struct ipc_events){
		.loop = l,
		.arena = a,
		.handler = h,
		.arg = arg,
		.backoff_ms = IPC_RETRY_MIN_MS,
	};
	ev->ipc.place.socket = arena_dup(a, ipc->place.socket);
	ev->ipc.token = secret_dup(a, ipc->token);
	sse_init(&ev->sse, IPC_EVENT_MAX);
	remember_id(ev, last_id);
	ev->timer = loop_timer_new(l, connect_now, ev);
	connect_now(ev);
	return ev;
}
