/*
 * ws_client.h - the client's end of a WebSocket connection.
 *
 * Pings are answered. A ping of our own every ping_ms, and an end after dead_ms without a byte
 * from the server, if asked for. The owner frees it, at any time, also in a callback; no callback
 * follows. Callbacks are never called from inside the owner's calls. Loop thread only.
 */
#ifndef NET_WS_CLIENT_H
#define NET_WS_CLIENT_H

#include "base/block.h"
#include "net/http1.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/ws.h"
#include "net/ws_end.h"

enum {
	WS_CLIENT_DEADLINE_MS = 10000,
	WS_CLIENT_CLOSE_MS = 5000,            /* for the server's close frame after ours */
	WS_CLIENT_MESSAGE_MAX = 4 * 1024 * 1024,
	WS_CLIENT_OUT_MAX = 16 * 1024 * 1024,
	WS_CLIENT_PING_MS = 30000,            /* what the reference's links use */
	WS_CLIENT_DEAD_MS = 75000,
};

struct ws_client;

struct ws_client_spec {
	str url;              /* ws or wss */
	const struct http_header *headers;
	size_t n_headers;
	i64 deadline_ms;      /* to connect and upgrade; 0: WS_CLIENT_DEADLINE_MS */
	size_t message_max;   /* 0: WS_CLIENT_MESSAGE_MAX */
	size_t out_max;       /* 0: WS_CLIENT_OUT_MAX */
	i64 ping_ms, dead_ms; /* 0: none */
	struct tls *tls;      /* NULL: the system's authorities */
};

struct ws_client_app {
	/* The 101, with its headers; valid during the call. May be NULL. */
	void (*on_open)(void *arg, struct ws_client *c, const struct http_head *answer);
	void (*on_message)(void *arg, struct ws_client *c, str message, bool is_text);
	/* The kernel took bytes: every message whose mark is <= total. May be NULL. */
	void (*on_written)(void *arg, struct ws_client *c, u64 total);
	/* Never opened; on_close() does not come. http_status: of a refusal, or 0. */
	void (*on_fail)(void *arg, struct ws_client *c, const struct err *e, int http_status);
	void (*on_close)(void *arg, struct ws_client *c, const struct ws_end *end);
};

/* Copies what the spec points to; app must outlive it. A bad address is told to on_fail(). */
struct ws_client *ws_client_new(struct loop *l, const struct ws_client_spec *spec,
				const struct ws_client_app *app, void *arg);
void ws_client_free(struct ws_client *c);     /* NULL is fine; drops the connection */
bool ws_client_is_open(const struct ws_client *c);
/* Queues a text message and returns its mark; dropped when not open. Over out_max it ends. */
u64 ws_client_send(struct ws_client *c, str message);
u64 ws_client_written(const struct ws_client *c);
size_t ws_client_room(const struct ws_client *c);
void ws_client_pause(struct ws_client *c);
void ws_client_resume(struct ws_client *c);
/* Sends what is queued and a close frame, waits for theirs, then on_close(). */
void ws_client_close(struct ws_client *c, int code, str reason);

#endif
