#include "engine/event.h"

struct event *event_new(enum event_kind kind, struct conn_ref from, str data, str param)
{
	struct event *ev = malloc(sizeof(*ev) + data.len + param.len);

	if (!ev)
		abort();
	memset(ev, 0, sizeof(*ev));
	ev->kind = kind;
	ev->from = from;
	ev->data_len = data.len;
	ev->param_len = param.len;
	if (data.len)
		memcpy(ev->bytes, data.ptr, data.len);
	if (param.len)
		memcpy(ev->bytes + data.len, param.ptr, param.len);
	return ev;
}

str event_bytes(const struct event *ev)
{
	return str_of(ev, sizeof(*ev) + ev->data_len + ev->param_len);
}

struct event *event_forwarded(str bytes)
{
	struct event *ev = malloc(bytes.len);

	if (!ev || bytes.len < sizeof(*ev))
		abort();
	memcpy(ev, bytes.ptr, bytes.len);
	ev->next = NULL;
	ev->forwarded = true;
	return ev;
}

void event_free(struct event *ev)
{
	free(ev);
}
