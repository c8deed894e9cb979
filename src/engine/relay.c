#include "engine/relay.h"

enum { SO_FAR_MAX = 1 << 20 };

struct err *relay_so_far(struct req *rq, const struct json_field *fields, void *out, size_t size)
{
	const struct json *obj;

	memset(out, 0, size);
	if (!rq->event->forwarded)
		return NULL;
	TRY(json_parse(rq->arena, event_param(rq->event), &obj));
	return json_decode(rq->arena, obj, fields, out, size, NULL);
}

void relay(struct req *rq, unsigned shard, const struct json_field *fields, const void *out)
{
	CLEANUP(buf_done) struct buf b = buf_make(SO_FAR_MAX);
	struct json_out o = json_out(&b);
	struct event *ev;

	json_obj(&o);
	json_encode(&o, fields, out);
	json_obj_end(&o);
	ev = event_new(EVENT_CALL, rq->event->from, event_data(rq->event), buf_str(&b));
	ev->op = rq->event->op;
	ev->proof = rq->event->proof;
	ev->legacy_auth = rq->event->legacy_auth;
	memcpy(ev->address, rq->event->address, sizeof(ev->address));
	memcpy(ev->request_id, rq->event->request_id, sizeof(ev->request_id));
	effects_forward(rq->engine->fx, shard, ev);
	event_free(ev);
}
