#include "net/ws_client.h"

#include "base/random.h"
#include "net/dial.h"
#include "net/url.h"
#include "net/ws_handshake.h"
#include "net/ws_link.h"

enum { MESSAGES_PER_TURN = 256 };

struct ws_client {
	struct loop *loop;
	struct arena *arena;
	const struct ws_client_app *app;
	void *arg;
	struct ws_client_spec spec; /* without headers; the sizes filled in */

	struct err *bad; /* the spec was not good: told in the next turn */
	struct loop_task start;
	struct loop_timer *timer; /* until open */
	struct url url;
	char key[WS_KEY_LEN];
	struct buf request;
	struct tls *own_tls;
	struct dial *dial;
	struct stream *s; /* from connecting to the upgrade */
	struct buf in;
	struct http_head head;
	struct ws_link *link; /* from the upgrade on */
};

static void drop_connection(struct ws_client *c)
{
	loop_task_cancel(&c->start);
	loop_timer_off(c->timer);
	if (c->dial)
		dial_cancel(c->dial);
	c->dial = NULL;
	if (c->s)
		stream_abort(c->s);
	c->s = NULL;
}

void ws_client_free(struct ws_client *c)
{
	if (!c)
		return;
	drop_connection(c);
	ws_link_free(c->link);
	loop_timer_free(c->timer);
	tls_free(c->own_tls);
	buf_done(&c->request);
	buf_done(&c->in);
	arena_free(c->arena);
	free(c);
}

/* The owner may free the client in on_fail(). */
static void fail(struct ws_client *c, const struct err *e, int http_status)
{
	drop_connection(c);
	c->app->on_fail(c->arg, c, e, http_status);
}

static void fail_text(struct ws_client *c, enum err_code code, const char *why)
{
	str at = url_authority(c->arena, &c->url);

	fail(c,
	     err_make(c->arena, code, __FILE__, __LINE__, "connect to %.*s failed: %s", STRF(at),
		      why),
	     0);
}

/* Open. */

static void on_message(void *arg, str message, bool is_text)
{
	struct ws_client *c = arg;

	c->app->on_message(c->arg, c, message, is_text);
}

static void on_written(void *arg, u64 total)
{
	struct ws_client *c = arg;

	if (c->app->on_written)
		c->app->on_written(c->arg, c, total);
}

static void on_link_end(void *arg, const struct ws_end *end)
{
	struct ws_client *c = arg;

	c->app->on_close(c->arg, c, end);
}

static const struct ws_link_handler link_handler = {
	.on_message = on_message,
	.on_written = on_written,
	.on_end = on_link_end,
};

static void opened(struct ws_client *c)
{
	struct ws_link_limits limits = {
		.ping_ms = c->spec.ping_ms,
		.dead_ms = c->spec.dead_ms,
		.close_ms = WS_CLIENT_CLOSE_MS,
		.message_max = c->spec.message_max,
		.out_max = c->spec.out_max,
		.messages_per_turn = MESSAGES_PER_TURN,
	};
	struct stream *s = c->s;
	struct buf in = c->in;

	loop_timer_off(c->timer);
	c->s = NULL;
	c->in = buf_make(0);
	c->link = ws_link_new(c->loop, s, true, &limits, &link_handler, c);
	ws_link_input(c->link, str_skip(buf_str(&in), c->head.length));
	if (c->app->on_open)
		c->app->on_open(c->arg, c, &c->head);
	/* The head pointed there; the client may be gone. */
	buf_done(&in);
}

/* Opening. */

static void on_data(void *arg, char *data, size_t len)
{
	struct ws_client *c = arg;
	enum http_result r;
	struct err *e;

	buf_add(&c->in, str_of(data, len));
	if (c->in.full) {
		fail_text(c, ERR_NETWORK, "the answer is too large");
		return;
	}
	r = http_parse_response(&c->head, buf_str(&c->in), S("GET"));
	if (r == HTTP_BAD)
		fail_text(c, ERR_NETWORK, c->head.error);
	if (r != HTTP_COMPLETE)
		return;
	e = ws_check_response(c->arena, &c->head, str_of(c->key, sizeof(c->key)));
	if (e)
		fail(c, e, c->head.status);
	else
		opened(c);
}

static void on_stream_end(void *arg, enum stream_end why, const char *text)
{
	fail_text(arg, ERR_NETWORK, text);
}

static const struct stream_handler stream_handler = {
	.on_data = on_data,
	.on_end = on_stream_end,
};

static void on_dialled(void *arg, struct stream *s, const struct err *e)
{
	struct ws_client *c = arg;

	c->dial = NULL;
	if (e) {
		fail(c, e, 0);
		return;
	}
	c->s = s;
	stream_start(s, &stream_handler, c, c->spec.out_max);
	stream_send(s, buf_str(&c->request));
	buf_done(&c->request);
}

static void on_deadline(void *arg)
{
	fail_text(arg, ERR_TIMEOUT, "no answer in time");
}

static void start(void *arg)
{
	struct ws_client *c = arg;
	struct dial_to to = {
		.host = c->url.host,
		.port = c->url.port,
		.tls = url_is_tls(&c->url) ? c->spec.tls : NULL,
		.deadline_ms = c->spec.deadline_ms,
	};

	if (c->bad)
		fail(c, c->bad, 0);
	else
		c->dial = dial_start(c->loop, &to, on_dialled, c);
}

static struct err *prepare(struct ws_client *c, const struct ws_client_spec *spec)
{
	u8 random[16];
	str host;

	TRY(url_parse(c->arena, spec->url, &c->url));
	host = url_authority(c->arena, &c->url);
	if (!url_is_ws(&c->url))
		return FAIL(c->arena, BAD_REQUEST,
			    "the address of %.*s does not start with ws:// or wss://", STRF(host));
	random_fill(&random_system, random, sizeof(random));
	ws_make_key(random, c->key);
	if (!ws_write_request(&c->request, c->url.target, host, str_of(c->key, sizeof(c->key)),
			      spec->headers, spec->n_headers))
		return FAIL(c->arena, BAD_REQUEST, "a header of the request to %.*s is malformed",
			    STRF(host));
	if (!url_is_tls(&c->url) || c->spec.tls)
		return NULL;
	TRY(tls_client_new(c->arena, STR_NONE, &c->own_tls));
	c->spec.tls = c->own_tls;
	return NULL;
}

struct ws_client *ws_client_new(struct loop *l, const struct ws_client_spec *spec,
				const struct ws_client_app *app, void *arg)
{
	struct ws_client *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->loop = l;
	c->arena = arena_new();
	c->app = app;
	c->arg = arg;
	c->spec = *spec;
	c->spec.url = STR_NONE;
	c->spec.headers = NULL;
	c->spec.n_headers = 0;
	if (!c->spec.deadline_ms)
		c->spec.deadline_ms = WS_CLIENT_DEADLINE_MS;
	if (!c->spec.message_max)
		c->spec.message_max = WS_CLIENT_MESSAGE_MAX;
	if (!c->spec.out_max)
		c->spec.out_max = WS_CLIENT_OUT_MAX;
	c->request = buf_make(2 * HTTP_HEAD_MAX + URL_MAX);
	c->in = buf_make(HTTP_HEAD_MAX + LOOP_READ_BYTES);
	c->bad = prepare(c, spec);
	c->timer = loop_timer_new(l, on_deadline, c);
	loop_timer_set(c->timer, c->spec.deadline_ms);
	c->start = (struct loop_task){ .fn = start, .arg = c };
	loop_next_turn(l, &c->start);
	return c;
}

bool ws_client_is_open(const struct ws_client *c)
{
	return c->link && ws_link_is_open(c->link);
}

u64 ws_client_send(struct ws_client *c, str message)
{
	return c->link ? ws_link_send(c->link, message) : UINT64_MAX;
}

u64 ws_client_written(const struct ws_client *c)
{
	return c->link ? ws_link_written(c->link) : 0;
}

size_t ws_client_room(const struct ws_client *c)
{
	return c->link ? ws_link_room(c->link) : 0;
}

void ws_client_pause(struct ws_client *c)
{
	if (c->link)
		ws_link_pause(c->link);
}

void ws_client_resume(struct ws_client *c)
{
	if (c->link)
		ws_link_resume(c->link);
}

void ws_client_close(struct ws_client *c, int code, str reason)
{
	if (c->link)
		ws_link_close(c->link, code, reason);
}
