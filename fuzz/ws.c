/*
 * ws.c - fuzz target of net/ws.h, both ends.
 *
 * The same bytes at once, in pieces chosen by the input, and with a stop after each event
 * have to give the same events; what is delivered has to keep the promises of ws.h; and a
 * delivered message written again has to be read as the same by the other end.
 * Input: end and size cap, seed of the pieces, bytes.
 */
#include "net/ws.h"

enum { LOG_MAX = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	bool is_client, stop_each, is_second;
	size_t max_message;
	struct buf log;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool note(void *arg, const struct ws_event *ev);

/* The message, written by us, as the other end reads it. */
static void read_back(const struct run *run, const struct ws_event *ev)
{
	static const u8 mask[4] = { 0x11, 0xee, 0x00, 0x5a };
	static const enum ws_opcode control[] = {
		[WS_EVENT_PING] = WS_OP_PING, [WS_EVENT_PONG] = WS_OP_PONG
	};
	enum ws_opcode op = ev->kind != WS_EVENT_MESSAGE ? control[ev->kind]
			    : ev->is_text                ? WS_OP_TEXT
							 : WS_OP_BINARY;
	struct run other = { .is_client = !run->is_client,
			     .is_second = true,
			     .max_message = run->max_message,
			     .log = buf_make(LOG_MAX) };
	struct run same = other;
	struct buf frame = buf_make(LOG_MAX);
	struct ws w;

	same.log = buf_make(LOG_MAX);
	require(ws_write(&frame, op, ev->data, run->is_client ? mask : NULL));
	ws_init(&w, other.is_client, other.max_message);
	require(ws_feed(&w, frame.ptr, frame.len, note, &other) == frame.len);
	require(w.state == WS_OPEN && !w.partial.ptr && !w.message.ptr);
	note(&same, ev);
	require(str_eq(buf_str(&other.log), buf_str(&same.log)));
	ws_done(&w);
	buf_done(&other.log);
	buf_done(&same.log);
	buf_done(&frame);
}

static bool note(void *arg, const struct ws_event *ev)
{
	struct run *run = arg;

	buf_printf(&run->log, "%d %d %d %zu ", (int)ev->kind, ev->is_text, ev->code, ev->data.len);
	buf_add(&run->log, ev->data);
	switch (ev->kind) {
	case WS_EVENT_MESSAGE:
		require(ev->data.ptr && ev->data.len <= run->max_message);
		require(!ev->is_text || str_is_utf8(ev->data));
		break;
	case WS_EVENT_PING:
	case WS_EVENT_PONG: require(ev->data.len <= WS_CONTROL_MAX); break;
	case WS_EVENT_CLOSE:
		require(ev->code == WS_NO_CODE ? ev->data.len == 0 : ws_code_ok(ev->code));
		require(ev->data.len <= WS_REASON_MAX && str_is_utf8(ev->data));
		break;
	case WS_EVENT_FAIL: require(ws_code_ok(ev->code) && ev->data.len); break;
	}
	if (!run->is_second && ev->kind < WS_EVENT_CLOSE)
		read_back(run, ev);
	return !run->stop_each;
}

/* A piece lies in an allocation of its own, so that a read past its end is seen. */
static void feed(struct ws *w, struct run *run, const u8 *data, size_t n)
{
	char *copy = malloc(n);
	size_t used = 0;

	if (!copy)
		abort();
	memcpy(copy, data, n);
	while (used < n)
		used += ws_feed(w, copy + used, n - used, note, run);
	free(copy);
	require(w->message.len <= run->max_message);
	require(w->partial.len <= WS_HEADER_MAX + MAX(run->max_message, (size_t)WS_CONTROL_MAX));
	require(!w->partial.full && !w->message.full);
}

static void run_all(struct run *run, const u8 *data, size_t n, u32 seed)
{
	struct ws w;
	size_t from = 0;

	run->log = buf_make(LOG_MAX);
	ws_init(&w, run->is_client, run->max_message);
	while (from < n) {
		size_t piece = n - from;

		seed = seed * 1664525 + 1013904223;
		if (run->is_second)
			piece = MIN(piece, (size_t)1 + (seed >> 24) % ((seed >> 16 & 3) ? 8 : 64));
		feed(&w, run, data + from, piece);
		from += piece;
	}
	buf_printf(&run->log, "end %d %zu %zu", (int)w.state, w.partial.len, w.message.len);
	ws_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t caps[] = { 0, 10, 1000, 70000 };
	struct run whole, pieces, stops;

	if (size < 2)
		return 0;
	whole = (struct run){ .is_client = data[0] & 1, .max_message = caps[data[0] >> 1 & 3] };
	pieces = stops = whole;
	pieces.is_second = true;
	stops.stop_each = true;
	run_all(&whole, data + 2, size - 2, 0);
	run_all(&pieces, data + 2, size - 2, data[1]);
	run_all(&stops, data + 2, size - 2, 0);
	require(str_eq(buf_str(&whole.log), buf_str(&pieces.log)));
	require(str_eq(buf_str(&whole.log), buf_str(&stops.log)));
	buf_done(&whole.log);
	buf_done(&pieces.log);
	buf_done(&stops.log);
	return 0;
}
