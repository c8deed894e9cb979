/*
 * sse_test.c - streams over real sockets: what the engine tells goes to all that read, and
 * who does not read is let go.
 */
#include "broker/sse.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/test.h"

enum { NOTES_MAX = 64 };

struct stage {
	struct arena *arena;
	struct loop *loop;
	struct hub *hub;
	struct sse *sse;
	struct server *server;
	struct server_app app;
	struct conn_ref asked[NOTES_MAX], ended[NOTES_MAX];
	unsigned shards[NOTES_MAX];
	size_t n_asked, n_ended;
};

static bool submit(void *arg, unsigned shard, struct event *ev)
{
	struct stage *t = arg;

	assert_int_equal(ev->kind, EVENT_CLOSED);
	t->shards[t->n_ended] = shard;
	t->ended[t->n_ended++] = ev->from;
	event_free(ev);
	return true;
}

static void apply(void *arg UNUSED, const struct effect *ef UNUSED) {}
static void room(void *arg UNUSED, unsigned shard UNUSED) {}

static void on_request(void *arg, struct server_request *rq)
{
	struct stage *t = arg;

	t->asked[t->n_asked++] = conn_ref_of(rq->id);
}

static void on_stream_close(void *arg, struct conn_id id, void *user)
{
	sse_closed(((struct stage *)arg)->sse, id, user);
}

static struct stage *stage_new(struct arena *a, i64 heartbeat_ms)
{
	struct stage *t = NEW(a, struct stage);
	struct hub_ends ends = { submit, apply, room, t };
	struct server_limits limits = server_limits_default;

	t->arena = a;
	assert_ok(loop_new(a, &t->loop));
	t->hub = hub_new(t->loop, &ends);
	t->sse = sse_new(t->loop, t->hub, &clock_real, heartbeat_ms);
	t->app = (struct server_app){ .on_request = on_request, .on_stream_close = on_stream_close };
	limits.out_max = 4 * SSE_WAITING_MAX;
	t->server = server_new(t->loop, &t->app, t, &limits);
	assert_ok(server_listen(a, t->server, S("127.0.0.1"), 0, NULL));
	sse_set_server(t->sse, t->server);
	return t;
}

static void stage_free(struct stage *t)
{
	server_free(t->server);
	sse_free(t->sse);
	hub_free(t->hub);
	loop_free(t->loop);
}

static int connect_to(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* A client that asked; the test reads its socket. */
static int ask(struct stage *t)
{
	static const char request[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
	size_t had = t->n_asked;
	int fd = connect_to(server_port(t->server));

	assert_int_equal(write(fd, request, sizeof(request) - 1), sizeof(request) - 1);
	while (t->n_asked == had)
		loop_turn(t->loop, 10);
	return fd;
}

static void effect(struct stage *t, enum effect_kind kind, const struct conn_ref *to, size_t n, str text)
{
	struct effect ef = { .kind = kind, .code = 3, .block = block_new(text), .to = (struct conn_ref *)to,
			     .n_to = n };
	const struct http_header header = { S("Content-Type"), S("text/event-stream") };

	if (kind == EFFECT_STREAM)
		sse_start(t->sse, server_request_get(t->server, conn_id_of(*to)), &ef, &header, 1);
	else
		sse_apply(t->sse, &ef);
	block_unref(ef.block);
}

/* Until the part has come, or the other side closed. */
static str read_until(struct stage *t, int fd, const char *part)
{
	struct buf got = buf_make(16 << 20);
	char chunk[65536];
	str text;

	for (int i = 0; i < 500; i++) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n == 0)
			break;
		if (n > 0)
			buf_add(&got, str_of(chunk, (size_t)n));
		if (part && str_contains(buf_str(&got), str_from(part)))
			break;
		loop_turn(t->loop, n > 0 ? 0 : 10);
	}
	text = arena_dup(t->arena, buf_str(&got));
	buf_done(&got);
	return text;
}

TEST(all_that_read_are_told_the_same)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a, 60000);
	int one = ask(t), two = ask(t);

	effect(t, EFFECT_STREAM, &t->asked[0], 1, S("event: ready\n\n"));
	effect(t, EFFECT_STREAM, &t->asked[1], 1, S("event: ready\n\n"));
	assert_int_equal(sse_count(t->sse), 2);
	effect(t, EFFECT_EVENT, t->asked, 2, S("event: message\nid: 1\n\n"));
	assert_true(str_contains(read_until(t, one, "id: 1\n\n"), S("event: ready\n\nevent: message")));
	assert_true(str_contains(read_until(t, two, "id: 1\n\n"), S("text/event-stream")));
	/* Ended from this side: nobody asks to hear of it. */
	effect(t, EFFECT_EVENT_LAST, &t->asked[0], 1, S("event: error\n\n"));
	read_until(t, one, NULL);
	assert_int_equal(t->n_ended, 0);
	assert_int_equal(sse_count(t->sse), 1);
	/* Ended by the client. */
	close(two);
	while (!t->n_ended)
		loop_turn(t->loop, 10);
	assert_true(conn_ref_eq(t->ended[0], t->asked[1]));
	assert_int_equal(t->shards[0], 3);
	assert_int_equal(sse_count(t->sse), 0);
	effect(t, EFFECT_EVENT, t->asked, 2, S("event: message\n\n"));
	close(one);
	stage_free(t);
}

TEST(a_client_that_left_before_its_stream_began_is_told_of)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a, 60000);
	int fd = ask(t);

	close(fd);
	for (int i = 0; i < 100 && server_request_get(t->server, conn_id_of(t->asked[0])); i++)
		loop_turn(t->loop, 10);
	effect(t, EFFECT_STREAM, &t->asked[0], 1, S("event: ready\n\n"));
	for (int i = 0; i < 100 && !t->n_ended; i++)
		loop_turn(t->loop, 10);
	assert_int_equal(t->n_ended, 1);
	assert_int_equal(sse_count(t->sse), 0);
	stage_free(t);
}

TEST(a_quiet_stream_has_a_heartbeat)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a, 20);
	int fd = ask(t);

	effect(t, EFFECT_STREAM, &t->asked[0], 1, S("event: ready\n\n"));
	assert_true(str_contains(read_until(t, fd, "event: heartbeat\ndata: "), S("heartbeat")));
	close(fd);
	stage_free(t);
}

/* The others do not wait for it, and it costs no more than its bound. */
TEST(who_does_not_read_is_let_go)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct stage *t = stage_new(a, 60000);
	char *big = arena_alloc(a, 65536);
	int slow = ask(t), good = ask(t);
	size_t n = 0;

	memset(big, 'x', 65536);
	effect(t, EFFECT_STREAM, &t->asked[0], 1, S("event: ready\n\n"));
	effect(t, EFFECT_STREAM, &t->asked[1], 1, S("event: ready\n\n"));
	while (!t->n_ended && n < 1000) {
		effect(t, EFFECT_EVENT, t->asked, 2, str_of(big, 65536));
		n++;
		read_until(t, good, "x");
	}
	assert_int_equal(t->n_ended, 1);
	assert_true(conn_ref_eq(t->ended[0], t->asked[0]));
	assert_int_equal(sse_count(t->sse), 1);
	effect(t, EFFECT_EVENT, t->asked, 2, S("event: last\n\n"));
	assert_true(str_contains(read_until(t, good, "event: last"), S("event: last")));
	close(slow);
	close(good);
	stage_free(t);
}

TEST_MAIN("broker/sse")
