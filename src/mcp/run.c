#include "mcp/run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "mcp/mcp.h"
#include "net/lines.h"
#include "proto/reach.h"

enum {
	SHOWN_MAX = 1024,             /* messages remembered as shown, so that none is shown twice */
	UNREAD_MAX = 20,              /* shown one by one at the start; the rest waits in the inbox */
	START_AGAIN_MS = 5000,        /* between two attempts to start a daemon */
	SEEN_END_MS = 1000,           /* at the end, for the daemon to hear what was shown */
};

struct run {
	const struct mcp_run_spec *spec;
	struct loop *loop;
	struct mcp *mcp;
	struct lines *lines;
	struct ipc_events *events;
	struct loop_timer *again;     /* starts a daemon */
	bool starting;                /* on the pool, its own memory below */
	struct arena *start_arena;
	bool ended;                   /* input is over, or output is gone */
	bool told_channel;            /* that there is one, on this stream */
	bool connected, greeted;      /* the stream is open; unread messages were asked for */
	struct asked *asked;          /* answers that are still to come */
	str shown[SHOWN_MAX];         /* ids, a ring; owned */
	size_t next_shown;
	size_t shown_unheard;         /* shown, and the daemon has not said that it heard so */
};

/* A question to the daemon under way. */
struct asked {
	struct asked *next;
	struct run *run;
	struct ipc_job *job;
	mcp_answer_fn *fn;
	void *arg;
};

static void end(struct run *r)
{
	r->ended = true;
	loop_stop(r->loop);
}

/* ---- out ---- */

static void write_all(struct run *r, const char *p, size_t n)
{
	while (n && !r->ended) {
		ssize_t done = write(r->spec->out, p, n);
		struct pollfd room = { .fd = r->spec->out, .events = POLLOUT };

		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			(void)poll(&room, 1, -1);
		} else if (errno != EINTR) {
			end(r); /* nobody reads any more */
		}
	}
}

static void write_line(void *arg, str line)
{
	struct buf b = buf_make(line.len + 1);

	buf_add(&b, line);
	buf_add_byte(&b, '\n');
	write_all(arg, b.ptr, b.len);
	buf_done(&b);
}

/* ---- the daemon ---- */

static void asked_unlink(struct asked *q)
{
	struct asked **at = &q->run->asked;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
}

static void on_answer(void *arg, const struct err *e, const struct ipc_reply *reply)
{
	struct asked *q = arg;

	asked_unlink(q);
	q->fn(q->arg, e, e ? 0 : reply->status, e || !reply->body ? S("null") : reply->body->raw);
	free(q);
}

static void ask(void *arg, str method, str path, str body, mcp_answer_fn *fn, void *fn_arg)
{
	struct run *r = arg;
	struct asked *q = calloc(1, sizeof(*q));

	if (!q)
		abort();
	*q = (struct asked){ r->asked, r, NULL, fn, fn_arg };
	r->asked = q;
	q->job = ipc_start(r->loop, r->spec->ipc,
			   &(struct ipc_request){ .method = method, .target = path, .body = body }, on_answer, q);
}

static void drop_questions(struct run *r)
{
	while (r->asked) {
		struct asked *q = r->asked;

		ipc_cancel(q->job);
		r->asked = q->next;
		q->fn(q->arg, NULL, 503, S("null"));
		free(q);
	}
}

static void start_daemon(void *arg)
{
	struct run *r = arg;

	(void)daemon_ensure(r->start_arena, &(struct daemon_start_spec){ .paths = r->spec->paths,
									 .ipc = r->spec->ipc,
									 .policy = r->spec->policy });
}

static void start_done(void *arg)
{
	struct run *r = arg;

	r->starting = false;
	arena_free(r->start_arena);
}

static void on_again(void *arg)
{
	struct run *r = arg;

	if (r->connected || r->starting)
		return;
	r->start_arena = arena_new();
	r->starting = loop_work(r->loop, start_daemon, start_done, r);
	if (!r->starting)
		arena_free(r->start_arena);
	loop_timer_set(r->again, START_AGAIN_MS);
}

/* ---- messages ---- */

static bool was_shown(struct run *r, str id)
{
	for (size_t i = 0; i < SHOWN_MAX; i++)
		if (r->shown[i].ptr && str_eq(r->shown[i], id))
			return true;
	return false;
}

static void remember(struct run *r, str id)
{
	str *slot = &r->shown[r->next_shown++ % SHOWN_MAX];
	char *copy = strndup(id.ptr ? id.ptr : "", id.len);

	if (!copy)
		abort();
	free((char *)(uintptr_t)slot->ptr);
	*slot = str_of(copy, id.len);
}

static void on_seen(void *arg, const struct err *e UNUSED, int status UNUSED, str body UNUSED)
{
	struct run *r = arg;

	r->shown_unheard--;
}

/* What the agent was shown just before it ended is not shown again at its next start. */
static void tell_the_rest(struct run *r)
{
	i64 until_ms = loop_now_ms(r->loop) + SEEN_END_MS;

	while (r->shown_unheard && loop_now_ms(r->loop) < until_ms)
		loop_turn(r->loop, (int)(until_ms - loop_now_ms(r->loop)));
}

/* Who is no session of the daemon's sees the user's mail, which holds that of all sessions. */
static bool is_for_us(const struct run *r, const struct json *row)
{
	return r->spec->ipc->token.len || !str_eq(json_get_str(row, S("recipient_kind")), S("session"));
}

static bool wants(const struct run *r, const char *mode)
{
	return str_eq(r->spec->message_mode, str_from(mode));
}

/* It stays unread. */
static void announce(struct run *r, size_t n, const struct json *row)
{
	if (n)
		mcp_waiting(r->mcp, n, row);
}

/* A row of the inbox, from the stream or from the list of unread ones. */
static void show(struct run *r, const struct json *row)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str id = json_get_str(row, S("id"));

	if (!id.len || !is_for_us(r, row) || was_shown(r, id) || wants(r, MESSAGE_MODE_OFF))
		return;
	if (wants(r, MESSAGE_MODE_INBOX)) {
		if (!mcp_is_ready(r->mcp))
			return; /* it is among the unread ones then */
		announce(r, 1, row);
		remember(r, id);
		return;
	}
	if (!mcp_event(r->mcp, S("message"), row->raw) || r->ended)
		return;
	remember(r, id);
	if (!r->spec->channel)
		return;
	r->shown_unheard++;
	ask(r, S("POST"), S("/v1/inbox/seen"), arena_printf(a, "{\"ids\":[\"%.*s\"]}", STRF(id)), on_seen, r);
}

/* One word for all that came before. */
static void remember_all(struct run *r, const struct json *list)
{
	size_t fresh = 0;

	for (const struct json *row = list ? list->first : NULL; row; row = row->next) {
		str id = json_get_str(row, S("id"));

		if (!id.len || !is_for_us(r, row) || was_shown(r, id))
			continue;
		remember(r, id);
		fresh++;
	}
	announce(r, fresh, NULL);
}

static void on_unread(void *arg, const struct err *e, int status, str body)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct run *r = arg;
	const struct json *list = NULL;

	if (e || status != 200 || json_parse(a, body, &list)) {
		r->greeted = false; /* with the next connection */
		return;
	}
	list = json_get(list, S("items"));
	if (wants(r, MESSAGE_MODE_INBOX)) {
		remember_all(r, list);
		return;
	}
	for (const struct json *row = list ? list->first : NULL; row; row = row->next)
		show(r, row);
}

/* What came before anybody listened: when both sides are there. */
static void greet(struct run *r)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (r->greeted || !r->connected || !mcp_is_ready(r->mcp))
		return;
	r->greeted = true;
	ask(r, S("GET"), arena_printf(a, "/v1/inbox?unread_only=true&mark_seen=false&oldest_first=true&limit=%d",
				      UNREAD_MAX), STR_NONE, on_unread, r);
}

static void on_told(void *arg UNUSED, const struct err *e UNUSED, int status UNUSED, str body UNUSED) {}

/* Peers see that this session hears at once: when both sides are there. */
static void tell_channel(struct run *r)
{
	if (r->told_channel || !r->connected || !r->spec->ipc->channel || !mcp_is_ready(r->mcp))
		return;
	r->told_channel = true;
	ask(r, S("POST"), S("/v1/sessions/channel"), S("{}"), on_told, r);
}

static void on_open(void *arg)
{
	struct run *r = arg;

	r->connected = true;
	loop_timer_off(r->again);
	tell_channel(r);
	greet(r);
}

static void on_event(void *arg, const struct sse_event *ev)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct run *r = arg;
	const struct json *row = NULL;

	if (str_eq(ev->event, S("reset"))) {
		r->greeted = false;
		greet(r);
	} else if (!str_eq(ev->event, S("message"))) {
		(void)mcp_event(r->mcp, ev->event, ev->data);
	} else if (!json_parse(a, ev->data, &row)) {
		show(r, row);
	}
}

static void on_down(void *arg, const struct err *why UNUSED, i64 retry_ms UNUSED)
{
	struct run *r = arg;

	r->connected = false;
	r->greeted = false;
	r->told_channel = false;
	if (!r->starting && !loop_timer_is_set(r->again))
		loop_timer_set(r->again, 0);
}

/* ---- in ---- */

static void on_line(void *arg, str line)
{
	struct run *r = arg;

	mcp_take(r->mcp, line);
	tell_channel(r);
	greet(r);
}

static void on_too_long(void *arg)
{
	struct run *r = arg;

	mcp_take_too_long(r->mcp);
}

static void on_end(void *arg)
{
	end(arg);
}

static const struct lines_handler lines_handler = { on_line, on_too_long, on_end };
static const struct ipc_events_handler events_handler = { on_open, on_event, on_down };

static void run_close(struct run *r)
{
	lines_free(r->lines);
	ipc_events_close(r->events);
	tell_the_rest(r);
	mcp_free(r->mcp);
	drop_questions(r);
	while (r->starting)
		loop_turn(r->loop, 100);
	loop_timer_free(r->again);
	loop_free(r->loop);
	for (size_t i = 0; i < SHOWN_MAX; i++)
		free((char *)(uintptr_t)r->shown[i].ptr);
	free(r);
}

struct err *mcp_run(struct arena *a, const struct mcp_run_spec *spec)
{
	struct run *r = calloc(1, sizeof(*r));
	struct err *e;

	if (!r)
		abort();
	r->spec = spec;
	e = loop_new(a, &r->loop);
	if (e) {
		free(r);
		return e;
	}
	r->mcp = mcp_new(&(struct mcp_env){ .write = write_line, .ask = ask, .arg = r, .tools = spec->tools,
					    .may = spec->may, .may_arg = spec->may_arg,
					    .presence = spec->presence });
	r->again = loop_timer_new(r->loop, on_again, r);
	e = lines_new(a, r->loop, spec->in, MCP_LINE_MAX, &lines_handler, r, &r->lines);
	if (!e) {
		r->events = ipc_events_open(r->loop, spec->ipc, STR_NONE, &events_handler, r);
		loop_run(r->loop);
	}
	run_close(r);
	return e;
}
