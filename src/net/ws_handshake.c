/*
 * Before ours: parameters with names that banned.h forbids. SHA-1 by its old names, which need no
 * more of libcrypto than themselves: the new ones load all of its algorithms, 2 MB in every program.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "net/ws_handshake.h"

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* Canonical base64 of exactly 16 bytes: the last character before "==" carries 2 bits. */
static bool key_ok(str key)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (key.len != WS_KEY_LEN || !str_ends(key, S("==")))
		return false;
	for (size_t i = 0; i < WS_KEY_LEN - 2; i++)
		if (!memchr(alphabet, key.ptr[i], sizeof(alphabet) - 1))
			return false;
	return memchr("AQgw", key.ptr[WS_KEY_LEN - 3], 4) != NULL;
}

void ws_accept_key(str key, char ret_accept[WS_ACCEPT_LEN])
{
	u8 text[WS_KEY_LEN + sizeof(WS_GUID) - 1], hash[SHA_DIGEST_LENGTH];
	u8 base64[WS_ACCEPT_LEN + 1];
	size_t n = MIN(key.len, (size_t)WS_KEY_LEN);
	SHA_CTX sha;

	if (n)
		memcpy(text, key.ptr, n);
	memcpy(text + n, WS_GUID, sizeof(WS_GUID) - 1);
	SHA1_Init(&sha);
	SHA1_Update(&sha, text, n + sizeof(WS_GUID) - 1);
	SHA1_Final(hash, &sha);
	EVP_EncodeBlock(base64, hash, SHA_DIGEST_LENGTH);
	memcpy(ret_accept, base64, WS_ACCEPT_LEN);
}

static int refuse(int status, const char *why, const char **ret_why)
{
	*ret_why = why;
	return status;
}

int ws_check_request(const struct http_head *h, str target, const char **ret_why)
{
	if (!str_eq(h->target, target))
		return refuse(404, "no WebSocket at this address", ret_why);
	if (!str_eq(h->method, S("GET")))
		return refuse(405, "a WebSocket is opened with GET", ret_why);
	if (!http_header_has_token(h, S("Upgrade"), S("websocket")))
		return refuse(426, "only WebSocket is spoken at this address", ret_why);
	if (h->minor != 1 || !http_header_has_token(h, S("Connection"), S("upgrade")))
		return refuse(400, "upgrade without HTTP/1.1 and 'Connection: Upgrade'", ret_why);
	if (http_header_count(h, S("Sec-WebSocket-Version")) != 1 ||
	    !str_eq(http_header_get(h, S("Sec-WebSocket-Version")), S("13")))
		return refuse(426, "the WebSocket version is 13", ret_why);
	if (http_header_count(h, S("Sec-WebSocket-Key")) != 1 ||
	    !key_ok(http_header_get(h, S("Sec-WebSocket-Key"))))
		return refuse(400, "Sec-WebSocket-Key is not one key of 16 bytes", ret_why);
	if (h->framing != HTTP_BODY_NONE)
		return refuse(400, "upgrade request with a body", ret_why);
	*ret_why = NULL;
	return 101;
}

static bool finish(struct buf *out, size_t before, const struct http_header *headers, size_t n)
{
	bool ok = http_write_headers(out, headers, n);

	buf_add(out, S("\r\n"));
	if (ok && !out->full)
		return true;
	out->len = before;
	return false;
}

bool ws_write_accept(struct buf *out, const struct http_head *h, const struct http_header *headers,
		     size_t n)
{
	size_t before = out->len;
	char accept[WS_ACCEPT_LEN];

	ws_accept_key(http_header_get(h, S("Sec-WebSocket-Key")), accept);
	buf_add(out, S("HTTP/1.1 101 Switching Protocols\r\n"
		       "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "));
	buf_add(out, str_of(accept, sizeof(accept)));
	buf_add(out, S("\r\n"));
	return finish(out, before, headers, n);
}

bool ws_write_refusal(struct buf *out, int status, const char *why)
{
	struct http_header headers[3] = { { S("Content-Type"), S("text/plain; charset=utf-8") } };
	size_t n = 1;

	if (status == 405)
		headers[n++] = (struct http_header){ S("Allow"), S("GET") };
	if (status == 426) {
		headers[n++] = (struct http_header){ S("Upgrade"), S("websocket") };
		headers[n++] = (struct http_header){ S("Sec-WebSocket-Version"), S("13") };
	}
	return http_write_response(out, status, headers, n, str_from(why), HTTP_CLOSE);
}

void ws_make_key(const u8 random[16], char ret_key[WS_KEY_LEN])
{
	u8 base64[WS_KEY_LEN + 1];

	EVP_EncodeBlock(base64, random, 16);
	memcpy(ret_key, base64, WS_KEY_LEN);
}

bool ws_write_request(struct buf *out, str target, str host, str key,
		      const struct http_header *headers, size_t n)
{
	size_t before = out->len;

	if (!http_write_request(out, S("GET"), target, host, NULL, 0, STR_NONE, 0))
		return false;
	/* Takes back the empty line: the head goes on. */
	out->len -= 2;
	buf_add(out, S("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		       "Sec-WebSocket-Key: "));
	buf_add(out, key);
	buf_add(out, S("\r\n"));
	return finish(out, before, headers, n);
}

struct err *ws_check_response(struct arena *a, const struct http_head *h, str key)
{
	char accept[WS_ACCEPT_LEN];

	if (h->status != 101)
		return FAIL(a, NETWORK, "no WebSocket at this address: answer %d %s", h->status,
			    http_reason(h->status));
	if (!http_header_has_token(h, S("Upgrade"), S("websocket")) ||
	    !http_header_has_token(h, S("Connection"), S("upgrade")))
		return FAIL(a, NETWORK, "answer 101 is not an upgrade to WebSocket");
	ws_accept_key(key, accept);
	if (http_header_count(h, S("Sec-WebSocket-Accept")) != 1 ||
	    !str_eq(http_header_get(h, S("Sec-WebSocket-Accept")), str_of(accept, sizeof(accept))))
		return FAIL(a, NETWORK, "answer 101 does not belong to our WebSocket key");
	if (http_header_get(h, S("Sec-WebSocket-Extensions")).ptr ||
	    http_header_get(h, S("Sec-WebSocket-Protocol")).ptr)
		return FAIL(a, NETWORK,
			    "answer 101 has an extension or subprotocol nobody asked for");
	return NULL;
}
