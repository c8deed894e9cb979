/*
 * ipc.h - the user's daemon as its clients see it: requests over its Unix socket, and its
 * stream of events.
 *
 * Nothing here starts a daemon (daemon_start.h does) or touches its files. A session's token
 * travels with every call, so the daemon knows who asks. What the daemon refuses is an err with
 * its word and sentence; `unreachable` (ipc_is_unreachable) means that no daemon took the call.
 */
#ifndef CLIENT_IPC_H
#define CLIENT_IPC_H

#include "client/place.h"
#include "client/sse.h"
#include "json/json.h"
#include "net/loop.h"
#include "proto/local.h"

enum {
	IPC_DEADLINE_MS = 5000,
	IPC_ANSWER_MAX = 32 << 20,
	IPC_EVENT_MAX = 1 << 20,
	IPC_EVENTS_IDLE_MS = 40000,   /* the daemon says something every 15 s */
	IPC_RETRY_MIN_MS = 100, IPC_RETRY_MAX_MS = 5000, /* of a stream that ended, full jitter */
};

struct ipc {
	struct place place;
	str token; /* of the session we are in: 64 hex; empty: the user's own terminal */
	bool channel; /* the stream of events goes to a channel that the agent shows at once */
};

/* Place and token of this process: $CLAUDEMESH_IPC_TOKEN, else what $CLAUDEMESH_IPC_TOKEN_FILE
 * names. BAD_REQUEST: the token is none. */
struct err *ipc_from_env(struct arena *a, const struct paths *p, struct ipc *ret_ipc) MUST_CHECK;

struct ipc_request {
	str method;          /* empty: GET, or POST with a body */
	str target;          /* "/v1/peers?mesh=dev" */
	str body;            /* JSON; ptr NULL: none */
	str idempotency_key; /* empty: none */
	i64 deadline_ms;     /* 0: IPC_DEADLINE_MS */
};
struct ipc_reply {
	int status;
	const struct json *body; /* NULL if it was no JSON */
};

bool ipc_is_unreachable(const struct err *e);

/* Waits for the answer, whatever its status. */
struct err *ipc_call(struct arena *a, const struct ipc *ipc, const struct ipc_request *rq,
		     struct ipc_reply *ret_reply) MUST_CHECK;
/* The same; a status from 400 on is an error. */
struct err *ipc_ask(struct arena *a, const struct ipc *ipc, const struct ipc_request *rq,
		    const struct json **ret_body) MUST_CHECK;
/* The error of an answer from 400 on, else NULL. */
struct err *ipc_refusal(struct arena *a, const struct ipc_reply *reply) MUST_CHECK;

/* On a loop. Exactly one of e and reply; both live during the call. Never from inside. */
typedef void ipc_fn(void *arg, const struct err *e, const struct ipc_reply *reply);
struct ipc_job;
struct ipc_job *ipc_start(struct loop *l, const struct ipc *ipc, const struct ipc_request *rq,
			  ipc_fn *fn, void *arg);
void ipc_cancel(struct ipc_job *job); /* before fn only; NULL is fine */

/* The events. Comes back by itself, and asks for what it missed. Callbacks may close it. */
struct ipc_events;
struct ipc_events_handler {
	void (*on_open)(void *arg); /* may be NULL */
	void (*on_event)(void *arg, const struct sse_event *ev);
	/* It ended, or never came; the next attempt is under way by itself in retry_ms. */
	void (*on_down)(void *arg, const struct err *why, i64 retry_ms);
};
/* last_id: of the last event seen; empty: only what comes. */
struct ipc_events *ipc_events_open(struct loop *l, const struct ipc *ipc, str last_id,
				   const struct ipc_events_handler *h, void *arg);
void ipc_events_close(struct ipc_events *ev); /* NULL is fine */

#endif
