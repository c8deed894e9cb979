/*
 * me.c - `me` and `me topics`: all of one's meshes at a glance.
 */
#include "cli/me.h"

#include <inttypes.h>

#include "cli/commands.h"
#include "cli/text.h"

static const struct { i64 ms; const char *unit; } spans[] = {
	{ 365 * 24 * 3600 * (i64)1000, "y" }, { 30 * 24 * 3600 * (i64)1000, "mo" }, { 24 * 3600 * 1000, "d" },
	{ 3600 * 1000, "h" }, { 60 * 1000, "m" }, { 1000, "s" },
};

str me_ago(struct arena *a, str iso)
{
	i64 ms, past;

	if (!time_from_iso(iso, &ms))
		return S("never");
	past = MAX(clock_ms(&clock_real) - ms, 0);
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (past >= spans[i].ms)
			return arena_printf(a, "%" PRId64 "%s ago", past / spans[i].ms, spans[i].unit);
	return S("now");
}

struct err *me_since(struct cli *c, str text, i64 otherwise_ms, str *ret_iso)
{
	i64 now_ms = clock_ms(&clock_real), ms;
	str full = text.len == 10 ? arena_printf(c->arena, "%.*sT00:00:00Z", STRF(text)) : text;

	if (str_empty(text))
		*ret_iso = time_iso(c->arena, now_ms - otherwise_ms);
	else if (time_from_duration(text, &ms))
		*ret_iso = time_iso(c->arena, MAX(now_ms - ms, 0));
	else if (time_from_iso(full, &ms))
		*ret_iso = time_iso(c->arena, ms);
	else
		return cli_invalid(c, S("since"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no time", STRF(text)),
				   S("24h, 2026-12-31, or 2026-12-31T08:00:00Z"));
	return NULL;
}

/* ---- me ---- */

struct mesh_view {
	str slug, mesh_id, name, role;
	i64 peers, online, topics, unread_mentions;
};
struct overview {
	struct mesh_view *items;
	size_t n;
	i64 peers, online, topics, unread;
};

static struct err *look_at(struct wire *w, void *arg)
{
	struct overview *all = arg;
	struct list_peers_args peers = { .members = true };
	struct topic_list_args topics = { 0 };
	struct notification_list_args mentions = { .unread = true, .limit = 1 };
	struct peers_list_args list;
	struct topic_list_response_args rooms;
	struct notification_list_response_args notes;
	struct mesh_view v = { .slug = w->mesh->slug, .mesh_id = w->mesh->meshId, .name = w->mesh->name };
	struct arena *a = w->c->arena;

	TRY(wire_call(w, a, "list_peers", list_peers_fields, &peers, peers_list_fields, &list, sizeof(list)));
	TRY(wire_call(w, a, "topic_list", topic_list_fields, &topics, topic_list_response_fields, &rooms, sizeof(rooms)));
	TRY(wire_call(w, a, "notification_list", notification_list_fields, &mentions, notification_list_response_fields,
		      &notes, sizeof(notes)));
	for (size_t i = 0; i < list.members.n; i++) {
		if (str_eq(list.members.items[i].memberId, w->mesh->memberId))
			v.role = list.members.items[i].role;
		v.online += list.members.items[i].online;
	}
	v.peers = (i64)list.members.n;
	v.topics = (i64)rooms.topics.n;
	v.unread_mentions = notes.unread;
	all->items[all->n++] = v;
	all->peers += v.peers;
	all->online += v.online;
	all->topics += v.topics;
	all->unread += v.unread_mentions;
	return NULL;
}

static void overview_json(struct cli *c, const struct overview *all)
{
	struct json_out *j = out_json(&c->out);

	out_json_list(&c->out, "meshes");
	for (size_t i = 0; i < all->n; i++) {
		const struct mesh_view *v = &all->items[i];

		json_obj(j);
		json_put_str(j, "meshId", v->mesh_id);
		json_put_str(j, "slug", v->slug);
		json_put_str(j, "name", v->name);
		json_put_str(j, "myRole", v->role);
		json_put_int(j, "peers", v->peers);
		json_put_int(j, "online", v->online);
		json_put_int(j, "topics", v->topics);
		json_put_int(j, "unreadMentions", v->unread_mentions);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
	out_json_end(&c->out);
}

static struct err *overview_run(struct cli *c, const void *flags UNUSED)
{
	struct overview all = { .items = NEW_ARRAY(c->arena, struct mesh_view, FIELD_LIST_MAX) };
	struct output *o = &c->out;

	TRY(wire_each(c, look_at, &all));
	if (o->json) {
		overview_json(c, &all);
		return NULL;
	}
	out_section(o, "workspace \xc2\xb7 %zu mesh%s", all.n, all.n == 1 ? "" : "es");
	out_span(o, TONE_PLAIN, "  %" PRId64 "/%" PRId64 " online \xc2\xb7 %" PRId64 " topics \xc2\xb7 %" PRId64
		 " unread @you", all.online, all.peers, all.topics, all.unread);
	out_end(o);
	out_end(o);
	for (size_t i = 0; i < all.n; i++) {
		const struct mesh_view *v = &all.items[i];

		out_row(o);
		out_span(o, TONE_BOLD, "  %.*s", STRF(v->slug));
		out_span(o, TONE_PLAIN, "  %" PRId64 "/%" PRId64 " online  %" PRId64 " topics", v->online, v->peers,
			 v->topics);
		out_span(o, TONE_DIM, "  %.*s", STRF(v->role));
		if (v->unread_mentions)
			out_span(o, TONE_CLAY, "  %" PRId64 " @you", v->unread_mentions);
		out_end(o);
	}
	return NULL;
}

/* ---- me topics ---- */

#define ME_TOPICS_FLAGS(F, T) F(T, bool, unread, "", 0, 0, "only those with something unread")
CLI_FLAGS(me_topics, ME_TOPICS_FLAGS);

struct topic_view { str slug; struct topic_entry_args t; };
struct topic_views { struct topic_view *items; size_t n; bool unread_only; };

static struct err *list_topics(struct wire *w, void *arg)
{
	struct topic_views *all = arg;
	struct topic_list_args args = { 0 };
	struct topic_list_response_args list;

	TRY(wire_call(w, w->c->arena, "topic_list", topic_list_fields, &args, topic_list_response_fields, &list,
		      sizeof(list)));
	for (size_t i = 0; i < list.topics.n && all->n < ME_ROWS_MAX; i++)
		if (!all->unread_only || list.topics.items[i].unread)
			all->items[all->n++] = (struct topic_view){ w->mesh->slug, list.topics.items[i] };
	return NULL;
}

/* The one with the newest post first; those never posted to come last, by name. */
static int by_last(const void *x, const void *y)
{
	const struct topic_view *a = x, *b = y;
	int order = str_cmp(b->t.lastMessageAt, a->t.lastMessageAt);

	return order ? order : str_cmp(a->t.name, b->t.name);
}

static struct err *topics_run(struct cli *c, const void *flags)
{
	const struct me_topics_flags *in = flags;
	struct topic_views all = { .items = NEW_ARRAY(c->arena, struct topic_view, ME_ROWS_MAX), .unread_only = in->unread };
	struct output *o = &c->out;

	TRY(wire_each(c, list_topics, &all));
	qsort(all.items, all.n, sizeof(*all.items), by_last);
	if (o->json) {
		struct json_out *j = out_json(o);

		out_json_list(o, "topics");
		for (size_t i = 0; i < all.n; i++) {
			json_obj(j);
			json_put_str(j, "meshSlug", all.items[i].slug);
			json_encode(j, topic_entry_fields, &all.items[i].t);
			json_obj_end(j);
		}
		out_json_list_end(o);
		out_json_end(o);
		return NULL;
	}
	out_section(o, "your topics (%zu)", all.n);
	for (size_t i = 0; i < all.n; i++) {
		const struct topic_view *v = &all.items[i];

		out_row(o);
		out_span(o, TONE_DIM, "  %.*s", STRF(v->slug));
		out_span(o, TONE_BOLD, "  #%.*s", STRF(v->t.name));
		if (v->t.unread)
			out_span(o, TONE_CLAY, "  %" PRId64 " unread", v->t.unread);
		else
			out_span(o, TONE_DIM, "  \xc2\xb7");
		out_span(o, TONE_DIM, "  %.*s", STRF(me_ago(c->arena, v->t.lastMessageAt)));
		out_end(o);
	}
	return NULL;
}

const struct command me_command = {
	.name = "me",
	.aliases = "me workspace, me overview",
	.arguments = "",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "me", "workspace"),
	.run = overview_run,
	.doc = "Shows all your meshes: who is there, and what waits for you.",
	.fields = "meshId slug name myRole peers online topics unreadMentions",
};

const struct command me_topics_command = {
	.name = "me topics",
	.arguments = "",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "me", "topics"),
	COMMAND_FLAGS(me_topics),
	.run = topics_run,
	.doc = "Lists the topics of all your meshes, the newest post first.",
	.fields = "meshSlug id name description visibility memberCount createdAt role unread lastSeq lastMessageAt "
		  "epoch stale plaintext",
};
