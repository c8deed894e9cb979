#include "daemon/events.h"

#include "base/log.h"
#include "json/json.h"

enum { DATA_MAX = 4 << 20 };

struct kept {
	struct kept *next; /* of the held ones */
	struct event e;    /* its texts lie behind it */
	size_t bytes;
};

struct events_reader {
	struct events *ev;
	struct events_reader *prev, *next;
	struct arena *arena;
	struct view view;
	i64 cursor;      /* id of the last event taken, or passed over */
	bool lost;       /* memory does not reach back to the cursor */
	bool reset_sent; /* and it was told so */
	bool woken;
	void (*on_more)(void *arg);
	void *arg;
};

struct events {
	struct loop *loop;
	const struct clock *clock;
	struct inbox *inbox;
	struct kept *ring[EVENTS_MAX]; /* from first, in order of ids */
	size_t first, n, bytes;
	i64 floor;                      /* every event with a higher id is in the ring */
	i64 last;                       /* highest id published */
	i64 last_taken;                 /* highest id given away */
	size_t reserved;                /* ids given away and neither published nor cancelled */
	struct kept *held, **held_tail; /* events that wait for those */
	struct events_reader *readers;
	size_t n_readers;
	struct loop_task wake;
};

static void wake_readers(void *arg)
{
	struct events *ev = arg;
	struct events_reader *r = ev->readers;

	/* One that is called may leave, or make others leave: begin again after each. */
	while (r) {
		if (!r->woken) {
			r = r->next;
			continue;
		}
		r->woken = false;
		r->on_more(r->arg);
		r = ev->readers;
	}
}

struct events *events_new(struct loop *loop, const struct clock *clock, struct inbox *inbox)
{
	struct events *ev = calloc(1, sizeof(*ev));

	if (!ev)
		abort();
	ev->loop = loop;
	ev->clock = clock;
	ev->inbox = inbox;
	ev->last_taken = MAX(clock_us(clock), inbox_last_event(inbox) + 1);
	ev->floor = ev->last = ev->last_taken;
	ev->held_tail = &ev->held;
	ev->wake = (struct loop_task){ .fn = wake_readers, .arg = ev };
	return ev;
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	loop_task_cancel(&ev->wake);
	for (size_t i = 0; i < ev->n; i++)
		free(ev->ring[(ev->first + i) % EVENTS_MAX]);
	while (ev->held) {
		struct kept *k = ev->held;

		ev->held = k->next;
		free(k);
	}
	free(ev);
}

static i64 take_id(struct events *ev)
{
	ev->last_taken = MAX(ev->last_taken + 1, clock_us(ev->clock));
	return ev->last_taken;
}

static struct kept *keep(const char *kind, str mesh_id, str recipient, str data)
{
	size_t bytes = sizeof(struct kept) + mesh_id.len + recipient.len + data.len;
	struct kept *k = calloc(1, bytes + 1);
	char *at = (char *)(k + 1);
	str *const to[] = { &k->e.mesh_id, &k->e.recipient, &k->e.data };
	const str from[] = { mesh_id, recipient, data };

	if (!k)
		abort();
	k->bytes = bytes;
	k->e.kind = kind;
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		if (from[i].len)
			memcpy(at, from[i].ptr, from[i].len);
		*to[i] = str_of(at, from[i].len);
		at += from[i].len;
	}
	return k;
}

static void drop_oldest(struct events *ev)
{
	struct kept *k = ev->ring[ev->first];

	ev->floor = k->e.id;
	ev->bytes -= k->bytes;
	ev->first = (ev->first + 1) % EVENTS_MAX;
	ev->n--;
	free(k);
}

static void append(struct events *ev, struct kept *k)
{
	while (ev->n == EVENTS_MAX || (ev->n && ev->bytes + k->bytes > EVENTS_BYTES))
		drop_oldest(ev);
	ev->ring[(ev->first + ev->n++) % EVENTS_MAX] = k;
	ev->bytes += k->bytes;
	ev->last = k->e.id;
	for (struct events_reader *r = ev->readers; r; r = r->next)
		r->woken = r->woken || view_admits(&r->view, k->e.mesh_id, k->e.recipient);
	loop_at_turn_end(ev->loop, &ev->wake);
}

static void release_held(struct events *ev)
{
	while (!ev->reserved && ev->held) {
		struct kept *k = ev->held;

		ev->held = k->next;
		k->e.id = take_id(ev);
		append(ev, k);
	}
	if (!ev->held)
		ev->held_tail = &ev->held;
}

i64 events_reserve(struct events *ev)
{
	ev->reserved++;
	return take_id(ev);
}

void events_cancel(struct events *ev)
{
	ev->reserved--;
	release_held(ev);
}

void events_publish(struct events *ev, i64 id, const char *kind, str mesh_id, str recipient,
		    str data)
{
	struct kept *k = keep(kind, mesh_id, recipient, data);

	if (!id && ev->reserved) {
		*ev->held_tail = k;
		ev->held_tail = &k->next;
		return;
	}
	k->e.id = id ? id : take_id(ev);
	append(ev, k);
	if (id) {
		ev->reserved--;
		release_held(ev);
	}
}

static str message_data(struct arena *a, struct events *ev, const struct inbox_row *row)
{
	CLEANUP(buf_done) struct buf text = buf_make(DATA_MAX);
	struct json_out out = json_out(&text);

	json_obj(&out);
	json_put_str(&out, "ts", time_iso(a, clock_ms(ev->clock)));
	inbox_row_put(a, &out, row);
	json_obj_end(&out);
	return text.full ? S("{}") : arena_dup(a, buf_str(&text));
}

void events_publish_message(struct events *ev, const struct inbox_row *row)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	events_publish(ev, row->event_id, "message", row->mesh_id, row->recipient_pubkey,
		       message_data(a, ev, row));
}

struct err *events_join(struct arena *a, struct events *ev, const struct view *v, i64 last_id,
			void (*on_more)(void *arg), void *arg, struct events_reader **ret_reader)
{
	struct events_reader *r;

	if (ev->n_readers == EVENTS_READERS_MAX)
		return FAIL(a, TRY_AGAIN, "%d programs listen for events already",
			    EVENTS_READERS_MAX);
	r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	r->ev = ev;
	r->arena = arena_new();
	r->view = (struct view){ arena_dup(r->arena, v->mesh_id),
				 arena_dup(r->arena, v->session_pubkey),
				 arena_dup(r->arena, v->member_pubkey) };
	r->cursor = last_id < 0 ? ev->last : MIN(last_id, ev->last);
	r->lost = last_id > ev->last;
	r->on_more = on_more;
	r->arg = arg;
	r->next = ev->readers;
	if (r->next)
		r->next->prev = r;
	ev->readers = r;
	ev->n_readers++;
	if (last_id >= 0) {
		r->woken = true;
		loop_next_turn(ev->loop, &ev->wake);
	}
	*ret_reader = r;
	return NULL;
}

void events_leave(struct events_reader *r)
{
	if (!r)
		return;
	if (r->next)
		r->next->prev = r->prev;
	if (r->prev)
		r->prev->next = r->next;
	else
		r->ev->readers = r->next;
	r->ev->n_readers--;
	arena_free(r->arena);
	free(r);
}

/* What the inbox still has of the time that memory does not reach back to. */
static bool take_stored(struct events_reader *r, struct arena *a, struct event *ret_event)
{
	struct inbox_filter f = {
		.view = r->view, .after_event = r->cursor, .oldest_first = true, .limit = 1
	};
	struct inbox_rows rows = { 0 };
	struct err *e = inbox_list(r->ev->inbox, a, &f, &rows);

	if (e)
		log_err(LOG_WARN, "the inbox could not be read for a listener", e);
	if (e || !rows.n || rows.items[0].event_id > r->ev->floor)
		return false;
	r->cursor = rows.items[0].event_id;
	*ret_event = (struct event){ .id = r->cursor,
				     .kind = "message",
				     .data = message_data(a, r->ev, &rows.items[0]),
				     .mesh_id = rows.items[0].mesh_id,
				     .recipient = rows.items[0].recipient_pubkey };
	return true;
}

static bool take_lost(struct events_reader *r, struct arena *a, struct event *ret_event)
{
	if (!r->reset_sent) {
		r->reset_sent = true;
		*ret_event = (struct event){
			.id = r->cursor,
			.kind = "reset",
			.data = arena_printf(a, "{\"ts\":\"%.*s\",\"after\":%lld}",
					     STRF(time_iso(a, clock_ms(r->ev->clock))),
					     (long long)r->cursor),
		};
		return true;
	}
	if (take_stored(r, a, ret_event))
		return true;
	r->lost = r->reset_sent = false;
	r->cursor = MAX(r->cursor, r->ev->floor);
	return false;
}

/* Index in the ring, counted from first, of the first event after id. */
static size_t first_after(const struct events *ev, i64 id)
{
	size_t low = 0, high = ev->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (ev->ring[(ev->first + mid) % EVENTS_MAX]->e.id > id)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool events_take(struct events_reader *r, struct arena *a, struct event *ret_event)
{
	struct events *ev = r->ev;

	if ((r->lost || r->cursor < ev->floor) && take_lost(r, a, ret_event))
		return true;
	for (size_t i = first_after(ev, r->cursor); i < ev->n; i++) {
		const struct event *e = &ev->ring[(ev->first + i) % EVENTS_MAX]->e;

		r->cursor = e->id;
		if (!view_admits(&r->view, e->mesh_id, e->recipient))
			continue;
		*ret_event = (struct event){ e->id, e->kind, arena_dup(a, e->data),
					     arena_dup(a, e->mesh_id), arena_dup(a, e->recipient) };
		return true;
	}
	return false;
}
