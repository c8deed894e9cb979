#include "engine/rest.h"

#include "engine/bearer.h"
#include "engine/permission.h"
#include "engine/prove.h"
#include "engine/req.h"

const struct rest_header rest_headers[] = {
	{ "idempotencyKey", "Idempotency-Key" },
	{ "lastEventId", "Last-Event-ID" },
	{ 0 }
};

bool rest_in_path(const struct rest *r, const char *field)
{
	str path = str_from(r->path), segment;

	while (str_cut(&path, '/', &segment))
		if (str_starts(segment, S(":")) && str_eq(str_skip(segment, 1), str_from(field)))
			return true;
	return false;
}

const char *rest_header_of(const char *field)
{
	for (const struct rest_header *h = rest_headers; h->field; h++)
		if (strcmp(h->field, field) == 0)
			return h->header;
	return NULL;
}

bool rest_in_query(const struct rest *r)
{
	return strcmp(r->method, "GET") == 0 || strcmp(r->method, "DELETE") == 0;
}

static void append(struct arena *a, struct json *all, const struct json *member)
{
	struct json *copy = NEW(a, struct json), **last = &all->first;

	*copy = *member;
	copy->next = NULL;
	while (*last)
		last = &(*last)->next;
	*last = copy;
	all->count++;
}

/* The body's members beside the others; none may be given twice. */
static struct err *gather(struct req *rq, const struct json **ret_all)
{
	struct arena *a = rq->arena;
	struct json *all = NEW(a, struct json);
	const struct json *given, *body = NULL;
	str data = event_data(rq->event);

	TRY(json_parse(a, event_param(rq->event), &given));
	if (data.len)
		TRY(json_parse(a, data, &body));
	if (body && body->type != JSON_OBJ)
		return FAIL(a, BAD_REQUEST, "the body must be a JSON object");
	all->type = JSON_OBJ;
	for (const struct json *m = given->first; m; m = m->next)
		append(a, all, m);
	for (const struct json *m = body ? body->first : NULL; m; m = m->next) {
		if (json_get(given, m->key))
			return FAIL(a, BAD_REQUEST, "field '%.*s': it is in the path already", STRF(m->key));
		/* What the row does not know is not copied: a body may have thousands. */
		for (const struct json_field *f = rq->op->fields; f->name; f++)
			if (str_eq(str_from(f->name), m->key))
				append(a, all, m);
	}
	*ret_all = all;
	return NULL;
}

static struct err *check_rate(struct req *rq, struct member *member)
{
	i64 kb = rq->engine->settings.lists_kb_per_minute;

	if (rq->op->rest->flags & REST_SEND || bucket_has(&member->lists, rq->engine->mono_ms, kb, kb))
		return NULL;
	rq->retry_after_s = 10;
	return FAIL(rq->arena, RATE_LIMIT, "too much was asked for in a minute; wait a little");
}

struct err *rest_run(struct req *rq)
{
	const struct rest *row = rq->op->rest;
	struct caller *who = NEW(rq->arena, struct caller);
	void *args = arena_alloc(rq->arena, rq->op->args_size);
	bool elsewhere;
	str topic;

	if (!(row->flags & REST_PUBLIC)) {
		TRY(bearer_check(rq, who, &elsewhere));
		if (elsewhere)
			return NULL;
		TRY(req_permit(rq, who->member));
		TRY(caller_may(rq->arena, who, row->cap));
		TRY(check_rate(rq, who->member));
		rq->caller = who;
	}
	TRY(gather(rq, &rq->frame));
	topic = json_get_str(rq->frame, S("topic"));
	if (rq->caller && topic.ptr)
		TRY(caller_reaches(rq->arena, who, topic));
	TRY(json_decode(rq->arena, rq->frame, rq->op->fields, args, rq->op->args_size, NULL));
	return rq->op->run(rq, args);
}

/* Words whose status is not that of their code. */
static const struct word {
	str word;
	int status;
	const char *title;
} words[] = {
	{ S("method_not_allowed"), 405, "the path does not take this method" },
	{ S("unsupported_media_type"), 415, "the body is of another content type" },
	{ S("invalid_since"), 400, "the time is none" },
	{ S("invalid_before"), 400, "the time is none" },
};

static const struct word *word_of(const struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(words[i].word, e->word))
			return &words[i];
	return NULL;
}

int rest_status(const struct err *e)
{
	const struct word *w = word_of(e);

	if (w)
		return w->status;
	return e->code == ERR_BAD_REQUEST ? 422 : err_http(e);
}

struct block *rest_problem(const struct err *e, i64 now_ms)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf b = buf_make(FIELD_STR_MAX);
	struct json_out o = json_out(&b);
	const struct word *w = word_of(e);
	str word = err_wire(e), text = err_shown(e);

	json_obj(&o);
	json_put_str(&o, "type", arena_printf(a, "urn:claudemesh:error:%.*s", STRF(word)));
	json_put_str(&o, "title", str_from(w ? w->title : err_doc(e->code)));
	json_put_int(&o, "status", rest_status(e));
	json_put_str(&o, "detail", text);
	json_put_str(&o, "error", word);
	json_put_str(&o, "code", arena_printf(a, "error.%.*s", STRF(word)));
	json_put_str(&o, "message", text);
	json_put_str(&o, "timestamp", time_iso(a, now_ms));
	json_obj_end(&o);
	return block_new(buf_str(&b));
}
