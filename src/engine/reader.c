#include "engine/reader.h"

#include <utlist.h>

#include "engine/grant.h"
#include "engine/topic.h"

enum { EVENT_MORE = 256, MESSAGE_EVENT_MAX = 4 << 20 };

/* Those of one topic, side by side, as an effect wants them. */
struct audience {
	UT_hash_handle hh;            /* mesh->audiences, by topic_no */
	i64 topic_no;
	struct conn_ref *conns;
	struct reader **readers;      /* of each */
	size_t n, cap;
};

struct reader {
	UT_hash_handle hh;            /* engine->readers, by conn */
	struct mesh *mesh;
	struct audience *audience;
	size_t at;                    /* in it */
	struct conn_ref conn;
	struct member *member;
	i64 made_in;
	u8 digest[DIGEST_BYTES];      /* of its key */
	struct timer over;            /* when that expires */
};

struct block *reader_event(const char *event, str data, str id)
{
	struct buf b = buf_make(data.len + id.len + EVENT_MORE);
	struct block *block;

	buf_printf(&b, "event: %s\ndata: ", event);
	buf_add(&b, data);
	if (id.len)
		buf_printf(&b, "\nid: %.*s", STRF(id));
	buf_add(&b, S("\n\n"));
	block = block_new(buf_str(&b));
	buf_done(&b);
	return block;
}

struct block *reader_message(const struct topic_message_args *m)
{
	struct buf b = buf_make(MESSAGE_EVENT_MAX);
	struct json_out o = json_out(&b);
	struct block *block;

	json_obj(&o);
	json_encode(&o, topic_message_fields, m);
	json_obj_end(&o);
	block = reader_event("message", buf_str(&b), m->id);
	buf_done(&b);
	return block;
}

static struct audience *audience_of(const struct mesh *m, i64 topic_no)
{
	struct audience *a;

	HASH_FIND(hh, m->audiences, &topic_no, sizeof(topic_no), a);
	return a;
}

bool topic_has_readers(const struct mesh *m, i64 topic_no)
{
	return audience_of(m, topic_no) != NULL;
}

/* Those of the audience that want the post. */
static size_t who_wants(const struct topic *t, const struct audience *a, const struct post_row *post,
			struct conn_ref **ret_conns)
{
	struct conn_ref *conns = a->conns;
	struct topic_sub *sub;
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (grant_allows_post(a->readers[i]->member, post)) {
			conns[n++] = a->conns[i];
			continue;
		}
		sub = topic_sub(t, a->readers[i]->member);
		if (sub)
			grant_dropped_post(sub, post);
		if (conns != a->conns)
			continue;
		conns = NEW_ARRAY(t->mesh->engine->batch, struct conn_ref, a->n);
		memcpy(conns, a->conns, n * sizeof(*conns));
	}
	*ret_conns = conns;
	return n;
}

void readers_tell(const struct topic *t, const struct post_row *post, struct block *event)
{
	struct audience *a = audience_of(t->mesh, t->no);
	struct conn_ref *conns;
	size_t n = a ? who_wants(t, a, post, &conns) : 0;

	if (n)
		effects_events(t->mesh->engine->fx, conns, n, event);
	else
		block_unref(event);
}

/* Out of its audience, whose last one takes its place. */
static void leave(struct reader *r)
{
	struct audience *a = r->audience;
	size_t last = --a->n;

	a->conns[r->at] = a->conns[last];
	a->readers[r->at] = a->readers[last];
	a->readers[r->at]->at = r->at;
	if (a->n)
		return;
	HASH_DELETE(hh, r->mesh->audiences, a);
	free(a->conns);
	free(a->readers);
	free(a);
}

static void reader_free(struct reader *r)
{
	struct engine *e = r->mesh->engine;

	leave(r);
	r->mesh->n_readers--;
	r->member->n_readers--;
	timer_clear(&e->timers, &r->over);
	HASH_DELETE(hh, e->readers, r);
	free(r);
}

/* Whatever becomes of the commit: who may not read is not to read on. */
static void reader_end(struct reader *r, const char *why)
{
	struct effects *fx = r->mesh->engine->fx;
	char data[EVENT_MORE];

	snprintf(data, sizeof(data), "{\"error\":\"%s\"}", why);
	effects_event_last(fx, r->conn, reader_event("error", str_from(data), S("")));
	effects_anyway(fx);
	reader_free(r);
}

static void over(void *engine UNUSED, void *reader)
{
	reader_end(reader, "the API key has expired");
}

static void grow(struct audience *a)
{
	if (a->n < a->cap)
		return;
	a->cap = MAX(2 * a->cap, 8);
	a->conns = realloc(a->conns, a->cap * sizeof(*a->conns));
	a->readers = realloc(a->readers, a->cap * sizeof(*a->readers));
	if (!a->conns || !a->readers)
		abort();
}

static void enter(struct reader *r, i64 topic_no)
{
	struct audience *a = audience_of(r->mesh, topic_no);

	if (!a) {
		a = calloc(1, sizeof(*a));
		if (!a)
			abort();
		a->topic_no = topic_no;
		HASH_ADD(hh, r->mesh->audiences, topic_no, sizeof(topic_no), a);
	}
	grow(a);
	r->audience = a;
	r->at = a->n;
	a->conns[a->n] = r->conn;
	a->readers[a->n++] = r;
}

struct err *reader_add(struct req *rq, i64 topic_no, struct block *first)
{
	const struct caller *who = rq->caller;
	struct engine *e = rq->engine;
	struct reader *r;

	if (who->mesh->n_readers >= READERS_PER_MESH_MAX || who->member->n_readers >= READERS_PER_MEMBER_MAX) {
		block_unref(first);
		return err_word(FAIL(rq->arena, CONFLICT, "as many streams are open as may be; close some"),
				S("too_many_streams"));
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	r->mesh = who->mesh;
	r->conn = rq->event->from;
	r->member = who->member;
	r->made_in = e->batch_no;
	memcpy(r->digest, rq->event->proof.bearer, DIGEST_BYTES);
	r->over = (struct timer){ .fn = over, .owner = r };
	if (who->ends_ms)
		timer_set(&e->timers, &r->over, e->mono_ms + who->ends_ms - e->now_ms);
	enter(r, topic_no);
	r->mesh->n_readers++;
	r->member->n_readers++;
	HASH_ADD(hh, e->readers, conn, sizeof(r->conn), r);
	effects_stream(e->fx, r->conn, e->settings.shard, first);
	return NULL;
}

void reader_closed(struct engine *e, struct conn_ref conn)
{
	struct reader *r;

	HASH_FIND(hh, e->readers, &conn, sizeof(conn), r);
	if (!r)
		return;
	r->mesh->touched_in = e->batch_no;
	reader_free(r);
}

void readers_end(struct mesh *m, const struct member *member, i64 topic_no, const char *why)
{
	struct reader *r, *next;

	if (!m->n_readers)
		return;
	HASH_ITER(hh, m->engine->readers, r, next)
		if (r->mesh == m && (!member || r->member == member) &&
		    (!topic_no || r->audience->topic_no == topic_no))
			reader_end(r, why);
}

void readers_end_key(struct engine *e, str digest)
{
	struct reader *r, *next;

	HASH_ITER(hh, e->readers, r, next)
		if (str_eq(str_of(r->digest, DIGEST_BYTES), digest))
			reader_end(r, "the API key was revoked");
}

/* Its caller is told that nothing was changed. */
void readers_undo(struct mesh *m)
{
	struct engine *e = m->engine;
	struct reader *r, *next;

	if (!m->n_readers)
		return;
	HASH_ITER(hh, e->readers, r, next)
		if (r->mesh == m && r->made_in == e->batch_no)
			reader_free(r);
}

void readers_free(struct mesh *m)
{
	struct reader *r, *next;

	if (!m->n_readers)
		return;
	HASH_ITER(hh, m->engine->readers, r, next)
		if (r->mesh == m)
			reader_end(r, "the mesh is gone");
}
