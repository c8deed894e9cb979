#include "net/test_certs.h"

#include "net/test_net.h"

#include <pthread.h>

#include "net/http_client.h"
#include "net/listener.h"
#include "net/server.h"

/* A server that answers with fixed bytes, whatever it is asked, and keeps what it was sent. */
struct fake {
	struct arena *arena;
	struct loop *loop;
	struct listener *ln;
	struct peer guest;
	str answer;
	bool close, cut;
	char url[64];
};

static void guest_data(void *arg, char *data, size_t len)
{
	struct fake *f = arg;

	peer_data(&f->guest, data, len);
	if (!str_contains(buf_str(&f->guest.in), S("\r\n\r\n")))
		return;
	stream_send(f->guest.s, f->answer);
	if (f->close)
		stream_close(f->guest.s);
	if (f->close)
		f->guest.s = NULL;
}

static void guest_end(void *arg, enum stream_end why, const char *text)
{
	peer_end(&((struct fake *)arg)->guest, why, text);
}

static const struct stream_handler guest_handler = { .on_data = guest_data, .on_end = guest_end };

static void on_accept(void *arg, struct stream *s)
{
	struct fake *f = arg;

	peer_done(&f->guest);
	f->guest = (struct peer){ .loop = f->loop, .s = s, .in = buf_make(64 << 20) };
	stream_start(s, &guest_handler, f, 64 << 20);
}

static void fake_open(struct fake *f)
{
	*f = (struct fake){ .arena = arena_new() };
	assert_ok(loop_new(f->arena, &f->loop));
	assert_ok(listener_open(f->arena, f->loop, S("127.0.0.1"), 0, NULL, on_accept, f, &f->ln));
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d/p?q#secret",
		 listener_addr(f->ln)->port);
}

static void fake_done(struct fake *f)
{
	peer_done(&f->guest);
	listener_close(f->ln);
	loop_free(f->loop);
	arena_free(f->arena);
}

struct result {
	bool done;
	int status;
	enum err_code code;
	char body[256], error[256], type[64];
};

static void on_done(void *arg, const struct err *e, const struct http_answer *answer)
{
	struct result *r = arg;

	assert_false(r->done);
	r->done = true;
	if (e) {
		r->code = e->code;
		snprintf(r->error, sizeof(r->error), "%.*s", STRF(e->text));
		return;
	}
	r->status = answer->status;
	snprintf(r->body, sizeof(r->body), "%.*s", STRF(answer->body));
	snprintf(r->type, sizeof(r->type), "%.*s",
		 STRF(http_header_get(answer->head, S("Content-Type"))));
}

static struct result call(struct loop *l, const struct http_spec *spec)
{
	struct result r = { 0 };

	http_call_start(l, spec, on_done, &r);
	assert_false(r.done);
	UNTIL(l, r.done);
	return r;
}

static const struct {
	const char *answer;
	bool close;
	int status;
	const char *body, *error;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: a/b\r\n\r\nhi", false, 200, "hi",
	  "" },
	{ "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false, 404, "", "" },
	{ "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", false, 302, "", "" },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", false, 204, "", "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false, 200,
	  "hi", "" },
	{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", true, 200, "until the end", "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", true, 0, "", "the answer was cut off" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", true, 0, "",
	  "the answer was cut off" },
	{ "HTTP/1.1 200", true, 0, "", "the answer was cut off" },
	{ "", true, 0, "",
	  "the connection was closed without an answer; if TLS is spoken there, the address starts "
	  "with https://" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", false, 0, "", "body is too large" },
	{ "", false, 0, "", "no answer in time" },
};

TEST(answers)
{
	struct fake f;

	fake_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct http_spec spec = { .url = str_from(f.url),
					  .response_max = 100,
					  .deadline_ms = 5000 };
		struct result r;

		f.answer = str_from(answers[i].answer);
		f.close = answers[i].close;
		if (!answers[i].close && !answers[i].answer[0])
			spec.deadline_ms = 30;
		r = call(f.loop, &spec);
		assert_int_equal(r.status, answers[i].status);
		assert_string_equal(r.body, answers[i].body);
		assert_true(str_ends(str_from(r.error), str_from(answers[i].error)));
		assert_int_equal(r.code == ERR_NONE, answers[i].status != 0);
	}
	fake_done(&f);
}

TEST(what_is_sent)
{
	struct fake f;
	struct http_header h = { S("Accept"), S("application/json") };
	struct http_spec spec = { .headers = &h, .n_headers = 1, .body = S("{}") };
	struct result r;
	str host;

	fake_open(&f);
	f.answer = S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	spec.url = str_from(f.url);
	r = call(f.loop, &spec);
	assert_int_equal(r.status, 200);
	host = arena_printf(f.arena, "127.0.0.1:%d", listener_addr(f.ln)->port);
	assert_true(str_starts(buf_str(&f.guest.in), S("POST /p?q HTTP/1.1\r\n")));
	assert_true(str_contains(buf_str(&f.guest.in),
				 arena_printf(f.arena, "Host: %.*s\r\n", STRF(host))));
	assert_true(str_contains(buf_str(&f.guest.in), S("Accept: application/json\r\n")));
	assert_true(str_contains(buf_str(&f.guest.in), S("Content-Length: 2\r\n")));
	assert_true(str_ends(buf_str(&f.guest.in), S("\r\n\r\n{}")));
	assert_false(str_contains(buf_str(&f.guest.in), S("secret")));
	fake_done(&f);
}

TEST(calls_that_cannot_be_made)
{
	struct fake f;
	struct http_header bad = { S("X"), S("a\r\nb: c") };
	struct http_spec spec = { .url = S("not an address") };
	struct result r;

	fake_open(&f);
	r = call(f.loop, &spec);
	assert_int_equal(r.code, ERR_BAD_REQUEST);
	spec.url = S("ws://localhost/");
	r = call(f.loop, &spec);
	assert_int_equal(r.code, ERR_BAD_REQUEST);
	spec.url = str_from(f.url);
	spec.headers = &bad;
	spec.n_headers = 1;
	r = call(f.loop, &spec);
	assert_int_equal(r.code, ERR_BAD_REQUEST);
	assert_non_null(strstr(r.error, "a header of the request"));
	http_call_cancel(http_call_start(f.loop, &spec, on_done, NULL));
	spec.n_headers = 0;
	http_call_cancel(http_call_start(f.loop, &spec, on_done, NULL));
	loop_turn(f.loop, 1);
	fake_done(&f);
}

/* http_fetch() against a server on another thread, over TLS. */
struct site {
	struct loop *loop;
	struct server *sv;
	pthread_t thread;
};

static void on_request(void *arg, struct server_request *rq)
{
	struct site *t = arg;
	struct http_header h = { S("X-Scheme"), rq->is_tls ? S("https") : S("http") };

	server_respond(t->sv, rq, 201, &h, 1, rq->head->path);
}

static const struct server_app site_app = { .on_request = on_request };

static void *site_run(void *arg)
{
	loop_run(((struct site *)arg)->loop);
	return NULL;
}

static void site_stop(void *arg)
{
	loop_stop(arg);
}

TEST(fetching_over_tls)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(tls_freep) struct tls *server = NULL;
	CLEANUP(tls_freep) struct tls *client = NULL;
	struct test_cert cert = test_cert_new("DNS:localhost", 1);
	struct site t = { 0 };
	struct http_spec spec = { .deadline_ms = 5000 };
	struct http_answer answer;

	assert_ok(loop_new(a, &t.loop));
	assert_ok(tls_server_new(a, str_from(cert.cert), str_from(cert.key), &server));
	assert_ok(tls_client_new(a, str_from(cert.cert), &client));
	t.sv = server_new(t.loop, &site_app, &t, &server_limits_default);
	assert_ok(server_listen(a, t.sv, S("localhost"), 0, server));
	assert_int_equal(pthread_create(&t.thread, NULL, site_run, &t), 0);
	spec.url = arena_printf(a, "https://localhost:%d/hello", server_port(t.sv));
	spec.tls = client;
	assert_ok(http_fetch(a, &spec, &answer));
	assert_int_equal(answer.status, 201);
	assert_str(answer.body, S("/hello"));
	assert_str(http_header_get(answer.head, S("x-scheme")), S("https"));
	spec.tls = NULL;
	assert_err(http_fetch(a, &spec, &answer), NETWORK);
	assert_true(loop_post(t.loop, site_stop, t.loop));
	pthread_join(t.thread, NULL);
	server_free(t.sv);
	loop_free(t.loop);
	test_cert_remove(&cert);
}

TEST_MAIN("net/http-client")
