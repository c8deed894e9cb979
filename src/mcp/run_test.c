/*
 * run_test.c - the server on two pipes, with a daemon that the test plays on a real socket.
 */
#include "mcp/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>

#include "client/test_dir.h"
#include "net/server.h"

enum { WAIT_MS = 10000, OUT_MAX = 1 << 20 };

/* The daemon: one stream of events, an inbox with what the test put there. */
struct fake {
	struct loop *loop;
	struct server *server;
	struct conn_id stream;
	str query;            /* of GET /v1/events */
	int channels;         /* POST /v1/sessions/channel */
	bool streaming, greeted; /* greeted: asked for what came before, so the client is ready */
	str unread;           /* what GET /v1/inbox answers */
	struct buf seen;      /* bodies of POST /v1/inbox/seen */
};

static void on_request(void *arg, struct server_request *rq)
{
	static const struct http_header type = { S("Content-Type"), S("text/event-stream") };
	struct fake *f = arg;
	str path = rq->head->path;

	if (str_eq(path, S("/v1/events"))) {
		f->query = str_contains(rq->head->query, S("channel=true")) ? S("channel") : S("");
		f->stream = server_stream_start(f->server, rq, 200, &type, 1);
		assert_true(server_stream_send(f->server, f->stream, S(": connected\n\n")));
		f->streaming = true;
	} else if (str_eq(path, S("/v1/inbox"))) {
		f->greeted = true;
		server_respond(f->server, rq, 200, NULL, 0, f->unread);
	} else if (str_eq(path, S("/v1/inbox/seen"))) {
		buf_add(&f->seen, rq->body);
		server_respond(f->server, rq, 200, NULL, 0, S("{\"marked_seen\":1}"));
	} else if (str_eq(path, S("/v1/sessions/channel"))) {
		f->channels++;
		server_respond(f->server, rq, 200, NULL, 0, S("{}"));
	} else if (str_eq(path, S("/v1/skills"))) {
		server_respond(f->server, rq, 200, NULL, 0, S("{\"skills\":[]}"));
	} else {
		server_respond(f->server, rq, 200, NULL, 0, S("{}"));
	}
}

static void on_stream_close(void *arg, struct conn_id id UNUSED, void *user UNUSED)
{
	struct fake *f = arg;

	f->streaming = false;
}

static const struct server_app app = { .on_request = on_request, .on_stream_close = on_stream_close };

struct scene {
	struct arena *arena;
	struct paths paths;
	struct ipc ipc;
	struct fake fake;
	struct mcp_run_spec spec;
	int in, out;          /* our ends */
	struct buf read;      /* what the server wrote */
	pthread_t thread;
	bool ended;           /* by itself */
	struct err *result;
};

static void *run(void *arg)
{
	struct scene *s = arg;
	struct arena *a = arena_new();

	s->result = mcp_run(a, &s->spec);
	arena_free(a);
	return NULL;
}

static void scene_close(void *obj)
{
	struct scene *s = obj;

	close(s->in);
	if (!s->ended)
		pthread_join(s->thread, NULL);
	assert_null(s->result);
	close(s->out);
	close(s->spec.in);
	close(s->spec.out);
	server_free(s->fake.server);
	loop_free(s->fake.loop);
	buf_done(&s->read);
	buf_done(&s->fake.seen);
}

static void fake_open(struct scene *s)
{
	assert_ok(loop_new(s->arena, &s->fake.loop));
	s->fake.server = server_new(s->fake.loop, &app, &s->fake, &server_limits_default);
	assert_ok(server_listen_unix(s->arena, s->fake.server, s->ipc.place.socket));
}

static struct scene *scene_plan(struct arena *a, bool with_daemon)
{
	struct scene *s = NEW(a, struct scene);
	int in[2], out[2];

	s->arena = a;
	s->paths = test_paths(a);
	assert_ok(place_find(a, &s->paths, STR_NONE, &s->ipc.place));
	assert_ok(paths_make(a, &s->paths));
	assert_ok(place_make(a, &s->ipc.place));
	s->read = buf_make(OUT_MAX);
	s->fake.seen = buf_make(OUT_MAX);
	s->fake.unread = S("{\"items\":[]}");
	if (with_daemon)
		fake_open(s);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	s->in = in[1];
	s->out = out[0];
	s->spec = (struct mcp_run_spec){ .paths = &s->paths, .ipc = &s->ipc, .policy = DAEMON_NONE,
					 .in = in[0], .out = out[1], .channel = true };
	return s;
}

static void scene_run(struct scene *s)
{
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
	arena_defer(s->arena, scene_close, s);
}

static struct scene *scene_new(struct arena *a, bool with_daemon)
{
	struct scene *s = scene_plan(a, with_daemon);

	scene_run(s);
	return s;
}

static void say(struct scene *s, const char *line)
{
	assert_int_equal(write(s->in, line, strlen(line)), (ssize_t)strlen(line));
	assert_int_equal(write(s->in, "\n", 1), 1);
}

/* Turns the daemon and reads until the server has written this. */
static void until_says(struct scene *s, const char *part)
{
	for (int waited = 0; !str_contains(buf_str(&s->read), str_from(part)); waited += 10) {
		struct pollfd p = { .fd = s->out, .events = POLLIN };

		if (waited > WAIT_MS)
			fail_msg("'%s' did not come; only '%.*s'", part, STRF(buf_str(&s->read)));
		if (s->fake.loop)
			loop_turn(s->fake.loop, 5);
		if (poll(&p, 1, 5) > 0) {
			ssize_t n = read(s->out, buf_room(&s->read, 65536), 65536);

			assert_true(n > 0);
			s->read.len += (size_t)n;
		}
	}
}

static void until_seen(struct scene *s, const char *part)
{
	for (int waited = 0; !str_contains(buf_str(&s->fake.seen), str_from(part)); waited += 10) {
		assert_true(waited < WAIT_MS);
		loop_turn(s->fake.loop, 10);
	}
}

static void greet(struct scene *s)
{
	say(s, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\"}}");
	until_says(s, "\"protocolVersion\":\"2025-06-18\"");
	say(s, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

static void push(struct scene *s, const char *id, const char *body)
{
	while (!s->fake.streaming || !s->fake.greeted)
		loop_turn(s->fake.loop, 10);
	assert_true(server_stream_send(s->fake.server, s->fake.stream,
		arena_printf(s->arena, "id: 1\nevent: message\ndata: {\"id\":\"%s\",\"sender_name\":\"al\",\"body\":\"%s\"}\n\n", id, body)));
}

static size_t count(str text, const char *part)
{
	size_t n = 0;

	for (size_t i = 0; i + strlen(part) <= text.len; i++)
		n += memcmp(text.ptr + i, part, strlen(part)) == 0;
	return n;
}

TEST(D58_it_answers_without_a_daemon_and_ends_with_its_input)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, false);

	greet(s);
	say(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/list\"}");
	until_says(s, "{\"prompts\":[]}");
	say(s, "{ broken");
	until_says(s, "-32700");
}

TEST(S30_a_message_that_comes_is_told_and_marked_seen_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, true);

	greet(s);
	push(s, "r1", "hello");
	until_says(s, "al: hello");
	until_seen(s, "\"r1\"");
	push(s, "r1", "hello");
	push(s, "r2", "second");
	until_says(s, "al: second");
	assert_int_equal(count(buf_str(&s->read), "al: hello"), 1);
}

TEST(what_came_before_is_told_first)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, true);

	s->fake.unread = S("{\"items\":[{\"id\":\"u1\",\"sender_name\":\"al\",\"body\":\"early\"},"
			   "{\"id\":\"u2\",\"sender_name\":\"al\",\"body\":\"bird\"}]}");
	greet(s);
	until_says(s, "al: bird");
	assert_true(str_contains(buf_str(&s->read), S("al: early")));
	until_seen(s, "\"u2\"");
}

TEST(mail_of_other_sessions_is_not_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, true);

	s->fake.unread = S("{\"items\":[{\"id\":\"u1\",\"sender_name\":\"al\",\"body\":\"not ours\",\"recipient_kind\":\"session\"},"
			   "{\"id\":\"u2\",\"sender_name\":\"al\",\"body\":\"ours\",\"recipient_kind\":\"member\"}]}");
	greet(s);
	until_says(s, "al: ours");
	assert_false(str_contains(buf_str(&s->read), S("not ours")));
}

TEST(the_end_waits_until_the_daemon_knows_what_was_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, true);
	struct loop *daemon = s->fake.loop;
	struct timespec soon;

	greet(s);
	push(s, "r1", "the last word");
	loop_turn(daemon, 0);
	s->fake.loop = NULL; /* busy with something else */
	until_says(s, "al: the last word");
	s->fake.loop = daemon;
	close(s->in);
	s->in = -1;
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 50000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	assert_int_equal(pthread_timedjoin_np(s->thread, NULL, &soon), ETIMEDOUT);
	until_seen(s, "\"r1\"");
}

TEST(a_daemon_that_comes_later_is_found)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, false);

	greet(s);
	fake_open(s);
	push(s, "r1", "late");
	until_says(s, "al: late");
}

TEST(a_client_that_closes_its_end_ends_the_server)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_new(a, true);

	greet(s);
	close(s->out);
	s->out = -1;
	push(s, "r1", "nobody reads this");
	for (int waited = 0; pthread_tryjoin_np(s->thread, NULL) != 0; waited += 10) {
		assert_true(waited < WAIT_MS);
		loop_turn(s->fake.loop, 10);
	}
	s->ended = true;
}

static struct scene *scene_of(struct arena *a, const char *mode, const char *unread)
{
	struct scene *s = scene_plan(a, true);

	s->ipc.token = S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	s->ipc.channel = true;
	s->spec.message_mode = str_from(mode);
	if (unread)
		s->fake.unread = str_from(unread);
	scene_run(s);
	return s;
}

TEST(a_session_with_a_channel_says_so_when_both_sides_are_there)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_of(a, "push", NULL);

	while (!s->fake.streaming)
		loop_turn(s->fake.loop, 10);
	assert_str(s->fake.query, S("channel"));
	for (int i = 0; i < 5; i++)
		loop_turn(s->fake.loop, 10);
	assert_int_equal(s->fake.channels, 0);
	greet(s);
	push(s, "r1", "hello");
	until_says(s, "al: hello");
	assert_int_equal(s->fake.channels, 1);
}

TEST(in_mode_inbox_it_is_told_that_something_waits_and_nothing_is_marked)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_of(a, "inbox", "{\"items\":[{\"id\":\"r1\",\"body\":\"one\"},"
					       "{\"id\":\"r2\",\"body\":\"two\"}]}");

	greet(s);
	until_says(s, "[system] 2 messages wait: claudemesh inbox");
	push(s, "r2", "two");
	push(s, "r3", "three");
	until_says(s, "[system] A message from \\\"al\\\" waits: claudemesh inbox");
	say(s, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"prompts/list\"}");
	until_says(s, "\"id\":7");
	assert_int_equal(count(buf_str(&s->read), "notifications/claude/channel"), 2);
	assert_int_equal(count(buf_str(&s->read), "three"), 0);
	assert_int_equal(s->fake.seen.len, 0);
}

TEST(in_mode_off_it_is_not_told)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct scene *s = scene_of(a, "off", "{\"items\":[{\"id\":\"r1\",\"body\":\"one\"}]}");

	greet(s);
	push(s, "r3", "three");
	say(s, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"prompts/list\"}");
	until_says(s, "\"id\":7");
	assert_int_equal(count(buf_str(&s->read), "notifications/claude/channel"), 0);
	assert_int_equal(s->fake.seen.len, 0);
}

TEST_MAIN("mcp/run")
