/*
 * ws_link.h - one WebSocket connection after its handshake: what server and client share.
 *
 * Answers pings, sends its own, watches the clock, takes turns, closes properly. on_end() is
 * called once, never from inside a call of the owner. The owner frees the link, at any time, also
 * in a callback; no callback follows. Loop thread only.
 */
#ifndef NET_WS_LINK_H
#define NET_WS_LINK_H

#include "net/stream.h"
#include "net/ws.h"
#include "net/ws_end.h"

struct ws_link;

/* Each fits in 32 bits. */
struct ws_link_limits {
	i64 ping_ms, dead_ms;                 /* 0: none */
	i64 close_ms;
	size_t message_max, out_max, messages_per_turn;
};

struct ws_link_handler {
	void (*on_message)(void *arg, str message, bool is_text);
	void (*on_written)(void *arg, u64 total);
	void (*on_end)(void *arg, const struct ws_end *end);
};

/* Takes over the stream. */
struct ws_link *ws_link_new(struct loop *l, struct stream *s, bool is_client,
			    const struct ws_link_limits *limits,
			    const struct ws_link_handler *handler, void *arg);
void ws_link_free(struct ws_link *k);         /* NULL is fine; drops the connection */
/* Bytes that came together with the handshake; delivered in the next turn. */
void ws_link_input(struct ws_link *k, str bytes);
/* Closes with 1008 unless called again with 0 in time. */
void ws_link_hello_deadline(struct ws_link *k, i64 ms);
/* What is dropped gets a mark that is never reached. */
u64 ws_link_send(struct ws_link *k, str text);
u64 ws_link_send_block(struct ws_link *k, struct block *text);
u64 ws_link_written(const struct ws_link *k);
size_t ws_link_waiting(const struct ws_link *k);
size_t ws_link_room(const struct ws_link *k);
void ws_link_pause(struct ws_link *k);
void ws_link_resume(struct ws_link *k);
void ws_link_close(struct ws_link *k, int code, str reason);
/* Ends without a close frame; on_end() follows. */
void ws_link_abort(struct ws_link *k, const char *cause);
/* Neither closing nor ended. */
bool ws_link_is_open(const struct ws_link *k);

#endif
