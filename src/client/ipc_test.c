#include "client/ipc.h"

#include "client/test_fake.h"

/* A daemon on a Unix socket, in a thread of its own. */
struct site {
	struct fake fake;
	struct ipc ipc;
	int streams;
	char auth[128], key[64], last_id[3][32];
	bool refuse_streams;
};

static str header(const struct server_request *rq, const char *name)
{
	return http_header_get(rq->head, str_from(name));
}

static void stream(struct site *t, struct server_request *rq)
{
	struct http_header type = { S("Content-Type"), S("text/event-stream") };
	int n = t->streams++;
	struct conn_id id;

	if (t->refuse_streams) {
		fake_answer(&t->fake, rq, 401, S("{'ok':false,'error':'unauthorized','detail':'no'}"));
		return;
	}
	if (n < 3)
		snprintf(t->last_id[n], sizeof(t->last_id[n]), "%.*s", STRF(header(rq, "Last-Event-ID")));
	id = server_stream_start(t->fake.sv, rq, 200, &type, 1);
	server_stream_send(t->fake.sv, id, arena_printf(rq->arena, ": connected\n\nid: %d\nevent: message\n"
							"data: {\"n\":%d}\n\n", n + 10, n));
	server_stream_end(t->fake.sv, id);
}

static void on_request(void *arg, struct server_request *rq)
{
	struct site *t = arg;

	snprintf(t->auth, sizeof(t->auth), "%.*s", STRF(header(rq, "Authorization")));
	snprintf(t->key, sizeof(t->key), "%.*s", STRF(header(rq, "Idempotency-Key")));
	if (str_eq(rq->head->path, S("/v1/events")))
		stream(t, rq);
	else if (str_eq(rq->head->path, S("/no")))
		fake_answer(&t->fake, rq, 404,
			    S("{'ok':false,'error':'mesh_not_attached','detail':'no such mesh'}"));
	else if (str_eq(rq->head->path, S("/html")))
		fake_answer(&t->fake, rq, 200, S("<p>hello</p>"));
	else
		fake_answer(&t->fake, rq, 200,
			    arena_printf(rq->arena, "{'method':'%.*s','got':%.*s}",
					 STRF(rq->head->method), STRF(rq->body.len ? rq->body : S("0"))));
}

static const struct server_app app = { .on_request = on_request };

#define TOKEN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void site_start(struct site *t, struct arena *a)
{
	*t = (struct site){ .ipc.token = S(TOKEN) };
	assert_true(crypto_start());
	t->ipc.place.socket = arena_printf(a, "%.*s/s", STRF(test_dir(a)));
	t->fake.arena = arena_new();
	assert_ok(loop_new(t->fake.arena, &t->fake.loop));
	t->fake.sv = server_new(t->fake.loop, &app, t, &server_limits_default);
	assert_ok(server_listen_unix(a, t->fake.sv, t->ipc.place.socket));
	assert_int_equal(pthread_create(&t->fake.thread, NULL, fake_run, &t->fake), 0);
}

TEST(calls_and_refusals)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct site t;
	struct ipc_request rq = { .target = S("/x") };
	struct ipc_reply reply;
	const struct json *body;
	struct err *e;

	site_start(&t, a);
	assert_ok(ipc_ask(a, &t.ipc, &rq, &body));
	assert_str(json_get_str(body, S("method")), S("GET"));
	rq.body = S("[1]");
	rq.idempotency_key = S("k1");
	assert_ok(ipc_ask(a, &t.ipc, &rq, &body));
	assert_str(json_get_str(body, S("method")), S("POST"));
	assert_int_equal(json_get(body, S("got"))->count, 1);
	rq = (struct ipc_request){ .target = S("/no") };
	assert_ok(ipc_call(a, &t.ipc, &rq, &reply));
	assert_int_equal(reply.status, 404);
	e = ipc_ask(a, &t.ipc, &rq, &body);
	assert_err(e, NOT_FOUND);
	assert_str(err_wire(e), S("mesh_not_attached"));
	assert_str(e->text, S("no such mesh"));
	rq.target = S("/html");
	assert_err(ipc_ask(a, &t.ipc, &rq, &body), NETWORK);
	assert_false(ipc_is_unreachable(ipc_ask(a, &t.ipc, &rq, &body)));
	fake_stop(&t.fake);
	assert_string_equal(t.auth, "ClaudeMesh-Session " TOKEN);
	assert_true(ipc_is_unreachable(ipc_ask(a, &t.ipc, &rq, &body)));
	t.ipc.place.socket = S("/tmp/there/is/no/such/socket");
	assert_true(ipc_is_unreachable(ipc_ask(a, &t.ipc, &rq, &body)));
	fake_done(&t.fake);
}

struct listener {
	struct loop *loop;
	struct ipc_events *ev;
	int events, opens, downs, close_at;
	char data[64];
	enum err_code code;
};

static void on_open(void *arg)
{
	((struct listener *)arg)->opens++;
}

static void on_event(void *arg, const struct sse_event *event)
{
	struct listener *k = arg;

	assert_str(event->event, S("message"));
	snprintf(k->data, sizeof(k->data), "%.*s", STRF(event->data));
	if (++k->events != k->close_at)
		return;
	ipc_events_close(k->ev);
	loop_stop(k->loop);
}

static void on_down(void *arg, const struct err *why, i64 retry_ms)
{
	struct listener *k = arg;

	assert_true(retry_ms > 0 && retry_ms <= IPC_RETRY_MAX_MS);
	k->code = why->code;
	if (++k->downs == 5) {
		ipc_events_close(k->ev);
		loop_stop(k->loop);
	}
}

TEST(events_come_back_with_the_last_id)
{
	static const struct ipc_events_handler handler = { on_open, on_event, on_down };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct listener k = { .close_at = 3 };
	struct site t;

	site_start(&t, a);
	assert_ok(loop_new(a, &k.loop));
	k.ev = ipc_events_open(k.loop, &t.ipc, S("7"), &handler, &k);
	loop_run(k.loop);
	assert_string_equal(k.data, "{\"n\":2}");
	assert_int_equal(k.opens, 3);
	assert_int_equal(k.downs, 2);
	/* Refused: told why, and tried again. */
	k = (struct listener){ .loop = k.loop };
	t.refuse_streams = true;
	k.ev = ipc_events_open(k.loop, &t.ipc, S(""), &handler, &k);
	loop_run(k.loop);
	assert_int_equal(k.code, ERR_UNAUTHORIZED);
	fake_stop(&t.fake);
	assert_string_equal(t.last_id[0], "7");
	assert_string_equal(t.last_id[1], "10");
	assert_string_equal(t.last_id[2], "11");
	loop_turn(k.loop, 0);
	loop_free(k.loop);
	fake_done(&t.fake);
}

TEST(the_token_of_a_session)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	str file = arena_printf(a, "%.*s/session-token", STRF(p.dir));
	struct ipc ipc;

	p.daemon = p.dir;
	unsetenv("CLAUDEMESH_IPC_TOKEN");
	unsetenv("CLAUDEMESH_IPC_TOKEN_FILE");
	assert_ok(ipc_from_env(a, &p, &ipc));
	assert_true(str_empty(ipc.token));
	test_write(a, file, S(TOKEN "\n"), 0600);
	setenv("CLAUDEMESH_IPC_TOKEN_FILE", file.ptr, 1);
	assert_ok(ipc_from_env(a, &p, &ipc));
	assert_str(ipc.token, S(TOKEN));
	chmod(file.ptr, 0644);
	assert_err(ipc_from_env(a, &p, &ipc), FORBIDDEN);
	setenv("CLAUDEMESH_IPC_TOKEN", "nonsense", 1);
	assert_err(ipc_from_env(a, &p, &ipc), BAD_REQUEST);
	unsetenv("CLAUDEMESH_IPC_TOKEN");
	setenv("CLAUDEMESH_IPC_TOKEN_FILE", "/nowhere", 1);
	assert_ok(ipc_from_env(a, &p, &ipc));
	assert_true(str_empty(ipc.token));
	unsetenv("CLAUDEMESH_IPC_TOKEN_FILE");
}

TEST_MAIN("client/ipc")
