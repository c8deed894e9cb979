#include "client/link.h"

#include "client/test_scene.h"
#include "proto/peer.h"

static void ask(struct scene *s, i64 timeout_ms)
{
	struct list_peers_args args = { .members = true };

	link_request(s->link, "list_peers", list_peers_fields, &args, timeout_ms, scene_on_reply,
		     s);
}

static void send_text(struct scene *s, i64 timeout_ms)
{
	struct send_args args = { .targetSpec = S("*"),
				  .priority = PRIORITY_NEXT,
				  .nonce = S("bg=="),
				  .ciphertext = S("bg=="),
				  .client_message_id = S("c1") };

	link_send(s->link, &args, timeout_ms, scene_on_reply, s);
}

/* The last thing said to the broker, and the id in it. */
static str said_id(struct scene *s, const char *key)
{
	return json_get_str(s->said[s->n_said - 1], str_from(key));
}

/* Says the frame with @ replaced by id. */
static void say_with(struct scene *s, const char *frame, str id)
{
	str before, after = str_from(frame);

	str_cut(&after, '@', &before);
	scene_say(s,
		  arena_printf(s->arena, "%.*s%.*s%.*s", STRF(before), STRF(id), STRF(after)).ptr);
}

TEST(a_reply_goes_to_the_request_with_its_id)
{
	struct scene s = { 0 };
	str first;

	scene_start(&s);
	scene_greeted(&s);
	ask(&s, 0);
	ask(&s, 0);
	until(&s, s.n_said == 2);
	assert_str(json_get_str(s.said[0], S("type")), S("list_peers"));
	assert_true(json_get_bool(s.said[0], S("members")));
	first = json_get_str(s.said[0], S("_reqId"));
	assert_false(str_eq(first, said_id(&s, "_reqId")));
	say_with(&s, "{'type':'peers_list','peers':[],'_reqId':'@'}", said_id(&s, "_reqId"));
	until(&s, s.replies == 1);
	assert_true(str_contains(s.reply_raw, said_id(&s, "_reqId")));
	say_with(&s, "{'type':'peers_list','peers':[],'_reqId':'@'}", first);
	until(&s, s.replies == 2);
	scene_end(&s);
}

/* What the reference's client takes for an answer, and ours does not (wire-core.md 12.2). */
static const char *const strays[] = {
	"{'type':'error','code':'internal','message':'something'}",
	"{'type':'error','code':'internal','message':'something','_reqId':'other'}",
	"{'type':'error','code':'internal','message':'something','id':'other'}",
	"{'type':'peers_list','peers':[]}",
	"{'type':'peers_list','peers':[],'_reqId':'pl-1'}",
	"{'type':'peers_list','peers':[],'_reqId':7}",
	"{'type':'peers_list','peers':[],'_reqId':null}",
	"{'type':'peers_list','peers':[],'_reqId':''}",
	"{'type':'ack','id':'','messageId':'','queued':false,'error':'x'}",
	"{'type':'ack','id':'other','messageId':'m','queued':true}",
	"{'type':'hello_ack','presenceId':'p2','memberDisplayName':'x','memberProfile':null}",
	"{'type':'never_heard_of','x':[1,2]}",
};

TEST(what_carries_no_id_of_ours_releases_nobody)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	ask(&s, 0);
	send_text(&s, 0);
	until(&s, s.n_said == 2);
	for (size_t i = 0; i < ARRAY_LEN(strays); i++)
		scene_say(&s, strays[i]);
	scene_settle(&s);
	assert_int_equal(s.replies, 1); /* the round trip itself */
	assert_int_equal(s.ready, 1);
	say_with(&s, "{'type':'ack','id':'@','messageId':'m1','queued':true}", said_id(&s, "id"));
	until(&s, s.replies == 2);
	assert_int_equal(s.reply_code, ERR_NONE);
	scene_end(&s);
}

TEST(an_error_with_the_id_fails_its_request)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	ask(&s, 0);
	until(&s, s.n_said == 1);
	say_with(&s, "{'type':'error','code':'forbidden','message':'not for you','_reqId':'@'}",
		 said_id(&s, "_reqId"));
	until(&s, s.replies == 1);
	assert_int_equal(s.reply_code, ERR_FORBIDDEN);
	assert_str(s.reply_text, S("not for you"));
	/* The reference's slip: the request's id in `id` (D-31). */
	ask(&s, 0);
	until(&s, s.n_said == 2);
	say_with(&s, "{'type':'error','code':'topic_not_found','message':'topic x','id':'@'}",
		 said_id(&s, "_reqId"));
	until(&s, s.replies == 2);
	assert_str(s.reply_word, S("topic_not_found"));
	/* A broker's own fault is not ours. */
	ask(&s, 0);
	until(&s, s.n_said == 3);
	say_with(&s, "{'type':'error','code':'internal','message':'id 7','_reqId':'@'}",
		 said_id(&s, "_reqId"));
	until(&s, s.replies == 3);
	assert_int_equal(s.reply_code, ERR_REFUSED);
	scene_end(&s);
}

/* Acks of a send and what they mean. */
static const struct {
	const char *frame;
	enum err_code code;
	const char *word, *says;
} acks[] = {
	{ "{'type':'ack','id':'@','messageId':'m1','queued':true}", ERR_NONE, "", "" },
	{ "{'type':'ack','id':'@','messageId':'m1','queued':true,'delivery':'stored','recipients':1}",
	  ERR_NONE, "", "" },
	{ "{'type':'ack','id':'@','messageId':'','queued':false,'error':'rate_limit: max 60 msg/min (burst 10) \u2014 slow down'}",
	  ERR_RATE_LIMIT, "rate_limit", "slow down" },
	{ "{'type':'ack','id':'@','messageId':'','queued':false,'error':'no connected peer for target (not online)'}",
	  ERR_NO_RECIPIENT, "no_recipient", "no connected peer for target" },
	{ "{'type':'ack','id':'@','messageId':'','queued':false,'error':'payload too large: 9 bytes','code':'too_large'}",
	  ERR_TOO_LARGE, "too_large", "payload too large: 9 bytes" },
	{ "{'type':'ack','id':'@','messageId':'','queued':false,'error':'bad (invalid)','code':'invalid'}",
	  ERR_REFUSED, "invalid", "bad (invalid)" },
	{ "{'type':'ack','id':'@','messageId':'','queued':false}", ERR_REFUSED, "refused",
	  "without a reason" },
	{ "{'type':'ack','id':'@','messageId':'m','queued':true,'error':'but no'}", ERR_REFUSED,
	  "refused", "but no" },
	{ "{'type':'ack','id':'@','messageId':7,'queued':true}", ERR_REFUSED, "refused",
	  "makes no sense" },
	{ "{'type':'ack','id':'@','queued':'yes'}", ERR_REFUSED, "refused", "makes no sense" },
	{ "{'type':'error','id':'@','code':'invalid','message':'no target'}", ERR_REFUSED,
	  "invalid", "no target" },
};

TEST(acks_and_refusals_of_a_message)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	for (size_t i = 0; i < ARRAY_LEN(acks); i++) {
		send_text(&s, 0);
		until(&s, s.n_said == i + 1);
		assert_str(said_id(&s, "client_message_id"), S("c1"));
		say_with(&s, acks[i].frame, said_id(&s, "id"));
		until(&s, s.replies == (int)i + 1);
		if (s.reply_code != acks[i].code)
			print_error("case %zu: %.*s\n", i, STRF(s.reply_text));
		assert_int_equal(s.reply_code, acks[i].code);
		if (acks[i].code) {
			assert_str(s.reply_word, str_from(acks[i].word));
			assert_true(str_contains(s.reply_text, str_from(acks[i].says)));
		}
	}
	scene_end(&s);
}

TEST(an_ack_of_a_setting_may_say_queued_false)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	ask(&s, 0);
	until(&s, s.n_said == 1);
	say_with(&s, "{'type':'ack','id':'','messageId':'','queued':false,'_reqId':'@'}",
		 said_id(&s, "_reqId"));
	until(&s, s.replies == 1);
	assert_int_equal(s.reply_code, ERR_NONE);
	scene_end(&s);
}

TEST(a_lost_ack_is_a_timeout_that_does_not_claim_to_know)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	send_text(&s, 20);
	ask(&s, 20);
	until(&s, s.replies == 2);
	assert_int_equal(s.reply_code, ERR_TIMEOUT);
	assert_int_equal(s.downs, 0);
	/* Late answers find nobody, and the link still works. */
	say_with(&s, "{'type':'ack','id':'@','messageId':'m','queued':true}",
		 json_get_str(s.said[0], S("id")));
	scene_settle(&s);
	assert_int_equal(s.replies, 3);
	scene_end(&s);
}

TEST(a_lost_connection_fails_what_waits)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	send_text(&s, 0);
	ask(&s, 0);
	until(&s, s.n_said == 2);
	ws_conn_abort(s.guest);
	until(&s, s.downs);
	assert_int_equal(s.replies, 2);
	assert_int_equal(s.reply_code, ERR_NETWORK);
	scene_end(&s);
}

TEST(without_a_connection_requests_fail_in_the_next_turn)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_link(&s);
	ask(&s, 0);
	assert_int_equal(s.replies, 0);
	until(&s, s.replies == 1);
	assert_int_equal(s.reply_code, ERR_NETWORK);
	assert_false(link_tell(s.link, "set_summary", NULL, NULL));
	scene_end(&s);
}

TEST(the_number_of_requests_under_way_is_bounded)
{
	struct scene s = { 0 };

	scene_start(&s);
	scene_greeted(&s);
	s.deaf = true;
	for (int i = 0; i <= LINK_PENDING_MAX; i++)
		ask(&s, 60000);
	until(&s, s.replies);
	assert_int_equal(s.replies, 1);
	assert_int_equal(s.reply_code, ERR_TRY_AGAIN);
	scene_end(&s);
}

TEST(a_request_may_be_written_already)
{
	struct scene s = { 0 };
	str id;

	scene_start(&s);
	scene_greeted(&s);
	link_request_text(s.link, "get_state", S("\"key\":\"k\",\"n\":[1]"), 0, scene_on_reply, &s);
	until(&s, s.n_said == 1);
	assert_str(json_get_str(s.said[0], S("type")), S("get_state"));
	assert_str(json_get_str(s.said[0], S("key")), S("k"));
	id = json_get_str(s.said[0], S("_reqId"));
	scene_say(&s, arena_printf(s.arena, "{'type':'state','_reqId':'%.*s'}", STRF(id)).ptr);
	until(&s, s.replies == 1);
	assert_int_equal(s.reply_code, ERR_NONE);
	link_request_text(s.link, "info", STR_NONE, 0, scene_on_reply, &s);
	until(&s, s.n_said == 2);
	assert_str(json_get_str(s.said[1], S("type")), S("info"));
	scene_end(&s);
}

TEST_MAIN("client/link_request")
