#include "net/http1.h"

#include "base/test.h"

static const struct http_header json = { S("Content-Type"), S("application/json") };

TEST(responses)
{
	static const struct {
		int status;
		size_t n;
		str body;
		unsigned flags;
		const char *want;
	} cases[] = {
		{ 200, 1, S("{}"), 0,
		  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" },
		{ 200, 0, S(""), 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
		{ 200, 0, STR_NONE, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
		{ 413, 0, S("x"), HTTP_CLOSE,
		  "HTTP/1.1 413 Content Too Large\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx" },
		{ 200, 0, S("x"), HTTP_KEEP_ALIVE,
		  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx" },
		{ 200, 0, S("abc"), HTTP_HEAD_ONLY,
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" },
		{ 204, 0, S("no"), 0, "HTTP/1.1 204 No Content\r\n\r\n" },
		{ 304, 0, S("no"), 0, "HTTP/1.1 304 Not Modified\r\n\r\n" },
		{ 299, 0, S(""), 0, "HTTP/1.1 299 Unknown\r\nContent-Length: 0\r\n\r\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf out = buf_make(1000);

		assert_true(http_write_response(&out, cases[i].status, &json, cases[i].n,
						cases[i].body, cases[i].flags));
		assert_str(buf_str(&out), str_from(cases[i].want));
	}
}

TEST(requests)
{
	CLEANUP(buf_done) struct buf out = buf_make(1000);

	assert_true(http_write_request(&out, S("POST"), S("/join?a=b"), S("h:1"), &json, 1, S("{}"),
				       HTTP_CLOSE));
	assert_str(buf_str(&out),
		   S("POST /join?a=b HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n"
		     "Content-Length: 2\r\nConnection: close\r\n\r\n{}"));
	buf_clear(&out);
	assert_true(http_write_request(&out, S("GET"), S("/"), S("[::1]"), NULL, 0, STR_NONE, 0));
	assert_str(buf_str(&out), S("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"));
	buf_clear(&out);
	assert_true(http_write_continue(&out));
	assert_str(buf_str(&out), S("HTTP/1.1 100 Continue\r\n\r\n"));
}

static const struct http_header injections[] = {
	{ S("X"), S("a\r\nSet-Cookie: b") },
	{ S("X"), S("a\nb") },
	{ S("X"), S("a\rb") },
	{ S("X"), S("a\0b") },
	{ S("X"), S("a\x7f") },
	{ S("X"), S("\x1b[0m") },
	{ S("X"), S(" a") },
	{ S("X"), S("a\t") },
	{ S("X"), S("\xff") },
	{ S(""), S("a") },
	{ S("X Y"), S("a") },
	{ S("X:"), S("a") },
	{ S("X\r\nY"), S("a") },
	{ S("X\0"), S("a") },
	{ S("\xc3\xa9"), S("a") },
	{ S("content-length"), S("7") },
	{ S("Transfer-Encoding"), S("chunked") },
	{ S("CONNECTION"), S("close") },
};

TEST(nothing_can_be_injected)
{
	for (size_t i = 0; i < ARRAY_LEN(injections); i++) {
		struct http_header list[2] = { json, injections[i] };
		CLEANUP(buf_done) struct buf out = buf_make(1000);

		buf_add(&out, S("before"));
		assert_false(http_write_response(&out, 200, list, 2, S("x"), 0));
		assert_false(
			http_write_request(&out, S("GET"), S("/"), S("h"), list, 2, STR_NONE, 0));
		assert_false(http_write_headers(&out, list, 2));
		assert_str(buf_str(&out), S("before"));
		/* a refusal is no reason to give the buffer up */
		assert_true(http_write_response(&out, 200, list, 1, S("x"), 0));
	}
}

TEST(request_lines_are_checked)
{
	static const struct {
		str method, target, host;
	} cases[] = {
		{ S(""), S("/"), S("h") },
		{ S("GET /x HTTP/1.1\r\nA:"), S("/"), S("h") },
		{ S("G T"), S("/"), S("h") },
		{ S("GET"), S(""), S("h") },
		{ S("GET"), S("/ HTTP/1.1\r\nX: y\r\n"), S("h") },
		{ S("GET"), S("/a b"), S("h") },
		{ S("GET"), S("/#secret"), S("h") },
		{ S("GET"), S("/%"), S("h") },
		{ S("GET"), S("/"), S("") },
		{ S("GET"), S("/"), S("h\r\nX: y") },
		{ S("GET"), S("/"), S("u@h") },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf out = buf_make(1000);

		assert_false(http_write_request(&out, cases[i].method, cases[i].target,
						cases[i].host, NULL, 0, STR_NONE, 0));
		assert_int_equal(out.len, 0);
	}
}

/* At every size of the buffer: all or nothing. */
TEST(a_full_buffer_takes_nothing)
{
	size_t fits = 0;

	for (size_t max = 6; max < 200; max++) {
		CLEANUP(buf_done) struct buf out = buf_make(max);

		buf_add(&out, S("before"));
		if (http_write_response(&out, 200, &json, 1, S("body"), HTTP_CLOSE)) {
			assert_true(str_ends(buf_str(&out), S("\r\n\r\nbody")));
			fits++;
		} else {
			assert_int_equal(fits, 0);
			assert_str(buf_str(&out), S("before"));
		}
	}
	assert_true(fits > 50);
}

TEST(what_is_written_is_read_back)
{
	static const struct http_header list[] = { { S("A"), S("b\tc") },
						   { S("D"), S("") },
						   { S("E"), S("\xc3\xa9") } };
	CLEANUP(buf_done) struct buf out = buf_make(1000);
	struct http_head h = { 0 };

	assert_true(http_write_response(&out, 200, list, 3, S("body"), 0));
	assert_int_equal(http_parse_response(&h, buf_str(&out), S("GET")), HTTP_COMPLETE);
	assert_int_equal(h.n_headers, 4);
	for (size_t i = 0; i < 3; i++)
		assert_str(http_header_get(&h, list[i].name), list[i].value);
	assert_int_equal(h.content_length, 4);
	assert_str(str_skip(buf_str(&out), h.length), S("body"));
}

TEST_MAIN("net/http1_write")
