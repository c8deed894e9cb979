/*
 * api_call.h - the inside of the local API: its routes, and one call under way.
 *
 * A route is a row beside its function; the dispatcher reads from it what the call may bring,
 * how much, and who may make it. A call lives from its request to its answer, which may come
 * later, and is answered exactly once: api_done(), or api_fail(), or an error returned by run().
 * Whoever asked may be gone by then; nobody has to care.
 */
#ifndef DAEMON_API_CALL_H
#define DAEMON_API_CALL_H

#include "daemon/api.h"
#include "net/server.h"
#include "proto/local.h"

struct api_call;
typedef struct err *api_run(struct api_call *c);

enum api_who {
	API_ANYONE,  /* a session too, within its own scope */
	API_USER,    /* not a session */
	API_SESSION, /* only a session */
};

struct api_route {
	const char *method; /* NULL ends a table */
	const char *path;   /* a last segment "<x>" is a parameter */
	const struct json_field *fields; /* of the body (POST) or the query; NULL: none */
	size_t args_size;
	size_t body_max;
	enum api_who who;
	api_run *run;
	const char *doc;    /* one sentence */
};

extern const struct api_route api_process_routes[], api_session_routes[], api_mail_routes[],
	api_outbox_routes[], api_peer_routes[], api_pass_routes[], api_ask_routes[], api_event_routes[];

struct api_call {
	struct api *api;
	struct daemon *daemon;
	struct arena *arena; /* of this call */
	struct conn_id id;
	const struct api_route *route;
	const void *args;    /* checked, zero where absent */
	str param;           /* of "<x>", decoded */
	str idempotency_key, last_event_id; /* headers; empty if absent */
	/* Who asks. Copied, so that a session may end meanwhile. */
	bool is_session;
	str token;           /* of the session; wiped with the arena */
	struct view view;
	struct buf out;
	struct json_out json;
	struct loop_timer *timer; /* for handlers that wait; freed with the call */
	void *state;         /* the handler's own, in the arena */
	void (*cleanup)(struct api_call *c); /* of state, when the call goes; may be NULL */
	struct api_call *prev, *next;
};

/* The session that asks; NULL for the user, or when it ended meanwhile. */
struct session *api_session(struct api_call *c);
/* The mesh meant: the argument, else the session's, else the only one. FORBIDDEN: another
 * than the session's. */
struct err *api_mesh(struct api_call *c, str mesh, struct mesh **ret_mesh) MUST_CHECK;
/* Is this mesh among those meant? mesh empty: the session's, or all. */
struct err *api_mesh_filter(struct api_call *c, str mesh, str *ret_mesh_id) MUST_CHECK;

/* {"ok":true, open for more members. */
struct json_out *api_ok(struct api_call *c);
/* Closes the object and answers. The call is gone. */
void api_done(struct api_call *c, int status);
void api_fail(struct api_call *c, const struct err *e);
/* The call goes on as something else (a stream): frees it without an answer. */
void api_drop(struct api_call *c);

/* api_mail.c: drain_heard_fn of the api */
void api_on_heard(void *api, str client_message_id, const struct json *ack, const struct strs *left_out);

/* api_events.c: streams under way, kept by the api. */
struct api_stream;
void api_stream_closed(struct api_stream *s);  /* the server's callback */
void api_stream_drained(struct api_stream *s);
/* How many are open that go to the channel of this session. */
size_t api_streams_of_channel(const struct api *api, const struct session *s);
void api_streams_end(struct api *api);

struct api {
	struct daemon *daemon;
	const struct place *place;
	struct server *server;
	struct conn_id none;
	str token;                 /* of TCP */
	int port;
	struct api_call *calls;    /* under way */
	struct api_stream *streams;
	struct loop_timer *keepalive;
	i64 warned_ms;
	void (*on_stopped)(void *arg);
	void *stopped_arg;
};

#endif
