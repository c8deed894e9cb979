/*
 * api_events.c - the stream of events (client.md 6.7): a reader of events.h for each, which
 * takes only what the connection has room for.
 */
#include "daemon/api_call.h"

enum { EVENT_TEXT_MAX = 2 << 20 };

struct api_stream {
	struct api *api;
	struct arena *arena; /* of the event being written */
	struct conn_id id;
	struct arena *own;   /* as long as the stream */
	struct view channel; /* of the session whose channel it goes to; empty: of none */
	struct events_reader *reader;
	struct api_stream *prev, *next;
};

size_t api_streams_of_channel(const struct api *api, const struct session *s)
{
	size_t n = 0;

	for (const struct api_stream *st = api->streams; st; st = st->next)
		n += str_eq(st->channel.mesh_id, s->mesh_id) &&
		     str_eq(st->channel.session_pubkey, s->pubkey);
	return n;
}

/* The last one is gone: what comes next is not shown at once any more. */
static void leave_channel(struct api_stream *st)
{
	struct daemon *d = st->api->daemon;
	struct session *s;

	if (str_empty(st->channel.session_pubkey))
		return;
	s = sessions_get_key(d->sessions, st->channel.mesh_id, st->channel.session_pubkey);
	if (!s || !s->channel || api_streams_of_channel(st->api, s))
		return;
	s->channel = false;
	daemon_tell_reach(d, s);
}

static void stream_free(struct api_stream *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		s->api->streams = s->next;
	if (s->next)
		s->next->prev = s->prev;
	leave_channel(s);
	events_leave(s->reader);
	arena_free(s->own);
	arena_free(s->arena);
	free(s);
}

/* data is JSON on one line. */
static void write_event(struct api_stream *s, const struct event *ev)
{
	struct buf text = buf_make(EVENT_TEXT_MAX);

	buf_printf(&text, "id: %lld\nevent: %s\ndata: ", (long long)ev->id, ev->kind);
	buf_add(&text, ev->data);
	buf_add(&text, S("\n\n"));
	if (!text.full)
		server_stream_send(s->api->server, s->id, buf_str(&text));
	buf_done(&text);
}

/* There is something to take, or room again. */
static void pump(void *arg)
{
	struct api_stream *s = arg;
	struct event ev;

	while (server_stream_waiting(s->api->server, s->id) < API_STREAM_QUEUE_MAX &&
	       events_take(s->reader, s->arena, &ev)) {
		write_event(s, &ev);
		arena_reset(s->arena);
	}
}

void api_stream_closed(struct api_stream *s)
{
	stream_free(s);
}

void api_stream_drained(struct api_stream *s)
{
	pump(s);
}

void api_streams_end(struct api *api)
{
	while (api->streams)
		stream_free(api->streams);
}

static void keep_alive(void *arg)
{
	struct api *api = arg;

	for (struct api_stream *s = api->streams; s; s = s->next)
		server_stream_send(api->server, s->id, S(": keepalive\n\n"));
	if (!api->streams)
		loop_timer_off(api->keepalive);
}

static struct api_stream *stream_new(struct api *api)
{
	struct api_stream *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	*s = (struct api_stream){ .api = api, .arena = arena_new(), .own = arena_new(), .next = api->streams };
	if (api->streams)
		api->streams->prev = s;
	api->streams = s;
	if (!api->keepalive)
		api->keepalive = loop_timer_new(api->daemon->loop, keep_alive, api);
	if (!loop_timer_is_set(api->keepalive))
		loop_timer_every(api->keepalive, API_KEEPALIVE_MS);
	return s;
}

static struct err *events_run(struct api_call *c)
{
	static const struct http_header headers[] = {
		{ { "Content-Type", 12 }, { "text/event-stream", 17 } },
		{ { "Cache-Control", 13 }, { "no-cache, no-transform", 22 } },
		{ { "X-Accel-Buffering", 17 }, { "no", 2 } },
	};
	const struct local_events_args *in = c->args;
	struct api *api = c->api;
	struct server_request *rq = server_request_get(api->server, c->id);
	struct api_stream *s;
	i64 last = -1;
	struct err *e;

	if (!str_empty(c->last_event_id) && (!str_to_i64(c->last_event_id, &last) || last < 0))
		return FAIL(c->arena, BAD_REQUEST, "Last-Event-ID is none of ours");
	s = stream_new(api);
	e = events_join(c->arena, api->daemon->events, &c->view, last, pump, s, &s->reader);
	if (e) {
		stream_free(s);
		return e;
	}
	if (in->channel && c->is_session)
		s->channel = (struct view){ arena_dup(s->own, c->view.mesh_id),
					    arena_dup(s->own, c->view.session_pubkey), STR_NONE };
	rq->user = s;
	s->id = server_stream_start(api->server, rq, 200, headers, ARRAY_LEN(headers));
	server_stream_send(api->server, s->id, S(": connected\n\n"));
	/* What is to be told again does not wait for something new. */
	pump(s);
	api_drop(c);
	return NULL;
}

const struct api_route api_event_routes[] = {
	{ "GET", "/v1/events", local_events_fields, sizeof(struct local_events_args), 0, API_ANYONE, events_run,
	  "What happens, as Server-Sent Events; Last-Event-ID resumes." },
	{ 0 }
};
