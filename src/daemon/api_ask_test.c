#include "daemon/test_api.h"

/* What is not passed on, and what is malformed. */
static const struct {
	const char *body;
	int status;
	const char *error, *says;
} refused[] = {
	{ "{}", 400, "bad_request", "'type'" },
	{ "{'type':'hello'}", 501, "not_supported", "hello" },
	{ "{'type':'client_ack','args':{'brokerMessageId':'x'}}", 501, "not_supported", "" },
	{ "{'type':'kicks','args':{'all':true}}", 501, "not_supported", "" },
	{ "{'type':'topic'}", 501, "not_supported", "" },
	{ "{'type':'send','args':{'targetSpec':'*','nonce':'','ciphertext':''}}", 501, "not_supported", "send" },
	{ "{'type':'send','args':{'targetSpec':'" YARD_BOB "'}}", 501, "not_supported", "" },
	{ "{'type':'send'}", 501, "not_supported", "" },
	{ "{'type':'topic_list','args':[]}", 400, "bad_request", "args" },
	{ "{'type':'topic_list','args':{'type':'kick'}}", 400, "bad_request", "type" },
	{ "{'type':'topic_list','args':{'_reqId':'1'}}", 400, "bad_request", "_reqId" },
	{ "{'type':'topic_list','args':{'id':'1'}}", 400, "bad_request", "id" },
	{ "{'type':'send','args':{'targetSpec':'#ops','nonce':'','ciphertext':'aGk='}}", 501, "not_supported", "send" },
	{ "{'type':'topic_list','mesh':'other'}", 404, "mesh_not_attached", "" },
};

TEST(what_is_not_asked_for_is_not_passed_on)
{
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct told t = POST(&b, "/v1/ask", refused[i].body);

		if (!str_contains(t.text, str_from(refused[i].says)))
			fail_msg("%s: %.*s", refused[i].body, STRF(t.text));
		assert_told(t, refused[i].status, refused[i].error);
	}
	assert_int_equal(b.y.n_sends, 0);
	bench_end(&b);
}

TEST(a_question_goes_out_as_it_came_and_the_answer_comes_back)
{
	struct bench b;
	struct told t;

	bench_start(&b);
	t = POST(&b, "/v1/ask", "{'type':'topic_history','args':{'topic':'ops','limit':3}}");
	assert_told(t, 200, NULL);
	assert_str(json_get_str(json_get(t.body, S("reply")), S("type")), S("answer"));
	assert_str(json_get_str(b.y.asked, S("type")), S("topic_history"));
	assert_str(json_get_str(b.y.asked, S("topic")), S("ops"));
	assert_int_equal(json_get_int(b.y.asked, S("limit"), 0), 3);
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list'}"), 200, NULL);
	assert_told(POST(&b, "/v1/ask", "{'type':'topic_list','args':{ }}"), 200, NULL);
	assert_told(POST(&b, "/v1/ask", "{'type':'apikey_list','args':null}"), 200, NULL);
	bench_end(&b);
}

TEST(a_question_goes_out_over_the_connection_of_who_asks)
{
	static const char *ask = "{'type':'topic_list'}";
	struct session *s;
	struct bench b;

	bench_start(&b);
	s = yard_session(&b.y, TOKEN_A, "session-a");
	until(&b.y, yard_state(&b.y, s->pubkey) == ROUTE_OPEN);
	ws_conn_abort(yard_guest(&b.y, "mesh0001", STR_NONE)->conn);
	b.y.closed = true;
	assert_told(POST(&b, "/v1/ask", ask, .session = TOKEN_A), 200, NULL);
	/* A refusal keeps the broker's word. */
	b.y.reply = "'type':'error','code':'stale_epoch','message':'somebody left'";
	assert_told(POST(&b, "/v1/ask", ask, .session = TOKEN_A), 409, "stale_epoch");
	bench_end(&b);
}

TEST_MAIN("daemon/api-ask")
