/*
 * http1.h - HTTP/1.1 messages as bytes: heads of requests and answers, bodies, writers.
 *
 * Pure: no I/O, no allocation but in the given buf; any thread. The caller keeps the bytes
 * of a head in one buffer from its first byte on, and calls the parser again with more of
 * them until it is complete or bad; the buffer may move between calls. Every str of a
 * complete head points into the bytes of the last call. Strict: what two parsers could read
 * differently is refused (CL with TE, obs-fold, bare LF or CR, blanks before a colon,
 * control bytes).
 */
#ifndef NET_HTTP1_H
#define NET_HTTP1_H

#include "base/buf.h"

enum {
	HTTP_HEAD_MAX = 16 * 1024,     /* more is 431 */
	HTTP_LINE_MAX = 8 * 1024,      /* the request line; more is 414 */
	HTTP_HEADERS_MAX = 64,         /* more is 431 */
	HTTP_METHOD_MAX = 20,
	HTTP_CHUNK_LINE_MAX = 256,     /* one chunk-size line with its extensions */
	HTTP_TRAILERS_MAX = 4 * 1024,  /* skipped, not shown */
};

enum http_result {
	HTTP_NEED_MORE,       /* the input is used up and the message goes on */
	HTTP_COMPLETE,
	HTTP_DATA,            /* only http_body_next: a part of the body */
	HTTP_BAD,             /* see error and error_status; the connection is to be closed */
};

enum http_framing { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, HTTP_BODY_UNTIL_CLOSE };

struct http_header { str name, value; };

/* Zero it before the first call; it carries how far the bytes were looked at. */
struct http_head {
	/* of a request */
	str method;
	str target;           /* as sent */
	str path, query;      /* of the target, still escaped; query is STR_NONE without '?' */
	str host;             /* "host[:port]" of the Host header; STR_NONE if absent (1.0) */
	bool expect_continue; /* answer 100 before the body is read */
	/* of an answer */
	int status;
	str reason;

	int minor;            /* HTTP/1.minor: 0 or 1 */
	size_t n_headers;
	struct http_header headers[HTTP_HEADERS_MAX];
	enum http_framing framing;
	u64 content_length;   /* HTTP_BODY_LENGTH, else 0 */
	bool keep_alive;      /* another message may follow on this connection */
	size_t length;        /* bytes of the head (with the 1xx heads before it) */

	int error_status;     /* HTTP_BAD: 400, 414, 417, 431, 501, 505; an answer: 502 */
	const char *error;    /* HTTP_BAD: one sentence, never quoting the peer */

	size_t scanned_, line_end_, start_;
};

enum http_result http_parse_request(struct http_head *h, str in);
/* The answer to a request of that method. 1xx heads other than 101 are skipped. */
enum http_result http_parse_response(struct http_head *h, str in, str method);

/* First value of that name (any case); STR_NONE (ptr NULL) when absent. */
str http_header_get(const struct http_head *h, str name);
size_t http_header_count(const struct http_head *h, str name);
/* Is the word in the comma-separated lists of all headers of that name? Any case. */
bool http_header_has_token(const struct http_head *h, str name, str token);

/* A body being read. The bytes behind the head go in, in pieces of any size. */
struct http_body {
	enum http_framing framing;
	u64 left;             /* bytes of this chunk, or of the whole body */
	u64 total, max;
	int state_;
	size_t line_;         /* bytes of the chunk line or of the trailers so far */
	int error_status;     /* HTTP_BAD: 400, 413 or 431 */
	const char *error;
};

/* HTTP_COMPLETE (no body), HTTP_NEED_MORE, or HTTP_BAD with 413 if announced over max. */
enum http_result http_body_init(struct http_body *b, const struct http_head *h, u64 max);
/* Takes bytes off *in. HTTP_DATA: *ret_data is content within the input, call again.
 * HTTP_COMPLETE: *in is what follows the body (a pipelined message). */
enum http_result http_body_next(struct http_body *b, str *in, str *ret_data);
/* http_body_next until it wants more, the content added to out; 413 if out is full. */
enum http_result http_body_read(struct http_body *b, str *in, struct buf *out);
/* The connection ended: HTTP_COMPLETE if that ends the body properly, else HTTP_BAD. */
enum http_result http_body_eof(struct http_body *b);

/* "OK" for 200; "Unknown" for a number without a name. */
const char *http_reason(int status);

enum http_write_flags {
	HTTP_CLOSE = 1 << 0,      /* say Connection: close */
	HTTP_HEAD_ONLY = 1 << 1,  /* answer to HEAD: Content-Length of the body, no body */
	HTTP_KEEP_ALIVE = 1 << 2, /* say Connection: keep-alive (to a 1.0 client that asked) */
	HTTP_NO_LENGTH = 1 << 3,  /* no Content-Length: the body goes on until the connection ends */
};

/* The writers add all or nothing. False, and nothing added, if the buffer is full or a name
 * or value cannot be a header (CR, LF, NUL or another control byte): no injection.
 * Content-Length is theirs, also Connection by flag; they may not be in the list. */
bool http_write_response(struct buf *out, int status, const struct http_header *headers, size_t n,
			 str body, unsigned flags) MUST_CHECK;
/* Content-Length is left out when body.ptr is NULL. */
bool http_write_request(struct buf *out, str method, str target, str host,
			const struct http_header *headers, size_t n, str body,
			unsigned flags) MUST_CHECK;
/* "HTTP/1.1 100 Continue" */
bool http_write_continue(struct buf *out) MUST_CHECK;
/* Only header lines, for a head that is written piece by piece; adds all or nothing. */
bool http_write_headers(struct buf *out, const struct http_header *headers, size_t n) MUST_CHECK;
/* Is it a method or header name: letters, digits and a few marks? */
bool http_is_token(str s);
/* Bytes that may be a header value: no control bytes but TAB, no blanks at the ends, UTF-8. */
bool http_value_ok(str value);

#endif
