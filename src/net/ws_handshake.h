/*
 * ws_handshake.h - how an HTTP/1.1 connection becomes a WebSocket one, both ends.
 *
 * No extension and no subprotocol is ever offered or accepted. Pure, any thread.
 */
#ifndef NET_WS_HANDSHAKE_H
#define NET_WS_HANDSHAKE_H

#include "net/http1.h"

#include "base/err.h"

enum {
	WS_KEY_LEN = 24,      /* 16 random bytes in base64 */
	WS_ACCEPT_LEN = 28,   /* SHA-1 in base64 */
};

/* Sec-WebSocket-Accept for a key. */
void ws_accept_key(str key, char ret_accept[WS_ACCEPT_LEN]);

/* Server. Is it a GET of exactly that target with all that an upgrade needs? Returns 101,
 * or the status to refuse with (400, 404, 405, 426) and a sentence. */
int ws_check_request(const struct http_head *h, str target, const char **ret_why);
/* The answer 101 to a checked request, with further headers. False as in http1.h. */
bool ws_write_accept(struct buf *out, const struct http_head *h, const struct http_header *headers,
		     size_t n) MUST_CHECK;
/* The refusal, with what 405 and 426 have to say; Connection: close. */
bool ws_write_refusal(struct buf *out, int status, const char *why) MUST_CHECK;

/* Client. The key to send, made of 16 random bytes. */
void ws_make_key(const u8 random[16], char ret_key[WS_KEY_LEN]);
bool ws_write_request(struct buf *out, str target, str host, str key,
		      const struct http_header *headers, size_t n) MUST_CHECK;
/* Is this the 101 for that key, without extension or subprotocol? NETWORK if not. */
struct err *ws_check_response(struct arena *a, const struct http_head *h, str key) MUST_CHECK;

#endif
