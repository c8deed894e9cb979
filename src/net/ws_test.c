#include "net/ws.h"

#include "base/test.h"

enum { MAX_MESSAGE = 70000, STOP_EACH = -1 };

static const u8 mask_key[4] = { 0x37, 0xfa, 0x21, 0x3d };

/* ---- what happened, as text: "text(Hello) ping() close(1000,bye) fail(1002)" ---- */

static void note_bytes(struct buf *log, str data)
{
	if (data.len > 40) {
		buf_printf(log, "%zu bytes of %c", data.len, data.ptr[data.len - 1]);
		return;
	}
	for (size_t i = 0; i < data.len; i++) {
		u8 c = (u8)data.ptr[i];

		if (c < 0x20 || c > 0x7e)
			buf_printf(log, "\\x%02x", c);
		else
			buf_add_byte(log, (char)c);
	}
}

struct watch {
	struct buf *log;
	bool stop_each;
};

static bool note(void *arg, const struct ws_event *ev)
{
	static const char *const names[] = { "binary", "ping", "pong", "close", "fail" };
	struct watch *watch = arg;
	struct buf *log = watch->log;

	if (log->len)
		buf_add_byte(log, ' ');
	buf_printf(log, "%s(", ev->is_text ? "text" : names[ev->kind]);
	if (ev->kind == WS_EVENT_FAIL) {
		buf_printf(log, "%d", ev->code);
		assert_true(ev->data.len > 0 && ev->data.len <= WS_REASON_MAX);
	} else if (ev->kind == WS_EVENT_CLOSE) {
		buf_printf(log, "%d,", ev->code);
		note_bytes(log, ev->data);
	} else {
		note_bytes(log, ev->data);
	}
	buf_add_byte(log, ')');
	return !watch->stop_each;
}

/* Feeds a copy of data[from..to) in an allocation of its own, so that ASan sees its ends. */
static void feed(struct ws *w, str data, size_t from, size_t to, struct watch *watch)
{
	size_t n = to - from, used = 0;
	char *copy = malloc(MAX(n, (size_t)1));

	assert_non_null(copy);
	if (n)
		memcpy(copy, data.ptr + from, n);
	do {
		size_t took = ws_feed(w, copy + used, n - used, note, watch);

		assert_true(took > 0 || n == 0);
		used += took;
	} while (used < n);
	free(copy);
}

/* In two pieces, cut at `cut`; or in pieces of one byte when cut is STOP_EACH - 1. */
static void run(bool is_client, str data, ptrdiff_t cut, struct buf *log)
{
	struct watch watch = { log, cut == STOP_EACH };
	struct ws w;

	buf_clear(log);
	ws_init(&w, is_client, MAX_MESSAGE);
	if (cut == STOP_EACH) {
		feed(&w, data, 0, data.len, &watch);
	} else if (cut < 0) {
		for (size_t i = 0; i < data.len; i++)
			feed(&w, data, i, i + 1, &watch);
	} else {
		feed(&w, data, 0, (size_t)cut, &watch);
		feed(&w, data, (size_t)cut, data.len, &watch);
	}
	ws_done(&w);
}

/* Whole, byte by byte, with stops, and cut at every place (of the ends, if it is long). */
static void expect(bool is_client, str data, const char *want)
{
	CLEANUP(buf_done) struct buf log = buf_make(1 << 16);

	for (ptrdiff_t cut = STOP_EACH - 1; cut <= (ptrdiff_t)data.len; cut++) {
		if (cut > 300 && cut < (ptrdiff_t)data.len - 20)
			continue;
		run(is_client, data, cut, &log);
		if (!str_eq(buf_str(&log), str_from(want)))
			print_error("%s end, cut %td\n", is_client ? "client" : "server", cut);
		assert_str(buf_str(&log), str_from(want));
	}
}

/* ---- frames, told the same to both ends ---- */

struct frame {
	u8 first; /* FIN, RSV, opcode */
	str payload;
};

enum { FRAMES_MAX = 7 };

static void put(struct buf *out, struct frame f, bool masked)
{
	u8 header[WS_HEADER_MAX];
	size_t n = ws_header(header, WS_OP_TEXT, f.payload.len, masked ? mask_key : NULL);
	char *p;

	header[0] = f.first;
	buf_add(out, str_of(header, n));
	p = buf_room(out, f.payload.len);
	if (f.payload.len)
		memcpy(p, f.payload.ptr, f.payload.len);
	if (masked)
		ws_mask(p, f.payload.len, mask_key, 0);
	out->len += f.payload.len;
}

static void expect_frames(const struct frame *frames, size_t n, const char *want)
{
	for (int is_client = 0; is_client < 2; is_client++) {
		CLEANUP(buf_done) struct buf bytes = buf_make(1 << 20);

		for (size_t i = 0; i < n && frames[i].payload.ptr; i++)
			put(&bytes, frames[i], !is_client);
		expect(is_client, buf_str(&bytes), want);
	}
}

#define T25 "abcdefghijklmnopqrstuvwxy"
#define T125 T25 T25 T25 T25 T25

static const struct {
	const char *want;
	struct frame frames[FRAMES_MAX];
} good[] = {
	{ "text(Hello)", { { 0x81, S("Hello") } } },
	{ "text()", { { 0x81, S("") } } },
	{ "binary()", { { 0x82, S("") } } },
	{ "binary(\\x00\\xff)", { { 0x82, S("\0\xff") } } },
	{ "text(one) text(two) binary(three)",
	  { { 0x81, S("one") }, { 0x81, S("two") }, { 0x82, S("three") } } },
	{ "ping()", { { 0x89, S("") } } },
	{ "pong(x)", { { 0x8a, S("x") } } },
	{ "ping(125 bytes of y)", { { 0x89, S(T125) } } },
	/* fragments */
	{ "text(Hello)", { { 0x01, S("Hel") }, { 0x80, S("lo") } } },
	{ "text(abcd)",
	  { { 0x01, S("a") }, { 0x00, S("b") }, { 0x00, S("") }, { 0x80, S("cd") } } },
	{ "text()", { { 0x01, S("") }, { 0x80, S("") } } },
	{ "binary(ab)", { { 0x02, S("a") }, { 0x80, S("b") } } },
	{ "text(ab) text(c)", { { 0x01, S("a") }, { 0x80, S("b") }, { 0x81, S("c") } } },
	{ "ping(p) pong(q) text(ab)",
	  { { 0x01, S("a") }, { 0x89, S("p") }, { 0x8a, S("q") }, { 0x80, S("b") } } },
	/* a character cut in two by fragments is still one character */
	{ "text(\\xe2\\x82\\xac)", { { 0x01, S("\xe2\x82") }, { 0x80, S("\xac") } } },
	{ "text(\\xf0\\x9f\\x98\\x80)", { { 0x81, S("\xf0\x9f\x98\x80") } } },
	{ "binary(\\xe2\\x82)", { { 0x02, S("\xe2") }, { 0x80, S("\x82") } } },
	/* close */
	{ "close(1005,)", { { 0x88, S("") } } },
	{ "close(1000,)", { { 0x88, S("\x03\xe8") } } },
	{ "close(1001,bye)",
	  { { 0x88, S("\x03\xe9"
		      "bye") } } },
	{ "close(4001,\\xc3\\xa9)", { { 0x88, S("\x0f\xa1\xc3\xa9") } } },
	{ "text(a) close(1000,)",
	  { { 0x81, S("a") }, { 0x88, S("\x03\xe8") }, { 0x81, S("late") }, { 0xff, S("bad") } } },
	{ "close(1000,)", { { 0x01, S("unfinished") }, { 0x88, S("\x03\xe8") } } },
};

TEST(good_frames_at_both_ends)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		expect_frames(good[i].frames, FRAMES_MAX, good[i].want);
}

static const struct {
	const char *want;
	struct frame frames[FRAMES_MAX];
} broken[] = {
	/* reserved bits, opcodes */
	{ "fail(1002)", { { 0xc1, S("x") } } },
	{ "fail(1002)", { { 0xa1, S("x") } } },
	{ "fail(1002)", { { 0x91, S("x") } } },
	{ "fail(1002)", { { 0xc9, S("") } } },
	{ "fail(1002)", { { 0x83, S("x") } } },
	{ "fail(1002)", { { 0x87, S("x") } } },
	{ "fail(1002)", { { 0x8b, S("x") } } },
	{ "fail(1002)", { { 0x8f, S("x") } } },
	{ "text(a) fail(1002)", { { 0x81, S("a") }, { 0x84, S("x") }, { 0x81, S("b") } } },
	/* control frames */
	{ "fail(1002)", { { 0x09, S("x") } } },
	{ "fail(1002)", { { 0x0a, S("x") } } },
	{ "fail(1002)", { { 0x08, S("\x03\xe8") } } },
	{ "fail(1002)", { { 0x89, S(T125 "z") } } },
	{ "fail(1002)", { { 0x8a, S(T125 "z") } } },
	{ "fail(1002)", { { 0x88, S("\x03\xe8" T125) } } },
	/* fragments */
	{ "fail(1002)", { { 0x80, S("x") } } },
	{ "text(a) fail(1002)", { { 0x81, S("a") }, { 0x80, S("x") } } },
	{ "fail(1002)", { { 0x01, S("a") }, { 0x81, S("b") } } },
	{ "fail(1002)", { { 0x01, S("a") }, { 0x02, S("b") } } },
	{ "ping() fail(1002)", { { 0x01, S("a") }, { 0x89, S("") }, { 0x82, S("b") } } },
	{ "text(ab) fail(1002)", { { 0x01, S("a") }, { 0x80, S("b") }, { 0x80, S("c") } } },
	/* text that is not UTF-8, over the whole message */
	{ "fail(1007)", { { 0x81, S("\xff") } } },
	{ "fail(1007)", { { 0x81, S("\xe2\x82") } } },
	{ "fail(1007)", { { 0x81, S("\xed\xa0\x80") } } },
	{ "fail(1007)", { { 0x81, S("\xc0\x80") } } },
	{ "fail(1007)", { { 0x01, S("\xe2\x82") }, { 0x80, S("") } } },
	{ "fail(1007)", { { 0x01, S("\xe2") }, { 0x80, S("\x28") }, { 0x81, S("late") } } },
	/* close */
	{ "fail(1002)", { { 0x88, S("\x03") } } },
	{ "fail(1007)", { { 0x88, S("\x03\xe8\xff") } } },
};

TEST(broken_frames_at_both_ends)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		expect_frames(broken[i].frames, FRAMES_MAX, broken[i].want);
}

TEST(close_codes)
{
	static const int valid[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011,
				     1012, 1013, 1014, 3000, 3999, 4000, 4002, 4999 };
	static const int invalid[] = { 0,    1,    999,  1004, 1005, 1006,  1015,
				       1016, 1100, 2000, 2999, 5000, 32768, 65535 };

	for (size_t i = 0; i < ARRAY_LEN(valid) + ARRAY_LEN(invalid); i++) {
		bool ok = i < ARRAY_LEN(valid);
		int code = ok ? valid[i] : invalid[i - ARRAY_LEN(valid)];
		char payload[2] = { (char)(code >> 8), (char)code }, want[40];
		struct frame f = { 0x88, str_of(payload, 2) };

		assert_int_equal(ws_code_ok(code), ok);
		snprintf(want, sizeof(want), "close(%d,)", code);
		expect_frames(&f, 1, ok ? want : "fail(1002)");
	}
	assert_false(ws_code_ok(-1));
}

/* RFC 6455 section 5.7 */
TEST(examples_of_the_rfc)
{
	expect(true, S("\x81\x05\x48\x65\x6c\x6c\x6f"), "text(Hello)");
	expect(false, S("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "text(Hello)");
	expect(true, S("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f"), "text(Hello)");
	expect(true, S("\x89\x05\x48\x65\x6c\x6c\x6f"), "ping(Hello)");
	expect(false, S("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "pong(Hello)");
}

/* What a header alone may not say, refused before any payload comes. */
static const struct {
	bool is_client;
	str bytes;
	const char *want;
} headers[] = {
	/* masks */
	{ false, S("\x81\x05Hello"), "fail(1002)" },
	{ false, S("\x89\x00"), "fail(1002)" },
	{ true, S("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "fail(1002)" },
	{ true, S("\x8a\x80"), "fail(1002)" },
	/* lengths not in their shortest form */
	{ true, S("\x81\x7e\x00\x00"), "fail(1002)" },
	{ true, S("\x81\x7e\x00\x7d"), "fail(1002)" },
	{ true, S("\x82\x7f\0\0\0\0\0\0\0\x01"), "fail(1002)" },
	{ true, S("\x82\x7f\0\0\0\0\0\0\xff\xff"), "fail(1002)" },
	{ false, S("\x81\xfe\x00\x05"), "fail(1002)" },
	{ false, S("\x82\xff\0\0\0\0\0\0\xff\xff"), "fail(1002)" },
	/* 64 bits */
	{ true, S("\x82\x7f\x80\0\0\0\0\0\0\0"), "fail(1002)" },
	{ true, S("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), "fail(1002)" },
	{ false, S("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "fail(1002)" },
	/* the cap (70000 = 0x11170): told at the header */
	{ true, S("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "fail(1009)" },
	{ true, S("\x82\x7f\0\0\0\0\0\x01\x11\x71"), "fail(1009)" },
	{ false, S("\x82\xff\0\0\0\0\0\x01\x11\x71"), "fail(1009)" },
	{ true, S("\x01\x01x\x80\x7f\0\0\0\0\0\x01\x11\x70"), "fail(1009)" },
	{ true, S("\x01\x01x\x89\x00\x00\x7f\0\0\0\0\0\x01\x11\x70"), "ping() fail(1009)" },
	/* not yet wrong */
	{ true, S("\x82\x7f\0\0\0\0\0\x01\x11\x70"), "" },
	{ true, S("\x01\x01x\x80\x7f\0\0\0\0\0\x01\x11\x6f"), "" },
	{ true, S("\x81\x7e\x00\x7e"), "" },
	{ true, S("\x81\x7e\x00"), "" },
	{ true, S("\x81"), "" },
	{ false, S("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51"), "" },
	/* the first byte is enough */
	{ true, S("\xc1"), "fail(1002)" },
	{ false, S("\x03"), "fail(1002)" },
	{ false, S("\x80"), "fail(1002)" },
};

TEST(headers_alone)
{
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		expect(headers[i].is_client, headers[i].bytes, headers[i].want);
}

TEST(every_length_of_the_length_field)
{
	static const size_t lengths[] = { 0,   1,   7,   8,   9,     125,   126,
					  127, 128, 255, 256, 65535, 65536, MAX_MESSAGE };
	CLEANUP(buf_done) struct buf payload = buf_make(MAX_MESSAGE);

	memset(buf_room(&payload, MAX_MESSAGE), 'x', MAX_MESSAGE);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct frame f = { 0x81, str_of(payload.ptr, lengths[i]) };
		char want[60], text[41] = "";

		memset(text, 'x', MIN(lengths[i], (size_t)40));
		if (lengths[i] > 40)
			snprintf(want, sizeof(want), "text(%zu bytes of x)", lengths[i]);
		else
			snprintf(want, sizeof(want), "text(%s)", text);
		expect_frames(&f, 1, want);
	}
}

/* ---- the writer ---- */

TEST(written_frames_are_read_by_the_other_end)
{
	static const enum ws_opcode ops[] = { WS_OP_TEXT, WS_OP_BINARY, WS_OP_PING, WS_OP_PONG };
	static const char *const want[] = { "text(hi)", "binary(hi)", "ping(hi)", "pong(hi)" };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		CLEANUP(buf_done) struct buf from_server = buf_make(100);
		CLEANUP(buf_done) struct buf from_client = buf_make(100);

		assert_true(ws_write(&from_server, ops[i], S("hi"), NULL));
		assert_true(ws_write(&from_client, ops[i], S("hi"), mask_key));
		expect(true, buf_str(&from_server), want[i]);
		expect(false, buf_str(&from_client), want[i]);
	}
}

TEST(written_bytes_are_the_rfcs)
{
	CLEANUP(buf_done) struct buf out = buf_make(100);

	assert_true(ws_write(&out, WS_OP_TEXT, S("Hello"), NULL));
	assert_true(ws_write(&out, WS_OP_PONG, S("Hello"), mask_key));
	assert_str(buf_str(&out), S("\x81\x05Hello\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
}

TEST(header_lengths)
{
	static const struct {
		u64 len;
		str want;
	} cases[] = {
		{ 0, S("\x82\x00") },
		{ 125, S("\x82\x7d") },
		{ 126, S("\x82\x7e\x00\x7e") },
		{ 256, S("\x82\x7e\x01\x00") },
		{ 65535, S("\x82\x7e\xff\xff") },
		{ 65536, S("\x82\x7f\0\0\0\0\0\x01\0\0") },
		{ (u64)1 << 40, S("\x82\x7f\0\0\x01\0\0\0\0\0") },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		u8 header[WS_HEADER_MAX];
		size_t n = ws_header(header, WS_OP_BINARY, cases[i].len, NULL);

		assert_str(str_of(header, n), cases[i].want);
		assert_int_equal(ws_header(header, WS_OP_BINARY, cases[i].len, mask_key), n + 4);
		assert_int_equal(header[1], (u8)cases[i].want.ptr[1] | 0x80);
		assert_memory_equal(header + n, mask_key, 4);
	}
}

TEST(a_frame_that_does_not_fit_is_not_written_in_part)
{
	CLEANUP(buf_done) struct buf out = buf_make(8);

	assert_true(ws_write(&out, WS_OP_TEXT, S("123456"), NULL));
	assert_false(ws_write(&out, WS_OP_TEXT, S(""), NULL));
	assert_str(buf_str(&out), S("\x81\x06"
				    "123456"));
	assert_true(out.full);
}

TEST(mask_is_the_same_at_any_offset_and_alignment)
{
	char all[64], parts[64];

	for (size_t shift = 0; shift < 8; shift++)
		for (size_t cut = 0; cut + shift <= 40; cut++) {
			for (size_t i = 0; i < sizeof(all); i++)
				all[i] = parts[i] = (char)(i * 7);
			for (size_t i = 0; i < 40; i++)
				all[shift + i] = (char)(all[shift + i] ^ (char)mask_key[i % 4]);
			ws_mask(parts + shift, cut, mask_key, 0);
			ws_mask(parts + shift + cut, 40 - cut, mask_key, cut);
			assert_memory_equal(all, parts, sizeof(all));
		}
}

/* ---- memory, close handshake ---- */

TEST(a_complete_frame_is_not_copied_and_an_idle_connection_holds_nothing)
{
	CLEANUP(buf_done) struct buf log = buf_make(1000);
	struct watch watch = { &log, false };
	struct ws w;

	ws_init(&w, true, 1000);
	feed(&w, S("\x81\x02hi\x81\x02yo"), 0, 8, &watch);
	assert_null(w.partial.ptr);
	assert_null(w.message.ptr);
	feed(&w, S("\x81\x02h"), 0, 3, &watch);
	assert_int_equal(w.partial.len, 3);
	feed(&w, S("i\x01\x02yo"), 0, 5, &watch);
	assert_null(w.partial.ptr);
	assert_int_equal(w.message.len, 2);
	feed(&w, S("\x80\x01!"), 0, 3, &watch);
	assert_null(w.message.ptr);
	assert_str(buf_str(&log), S("text(hi) text(yo) text(hi) text(yo!)"));
	/* an announced length costs nothing until the bytes come */
	feed(&w, S("\x82\x7e\x03\xe8"), 0, 4, &watch);
	assert_true(w.partial.cap <= 256);
	ws_done(&w);
}

TEST(only_the_bytes_of_one_frame_are_kept)
{
	CLEANUP(buf_done) struct buf log = buf_make(1000);
	struct watch watch = { &log, true };
	struct ws w;
	char rest[] = "i\x81\x02yo";

	ws_init(&w, true, 1000);
	feed(&w, S("\x81\x02h"), 0, 3, &watch);
	assert_int_equal(ws_feed(&w, rest, 5, note, &watch), 1);
	assert_int_equal(ws_feed(&w, rest + 1, 4, note, &watch), 4);
	assert_str(buf_str(&log), S("text(hi) text(yo)"));
	ws_done(&w);
}

TEST(fragments_over_the_cap_end_in_1009)
{
	CLEANUP(buf_done) struct buf log = buf_make(1000);
	struct watch watch = { &log, false };
	struct ws w;

	ws_init(&w, true, 10);
	feed(&w,
	     S("\x01\x05"
	       "12345\x00\x05"
	       "67890"),
	     0, 14, &watch);
	assert_int_equal(w.message.len, 10);
	feed(&w,
	     S("\x00\x00\x89\x0b"
	       "longer than\x00\x01x"),
	     0, 18, &watch);
	assert_str(buf_str(&log), S("ping(longer than) fail(1009)"));
	assert_null(w.message.ptr);
	assert_int_equal(w.state, WS_CLOSED);
	ws_done(&w);
}

TEST(we_close_first)
{
	CLEANUP(buf_done) struct buf log = buf_make(1000);
	CLEANUP(buf_done) struct buf out = buf_make(1000);
	struct watch watch = { &log, false };
	struct ws w;

	ws_init(&w, true, 1000);
	assert_true(ws_close(&w, &out, WS_GOING_AWAY, S("bye"), mask_key));
	assert_int_equal(w.state, WS_CLOSING);
	assert_false(ws_close(&w, &out, WS_NORMAL, S(""), mask_key));
	expect(false, buf_str(&out), "close(1001,bye)");
	/* what was on its way is dropped, its answer is not; rules still hold */
	feed(&w, S("\x81\x01x\x01\x01x\x80\x01x\x89\x00\x81\x01\xff"), 0, 14, &watch);
	assert_str(buf_str(&log), S(""));
	feed(&w, S("\x88\x02\x03\xe9\x81\x01x"), 0, 7, &watch);
	assert_str(buf_str(&log), S("close(1001,)"));
	assert_int_equal(w.state, WS_CLOSED);
	ws_done(&w);
}

TEST(a_broken_frame_after_our_close_still_fails)
{
	CLEANUP(buf_done) struct buf log = buf_make(1000);
	CLEANUP(buf_done) struct buf out = buf_make(1000);
	struct watch watch = { &log, false };
	struct ws w;

	ws_init(&w, true, 1000);
	assert_true(ws_close(&w, &out, WS_NO_CODE, S("dropped"), NULL));
	assert_str(buf_str(&out), S("\x88\x00"));
	feed(&w, S("\x81\x01x\x83\x00"), 0, 5, &watch);
	assert_str(buf_str(&log), S("fail(1002)"));
	ws_done(&w);
}

static bool answer_close(void *arg, const struct ws_event *ev)
{
	struct {
		struct ws *w;
		struct buf *out;
	} *ends = arg;

	if (ev->kind == WS_EVENT_CLOSE || ev->kind == WS_EVENT_FAIL)
		assert_true(ws_close(ends->w, ends->out, ev->code, ev->data, NULL));
	return true;
}

TEST(the_answer_to_a_close_is_written_from_the_callback)
{
	static const struct {
		str in, out;
	} cases[] = {
		{ S("\x88\x80mask"), S("\x88\x00") },
		{ S("\x88\x82\0\0\0\0\x03\xe8"), S("\x88\x02\x03\xe8") },
		{ S("\x88\x84\0\0\0\0\x0f\xa1hi"), S("\x88\x04\x0f\xa1hi") },
		{ S("\x83\x80"), S("\x88\x10\x03\xeaunknown opcode") },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf out = buf_make(1000);
		struct ws w;
		struct {
			struct ws *w;
			struct buf *out;
		} ends = { &w, &out };
		char in[32];

		memcpy(in, cases[i].in.ptr, cases[i].in.len);
		ws_init(&w, false, 1000);
		assert_int_equal(ws_feed(&w, in, cases[i].in.len, answer_close, &ends),
				 cases[i].in.len);
		assert_str(buf_str(&out), cases[i].out);
		assert_int_equal(w.state, WS_CLOSED);
		ws_done(&w);
	}
}

TEST(a_long_reason_is_cut_between_characters)
{
	CLEANUP(buf_done) struct buf out = buf_make(1000);
	char reason[200];
	struct ws w;

	ws_init(&w, false, 1000);
	for (size_t i = 0; i + 1 < sizeof(reason); i += 2)
		memcpy(reason + i, "\xc3\xa9", 2);
	/* 123 is odd: the 62nd character does not fit whole */
	assert_true(ws_close(&w, &out, WS_POLICY, str_of(reason, sizeof(reason)), NULL));
	assert_int_equal(out.len, 2 + 2 + 122);
	assert_int_equal(out.ptr[1], 2 + 122);
	ws_done(&w);
}

TEST(a_close_that_does_not_fit_can_be_tried_again)
{
	CLEANUP(buf_done) struct buf out = buf_make(3);
	CLEANUP(buf_done) struct buf more = buf_make(10);
	struct ws w;

	ws_init(&w, false, 1000);
	assert_false(ws_close(&w, &out, WS_NORMAL, S(""), NULL));
	assert_int_equal(w.state, WS_OPEN);
	assert_true(ws_close(&w, &more, WS_NORMAL, S(""), NULL));
	ws_done(&w);
}

TEST_MAIN("net/ws")
