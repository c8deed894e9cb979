/*
 * ipc_events.c - the daemon's events, with a new connection whenever the last one ended.
 */
#include "client/ipc.h"

#include "client/sse_link.h"
#include "crypto/secret.h"

struct ipc_events {
	struct sse_link *link;
	const struct ipc_events_handler *handler;
	void *arg;
};

static void on_open(void *arg)
{
	struct ipc_events *ev = arg;

	if (ev->handler->on_open)
		ev->handler->on_open(ev->arg);
}

static void on_event(void *arg, const struct sse_event *event)
{
	struct ipc_events *ev = arg;

	ev->handler->on_event(ev->arg, event);
}

static void on_down(void *arg, const struct err *why, i64 retry_ms)
{
	struct ipc_events *ev = arg;

	ev->handler->on_down(ev->arg, why, retry_ms);
}

static struct err *refusal(struct arena *a, int status, const struct json *body)
{
	struct ipc_reply reply = { status, body };

	return ipc_refusal(a, &reply);
}

static const struct sse_link_handler handler = { on_open, on_event, refusal, on_down };

struct ipc_events *ipc_events_open(struct loop *l, const struct ipc *ipc, str last_id,
				   const struct ipc_events_handler *h, void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ipc_events *ev = calloc(1, sizeof(*ev));
	struct sse_link_spec spec = {
		.loop = l,
		.url = ipc->channel ? S("http://localhost/v1/events?channel=true")
				    : S("http://localhost/v1/events"),
		.unix_path = ipc->place.socket,
		.last_id = last_id,
		.event_max = IPC_EVENT_MAX,
		.head_ms = IPC_DEADLINE_MS,
		.idle_ms = IPC_EVENTS_IDLE_MS,
		.retry_min_ms = IPC_RETRY_MIN_MS,
		.retry_max_ms = IPC_RETRY_MAX_MS,
	};

	if (!ev)
		abort();
	if (!str_empty(ipc->token))
		spec.authorization =
			secret_dup(a, arena_printf(a, LOCAL_SESSION_SCHEME "%.*s", STRF(ipc->token)));
	*ev = (struct ipc_events){ .handler = h, .arg = arg };
	ev->link = sse_link_open(&spec, &handler, ev);
	return ev;
}

void ipc_events_close(struct ipc_events *ev)
{
	if (!ev)
		return;
	sse_link_close(ev->link);
	free(ev);
}
