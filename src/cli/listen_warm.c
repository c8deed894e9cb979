/*
 * listen_warm.c - listening through the daemon: first what is unread, then the daemon's events.
 *
 * What was shown is marked as read in portions, when the events come to a rest. The stream comes
 * back by itself and asks for what it missed; an id that was shown is not shown again.
 */
#include "cli/inbox.h"

#include <signal.h>

#include "base/log.h"
#include "client/ipc.h"

enum { SHOWN_MAX = 1024, MARK_MS = 50, FIRST_LIMIT = 1000, ROW_ID_MAX = 64 };

struct row_id { char text[ROW_ID_MAX]; size_t len; };

struct hearing {
	struct cli *c;
	const struct warm *w;
	struct loop *loop;
	struct ipc_events *events;
	struct ipc_job *job;
	struct loop_timer *mark;
	struct loop_signal *interrupt, *terminate;
	struct knowing knowing;
	struct row_id shown[SHOWN_MAX]; /* a ring */
	size_t n_shown;
	size_t n_unmarked; /* the last of them, that are not marked yet */
	struct err *e;     /* the first that ends it */
	bool lost;
	bool again; /* something came while the unread ones were asked for */
};

static void give_up(struct hearing *h, struct err *e)
{
	if (!h->e)
		h->e = e;
	loop_stop(h->loop);
}

static void on_signal(void *arg, int signum UNUSED)
{
	loop_stop(((struct hearing *)arg)->loop);
}

static bool was_shown(const struct hearing *h, str id)
{
	for (size_t i = 0; i < MIN(h->n_shown, SHOWN_MAX); i++)
		if (str_eq(str_of(h->shown[i].text, h->shown[i].len), id))
			return true;
	return false;
}

static void mark_now(void *arg)
{
	struct hearing *h = arg;
	str ids[LOCAL_IDS_MAX];
	size_t n = h->n_unmarked;
	struct err *e;

	for (size_t i = 0; i < n; i++) {
		const struct row_id *id = &h->shown[(h->n_shown - 1 - i) % SHOWN_MAX];

		ids[i] = str_of(id->text, id->len);
	}
	h->n_unmarked = 0;
	/* Unmarked they stay unread: the next `inbox` tells of them again. */
	e = inbox_seen(h->c, h->w, ids, n);
	if (e)
		log_err(LOG_DEBUG, "messages not marked as read", e);
}

static void remember(struct hearing *h, str id)
{
	struct row_id *slot = &h->shown[h->n_shown++ % SHOWN_MAX];

	slot->len = MIN(id.len, ROW_ID_MAX);
	memcpy(slot->text, id.ptr, slot->len);
	if (++h->n_unmarked == LOCAL_IDS_MAX)
		mark_now(h);
	loop_timer_set(h->mark, MARK_MS);
}

static void show_row(struct hearing *h, const struct json *row)
{
	str id = json_get_str(row, S("id"));
	str mesh = json_get_str(row, S("mesh"));
	struct inbound m;
	struct err *e;

	if (!inbox_is_ours(h->w, row) ||
	    (!str_empty(h->c->global.mesh) && !str_eq(h->c->global.mesh, mesh)))
		return;
	/* Shown, but the daemon went away before it heard so. */
	if (was_shown(h, id)) {
		remember(h, id);
		return;
	}
	message_of_row(row, &m);
	knowing_look(&h->knowing, mesh, &m);
	if (h->c->out.json) {
		message_json_members(out_json(&h->c->out), mesh, &m);
		out_json_end(&h->c->out);
	} else {
		message_print_line(h->c, mesh, &m);
	}
	e = out_flush(&h->c->out, h->c->arena);
	if (e)
		give_up(h, e);
	else
		remember(h, id);
}

static void on_event(void *arg, const struct sse_event *ev)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct hearing *h = arg;
	const struct json *row;

	if (h->e || !str_eq(ev->event, S("message")))
		return;
	/* Until what was unread is shown the rest has to wait: it is unread itself. */
	h->again = h->job != NULL;
	if (!h->again && !json_parse(a, arena_dup(a, ev->data), &row))
		show_row(h, row);
}

static void ask_unread(struct hearing *h);

/* Oldest first. */
static void on_unread(void *arg, const struct err *e, const struct ipc_reply *reply)
{
	struct hearing *h = arg;
	const struct json *items = NULL;

	h->job = NULL;
	if (!e)
		e = ipc_refusal(h->c->arena, reply);
	if (e && !ipc_is_unreachable(e))
		give_up(h, err_copy(h->c->arena, e));
	else if (!e)
		items = json_get(reply->body, S("items"));
	for (const struct json *i = items ? items->first : NULL; i && !h->e; i = i->next)
		show_row(h, i);
	if (h->again && !h->e)
		ask_unread(h);
}

static void ask_unread(struct hearing *h)
{
	const struct query q[] = {
		{ "mesh", h->c->global.mesh },
		{ "unread_only", S("true") },
		{ "oldest_first", S("true") },
		{ "mark_seen", S("false") },
		{ "limit", arena_printf(h->c->arena, "%d", FIRST_LIMIT) },
	};
	const struct ipc_request rq = {
		.target = warm_target(h->c->arena, "/v1/inbox", q, ARRAY_LEN(q))
	};

	h->again = false;
	ipc_cancel(h->job);
	h->job = ipc_start(h->loop, &h->w->ipc, &rq, on_unread, h);
}

/* Events from now on are heard; what came before is read. */
static void on_open(void *arg)
{
	struct hearing *h = arg;

	h->lost = false;
	ask_unread(h);
}

static void on_down(void *arg, const struct err *why, i64 retry_ms)
{
	struct hearing *h = arg;

	if (why->code == ERR_UNAUTHORIZED || why->code == ERR_FORBIDDEN)
		give_up(h, err_copy(h->c->arena, why));
	else if (!h->lost)
		out_note(&h->c->out, "the daemon is gone (%.*s), waiting for it", STRF(why->text));
	h->lost = true;
}

static const struct ipc_events_handler handler = { on_open, on_event, on_down };

static void hearing_done(void *arg)
{
	struct hearing *h = arg;

	ipc_events_close(h->events);
	ipc_cancel(h->job);
	loop_timer_free(h->mark);
	loop_signal_free(h->interrupt);
	loop_signal_free(h->terminate);
	loop_free(h->loop);
}

struct err *listen_warm(struct cli *c, const struct warm *w)
{
	struct hearing *h = NEW(c->arena, struct hearing);

	*h = (struct hearing){ .c = c, .w = w, .knowing = { .c = c, .w = w } };
	arena_defer(c->arena, hearing_done, h);
	TRY(loop_new(c->arena, &h->loop));
	TRY(loop_signal_new(c->arena, h->loop, SIGINT, on_signal, h, &h->interrupt));
	TRY(loop_signal_new(c->arena, h->loop, SIGTERM, on_signal, h, &h->terminate));
	h->mark = loop_timer_new(h->loop, mark_now, h);
	out_note(&c->out, "listening%s%.*s, Ctrl-C ends it", str_empty(c->global.mesh) ? "" : " on ",
		 STRF(c->global.mesh));
	h->events = ipc_events_open(h->loop, &w->ipc, STR_NONE, &handler, h);
	loop_run(h->loop);
	mark_now(h);
	return h->e;
}
