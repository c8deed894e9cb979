/*
 * wire.h - a played peer's socket: one HTTP request, or a WebSocket connection whose frames
 * are kept until a line of the conversation asks for them.
 *
 * Uses the codecs of src/net but no loop: everything waits on poll() with a deadline.
 */
#ifndef CONV_WIRE_H
#define CONV_WIRE_H

#include "json/json.h"
#include "net/http1.h"
#include "net/ws.h"

enum {
	WIRE_DEADLINE_MS = 5000,      /* until seen, or this long */
	WIRE_MESSAGE_MAX = 16 << 20,
	WIRE_CONNS_MAX = 64,
};

struct frame {
	str text;
	const struct json *json;      /* NULL if it is none */
	struct frame *next;
};

struct wire {
	struct arena *arena;
	int fd;                       /* -1: not connected */
	struct ws ws;
	str challenge;                /* of the 101 answer */
	struct frame *frames;         /* not yet asked for, in order */
	bool closed;
	bool deaf;                    /* is not read */
	int close_code;               /* 1006 without a close frame */
	str close_reason;
};

struct http_result_text {
	int status;
	str body;
};

i64 wire_now_ms(void);
/* Opens a TCP connection to 127.0.0.1:port. */
struct err *wire_connect(struct arena *a, int port, int *ret_fd) MUST_CHECK;

/* One request on a connection of its own. headers: lines without CRLF; Host and Content-Length
 * are added, Content-Type if there is a body and none is given. */
struct err *wire_http(struct arena *a, int port, str method, str path, const str *headers, size_t n,
		      str body, struct http_result_text *ret) MUST_CHECK;
/* The same from another address of this machine: "127.0.0.2". */
struct err *wire_http_from(struct arena *a, str from, int port, str method, str path,
			   const str *headers, size_t n, str body, struct http_result_text *ret) MUST_CHECK;

/* These bytes on a connection of their own, and all that comes until the broker ends it. */
struct err *wire_raw(struct arena *a, int port, str bytes, str *ret_answer) MUST_CHECK;

/* Upgrades; a refusal is no error: *ret_status is then not 101 and w stays unconnected. */
struct err *wire_open(struct arena *a, int port, const str *headers, size_t n, struct wire *w,
		      int *ret_status) MUST_CHECK;
struct err *wire_send(struct arena *a, struct wire *w, str text) MUST_CHECK;
struct err *wire_send_bytes(struct arena *a, struct wire *w, str bytes) MUST_CHECK;
struct err *wire_send_close(struct arena *a, struct wire *w, int code) MUST_CHECK;
/* Without a close frame. */
void wire_drop(struct wire *w);
/* Waits until one of the connections has something, at most wait_ms, and reads it all. */
struct err *wire_wait(struct arena *a, struct wire **all, size_t n, i64 wait_ms) MUST_CHECK;

#endif
