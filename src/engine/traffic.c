#include "engine/traffic.h"

#include <utlist.h>

enum {
	EVENTS_MIN = 4,
	TENS = 6, HOURS = 24,                 /* how many of them are kept */
	AGAIN_MS = 60000,                     /* the same event of the same member is told once in that time */
	WHAT_LEN_MAX = 16,
};
#define CAME "came"
#define WENT "went"
static const i64 TEN_MS = 600000, HOUR_MS = 3600000;

/* counts[at % n] is of the slot `at`, the others of those before it. */
struct counts {
	i64 at;
	u32 n[HOURS];
};

struct edge {
	UT_hash_handle hh;                    /* traffic->edges, by key */
	struct edge *prev, *next;             /* traffic->by_use, the last used first */
	i64 from_no, to_no, topic_no;         /* member; member or 0; topic or 0 */
	i64 last_ms;
	struct counts tens, hours;
	str group;                            /* of key; empty: it is to a member or topic */
	size_t key_len;
	char key[];
};

struct happening {
	i64 at_ms, member_no, topic_no;
	char what[WHAT_LEN_MAX];
};

struct traffic {
	i64 since_ms;
	struct edge *edges, *by_use;
	struct happening *events;
	size_t cap_events;                    /* grows to TRAFFIC_EVENTS_MAX: most meshes are quiet */
	size_t n_events;                      /* ever: the newest is events[(n - 1) % cap] */
};

static struct traffic *traffic_of(struct mesh *m)
{
	if (!m->traffic) {
		m->traffic = calloc(1, sizeof(*m->traffic));
		if (!m->traffic)
			abort();
		m->traffic->since_ms = m->engine->now_ms;
	}
	return m->traffic;
}

static void edge_free(struct traffic *t, struct edge *edge)
{
	HASH_DEL(t->edges, edge);
	DL_DELETE(t->by_use, edge);
	free(edge);
}

void traffic_free(struct mesh *m)
{
	struct traffic *t = m->traffic;

	if (!t)
		return;
	while (t->by_use)
		edge_free(t, t->by_use);
	free(t->events);
	free(t);
	m->traffic = NULL;
}

static i64 person_no(const struct member *member)
{
	return member->device_of ? member->device_of : member->no;
}

/* ---- counting ---- */

static void counts_move(struct counts *c, i64 slot, int n)
{
	/* A clock that was set back goes on in the newest slot. */
	for (i64 i = MAX(c->at + 1, slot - n + 1); i <= slot; i++)
		c->n[i % n] = 0;
	c->at = MAX(c->at, slot);
}

static void counts_add(struct counts *c, i64 slot, int n)
{
	counts_move(c, slot, n);
	c->n[c->at % n]++;
}

static i64 counts_sum(const struct counts *c, int n)
{
	i64 sum = 0;

	for (int i = 0; i < n; i++)
		sum += c->n[i];
	return sum;
}

/* The one used longest ago, of the member or of all, when there are too many. */
static void make_room(struct traffic *t, i64 from_no)
{
	struct edge *edge, *own = NULL;
	size_t n = 0;

	DL_FOREACH(t->by_use, edge)
		if (edge->from_no == from_no) {
			own = edge;
			n++;
		}
	if (own && n >= TRAFFIC_EDGES_PER_MEMBER)
		edge_free(t, own);
	else if (HASH_COUNT(t->edges) >= TRAFFIC_EDGES_MAX)
		edge_free(t, t->by_use->prev);
}

static struct edge *edge_of(struct traffic *t, struct arena *a, i64 from_no, i64 to_no, i64 topic_no, str group)
{
	str key = arena_printf(a, "%lld %lld %lld %.*s", (long long)from_no, (long long)to_no, (long long)topic_no,
			       STRF(group));
	struct edge *edge;

	HASH_FIND(hh, t->edges, key.ptr, key.len, edge);
	if (edge)
		return edge;
	make_room(t, from_no);
	edge = calloc(1, sizeof(*edge) + key.len + 1);
	if (!edge)
		abort();
	*edge = (struct edge){ .from_no = from_no, .to_no = to_no, .topic_no = topic_no, .key_len = key.len };
	memcpy(edge->key, key.ptr, key.len);
	edge->group = str_of(edge->key + key.len - group.len, group.len);
	HASH_ADD_KEYPTR(hh, t->edges, edge->key, edge->key_len, edge);
	DL_PREPEND(t->by_use, edge);
	return edge;
}

static void count(struct mesh *m, i64 from_no, i64 to_no, i64 topic_no, str group)
{
	struct traffic *t = traffic_of(m);
	struct edge *edge = edge_of(t, m->engine->batch, from_no, to_no, topic_no, group);

	counts_add(&edge->tens, m->engine->now_ms / TEN_MS, TENS);
	counts_add(&edge->hours, m->engine->now_ms / HOUR_MS, HOURS);
	edge->last_ms = m->engine->now_ms;
	DL_DELETE(t->by_use, edge);
	DL_PREPEND(t->by_use, edge);
}

void traffic_message(const struct presence *from, str target)
{
	const struct mailbox *mb;

	if (from->hidden)
		return;
	if (target.ptr[0] == '@' || str_eq(target, S("*"))) {
		count(from->mesh, person_no(from->member), 0, 0, target);
		return;
	}
	mb = mesh_mailbox(from->mesh, target);
	if (mb && !mb->member->device_of && mb->member->no != person_no(from->member))
		count(from->mesh, person_no(from->member), mb->member->no, 0, STR_NONE);
}

void traffic_post(const struct topic *t, const struct member *from)
{
	count(t->mesh, person_no(from), 0, t->no, STR_NONE);
}

/* ---- what happens ---- */

/* While none was overwritten yet. */
static void events_grow(struct traffic *t)
{
	t->cap_events = MIN(MAX(2 * t->cap_events, (size_t)EVENTS_MIN), (size_t)TRAFFIC_EVENTS_MAX);
	t->events = realloc(t->events, t->cap_events * sizeof(*t->events));
	if (!t->events)
		abort();
}

static void note(struct mesh *m, const char *what, i64 member_no, i64 topic_no)
{
	struct traffic *t = traffic_of(m);
	struct happening *at;

	for (size_t i = t->n_events; i-- > 0 && t->n_events - i <= t->cap_events;) {
		at = &t->events[i % t->cap_events];
		if (m->engine->now_ms - at->at_ms > AGAIN_MS)
			break;
		if (at->member_no != member_no || at->topic_no != topic_no)
			continue;
		/* Who is back soon was never away. */
		if (strcmp(at->what, WENT) == 0 && strcmp(what, CAME) == 0) {
			at->member_no = 0;
			return;
		}
		if (strcmp(at->what, what) == 0)
			return;
	}
	if (t->n_events == t->cap_events && t->cap_events < TRAFFIC_EVENTS_MAX)
		events_grow(t);
	at = &t->events[t->n_events++ % t->cap_events];
	*at = (struct happening){ m->engine->now_ms, member_no, topic_no, "" };
	snprintf(at->what, sizeof(at->what), "%s", what);
}

void traffic_presence(const struct presence *about, bool came)
{
	const struct presence *p;

	DL_FOREACH2(about->member->presences, p, member_next)
		if (p != about && p->takes && !p->hidden)
			return;
	note(about->mesh, came ? CAME : WENT, person_no(about->member), 0);
}

void traffic_topic(const struct topic *t, str what, const struct member *about)
{
	char name[WHAT_LEN_MAX];

	snprintf(name, sizeof(name), "topic_%.*s", STRF(what));
	note(t->mesh, name, person_no(about), t->no);
}

/* ---- showing ---- */

/* NULL: there is none that the member may see. */
static const struct topic *topic_of_no(const struct mesh *m, i64 no, const struct member *to)
{
	const struct topic *t;

	for (t = m->topics; t; t = t->hh.next)
		if (t->no == no)
			return topic_is_seen(t, to) ? t : NULL;
	return NULL;
}

static const struct member *member_of_no(struct mesh *m, i64 no)
{
	const struct member *member = mesh_member_by_no(m, no);

	return member && !member->revoked_ms ? member : NULL;
}

/* False if it is not for this member, or over. */
static bool show_edge(struct mesh *m, struct edge *edge, const struct member *to, struct traffic_edge_args *out)
{
	const struct member *from = member_of_no(m, edge->from_no), *other = NULL;
	const struct topic *topic = NULL;

	if (edge->to_no)
		other = member_of_no(m, edge->to_no);
	if (edge->topic_no)
		topic = topic_of_no(m, edge->topic_no, to);
	if (!from || (edge->to_no && !other) || (edge->topic_no && !topic))
		return false;
	counts_move(&edge->tens, m->engine->now_ms / TEN_MS, TENS);
	counts_move(&edge->hours, m->engine->now_ms / HOUR_MS, HOURS);
	*out = (struct traffic_edge_args){
		.from = str_from(from->id), .to = other ? str_from(other->id) : STR_NONE,
		.topicId = topic ? str_from(topic->id) : STR_NONE, .topic = topic ? topic->name : STR_NONE,
		.group = edge->group.len ? edge->group : STR_NONE,
		.hour = counts_sum(&edge->tens, TENS), .day = counts_sum(&edge->hours, HOURS),
		.lastAt = time_iso(m->engine->batch, edge->last_ms),
	};
	return out->day > 0;
}

static void list_start(struct arena *a, struct traffic_count_list *list, i64 now_ms, i64 step_ms, int n)
{
	*list = (struct traffic_count_list){ NEW_ARRAY(a, struct traffic_count_args, (size_t)n), (size_t)n, true };
	for (int i = 0; i < n; i++)
		list->items[i].at = time_iso(a, (now_ms / step_ms - (n - 1 - i)) * step_ms);
}

static void list_add(struct traffic_count_list *list, const struct counts *c, i64 now_ms, i64 step_ms)
{
	i64 first = now_ms / step_ms - (i64)list->n + 1;

	for (size_t i = 0; i < list->n; i++)
		if (first + (i64)i <= c->at && first >= 0)
			list->items[i].n += c->n[(size_t)(first + (i64)i) % list->n];
}

static void show_events(struct mesh *m, const struct traffic *t, const struct member *to,
			struct activity_event_list *out)
{
	size_t n = MIN(t->n_events, t->cap_events);

	out->items = NEW_ARRAY(m->engine->batch, struct activity_event_args, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct happening *at = &t->events[(t->n_events - 1 - i) % t->cap_events];
		const struct member *member = member_of_no(m, at->member_no);
		const struct topic *topic = at->topic_no ? topic_of_no(m, at->topic_no, to) : NULL;

		if (!member || (at->topic_no && !topic))
			continue;
		out->items[out->n++] = (struct activity_event_args){
			.at = time_iso(m->engine->batch, at->at_ms), .what = str_from(at->what),
			.memberId = str_from(member->id), .displayName = member->name,
			.topicId = topic ? str_from(topic->id) : STR_NONE, .topic = topic ? topic->name : STR_NONE,
		};
	}
}

void traffic_show(struct mesh *m, const struct member *to, struct mesh_activity_response_args *out)
{
	struct traffic *t = traffic_of(m);
	i64 now = m->engine->now_ms;
	struct arena *a = m->engine->batch;
	struct edge *edge;

	out->since = time_iso(a, MAX(t->since_ms, now - HOURS * HOUR_MS));
	out->edges = (struct traffic_edge_list){ NEW_ARRAY(a, struct traffic_edge_args, HASH_COUNT(t->edges) + 1), 0, true };
	out->events.present = true;
	list_start(a, &out->hour, now, TEN_MS, TENS);
	list_start(a, &out->day, now, HOUR_MS, HOURS);
	DL_FOREACH(t->by_use, edge) {
		if (!show_edge(m, edge, to, &out->edges.items[out->edges.n]))
			continue;
		out->edges.n++;
		list_add(&out->hour, &edge->tens, now, TEN_MS);
		list_add(&out->day, &edge->hours, now, HOUR_MS);
	}
	show_events(m, t, to, &out->events);
}
