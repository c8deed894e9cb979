/*
 * rest_stream.c - a topic as a stream of server-sent events.
 *
 * What was missed is read and the reader added in one event of the engine, so nothing is between
 * the two. `ready` has the id to come back with as long as nothing else was posted.
 */
#include "engine/bearer.h"
#include "engine/msg/msg.h"
#include "engine/reader.h"
#include "engine/rest.h"
#include "engine/topic.h"
#include "proto/rest_topic.h"

enum {
	MISSED_MAX = 1000,            /* posts that a reader gets at once when it comes back */
	MISSED_BYTES_MAX = 512 << 10,
	STREAM_START_MAX = 4 << 20,
};

/* The id of `ready` in a topic where nothing was posted yet. */
#define START_ID S("start")

static void put_ready(struct req *rq, struct buf *b, const struct topic *t, str id)
{
	struct buf data = buf_make(STREAM_START_MAX);
	struct json_out o = json_out(&data);
	struct block *block;

	json_obj(&o);
	json_put_str(&o, "topic", t->name);
	json_put_str(&o, "topicId", str_from(t->id));
	json_put_str(&o, "connectedAt", time_iso(rq->arena, rq->engine->now_ms));
	json_obj_end(&o);
	block = reader_event("ready", buf_str(&data), id);
	buf_add(b, S("retry: 2000\n"));
	buf_add(b, block_str(block));
	block_unref(block);
	buf_done(&data);
}

static void put_reset(struct buf *b, const char *why, str id)
{
	char data[128];
	struct block *block;

	snprintf(data, sizeof(data), "{\"reason\":\"%s\"}", why);
	block = reader_event("reset", str_from(data), id);
	buf_add(b, block_str(block));
	block_unref(block);
}

static struct err *newest_id(struct req *rq, struct topic *t, str *ret_id)
{
	struct topic_page page = { .limit = 1 };
	struct topic_message_list list = { 0 };
	bool more;

	TRY(topic_history(rq, t, &page, &list, &more));
	*ret_id = list.n ? list.items[0].id : START_ID;
	return NULL;
}

/* What came after the id; *ret_all false: it is too much, what is kept from the reader included. */
static struct err *put_missed(struct req *rq, struct buf *b, struct topic *t, str after_id, bool *ret_all)
{
	struct topic_page page = { .limit = TOPIC_PAGE_MAX, .member_pubkeys = true };
	bool more = true;
	size_t posts = 0, bytes = 0;

	if (str_eq(after_id, START_ID))
		page.after_start = true;
	else
		page.after_id = after_id;
	*ret_all = false;
	while (more) {
		struct topic_message_list list = { 0 };
		struct topic_read read;

		TRY(topic_followed(rq, t, &page, &list, &read, &more));
		for (size_t i = 0; i < list.n; i++) {
			struct block *block = reader_message(&list.items[i]);

			buf_add(b, block_str(block));
			block_unref(block);
		}
		posts += read.posts;
		bytes += read.bytes;
		if (!read.last_id.len)
			break;
		if (b->full || (more && (posts >= MISSED_MAX || MAX(bytes, b->len) > MISSED_BYTES_MAX)))
			return NULL;
		page.after_start = false;
		page.after_id = read.last_id;
	}
	*ret_all = true;
	return NULL;
}

static struct err *start(struct req *rq, struct topic *t, str last_id, struct buf *b)
{
	struct err *unknown = NULL;
	bool all = false;
	str newest;
	i64 seq;

	TRY(newest_id(rq, t, &newest));
	if (!last_id.len) {
		put_ready(rq, b, t, newest);
		return NULL;
	}
	if (!str_eq(last_id, START_ID))
		unknown = topic_seq_of(rq, t, last_id, &seq);
	if (unknown && unknown->code != ERR_NOT_FOUND)
		return unknown;
	put_ready(rq, b, t, S(""));
	if (!unknown) {
		size_t mark = b->len;

		TRY(put_missed(rq, b, t, last_id, &all));
		if (!all) {
			b->len = mark;
			b->full = false;
		}
	}
	if (!all)
		put_reset(b, unknown ? "unknown id" : "too much was missed", newest);
	return NULL;
}

static struct err *stream_run(struct req *rq, const void *args)
{
	const struct rest_stream_args *in = args;
	CLEANUP(buf_done) struct buf b = buf_make(STREAM_START_MAX);
	struct topic *t;

	TRY(topic_find_name(rq, in->topic, &t));
	TRY(start(rq, t, in->lastEventId, &b));
	if (b.full)
		return FAIL(rq->arena, TOO_LARGE, "too much was missed; read the topic's messages");
	TRY(reader_add(rq, t->no, block_new(buf_str(&b))));
	bucket_take_many(&rq->caller->member->lists, (i64)(b.len / 1024));
	return NULL;
}

const struct op msg_rest_stream[] = {
	REST("topic_stream", rest_stream, "GET", "/api/v1/topics/:topic/stream", CAP_READ, REST_STREAM,
	     stream_run, 200, rest_messages_fields, "topic_not_found too_many_streams",
	     "Follows a topic: events ready, message, heartbeat, reset, error."),
	{ 0 }
};
