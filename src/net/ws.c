#include "net/ws.h"

#include <assert.h>

enum { FIN = 0x80, RSV = 0x70, OPCODE = 0x0f };
enum { MASKED = 0x80, LENGTH = 0x7f, LEN16 = 126, LEN64 = 127 };

enum step { STEP_MORE, STEP_FRAME, STEP_BAD };

struct frame {
	bool is_final;
	u8 op;
	size_t header_len;
	u64 payload_len;
	u8 mask[4];
	size_t need; /* bytes of the frame that must be there to get further */
	int code;    /* STEP_BAD */
	str why;
};

void ws_init(struct ws *w, bool is_client, size_t max_message)
{
	*w = (struct ws){
		.is_client = is_client,
		.max_message = max_message,
		.partial = buf_make(WS_HEADER_MAX + MAX(max_message, (size_t)WS_CONTROL_MAX)),
		.message = buf_make(max_message),
	};
}

void ws_done(struct ws *w)
{
	buf_done(&w->partial);
	buf_done(&w->message);
}

bool ws_code_ok(int code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

void ws_mask(char *data, size_t n, const u8 mask[4], size_t offset)
{
	u8 key[8];
	u64 key8, eight;
	size_t i = 0;

	for (size_t k = 0; k < 8; k++)
		key[k] = mask[(offset + k) & 3];
	memcpy(&key8, key, 8);
	for (; n - i >= 8; i += 8) {
		memcpy(&eight, data + i, 8);
		eight ^= key8;
		memcpy(data + i, &eight, 8);
	}
	for (; i < n; i++)
		data[i] = (char)(data[i] ^ (char)key[i & 7]);
}

static bool is_control(u8 op)
{
	return op & 0x8;
}

static enum step bad(struct frame *f, int code, str why)
{
	f->code = code;
	f->why = why;
	return STEP_BAD;
}

/* What the first byte alone may say, given what came before. */
static enum step check_first(const struct ws *w, u8 first, struct frame *f)
{
	f->is_final = first & FIN;
	f->op = first & OPCODE;
	if (first & RSV)
		return bad(f, WS_PROTOCOL_ERROR, S("reserved bit set"));
	if (f->op > WS_OP_PONG || (f->op > WS_OP_BINARY && f->op < WS_OP_CLOSE))
		return bad(f, WS_PROTOCOL_ERROR, S("unknown opcode"));
	if (is_control(f->op))
		return f->is_final ? STEP_FRAME
				   : bad(f, WS_PROTOCOL_ERROR, S("fragmented control frame"));
	if (f->op == WS_OP_CONTINUATION && !w->message_op)
		return bad(f, WS_PROTOCOL_ERROR, S("continuation of nothing"));
	if (f->op != WS_OP_CONTINUATION && w->message_op)
		return bad(f, WS_PROTOCOL_ERROR, S("new message before the end of the last"));
	return STEP_FRAME;
}

/* p holds the whole length field. */
static enum step check_length(const struct ws *w, const u8 *p, size_t field_len, struct frame *f)
{
	u64 len = p[1] & LENGTH;

	if (field_len) {
		len = 0;
		for (size_t i = 0; i < field_len; i++)
			len = len << 8 | p[2 + i];
		if (len >> 63)
			return bad(f, WS_PROTOCOL_ERROR, S("frame length over 63 bits"));
		if (len < (field_len == 2 ? (u64)LEN16 : 0x10000))
			return bad(f, WS_PROTOCOL_ERROR,
				   S("frame length not in its shortest form"));
	}
	if (!is_control(f->op) && len > w->max_message - w->message.len)
		return bad(f, WS_TOO_BIG, S("message too big"));
	f->payload_len = len;
	return STEP_FRAME;
}

/* Looks at the n bytes of one frame and following ones. Says the same of a longer input,
 * except that STEP_MORE may become something else: pieces make no difference. */
static enum step frame_parse(const struct ws *w, const char *data, size_t n, struct frame *f)
{
	const u8 *p = (const u8 *)data;
	size_t field_len, mask_len = w->is_client ? 0 : 4;

	f->need = 2;
	if (n == 0)
		return STEP_MORE;
	if (check_first(w, p[0], f) == STEP_BAD)
		return STEP_BAD;
	if (n < f->need)
		return STEP_MORE;
	if (!(p[1] & MASKED) != w->is_client)
		return bad(f, WS_PROTOCOL_ERROR,
			   w->is_client ? S("masked frame from a server")
					: S("frame without mask"));
	if (is_control(f->op) && (p[1] & LENGTH) > WS_CONTROL_MAX)
		return bad(f, WS_PROTOCOL_ERROR, S("control frame too long"));
	field_len = (p[1] & LENGTH) == LEN16 ? 2 : (p[1] & LENGTH) == LEN64 ? 8 : 0;
	f->header_len = 2 + field_len + mask_len;
	f->need = f->header_len;
	if (n < 2 + field_len)
		return STEP_MORE;
	if (check_length(w, p, field_len, f) == STEP_BAD)
		return STEP_BAD;
	f->need = f->header_len + (size_t)f->payload_len;
	if (n < f->need)
		return STEP_MORE;
	if (mask_len)
		memcpy(f->mask, p + 2 + field_len, mask_len);
	return STEP_FRAME;
}

/* The next frame: in the input, or in `partial`, to which only its own bytes are added. */
static enum step frame_take(struct ws *w, char *data, size_t n, size_t *used, struct frame *f,
			    char **ret_payload)
{
	struct buf *part = &w->partial;
	enum step step;

	if (part->len == 0) {
		step = frame_parse(w, data + *used, n - *used, f);
		if (step == STEP_MORE) {
			buf_add(part, str_of(data + *used, n - *used));
			*used = n;
		} else if (step == STEP_FRAME) {
			*ret_payload = data + *used + f->header_len;
			*used += f->need;
		}
		return step;
	}
	for (;;) {
		size_t take;

		step = frame_parse(w, part->ptr, part->len, f);
		if (step != STEP_MORE || *used == n)
			break;
		take = MIN(f->need - part->len, n - *used);
		buf_add(part, str_of(data + *used, take));
		*used += take;
	}
	if (step == STEP_FRAME)
		*ret_payload = part->ptr + f->header_len;
	return step;
}

static struct ws_event fail_event(struct ws *w, int code, str why)
{
	w->state = WS_CLOSED;
	return (struct ws_event){ .kind = WS_EVENT_FAIL, .code = code, .data = why };
}

static struct ws_event close_event(struct ws *w, str payload)
{
	struct ws_event ev = { .kind = WS_EVENT_CLOSE, .code = WS_NO_CODE };

	if (payload.len == 1)
		return fail_event(w, WS_PROTOCOL_ERROR, S("close frame with half a code"));
	if (payload.len >= 2) {
		ev.code = (u8)payload.ptr[0] << 8 | (u8)payload.ptr[1];
		ev.data = str_skip(payload, 2);
	}
	if (payload.len >= 2 && !ws_code_ok(ev.code))
		return fail_event(w, WS_PROTOCOL_ERROR, S("invalid close code"));
	if (!str_is_utf8(ev.data))
		return fail_event(w, WS_BAD_DATA, S("close reason is not UTF-8"));
	w->state = WS_CLOSED;
	return ev;
}

/* A frame of data. False when there is nothing to tell yet, or nobody to tell it to. */
static bool data_event(struct ws *w, const struct frame *f, str payload, struct ws_event *ev)
{
	u8 op = w->message_op ? w->message_op : f->op;
	bool whole = f->is_final && !w->message_op;

	w->message_op = f->is_final ? 0 : op;
	if (w->state == WS_CLOSING)
		return false;
	if (!whole) {
		buf_add(&w->message, payload);
		payload = w->message.ptr ? buf_str(&w->message) : S("");
	}
	if (!f->is_final)
		return false;
	*ev = (struct ws_event){ .kind = WS_EVENT_MESSAGE,
				 .is_text = op == WS_OP_TEXT,
				 .data = payload };
	if (ev->is_text && !str_is_utf8(payload))
		*ev = fail_event(w, WS_BAD_DATA, S("text is not UTF-8"));
	return true;
}

static bool frame_event(struct ws *w, const struct frame *f, str payload, struct ws_event *ev)
{
	switch (f->op) {
	case WS_OP_CLOSE: *ev = close_event(w, payload); return true;
	case WS_OP_PING:
		*ev = (struct ws_event){ .kind = WS_EVENT_PING, .data = payload };
		return w->state == WS_OPEN;
	case WS_OP_PONG:
		*ev = (struct ws_event){ .kind = WS_EVENT_PONG, .data = payload };
		return w->state == WS_OPEN;
	default: return data_event(w, f, payload, ev);
	}
}

/* Frees what the delivered frame or message lay in; idle connections hold no memory. */
static void forget(struct ws *w)
{
	buf_done(&w->partial);
	if (!w->message_op)
		buf_done(&w->message);
}

size_t ws_feed(struct ws *w, char *data, size_t n, ws_on_event *cb, void *arg)
{
	size_t used = 0;

	while (w->state != WS_CLOSED && used < n) {
		struct frame f;
		struct ws_event ev;
		char *payload = NULL;
		enum step step = frame_take(w, data, n, &used, &f, &payload);
		bool tell = step == STEP_BAD, go_on = true;

		if (step == STEP_MORE)
			return used;
		if (step == STEP_BAD) {
			ev = fail_event(w, f.code, f.why);
		} else {
			size_t len = (size_t)f.payload_len;

			if (!w->is_client)
				ws_mask(payload, len, f.mask, 0);
			tell = frame_event(w, &f, str_of(payload, len), &ev);
		}
		if (tell)
			go_on = cb(arg, &ev);
		forget(w);
		if (!go_on)
			break;
	}
	if (w->state != WS_CLOSED)
		return used;
	ws_done(w);
	return n;
}

size_t ws_header(u8 out[WS_HEADER_MAX], enum ws_opcode op, u64 payload_len, const u8 *mask)
{
	size_t n = 2, field_len = payload_len < LEN16 ? 0 : payload_len < 0x10000 ? 2 : 8;
	u8 masked = mask ? MASKED : 0;

	out[0] = (u8)(FIN | op);
	out[1] = (u8)(masked | (field_len == 0 ? payload_len : field_len == 2 ? LEN16 : LEN64));
	for (size_t i = 0; i < field_len; i++)
		out[n++] = (u8)(payload_len >> 8 * (field_len - 1 - i));
	if (mask) {
		memcpy(out + n, mask, 4);
		n += 4;
	}
	return n;
}

bool ws_write(struct buf *out, enum ws_opcode op, str payload, const u8 *mask)
{
	u8 header[WS_HEADER_MAX];
	size_t n = ws_header(header, op, payload.len, mask);
	char *p = buf_room(out, n + payload.len);

	if (!p)
		return false;
	memcpy(p, header, n);
	if (payload.len)
		memcpy(p + n, payload.ptr, payload.len);
	if (mask)
		ws_mask(p + n, payload.len, mask, 0);
	out->len += n + payload.len;
	return true;
}

bool ws_close(struct ws *w, struct buf *out, int code, str reason, const u8 *mask)
{
	char payload[WS_CONTROL_MAX];
	size_t n = 0;

	assert(code == WS_NO_CODE || ws_code_ok(code));
	if (w->close_sent)
		return false;
	if (code != WS_NO_CODE) {
		size_t keep = MIN(reason.len, (size_t)WS_REASON_MAX);

		while (keep < reason.len && keep && ((u8)reason.ptr[keep] & 0xc0) == 0x80)
			keep--;
		payload[0] = (char)(code >> 8);
		payload[1] = (char)code;
		if (keep)
			memcpy(payload + 2, reason.ptr, keep);
		n = 2 + keep;
	}
	if (!ws_write(out, WS_OP_CLOSE, str_of(payload, n), mask))
		return false;
	w->close_sent = true;
	if (w->state == WS_OPEN)
		w->state = WS_CLOSING;
	return true;
}
