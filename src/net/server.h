/*
 * server.h - HTTP/1.1 and WebSocket connections of a server, on one loop.
 *
 * A connection answers one request at a time, in order; pipelined ones wait unread. A request
 * may be answered later: keep its conn_id and look it up then; the pointer is good only inside
 * the callback that gave it. The same for ws_conn between on_ws_open() and on_ws_close(), which
 * comes exactly once. A conn_id never names another request or connection again, so what comes
 * too late finds NULL. No callback is called from inside a call of the application.
 * Every socket counts as unauthenticated until ws_conn_authenticated(). Loop thread only.
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/block.h"
#include "net/addr.h"
#include "net/http1.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/ws.h"
#include "net/ws_end.h"

struct server;
struct ws_conn;

struct conn_id { u32 slot, gen; };            /* gen 0 is nobody */

/* type   name                default what it bounds */
#define SERVER_LIMITS(L) \
	L(i64,    head_ms,            10000,  "from connecting, or a first byte, to a whole head") \
	L(i64,    body_ms,            30000,  "from the head to the whole body") \
	L(i64,    answer_ms,          60000,  "for the application to answer; then 504") \
	L(i64,    write_ms,           30000,  "without the peer taking anything of an answer") \
	L(i64,    idle_ms,            60000,  "between two requests of one connection") \
	L(i64,    hello_ms,           10000,  "from upgrade to ws_conn_authenticated(), or 1008") \
	L(i64,    ping_ms,            30000,  "between two pings of ours") \
	L(i64,    dead_ms,            75000,  "without a byte from a WebSocket; then it ends") \
	L(i64,    close_ms,           5000,   "for the peer's close frame after ours") \
	L(size_t, body_max,           65536,  "bytes of a body; on_request_head() may change it") \
	L(size_t, message_max,        262144, "bytes of a message, 4 x MAX_MESSAGE_BYTES") \
	L(size_t, out_max,            4194304, "bytes that wait for a slow reader") \
	L(size_t, messages_per_turn,  64,     "messages of one connection before the others") \
	L(size_t, conns_max,          65536,  "connections of all kinds") \
	L(size_t, unauth_max,         1024,   "connections that are not authenticated") \
	L(size_t, unauth_per_addr_max, 256,   "of them, from one address (IPv6: one /64)")

struct server_limits {
#define SERVER_LIMIT_FIELD_(type, name, dflt, doc) type name;
	SERVER_LIMITS(SERVER_LIMIT_FIELD_)
#undef SERVER_LIMIT_FIELD_
};
extern const struct server_limits server_limits_default;

struct server_request {
	struct conn_id id;
	struct arena *arena;  /* dies when the request is answered */
	const struct http_head *head;
	str body;             /* whole; only in on_request() */
	size_t body_max;      /* on_request_head() may change it */
	const struct addr *peer, *local;
	bool is_tls;
	void *user;           /* the application's own */
};

/* What on_upgrade() decides. status 101 accepts; any other refuses with `why` as its body. */
struct ws_answer {
	int status;
	const struct http_header *headers;    /* of the 101; in the request's arena */
	size_t n_headers;
	const char *why;
};

struct server_app {
	/* The head is there, the body not yet. May set body_max, or answer already. May be NULL. */
	void (*on_request_head)(void *arg, struct server_request *rq);
	void (*on_request)(void *arg, struct server_request *rq);
	/* A well-formed upgrade of ws_path. Filled in as accepted. May be NULL. */
	void (*on_upgrade)(void *arg, struct server_request *rq, struct ws_answer *answer);
	/* rq: what on_upgrade() saw, rq->user with it; gone afterwards. */
	void (*on_ws_open)(void *arg, struct ws_conn *c, struct server_request *rq);
	/* Text is checked UTF-8. The bytes are valid during the call. */
	void (*on_ws_message)(void *arg, struct ws_conn *c, str message, bool is_text);
	/* The kernel took bytes: every message whose mark is <= total. May be NULL. */
	void (*on_ws_written)(void *arg, struct ws_conn *c, u64 total);
	void (*on_ws_close)(void *arg, struct ws_conn *c, const struct ws_end *end);
	const char *ws_path;  /* "/ws", exactly; NULL: no WebSocket */
	bool ws_query;        /* or with a query, which on_upgrade() looks at */
	/* A streamed answer ended: the peer left or did not read, or the server stops. user: what
	 * rq->user was. Not after server_stream_end(). May be NULL. */
	void (*on_stream_close)(void *arg, struct conn_id id, void *user);
	/* Everything queued was taken: there is room again. May be NULL. */
	void (*on_stream_drained)(void *arg, struct conn_id id, void *user);
};

/* app must outlive the server. */
struct server *server_new(struct loop *l, const struct server_app *app, void *arg,
			  const struct server_limits *limits);
/* May be called for several addresses. Port 0 takes a free one. host empty: every address. tls
 * may be NULL; it outlives the server. */
struct err *server_listen(struct arena *a, struct server *sv, str host, int port,
			  struct tls *tls) MUST_CHECK;
struct err *server_listen_unix(struct arena *a, struct server *sv, str path) MUST_CHECK;
/* On a listening stream socket that somebody else opened (socket activation); ours from now on. */
struct err *server_listen_fd(struct arena *a, struct server *sv, int fd) MUST_CHECK;
/* The port of the first server_listen(). */
int server_port(const struct server *sv);

/* Accepts no more, closes what is idle, lets answers finish, closes WebSockets with 1001
 * "shutting down" and waits a second for their close frames, longer for what is not sent yet;
 * what is left after deadline_ms is dropped. Then calls on_stopped(). */
void server_stop(struct server *sv, i64 deadline_ms, void (*on_stopped)(void *arg), void *arg);
/* Drops every connection without callbacks. NULL is fine. Not from inside a callback but
 * on_stopped(). */
void server_free(struct server *sv);

struct server_stats {
	size_t conns, ws, unauth;
	u64 accepted, refused_total, refused_addr, requests, bad_requests, hello_timeouts;
};
struct server_stats server_stats(const struct server *sv);

/* NULL when answered, given up or gone. */
struct server_request *server_request_get(struct server *sv, struct conn_id id);
/* Answers, once. HEAD is taken care of. A header that cannot be one makes the answer a 500. */
void server_respond(struct server *sv, struct server_request *rq, int status,
		    const struct http_header *headers, size_t n_headers, str body);
/* The same without a copy of a large body; takes a reference of its own. */
void server_respond_block(struct server *sv, struct server_request *rq, int status,
			  const struct http_header *headers, size_t n_headers, struct block *body);
/* The same with the connection closed after it. */
void server_respond_last(struct server *sv, struct server_request *rq, int status,
			 const struct http_header *headers, size_t n_headers, str body);

/* Answers with a body that goes on (Server-Sent Events), up to the end of the connection. Returns
 * the name by which it is continued; gen 0 if nothing may follow (HEAD, a header that cannot be
 * one). The request's arena ends with the callback. */
struct conn_id server_stream_start(struct server *sv, struct server_request *rq, int status,
				   const struct http_header *headers, size_t n_headers);
/* False when it has ended. One over out_max, or of which the peer takes nothing for write_ms,
 * ends with on_stream_close(). */
bool server_stream_send(struct server *sv, struct conn_id id, str bytes);
/* The same without a copy. */
bool server_stream_send_block(struct server *sv, struct conn_id id, struct block *b);
size_t server_stream_waiting(struct server *sv, struct conn_id id); /* bytes not yet taken */
void *server_stream_user(struct server *sv, struct conn_id id); /* NULL when it has ended */
/* Sends what is queued and closes. */
void server_stream_end(struct server *sv, struct conn_id id);

/* NULL when it is gone or closing. */
struct ws_conn *ws_conn_get(struct server *sv, struct conn_id id);
struct conn_id ws_conn_id(const struct ws_conn *c);
void *ws_conn_user(const struct ws_conn *c);
void ws_conn_set_user(struct ws_conn *c, void *user);
const struct addr *ws_conn_peer(const struct ws_conn *c);
/* The first hello was good: no more deadline, not counted as unauthenticated. */
void ws_conn_authenticated(struct ws_conn *c);

/* Queues a text message. Returns its mark for on_ws_written(). A connection that is closing
 * drops it, one over out_max ends; such a mark is never reached. */
u64 ws_conn_send(struct ws_conn *c, str message);
/* The same without a copy: the block is the message. */
u64 ws_conn_send_block(struct ws_conn *c, struct block *message);
u64 ws_conn_written(const struct ws_conn *c); /* the largest mark reached */
size_t ws_conn_waiting(const struct ws_conn *c); /* bytes queued, not yet taken */
size_t ws_conn_room(const struct ws_conn *c);    /* bytes that may still be queued */

/* No messages until resumed; at most one turn's share is held meanwhile. */
void ws_conn_pause(struct ws_conn *c);
void ws_conn_resume(struct ws_conn *c);
/* Sends a close frame and waits for theirs; nothing more is delivered but on_ws_close(). */
void ws_conn_close(struct ws_conn *c, int code, str reason);
/* Ends without a close frame; on_ws_close() follows. */
void ws_conn_abort(struct ws_conn *c);

#endif
