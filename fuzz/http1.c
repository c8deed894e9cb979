/*
 * http1.c - fuzz target of net/http1.h and net/url.h.
 *
 * A connection's worth of pipelined messages: bytes at once and in pieces chosen by the
 * input have to give the same heads, bodies and refusals; a head that was accepted keeps
 * the promises of http1.h, and written again it is read as the same.
 * Input: what it is (requests, answers, an address), seed of the pieces, bytes.
 */
#include "net/http1.h"
#include "net/url.h"

enum { BODY_MAX = 100, LOG_MAX = 1 << 22 };
enum kind { REQUESTS, ANSWERS, ANSWERS_TO_HEAD, ADDRESS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct conn {
	enum kind kind;
	struct buf in; /* not yet used; a head is parsed from its start */
	struct buf body, log;
	struct http_head head;
	struct http_body reader;
	bool in_body, over;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void note(struct buf *log, str s)
{
	buf_printf(log, "%zu:", s.len);
	buf_add(log, s);
}

static bool is_written_by_us(str name)
{
	return str_eq_nocase(name, S("Content-Length")) || str_eq_nocase(name, S("Connection")) ||
	       str_eq_nocase(name, S("Transfer-Encoding")) || str_eq_nocase(name, S("Host")) ||
	       str_eq_nocase(name, S("Expect"));
}

/* The same request from our writer: same lines when parsed again. */
static void read_back(const struct http_head *h)
{
	struct http_header list[HTTP_HEADERS_MAX];
	struct http_head again = { 0 };
	struct buf out = buf_make(2 * HTTP_HEAD_MAX);
	size_t n = 0;

	for (size_t i = 0; i < h->n_headers; i++)
		if (!is_written_by_us(h->headers[i].name))
			list[n++] = h->headers[i];
	require(http_write_request(&out, h->method, h->target, h->host, list, n, STR_NONE, 0));
	if (out.len <= HTTP_HEAD_MAX) {
		require(http_parse_request(&again, buf_str(&out)) == HTTP_COMPLETE);
		require(again.length == out.len && again.n_headers == n + 1);
		require(str_eq(again.method, h->method) && str_eq(again.target, h->target));
		require(str_eq(again.path, h->path) && str_eq(again.query, h->query));
		for (size_t i = 0; i < n; i++)
			require(str_eq(again.headers[i + 1].name, list[i].name) &&
				str_eq(again.headers[i + 1].value, list[i].value));
	}
	buf_done(&out);
}

static void check_head(const struct http_head *h, enum kind kind)
{
	require(h->length <= HTTP_HEAD_MAX && h->n_headers <= HTTP_HEADERS_MAX);
	for (size_t i = 0; i < h->n_headers; i++)
		require(http_is_token(h->headers[i].name) && http_value_ok(h->headers[i].value));
	require((h->framing == HTTP_BODY_LENGTH) == (h->content_length > 0));
	require(h->framing != HTTP_BODY_UNTIL_CLOSE || !h->keep_alive);
	if (kind != REQUESTS) {
		require(h->status == 101 || (h->status >= 200 && h->status <= 599));
		return;
	}
	require(h->framing != HTTP_BODY_UNTIL_CLOSE);
	require(http_is_token(h->method) && url_target_ok(h->target) && h->path.len);
	require(h->minor == 0 || h->host.len);
	if (h->host.ptr)
		read_back(h);
}

static void note_head(struct conn *c)
{
	struct http_head *h = &c->head;

	buf_printf(&c->log, "head %d %d %d %d %llu %zu", h->status, h->minor, (int)h->framing,
		   h->keep_alive, (unsigned long long)h->content_length, h->length);
	note(&c->log, h->method);
	note(&c->log, h->path);
	note(&c->log, h->query);
	note(&c->log, h->host);
	note(&c->log, h->reason);
	for (size_t i = 0; i < h->n_headers; i++) {
		note(&c->log, h->headers[i].name);
		note(&c->log, h->headers[i].value);
	}
}

static bool refused(struct conn *c, int status, const char *why)
{
	require(why && status >= 400 && status <= 599);
	buf_printf(&c->log, "refused %d %s", status, why);
	c->over = true;
	return false;
}

/* False: more input is needed, or the connection is over. */
static bool read_head(struct conn *c)
{
	str method = c->kind == ANSWERS_TO_HEAD ? S("HEAD") : S("GET");
	enum http_result r = c->kind == REQUESTS
				     ? http_parse_request(&c->head, buf_str(&c->in))
				     : http_parse_response(&c->head, buf_str(&c->in), method);

	if (r == HTTP_NEED_MORE) {
		require(c->in.len <= HTTP_HEAD_MAX);
		return false;
	}
	if (r == HTTP_BAD)
		return refused(c, c->head.error_status, c->head.error);
	check_head(&c->head, c->kind);
	note_head(c);
	if (http_body_init(&c->reader, &c->head, BODY_MAX) == HTTP_BAD)
		return refused(c, c->reader.error_status, c->reader.error);
	buf_consume(&c->in, c->head.length);
	c->in_body = true;
	return true;
}

static bool read_body(struct conn *c)
{
	str rest = buf_str(&c->in);
	enum http_result r = http_body_read(&c->reader, &rest, &c->body);

	if (r == HTTP_BAD)
		return refused(c, c->reader.error_status, c->reader.error);
	require(c->body.len <= BODY_MAX);
	buf_consume(&c->in, c->in.len - rest.len);
	if (r == HTTP_NEED_MORE)
		return false;
	note(&c->log, buf_str(&c->body));
	buf_clear(&c->body);
	c->in_body = false;
	c->over = !c->head.keep_alive;
	c->head = (struct http_head){ 0 };
	return !c->over;
}

/* The unread bytes move, and end where their allocation ends. */
static void add_input(struct conn *c, const u8 *data, size_t n)
{
	struct buf grown = buf_make(c->in.len + n);

	buf_add(&grown, buf_str(&c->in));
	buf_add(&grown, str_of(data, n));
	buf_done(&c->in);
	c->in = grown;
}

static void run(struct conn *c, const u8 *data, size_t n, bool in_pieces, u32 seed)
{
	size_t from = 0;

	c->body = buf_make(BODY_MAX);
	c->log = buf_make(LOG_MAX);
	while (from < n && !c->over) {
		size_t piece = n - from;

		seed = seed * 1664525 + 1013904223;
		if (in_pieces)
			piece = MIN(piece, (size_t)1 + (seed >> 24) % ((seed >> 16 & 3) ? 8 : 64));
		add_input(c, data + from, piece);
		from += piece;
		while (!c->over && (c->in_body ? read_body(c) : read_head(c)))
			;
	}
	if (!c->over && c->in_body)
		buf_printf(&c->log, "end %d", (int)http_body_eof(&c->reader));
	note(&c->log, c->over ? STR_NONE : buf_str(&c->body));
	buf_done(&c->in);
	buf_done(&c->body);
}

static void address(str text)
{
	struct arena *a = arena_new();
	struct url u, again;
	str ws, base, rest = text, name, value;

	if (!url_parse(a, text, &u)) {
		str same = arena_printf(a, "%s://%.*s%.*s",
					url_is_ws(&u)    ? url_is_tls(&u) ? "wss" : "ws"
					: url_is_tls(&u) ? "https"
							 : "http",
					STRF(url_authority(a, &u)), STRF(u.target));

		require(!url_parse(a, same, &again));
		require(again.port == u.port && str_eq(again.host, u.host));
		require(str_eq(again.path, u.path) && str_eq(again.query, u.query));
	}
	if (!url_ws_address(a, text, &ws)) {
		require(!url_parse(a, ws, &u) && url_is_ws(&u));
		require(!url_http_base(a, ws, &base) && !url_parse(a, base, &u) && !url_is_ws(&u));
	}
	while (url_query_next(&rest, &name, &value))
		if (!url_decode_form(a, value, &name)) {
			require(!url_decode_form(a, url_encode(a, name), &value));
			require(str_eq(name, value));
		}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conn whole, pieces;

	if (size < 2)
		return 0;
	if ((data[0] & 3) == ADDRESS) {
		address(str_of(data + 2, size - 2));
		return 0;
	}
	whole = pieces = (struct conn){ .kind = data[0] & 3 };
	run(&whole, data + 2, size - 2, false, 0);
	run(&pieces, data + 2, size - 2, true, data[1]);
	require(str_eq(buf_str(&whole.log), buf_str(&pieces.log)));
	buf_done(&whole.log);
	buf_done(&pieces.log);
	return 0;
}
