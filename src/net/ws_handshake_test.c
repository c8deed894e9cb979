#include "net/ws_handshake.h"

#include "base/test.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define START "GET /ws HTTP/1.1\r\nHost: h\r\n"
#define UP "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define WITH_KEY "Sec-WebSocket-Key: " KEY "\r\n"

/* RFC 6455 section 1.3 */
TEST(accept_key_of_the_rfc)
{
	char accept[WS_ACCEPT_LEN];

	ws_accept_key(S(KEY), accept);
	assert_str(str_of(accept, sizeof(accept)), S(ACCEPT));
}

TEST(key_is_the_base64_of_the_bytes)
{
	char key[WS_KEY_LEN];

	ws_make_key((const u8 *)"the sample nonce", key);
	assert_str(str_of(key, sizeof(key)), S(KEY));
}

static const struct {
	const char *head;
	int status;
} requests[] = {
	{ START UP VERSION WITH_KEY, 101 },
	{ START "upgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n" VERSION WITH_KEY, 101 },
	{ START "Upgrade: x, websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n" VERSION
		  WITH_KEY,
	  101 },
	{ START UP VERSION WITH_KEY "Sec-WebSocket-Extensions: permessage-deflate\r\n", 101 },
	{ START UP VERSION WITH_KEY "Sec-WebSocket-Protocol: chat\r\n", 101 },
	{ START UP VERSION WITH_KEY "Content-Length: 0\r\n", 101 },
	/* address and method */
	{ "GET /ws/ HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET /ws?x=1 HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET /ws? HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET /WS HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET / HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET //ws HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET /%77s HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "GET http://h/ws HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 404 },
	{ "POST /ws HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 405 },
	{ "HEAD /ws HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 405 },
	{ "get /ws HTTP/1.1\r\nHost: h\r\n" UP VERSION WITH_KEY, 405 },
	/* upgrade */
	{ START, 426 },
	{ START "Upgrade: h2c\r\nConnection: Upgrade\r\n" VERSION WITH_KEY, 426 },
	{ START "Upgrade: websockets\r\nConnection: Upgrade\r\n" VERSION WITH_KEY, 426 },
	{ START "Connection: Upgrade\r\n" VERSION WITH_KEY, 426 },
	{ START "Upgrade: websocket\r\n" VERSION WITH_KEY, 400 },
	{ START "Upgrade: websocket\r\nConnection: keep-alive\r\n" VERSION WITH_KEY, 400 },
	{ "GET /ws HTTP/1.0\r\nHost: h\r\n" UP VERSION WITH_KEY, 400 },
	/* version */
	{ START UP WITH_KEY, 426 },
	{ START UP "Sec-WebSocket-Version: 8\r\n" WITH_KEY, 426 },
	{ START UP "Sec-WebSocket-Version: 013\r\n" WITH_KEY, 426 },
	{ START UP "Sec-WebSocket-Version: 13, 8\r\n" WITH_KEY, 426 },
	{ START UP VERSION VERSION WITH_KEY, 426 },
	/* key */
	{ START UP VERSION, 400 },
	{ START UP VERSION WITH_KEY WITH_KEY, 400 },
	{ START UP VERSION "Sec-WebSocket-Key:\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=A\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q==\r\n", 400 },
	{ START UP VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==dGhl\r\n", 400 },
	/* a body would be read as frames */
	{ START UP VERSION WITH_KEY "Content-Length: 1\r\n", 400 },
	{ START UP VERSION WITH_KEY "Transfer-Encoding: chunked\r\n", 400 },
};

static void parse_request(struct http_head *h, struct buf *text, const char *head)
{
	*h = (struct http_head){ 0 };
	buf_clear(text);
	buf_printf(text, "%s\r\n", head);
	assert_int_equal(http_parse_request(h, buf_str(text)), HTTP_COMPLETE);
}

TEST(upgrade_requests)
{
	CLEANUP(buf_done) struct buf text = buf_make(10000);
	struct http_head h;

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		const char *why = "";
		int status;

		parse_request(&h, &text, requests[i].head);
		status = ws_check_request(&h, S("/ws"), &why);
		if (status != requests[i].status)
			print_error("%s\n", requests[i].head);
		assert_int_equal(status, requests[i].status);
		assert_int_equal(why == NULL, status == 101);
	}
}

TEST(the_101)
{
	struct http_header more = { S("Claudemesh-Challenge"), S("abc") };
	struct http_header evil = { S("X"), S("a\r\nY: b") };
	CLEANUP(buf_done) struct buf text = buf_make(10000);
	CLEANUP(buf_done) struct buf out = buf_make(10000);
	CLEANUP(buf_done) struct buf small = buf_make(140);
	struct http_head h;

	parse_request(&h, &text,
		      START UP VERSION WITH_KEY "Sec-WebSocket-Extensions: permessage-deflate\r\n"
						"Sec-WebSocket-Protocol: chat\r\n");
	assert_false(ws_write_accept(&out, &h, &evil, 1));
	assert_int_equal(out.len, 0);
	assert_true(ws_write_accept(&out, &h, &more, 1));
	assert_str(buf_str(&out), S("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
				    "Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"
				    "Claudemesh-Challenge: abc\r\n\r\n"));
	assert_false(ws_write_accept(&small, &h, &more, 1));
	assert_int_equal(small.len, 0);
}

TEST(refusals)
{
	CLEANUP(buf_done) struct buf out = buf_make(10000);

	assert_true(ws_write_refusal(&out, 426, "why"));
	assert_str(buf_str(&out),
		   S("HTTP/1.1 426 Upgrade Required\r\nContent-Type: text/plain; charset=utf-8\r\n"
		     "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 3\r\n"
		     "Connection: close\r\n\r\nwhy"));
	buf_clear(&out);
	assert_true(ws_write_refusal(&out, 405, "why"));
	assert_true(str_contains(buf_str(&out), S("\r\nAllow: GET\r\n")));
	buf_clear(&out);
	assert_true(ws_write_refusal(&out, 400, "why"));
	assert_false(str_contains(buf_str(&out), S("Sec-WebSocket")));
}

TEST(our_request_is_one_that_we_accept)
{
	struct http_header more = { S("User-Agent"), S("claudemesh") };
	struct http_header evil = { S("User-Agent"), S("a\nb") };
	CLEANUP(buf_done) struct buf out = buf_make(10000);
	struct http_head h = { 0 };
	const char *why;

	assert_false(ws_write_request(&out, S("/ws"), S("h:1"), S(KEY), &evil, 1));
	assert_false(ws_write_request(&out, S("/w s"), S("h:1"), S(KEY), &more, 1));
	assert_false(ws_write_request(&out, S("/ws"), S("h\r\nX: y"), S(KEY), &more, 1));
	assert_int_equal(out.len, 0);
	assert_true(ws_write_request(&out, S("/ws"), S("[::1]:7900"), S(KEY), &more, 1));
	assert_int_equal(http_parse_request(&h, buf_str(&out)), HTTP_COMPLETE);
	assert_int_equal(h.length, out.len);
	assert_str(h.host, S("[::1]:7900"));
	assert_str(http_header_get(&h, S("user-agent")), S("claudemesh"));
	assert_int_equal(ws_check_request(&h, S("/ws"), &why), 101);
}

static const struct {
	bool ok;
	const char *head;
} answers[] = {
	{ true, "HTTP/1.1 101 Switching Protocols\r\n" UP "Sec-WebSocket-Accept: " ACCEPT "\r\n" },
	{ true,
	  "HTTP/1.1 101\r\nupgrade: WebSocket\r\nconnection: upgrade\r\nsec-websocket-accept: " ACCEPT
	  "\r\n" },
	{ true, "HTTP/1.1 101 x\r\n" UP "Sec-WebSocket-Accept: " ACCEPT
		"\r\nClaudemesh-Challenge: abc\r\n" },
	{ false, "HTTP/1.1 200 OK\r\n" UP "Sec-WebSocket-Accept: " ACCEPT "\r\n" },
	{ false, "HTTP/1.1 403 Forbidden\r\n" },
	{ false, "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n" },
	{ false, "HTTP/1.1 101 x\r\n" UP },
	{ false, "HTTP/1.1 101 x\r\n" UP "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" },
	{ false, "HTTP/1.1 101 x\r\n" UP "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n" },
	{ false, "HTTP/1.1 101 x\r\n" UP "Sec-WebSocket-Accept: " ACCEPT
		 "\r\nSec-WebSocket-Accept: x\r\n" },
	{ false, "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n" },
	{ false, "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n" },
	{ false, "HTTP/1.1 101 x\r\n" UP "Sec-WebSocket-Accept: " ACCEPT
		 "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n" },
	{ false, "HTTP/1.1 101 x\r\n" UP "Sec-WebSocket-Accept: " ACCEPT
		 "\r\nSec-WebSocket-Protocol: chat\r\n" },
};

TEST(answers_to_our_request)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct http_head h = { 0 };
		str text = arena_printf(a, "%s\r\n", answers[i].head);

		assert_int_equal(http_parse_response(&h, text, S("GET")), HTTP_COMPLETE);
		if (answers[i].ok)
			assert_ok(ws_check_response(a, &h, S(KEY)));
		else
			assert_err(ws_check_response(a, &h, S(KEY)), NETWORK);
	}
}

TEST_MAIN("net/ws_handshake")
