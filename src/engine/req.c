#include "engine/req.h"

#include "base/log.h"
#include "engine/account.h"
#include "engine/bearer.h"
#include "engine/mail.h"
#include "engine/permission.h"
#include "engine/prove.h"
#include "engine/reader.h"
#include "engine/rest.h"
#include "engine/topic.h"
#include "proto/message.h"
#include "proto/moderation.h"

enum { MESSAGE_OUT_MAX = 64 << 20 };

/* Not a word of wire-core.md 3.3's lists: the reference daemon must retry this. */
#define NOT_STORED_TEXT "the broker could not store this; nothing was changed, try again"

struct block *message_block(const char *type, const struct json_field *fields, const void *args)
{
	struct buf b = buf_make(MESSAGE_OUT_MAX);
	struct json_out o = json_out(&b);
	struct block *block;

	json_obj(&o);
	if (type)
		json_put_str(&o, "type", str_from(type));
	json_encode(&o, fields, args);
	json_obj_end(&o);
	/* Never half a message: who asked for more than one can hold is told so. */
	block = block_new(b.full ? S("{\"type\":\"error\",\"code\":\"too_large\",\"error\":\"too_large\","
				     "\"message\":\"the answer is larger than a message may be\"}")
				 : buf_str(&b));
	buf_done(&b);
	return block;
}

void req_send(struct req *rq, const char *type, const struct json_field *fields, const void *args)
{
	effects_send(rq->engine->fx, rq->event->from, message_block(type, fields, args), 0);
}

struct err *req_may_list(struct req *rq)
{
	i64 kb = rq->engine->settings.lists_kb_per_minute;

	if (bucket_has(&rq->from->member->lists, rq->engine->mono_ms, kb, kb))
		return NULL;
	return FAIL(rq->arena, RATE_LIMIT, "too much was asked for in a minute; wait a little");
}

void req_send_list(struct req *rq, const char *type, const struct json_field *fields, const void *args)
{
	struct block *block = message_block(type, fields, args);

	bucket_take_many(&rq->from->member->lists, (i64)(block->len / 1024 + 1));
	effects_send(rq->engine->fx, rq->event->from, block, 0);
}

void req_done(struct req *rq)
{
	struct ack_args ack = { .id = json_get_str(rq->frame, S("_reqId")), .messageId = S("") };

	ack._reqId = ack.id;
	if (ack._reqId.ptr)
		req_send(rq, "ack", ack_fields, &ack);
}

void req_answer(struct req *rq, int status, const struct json_field *fields, const void *args)
{
	struct block *block = message_block(NULL, fields, args);

	if (rq->caller && !(rq->op->rest->flags & REST_SEND))
		bucket_take_many(&rq->caller->member->lists, (i64)(block->len / 1024 + 1));
	effects_reply(rq->engine->fx, rq->event->from, status, block);
}

struct err *req_forward(struct req *rq, str mesh_id)
{
	struct engine *e = rq->engine;

	if (rq->event->forwarded)
		return FAIL(rq->arena, INTERNAL, "a call came to shard %u, which does not own its mesh '%.*s'",
			    e->settings.shard, STRF(mesh_id));
	effects_forward(e->fx, mesh_shard(mesh_id, e->settings.shards), rq->event);
	return NULL;
}

static void refuse(struct req *rq, str code, str text)
{
	struct ack_args ack = { .id = json_get_str(rq->frame, S("id")), .messageId = S(""),
				.error = text, .code = code };

	if (!ack.id.ptr)
		ack.id = S("");
	rq->engine->stats.refused++;
	rq->engine->stats.sends_refused[counter_of(send_refusal_words, code)]++;
	req_send(rq, "ack", ack_fields, &ack);
}

void req_refuse_rate(struct req *rq)
{
	const struct engine_settings *s = &rq->engine->settings;

	refuse(rq, S("rate_limit"), arena_printf(rq->arena,
	       "rate_limit: max %lld msg/min (burst %lld) \xe2\x80\x94 slow down",
	       (long long)s->rate_per_minute, (long long)s->rate_burst));
}

void req_refuse_send(struct req *rq, str code, str text)
{
	struct engine *e = rq->engine;
	struct bucket *budget = &rq->from->member->refusals;

	if (!bucket_has(budget, e->mono_ms, e->settings.rate_per_minute, e->settings.rate_burst)) {
		req_refuse_rate(rq);
		return;
	}
	bucket_take(budget);
	refuse(rq, code, text);
}

/* The permanent refusals of a send end in a word that the reference daemon knows. */
static void fail_send(struct req *rq, const struct err *e)
{
	bool transient = e->code == ERR_TRY_AGAIN || e->code == ERR_INTERNAL || e->code == ERR_IO;

	if (transient)
		refuse(rq, S("try_again"), S(NOT_STORED_TEXT));
	else if (e->code == ERR_FORBIDDEN)
		req_refuse_send(rq, S("forbidden"), arena_printf(rq->arena, "forbidden: %.*s", STRF(err_public(e))));
	else
		req_refuse_send(rq, S("invalid"), arena_printf(rq->arena, "invalid: %.*s", STRF(err_public(e))));
}

/* Of whatever type: a number for an id is a mistake that wants an answer too. */
static bool is_given(const struct json *frame, str key)
{
	const struct json *value = json_get(frame, key);

	return value && value->type != JSON_NULL;
}

void req_fail(struct req *rq, const struct err *e)
{
	bool asked = is_given(rq->frame, S("_reqId")) || is_given(rq->frame, S("id"));

	if (e->code == ERR_INTERNAL || e->code == ERR_IO)
		log_err(LOG_ERROR, "request failed", e);
	rq->engine->stats.bad_messages++;
	if (rq->op && rq->op->flags & OP_REST)
		effects_refuse(rq->engine->fx, rq->event->from, rest_status(e), rest_problem(e, rq->engine->now_ms),
			       rq->retry_after_s);
	else if (rq->op && rq->op->flags & OP_CALL)
		effects_refuse(rq->engine->fx, rq->event->from, err_http(e), call_error(rq->op, e), rq->retry_after_s);
	else if (rq->op && rq->op->flags & OP_ACKS)
		fail_send(rq, e);
	else if (!rq->frame || asked || (rq->from && rq->from->listed_capabilities))
		effects_send(rq->engine->fx, rq->event->from,
			     error_message(e, event_data(rq->event)), 0);
}

/* A refused hello is told why, then closed; the reason of the close is the code. */
static void fail_hello(struct req *rq, const struct err *e)
{
	str word = err_wire(e);
	bool revoked = str_eq(word, S("revoked"));

	log_info("hello refused", LOG_S("code", word), LOG_S("error", e->text));
	rq->engine->stats.hellos_refused[counter_of(hello_refusal_words, word)]++;
	effects_send(rq->engine->fx, rq->event->from, error_message(e, event_data(rq->event)), 0);
	effects_close(rq->engine->fx, rq->event->from,
		      revoked ? CLOSE_BANNED : e->code == ERR_UNAUTHORIZED || e->code == ERR_BAD_JSON ? 1008 : 1013,
		      revoked ? e->text : word);
}

static struct err *carry_out(struct req *rq, str data)
{
	void *args = arena_alloc(rq->arena, rq->op->args_size);

	if (rq->from)
		TRY(req_permit(rq, rq->from->member));
	TRY(json_decode(rq->arena, rq->frame, rq->op->fields, args, rq->op->args_size, NULL));
	return rq->op->run(rq, args);
}

static struct err *unknown_type(struct req *rq, str type)
{
	struct err *e = type.len <= NAME_BYTES_MAX
		? FAIL(rq->arena, BAD_REQUEST, "no message type '%.*s'", STRF(type))
		: FAIL(rq->arena, BAD_REQUEST, "no message type has so long a name");

	return err_word(e, S("unknown_message_type"));
}

static void run_frame(struct req *rq, str data)
{
	struct engine *e = rq->engine;
	struct err *err = json_parse(rq->arena, data, &rq->frame);

	rq->from = presence_of(e, rq->event->from);
	if (!rq->from)
		return; /* replaced or ended meanwhile */
	if (!err && rq->frame->type != JSON_OBJ) {
		rq->frame = NULL;
		err = FAIL(rq->arena, BAD_REQUEST, "expected a JSON object");
	}
	if (!err)
		rq->op = op_find(json_get_str(rq->frame, S("type")), OP_FRAME);
	if (!err && rq->from->mesh->stale)
		err = mesh_read_again(rq->from->mesh, rq->arena);
	/* Reading again may have ended the presence. */
	rq->from = presence_of(e, rq->event->from);
	if (!rq->from)
		return;
	rq->from->mesh->touched_in = e->batch_no;
	rq->from->heard_ms = e->now_ms;
	if (!err)
		err = rq->op ? carry_out(rq, data) : unknown_type(rq, json_get_str(rq->frame, S("type")));
	if (!err)
		return;
	/* What failed half-way may have ended it. */
	rq->from = presence_of(e, rq->event->from);
	req_fail(rq, err);
}

static void run_hello(struct req *rq, str data)
{
	struct err *err = json_parse(rq->arena, data, &rq->frame);

	if (!err) {
		rq->op = op_find(json_get_str(rq->frame, S("type")), OP_HELLO);
		err = rq->op ? carry_out(rq, data) : FAIL(rq->arena, INTERNAL, "unproved hello");
	}
	if (err)
		fail_hello(rq, err);
}

static void run_call(struct req *rq, str data)
{
	struct err *err;

	rq->op = rq->event->op;
	if (rq->op->flags & OP_REST) {
		err = rest_run(rq);
		if (err)
			req_fail(rq, err);
		return;
	}
	err = json_parse(rq->arena, data.len ? data : S("{}"), &rq->frame);
	if (!err && rq->frame->type != JSON_OBJ)
		err = FAIL(rq->arena, BAD_REQUEST, "expected a JSON object");
	if (!err && rq->op->flags & (OP_ACCOUNT | OP_MAY_ACCOUNT))
		err = account_check(rq);
	if (!err)
		err = carry_out(rq, data);
	if (err)
		req_fail(rq, err);
}

static void run_closed(struct engine *e, const struct event *ev)
{
	struct presence *p = presence_of(e, ev->from);

	if (!p) {
		reader_closed(e, ev->from);
		return;
	}
	p->mesh->touched_in = e->batch_no;
	/* A goodbye ends it; a lost connection may come back. A command that took no messages
	 * has nothing to come back for. */
	if (ev->clean || !p->takes)
		presence_end(p);
	else
		presence_detach(p);
}

static void run_written(struct engine *e, const struct event *ev)
{
	struct presence *p = presence_of(e, ev->from);

	if (!p)
		return;
	topics_written(p, ev->mark);
	if (p->acks)
		return;
	p->mesh->touched_in = e->batch_no;
	while (p->pushed && p->pushed->mark <= ev->mark)
		pushed_end(p->pushed);
}

void req_run(struct engine *e, const struct event *ev)
{
	struct req rq = { .engine = e, .arena = e->batch, .event = ev };

	log_request(str_from(ev->request_id));
	switch (ev->kind) {
	case EVENT_HELLO: run_hello(&rq, event_data(ev)); break;
	case EVENT_FRAME: run_frame(&rq, event_data(ev)); break;
	case EVENT_CALL: run_call(&rq, event_data(ev)); break;
	case EVENT_CLOSED: run_closed(e, ev); break;
	case EVENT_WRITTEN: run_written(e, ev); break;
	case EVENT_MAILED: mail_outcome(e, ev); break;
	}
	log_request(STR_NONE);
}

void req_not_stored(struct engine *e, const struct event *ev)
{
	struct req rq = { .engine = e, .arena = e->batch, .event = ev, .from = presence_of(e, ev->from) };
	struct err *err = FAIL(e->batch, TRY_AGAIN, NOT_STORED_TEXT);
	struct err *bad;

	if (ev->kind == EVENT_CLOSED || ev->kind == EVENT_WRITTEN || ev->kind == EVENT_MAILED)
		return;
	bad = json_parse(rq.arena, event_data(ev), &rq.frame);
	if (bad)
		rq.frame = NULL;
	if (ev->kind == EVENT_HELLO) {
		fail_hello(&rq, err);
		return;
	}
	rq.op = ev->kind == EVENT_CALL ? ev->op : op_find(json_get_str(rq.frame, S("type")), OP_FRAME);
	req_fail(&rq, err);
}
