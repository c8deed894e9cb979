#include "net/http1.h"

#include "base/test.h"

enum { MAX_BODY = 20, BYTEWISE = -1 };

/* "abcd complete rest=XYZ", in pieces cut at `cut`. */
static void run(enum http_framing framing, u64 length, str in, ptrdiff_t cut, struct buf *log)
{
	struct http_head head = { .framing = framing, .content_length = length };
	CLEANUP(buf_done) struct buf out = buf_make(1000);
	struct http_body b;
	enum http_result r = http_body_init(&b, &head, MAX_BODY);
	size_t from = 0;
	str piece = STR_NONE;

	while (r == HTTP_NEED_MORE && from < in.len) {
		size_t n = cut == BYTEWISE      ? 1
			   : from < (size_t)cut ? (size_t)cut - from
						: in.len - from;
		char *copy = malloc(n);

		memcpy(copy, in.ptr + from, n);
		piece = str_of(copy, n);
		r = http_body_read(&b, &piece, &out);
		from += n - piece.len;
		assert_true(r != HTTP_NEED_MORE || piece.len == 0);
		free(copy);
	}
	buf_clear(log);
	if (r == HTTP_BAD) {
		assert_non_null(b.error);
		buf_printf(log, "%d", b.error_status);
		assert_int_equal(http_body_eof(&b), HTTP_BAD);
		return;
	}
	buf_add(log, buf_str(&out));
	buf_printf(log, r == HTTP_COMPLETE ? "|complete" : "|more");
	if (from < in.len)
		buf_printf(log, "|%.*s", STRF(str_skip(in, from)));
	buf_printf(log, http_body_eof(&b) == HTTP_COMPLETE ? "|ends" : "|cut");
}

static void expect(enum http_framing framing, u64 length, str in, const char *want)
{
	CLEANUP(buf_done) struct buf log = buf_make(1 << 16);

	for (ptrdiff_t cut = BYTEWISE; cut <= (ptrdiff_t)in.len; cut++) {
		run(framing, length, in, cut, &log);
		if (!str_eq(buf_str(&log), str_from(want)))
			print_error("of '%.*s' cut at %td\n", STRF(in), cut);
		assert_str(buf_str(&log), str_from(want));
	}
}

static const struct {
	const char *in, *want;
} chunked[] = {
	{ "0\r\n\r\n", "|complete|ends" },
	{ "3\r\nabc\r\n0\r\n\r\n", "abc|complete|ends" },
	{ "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nGET", "abcd|complete|GET|ends" },
	{ "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789|complete|ends" },
	{ "003\r\nabc\r\n000\r\n\r\n", "abc|complete|ends" },
	{ "2\r\n\r\n\r\n0\r\n\r\n", "\r\n|complete|ends" },
	{ "1;a=b\r\nx\r\n0;c;d=\"e;f\"\r\n\r\n", "x|complete|ends" },
	{ "1\r\nx\r\n0\r\nTrailer: v\r\nB:\r\n\r\nnext", "x|complete|next|ends" },
	/* not over */
	{ "", "|more|cut" },
	{ "3", "|more|cut" },
	{ "3\r\nab", "ab|more|cut" },
	{ "3\r\nabc", "abc|more|cut" },
	{ "3\r\nabc\r\n", "abc|more|cut" },
	{ "3\r\nabc\r\n0\r\n", "abc|more|cut" },
	{ "3\r\nabc\r\n0\r\nA: b\r\n", "abc|more|cut" },
	{ "0\r\n\r", "|more|cut" },
	/* broken */
	{ "\r\n", "400" },
	{ ";x\r\n", "400" },
	{ "g\r\n", "400" },
	{ "0x3\r\nabc\r\n", "400" },
	{ "-1\r\n", "400" },
	{ "+1\r\n", "400" },
	{ " 1\r\n", "400" },
	{ "1 \r\nx\r\n", "400" },
	{ "1 ;a\r\nx\r\n", "400" },
	{ "1\nx\r\n", "400" },
	{ "1\rx", "400" },
	{ "1;a\nx", "400" },
	{ "1;a\x01", "400" },
	{ "1;a\rb", "400" },
	{ "1\r\nxy\r\n", "400" },
	{ "1\r\nx\n0\r\n", "400" },
	{ "1\r\nx\rx", "400" },
	{ "1\r\nx0\r\n\r\n", "400" },
	{ "1\r\nx\r\n\r\n", "400" },
	{ "0\r\nGET / HTTP/1.1\r\n\r\n", "400" },
	{ "0\r\n folded: x\r\n\r\n", "400" },
	{ "0\r\nA : x\r\n\r\n", "400" },
	{ "0\r\nA: x\n\r\n", "400" },
	{ "0\r\nA: \x01", "400" },
	{ "0\r\nA: x\rB", "400" },
	{ "0\r\n:\r\n", "400" },
	{ "0\r\n\n", "400" },
	{ "0\r\n\rx", "400" },
	/* over the cap of 20, told at the size */
	{ "15\r\n", "413" },
	{ "a\r\n0123456789\r\nb\r\n", "413" },
	{ "ffffffffffffffff\r\n", "413" },
	{ "10000000000000000\r\n", "413" },
	{ "fffffffffffffffffffffffffffff", "413" },
};

TEST(chunked_bodies)
{
	for (size_t i = 0; i < ARRAY_LEN(chunked); i++)
		expect(HTTP_BODY_CHUNKED, 0, str_from(chunked[i].in), chunked[i].want);
	expect(HTTP_BODY_CHUNKED, 0, S("1;\0\r\n"), "400");
}

TEST(bodies_with_a_length)
{
	expect(HTTP_BODY_LENGTH, 3, S(""), "|more|cut");
	expect(HTTP_BODY_LENGTH, 3, S("ab"), "ab|more|cut");
	expect(HTTP_BODY_LENGTH, 3, S("abc"), "abc|complete|ends");
	expect(HTTP_BODY_LENGTH, 3, S("abcGET"), "abc|complete|GET|ends");
	expect(HTTP_BODY_LENGTH, MAX_BODY, S(""), "|more|cut");
	expect(HTTP_BODY_LENGTH, MAX_BODY + 1, S("x"), "413");
	expect(HTTP_BODY_LENGTH, INT64_MAX, S("x"), "413");
	expect(HTTP_BODY_NONE, 0, S(""), "|complete|ends");
	expect(HTTP_BODY_NONE, 0, S("GET"), "|complete|GET|ends");
}

TEST(bodies_until_the_end_of_the_connection)
{
	expect(HTTP_BODY_UNTIL_CLOSE, 0, S(""), "|more|ends");
	expect(HTTP_BODY_UNTIL_CLOSE, 0, S("abc"), "abc|more|ends");
	expect(HTTP_BODY_UNTIL_CLOSE, 0, S("01234567890123456789"),
	       "01234567890123456789|more|ends");
	expect(HTTP_BODY_UNTIL_CLOSE, 0, S("01234567890123456789x"), "413");
}

static void expect_line(const char *start, size_t n, const char *end, const char *want)
{
	CLEANUP(buf_done) struct buf in = buf_make(1 << 16);
	CLEANUP(buf_done) struct buf log = buf_make(1 << 16);

	buf_printf(&in, "%s", start);
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&in, 'x');
	buf_printf(&in, "%s", end);
	for (ptrdiff_t cut = BYTEWISE; cut < 10; cut++) {
		run(HTTP_BODY_CHUNKED, 0, buf_str(&in), cut, &log);
		assert_str(buf_str(&log), str_from(want));
	}
}

TEST(chunk_lines_and_trailers_are_bounded)
{
	expect_line("0;", HTTP_CHUNK_LINE_MAX - 4, "\r\n\r\n", "|complete|ends");
	expect_line("0;", HTTP_CHUNK_LINE_MAX - 3, "\r\n\r\n", "400");
	expect_line("0;", HTTP_CHUNK_LINE_MAX - 1, "", "400");
	expect_line("0\r\nA: ", HTTP_TRAILERS_MAX - 7, "\r\n\r\n", "|complete|ends");
	expect_line("0\r\nA: ", HTTP_TRAILERS_MAX - 6, "\r\n\r\n", "431");
	expect_line("0\r\nA: b\r\nC: ", HTTP_TRAILERS_MAX - 9, "\r\n\r\n", "431");
	/* zeros before the size are part of the line */
	expect_line("000000000000000000000000000000;", 10, "\r\n\r\n", "|complete|ends");
}

TEST(a_full_buffer_is_a_body_too_large)
{
	struct http_head head = { .framing = HTTP_BODY_LENGTH, .content_length = 10 };
	CLEANUP(buf_done) struct buf out = buf_make(9);
	struct http_body b;
	str in = S("0123456789");

	assert_int_equal(http_body_init(&b, &head, 100), HTTP_NEED_MORE);
	assert_int_equal(http_body_read(&b, &in, &out), HTTP_BAD);
	assert_int_equal(b.error_status, 413);
	in = S("0");
	assert_int_equal(http_body_read(&b, &in, &out), HTTP_BAD);
}

TEST(content_is_not_copied)
{
	struct http_head head = { .framing = HTTP_BODY_CHUNKED };
	struct http_body b;
	str in = S("3\r\na\0c\r\n0\r\n\r\n"), all = in, part;

	assert_int_equal(http_body_init(&b, &head, 100), HTTP_NEED_MORE);
	assert_int_equal(http_body_next(&b, &in, &part), HTTP_DATA);
	assert_ptr_equal(part.ptr, all.ptr + 3);
	assert_str(part, S("a\0c"));
	assert_int_equal(http_body_next(&b, &in, &part), HTTP_COMPLETE);
	assert_int_equal(http_body_next(&b, &in, &part), HTTP_COMPLETE);
	assert_int_equal(in.len, 0);
}

TEST_MAIN("net/http1_body")
