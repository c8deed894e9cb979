/*
 * settle_test.c - waiting for what becomes of a message: the broker's pushes are hints, its
 * answers to message_status are what counts.
 */
#include "client/test_fake.h"
#include "client/visit.h"

enum { SOON_MS = 2000 };

/* What it answers and tells. */
struct broker {
	struct fake fake;
	bool tells;       /* offers receipts; tells of `about` after each answer */
	const char *about;
	bool mute;        /* never answers */
	int queued;       /* so many questions are answered "queued", the rest "delivered" */
	int cut_at;       /* the question that ends the connection; 0: none */
	int asked, conns;
	bool was_asked_to_tell;
};

static void on_request(void *arg, struct server_request *rq)
{
	(void)arg, (void)rq;
}

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	(void)arg, (void)rq, (void)answer;
}

static void on_open(void *arg, struct ws_conn *c, struct server_request *rq)
{
	(void)arg, (void)c, (void)rq;
}

static void say(struct broker *b, struct ws_conn *c, str frame)
{
	ws_conn_send(c, test_double_quotes(b->fake.arena, frame));
}

static void answer_status(struct broker *b, struct ws_conn *c, str req_id)
{
	const char *state = ++b->asked > b->queued ? "delivered" : "queued";

	if (b->asked == b->cut_at) {
		ws_conn_abort(c);
		return;
	}
	if (b->mute)
		return;
	say(b, c, arena_printf(b->fake.arena,
			       "{'type':'message_status_result','messageId':'m1','targetSpec':'x','delivered':%s,"
			       "'deliveredAt':null,'recipients':[{'name':'bob','pubkey':'k','status':'%s','state':"
			       "'%s'}],'_reqId':'%.*s'}",
			       b->asked > b->queued ? "true" : "false",
			       b->asked > b->queued ? "delivered" : "disconnected", state, STRF(req_id)));
	if (b->tells)
		say(b, c, arena_printf(b->fake.arena, "{'type':'message_state','messageId':'%s','recipients':[{"
				       "'name':'bob','pubkey':'k','status':'delivered','state':'delivered'}]}",
				       b->about));
}

static void on_frame(void *arg, struct ws_conn *c, str message, bool is_text)
{
	struct broker *b = arg;
	const struct json *tree;

	(void)is_text;
	if (json_parse(b->fake.arena, arena_dup(b->fake.arena, message), &tree))
		return;
	if (str_eq(json_get_str(tree, S("type")), S("hello"))) {
		b->conns++;
		b->was_asked_to_tell = str_contains(tree->raw, S("\"receipts\""));
		ws_conn_authenticated(c);
		say(b, c, arena_printf(b->fake.arena, "{'type':'hello_ack','presenceId':'p','memberDisplayName':'me',"
				       "'memberProfile':{'roleTag':null,'groups':[],'messageMode':'push'},"
				       "'features':[%s]}", b->tells ? "'receipts'" : ""));
	} else {
		answer_status(b, c, json_get_str(tree, S("_reqId")));
	}
}

static void on_gone(void *arg, struct ws_conn *c, const struct ws_end *end)
{
	(void)arg, (void)c, (void)end;
}

static const struct server_app app = {
	.on_request = on_request,
	.on_upgrade = on_upgrade,
	.on_ws_open = on_open,
	.on_ws_message = on_frame,
	.on_ws_close = on_gone,
	.ws_path = "/ws",
};

struct world {
	struct arena *arena;
	struct broker broker;
	struct message_status_result_args result;
	bool settled;
	i64 took_ms;
};

/* Waits at most wait_ms; the world's broker may be looked at afterwards. */
static struct err *settle(struct world *w, i64 wait_ms)
{
	struct sign_pair me = test_pair(1);
	struct config_mesh_args mesh;
	struct visit_spec spec = { .mesh = &mesh, .reconnect = true, .receipts = true };
	struct paths paths;
	struct client client = { &paths, &clock_real, &random_system, NULL };
	struct visit *v;
	struct err *e;

	w->arena = arena_new();
	fake_start(&w->broker.fake, &app, &w->broker);
	paths = test_paths(w->arena);
	mesh = (struct config_mesh_args){
		.meshId = S("mesh0001"), .memberId = S("m1"), .slug = S("team"), .brokerUrl = w->broker.fake.ws_url,
		.pubkey = sign_pair_pubkey(w->arena, &me), .secretKey = sign_pair_secret(w->arena, &me),
	};
	assert_ok(visit_open(w->arena, &client, &spec, &v));
	w->took_ms = clock_mono_ms(&clock_real);
	e = visit_settle(w->arena, v, S("m1"), wait_ms, &w->result, &w->settled);
	w->took_ms = clock_mono_ms(&clock_real) - w->took_ms;
	visit_close(v);
	fake_stop(&w->broker.fake);
	return e;
}

static void end(struct world *w)
{
	arena_free(w->arena);
	fake_done(&w->broker.fake);
}

TEST(news_are_asked_after_at_once)
{
	struct world w = { .broker = { .tells = true, .about = "m1", .queued = 1 } };

	assert_ok(settle(&w, 60000));
	assert_true(w.settled && w.result.delivered);
	assert_int_equal(w.broker.asked, 2);
	assert_true(w.broker.was_asked_to_tell);
	assert_true(w.took_ms < SOON_MS);
	end(&w);
}

TEST(what_is_settled_already_is_asked_once)
{
	struct world w = { .broker = { .tells = true, .about = "m1" } };

	assert_ok(settle(&w, 60000));
	assert_true(w.settled);
	assert_int_equal(w.broker.asked, 1);
	end(&w);
}

TEST(a_broker_that_only_says_so_is_not_believed_and_not_asked_in_a_loop)
{
	struct world w = { .broker = { .tells = true, .about = "m1", .queued = 1000 } };

	assert_ok(settle(&w, 5 * VISIT_ASK_MS));
	assert_false(w.settled);
	assert_false(w.result.delivered);
	assert_true(w.broker.asked >= 3 && w.broker.asked <= 8);
	end(&w);
}

TEST(news_of_others_are_no_reason_to_ask)
{
	struct world w = { .broker = { .tells = true, .about = "other", .queued = 1 } };

	/* The last question, when the time is over, finds it. */
	assert_ok(settle(&w, 2 * VISIT_ASK_MS));
	assert_true(w.settled);
	assert_int_equal(w.broker.asked, 2);
	assert_true(w.took_ms >= 2 * VISIT_ASK_MS);
	end(&w);
}

TEST(a_broker_that_tells_nothing_is_asked_again_and_again)
{
	struct world w = { .broker = { .queued = 3 } };

	assert_ok(settle(&w, 60000));
	assert_true(w.settled);
	assert_int_equal(w.broker.asked, 4);
	end(&w);
}

TEST(after_a_lost_connection_it_is_asked_again)
{
	struct world w = { .broker = { .tells = true, .about = "other", .queued = 1, .cut_at = 1 } };

	assert_ok(settle(&w, 60000));
	assert_true(w.settled);
	assert_int_equal(w.broker.conns, 2);
	assert_int_equal(w.broker.asked, 2);
	end(&w);
}

TEST(a_broker_that_never_answers_ends_the_wait)
{
	struct world w = { .broker = { .mute = true } };

	assert_err(settle(&w, 1), TIMEOUT);
	assert_true(w.took_ms < SOON_MS);
	end(&w);
}

TEST_MAIN("client/settle")
