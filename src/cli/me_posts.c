/*
 * me_posts.c - `me notifications`, `me activity`, `me search`, `notification list`: posts of all
 * topics and meshes, opened here. The broker cannot look into them, so neither can its search.
 */
#include "cli/me.h"

#include <inttypes.h>

#include "cli/commands.h"
#include "cli/text.h"

enum { SNIPPET = 200, ACTIVITY_MAX = 200, SEARCH_MIN = 2, SEARCH_SHOWN = 50 };
static const i64 DAY_MS = 24 * 3600 * 1000;

/* ---- rows ---- */

struct err *me_add(struct cli *c, struct me_posts *posts, const struct me_post *post)
{
	if (!posts->items)
		posts->items = NEW_ARRAY(c->arena, struct me_post, ME_ROWS_MAX);
	if (posts->n == ME_ROWS_MAX)
		return FAIL(c->arena, TOO_LARGE, "more than %d rows", ME_ROWS_MAX);
	posts->items[posts->n++] = *post;
	return NULL;
}

static int newest(const void *x, const void *y)
{
	return str_cmp(((const struct me_post *)y)->created_at, ((const struct me_post *)x)->created_at);
}

void me_sort(struct me_posts *posts)
{
	if (posts->n)
		qsort(posts->items, posts->n, sizeof(*posts->items), newest);
}

str me_snippet(struct arena *a, str text, size_t max)
{
	str cut = text_cut(text, max);
	char *p = arena_cstr(a, cut);

	for (size_t i = 0; i < cut.len; i++)
		if (p[i] == '\n' || p[i] == '\t' || p[i] == '\r')
			p[i] = ' ';
	return arena_printf(a, "%.*s%s", STRF(str_of(p, cut.len)), cut.len < text.len ? "\xe2\x80\xa6" : "");
}

static void put_text(struct cli *c, const struct me_post *p, str mark)
{
	struct output *o = &c->out;
	str text = p->text.ptr ? me_snippet(c->arena, p->text, SNIPPET) : STR_NONE;
	size_t at = 0;

	out_row(o);
	out_span(o, TONE_PLAIN, "      ");
	if (!p->text.ptr)
		out_span(o, TONE_DIM, "(not readable: %.*s)", STRF(p->why));
	while (p->text.ptr && at < text.len) {
		size_t next = at;

		while (next < text.len && (!mark.len || next + mark.len > text.len ||
					   !str_eq_nocase(str_of(text.ptr + next, mark.len), mark)))
			next++;
		out_span(o, TONE_DIM, "%.*s", STRF(str_of(text.ptr + at, next - at)));
		if (next < text.len)
			out_span(o, TONE_YELLOW, "%.*s", STRF(str_of(text.ptr + next, mark.len)));
		at = next < text.len ? next + mark.len : next;
	}
	out_end(o);
}

static void rows_json(struct cli *c, const char *key, const struct me_posts *posts)
{
	struct json_out *j = &c->out.json_out;

	out_json_list(&c->out, key);
	for (size_t i = 0; i < posts->n; i++) {
		const struct me_post *p = &posts->items[i];

		json_obj(j);
		json_put_str(j, "messageId", p->id);
		json_put_str(j, "meshId", p->mesh_id);
		json_put_str(j, "meshSlug", p->slug);
		json_put_str(j, "topicId", p->topic_id);
		json_put_str(j, "topicName", p->topic);
		json_put_str(j, "senderName", p->sender);
		json_put_str(j, "senderMemberId", p->sender_id);
		json_put_str(j, "createdAt", p->created_at);
		json_put_str(j, "message", p->text);
		json_put_bool(j, "encrypted", p->encrypted);
		json_put_str(j, "unreadable", p->text.ptr ? STR_NONE : p->why);
		json_put_str(j, "authorship", p->authorship);
		json_put_bool(j, "unread", p->unread);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
}
#define POST_FIELDS "messageId meshId meshSlug topicId topicName senderName senderMemberId createdAt message " \
		    "encrypted unreadable authorship unread"

static void rows_print(struct cli *c, const struct me_posts *posts, str mark, bool dots)
{
	struct output *o = &c->out;

	for (size_t i = 0; i < posts->n; i++) {
		const struct me_post *p = &posts->items[i];

		out_row(o);
		if (dots)
			out_span(o, p->unread ? TONE_CLAY : TONE_DIM, "  %s", p->unread ? "\xe2\x97\x8f" : "\xc2\xb7");
		out_span(o, TONE_DIM, "  %.*s", STRF(p->slug));
		out_span(o, TONE_BOLD, "  #%.*s", STRF(p->topic));
		out_span(o, TONE_PLAIN, "  %.*s", STRF(p->sender));
		if (p->text.ptr && !str_eq(p->authorship, S("verified")))
			out_span(o, TONE_YELLOW, "  %.*s", STRF(p->authorship));
		out_span(o, TONE_DIM, "  %.*s  #%.*s", STRF(me_ago(c->arena, p->created_at)),
			 STRF(text_cut(p->id, SHORT_ID)));
		out_end(o);
		put_text(c, p, mark);
	}
}

/* ---- mentions ---- */

static void take_line(struct me_post *p, const struct topic_line *line)
{
	p->text = line->readable ? line->text : STR_NONE;
	p->why = line->why;
	p->encrypted = line->encrypted;
	p->authorship = topic_authorship(line);
}

struct err *me_mentions(struct wire *w, str since, bool unread, struct me_posts *posts, i64 *ret_unread)
{
	struct notification_list_args args = { .since = since, .unread = unread, .limit = TOPIC_PAGE_MAX };
	struct notification_list_response_args list;
	struct arena *a = w->c->arena;
	struct topics topics;

	TRY(wire_call(w, a, "notification_list", notification_list_fields, &args, notification_list_response_fields,
		      &list, sizeof(list)));
	TRY(topics_init(a, &w->client, w->mesh, wire_call, w, &topics));
	for (size_t i = 0; i < list.notifications.n; i++) {
		const struct notification_args *n = &list.notifications.items[i];
		struct topic_message_args m = {
			.id = n->id, .senderPubkey = n->senderPubkey, .nonce = n->nonce, .ciphertext = n->ciphertext,
			.bodyVersion = n->bodyVersion, .epoch = n->epoch, .client_message_id = n->client_message_id,
			.signature = n->signature, .signedReplyTo = n->signedReplyTo };
		struct me_post p = { .slug = w->mesh->slug, .mesh_id = w->mesh->meshId, .topic = n->topicName,
				     .topic_id = n->topicId, .id = n->id, .sender = n->senderName,
				     .sender_id = n->senderMemberId, .created_at = n->createdAt,
				     .unread = str_empty(n->readAt) };
		struct topic_line *line;

		TRY(topics_lines(&topics, n->topicId, &m, 1, &line));
		take_line(&p, line);
		TRY(me_add(w->c, posts, &p));
	}
	*ret_unread += list.unread;
	return NULL;
}

#define ME_NOTIFICATIONS_FLAGS(F, T) \
	F(T, bool, all, "", 0, 0, "also those that were read") \
	F(T, str, since, "TIME", 1, 64, "24h, or a date; default 7d")
CLI_FLAGS(me_notifications, ME_NOTIFICATIONS_FLAGS);

struct mentions { struct me_posts posts; str since; bool unread; i64 n_unread; };

static struct err *mentions_of_mesh(struct wire *w, void *arg)
{
	struct mentions *m = arg;

	return me_mentions(w, m->since, m->unread, &m->posts, &m->n_unread);
}

static struct err *notifications_run(struct cli *c, const void *flags)
{
	const struct me_notifications_flags *in = flags;
	struct mentions m = { .unread = !in->all };

	TRY(me_since(c, in->since, 7 * DAY_MS, &m.since));
	TRY(wire_each(c, mentions_of_mesh, &m));
	me_sort(&m.posts);
	if (c->out.json) {
		out_json(&c->out);
		rows_json(c, "notifications", &m.posts);
		json_put_int(&c->out.json_out, "unread", m.n_unread);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "mentions of you (%zu)", m.posts.n);
	rows_print(c, &m.posts, STR_NONE, true);
	if (!m.posts.n)
		out_info(&c->out, in->all ? "(none)" : "(none unread)");
	return NULL;
}

/* ---- what was posted ---- */

struct activity {
	struct me_posts posts;
	str since, query;        /* query: only what has it */
	struct topic_entry_args *topics; /* whose names have it */
	str *topic_slugs;
	size_t n_topics;
};

static bool has(str text, str query)
{
	for (size_t i = 0; i + query.len <= text.len; i++)
		if (str_eq_nocase(str_of(text.ptr + i, query.len), query))
			return true;
	return false;
}

static struct err *read_topic(struct topics *topics, struct wire *w, const struct topic_entry_args *t,
			      struct activity *all)
{
	struct topic_history_args args = { .topic = t->id, .limit = TOPIC_PAGE_MAX };
	struct topic_history_response_args page;
	struct topic_line *lines;

	TRY(topics_history(topics, &args, &page, &lines));
	for (size_t i = 0; i < page.messages.n; i++) {
		const struct topic_message_args *m = &page.messages.items[i];
		struct me_post p = { .slug = w->mesh->slug, .mesh_id = w->mesh->meshId, .topic = t->name,
				     .topic_id = t->id, .id = m->id, .sender = m->senderName,
				     .sender_id = m->senderMemberId, .created_at = m->createdAt };

		take_line(&p, &lines[i]);
		if (all->query.len ? !p.text.ptr || !has(p.text, all->query)
				   : str_cmp(m->createdAt, all->since) < 0 ||
					     str_eq(m->senderMemberId, w->mesh->memberId))
			continue;
		TRY(me_add(w->c, &all->posts, &p));
	}
	return NULL;
}

static struct err *read_mesh(struct wire *w, void *arg)
{
	struct activity *all = arg;
	struct topic_list_args args = { 0 };
	struct topic_list_response_args list;
	struct topics topics;

	TRY(wire_call(w, w->c->arena, "topic_list", topic_list_fields, &args, topic_list_response_fields, &list,
		      sizeof(list)));
	TRY(topics_init(w->c->arena, &w->client, w->mesh, wire_call, w, &topics));
	for (size_t i = 0; i < list.topics.n; i++) {
		const struct topic_entry_args *t = &list.topics.items[i];

		if (all->query.len && all->n_topics < ME_ROWS_MAX &&
		    (has(t->name, all->query) || has(t->description, all->query))) {
			all->topic_slugs[all->n_topics] = w->mesh->slug;
			all->topics[all->n_topics++] = *t;
		}
		if (t->lastSeq && (all->query.len || str_cmp(t->lastMessageAt, all->since) >= 0))
			TRY(read_topic(&topics, w, t, all));
	}
	return NULL;
}

#define ME_ACTIVITY_FLAGS(F, T) F(T, str, since, "TIME", 1, 64, "24h (default), or a date")
CLI_FLAGS(me_activity, ME_ACTIVITY_FLAGS);

static struct err *activity_run(struct cli *c, const void *flags)
{
	const struct me_activity_flags *in = flags;
	struct activity all = { 0 };

	TRY(me_since(c, in->since, DAY_MS, &all.since));
	TRY(wire_each(c, read_mesh, &all));
	me_sort(&all.posts);
	all.posts.n = MIN(all.posts.n, (size_t)ACTIVITY_MAX);
	if (c->out.json) {
		out_json(&c->out);
		rows_json(c, "activity", &all.posts);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "activity (%zu)", all.posts.n);
	rows_print(c, &all.posts, STR_NONE, false);
	return NULL;
}

static void topics_json(struct cli *c, const struct activity *all)
{
	struct json_out *j = &c->out.json_out;

	out_json_list(&c->out, "topics");
	for (size_t i = 0; i < all->n_topics; i++) {
		json_obj(j);
		json_put_str(j, "meshSlug", all->topic_slugs[i]);
		json_put_str(j, "topicId", all->topics[i].id);
		json_put_str(j, "topicName", all->topics[i].name);
		json_put_str(j, "description", all->topics[i].description);
		json_obj_end(j);
	}
	out_json_list_end(&c->out);
}

static struct err *search_run(struct cli *c, const void *flags UNUSED)
{
	struct activity all = { .query = c->args[0] };
	struct output *o = &c->out;

	if (all.query.len < SEARCH_MIN)
		return cli_invalid(c, S("query"), "too_short", S("that is found everywhere"),
				   S("2 characters or more"));
	all.topics = NEW_ARRAY(c->arena, struct topic_entry_args, ME_ROWS_MAX);
	all.topic_slugs = NEW_ARRAY(c->arena, str, ME_ROWS_MAX);
	TRY(wire_each(c, read_mesh, &all));
	me_sort(&all.posts);
	if (o->json) {
		out_json(o);
		topics_json(c, &all);
		rows_json(c, "messages", &all.posts);
		out_json_end(o);
		return NULL;
	}
	out_section(o, "topics (%zu)", all.n_topics);
	for (size_t i = 0; i < all.n_topics; i++) {
		out_row(o);
		out_span(o, TONE_DIM, "  %.*s", STRF(all.topic_slugs[i]));
		out_span(o, TONE_BOLD, "  #%.*s", STRF(all.topics[i].name));
		out_span(o, TONE_DIM, "  %.*s", STRF(all.topics[i].description));
		out_end(o);
	}
	out_section(o, "messages (%zu)", all.posts.n);
	all.posts.n = MIN(all.posts.n, (size_t)SEARCH_SHOWN);
	rows_print(c, &all.posts, all.query, false);
	return NULL;
}

const struct command me_notifications_command = {
	.name = "me notifications",
	.aliases = "me notifs, notification list, notifications",
	.arguments = "",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "me", "notifications"),
	COMMAND_FLAGS(me_notifications),
	.run = notifications_run,
	.doc = "Lists where somebody mentioned you, in all your meshes.",
	.fields = POST_FIELDS,
};

const struct command me_activity_command = {
	.name = "me activity",
	.arguments = "",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "me", "activity"),
	COMMAND_FLAGS(me_activity),
	.run = activity_run,
	.doc = "Lists what others posted lately, in all your meshes.",
	.fields = POST_FIELDS,
};

const struct command me_search_command = {
	.name = "me search",
	.arguments = "QUERY",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "me", "search"),
	.run = search_run,
	.doc = "Looks for a text in the last 200 posts of each topic.",
	.more = "Posts are opened and searched on this machine: the broker cannot read them.",
	.fields = POST_FIELDS " description",
};
