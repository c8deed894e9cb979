#include "net/http1.h"

#include "net/url.h"

#include <assert.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 426, "Upgrade Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 499, "Client Closed Request" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *http_reason(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* Takes back what was added since `before` when it is not to be sent. */
static bool keep_if(struct buf *out, size_t before, bool ok)
{
	if (ok && !out->full)
		return true;
	out->len = before;
	return false;
}

/* Headers that say where a message ends are written here only. */
static bool is_reserved(str name)
{
	return str_eq_nocase(name, S("Content-Length")) || str_eq_nocase(name, S("Connection")) ||
	       str_eq_nocase(name, S("Transfer-Encoding"));
}

static void add_header(struct buf *out, str name, str value)
{
	buf_add(out, name);
	buf_add(out, S(": "));
	buf_add(out, value);
	buf_add(out, S("\r\n"));
}

bool http_write_headers(struct buf *out, const struct http_header *headers, size_t n)
{
	size_t before = out->len;
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		ok = http_is_token(headers[i].name) && !is_reserved(headers[i].name) &&
		     http_value_ok(headers[i].value);
		if (ok)
			add_header(out, headers[i].name, headers[i].value);
	}
	return keep_if(out, before, ok);
}

static void add_connection(struct buf *out, unsigned flags)
{
	if (flags & HTTP_CLOSE)
		add_header(out, S("Connection"), S("close"));
	else if (flags & HTTP_KEEP_ALIVE)
		add_header(out, S("Connection"), S("keep-alive"));
}

bool http_write_response(struct buf *out, int status, const struct http_header *headers, size_t n,
			 str body, unsigned flags)
{
	size_t before = out->len;
	bool has_no_body = status < 200 || status == 204 || status == 304, ok;

	assert(status >= 100 && status <= 599);
	buf_printf(out, "HTTP/1.1 %d %s\r\n", status, http_reason(status));
	ok = http_write_headers(out, headers, n);
	if (!has_no_body && !(flags & HTTP_NO_LENGTH))
		buf_printf(out, "Content-Length: %zu\r\n", body.len);
	add_connection(out, flags);
	buf_add(out, S("\r\n"));
	if (!has_no_body && !(flags & HTTP_HEAD_ONLY))
		buf_add(out, body);
	return keep_if(out, before, ok);
}

bool http_write_request(struct buf *out, str method, str target, str host,
			const struct http_header *headers, size_t n, str body, unsigned flags)
{
	size_t before = out->len;
	bool is_ipv6, ok;
	int port;
	str name;

	if (!http_is_token(method) || target.len == 0 || !url_target_ok(target) ||
	    !url_split_authority(host, &name, &is_ipv6, &port))
		return false;
	buf_add(out, method);
	buf_add_byte(out, ' ');
	buf_add(out, target);
	buf_add(out, S(" HTTP/1.1\r\n"));
	add_header(out, S("Host"), host);
	ok = http_write_headers(out, headers, n);
	if (body.ptr)
		buf_printf(out, "Content-Length: %zu\r\n", body.len);
	add_connection(out, flags);
	buf_add(out, S("\r\n"));
	buf_add(out, body);
	return keep_if(out, before, ok);
}

bool http_write_continue(struct buf *out)
{
	size_t before = out->len;

	buf_add(out, S("HTTP/1.1 100 Continue\r\n\r\n"));
	return keep_if(out, before, true);
}
