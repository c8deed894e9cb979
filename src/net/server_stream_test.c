#include "net/test_net.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/http_client.h"
#include "net/server.h"

/* A server whose answers go on; "/never" is refused. */
struct site {
	struct arena *arena;
	struct loop *loop;
	struct server *sv;
	struct server_app app;
	struct server_limits limits;
	struct conn_id last;
	int closed, drained, tag;
	i64 peer_uid;
	bool late, stopped;
	struct conn_id later;
};

static void begin(struct site *t, struct server_request *rq)
{
	struct http_header type = { S("Content-Type"), S("text/event-stream") };
	struct http_header bad = { S("X"), S("a\r\nb: c") };
	bool is_bad = str_eq(rq->head->path, S("/bad"));

	rq->user = &t->tag;
	t->peer_uid = rq->peer->uid;
	t->last = server_stream_start(t->sv, rq, 200, is_bad ? &bad : &type, 1);
	if (t->last.gen)
		assert_true(server_stream_send(t->sv, t->last, S(": hello\n\n")));
}

static void on_request(void *arg, struct server_request *rq)
{
	struct site *t = arg;

	if (str_eq(rq->head->path, S("/never")))
		server_respond(t->sv, rq, 403, NULL, 0, S("no"));
	else if (str_eq(rq->head->path, S("/later")))
		t->later = rq->id;
	else
		begin(t, rq);
}

static void on_stream_close(void *arg, struct conn_id id, void *user)
{
	struct site *t = arg;

	assert_ptr_equal(user, &t->tag);
	assert_false(server_stream_send(t->sv, id, S("x")));
	server_stream_end(t->sv, id);
	t->closed++;
}

static void on_stream_drained(void *arg, struct conn_id id, void *user)
{
	struct site *t = arg;

	assert_ptr_equal(user, &t->tag);
	assert_int_equal(server_stream_waiting(t->sv, id), 0);
	t->drained++;
}

static void site_open(struct site *t, size_t out_max, i64 write_ms)
{
	*t = (struct site){ .arena = arena_new(), .limits = server_limits_default };
	assert_ok(loop_new(t->arena, &t->loop));
	t->app = (struct server_app){ .on_request = on_request,
				      .on_stream_close = on_stream_close,
				      .on_stream_drained = on_stream_drained };
	t->limits.out_max = out_max;
	t->limits.write_ms = write_ms;
	t->limits.idle_ms = 50;
	t->limits.answer_ms = 50;
	t->sv = server_new(t->loop, &t->app, t, &t->limits);
	assert_ok(server_listen(t->arena, t->sv, S("127.0.0.1"), 0, NULL));
}

static void site_done(struct site *t)
{
	server_free(t->sv);
	loop_free(t->loop);
	arena_free(t->arena);
}

#define HEAD_ \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: hello\n\n"

static void ask(struct site *t, struct peer *p)
{
	peer_connect(p, t->loop, server_port(t->sv));
	peer_send(p, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
	peer_expect(p, S(HEAD_));
}

TEST(it_goes_on_until_the_application_ends_it)
{
	struct block *b = block_new(S("data: two\n\n"));
	struct site t;
	struct peer p;

	site_open(&t, 1 << 20, 5000);
	ask(&t, &p);
	assert_int_equal(server_stats(t.sv).unauth, 0);
	/* No deadline of requests runs, and what the peer says is not listened to. */
	for (int i = 0; i < 4; i++) {
		peer_send(&p, "GET /other HTTP/1.1\r\nHost: h\r\n\r\n");
		loop_turn(t.loop, 60);
	}
	assert_true(server_stream_send(t.sv, t.last, S("data: one\n\n")));
	assert_true(server_stream_send_block(t.sv, t.last, b));
	t.drained = 0;
	peer_expect(&p, S("data: one\n\ndata: two\n\n"));
	UNTIL(t.loop, t.drained == 1);
	server_stream_end(t.sv, t.last);
	UNTIL(t.loop, p.ended);
	assert_int_equal(p.why, STREAM_EOF);
	assert_int_equal(t.closed, 0);
	assert_int_equal(server_stats(t.sv).requests, 1);
	assert_false(server_stream_send(t.sv, t.last, S("x")));
	block_unref(b);
	peer_done(&p);
	site_done(&t);
}

TEST(a_later_answer_may_go_on_too)
{
	struct site t;
	struct peer p;

	site_open(&t, 1 << 20, 5000);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	UNTIL(t.loop, t.later.gen);
	begin(&t, server_request_get(t.sv, t.later));
	assert_null(server_request_get(t.sv, t.later));
	peer_expect(&p, S(HEAD_));
	peer_done(&p);
	UNTIL(t.loop, t.closed == 1);
	site_done(&t);
}

TEST(the_peer_leaves)
{
	struct site t;
	struct peer p;

	site_open(&t, 1 << 20, 5000);
	ask(&t, &p);
	peer_done(&p);
	UNTIL(t.loop, t.closed == 1);
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	site_done(&t);
}

TEST(who_does_not_read_is_dropped)
{
	static char page[65536];
	struct site t;
	struct peer p;
	int n = 0;

	site_open(&t, 256 * 1024, 60000);
	ask(&t, &p);
	stream_pause(p.s);
	while (!t.closed && n++ < 1000) {
		server_stream_send(t.sv, t.last, str_of(page, sizeof(page)));
		loop_turn(t.loop, 0);
	}
	assert_int_equal(t.closed, 1);
	peer_done(&p);
	site_done(&t);
}

/* Nothing is taken for write_ms, although there is room in the queue. */
TEST(who_takes_nothing_is_dropped)
{
	static char page[65536];
	struct site t;
	struct peer p;

	site_open(&t, 64 << 20, 100);
	ask(&t, &p);
	stream_pause(p.s);
	for (int i = 0; i < 500; i++)
		server_stream_send(t.sv, t.last, str_of(page, sizeof(page)));
	assert_true(server_stream_waiting(t.sv, t.last) > 0);
	UNTIL(t.loop, t.closed == 1);
	peer_done(&p);
	site_done(&t);
}

static void on_stopped(void *arg)
{
	((struct site *)arg)->stopped = true;
}

TEST(stopping_ends_it)
{
	struct site t;
	struct peer p;

	site_open(&t, 1 << 20, 5000);
	ask(&t, &p);
	server_stop(t.sv, 5000, on_stopped, &t);
	assert_int_equal(t.closed, 0);
	UNTIL(t.loop, t.stopped && p.ended);
	assert_int_equal(t.closed, 1);
	peer_done(&p);
	site_done(&t);
}

TEST(what_cannot_go_on)
{
	struct site t;
	struct peer p;

	site_open(&t, 1 << 20, 5000);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "HEAD /s HTTP/1.1\r\nHost: h\r\n\r\n");
	peer_expect(&p, S("HTTP/1.1 200 OK\r\n"));
	UNTIL(t.loop, p.ended);
	assert_int_equal(t.last.gen, 0);
	peer_done(&p);
	peer_connect(&p, t.loop, server_port(t.sv));
	peer_send(&p, "GET /bad HTTP/1.1\r\nHost: h\r\n\r\n");
	peer_expect(&p, S("HTTP/1.1 500 "));
	peer_done(&p);
	site_done(&t);
}

/* The client's side, and inherited descriptors. */

struct taker {
	struct http_call *call;
	struct buf got;
	int status, done, cancel_after;
	enum err_code code;
};

static void on_head(void *arg, const struct http_head *head)
{
	((struct taker *)arg)->status = head->status;
}

static void on_data(void *arg, str part)
{
	struct taker *k = arg;

	buf_add(&k->got, part);
	if (k->cancel_after && k->got.len >= (size_t)k->cancel_after)
		http_call_cancel(k->call);
}

static void on_done(void *arg, const struct err *e, const struct http_answer *answer)
{
	struct taker *k = arg;

	k->done++;
	k->code = e ? e->code : ERR_NONE;
	if (answer)
		k->status = answer->status;
	if (answer)
		buf_add(&k->got, answer->body);
}

static void take(struct site *t, struct taker *k, struct http_spec spec, const char *path)
{
	*k = (struct taker){ .got = buf_make(1 << 20), .cancel_after = k->cancel_after };
	spec.on_head = on_head;
	spec.on_data = on_data;
	spec.url = arena_printf(t->arena, "http://127.0.0.1:%d%s", server_port(t->sv), path);
	k->call = http_call_start(t->loop, &spec, on_done, k);
}

TEST(a_client_takes_it_as_it_comes)
{
	struct http_spec spec = { .deadline_ms = 5000, .idle_ms = 200 };
	struct taker k = { 0 };
	struct site t;

	site_open(&t, 1 << 20, 5000);
	take(&t, &k, spec, "/s");
	UNTIL(t.loop, k.got.len == 9);
	assert_int_equal(k.status, 200);
	assert_int_equal(k.done, 0);
	server_stream_send(t.sv, t.last, S("more"));
	server_stream_end(t.sv, t.last);
	UNTIL(t.loop, k.done);
	assert_str(buf_str(&k.got), S(": hello\n\nmore"));
	assert_int_equal(k.code, ERR_NONE);
	buf_done(&k.got);
	/* Silence. */
	take(&t, &k, spec, "/s");
	UNTIL(t.loop, k.done);
	assert_int_equal(k.code, ERR_TIMEOUT);
	buf_done(&k.got);
	/* A refusal is an answer like any other. */
	take(&t, &k, spec, "/never");
	UNTIL(t.loop, k.done);
	assert_int_equal(k.status, 403);
	assert_str(buf_str(&k.got), S("no"));
	buf_done(&k.got);
	/* Enough of it. */
	k.cancel_after = 5;
	take(&t, &k, spec, "/s");
	UNTIL(t.loop, k.got.len >= 5);
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	assert_int_equal(k.done, 0);
	buf_done(&k.got);
	site_done(&t);
}

static int unix_socket(str path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(sa.sun_path, path.ptr, path.len);
	unlink(sa.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

TEST(an_inherited_socket_and_who_calls_there)
{
	struct http_spec spec = { .deadline_ms = 5000, .idle_ms = 5000 };
	struct taker k = { 0 };
	struct site t;
	char path[64];
	int fd;

	site_open(&t, 1 << 20, 5000);
	snprintf(path, sizeof(path), "/tmp/claudemesh-net-%d.sock", (int)getpid());
	spec.unix_path = str_from(path);
	fd = unix_socket(spec.unix_path);
	assert_err(server_listen_fd(t.arena, t.sv, fd), BAD_REQUEST);
	assert_err(server_listen_fd(t.arena, t.sv, 9999), BAD_REQUEST);
	assert_int_equal(listen(fd, 5), 0);
	assert_ok(server_listen_fd(t.arena, t.sv, fd));
	take(&t, &k, spec, "/s");
	UNTIL(t.loop, k.got.len == 9);
	assert_int_equal(t.peer_uid, getuid());
	http_call_cancel(k.call);
	buf_done(&k.got);
	/* A path that no socket can have. */
	spec.unix_path = arena_printf(t.arena, "/tmp/%0200d", 1);
	take(&t, &k, spec, "/s");
	UNTIL(t.loop, k.done);
	assert_int_equal(k.code, ERR_NETWORK);
	buf_done(&k.got);
	/* Who made the file removes it. */
	UNTIL(t.loop, server_stats(t.sv).conns == 0);
	server_free(t.sv);
	loop_free(t.loop);
	assert_int_equal(unlink(path), 0);
	arena_free(t.arena);
}

TEST_MAIN("net/server-stream")
