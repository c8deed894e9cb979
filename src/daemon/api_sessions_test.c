/*
 * api_sessions_test.c - what a session may see and do, and what nobody is ever told.
 */
#include "daemon/test_api.h"

#include "client/ipc.h"
#include "crypto/encode.h"

/* Two sessions and the member, a message for each. */
struct three {
	struct bench b;
	struct session *a, *c;
	str row_a, row_c, row_member;
};

static str row_for(struct bench *b, str recipient)
{
	struct inbox_filter f = { .limit = 100 };
	struct inbox_rows rows;

	assert_ok(inbox_list(b->y.d->inbox, b->y.a, &f, &rows));
	for (size_t i = 0; i < rows.n; i++)
		if (str_eq(rows.items[i].recipient_pubkey, recipient))
			return rows.items[i].id;
	fail();
	return STR_NONE;
}

static void push_to(struct bench *b, str session_pubkey, const char *id)
{
	struct guest *g;

	until(&b->y, (g = yard_guest(&b->y, "mesh0001", session_pubkey)) != NULL &&
			     yard_state(&b->y, session_pubkey) == ROUTE_OPEN);
	yard_push(g, id, id);
}

static void three_start(struct three *t)
{
	struct bench *b = &t->b;

	bench_start(b);
	t->a = yard_session(&b->y, TOKEN_A, "session-a");
	t->c = yard_session(&b->y, TOKEN_B, "session-c");
	push_to(b, t->a->pubkey, "m-to-a");
	push_to(b, t->c->pubkey, "m-to-c");
	push_to(b, STR_NONE, "m-to-member");
	until(&b->y, b->y.n_acks == 3);
	t->row_a = row_for(b, t->a->pubkey);
	t->row_c = row_for(b, t->c->pubkey);
	t->row_member = row_for(b, t->a->member_pubkey);
}

static const char *inbox_row(struct three *t, str id)
{
	return arena_printf(t->b.y.a, "/v1/inbox/%.*s", STRF(id)).ptr;
}

TEST(a_session_reads_its_own_mail_and_its_member_s)
{
	struct three t;
	struct bench *b = &t.b;
	struct told told;

	three_start(&t);
	assert_int_equal(told_count(GET(b, "/v1/inbox?mark_seen=false"), "items"), 3);
	told = GET(b, "/v1/inbox?mark_seen=false", .session = TOKEN_A);
	assert_int_equal(told_count(told, "items"), 2);
	assert_false(str_contains(told.text, t.c->pubkey));
	assert_told(GET(b, inbox_row(&t, t.row_a), .session = TOKEN_A), 200, NULL);
	assert_told(GET(b, inbox_row(&t, t.row_member), .session = TOKEN_A), 200, NULL);
	assert_told(GET(b, inbox_row(&t, t.row_c), .session = TOKEN_A), 404, "not_found");
	bench_end(b);
}

TEST(c_11_a_session_forgets_and_marks_nothing_of_others)
{
	struct three t;
	struct bench *b = &t.b;
	struct told told;
	const char *ids;

	three_start(&t);
	ids = arena_printf(b->y.a, "{'ids':['%.*s','%.*s']}", STRF(t.row_c), STRF(t.row_a)).ptr;
	told = POST(b, "/v1/inbox/seen", ids, .session = TOKEN_A);
	assert_int_equal(json_get_int(told.body, S("marked_seen"), -1), 1);
	assert_told(DELETE(b, inbox_row(&t, t.row_c), .session = TOKEN_A), 404, "not_found");
	told = DELETE(b, "/v1/inbox", .session = TOKEN_A);
	assert_int_equal(json_get_int(told.body, S("removed"), -1), 2);
	assert_told(GET(b, inbox_row(&t, t.row_c)), 200, NULL);
	assert_told(DELETE(b, inbox_row(&t, t.row_c), .session = TOKEN_B), 200, NULL);
	bench_end(b);
}

/* What is the user's alone. */
TEST(a_session_has_no_say_about_others)
{
	struct three t;
	struct bench *b = &t.b;

	three_start(&t);
	assert_told(GET(b, "/v1/sessions", .session = TOKEN_A), 403, "forbidden");
	assert_told(POST(b, "/v1/sessions/register", "{}", .session = TOKEN_A), 403, "forbidden");
	assert_told(POST(b, "/v1/reload", "", .session = TOKEN_A), 403, "forbidden");
	assert_told(DELETE(b, "/v1/sessions/" TOKEN_B, .session = TOKEN_A), 403, "forbidden");
	assert_non_null(sessions_get(b->y.d->sessions, S(TOKEN_B)));
	yard_join(&b->y, "mesh0002", "herd");
	meshes_reload(b->y.d->meshes);
	until(&b->y, meshes_get(b->y.d->meshes, S("herd")) != NULL);
	assert_told(POST(b, "/v1/send", "{'to':'" YARD_BOB "','message':'x','mesh':'herd'}",
			 .session = TOKEN_A),
		    403, "forbidden");
	assert_told(GET(b, "/v1/peers?mesh=herd", .session = TOKEN_A), 403, "forbidden");
	assert_told(GET(b, "/v1/inbox?mesh=herd", .session = TOKEN_A), 403, "forbidden");
	assert_told(POST(b, "/v1/profile", "{'summary':'x','mesh':'herd'}", .session = TOKEN_A), 403,
		    "forbidden");
	/* In several meshes the session's own is meant. */
	assert_told(POST(b, "/v1/send", "{'to':'" YARD_BOB "','message':'x'}", .session = TOKEN_A), 202,
		    NULL);
	assert_false(str_contains(GET(b, "/v1/health", .session = TOKEN_A).text, S("herd")));
	assert_told(DELETE(b, "/v1/sessions/me", .session = TOKEN_A), 200, NULL);
	assert_told(GET(b, "/v1/sessions/me", .session = TOKEN_A), 401, "unknown_session");
	bench_end(b);
}

TEST(a_session_sends_as_itself_and_sees_its_own_outbox)
{
	struct three t;
	struct bench *b = &t.b;
	struct told told;

	three_start(&t);
	told = POST(b, "/v1/send", "{'to':'" YARD_BOB "','message':'x','wait_ms':5000}",
		    .session = TOKEN_A);
	assert_told(told, 200, NULL);
	assert_str(json_get_str(b->y.guests[b->y.sent_by[0]].hello, S("sessionPubkey")), t.a->pubkey);
	assert_int_equal(told_count(GET(b, "/v1/outbox", .session = TOKEN_A), "items"), 1);
	assert_int_equal(told_count(GET(b, "/v1/outbox", .session = TOKEN_B), "items"), 0);
	assert_int_equal(told_count(GET(b, "/v1/outbox"), "items"), 1);
	/* What it says of itself is on its own connection. */
	assert_told(POST(b, "/v1/profile", "{'summary':'busy'}", .session = TOKEN_A), 200, NULL);
	assert_str(json_get_str(b->y.asked, S("summary")), S("busy"));
	assert_str(json_get_str(b->y.asked, S("scope")), S("connection"));
	assert_told(POST(b, "/v1/profile", "{'summary':'busy'}"), 200, NULL);
	assert_str(json_get_str(b->y.asked, S("scope")), S("member"));
	bench_end(b);
}

TEST(a_session_is_in_its_own_groups_and_the_user_in_all)
{
	struct three t;
	struct bench *b = &t.b;
	const struct json *asked;

	three_start(&t);
	assert_told(POST(b, "/v1/groups", "{'name':'@dev','role':'lead'}", .session = TOKEN_A), 200, NULL);
	asked = b->y.asked;
	assert_str(json_get_str(asked, S("type")), S("join_group"));
	assert_str(json_get_str(asked, S("name")), S("dev"));
	assert_str(json_get_str(asked, S("role")), S("lead"));
	assert_str(json_get_str(asked, S("scope")), S("connection"));
	assert_told(DELETE(b, "/v1/groups/%40dev"), 200, NULL);
	asked = b->y.asked;
	assert_str(json_get_str(asked, S("type")), S("leave_group"));
	assert_str(json_get_str(asked, S("name")), S("dev"));
	assert_str(json_get_str(asked, S("scope")), S("member"));
	bench_end(b);
}

TEST(a_skill_goes_on_to_the_broker)
{
	struct bench b;

	bench_start(&b);
	assert_told(POST(&b, "/v1/skills",
			 "{'name':'review','description':'d','instructions':'i','tags':['a'],"
			 "'manifest':{'model':'m'},'mesh':'flock'}"),
		    200, NULL);
	assert_str(json_get_str(b.y.asked, S("type")), S("share_skill"));
	assert_str(json_get_str(b.y.asked, S("instructions")), S("i"));
	assert_str(json_get_str(json_get(b.y.asked, S("manifest")), S("model")), S("m"));
	assert_null(json_get(b.y.asked, S("mesh")));
	(void)DELETE(&b, "/v1/skills/re%2Fview?mesh=flock");
	assert_str(json_get_str(b.y.asked, S("type")), S("remove_skill"));
	assert_str(json_get_str(b.y.asked, S("name")), S("re/view"));
	bench_end(&b);
}

/* Brokers call their answers differently (client.md 6.8). */
TEST(c_21_an_answer_is_known_by_its_request_whatever_it_is_called)
{
	static const struct { const char *method, *target, *body, *reply, *says; } cases[] = {
		{ "GET", "/v1/state?key=k&mesh=flock", NULL, "'type':'state_result','key':'k','value':7", "\"value\":7" },
		{ "GET", "/v1/state?key=k&mesh=flock", NULL, "'type':'state_value','key':'k','value':7", "\"value\":7" },
		{ "GET", "/v1/state?mesh=flock", NULL, "'type':'state_list','entries':[{'key':'k'}]", "\"key\":\"k\"" },
		{ "POST", "/v1/memory", "{'content':'c','mesh':'flock'}", "'type':'memory_stored','id':'m1'", "\"id\":\"m1\"" },
		{ "POST", "/v1/memory", "{'content':'c','mesh':'flock'}", "'type':'x','memoryId':'m1'", "\"id\":\"m1\"" },
		{ "GET", "/v1/memory?q=c&mesh=flock", NULL, "'type':'memory_results','memories':[{'id':'m1'}]", "\"id\":\"m1\"" },
		{ "GET", "/v1/memory?q=c&mesh=flock", NULL, "'type':'x','matches':[{'id':'m1'}]", "\"id\":\"m1\"" },
	};
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct told t;

		b.y.reply = cases[i].reply;
		t = bench_ask(&b, (struct ask){ .method = cases[i].method, .target = cases[i].target, .body = cases[i].body });
		assert_told(t, 200, NULL);
		if (!str_contains(t.text, str_from(cases[i].says)))
			fail_msg("case %zu: %.*s", i, STRF(t.text));
	}
	bench_end(&b);
}

/* Every GET, by the user and by a session: no secret half of a key, no token. */
TEST(c_02_no_answer_holds_a_secret)
{
	static const char *const targets[] = {
		"/v1/version", "/v1/health", "/v1/sessions", "/v1/sessions/me", "/v1/inbox",
		"/v1/outbox", "/v1/peers", "/v1/state", "/v1/memory", "/v1/skills",
	};
	struct three t;
	struct bench *b = &t.b;
	struct sign_pair member = test_pair(1), pair;
	str secrets[5];

	three_start(&t);
	assert_ok(sessions_pair(b->y.a, b->y.d->sessions, t.a, &pair));
	secrets[0] = hex_encode(b->y.a, str_of(pair.sk, 32));
	secrets[1] = hex_encode(b->y.a, str_of(member.sk, 32));
	secrets[2] = S(TOKEN_A);
	secrets[3] = S(TOKEN_B);
	secrets[4] = t.a->token_hash;
	for (size_t i = 0; i < 2 * ARRAY_LEN(targets); i++) {
		struct told told = GET(b, targets[i / 2], .session = i % 2 ? TOKEN_A : NULL);

		for (size_t k = 0; k < ARRAY_LEN(secrets); k++)
			if (str_contains(told.text, secrets[k]))
				fail_msg("%s tells secret %zu", targets[i / 2], k);
	}
	bench_end(b);
}

#define REGISTER(more) \
	"{'token':'" TOKEN_A "','session_id':'s1','mesh':'flock','display_name':'Al','pid':0" more "}"

TEST(registering)
{
	struct bench b;
	struct told t;
	struct sign_pair pair = test_pair(7);
	str pubkey, body;

	bench_start(&b);
	pubkey = sign_pair_pubkey(b.y.a, &pair);
	t = POST(&b, "/v1/sessions/register", REGISTER(",'groups':['@a:lead','b']"));
	assert_told(t, 200, NULL);
	assert_false(json_get_bool(t.body, S("presence_accepted")));
	assert_told(POST(&b, "/v1/sessions/register", REGISTER(",'groups':['@']")), 400, "bad_request");
	/* A malformed pair is as good as none. */
	t = POST(&b, "/v1/sessions/register", REGISTER(",'presence':{'session_pubkey':'x'}"));
	assert_told(t, 200, NULL);
	assert_false(json_get_bool(t.body, S("presence_accepted")));
	body = arena_printf(b.y.a, "{'token':'" TOKEN_B "','session_id':'s2','mesh':'flock',"
				   "'display_name':'Al','pid':0,'presence':{'session_pubkey':'%.*s',"
				   "'session_secret_key':'%.*s'}}",
			    STRF(pubkey), STRF(sign_pair_secret(b.y.a, &pair)));
	t = POST(&b, "/v1/sessions/register", body.ptr);
	assert_told(t, 200, NULL);
	assert_true(json_get_bool(t.body, S("presence_accepted")));
	assert_str(json_get_str(t.body, S("pubkey")), pubkey);
	t = GET(&b, "/v1/sessions/me", .session = TOKEN_B);
	assert_str(json_get_str(json_get(t.body, S("session")), S("sessionId")), S("s2"));
	assert_int_equal(told_count(GET(&b, "/v1/sessions"), "sessions"), 2);
	assert_told(POST(&b, "/v1/sessions/register",
			 "{'token':'" TOKEN_A "','session_id':'s1','mesh':'none','display_name':'A',"
			 "'pid':0}"),
		    404, "mesh_not_attached");
	assert_told(DELETE(&b, "/v1/sessions/" TOKEN_B), 200, NULL);
	assert_int_equal(told_count(GET(&b, "/v1/sessions"), "sessions"), 1);
	bench_end(&b);
}

#define OUR_BROKER \
	"{'type':'hello_ack','presenceId':'p','memberDisplayName':'Me','memberProfile':{'roleTag':null," \
	"'groups':[],'messageMode':'push'},'features':['members','reach']}"

static void on_stream(void *arg)
{
	*(bool *)arg = true;
}
static void on_stream_event(void *arg UNUSED, const struct sse_event *ev UNUSED) {}
static void on_stream_down(void *arg UNUSED, const struct err *why UNUSED, i64 retry_ms UNUSED) {}
static const struct ipc_events_handler stream_handler = { on_stream, on_stream_event, on_stream_down };

/* Whoever registered, what its broker is told of how the session hears. */
static struct guest *registered(struct bench *b, const char *more)
{
	struct guest *g = NULL;
	struct told t = POST(b, "/v1/sessions/register",
			     arena_printf(b->y.a, REGISTER("%s"), more).ptr);
	str pubkey = json_get_str(t.body, S("pubkey"));

	assert_told(t, 200, NULL);
	until(&b->y, (g = yard_guest(&b->y, "mesh0001", pubkey)) != NULL &&
			     yard_state(&b->y, pubkey) == ROUTE_OPEN);
	return g;
}

static bool was_told(struct bench *b, const char *reach)
{
	return b->y.asked && str_eq(json_get_str(b->y.asked, S("type")), S("set_reach")) &&
	       str_eq(json_get_str(b->y.asked, S("reach")), str_from(reach));
}

TEST(its_broker_is_told_how_soon_a_session_hears)
{
	struct bench b;
	struct ipc ipc = { .token = S(TOKEN_A), .channel = true };
	struct ipc_events *stream, *other;
	struct guest *g;
	bool open = false, both = false;

	bench_start(&b);
	b.y.greeting = OUR_BROKER;
	ipc.place = b.place;
	g = registered(&b, "");
	assert_str(json_get_str(g->hello, S("reach")), S("poll"));
	/* A channel without a stream of events is none. */
	assert_false(json_get_bool(POST(&b, "/v1/sessions/channel", "{}", .session = TOKEN_A).body, S("channel")));
	assert_told(POST(&b, "/v1/profile", "{'status':'idle','hook':true}", .session = TOKEN_A), 200, NULL);
	assert_str(json_get_str(json_get(GET(&b, "/v1/sessions/me", .session = TOKEN_A).body, S("session")),
				S("reach")), S("next_turn"));
	stream = ipc_events_open(b.y.loop, &ipc, STR_NONE, &stream_handler, &open);
	until(&b.y, open);
	assert_told(POST(&b, "/v1/sessions/channel", "{}", .session = TOKEN_A), 200, NULL);
	until(&b.y, was_told(&b, "now"));
	/* As long as one is open; also when the session registers anew, in other words. */
	other = ipc_events_open(b.y.loop, &ipc, STR_NONE, &stream_handler, &both);
	until(&b.y, both);
	ipc_events_close(stream);
	yard_turns(&b.y, 5);
	g = registered(&b, ",'role':'r','hooks':true");
	assert_str(json_get_str(g->hello, S("reach")), S("now"));
	ipc_events_close(other);
	until(&b.y, was_told(&b, "next_turn"));
	bench_end(&b);
}

TEST(a_session_is_reached_as_its_mode_says)
{
	static const char *const modes[][2] = { { "push", "next_turn" }, { "inbox", "poll" }, { "off", "not" } };
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct guest *g = registered(&b, arena_printf(b.y.a, ",'hooks':true,'message_mode':'%s'",
							      modes[i][0]).ptr);

		assert_str(json_get_str(g->hello, S("reach")), str_from(modes[i][1]));
	}
	bench_end(&b);
}

TEST_MAIN("daemon/api-sessions")
