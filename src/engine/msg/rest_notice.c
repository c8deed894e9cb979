/*
 * rest_notice.c - mentions of the key's member, by REST.
 */
#include "engine/bearer.h"
#include "engine/msg/msg.h"
#include "engine/rest.h"
#include "engine/topic.h"
#include "proto/rest_topic.h"

static const i64 DAY_MS = 24 * 3600 * 1000;

static struct err *take_time(struct req *rq, str text, const char *field, i64 *ret_ms)
{
	if (!text.ptr || time_from_iso(text, ret_ms))
		return NULL;
	return err_word(FAIL(rq->arena, BAD_REQUEST, "field '%s': an ISO time in UTC, as 2026-01-02T03:04:05Z", field),
			strcmp(field, "since") == 0 ? S("invalid_since") : S("invalid_before"));
}

/* Those of topics that the key is for. */
static void keep_in_scope(struct req *rq, struct notification_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (topic_in_scope(rq, list->items[i].topicId))
			list->items[n++] = list->items[i];
	list->n = n;
}

static struct err *list_run(struct req *rq, const void *args)
{
	const struct rest_notifications_args *in = args;
	struct notification_page page = { .since_ms = rq->engine->now_ms - DAY_MS, .unread = in->unread,
					  .limit = in->limit, .before_id = in->before };
	struct rest_notification_list_args out = { .mentionedAs = rq->caller->member->name };

	TRY(take_time(rq, in->since, "since", &page.since_ms));
	TRY(notifications_list(rq, &page, &out.notifications));
	keep_in_scope(rq, &out.notifications);
	out.since = time_iso(rq->arena, page.since_ms);
	req_answer(rq, 200, rest_notification_list_fields, &out);
	return NULL;
}

static struct err *read_run(struct req *rq, const void *args)
{
	const struct rest_notifications_read_args *in = args;
	struct rest_notifications_marked_args out = { .readAt = time_iso(rq->arena, rq->engine->now_ms) };
	i64 before_ms = 0;

	if (rq->caller->topics)
		return err_word(FAIL(rq->arena, FORBIDDEN, "marks mentions of all topics; the API key is for some"),
				S("api_key_topic_out_of_scope"));
	if (in->all == (in->ids.n > 0))
		return FAIL(rq->arena, BAD_REQUEST, "field 'ids': either it or 'all', and not empty");
	TRY(take_time(rq, in->before, "before", &before_ms));
	TRY(notifications_read(rq, &in->ids, in->all, before_ms, &out.marked));
	req_answer(rq, 200, rest_notifications_marked_fields, &out);
	return NULL;
}

const struct op msg_rest_notice[] = {
	REST("notifications", rest_notifications, "GET", "/api/v1/notifications", CAP_READ, 0, list_run, 200,
	     rest_notification_list_fields, "invalid_since", "Lists mentions of the key's member."),
	REST("notifications_read", rest_notifications_read, "POST", "/api/v1/notifications/read", CAP_READ, 0,
	     read_run, 200, rest_notifications_marked_fields, "invalid_before", "Marks mentions as read."),
	{ 0 }
};
