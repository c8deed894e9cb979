/*
 * http1_body.c - where a body ends: by length, by chunks, by the end of the connection.
 * Chunk extensions and trailers are checked, bounded and dropped.
 */
#include "net/http1.h"

enum state {
	SIZE,      /* hex digits */
	EXTENSION, /* from ';' to CR */
	SIZE_LF,
	CONTENT,
	CONTENT_CR,
	CONTENT_LF,
	LINE_START, /* behind the last chunk: a trailer, or the empty line */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	END,
};

static enum http_result bad(struct http_body *b, int status, const char *why)
{
	b->error_status = status;
	b->error = why;
	return HTTP_BAD;
}

enum http_result http_body_init(struct http_body *b, const struct http_head *h, u64 max)
{
	*b = (struct http_body){ .framing = h->framing, .left = h->content_length, .max = max };
	if (b->framing == HTTP_BODY_NONE)
		return HTTP_COMPLETE;
	if (b->framing == HTTP_BODY_LENGTH && b->left > max)
		return bad(b, 413, "body is too large");
	if (b->framing == HTTP_BODY_CHUNKED)
		b->left = 0;
	return HTTP_NEED_MORE;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum http_result size_byte(struct http_body *b, char c)
{
	int digit = hex_value(c);

	if (digit >= 0) {
		if (b->left >> 60)
			return bad(b, 413, "chunk is too large");
		b->left = b->left * 16 + (u64)digit;
	} else if (b->line_ == 1 || (c != ';' && c != '\r')) {
		return bad(b, 400, "malformed chunk size");
	} else {
		b->state_ = c == ';' ? EXTENSION : SIZE_LF;
	}
	return HTTP_NEED_MORE;
}

static enum http_result size_end(struct http_body *b)
{
	if (b->left > b->max - b->total)
		return bad(b, 413, "body is too large");
	b->total += b->left;
	b->state_ = b->left ? CONTENT : LINE_START;
	b->line_ = 0;
	return HTTP_NEED_MORE;
}

/* The rest of an extension or trailer line. */
static enum http_result text_byte(struct http_body *b, char c, enum state after_cr)
{
	if (c == '\r')
		b->state_ = (int)after_cr;
	else if (((u8)c < 0x20 && c != '\t') || c == 0x7f)
		return bad(b, 400, "control byte between chunks");
	return HTTP_NEED_MORE;
}

static enum http_result name_byte(struct http_body *b, char c)
{
	bool is_first = b->state_ == LINE_START;

	if (is_first && c == '\r')
		b->state_ = END_LF;
	else if (!is_first && c == ':')
		b->state_ = TRAILER_VALUE;
	else if (http_is_token(str_of(&c, 1)))
		b->state_ = TRAILER_NAME;
	else
		return bad(b, 400, "malformed trailer");
	return HTTP_NEED_MORE;
}

static enum http_result expect_byte(struct http_body *b, char c, char want, enum state next)
{
	if (c != want)
		return bad(b, 400, "chunk does not end where it should");
	b->state_ = (int)next;
	return HTTP_NEED_MORE;
}

/* One byte between the contents of chunks. */
static enum http_result frame_byte(struct http_body *b, char c)
{
	bool in_trailer = b->state_ >= LINE_START;

	b->line_++;
	if (b->line_ > (size_t)(in_trailer ? HTTP_TRAILERS_MAX : HTTP_CHUNK_LINE_MAX))
		return in_trailer ? bad(b, 431, "trailers are too large")
				  : bad(b, 400, "chunk line is too long");
	switch ((enum state)b->state_) {
	case SIZE: return size_byte(b, c);
	case EXTENSION: return text_byte(b, c, SIZE_LF);
	case SIZE_LF:
		return c == '\n' ? size_end(b) : bad(b, 400, "CR without LF after a chunk size");
	case CONTENT_CR: return expect_byte(b, c, '\r', CONTENT_LF);
	case CONTENT_LF: b->line_ = 0; return expect_byte(b, c, '\n', SIZE);
	case LINE_START:
	case TRAILER_NAME: return name_byte(b, c);
	case TRAILER_VALUE: return text_byte(b, c, TRAILER_LF);
	case TRAILER_LF: return expect_byte(b, c, '\n', LINE_START);
	case END_LF: return expect_byte(b, c, '\n', END);
	case CONTENT:
	case END: break;
	}
	return HTTP_NEED_MORE;
}

static enum http_result content(struct http_body *b, str *in, str *ret_data)
{
	size_t n = (size_t)MIN((u64)in->len, b->left);

	if (n == 0)
		return HTTP_NEED_MORE;
	*ret_data = str_of(in->ptr, n);
	*in = str_skip(*in, n);
	b->left -= n;
	return HTTP_DATA;
}

static enum http_result chunk_next(struct http_body *b, str *in, str *ret_data)
{
	while (b->state_ != END) {
		char c;

		if (b->state_ == CONTENT && b->left)
			return content(b, in, ret_data);
		if (b->state_ == CONTENT)
			b->state_ = CONTENT_CR;
		if (in->len == 0)
			return HTTP_NEED_MORE;
		c = in->ptr[0];
		*in = str_skip(*in, 1);
		if (frame_byte(b, c) == HTTP_BAD)
			return HTTP_BAD;
	}
	return HTTP_COMPLETE;
}

enum http_result http_body_next(struct http_body *b, str *in, str *ret_data)
{
	if (b->error)
		return HTTP_BAD;
	switch (b->framing) {
	case HTTP_BODY_NONE: return HTTP_COMPLETE;
	case HTTP_BODY_LENGTH: return b->left ? content(b, in, ret_data) : HTTP_COMPLETE;
	case HTTP_BODY_CHUNKED: return chunk_next(b, in, ret_data);
	case HTTP_BODY_UNTIL_CLOSE: break;
	}
	if (in->len > b->max - b->total)
		return bad(b, 413, "body is too large");
	b->left = in->len;
	b->total += in->len;
	return content(b, in, ret_data);
}

enum http_result http_body_read(struct http_body *b, str *in, struct buf *out)
{
	enum http_result r;
	str part;

	while ((r = http_body_next(b, in, &part)) == HTTP_DATA) {
		buf_add(out, part);
		if (out->full)
			return bad(b, 413, "body is too large");
	}
	return r;
}

enum http_result http_body_eof(struct http_body *b)
{
	bool ended = b->framing == HTTP_BODY_NONE || b->framing == HTTP_BODY_UNTIL_CLOSE ||
		     (b->framing == HTTP_BODY_LENGTH && b->left == 0) ||
		     (b->framing == HTTP_BODY_CHUNKED && b->state_ == END);

	if (b->error)
		return HTTP_BAD;
	return ended ? HTTP_COMPLETE : bad(b, 400, "connection ended in the middle of a body");
}
