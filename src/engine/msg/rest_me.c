/*
 * rest_me.c - overviews of the key's member, by REST: its topics, mentions, what was posted.
 *
 * The reference's reach into every mesh of a user whatever the key is for (A5 of
 * http-data-web.md 13.1); here a key shows its own mesh, and of that the topics that it is for.
 * Each walks over a bounded number of posts.
 */
#include "engine/bearer.h"
#include "engine/msg/msg.h"
#include "engine/rest.h"
#include "engine/topic.h"
#include "proto/enums.h"
#include "proto/rest.h"
#include "proto/rest_me.h"

#include "crypto/encode.h"

enum {
	SNIPPET_BYTES = 240,
	ME_NOTIFICATIONS_MAX = 100,
	ACTIVITY_MAX = 200, ACTIVITY_TOPICS = 50,
	SEARCH_TOPICS = 10, SEARCH_POSTS = 2000, SEARCH_DEFAULT = 50, QUERY_MIN = 2,
	LOOKED_AT_BYTES_MAX = 8 << 20, /* of bodies, for one answer */
};
static const i64 DAY_MS = 24 * 3600 * 1000;

/* Those that the member may see and the key is for. */
static struct topic **topics_of(struct req *rq, size_t *ret_n)
{
	struct topic **seen;
	size_t n, kept = 0;

	topics_seen(rq, &seen, &n);
	for (size_t i = 0; i < n; i++)
		if (topic_in_scope(rq, str_from(seen[i]->id)))
			seen[kept++] = seen[i];
	*ret_n = kept;
	return seen;
}

static int by_last(const void *a, const void *b)
{
	const struct topic *x = *(struct topic *const *)a, *y = *(struct topic *const *)b;

	return x->last_ms < y->last_ms ? 1 : x->last_ms > y->last_ms ? -1 : str_cmp(x->name, y->name);
}

static struct topic **topics_by_last(struct req *rq, size_t *ret_n)
{
	struct topic **topics = topics_of(rq, ret_n);

	if (*ret_n)
		qsort(topics, *ret_n, sizeof(*topics), by_last);
	return topics;
}

static i64 count_online(const struct mesh *m)
{
	const struct member *member;
	i64 n = 0;

	for (member = m->members; member; member = member->hh.next)
		n += !member->hidden && member_has_session_online(member);
	return n;
}

static struct err *workspace_run(struct req *rq, const void *args UNUSED)
{
	const struct caller *who = rq->caller;
	const struct mesh *m = who->mesh;
	struct me_mesh_args *mesh = NEW(rq->arena, struct me_mesh_args);
	struct me_workspace_args out = { .userId = str_from(who->member->id), .meshes = { mesh, 1, true } };
	const struct member *member;
	struct topic **topics;
	size_t n;

	topics = topics_of(rq, &n);
	*mesh = (struct me_mesh_args){
		.meshId = str_from(m->id), .slug = m->slug, .name = m->name, .memberId = out.userId,
		.myRole = enum_word(role_words, (int)who->member->role),
		.joinedAt = time_iso(rq->arena, who->member->created_ms), .topics = (i64)n,
		.online = count_online(m),
	};
	for (member = m->members; member; member = member->hh.next)
		mesh->peers += !member->revoked_ms;
	for (size_t i = 0; i < n; i++)
		mesh->unread += topic_unread(topics[i], who->member);
	if (!who->topics)
		TRY(notifications_unread(rq, &mesh->unreadMentions));
	out.totals = (struct me_totals_args){ true, 1, mesh->peers, mesh->online, mesh->topics,
					      mesh->unreadMentions };
	req_answer(rq, 200, me_workspace_fields, &out);
	return NULL;
}

static struct err *topics_run(struct req *rq, const void *args UNUSED)
{
	const struct mesh *m = rq->caller->mesh;
	struct me_topics_args out = { .topics = { .present = true }, .totals = { .present = true } };
	struct topic **topics;
	size_t n;

	topics = topics_by_last(rq, &n);
	out.topics.items = NEW_ARRAY(rq->arena, struct me_topic_args, n);
	for (size_t i = 0; i < n; i++) {
		struct topic_entry_args t = topic_entry_of(rq, topics[i]);

		out.topics.items[i] = (struct me_topic_args){
			.topicId = t.id, .name = t.name, .description = t.description, .visibility = t.visibility,
			.createdAt = t.createdAt, .meshId = str_from(m->id), .meshSlug = m->slug,
			.meshName = m->name, .memberId = str_from(rq->caller->member->id), .unread = t.unread,
			.lastMessageAt = t.lastMessageAt,
		};
		out.totals.unread += t.unread;
	}
	out.topics.n = n;
	out.totals.topics = (i64)n;
	req_answer(rq, 200, me_topics_fields, &out);
	return NULL;
}

/* The text of a body of version 1; STR_NONE of what is none. */
static str text_of(struct arena *a, str ciphertext, i64 body_version)
{
	str text;

	if (body_version == 2 || !base64_decode(a, ciphertext, &text) || !str_is_utf8(text))
		return STR_NONE;
	return text;
}

/* Whole characters only. */
static str snippet(str text)
{
	size_t n = MIN(text.len, (size_t)SNIPPET_BYTES);

	while (n && n < text.len && ((u8)text.ptr[n] & 0xc0) == 0x80)
		n--;
	return text.ptr ? str_of(text.ptr, n) : text;
}

static struct err *take_since(struct req *rq, str text, i64 days, i64 *ret_ms)
{
	*ret_ms = rq->engine->now_ms - days * DAY_MS;
	if (!text.ptr || time_from_iso(text, ret_ms))
		return NULL;
	return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'since': an ISO time in UTC, as 2026-01-02T03:04:05Z"),
			S("invalid_since"));
}

static struct err *notifications_run(struct req *rq, const void *args)
{
	const struct me_notifications_query_args *in = args;
	const struct mesh *m = rq->caller->mesh;
	struct notification_page page = { .unread = !str_eq(in->include, S("all")), .limit = ME_NOTIFICATIONS_MAX };
	struct me_notifications_args out = { .notifications = { .present = true }, .totals = { .present = true } };
	struct notification_list list = { 0 };

	TRY(take_since(rq, in->since, 7, &page.since_ms));
	TRY(notifications_list(rq, &page, &list));
	out.notifications.items = NEW_ARRAY(rq->arena, struct me_notification_args, list.n);
	for (size_t i = 0; i < list.n; i++) {
		const struct notification_args *n = &list.items[i];
		bool sealed = n->bodyVersion == 2;

		if (!topic_in_scope(rq, n->topicId))
			continue;
		out.notifications.items[out.notifications.n++] = (struct me_notification_args){
			.notificationId = n->notificationId, .messageId = n->id, .topicId = n->topicId,
			.topicName = n->topicName, .meshId = str_from(m->id), .meshSlug = m->slug,
			.meshName = m->name, .senderName = n->senderName,
			.snippet = snippet(text_of(rq->arena, n->ciphertext, n->bodyVersion)),
			.ciphertext = sealed ? n->ciphertext : STR_NONE, .nonce = sealed ? n->nonce : STR_NONE,
			.bodyVersion = n->bodyVersion, .epoch = n->epoch, .read = n->readAt.ptr != NULL,
			.readAt = n->readAt, .createdAt = n->createdAt,
		};
		out.totals.unread += !n->readAt.ptr;
	}
	out.totals.total = (i64)out.notifications.n;
	req_answer(rq, 200, me_notifications_fields, &out);
	return NULL;
}

static struct me_event_args event_of(struct req *rq, const struct topic *t, const struct topic_message_args *m)
{
	const struct mesh *mesh = rq->caller->mesh;
	bool sealed = m->bodyVersion == 2;

	return (struct me_event_args){
		.messageId = m->id, .topicId = str_from(t->id), .topicName = t->name,
		.meshId = str_from(mesh->id), .meshSlug = mesh->slug, .meshName = mesh->name,
		.senderName = m->senderName, .senderMemberId = m->senderMemberId,
		.snippet = snippet(text_of(rq->arena, m->ciphertext, m->bodyVersion)),
		.ciphertext = sealed ? m->ciphertext : STR_NONE, .nonce = sealed ? m->nonce : STR_NONE,
		.bodyVersion = m->bodyVersion, .epoch = m->epoch, .createdAt = m->createdAt,
	};
}

/* ISO times of one form are in the order of their texts. */
static int newest_first(const void *a, const void *b)
{
	const struct me_event_args *x = a, *y = b;
	int later = str_cmp(y->createdAt, x->createdAt);

	return later ? later : str_cmp(y->messageId, x->messageId);
}

static size_t bytes_of(const struct topic_message_list *list)
{
	size_t bytes = 0;

	for (size_t i = 0; i < list->n; i++)
		bytes += list->items[i].ciphertext.len;
	return bytes;
}

/* For looking, whatever the answer has of it. */
static void charge(struct req *rq, size_t bytes)
{
	bucket_take_many(&rq->caller->member->lists, (i64)(bytes / 1024));
}

static struct err *activity_run(struct req *rq, const void *args)
{
	const struct me_activity_query_args *in = args;
	struct me_activity_args out = { .activity = { .present = true }, .totals = { .present = true } };
	struct topic **topics;
	size_t n, found = 0, bytes = 0;
	i64 since_ms;
	str since;

	TRY(take_since(rq, in->since, 1, &since_ms));
	since = time_iso(rq->arena, since_ms);
	topics = topics_by_last(rq, &n);
	n = MIN(n, (size_t)ACTIVITY_TOPICS);
	out.activity.items = NEW_ARRAY(rq->arena, struct me_event_args, n * ACTIVITY_MAX + 1);
	for (size_t i = 0; i < n && topics[i]->last_ms >= since_ms && bytes < LOOKED_AT_BYTES_MAX; i++) {
		struct topic_page page = { .limit = ACTIVITY_MAX, .member_pubkeys = true };
		struct topic_message_list list = { 0 };
		bool more;

		TRY(topic_history(rq, topics[i], &page, &list, &more));
		bytes += bytes_of(&list);
		for (size_t k = 0; k < list.n && str_cmp(list.items[k].createdAt, since) >= 0; k++)
			if (!str_eq(list.items[k].senderMemberId, str_from(rq->caller->member->id)))
				out.activity.items[found++] = event_of(rq, topics[i], &list.items[k]);
	}
	charge(rq, bytes);
	qsort(out.activity.items, found, sizeof(*out.activity.items), newest_first);
	out.activity.n = MIN(found, (size_t)ACTIVITY_MAX);
	out.totals.events = (i64)out.activity.n;
	req_answer(rq, 200, me_activity_fields, &out);
	return NULL;
}

/* ASCII in lower case. */
static str lower(struct arena *a, str text)
{
	char *copy = arena_alloc(a, text.len + 1);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] + 'a' - 'A') : text.ptr[i];
	return str_of(copy, text.len);
}

/* Without case, as far as ASCII has any; part is in lower case. Its time does not depend on what they are. */
static bool has_part(struct arena *a, str text, str part)
{
	return text.len >= part.len && memmem(lower(a, text).ptr, text.len, part.ptr, part.len);
}

struct looked_at { size_t posts, bytes; };

static struct err *search_topic(struct req *rq, struct topic *t, str part, struct looked_at *at, size_t limit,
				struct me_found_message_list *found)
{
	struct topic_page page = { .limit = TOPIC_PAGE_MAX, .member_pubkeys = true };
	const struct mesh *m = rq->caller->mesh;
	bool more = true;

	while (more && at->posts < SEARCH_POSTS && at->bytes < LOOKED_AT_BYTES_MAX && found->n < limit) {
		struct topic_message_list list = { 0 };

		TRY(topic_history(rq, t, &page, &list, &more));
		at->posts += list.n;
		at->bytes += bytes_of(&list);
		for (size_t i = 0; i < list.n && found->n < limit; i++) {
			const struct topic_message_args *p = &list.items[i];
			str text = text_of(rq->arena, p->ciphertext, p->bodyVersion);

			if (!has_part(rq->arena, text, part))
				continue;
			found->items[found->n++] = (struct me_found_message_args){
				.messageId = p->id, .topicId = str_from(t->id), .topicName = t->name,
				.meshId = str_from(m->id), .meshSlug = m->slug, .senderName = p->senderName,
				.snippet = snippet(text), .bodyVersion = p->bodyVersion,
				.createdAt = p->createdAt,
			};
		}
		if (list.n)
			page.before_id = list.items[list.n - 1].id;
	}
	return NULL;
}

static int found_newest_first(const void *a, const void *b)
{
	const struct me_found_message_args *x = a, *y = b;
	int later = str_cmp(y->createdAt, x->createdAt);

	return later ? later : str_cmp(y->messageId, x->messageId);
}

static struct err *search_run(struct req *rq, const void *args)
{
	const struct me_search_query_args *in = args;
	const struct mesh *m = rq->caller->mesh;
	struct me_search_args out = { .query = in->q.ptr ? in->q : S(""), .topics = { .present = true },
				      .messages = { .present = true }, .totals = { .present = true } };
	size_t limit = in->limit ? (size_t)in->limit : SEARCH_DEFAULT, n;
	struct topic **topics = topics_by_last(rq, &n);
	str part = lower(rq->arena, out.query);
	struct looked_at at = { 0 };

	out.topics.items = NEW_ARRAY(rq->arena, struct me_found_topic_args, n);
	out.messages.items = NEW_ARRAY(rq->arena, struct me_found_message_args, limit);
	for (size_t i = 0; i < n && in->q.len >= QUERY_MIN; i++) {
		const struct topic *t = topics[i];

		if (has_part(rq->arena, t->name, part) || has_part(rq->arena, t->description, part))
			out.topics.items[out.topics.n++] = (struct me_found_topic_args){
				.id = str_from(t->id), .name = t->name,
				.description = t->description.len ? t->description : STR_NONE,
				.meshId = str_from(m->id), .meshSlug = m->slug, .meshName = m->name,
			};
		if (i < SEARCH_TOPICS)
			TRY(search_topic(rq, topics[i], part, &at, limit, &out.messages));
	}
	charge(rq, at.bytes);
	if (out.messages.n)
		qsort(out.messages.items, out.messages.n, sizeof(*out.messages.items), found_newest_first);
	out.totals.topics = (i64)out.topics.n;
	out.totals.messages = (i64)out.messages.n;
	req_answer(rq, 200, me_search_fields, &out);
	return NULL;
}

const struct op msg_rest_me[] = {
	REST("me_workspace", rest_none, "GET", "/api/v1/me/workspace", CAP_READ, 0, workspace_run, 200,
	     me_workspace_fields, "", "Counts what there is for the key's member."),
	REST("me_topics", rest_none, "GET", "/api/v1/me/topics", CAP_READ, 0, topics_run, 200,
	     me_topics_fields, "", "Lists topics, those posted to last first."),
	REST("me_notifications", me_notifications_query, "GET", "/api/v1/me/notifications", CAP_READ, 0,
	     notifications_run, 200, me_notifications_fields, "invalid_since",
	     "Lists mentions, with the start of what was said."),
	REST("me_activity", me_activity_query, "GET", "/api/v1/me/activity", CAP_READ, 0, activity_run, 200,
	     me_activity_fields, "invalid_since", "Lists what others posted lately, in all topics."),
	REST("me_search", me_search_query, "GET", "/api/v1/me/search", CAP_READ, 0, search_run, 200,
	     me_search_fields, "", "Finds topics, and posts that are not encrypted."),
	{ 0 }
};
