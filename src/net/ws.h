/*
 * ws.h - WebSocket frames (RFC 6455) of both ends: bytes in, events out; no extensions.
 *
 * One struct ws a connection, used by one thread at a time. A frame that lies complete in
 * the input is unmasked there and delivered without a copy; only an incomplete frame and
 * the fragments of a message are kept, both together bounded by max_message (+ one header
 * and one control frame). The sender of an event's data is the input: it is valid until
 * the callback returns. After CLOSE or FAIL nothing more is delivered, input is dropped.
 * How much work one turn may do is the caller's business: return false from the callback.
 */
#ifndef NET_WS_H
#define NET_WS_H

#include "base/buf.h"

enum {
	WS_HEADER_MAX = 14,
	WS_CONTROL_MAX = 125,          /* payload of ping, pong, close */
	WS_REASON_MAX = WS_CONTROL_MAX - 2,
};

enum ws_opcode {
	WS_OP_CONTINUATION = 0x0,
	WS_OP_TEXT = 0x1,
	WS_OP_BINARY = 0x2,
	WS_OP_CLOSE = 0x8,
	WS_OP_PING = 0x9,
	WS_OP_PONG = 0xa,
};

enum ws_code {
	WS_NORMAL = 1000,
	WS_GOING_AWAY = 1001,
	WS_PROTOCOL_ERROR = 1002,
	WS_UNSUPPORTED = 1003,
	WS_NO_CODE = 1005,             /* never on the wire: a close frame without a code */
	WS_ABNORMAL = 1006,            /* never on the wire: the connection just ended */
	WS_BAD_DATA = 1007,
	WS_POLICY = 1008,
	WS_TOO_BIG = 1009,
	WS_INTERNAL = 1011,
};

enum ws_event_kind {
	WS_EVENT_MESSAGE,     /* data: whole message; is_text: checked UTF-8 */
	WS_EVENT_PING,        /* data: to be sent back with a pong */
	WS_EVENT_PONG,
	WS_EVENT_CLOSE,       /* code (WS_NO_CODE if none), data: reason. Answer with ws_close */
	WS_EVENT_FAIL,        /* the peer broke the protocol: ws_close(code, data), then drop it */
};

struct ws_event {
	enum ws_event_kind kind;
	bool is_text;
	int code;
	str data;
};

enum ws_state {
	WS_OPEN,
	WS_CLOSING,           /* we sent a close: messages are dropped, its answer awaited */
	WS_CLOSED,            /* CLOSE or FAIL was delivered */
};

struct ws {
	bool is_client;       /* which end we are */
	bool close_sent;
	enum ws_state state;
	u8 message_op;        /* of the fragmented message in `message`; 0 = none */
	size_t max_message;
	struct buf partial;   /* head part of an incomplete frame, still masked */
	struct buf message;   /* fragments so far, unmasked */
};

/* True goes on, false returns from ws_feed after this event. It may call ws_close, but not
 * ws_feed or ws_done of the same struct. */
typedef bool ws_on_event(void *arg, const struct ws_event *ev);

/* max_message: payload of a message, and so of a frame; above is FAIL 1009. */
void ws_init(struct ws *w, bool is_client, size_t max_message);
void ws_done(struct ws *w);
/* Reads n bytes, which it may overwrite. Returns how many were used: n, or less when the
 * callback said stop; the rest (also when 0 bytes are left) is to be fed later. */
size_t ws_feed(struct ws *w, char *data, size_t n, ws_on_event *cb, void *arg);

/* Writers add a whole frame or nothing (false: the buffer is full). mask: NULL at the
 * server, 4 fresh random bytes for each frame at the client. */
bool ws_write(struct buf *out, enum ws_opcode op, str payload, const u8 *mask) MUST_CHECK;
/* Only the header of a final frame, so that one payload serves many connections. Returns
 * its length. */
size_t ws_header(u8 out[WS_HEADER_MAX], enum ws_opcode op, u64 payload_len, const u8 *mask);
/* XORs n bytes with the mask; offset: how many bytes of the payload came before. */
void ws_mask(char *data, size_t n, const u8 mask[4], size_t offset);
/* Writes a close frame, once: false if one was written before or the buffer is full. Code
 * WS_NO_CODE writes an empty one; a reason over WS_REASON_MAX is cut between characters. */
bool ws_close(struct ws *w, struct buf *out, int code, str reason, const u8 *mask);
/* May this code stand in a close frame? */
bool ws_code_ok(int code);

#endif
