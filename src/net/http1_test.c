#include "net/http1.h"

#include "base/test.h"

#define H "Host: h\r\n"
#define GET11 "GET / HTTP/1.1\r\n"

/* ---- a result as text ---- */

static void describe(const struct http_head *h, enum http_result r, struct buf *out)
{
	static const char *const framings[] = { "none", "length", "chunked", "until-close" };

	if (r == HTTP_NEED_MORE) {
		buf_printf(out, "more");
		return;
	}
	if (r == HTTP_BAD) {
		assert_non_null(h->error);
		buf_printf(out, "%d", h->error_status);
		return;
	}
	if (h->status)
		buf_printf(out, "%d '%.*s'", h->status, STRF(h->reason));
	else
		buf_printf(out, "%.*s %.*s host=%.*s%s", STRF(h->method), STRF(h->path),
			   STRF(h->host), h->expect_continue ? " expect" : "");
	if (h->query.ptr)
		buf_printf(out, " query=%.*s", STRF(h->query));
	buf_printf(out, " 1.%d %s", h->minor, framings[h->framing]);
	if (h->content_length)
		buf_printf(out, " %llu", (unsigned long long)h->content_length);
	buf_printf(out, "%s length=%zu", h->keep_alive ? " keep" : " close", h->length);
	for (size_t i = 0; i < h->n_headers; i++)
		buf_printf(out, " [%.*s|%.*s]", STRF(h->headers[i].name),
			   STRF(h->headers[i].value));
}

static enum http_result parse(struct http_head *h, str in, const char *method)
{
	return method ? http_parse_response(h, in, str_from(method)) : http_parse_request(h, in);
}

/* At once, and growing byte by byte in a buffer that moves each time. method: of an answer. */
static void parse_text(str in, const char *method, struct buf *ret_text)
{
	CLEANUP(buf_done) struct buf grown = buf_make(1 << 17);
	struct http_head whole = { 0 }, h = { 0 };
	enum http_result r = HTTP_NEED_MORE;

	buf_clear(ret_text);
	describe(&whole, parse(&whole, in, method), ret_text);
	for (size_t n = 0; n <= in.len && r == HTTP_NEED_MORE; n++) {
		char *copy = malloc(MAX(n, (size_t)1));

		if (n)
			memcpy(copy, in.ptr, n);
		r = parse(&h, str_of(copy, n), method);
		buf_clear(&grown);
		describe(&h, r, &grown);
		free(copy);
	}
	assert_str(buf_str(&grown), buf_str(ret_text));
}

static void expect(str in, const char *method, const char *want)
{
	CLEANUP(buf_done) struct buf got = buf_make(1 << 17);

	parse_text(in, method, &got);
	if (!str_eq(buf_str(&got), str_from(want)))
		print_error("of: %.*s\n", STRF(in));
	assert_str(buf_str(&got), str_from(want));
}

/* ---- requests ---- */

static const struct {
	const char *in, *want;
} good[] = {
	{ GET11 H "\r\n", "GET / host=h 1.1 none keep length=27 [Host|h]" },
	{ GET11 H "\r\nGET", "GET / host=h 1.1 none keep length=27 [Host|h]" },
	{ "\r\n" GET11 H "\r\n", "GET / host=h 1.1 none keep length=29 [Host|h]" },
	{ "GET / HTTP/1.0\r\n\r\n", "GET / host= 1.0 none close length=18" },
	{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
	  "GET / host= 1.0 none keep length=42 [Connection|Keep-Alive]" },
	{ GET11 "hOsT: h:80\r\nConnection: close\r\n\r\n",
	  "GET / host=h:80 1.1 none close length=49 [hOsT|h:80] [Connection|close]" },
	{ GET11 H "Connection: x, Close ,y\r\n\r\n",
	  "GET / host=h 1.1 none close length=52 [Host|h] [Connection|x, Close ,y]" },
	{ GET11 H "A:\r\nB: \t v w \t\r\n\r\n",
	  "GET / host=h 1.1 none keep length=43 [Host|h] [A|] [B|v w]" },
	{ GET11 H "A: \xc3\xa9:\"\r\n\r\n",
	  "GET / host=h 1.1 none keep length=36 [Host|h] [A|\xc3\xa9:\"]" },
	{ GET11 H "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n",
	  "GET / host=h 1.1 none keep length=53 [Host|h] [!#$%&'*+-.^_`|~09azAZ|x]" },
	{ GET11 "Host: [::1]:7900\r\n\r\n",
	  "GET / host=[::1]:7900 1.1 none keep length=36 [Host|[::1]:7900]" },
	/* targets */
	{ "GET /a/b%20c?d=%41&e[]={|}?/ HTTP/1.1\r\n" H "\r\n",
	  "GET /a/b%20c host=h query=d=%41&e[]={|}?/ 1.1 none keep length=50 [Host|h]" },
	{ "GET /? HTTP/1.1\r\n" H "\r\n", "GET / host=h query= 1.1 none keep length=28 [Host|h]" },
	{ "GET //x HTTP/1.1\r\n" H "\r\n", "GET //x host=h 1.1 none keep length=29 [Host|h]" },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * host=h 1.1 none keep length=31 [Host|h]" },
	{ "GET http://h/p?q HTTP/1.1\r\n" H "\r\n",
	  "GET /p host=h query=q 1.1 none keep length=38 [Host|h]" },
	{ "GET HTTPS://H:1 HTTP/1.1\r\nHost: h:1\r\n\r\n",
	  "GET / host=H:1 1.1 none keep length=39 [Host|h:1]" },
	{ "GET http://h?q HTTP/1.0\r\n\r\n", "GET / host=h query=q 1.0 none close length=27" },
	/* bodies */
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 12\r\n\r\n",
	  "POST / host=h 1.1 length 12 keep length=48 [Host|h] [Content-Length|12]" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	  "POST / host=h 1.1 none keep length=47 [Host|h] [Content-Length|0]" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 7\r\ncontent-length: 7\r\n\r\n",
	  "POST / host=h 1.1 length 7 keep length=66 [Host|h] [Content-Length|7] [content-length|7]" },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n",
	  "POST / host=h 1.1 chunked keep length=56 [Host|h] [Transfer-Encoding|Chunked]" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n",
	  "POST / host=h expect 1.1 length 1 keep length=69 [Host|h] [Content-Length|1] [Expect|100-Continue]" },
	{ GET11 H "Expect: 100-continue\r\n\r\n",
	  "GET / host=h 1.1 none keep length=49 [Host|h] [Expect|100-continue]" },
	{ "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
	  "POST / host= 1.0 length 1 close length=60 [Content-Length|1] [Expect|100-continue]" },
};

TEST(good_requests)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		expect(str_from(good[i].in), NULL, good[i].want);
}

static const struct {
	const char *want;
	str in;
} bad[] = {
	/* line ends and control bytes are refused where they stand, long before the head ends */
	{ "400", S("\n") },
	{ "400", S("GET / HTTP/1.1\n") },
	{ "400", S(GET11 "Host: h\n") },
	{ "400", S(GET11 H "\n") },
	{ "400", S(GET11 "Host: h\rX") },
	{ "400", S(GET11 "Host: h\r\r\n") },
	{ "400", S("\r\n\r\n") },
	{ "400", S("\r\n\r\n" GET11 H "\r\n") },
	{ "400", S("\rG") },
	{ "400", S("GET / HTTP/1.1\r\nHost: h\0") },
	{ "400", S("GET /\0 HTTP/1.1\r\n") },
	{ "400", S("GET /\x01") },
	{ "400", S("GET /\x7f") },
	{ "400", S(GET11 "A: \x1b") },
	{ "400", S("\x16\x03\x01\x02\x00\x01") },
	/* request line */
	{ "400", S("GET\r\n" H "\r\n") },
	{ "400", S("GET /\r\n" H "\r\n") },
	{ "400", S("GET / \r\n" H "\r\n") },
	{ "400", S("GET  / HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /  HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET / HTTP/1.1 \r\n" H "\r\n") },
	{ "400", S(" GET / HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET\t/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /a b HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("G(T / HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("G\xc3\xa9T / HTTP/1.1\r\n" H "\r\n") },
	{ "501", S("ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1\r\n" H "\r\n") },
	/* version */
	{ "505", S("GET / HTTP/2.0\r\n" H "\r\n") },
	{ "505", S("PRI * HTTP/2.0\r\n\r\n") },
	{ "505", S("GET / HTTP/1.2\r\n" H "\r\n") },
	{ "505", S("GET / HTTP/0.9\r\n" H "\r\n") },
	{ "400", S("GET / HTTP/1.\r\n" H "\r\n") },
	{ "400", S("GET / HTTP/1\r\n" H "\r\n") },
	{ "400", S("GET / HTTP/1.10\r\n" H "\r\n") },
	{ "400", S("GET / HTTP/11.1\r\n" H "\r\n") },
	{ "400", S("GET / http/1.1\r\n" H "\r\n") },
	{ "400", S("GET / HTTPS/1.1\r\n" H "\r\n") },
	{ "400", S("GET / ICY/1.1\r\n" H "\r\n") },
	/* target */
	{ "400", S("GET * HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("OPTIONS *x HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET x HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET ?q HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("CONNECT h:443 HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET ftp://h/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http:/h/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http:///x HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http://u@h/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http://h:0/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http://other/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http://h:80/ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET http://h/ HTTP/1.1\r\n\r\n") },
	{ "400", S("GET /#f HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /\" HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /\\ HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /% HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /%4x HTTP/1.1\r\n" H "\r\n") },
	{ "400", S("GET /?%0 HTTP/1.1\r\n" H "\r\n") },
	/* header lines */
	{ "400", S(GET11 H " folded\r\n\r\n") },
	{ "400", S(GET11 H "A: b\r\n\tfolded\r\n\r\n") },
	{ "400", S(GET11 " A: b\r\n" H "\r\n") },
	{ "400", S(GET11 H "A : b\r\n\r\n") },
	{ "400", S(GET11 H "A\t: b\r\n\r\n") },
	{ "400", S(GET11 H "A B: c\r\n\r\n") },
	{ "400", S(GET11 H ": b\r\n\r\n") },
	{ "400", S(GET11 H "A\r\n\r\n") },
	{ "400", S(GET11 H "A(: b\r\n\r\n") },
	{ "400", S(GET11 H "\xc3\xa9: b\r\n\r\n") },
	{ "400", S(GET11 H "A: \xe9\r\n\r\n") },
	/* Host */
	{ "400", S(GET11 "\r\n") },
	{ "400", S(GET11 H H "\r\n") },
	{ "400", S(GET11 H "HOST: h\r\n\r\n") },
	{ "400", S("GET / HTTP/1.0\r\n" H H "\r\n") },
	{ "400", S(GET11 "Host:\r\n\r\n") },
	{ "400", S(GET11 "Host: a b\r\n\r\n") },
	{ "400", S(GET11 "Host: a,b\r\n\r\n") },
	{ "400", S(GET11 "Host: u@h\r\n\r\n") },
	{ "400", S(GET11 "Host: h/\r\n\r\n") },
	{ "400", S(GET11 "Host: h:\r\n\r\n") },
	{ "400", S(GET11 "Host: h:99999\r\n\r\n") },
	{ "400", S(GET11 "Host: [::1\r\n\r\n") },
	{ "400", S("GET / HTTP/1.0\r\nHost: h h\r\n\r\n") },
	/* where the body ends */
	{ "400", S(GET11 H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") },
	{ "400", S(GET11 H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 1\r\nContent-Length: 01\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 1, 1\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length:\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: -1\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: -0\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: +1\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 0x1\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 1 2\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 1.0\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 9223372036854775808\r\n\r\n") },
	{ "400", S(GET11 H "Content-Length: 18446744073709551617\r\n\r\n") },
	{ "400", S("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding: gzip\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding: gzip, chunked\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding: chunked, identity\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding: identity\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding: xchunked\r\n\r\n") },
	{ "501", S(GET11 H "Transfer-Encoding:\r\n\r\n") },
	{ "400", S(GET11 H "Transfer-Encoding : chunked\r\n\r\n") },
	{ "417", S(GET11 H "Expect: tea\r\n\r\n") },
};

TEST(bad_requests)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(bad[i].in, NULL, bad[i].want);
}

TEST(every_control_byte_is_refused_in_every_place)
{
	static const char head[] = "GET /p HTTP/1.1\r\nHost: h\r\nA: bc\r\n\r\n";

	for (int c = 0; c < 256; c++) {
		bool is_control = (c < 0x20 && c != '\t') || c == 0x7f;

		for (size_t at = 0; is_control && at < sizeof(head) - 1; at++) {
			char text[sizeof(head)];
			struct http_head h = { 0 };
			size_t n = 0;

			/* The LF that ends the head is itself, wherever it comes from. */
			if (c == '\n' && at == sizeof(head) - 2)
				continue;
			memcpy(text, head, at);
			text[at] = (char)c;
			memcpy(text + at + 1, head + at, sizeof(head) - 1 - at);
			for (; n < sizeof(text) && !h.error; n++)
				if (http_parse_request(&h, str_of(text, n + 1)) == HTTP_COMPLETE)
					break;
			if (!h.error)
				print_error("byte %d at %zu\n", c, at);
			assert_non_null(h.error);
		}
	}
}

TEST(cut_heads_want_more)
{
	str head = S("GET /p HTTP/1.1\r\nHost: h\r\nA: bc\r\n\r\n");

	for (size_t n = 0; n < head.len; n++)
		expect(str_of(head.ptr, n), NULL, "more");
}

/* ---- limits ---- */

static str padded(struct buf *b, const char *start, size_t total, const char *end)
{
	buf_clear(b);
	buf_printf(b, "%s", start);
	while (b->len < total - strlen(end))
		buf_add_byte(b, 'x');
	buf_printf(b, "%s", end);
	return buf_str(b);
}

TEST(the_largest_head)
{
	CLEANUP(buf_done) struct buf b = buf_make(1 << 16);
	CLEANUP(buf_done) struct buf got = buf_make(1 << 17);

	parse_text(padded(&b, GET11 H "A: ", HTTP_HEAD_MAX, "\r\n\r\n"), NULL, &got);
	assert_true(str_starts(buf_str(&got), S("GET / host=h")));
	expect(padded(&b, GET11 H "A: ", HTTP_HEAD_MAX + 1, "\r\n\r\n"), NULL, "431");
	expect(padded(&b, GET11 H "A: ", HTTP_HEAD_MAX, ""), NULL, "more");
	expect(padded(&b, GET11 H "A: ", HTTP_HEAD_MAX + 1, ""), NULL, "431");
	expect(padded(&b, "HTTP/1.1 200 OK\r\nA: ", HTTP_HEAD_MAX + 1, ""), "GET", "502");
}

TEST(the_longest_request_line)
{
	CLEANUP(buf_done) struct buf b = buf_make(1 << 16);
	CLEANUP(buf_done) struct buf got = buf_make(1 << 17);

	parse_text(padded(&b, "GET /", HTTP_LINE_MAX + 13, " HTTP/1.1\r\n" H "\r\n"), NULL, &got);
	assert_true(str_starts(buf_str(&got), S("GET /xxx")));
	expect(padded(&b, "GET /", HTTP_LINE_MAX + 14, " HTTP/1.1\r\n" H "\r\n"), NULL, "414");
	expect(padded(&b, "GET /", HTTP_LINE_MAX, ""), NULL, "more");
	expect(padded(&b, "GET /", HTTP_LINE_MAX + 1, ""), NULL, "414");
}

TEST(the_most_headers)
{
	CLEANUP(buf_done) struct buf b = buf_make(1 << 16);
	CLEANUP(buf_done) struct buf got = buf_make(1 << 17);

	buf_printf(&b, GET11 H);
	for (int i = 1; i < HTTP_HEADERS_MAX; i++)
		buf_printf(&b, "A%d: b\r\n", i);
	buf_printf(&b, "\r\n");
	parse_text(buf_str(&b), NULL, &got);
	assert_true(str_ends(buf_str(&got), S(" [A63|b]")));
	b.len -= 2;
	buf_printf(&b, "A64: b\r\n\r\n");
	expect(buf_str(&b), NULL, "431");
}

/* ---- answers ---- */

static const struct {
	const char *method, *in, *want;
} answers[] = {
	{ "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
	  "200 'OK' 1.1 length 3 keep length=38 [Content-Length|3]" },
	{ "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
	  "200 '' 1.1 none keep length=36 [Content-Length|0]" },
	{ "GET", "HTTP/1.1 200\r\n\r\n", "200 '' 1.1 until-close close length=16" },
	{ "GET", "HTTP/1.1 404 Not at all Found\r\n\r\n",
	  "404 'Not at all Found' 1.1 until-close close length=33" },
	{ "GET", "HTTP/1.0 200 OK\r\n\r\n", "200 'OK' 1.0 until-close close length=19" },
	{ "GET", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
	  "200 'OK' 1.0 length 1 keep length=62 [Content-Length|1] [Connection|keep-alive]" },
	{ "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "200 'OK' 1.1 chunked keep length=47 [Transfer-Encoding|chunked]" },
	/* without a body, whatever they announce */
	{ "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
	  "200 'OK' 1.1 none keep length=38 [Content-Length|3]" },
	{ "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "200 'OK' 1.1 none keep length=47 [Transfer-Encoding|chunked]" },
	{ "GET", "HTTP/1.1 204 No Content\r\n\r\n", "204 'No Content' 1.1 none keep length=27" },
	{ "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
	  "304 'Not Modified' 1.1 none keep length=48 [Content-Length|9]" },
	{ "GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81",
	  "101 'Switching Protocols' 1.1 none keep length=56 [Upgrade|websocket]" },
	/* interim ones are skipped */
	{ "POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\nA: b\r\n\r\n",
	  "204 'x' 1.1 none keep length=49 [A|b]" },
	{ "GET",
	  "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 102 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
	  "204 'x' 1.1 none keep length=67" },
	{ "POST", "HTTP/1.1 100 Continue\r\n\r\n", "more" },
	{ "POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2", "more" },
	{ "POST", "HTTP/1.1 100 Continue\r\n\r\n\r\n", "502" },
	{ "POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2 x\r\n\r\n", "502" },
	/* broken */
	{ "GET", "\r\nHTTP/1.1 200 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 200 OK\n", "502" },
	{ "GET", "HTTP/1.1  200 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 20 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 2000 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 -20 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 099 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 600 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 2x0 OK\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1\r\n\r\n", "502" },
	{ "GET", "HTTP/2 200\r\n\r\n", "502" },
	{ "GET", "HTTP/2.0 200 OK\r\n\r\n", "502" },
	{ "GET", "ICY 200 OK\r\n\r\n", "502" },
	{ "GET", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 200 O\xe9\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "502" },
	{ "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "502" },
	{ "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "502" },
	{ "GET", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "502" },
};

TEST(answers)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		expect(str_from(answers[i].in), answers[i].method, answers[i].want);
}

/* An endless row of interim answers is bounded by the limit of the head. */
TEST(interim_answers_are_bounded)
{
	CLEANUP(buf_done) struct buf b = buf_make(1 << 16);

	while (b.len < HTTP_HEAD_MAX)
		buf_printf(&b, "HTTP/1.1 100 Continue\r\n\r\n");
	expect(buf_str(&b), "POST", "502");
}

/* ---- looking at headers ---- */

TEST(header_lookup)
{
	struct http_head h = { 0 };

	assert_int_equal(http_parse_request(
				 &h, S(GET11 H
				       "X-A: 1\r\nx-a: 2\r\nL: a, B ,,c d\r\nl: e\r\nE:\r\n\r\n")),
			 HTTP_COMPLETE);
	assert_str(http_header_get(&h, S("x-A")), S("1"));
	assert_int_equal(http_header_count(&h, S("X-A")), 2);
	assert_int_equal(http_header_count(&h, S("X-")), 0);
	assert_null(http_header_get(&h, S("X")).ptr);
	assert_non_null(http_header_get(&h, S("e")).ptr);
	assert_true(http_header_has_token(&h, S("l"), S("A")));
	assert_true(http_header_has_token(&h, S("l"), S("b")));
	assert_true(http_header_has_token(&h, S("l"), S("e")));
	assert_true(http_header_has_token(&h, S("l"), S("c d")));
	assert_false(http_header_has_token(&h, S("l"), S("c")));
	assert_false(http_header_has_token(&h, S("missing"), S("a")));
}

/* A bad head stays bad, whatever comes. */
TEST(bad_is_final)
{
	struct http_head h = { 0 };

	assert_int_equal(http_parse_request(&h, S("GET / HTTP/1.1\n")), HTTP_BAD);
	assert_int_equal(http_parse_request(&h, S(GET11 H "\r\n")), HTTP_BAD);
	assert_int_equal(h.error_status, 400);
}

TEST_MAIN("net/http1")
