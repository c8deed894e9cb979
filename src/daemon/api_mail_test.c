/*
 * api_mail_test.c - sending, the inbox, and the stream of events over the local API.
 */
#include "daemon/test_api.h"

#define SEND(more) "{'to':'" YARD_BOB "','message':'hello'" more "}"

TEST(a_message_is_accepted_once)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	b.y.mode = YARD_SILENT;
	t = POST(&b, "/v1/send", SEND(",'client_message_id':'k1'"));
	assert_told(t, 202, NULL);
	assert_str(json_get_str(t.body, S("status")), S("queued"));
	assert_str(json_get_str(t.body, S("client_message_id")), S("k1"));
	assert_false(json_get_bool(t.body, S("duplicate")));
	until(&b.y, b.y.n_sends == 1);
	t = POST(&b, "/v1/send", SEND(",'client_message_id':'k1'"));
	assert_told(t, 202, NULL);
	assert_str(json_get_str(t.body, S("status")), S("inflight"));
	t = POST(&b, "/v1/send", SEND(",'client_message_id':'k1','priority':'now'"));
	assert_told(t, 409, "idempotency_key_reused");
	assert_str(json_get_str(t.body, S("conflict")), S("outbox_inflight_fingerprint_mismatch"));
	assert_int_equal(json_get_str(t.body, S("daemon_fingerprint_prefix")).len, 16);
	assert_int_equal(b.y.n_sends, 1);
	bench_end(&b);
}

TEST(c_27_the_header_s_id_wins)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	t = POST(&b, "/v1/send", SEND(",'client_message_id':'body','wait_ms':5000"),
		 .header = "Idempotency-Key", .value = "header");
	assert_told(t, 200, NULL);
	assert_str(json_get_str(t.body, S("client_message_id")), S("header"));
	assert_str(json_get_str(t.body, S("status")), S("done"));
	assert_str(json_get_str(t.body, S("broker_message_id")), S("bm-1"));
	t = POST(&b, "/v1/send", SEND(""), .header = "Idempotency-Key", .value = "header");
	assert_told(t, 200, NULL);
	assert_true(json_get_bool(t.body, S("duplicate")));
	bench_end(&b);
}

TEST(a_refusal_is_heard_while_one_waits)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	b.y.mode = YARD_REFUSES;
	b.y.refusals = -1;
	b.y.refusal = "'error':'no','code':'forbidden'";
	t = POST(&b, "/v1/send", SEND(",'client_message_id':'k1','wait_ms':5000"));
	assert_told(t, 202, NULL);
	assert_str(json_get_str(t.body, S("status")), S("dead"));
	assert_true(str_contains(json_get_str(t.body, S("reason")), S("forbidden")));
	t = POST(&b, "/v1/send", SEND(",'client_message_id':'k1'"));
	assert_told(t, 409, "idempotency_key_reused");
	assert_false(str_empty(json_get_str(t.body, S("reason"))));
	/* Sent again under a new id, as it was. */
	b.y.mode = YARD_ACKS;
	t = POST(&b, "/v1/outbox/requeue", "{'id':'k1','new_client_message_id':'k2'}");
	assert_told(t, 200, NULL);
	until(&b.y, b.y.n_sends == 2);
	assert_str(json_get_str(b.y.sends[1], S("client_message_id")), S("k2"));
	assert_str(json_get_str(b.y.sends[1], S("targetSpec")), S(YARD_BOB));
	assert_int_equal(told_count(GET(&b, "/v1/outbox?status=aborted"), "items"), 1);
	assert_told(POST(&b, "/v1/outbox/requeue", "{'id':'k1'}"), 409, "conflict");
	bench_end(&b);
}

/* Without a broker it is accepted all the same, and waiting has an end. */
TEST(without_a_broker_it_is_queued)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	b.y.closed = true;
	ws_conn_abort(yard_guest(&b.y, "mesh0001", STR_NONE)->conn);
	until(&b.y, yard_state(&b.y, STR_NONE) != ROUTE_OPEN);
	t = POST(&b, "/v1/send", SEND(",'wait_ms':30"));
	assert_told(t, 202, NULL);
	assert_str(json_get_str(t.body, S("status")), S("queued"));
	bench_end(&b);
}

/* Inbox. */

static void push(struct bench *b, const char *id)
{
	size_t before = b->y.n_acks;

	yard_push(yard_guest(&b->y, "mesh0001", STR_NONE), id, id);
	until(&b->y, b->y.n_acks == before + 1);
}

TEST(what_was_listed_is_read_unless_one_says_no)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	push(&b, "one");
	push(&b, "two");
	t = GET(&b, "/v1/inbox?unread_only=true&mark_seen=false");
	assert_int_equal(told_count(t, "items"), 2);
	assert_int_equal(json_get_int(t.body, S("marked_seen"), -1), 0);
	assert_str(json_get_str(json_get(t.body, S("items"))->first, S("broker_message_id")), S("two"));
	t = GET(&b, "/v1/inbox?unread_only=true&limit=1");
	assert_int_equal(json_get_int(t.body, S("marked_seen"), -1), 1);
	t = GET(&b, "/v1/inbox?unread_only=true&oldest_first=true");
	assert_int_equal(told_count(t, "items"), 1);
	assert_int_equal(told_count(GET(&b, "/v1/inbox?unread_only=true"), "items"), 0);
	assert_int_equal(told_count(GET(&b, "/v1/inbox?from=bob&mesh=flock"), "items"), 2);
	assert_int_equal(told_count(GET(&b, "/v1/inbox?from=eve"), "items"), 0);
	bench_end(&b);
}

TEST(waiting_for_a_message)
{
	struct bench b;
	struct told t = { 0 };
	struct http_spec spec;

	bench_start(&b);
	assert_int_equal(told_count(GET(&b, "/v1/inbox?wait_ms=30"), "items"), 0);
	t.y = &b.y;
	spec = bench_spec(&b, &(struct ask){ .target = "/v1/inbox?wait_ms=20000&settle_ms=2000" });
	http_call_start(b.y.loop, &spec, bench_told, &t);
	/* Settled when the broker answered twice and nothing came. */
	until(&b.y, yard_guest(&b.y, "mesh0001", STR_NONE)->n_lists >= 2);
	yard_turns(&b.y, 3);
	assert_false(t.done);
	push(&b, "late");
	until(&b.y, t.done);
	assert_int_equal(told_count(t, "items"), 1);
	bench_end(&b);
}

/* Events. */

struct ear {
	struct yard *y;
	struct http_call *call;
	struct buf text;
	int status;
	bool ended;
};

static void ear_data(void *arg, str part)
{
	buf_add(&((struct ear *)arg)->text, part);
}

static void ear_done(void *arg, const struct err *e, const struct http_answer *answer)
{
	struct ear *ear = arg;

	ear->ended = true;
	ear->call = NULL;
	if (answer)
		ear->status = answer->status;
}

static void ear_open(struct bench *b, struct ear *ear, struct ask ask)
{
	struct http_spec spec = bench_spec(b, &ask);

	*ear = (struct ear){ .y = &b->y, .text = buf_make(1 << 20) };
	spec.on_data = ear_data;
	ear->call = http_call_start(b->y.loop, &spec, ear_done, ear);
	until(&b->y, ear->ended || str_contains(buf_str(&ear->text), S(": connected\n\n")));
}

static void ear_close(struct ear *ear)
{
	http_call_cancel(ear->call);
	buf_done(&ear->text);
}

static bool heard(const struct ear *ear, const char *text)
{
	return ear->text.ptr && str_contains(buf_str(&ear->text), str_from(text));
}

TEST(events_come_and_are_told_again)
{
	struct bench b;
	struct ear ear, late, own;

	bench_start(&b);
	yard_session(&b.y, TOKEN_A, "session-a");
	ear_open(&b, &ear, (struct ask){ .target = "/v1/events" });
	ear_open(&b, &own, (struct ask){ .target = "/v1/events", .session = TOKEN_A });
	push(&b, "one");
	until(&b.y, heard(&ear, "event: message\ndata: {\"ts\":"));
	until(&b.y, heard(&ear, "\"broker_message_id\":\"one\""));
	until(&b.y, heard(&own, "\"broker_message_id\":\"one\""));
	/* After the first event of all everything comes again. */
	ear_open(&b, &late, (struct ask){ .target = "/v1/events", .header = "Last-Event-ID", .value = "0" });
	until(&b.y, heard(&late, "\"broker_message_id\":\"one\""));
	ear_close(&late);
	ear_open(&b, &late, (struct ask){ .target = "/v1/events", .header = "Last-Event-ID", .value = "x" });
	assert_int_equal(late.status, 400);
	ear_close(&late);
	ear_close(&ear);
	ear_close(&own);
	bench_end(&b);
}

TEST(events_of_other_sessions_stay_theirs)
{
	struct bench b;
	struct session *s, *other;
	struct guest *g;
	struct ear ear;

	bench_start(&b);
	s = yard_session(&b.y, TOKEN_A, "session-a");
	other = yard_session(&b.y, TOKEN_B, "session-b");
	ear_open(&b, &ear, (struct ask){ .target = "/v1/events", .session = TOKEN_A });
	until(&b.y, yard_state(&b.y, other->pubkey) == ROUTE_OPEN);
	until(&b.y, yard_state(&b.y, s->pubkey) == ROUTE_OPEN);
	g = yard_guest(&b.y, "mesh0001", other->pubkey);
	yard_push(g, "theirs", "theirs");
	until(&b.y, b.y.n_acks == 1);
	g = yard_guest(&b.y, "mesh0001", s->pubkey);
	yard_push(g, "ours", "ours");
	until(&b.y, heard(&ear, "\"ours\""));
	assert_false(heard(&ear, "theirs"));
	ear_close(&ear);
	bench_end(&b);
}

TEST(a_stream_ends_with_the_daemon)
{
	struct bench b;
	struct ear ear;

	bench_start(&b);
	ear_open(&b, &ear, (struct ask){ .target = "/v1/events" });
	api_stop(b.api, NULL, NULL);
	until(&b.y, ear.ended);
	ear_close(&ear);
	bench_end(&b);
}

static const char *tell_topic(struct yard *y, const struct json *m)
{
	(void)y;
	return str_eq(json_get_str(m, S("type")), S("topic_key_get"))
		       ? "'type':'topic_key_data','topic':'open','topicId':'topic009','epoch':0,'stale':false,"
			 "'plaintext':true,'keys':[]"
		       : NULL;
}

static const char *take_post(struct yard *y, const struct json *m)
{
	(void)y, (void)m;
	return "'messageId':'bm-1','queued':true,'topicId':'topic009','epoch':0,'seq':7,'recipients':3,"
	       "'notifications':1";
}

TEST(a_post_is_accepted_and_tells_what_became_of_it)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	b.y.answer = tell_topic;
	b.y.ack = take_post;
	t = POST(&b, "/v1/send", "{'to':'#open','message':'hi @bob','client_message_id':'p1','wait_ms':5000}");
	assert_told(t, 200, NULL);
	assert_str(json_get_str(t.body, S("status")), S("done"));
	assert_str(json_get_str(t.body, S("target")), S("#open"));
	assert_str(json_get_str(t.body, S("topic_id")), S("topic009"));
	assert_int_equal(json_get_int(t.body, S("epoch"), -1), 0);
	assert_int_equal(json_get_int(t.body, S("seq"), 0), 7);
	assert_int_equal(json_get_int(t.body, S("notifications"), 0), 1);
	assert_int_equal(json_get(b.y.sends[0], S("mentions"))->count, 1);
	t = POST(&b, "/v1/send", "{'to':'#open','message':'hi @bob','client_message_id':'p1'}");
	assert_told(t, 200, NULL);
	assert_true(json_get_bool(t.body, S("duplicate")));
	t = POST(&b, "/v1/send", "{'to':'#open','message':'else','client_message_id':'p1'}");
	assert_told(t, 409, "idempotency_key_reused");
	assert_int_equal(b.y.n_sends, 1);
	t = GET(&b, "/v1/outbox");
	assert_str(json_get_str(json_get(t.body, S("items"))->first, S("to")), S("#open"));
	/* Without a broker nobody waits for its word. */
	b.y.closed = true;
	ws_conn_abort(yard_guest(&b.y, "mesh0001", STR_NONE)->conn);
	until(&b.y, yard_state(&b.y, STR_NONE) != ROUTE_OPEN);
	t = POST(&b, "/v1/send", "{'to':'#open','message':'later','client_message_id':'p2','wait_ms':30000}");
	assert_told(t, 202, NULL);
	assert_str(json_get_str(t.body, S("status")), S("queued"));
	bench_end(&b);
}

TEST(peers_and_what_became_of_a_message)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	t = GET(&b, "/v1/peers");
	assert_int_equal(told_count(t, "peers"), 1);
	assert_str(json_get_str(json_get(t.body, S("peers"))->first, S("mesh")), S("flock"));
	assert_str(json_get_str(json_get(t.body, S("peers"))->first, S("displayName")), S("bob"));
	/* This broker's answer makes no sense. */
	assert_told(GET(&b, "/v1/messages/bm-1"), 502, "network");
	b.y.closed = true;
	ws_conn_abort(yard_guest(&b.y, "mesh0001", STR_NONE)->conn);
	until(&b.y, yard_state(&b.y, STR_NONE) != ROUTE_OPEN);
	/* Without a connection: what is known. */
	t = GET(&b, "/v1/peers?fresh=true");
	assert_int_equal(told_count(t, "peers"), 1);
	bench_end(&b);
}

TEST_MAIN("daemon/api-mail")
