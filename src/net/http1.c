/*
 * http1.c - heads. First the bytes are looked at once, one by one, until the empty line
 * that ends the head (scan); only then is it taken apart. So input in pieces and input at
 * once give the same result, and garbage is refused at its first impossible byte.
 */
#include "net/http1.h"

#include "net/url.h"

static enum http_result bad(struct http_head *h, int status, const char *why)
{
	h->error_status = status;
	h->error = why;
	return HTTP_BAD;
}

bool http_is_token(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z');

		if (!alnum && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.len > 0;
}

static bool is_control(char c)
{
	return ((u8)c < 0x20 && c != '\t') || c == 0x7f;
}

bool http_value_ok(str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (is_control(value.ptr[i]))
			return false;
	return str_eq(value, str_trim(value)) && str_is_utf8(value);
}

/* At in.ptr[i] == '\n' behind a '\r'. COMPLETE at the empty line that ends the head. */
static enum http_result scan_line_end(struct http_head *h, str in, size_t i, bool is_request)
{
	if (h->line_end_) {
		if (in.ptr[i - 2] != '\n')
			return HTTP_NEED_MORE;
		h->length = i + 1;
		h->scanned_ = i + 1;
		return HTTP_COMPLETE;
	}
	if (i - h->start_ > 1) {
		h->line_end_ = i + 1;
		return HTTP_NEED_MORE;
	}
	/* One empty line before a request is allowed: old clients end a body with one. */
	if (!is_request || h->start_)
		return bad(h, 400, "empty line instead of a start line");
	h->start_ = 2;
	return HTTP_NEED_MORE;
}

static enum http_result scan(struct http_head *h, str in, bool is_request)
{
	size_t i;

	for (i = h->scanned_; i < in.len; i++) {
		char c = in.ptr[i];
		bool after_cr = i > h->start_ && in.ptr[i - 1] == '\r';

		if (i >= HTTP_HEAD_MAX)
			return bad(h, 431, "head of the message is too large");
		if (after_cr != (c == '\n'))
			return bad(h, 400, after_cr ? "CR without LF" : "LF without CR");
		if (c == '\n') {
			enum http_result r = scan_line_end(h, in, i, is_request);

			if (r != HTTP_NEED_MORE)
				return r;
		} else if (c != '\r' && is_control(c)) {
			return bad(h, 400, "control byte in the head");
		} else if (c != '\r' && !h->line_end_ && i - h->start_ >= HTTP_LINE_MAX) {
			return bad(h, 414, "first line is too long");
		}
	}
	h->scanned_ = i;
	return HTTP_NEED_MORE;
}

/* ---- lines ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum http_result parse_header(struct http_head *h, str line)
{
	ptrdiff_t colon = str_index(line, ':');
	struct http_header *one;

	if (is_blank(line.ptr[0]))
		return bad(h, 400, "folded header line");
	if (colon < 0)
		return bad(h, 400, "header line without colon");
	if (colon && is_blank(line.ptr[colon - 1]))
		return bad(h, 400, "blank between header name and colon");
	if (h->n_headers == HTTP_HEADERS_MAX)
		return bad(h, 431, "too many headers");
	one = &h->headers[h->n_headers++];
	one->name = str_of(line.ptr, (size_t)colon);
	one->value = str_trim(str_skip(line, (size_t)colon + 1));
	if (!http_is_token(one->name))
		return bad(h, 400, "invalid header name");
	if (!str_is_utf8(one->value))
		return bad(h, 400, "header value is not UTF-8");
	return HTTP_COMPLETE;
}

static enum http_result parse_headers(struct http_head *h, str in)
{
	/* Without the CR LF of the empty line. */
	str rest = str_of(in.ptr + h->line_end_, h->length - 2 - h->line_end_);

	h->n_headers = 0;
	while (rest.len) {
		size_t n = (size_t)str_index(rest, '\r');

		if (parse_header(h, str_of(rest.ptr, n)) == HTTP_BAD)
			return HTTP_BAD;
		rest = str_skip(rest, n + 2);
	}
	return HTTP_COMPLETE;
}

static enum http_result parse_version(struct http_head *h, str version)
{
	bool is_version = version.len == 8 && str_starts(version, S("HTTP/")) &&
			  version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[6] == '.' &&
			  version.ptr[7] >= '0' && version.ptr[7] <= '9';

	if (!is_version)
		return bad(h, 400, "malformed HTTP version");
	if (version.ptr[5] != '1' || version.ptr[7] > '1')
		return bad(h, 505, "HTTP version is neither 1.0 nor 1.1");
	h->minor = version.ptr[7] - '0';
	return HTTP_COMPLETE;
}

str http_header_get(const struct http_head *h, str name)
{
	for (size_t i = 0; i < h->n_headers; i++)
		if (str_eq_nocase(h->headers[i].name, name))
			return h->headers[i].value;
	return STR_NONE;
}

size_t http_header_count(const struct http_head *h, str name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_headers; i++)
		n += str_eq_nocase(h->headers[i].name, name);
	return n;
}

bool http_header_has_token(const struct http_head *h, str name, str token)
{
	for (size_t i = 0; i < h->n_headers; i++) {
		str rest = h->headers[i].value, part;

		if (!str_eq_nocase(h->headers[i].name, name))
			continue;
		while (str_cut(&rest, ',', &part))
			if (str_eq_nocase(str_trim(part), token))
				return true;
	}
	return false;
}

/* ---- how the body is told from what follows ---- */

static enum http_result parse_content_length(struct http_head *h)
{
	str first = http_header_get(h, S("Content-Length"));
	i64 value;

	for (size_t i = 0; i < h->n_headers; i++)
		if (str_eq_nocase(h->headers[i].name, S("Content-Length")) &&
		    !str_eq(h->headers[i].value, first))
			return bad(h, 400, "several Content-Length that differ");
	if (first.len == 0 || first.ptr[0] == '-' || !str_to_i64(first, &value))
		return bad(h, 400, "malformed Content-Length");
	h->content_length = (u64)value;
	h->framing = value ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
	return HTTP_COMPLETE;
}

/* otherwise: the framing when the head says nothing about a body. */
static enum http_result parse_framing(struct http_head *h, enum http_framing otherwise)
{
	size_t n_codings = http_header_count(h, S("Transfer-Encoding"));
	size_t n_lengths = http_header_count(h, S("Content-Length"));

	h->framing = otherwise;
	h->content_length = 0;
	if (n_codings && n_lengths)
		return bad(h, 400, "both Content-Length and Transfer-Encoding");
	if (n_codings && h->minor == 0)
		return bad(h, 400, "Transfer-Encoding in HTTP/1.0");
	if (n_codings > 1 ||
	    (n_codings && !str_eq_nocase(http_header_get(h, S("Transfer-Encoding")), S("chunked"))))
		return bad(h, 501, "transfer coding other than 'chunked'");
	if (n_lengths)
		return parse_content_length(h);
	if (n_codings)
		h->framing = HTTP_BODY_CHUNKED;
	return HTTP_COMPLETE;
}

static bool wants_keep_alive(const struct http_head *h)
{
	if (h->framing == HTTP_BODY_UNTIL_CLOSE ||
	    http_header_has_token(h, S("Connection"), S("close")))
		return false;
	return h->minor == 1 || http_header_has_token(h, S("Connection"), S("keep-alive"));
}

/* ---- requests ---- */

/* "http://host/path": the authority has to be the Host header's. */
static enum http_result parse_absolute(struct http_head *h, str *ret_authority, str *ret_rest)
{
	str rest = h->target;
	size_t n = 0;

	if (rest.len >= 7 && str_eq_nocase(str_of(rest.ptr, 7), S("http://")))
		rest = str_skip(rest, 7);
	else if (rest.len >= 8 && str_eq_nocase(str_of(rest.ptr, 8), S("https://")))
		rest = str_skip(rest, 8);
	else
		return bad(h, 400, "request target is neither a path nor an http address");
	while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?')
		n++;
	*ret_authority = str_of(rest.ptr, n);
	*ret_rest = str_skip(rest, n);
	return HTTP_COMPLETE;
}

static enum http_result parse_target(struct http_head *h, str *ret_authority)
{
	str rest = h->target;

	*ret_authority = STR_NONE;
	if (!url_target_ok(rest))
		return bad(h, 400, "invalid character or escape in the request target");
	if (str_eq(rest, S("*"))) {
		if (!str_eq(h->method, S("OPTIONS")))
			return bad(h, 400, "request target '*' without OPTIONS");
	} else if (rest.len == 0 || rest.ptr[0] != '/') {
		if (parse_absolute(h, ret_authority, &rest) == HTTP_BAD)
			return HTTP_BAD;
	}
	str_cut(&rest, '?', &h->path);
	h->query = rest;
	if (str_empty(h->path))
		h->path = S("/");
	return HTTP_COMPLETE;
}

static enum http_result check_host(struct http_head *h, str authority)
{
	size_t n = http_header_count(h, S("Host"));
	bool is_ipv6;
	int port;
	str name;

	h->host = http_header_get(h, S("Host"));
	if (n > 1)
		return bad(h, 400, "more than one Host");
	if (n == 0 && h->minor == 1)
		return bad(h, 400, "no Host");
	if (n && !url_split_authority(h->host, &name, &is_ipv6, &port))
		return bad(h, 400, "malformed Host");
	if (!authority.ptr)
		return HTTP_COMPLETE;
	if (!url_split_authority(authority, &name, &is_ipv6, &port))
		return bad(h, 400, "malformed host in the request target");
	if (n && !str_eq_nocase(authority, h->host))
		return bad(h, 400, "Host differs from the host of the request target");
	h->host = authority;
	return HTTP_COMPLETE;
}

static enum http_result check_expect(struct http_head *h)
{
	str expect = http_header_get(h, S("Expect"));

	h->expect_continue = false;
	if (!expect.ptr || h->minor == 0)
		return HTTP_COMPLETE;
	if (!str_eq_nocase(expect, S("100-continue")))
		return bad(h, 417, "expectation other than '100-continue'");
	h->expect_continue = h->framing != HTTP_BODY_NONE;
	return HTTP_COMPLETE;
}

static enum http_result parse_request_line(struct http_head *h, str line, str *ret_authority)
{
	str version = line;

	if (!str_cut(&version, ' ', &h->method) || !str_cut(&version, ' ', &h->target) ||
	    !version.ptr)
		return bad(h, 400, "malformed request line");
	if (!http_is_token(h->method))
		return bad(h, 400, "malformed method");
	if (h->method.len > HTTP_METHOD_MAX)
		return bad(h, 501, "method is too long");
	if (parse_version(h, version) == HTTP_BAD)
		return HTTP_BAD;
	return parse_target(h, ret_authority);
}

/* The request or status line, without its CR LF. */
static str start_line(const struct http_head *h, str in)
{
	return str_of(in.ptr + h->start_, h->line_end_ - 2 - h->start_);
}

static enum http_result take_request(struct http_head *h, str in)
{
	str authority;

	if (parse_request_line(h, start_line(h, in), &authority) == HTTP_BAD ||
	    parse_headers(h, in) == HTTP_BAD || check_host(h, authority) == HTTP_BAD ||
	    parse_framing(h, HTTP_BODY_NONE) == HTTP_BAD || check_expect(h) == HTTP_BAD)
		return HTTP_BAD;
	h->keep_alive = wants_keep_alive(h);
	return HTTP_COMPLETE;
}

enum http_result http_parse_request(struct http_head *h, str in)
{
	enum http_result r = h->error ? HTTP_BAD : scan(h, in, true);

	return r == HTTP_COMPLETE ? take_request(h, in) : r;
}

/* ---- answers ---- */

static enum http_result parse_status_line(struct http_head *h, str line)
{
	str code, rest = line, version;
	i64 status;

	str_cut(&rest, ' ', &version);
	if (parse_version(h, version) == HTTP_BAD)
		return HTTP_BAD;
	if (!str_cut(&rest, ' ', &code) || code.len != 3 || !str_to_i64(code, &status) ||
	    status < 100 || status > 599)
		return bad(h, 502, "malformed status");
	h->status = (int)status;
	h->reason = rest.ptr ? rest : S("");
	return str_is_utf8(h->reason) ? HTTP_COMPLETE : bad(h, 502, "reason is not UTF-8");
}

static enum http_result take_response(struct http_head *h, str in, str method)
{
	bool has_no_body;

	if (parse_status_line(h, start_line(h, in)) == HTTP_BAD || parse_headers(h, in) == HTTP_BAD)
		return HTTP_BAD;
	has_no_body = h->status < 200 || h->status == 204 || h->status == 304 ||
		      str_eq(method, S("HEAD"));
	if (parse_framing(h, has_no_body ? HTTP_BODY_NONE : HTTP_BODY_UNTIL_CLOSE) == HTTP_BAD)
		return HTTP_BAD;
	if (has_no_body) {
		h->framing = HTTP_BODY_NONE;
		h->content_length = 0;
	}
	h->keep_alive = wants_keep_alive(h);
	return HTTP_COMPLETE;
}

enum http_result http_parse_response(struct http_head *h, str in, str method)
{
	enum http_result r = h->error ? HTTP_BAD : scan(h, in, false);

	while (r == HTTP_COMPLETE) {
		r = take_response(h, in, method);
		if (r == HTTP_BAD || h->status >= 200 || h->status == 101)
			break;
		/* An interim answer: the real one starts behind it. */
		h->start_ = h->length;
		h->line_end_ = 0;
		r = scan(h, in, false);
	}
	if (r == HTTP_BAD)
		h->error_status = 502;
	return r;
}
