/*
 * server_conn.h - the inside of a server: its table of connections and one connection.
 *
 * server.c owns the table and the counts, server_http.c moves a connection through its
 * requests, server_stream.c goes on with an answer without end, server_ws.c takes over after
 * an upgrade.
 */
#ifndef NET_SERVER_CONN_H
#define NET_SERVER_CONN_H

#include <uthash.h>

#include "net/listener.h"
#include "net/server.h"
#include "net/ws_link.h"

enum {
	LISTENERS_MAX = 8,
	STOP_CHECK_MS = 10,           /* between looks whether the last answers are out */
	STOP_CLOSE_MS = 1000,         /* for the close frame of who has all we sent */
	REQUESTS_PER_TURN = 16,       /* pipelined ones of one connection */
	PIPELINE_WAITING_MAX = 65536, /* bytes of answers not yet taken before the next request */
	CONN_INPUT_MAX = HTTP_HEAD_MAX + 4 * LOOP_READ_BYTES,
};

enum conn_state {
	CONN_HEAD,            /* waits for a request, or for the rest of its head */
	CONN_BODY,
	CONN_ANSWER,          /* the application's turn */
	CONN_WS,
	CONN_STREAM,          /* an answer that goes on; nothing more is read as a request */
	CONN_GONE,
};

struct request {
	struct server_request pub;
	struct server_conn *conn;
	struct http_head head;
	struct http_body body;
	struct buf content;
	bool answered;
};

struct group {                /* an address, for unauth_per_addr_max */
	u8 key[16];
	size_t n;
	UT_hash_handle hh;
};

struct server_conn {
	struct server *sv;
	struct stream *s;     /* NULL after the upgrade */
	enum conn_state state;
	struct conn_id id;
	bool unauth;          /* counted as such */
	struct group *group;  /* NULL when not counted by address */
	bool eof;             /* the peer sends no more */
	int busy;             /* inside a callback; the memory stays */
	struct buf in;        /* input from `pos` on is not looked at yet */
	size_t pos;
	struct request *rq;   /* from the first byte of its head until it is answered */
	struct loop_timer *timer;
	struct loop_task more;
	struct ws_conn *ws;
	void *stream_user;
	bool stream_over;     /* the application heard of its end, or is about to */
	struct addr peer;
	struct addr *local;   /* NULL after the upgrade: only requests ask for it */
};

struct ws_conn {
	struct server_conn *conn;
	struct ws_link *link;
	void *user;
};

struct slot {
	struct server_conn *conn;
	u32 gen, next_free;
};

struct server {
	struct loop *loop;
	const struct server_app *app;
	void *arg;
	struct server_limits limits;
	struct listener *listeners[LISTENERS_MAX];
	size_t n_listeners;
	int port;
	struct slot *slots;
	u32 n_slots, first_free;      /* first_free: n_slots when none is free */
	struct group *groups;
	struct server_stats stats;
	i64 warned_ms;
	bool stopping, overdue;       /* overdue: past the stop's deadline */
	i64 stop_until;               /* that deadline, in loop time */
	struct loop_timer *stop_timer, *stop_check;
	struct loop_task stopped;
	void (*on_stopped)(void *arg);
	void *stopped_arg;
};

/* server.c */
struct server_conn *conn_get(struct server *sv, struct conn_id id);
void conn_set_state(struct server_conn *c, enum conn_state state);
/* A new name for the next request, or for the WebSocket; the old one finds nothing any more. */
void conn_rename(struct server_conn *c);
/* No longer counted as unauthenticated. */
void conn_trust(struct server_conn *c);
/* Takes it off the table. The stream is closed politely or dropped; memory goes when not busy. */
void conn_end(struct server_conn *c, bool politely);

/* server_http.c */
void conn_http_start(struct server_conn *c);
void conn_http_stop(struct server_conn *c);   /* the server stops */
void request_free(struct request *rq);
struct request *request_of(struct server_request *pub);
/* The head of an answer, and its body where the method and status allow one. */
enum answer_end { ANSWER_KEEP, ANSWER_CLOSE, ANSWER_OPEN };
void send_answer(struct request *rq, int status, const struct http_header *headers,
		 size_t n_headers, str body, enum answer_end end);

/* server_stream.c: its part of what happens to a connection */
void conn_stream_process(struct server_conn *c);
void conn_stream_written(struct server_conn *c);
/* Tells the application and ends the connection; not from inside a call of its own. */
void conn_stream_close(struct server_conn *c, bool politely);
/* The same a turn later. */
void conn_stream_stop(struct server_conn *c);

/* server_ws.c */
void conn_ws_start(struct server_conn *c, struct request *rq);

#endif
