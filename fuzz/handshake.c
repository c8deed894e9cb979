/*
 * handshake.c - fuzz target of net/ws_handshake.h, both ends.
 *
 * Input: which end, then bytes of the other. A request that was accepted is answered with the
 * accept key that our client wants for its key, also when proxies change nothing else; an answer
 * is only taken if it is that.
 */
#include <string.h>

#include "net/ws_handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void serve(struct arena *a, str bytes)
{
	CLEANUP(buf_done) struct buf out = buf_make(2 * HTTP_HEAD_MAX);
	struct http_head h = { 0 }, answer = { 0 };
	const char *why = NULL;
	int status;

	if (http_parse_request(&h, bytes) != HTTP_COMPLETE)
		return;
	status = ws_check_request(&h, S("/ws"), &why);
	if (status == 101) {
		str key = http_header_get(&h, S("Sec-WebSocket-Key"));

		require(key.len == WS_KEY_LEN && str_eq(h.path, S("/ws")));
		require(ws_write_accept(&out, &h, NULL, 0));
		require(http_parse_response(&answer, buf_str(&out), S("GET")) == HTTP_COMPLETE);
		require(answer.length == out.len && !ws_check_response(a, &answer, key));
		return;
	}
	require((status == 400 || status == 404 || status == 405 || status == 426) && why && *why);
	require(ws_write_refusal(&out, status, why));
	require(http_parse_response(&answer, buf_str(&out), S("GET")) == HTTP_COMPLETE);
	require(answer.status == status && !answer.keep_alive);
}

static void ask(struct arena *a, str bytes)
{
	struct http_head h = { 0 };
	char accept[WS_ACCEPT_LEN];
	struct err *e;

	if (http_parse_response(&h, bytes, S("GET")) != HTTP_COMPLETE)
		return;
	e = ws_check_response(a, &h, S(KEY));
	if (e) {
		require(e->text.len && str_is_utf8(e->text));
		return;
	}
	ws_accept_key(S(KEY), accept);
	require(h.status == 101);
	require(str_eq(http_header_get(&h, S("Sec-WebSocket-Accept")), str_of(accept, WS_ACCEPT_LEN)));
	require(!http_header_get(&h, S("Sec-WebSocket-Protocol")).len);
	require(!http_header_get(&h, S("Sec-WebSocket-Extensions")).len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (size < 1)
		return 0;
	(data[0] & 1 ? ask : serve)(a, str_of(data + 1, size - 1));
	return 0;
}
