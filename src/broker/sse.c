#include "broker/sse.h"

#include <utlist.h>

#include "base/log.h"
#include "engine/event.h"

struct stream {
	struct stream *prev, *next;
	struct conn_id id;
	unsigned shard;               /* that wants to hear of its end */
};

struct sse {
	struct hub *hub;
	struct server *server;
	const struct clock *clock;
	struct loop_timer *timer;
	i64 heartbeat_ms;
	struct stream *streams;
	size_t n;
};

static void beat(void *arg);

struct sse *sse_new(struct loop *l, struct hub *hub, const struct clock *clock, i64 heartbeat_ms)
{
	struct sse *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->hub = hub;
	s->clock = clock;
	s->heartbeat_ms = heartbeat_ms;
	s->timer = loop_timer_new(l, beat, s);
	return s;
}

void sse_set_server(struct sse *s, struct server *sv)
{
	s->server = sv;
}

size_t sse_count(const struct sse *s)
{
	return s->n;
}

static void stream_free(struct sse *s, struct stream *st)
{
	DL_DELETE(s->streams, st);
	s->n--;
	free(st);
}

void sse_free(struct sse *s)
{
	struct stream *st, *next;

	if (!s)
		return;
	DL_FOREACH_SAFE(s->streams, st, next)
		stream_free(s, st);
	loop_timer_free(s->timer);
	free(s);
}

/* There is nobody to hold up when the queue is full. */
static void tell_end(struct sse *s, struct conn_ref conn, unsigned shard)
{
	if (!hub_submit(s->hub, shard, event_new(EVENT_CLOSED, conn, STR_NONE, STR_NONE)))
		log_debug("the engine's queue is full");
}

void sse_start(struct sse *s, struct server_request *rq, const struct effect *ef,
	       const struct http_header *headers, size_t n_headers)
{
	struct stream *st;

	if (!rq) {
		tell_end(s, ef->to[0], (unsigned)ef->code);
		return;
	}
	st = calloc(1, sizeof(*st));
	if (!st)
		abort();
	st->shard = (unsigned)ef->code;
	DL_APPEND(s->streams, st);
	s->n++;
	rq->user = st;
	st->id = server_stream_start(s->server, rq, 200, headers, n_headers);
	if (!st->id.gen) {
		tell_end(s, ef->to[0], st->shard);
		stream_free(s, st);
		return;
	}
	server_stream_send_block(s->server, st->id, ef->block);
	if (!loop_timer_is_set(s->timer))
		loop_timer_set(s->timer, s->heartbeat_ms);
}

void sse_closed(struct sse *s, struct conn_id id, void *user)
{
	struct stream *st = user;

	tell_end(s, conn_ref_of(id), st->shard);
	stream_free(s, st);
}

static struct stream *find(struct sse *s, struct conn_id id)
{
	return server_stream_user(s->server, id);
}

/* It does not read; what it has not seen it can ask for again. */
static void drop(struct sse *s, struct stream *st)
{
	struct conn_id id = st->id;

	log_info("a reader of a stream was too slow", LOG_I("waiting", (i64)server_stream_waiting(s->server, id)));
	tell_end(s, conn_ref_of(id), st->shard);
	stream_free(s, st);
	server_stream_end(s->server, id);
}

/* False: it was let go. */
static bool tell(struct sse *s, struct stream *st, struct block *block)
{
	if (server_stream_waiting(s->server, st->id) > SSE_WAITING_MAX) {
		drop(s, st);
		return false;
	}
	server_stream_send_block(s->server, st->id, block);
	return true;
}

/* Everybody hears the same, at the same time. */
static void beat(void *arg)
{
	struct sse *s = arg;
	struct stream *st, *next;
	struct block *block;
	char text[64];

	snprintf(text, sizeof(text), "event: heartbeat\ndata: %lld\n\n", (long long)clock_ms(s->clock));
	block = block_new(str_from(text));
	DL_FOREACH_SAFE(s->streams, st, next)
		(void)tell(s, st, block);
	block_unref(block);
	if (s->streams)
		loop_timer_set(s->timer, s->heartbeat_ms);
}

void sse_apply(struct sse *s, const struct effect *ef)
{
	for (size_t i = 0; i < ef->n_to; i++) {
		struct conn_id id = conn_id_of(ef->to[i]);
		struct stream *st = find(s, id);

		if (!st || !tell(s, st, ef->block))
			continue;
		if (ef->kind == EFFECT_EVENT_LAST) {
			stream_free(s, st);
			server_stream_end(s->server, id);
		}
	}
}
