#include "net/http_client.h"

#include "net/dial.h"
#include "net/url.h"

struct http_call {
	struct loop *loop;
	struct arena *arena;
	http_fn *on_done;
	void *arg;
	struct loop_timer *timer;
	struct loop_task start;
	i64 deadline_ms, idle_ms;
	size_t response_max;
	str unix_path;
	void (*on_head)(void *arg, const struct http_head *head);
	void (*on_data)(void *arg, str part);
	bool streams; /* the body is handed over as it comes */
	bool busy;    /* inside on_head or on_data */
	bool cancelled;

	struct err *bad; /* the spec was not good: told in the next turn */
	struct url url;
	str method;
	struct buf request;
	struct tls *tls, *own_tls;
	struct dial *dial;
	struct stream *s;

	struct buf in; /* the head, then unused */
	struct http_head head;
	bool head_done;
	struct http_body body;
	struct buf content;
};

static void call_free(struct http_call *c)
{
	loop_task_cancel(&c->start);
	loop_timer_free(c->timer);
	if (c->dial)
		dial_cancel(c->dial);
	if (c->s)
		stream_close(c->s);
	tls_free(c->own_tls);
	buf_done(&c->request);
	buf_done(&c->in);
	buf_done(&c->content);
	arena_free(c->arena);
	free(c);
}

void http_call_cancel(struct http_call *c)
{
	if (c && c->busy)
		c->cancelled = true;
	else if (c)
		call_free(c);
}

static void finish(struct http_call *c, const struct err *e)
{
	struct http_answer answer = { &c->head, c->head.status, buf_str(&c->content) };

	if (!answer.body.ptr)
		answer.body = S("");
	c->on_done(c->arg, e, e ? NULL : &answer);
	call_free(c);
}

static void fail(struct http_call *c, enum err_code code, const char *why)
{
	str at = str_empty(c->unix_path) ? url_authority(c->arena, &c->url) : c->unix_path;

	finish(c, err_make(c->arena, code, __FILE__, __LINE__, "request to %.*s failed: %s",
			   STRF(at), why));
}

static void on_body(struct http_call *c, enum http_result r)
{
	if (r == HTTP_COMPLETE)
		finish(c, NULL);
	else if (r == HTTP_BAD)
		fail(c, c->body.error_status == 413 ? ERR_TOO_LARGE : ERR_NETWORK, c->body.error);
}

/* Hands over what there is of a body that streams. False: cancelled, and gone. */
static bool stream_on(struct http_call *c, str *rest, enum http_result *ret_result)
{
	str part;

	c->busy = true;
	do {
		*ret_result = http_body_next(&c->body, rest, &part);
		if (*ret_result == HTTP_DATA)
			c->on_data(c->arg, part);
	} while (*ret_result == HTTP_DATA && !c->cancelled);
	c->busy = false;
	if (c->cancelled) {
		call_free(c);
		return false;
	}
	if (c->idle_ms)
		loop_timer_set(c->timer, c->idle_ms);
	return true;
}

static void take_body(struct http_call *c, str rest)
{
	enum http_result r;

	if (!c->streams)
		r = http_body_read(&c->body, &rest, &c->content);
	else if (!stream_on(c, &rest, &r))
		return;
	on_body(c, r);
}

/* The head is whole: does its body stream? False: cancelled, and gone. */
static bool begin_body(struct http_call *c)
{
	c->head_done = true;
	c->streams = c->on_data && c->head.status / 100 == 2;
	if (!c->streams)
		return true;
	if (c->idle_ms)
		loop_timer_set(c->timer, c->idle_ms);
	else
		loop_timer_off(c->timer);
	c->busy = true;
	if (c->on_head)
		c->on_head(c->arg, &c->head);
	c->busy = false;
	if (c->cancelled)
		call_free(c);
	else
		return true;
	return false;
}

static void on_data(void *arg, char *data, size_t len)
{
	struct http_call *c = arg;
	str rest = str_of(data, len);
	enum http_result r;

	if (c->head_done) {
		take_body(c, rest);
		return;
	}
	buf_add(&c->in, rest);
	if (c->in.full) {
		fail(c, ERR_NETWORK, "the answer's head is too large");
		return;
	}
	r = http_parse_response(&c->head, buf_str(&c->in), c->method);
	if (r == HTTP_BAD)
		fail(c, ERR_NETWORK, c->head.error);
	if (r != HTTP_COMPLETE)
		return;
	rest = str_skip(buf_str(&c->in), c->head.length);
	if (!begin_body(c))
		return;
	r = http_body_init(&c->body, &c->head, c->streams ? UINT64_MAX : c->response_max);
	if (r == HTTP_NEED_MORE)
		take_body(c, rest);
	else
		on_body(c, r);
}

static void on_stream_end(void *arg, enum stream_end why, const char *text)
{
	struct http_call *c = arg;

	if (c->head_done && why == STREAM_EOF && http_body_eof(&c->body) == HTTP_COMPLETE)
		finish(c, NULL);
	else if (why == STREAM_EOF)
		fail(c, ERR_NETWORK,
		     c->head_done || c->in.len ? "the answer was cut off"
		     : url_is_tls(&c->url)
			     ? "the connection was closed without an answer"
			     : "the connection was closed without an answer; if TLS is spoken there, the "
			       "address starts with https://");
	else
		fail(c, ERR_NETWORK, text);
}

static const struct stream_handler stream_handler = {
	.on_data = on_data,
	.on_end = on_stream_end,
};

static void on_dialled(void *arg, struct stream *s, const struct err *e)
{
	struct http_call *c = arg;

	c->dial = NULL;
	if (e) {
		finish(c, e);
		return;
	}
	c->s = s;
	stream_start(s, &stream_handler, c, c->request.len);
	stream_send(s, buf_str(&c->request));
	buf_done(&c->request);
}

static void on_deadline(void *arg)
{
	struct http_call *c = arg;

	fail(c, ERR_TIMEOUT, c->streams ? "nothing came in time" : "no answer in time");
}

static void start(void *arg)
{
	struct http_call *c = arg;
	struct dial_to to = { .host = c->url.host,
			      .port = c->url.port,
			      .unix_path = c->unix_path,
			      .deadline_ms = c->deadline_ms };

	if (c->bad) {
		finish(c, c->bad);
		return;
	}
	to.tls = url_is_tls(&c->url) ? c->tls : NULL;
	c->dial = dial_start(c->loop, &to, on_dialled, c);
}

static struct err *prepare(struct http_call *c, const struct http_spec *spec)
{
	str host, target;

	TRY(url_parse(c->arena, spec->url, &c->url));
	if (url_is_ws(&c->url))
		return FAIL(c->arena, BAD_REQUEST, "'%.*s' is not a web address: it starts with ws",
			    STRF(c->url.host));
	host = url_authority(c->arena, &c->url);
	target = c->url.target;
	if (!http_write_request(&c->request, c->method, target, host, spec->headers,
				spec->n_headers, spec->body, HTTP_CLOSE))
		return FAIL(c->arena, BAD_REQUEST, "a header of the request to %.*s is malformed",
			    STRF(host));
	if (!url_is_tls(&c->url) || c->tls)
		return NULL;
	TRY(tls_client_new(c->arena, STR_NONE, &c->own_tls));
	c->tls = c->own_tls;
	return NULL;
}

struct http_call *http_call_start(struct loop *l, const struct http_spec *spec, http_fn *on_done,
				  void *arg)
{
	struct http_call *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->loop = l;
	c->arena = arena_new();
	c->on_done = on_done;
	c->arg = arg;
	c->tls = spec->tls;
	c->deadline_ms = spec->deadline_ms ? spec->deadline_ms : HTTP_DEADLINE_MS;
	c->response_max = spec->response_max ? spec->response_max : HTTP_RESPONSE_MAX;
	c->unix_path = arena_dup(c->arena, spec->unix_path);
	c->on_head = spec->on_head;
	c->on_data = spec->on_data;
	c->idle_ms = spec->idle_ms;
	c->method = arena_dup(c->arena, spec->method);
	if (str_empty(spec->method))
		c->method = spec->body.ptr ? S("POST") : S("GET");
	c->request = buf_make(2 * HTTP_HEAD_MAX + URL_MAX + spec->body.len);
	c->in = buf_make(HTTP_HEAD_MAX + LOOP_READ_BYTES);
	c->content = buf_make(c->response_max);
	c->bad = prepare(c, spec);
	c->timer = loop_timer_new(l, on_deadline, c);
	loop_timer_set(c->timer, c->deadline_ms);
	c->start = (struct loop_task){ .fn = start, .arg = c };
	loop_next_turn(l, &c->start);
	return c;
}

/* Blocking. */

struct fetch {
	struct arena *arena;
	struct loop *loop;
	struct http_answer *answer;
	struct err *err;
};

static str dup_header(struct arena *a, str s)
{
	return s.ptr ? arena_dup(a, s) : STR_NONE;
}

static void on_fetched(void *arg, const struct err *e, const struct http_answer *answer)
{
	struct fetch *f = arg;
	struct http_head *head;

	loop_stop(f->loop);
	if (e) {
		f->err = err_copy(f->arena, e);
		return;
	}
	head = NEW(f->arena, struct http_head);
	*head = *answer->head;
	head->reason = dup_header(f->arena, head->reason);
	for (size_t i = 0; i < head->n_headers; i++) {
		head->headers[i].name = dup_header(f->arena, head->headers[i].name);
		head->headers[i].value = dup_header(f->arena, head->headers[i].value);
	}
	*f->answer = (struct http_answer){ head, answer->status,
					   arena_dup(f->arena, answer->body) };
}

struct err *http_fetch(struct arena *a, const struct http_spec *spec,
		       struct http_answer *ret_answer)
{
	CLEANUP(loop_freep) struct loop *l = NULL;
	struct fetch f = { .arena = a, .answer = ret_answer };

	TRY(loop_new(a, &l));
	f.loop = l;
	http_call_start(l, spec, on_fetched, &f);
	loop_run(l);
	return f.err;
}
