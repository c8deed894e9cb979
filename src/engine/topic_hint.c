/*
 * topic_hint.c - news about topics, for connections that list the capability "topics". Each says
 * that something is to be asked again, and no more.
 */
#include "engine/traffic.h"

#include <utlist.h>

#include "json/json.h"

enum { HINT_BYTES_MAX = 4096, HINT_BYTES = 512 /* about */ };

static struct block *written(const struct topic *t, str event, str what, const struct member *about, str message_id)
{
	struct buf b = buf_make(HINT_BYTES_MAX);
	struct json_out o = json_out(&b);
	struct block *block;

	json_obj(&o);
	json_put_str(&o, "topicId", str_from(t->id));
	json_put_str(&o, "topic", t->name);
	if (what.len)
		json_put_str(&o, "what", what);
	if (about)
		json_put_str(&o, "memberId", str_from(about->id));
	if (message_id.len)
		json_put_str(&o, "messageId", message_id);
	json_put_int(&o, "epoch", t->epoch);
	json_obj_end(&o);
	block = push_event(t->mesh, event, buf_str(&b));
	buf_done(&b);
	return block;
}

static void send(struct mesh *m, const struct conn_ref *to, size_t n, struct block *block)
{
	effects_send_many(m->engine->fx, to, n, block);
	if (n)
		effects_hint(m->engine->fx);
}

struct err *topic_news_may(struct req *rq)
{
	struct member *by = req_member(rq);
	i64 kb = rq->engine->settings.lists_kb_per_minute;

	if (!bucket_has(&by->lists, rq->engine->mono_ms, kb, kb))
		return FAIL(rq->arena, RATE_LIMIT, "too much at once; wait a minute");
	bucket_take_many(&by->lists, by->mesh->n_presences * HINT_BYTES / 1024 + 1);
	return NULL;
}

void topic_hint(struct topic *t, str event, str what, const struct member *about)
{
	struct mesh *m = t->mesh;
	struct conn_ref *to = NEW_ARRAY(m->engine->batch, struct conn_ref, (size_t)m->n_presences + 1);
	struct presence *p;
	size_t n = 0;

	if (m->engine->quiet)
		return;
	if (what.len && about)
		traffic_topic(t, what, about);
	DL_FOREACH(m->presences, p)
		if (p->topics && p->online && topic_is_seen(t, p->member))
			to[n++] = p->conn;
	if (n)
		send(m, to, n, written(t, event, what, about, STR_NONE));
}

void topic_hint_to(struct topic *t, const struct member *member, str event, const struct presence *but,
		   str message_id)
{
	struct mesh *m = t->mesh;
	size_t n = 0;
	struct conn_ref *to;
	struct presence *p;

	DL_FOREACH2(member->presences, p, member_next)
		n += p->topics && p->online && p != but;
	if (!n)
		return;
	to = NEW_ARRAY(m->engine->batch, struct conn_ref, n);
	n = 0;
	DL_FOREACH2(member->presences, p, member_next)
		if (p->topics && p->online && p != but)
			to[n++] = p->conn;
	send(m, to, n, written(t, event, STR_NONE, NULL, message_id));
}
