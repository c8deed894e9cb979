#include "net/ws_link.h"

#include "base/random.h"
#include "net/loop_uv.h"

enum {
	CAUSE_MAX = 200,
	/* What came with the handshake, or one read of the stream. */
	HELD_MAX = 8 * LOOP_READ_BYTES,
};

/* Why it ended, in words: apart, for thousands of links are idle. */
struct parting {
	char reason[WS_CONTROL_MAX];
	size_t reason_len;
	char cause[CAUSE_MAX];
};

struct ws_link {
	struct loop *loop;
	struct stream *stream; /* NULL once ended */
	struct ws ws;
	u32 ping_ms, dead_ms, close_ms, messages_per_turn; /* of its limits */
	const struct ws_link_handler *handler;
	void *arg;

	struct loop_timer *timer;
	i64 seen_ms;                           /* last input */
	i64 ping_at, hello_until, close_until; /* 0: none */

	struct buf held; /* input that waits for its turn; the stream is paused then */
	struct loop_task more, finish;
	u64 turn; /* the loop's turn that in_turn counts in */
	size_t in_turn;
	bool paused;         /* by the owner */
	bool feeding, freed; /* freed while feeding: the memory goes afterwards */
	bool cut;            /* the stream ended while input was held */
	bool ended, by_peer, clean;
	int code; /* of the first close frame */
	struct parting *parting; /* NULL until it has come to that */
	u64 written; /* of the stream, when it is gone */
};

/* Ends. */

static struct parting *parting(struct ws_link *k)
{
	if (!k->parting)
		k->parting = calloc(1, sizeof(*k->parting));
	if (!k->parting)
		abort();
	return k->parting;
}

static void finish_run(void *arg)
{
	struct ws_link *k = arg;
	struct ws_end end = {
		.code = k->code,
		.reason = str_of(parting(k)->reason, parting(k)->reason_len),
		.by_peer = k->by_peer,
		.clean = k->clean,
		.cause = str_from(parting(k)->cause),
	};

	k->handler->on_end(k->arg, &end);
}

/* The connection is over; the owner hears of it at the end of the turn. */
static void end(struct ws_link *k, bool politely)
{
	k->ended = true;
	k->written = stream_written_total(k->stream);
	if (politely)
		stream_close(k->stream);
	else
		stream_abort(k->stream);
	k->stream = NULL;
	loop_timer_off(k->timer);
	loop_task_cancel(&k->more);
	loop_at_turn_end(k->loop, &k->finish);
}

static void lose(struct ws_link *k, const char *cause)
{
	if (k->ended)
		return;
	if (!k->code)
		k->code = WS_ABNORMAL;
	if (cause != parting(k)->cause)
		snprintf(k->parting->cause, CAUSE_MAX, "%s", cause);
	end(k, false);
}

static void remember(struct ws_link *k, int code, str reason)
{
	struct parting *p = parting(k);

	k->code = code;
	p->reason_len = MIN(reason.len, sizeof(p->reason));
	if (p->reason_len)
		memcpy(p->reason, reason.ptr, p->reason_len);
}

/* The clock. */

static void earlier(i64 *at, i64 candidate)
{
	if (candidate && (!*at || candidate < *at))
		*at = candidate;
}

static void arm(struct ws_link *k)
{
	i64 at = 0;

	if (k->ended)
		return;
	earlier(&at, k->ping_at);
	earlier(&at, k->hello_until);
	earlier(&at, k->close_until);
	if (k->dead_ms)
		earlier(&at, k->seen_ms + k->dead_ms);
	if (at)
		loop_timer_set(k->timer, at - loop_now_ms(k->loop));
	else
		loop_timer_off(k->timer);
}

/* Output. */

/* A call into the kernel for each frame would cost more than its masking. */
static void fresh_mask(struct ws_link *k, u8 mask[4])
{
	struct loop *l = k->loop;

	if (l->n_masks < 4) {
		random_fill(&random_system, l->masks, sizeof(l->masks));
		l->n_masks = sizeof(l->masks);
	}
	l->n_masks -= 4;
	memcpy(mask, l->masks + l->n_masks, 4);
}

static void send_frame(struct ws_link *k, enum ws_opcode op, str payload)
{
	u8 header[WS_HEADER_MAX], mask[4];
	struct block *b;
	size_t n;

	if (!k->ws.is_client) {
		n = ws_header(header, op, payload.len, NULL);
		stream_send_pair(k->stream, str_of(header, n), payload);
		return;
	}
	fresh_mask(k, mask);
	n = ws_header(header, op, payload.len, mask);
	b = block_room(n + payload.len);
	memcpy(b->bytes, header, n);
	if (payload.len)
		memcpy(b->bytes + n, payload.ptr, payload.len);
	ws_mask(b->bytes + n, payload.len, mask, 0);
	stream_send_block(k->stream, b);
	block_unref(b);
}

static void send_close(struct ws_link *k, int code, str reason)
{
	struct buf frame = buf_make(WS_HEADER_MAX + WS_CONTROL_MAX);
	u8 mask[4];

	if (k->ws.is_client)
		fresh_mask(k, mask);
	if (ws_close(&k->ws, &frame, code, reason, k->ws.is_client ? mask : NULL))
		stream_send(k->stream, buf_str(&frame));
	buf_done(&frame);
}

u64 ws_link_send(struct ws_link *k, str text)
{
	if (!ws_link_is_open(k))
		return UINT64_MAX;
	send_frame(k, WS_OP_TEXT, text);
	return stream_sent_total(k->stream);
}

u64 ws_link_send_block(struct ws_link *k, struct block *text)
{
	u8 header[WS_HEADER_MAX];
	size_t n;

	if (k->ws.is_client || !ws_link_is_open(k))
		return ws_link_send(k, block_str(text));
	n = ws_header(header, WS_OP_TEXT, text->len, NULL);
	stream_send_pair_block(k->stream, str_of(header, n), text);
	return stream_sent_total(k->stream);
}

void ws_link_close(struct ws_link *k, int code, str reason)
{
	if (!ws_link_is_open(k))
		return;
	remember(k, code, reason);
	send_close(k, code, reason);
	k->hello_until = 0;
	k->ping_at = 0;
	k->close_until = loop_now_ms(k->loop) + k->close_ms;
	arm(k);
	/* Their close frame may lie behind what was held back. */
	k->paused = false;
	if (k->held.len)
		loop_next_turn(k->loop, &k->more);
	else
		stream_resume(k->stream);
}

void ws_link_abort(struct ws_link *k, const char *cause)
{
	lose(k, cause);
}

static void on_timer(void *arg)
{
	struct ws_link *k = arg;
	i64 now = loop_now_ms(k->loop);

	/* While we do not read we cannot know. */
	if (stream_is_paused(k->stream))
		k->seen_ms = now;
	if (k->close_until && now >= k->close_until) {
		lose(k, "no close frame in time");
		return;
	}
	if (k->dead_ms && now - k->seen_ms >= k->dead_ms) {
		lose(k, "no sign of life");
		return;
	}
	if (k->hello_until && now >= k->hello_until) {
		ws_link_close(k, WS_POLICY, S("no hello in time"));
		return;
	}
	if (k->ping_at && now >= k->ping_at) {
		k->ping_at = now + k->ping_ms;
		send_frame(k, WS_OP_PING, STR_NONE);
	}
	arm(k);
}

void ws_link_hello_deadline(struct ws_link *k, i64 ms)
{
	k->hello_until = ms ? loop_now_ms(k->loop) + ms : 0;
	arm(k);
}

/* Input. */

static void on_close_frame(struct ws_link *k, const struct ws_event *ev)
{
	k->clean = true;
	if (!k->ws.close_sent) {
		k->by_peer = true;
		remember(k, ev->code, ev->data);
		send_close(k, ev->code, STR_NONE);
	}
	end(k, true);
}

static void on_fail(struct ws_link *k, const struct ws_event *ev)
{
	snprintf(parting(k)->cause, CAUSE_MAX, "protocol error: %.*s", STRF(ev->data));
	if (!k->ws.close_sent) {
		remember(k, ev->code, ev->data);
		send_close(k, ev->code, ev->data);
	}
	end(k, true);
}

static bool on_event(void *arg, const struct ws_event *ev)
{
	struct ws_link *k = arg;

	if (k->turn != k->loop->turn) {
		k->turn = k->loop->turn;
		k->in_turn = 0;
	}
	k->in_turn++;
	switch (ev->kind) {
	case WS_EVENT_MESSAGE: k->handler->on_message(k->arg, ev->data, ev->is_text); break;
	case WS_EVENT_PING:
		if (k->stream)
			send_frame(k, WS_OP_PONG, ev->data);
		break;
	case WS_EVENT_PONG: break;
	case WS_EVENT_CLOSE: on_close_frame(k, ev); break;
	case WS_EVENT_FAIL: on_fail(k, ev); break;
	}
	return !k->freed && !k->ended && !k->paused && k->in_turn < k->messages_per_turn;
}

static void release(struct ws_link *k)
{
	ws_done(&k->ws);
	buf_done(&k->held);
	free(k->parting);
	free(k);
}

/* Feeds n bytes and says how many were used; false if nobody wants more of them. */
static bool feed_some(struct ws_link *k, char *data, size_t n, size_t *ret_used)
{
	k->feeding = true;
	*ret_used = ws_feed(&k->ws, data, n, on_event, k);
	k->feeding = false;
	if (k->freed) {
		release(k);
		return false;
	}
	return !k->ended;
}

static void more_run(void *arg)
{
	struct ws_link *k = arg;
	size_t used;

	if (!feed_some(k, k->held.ptr, k->held.len, &used))
		return;
	buf_consume(&k->held, used);
	buf_shrink(&k->held);
	if (k->paused)
		return;
	if (k->held.len)
		loop_next_turn(k->loop, &k->more);
	else if (k->cut)
		lose(k, parting(k)->cause);
	else
		stream_resume(k->stream);
}

static void feed(struct ws_link *k, char *data, size_t n)
{
	size_t used;

	if (!feed_some(k, data, n, &used) || used == n)
		return;
	buf_add(&k->held, str_of(data + used, n - used));
	stream_pause(k->stream);
	if (!k->paused)
		loop_next_turn(k->loop, &k->more);
}

static void on_data(void *arg, char *data, size_t len)
{
	struct ws_link *k = arg;

	k->seen_ms = loop_now_ms(k->loop);
	/* feed() may free the link. */
	if (!k->held.len) {
		feed(k, data, len);
		return;
	}
	buf_add(&k->held, str_of(data, len));
	if (k->held.full)
		lose(k, "too much input at once");
}

static void on_written(void *arg, u64 total)
{
	struct ws_link *k = arg;

	k->handler->on_written(k->arg, total);
}

static void on_stream_end(void *arg, enum stream_end why, const char *text)
{
	struct ws_link *k = arg;

	if (k->held.len) {
		k->cut = true;
		snprintf(parting(k)->cause, CAUSE_MAX, "%s", text);
		return;
	}
	lose(k,
	     why == STREAM_EOF && !k->code ? "the connection ended without a close frame" : text);
}

static const struct stream_handler stream_handler = {
	.on_data = on_data,
	.on_written = on_written,
	.on_end = on_stream_end,
};

void ws_link_input(struct ws_link *k, str bytes)
{
	if (str_empty(bytes))
		return;
	buf_add(&k->held, bytes);
	stream_pause(k->stream);
	loop_next_turn(k->loop, &k->more);
}

void ws_link_pause(struct ws_link *k)
{
	if (!ws_link_is_open(k))
		return;
	k->paused = true;
	loop_task_cancel(&k->more);
	stream_pause(k->stream);
}

void ws_link_resume(struct ws_link *k)
{
	if (!k->paused || k->ended)
		return;
	k->paused = false;
	k->seen_ms = loop_now_ms(k->loop);
	if (k->held.len)
		loop_next_turn(k->loop, &k->more);
	else
		stream_resume(k->stream);
}

/* Life. */

struct ws_link *ws_link_new(struct loop *l, struct stream *s, bool is_client,
			    const struct ws_link_limits *limits,
			    const struct ws_link_handler *handler, void *arg)
{
	struct ws_link *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->loop = l;
	k->stream = s;
	k->ping_ms = (u32)limits->ping_ms;
	k->dead_ms = (u32)limits->dead_ms;
	k->close_ms = (u32)limits->close_ms;
	k->messages_per_turn = (u32)limits->messages_per_turn;
	k->handler = handler;
	k->arg = arg;
	k->held = buf_make(HELD_MAX);
	k->more = (struct loop_task){ .fn = more_run, .arg = k };
	k->finish = (struct loop_task){ .fn = finish_run, .arg = k };
	k->seen_ms = loop_now_ms(l);
	k->ping_at = limits->ping_ms ? k->seen_ms + limits->ping_ms : 0;
	k->timer = loop_timer_new(l, on_timer, k);
	ws_init(&k->ws, is_client, limits->message_max);
	stream_start(s, &stream_handler, k, limits->out_max);
	stream_resume(s);
	arm(k);
	return k;
}

void ws_link_free(struct ws_link *k)
{
	if (!k)
		return;
	loop_task_cancel(&k->more);
	loop_task_cancel(&k->finish);
	loop_timer_free(k->timer);
	if (k->stream)
		stream_abort(k->stream);
	k->stream = NULL;
	k->ended = true;
	k->freed = true;
	if (!k->feeding)
		release(k);
}

u64 ws_link_written(const struct ws_link *k)
{
	return k->stream ? stream_written_total(k->stream) : k->written;
}

size_t ws_link_waiting(const struct ws_link *k)
{
	return k->stream ? stream_waiting(k->stream) : 0;
}

size_t ws_link_room(const struct ws_link *k)
{
	return ws_link_is_open(k) ? stream_room(k->stream) : 0;
}

bool ws_link_is_open(const struct ws_link *k)
{
	return !k->ended && !k->cut && !k->ws.close_sent && k->ws.state == WS_OPEN;
}
