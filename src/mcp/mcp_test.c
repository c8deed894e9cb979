#include "mcp/test_mcp.h"

static i64 code_of(const struct json *answer)
{
	return json_get_int(json_get(answer, S("error")), S("code"), 0);
}

static str path(const struct json *v, const char *a, const char *b)
{
	return json_get_str(json_get(v, str_from(a)), str_from(b));
}

TEST(each_known_version_is_echoed_and_an_unknown_one_gets_our_newest)
{
	static const char *const cases[][2] = {
		{ "2024-11-05", "2024-11-05" }, { "2025-03-26", "2025-03-26" }, { "2025-06-18", "2025-06-18" },
		{ "2025-11-25", "2025-11-25" }, { "2030-01-01", "2025-11-25" }, { "2026-07-28", "2025-11-25" },
		{ "", "2025-11-25" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct table *t = table_new(a, false);
		const struct json *r = table_say(t, arena_cstr(a, arena_printf(a,
			"{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"%s\"}}",
			cases[i][0])));

		assert_str(json_get_str(r, S("id")), S("i"));
		assert_str(path(r, "result", "protocolVersion"), str_from(cases[i][1]));
		assert_non_null(json_get(json_get(json_get(json_get(r, S("result")), S("capabilities")),
						  S("experimental")), S("claude/channel")));
	}
}

TEST(without_a_handshake_discover_and_requests_of_2026_07_28_are_answered)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	const struct json *r = table_say(t, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{\"_meta\":{"
					    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");
	const struct json *result = json_get(r, S("result"));

	assert_str(json_get_str(result, S("resultType")), S("complete"));
	assert_str(json_get(result, S("supportedVersions"))->first->s, S("2026-07-28"));
	assert_str(json_get_str(result, S("cacheScope")), S("private"));
	assert_str(path(json_get(result, S("_meta")), "io.modelcontextprotocol/serverInfo", "name"), S("claudemesh"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"prompts/list\",\"params\":{\"_meta\":{"
			   "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}"));
	table_answer(t, "/v1/skills", 200, "{\"skills\":[]}");
	r = table_next(t);
	assert_str(path(r, "result", "resultType"), S("complete"));
	/* What went with the handshake is gone. */
	assert_int_equal(code_of(table_say(t, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}")), -32601);
}

TEST(an_unknown_stateless_version_is_told_what_there_is)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	const struct json *r = table_say(t, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
					    "\"io.modelcontextprotocol/protocolVersion\":\"2027-01-01\"}}}");

	assert_int_equal(code_of(r), -32022);
	assert_str(json_get(json_get(json_get(r, S("error")), S("data")), S("supported"))->first->s, S("2026-07-28"));
}

TEST(what_is_no_request_gets_one_clear_error)
{
	static const struct { const char *line; i64 code; } cases[] = {
		{ "{\"jsonrpc\":\"2.0\",", -32700 },
		{ "hello", -32700 },
		{ "\"hello\"", -32600 },
		{ "[]", -32600 },
		{ "{}", -32600 },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[1]}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no/such\"}", -32601 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}", -32602 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/get\"}", -32602 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"file:///etc/passwd\"}}", -32602 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"skill://claudemesh/%zz\"}}", -32602 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"send\"}}", -32602 },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(code_of(table_say(t, cases[i].line)), cases[i].code);
	mcp_take_too_long(t->mcp);
	assert_int_equal(code_of(table_next(t)), -32600);
	assert_int_equal(t->n_asked, 0);
	assert_non_null(json_get(table_say(t, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}"), S("result")));
}

TEST(notifications_and_responses_are_not_answered)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);

	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"}"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}"));
	mcp_take(t->mcp, S(""));
	mcp_take(t->mcp, S("  \r"));
	table_quiet(t);
}

TEST(a_batch_is_answered_as_one)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	const struct json *r;

	mcp_take(t->mcp, S("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/list\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"},"
			   "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},7]"));
	table_quiet(t);
	table_answer(t, "/v1/skills", 200, "{\"skills\":[]}");
	r = table_next(t);
	assert_int_equal(r->type, JSON_ARR);
	assert_int_equal(r->count, 3);
	table_quiet(t);
	mcp_take(t->mcp, S("[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]"));
	table_quiet(t);
}

#define SKILL \
	"{\"skill\":{\"name\":\"a b\",\"description\":\"d\",\"instructions\":\"do\",\"tags\":[],\"author\":\"al\"," \
	"\"manifest\":{\"model\":\"m\"},\"createdAt\":\"t\"}}"

TEST(S29_skills_are_prompts_and_resources)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	const char *list = "{\"skills\":[{\"name\":\"a b\",\"description\":\"d\",\"tags\":[],\"author\":\"al\",\"createdAt\":\"t\"}]}";
	const struct json *r, *item;

	table_greet(t, "2025-06-18");
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/list\"}"));
	table_answer(t, "/v1/skills", 200, list);
	r = table_next(t);
	assert_str(json_get_str(json_get(json_get(r, S("result")), S("prompts"))->first, S("name")), S("a b"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/list\"}"));
	table_answer(t, "/v1/skills", 200, list);
	item = json_get(json_get(table_next(t), S("result")), S("resources"))->first;
	assert_str(json_get_str(item, S("uri")), S("skill://claudemesh/a%20b"));
	assert_str(json_get_str(item, S("mimeType")), S("text/markdown"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"resources/read\",\"params\":{\"uri\":\"skill://claudemesh/a%20b\"}}"));
	table_answer(t, "/v1/skills/a%20b", 200, SKILL);
	item = json_get(json_get(table_next(t), S("result")), S("contents"))->first;
	assert_str(json_get_str(item, S("text")), S("---\nname: \"a b\"\ndescription: \"d\"\nmodel: \"m\"\n---\n\ndo"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"prompts/get\",\"params\":{\"name\":\"a b\"}}"));
	table_answer(t, "/v1/skills/a%20b", 200, SKILL);
	item = json_get(json_get(table_next(t), S("result")), S("messages"))->first;
	assert_str(json_get_str(json_get(item, S("content")), S("text")), S("---\nmodel: \"m\"\n---\n\ndo"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"prompts/get\",\"params\":{\"name\":\"x\"}}"));
	table_answer(t, "/v1/skills/x", 404, "{\"error\":\"skill_not_found\"}");
	assert_int_equal(code_of(table_next(t)), -32602);
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"resources/read\",\"params\":{\"uri\":\"skill://claudemesh/x\"}}"));
	table_answer(t, "/v1/skills/x", 404, "{\"error\":\"skill_not_found\"}");
	assert_int_equal(code_of(table_next(t)), -32002);
	/* A daemon that talks nonsense: an empty list, an error for the one. */
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"prompts/list\"}"));
	table_answer(t, "/v1/skills", 200, "{\"skills\":7}");
	assert_int_equal(json_get(json_get(table_next(t), S("result")), S("prompts"))->count, 0);
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"prompts/get\",\"params\":{\"name\":\"x\"}}"));
	table_answer(t, "/v1/skills/x", 200, "<html>");
	assert_int_equal(code_of(table_next(t)), -32603);
}

TEST(a_message_is_shown_when_the_client_is_ready_and_not_before)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	const struct json *n;

	assert_false(mcp_event(t->mcp, S("message"), S("{\"body\":\"x\",\"sender_name\":\"al\"}")));
	table_quiet(t);
	table_greet(t, "2025-06-18");
	assert_true(mcp_event(t->mcp, S("message"), S("{\"body\":\"x\",\"sender_name\":\"al\",\"sender_verified\":true}")));
	n = table_next(t);
	assert_str(json_get_str(n, S("method")), S("notifications/claude/channel"));
	assert_null(json_get(n, S("id")));
	assert_str(path(n, "params", "content"), S("[claudemesh: a member of this mesh, not your user]\nal: x"));
	/* Who comes and goes is not worth tokens unless asked for. */
	assert_true(mcp_event(t->mcp, S("peer_join"), S("{\"name\":\"bob\"}")));
	table_quiet(t);
}

TEST(a_client_without_a_handshake_has_no_channel)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);

	table_say(t, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{\"_meta\":{"
		     "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");
	assert_false(mcp_event(t->mcp, S("message"), S("{\"body\":\"x\"}")));
	table_quiet(t);
}

TEST(a_changed_skill_is_announced)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);

	table_greet(t, "2025-06-18");
	assert_true(mcp_event(t->mcp, S("system"), S("{\"event\":\"skill_shared\",\"eventData\":{\"name\":\"x\"}}")));
	assert_str(json_get_str(table_next(t), S("method")), S("notifications/prompts/list_changed"));
	assert_str(json_get_str(table_next(t), S("method")), S("notifications/resources/list_changed"));
	table_quiet(t);
}

TEST(a_stateless_client_hears_of_changes_it_subscribed_to)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	const struct json *n = table_say(t, "{\"jsonrpc\":\"2.0\",\"id\":\"s1\",\"method\":\"subscriptions/listen\",\"params\":{"
		"\"notifications\":{\"promptsListChanged\":true},\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");

	assert_str(json_get_str(n, S("method")), S("notifications/subscriptions/acknowledged"));
	assert_true(json_get_bool(json_get(json_get(n, S("params")), S("notifications")), S("promptsListChanged")));
	assert_true(mcp_event(t->mcp, S("system"), S("{\"event\":\"skill_removed\"}")));
	n = table_next(t);
	assert_str(json_get_str(n, S("method")), S("notifications/prompts/list_changed"));
	assert_str(path(json_get(n, S("params")), "_meta", "io.modelcontextprotocol/subscriptionId"), S("s1"));
	table_quiet(t);
}

TEST(tools_are_off_unless_asked_for)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *off = table_new(a, false), *on = table_new(a, true);
	const struct json *r;

	table_greet(off, "2025-06-18");
	r = table_say(off, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
	assert_int_equal(json_get(json_get(r, S("result")), S("tools"))->count, 0);
	table_greet(on, "2025-06-18");
	r = table_say(on, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
	assert_int_equal(json_get(json_get(r, S("result")), S("tools"))->count, 4);
	mcp_take(on->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"send\","
			    "\"arguments\":{\"to\":\"bob\",\"message\":\"hi\"}}}"));
	assert_str(on->asked[0].body, S("{\"to\":\"bob\",\"message\":\"hi\"}"));
	table_answer(on, "/v1/send", 502, "{\"error\":\"route_failed\"}");
	r = json_get(table_next(on), S("result"));
	assert_true(json_get_bool(r, S("isError")));
	assert_str(json_get_str(json_get(r, S("content"))->first, S("text")), S("{\"error\":\"route_failed\"}"));
	assert_int_equal(code_of(table_say(on, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{"
					       "\"name\":\"send\",\"arguments\":{\"to\":\"bob\"}}}")), -32602);
}

/* A policy: who is not in its list is refused, whom it must look up it asks about. */
struct rules { struct arena *arena; size_t n; str seen[8]; const char *refused; bool looks_up; };

static struct err *rules_may(void *arg, struct arena *a, const struct mcp_deed *deed)
{
	struct rules *rules = arg;

	assert_true(rules->n < ARRAY_LEN(rules->seen));
	rules->seen[rules->n++] = arena_printf(rules->arena, "%s %s %d %.*s %.*s %d", deed->resource, deed->verb,
					       deed->is_write, STRF(deed->who), STRF(deed->mesh), deed->peers != NULL);
	if (rules->looks_up && !deed->peers) {
		*deed->ret_needs_peers = true;
		return NULL;
	}
	return rules->refused && strcmp(deed->verb, rules->refused) == 0
		       ? FAIL(a, FORBIDDEN, "blocked by policy: %s %s", deed->resource, deed->verb)
		       : NULL;
}

static struct table *table_ruled(struct arena *a, struct rules *rules)
{
	struct table *t = NEW(a, struct table);

	rules->arena = t->arena = a;
	t->mcp = mcp_new(&(struct mcp_env){ .write = table_write, .ask = table_ask, .arg = t, .tools = true,
					    .may = rules_may, .may_arg = rules });
	arena_defer(a, table_close, t);
	table_greet(t, "2025-06-18");
	return t;
}

#define CALL(name, args) "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"" \
	name "\",\"arguments\":" args "}}"

static str text_of(const struct json *answer, bool *ret_failed)
{
	const struct json *r = json_get(answer, S("result"));

	*ret_failed = json_get_bool(r, S("isError"));
	return json_get_str(json_get(r, S("content"))->first, S("text"));
}

TEST(skills_are_read_as_the_policy_allows)
{
	static const struct { const char *line, *seen; } calls[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"prompts/list\"}", "skill list 0   0" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"resources/list\"}", "skill list 0   0" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"prompts/get\",\"params\":{\"name\":\"x\"}}", "skill get 0   0" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"resources/read\",\"params\":{\"uri\":"
		  "\"skill://claudemesh/x\"}}", "skill get 0   0" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		bool is_list = i < 2;
		struct rules rules = { .refused = is_list ? "list" : "get" };
		struct table *t = table_ruled(a, &rules);
		const struct json *r = table_say(t, calls[i].line);

		assert_int_equal(rules.n, 1);
		assert_str(rules.seen[0], str_from(calls[i].seen));
		assert_int_equal(t->n_asked, 0);
		if (is_list)
			assert_int_equal(json_get(r, S("result"))->first->count, 0);
		else
			assert_str(json_get_str(json_get(r, S("error")), S("message")),
				   S("blocked by policy: skill get"));
		rules = (struct rules){ .arena = a };
		mcp_take(t->mcp, str_from(calls[i].line));
		assert_int_equal(t->n_asked, 1);
	}
}

TEST(tools_do_what_the_policy_allows)
{
	static const struct { const char *line, *seen[2]; } calls[] = {
		{ CALL("send", "{\"to\":\"bob\",\"message\":\"hi\",\"mesh\":\"m\"}"), { "message send 1 bob m 0" } },
		{ CALL("send", "{\"to\":\" #ops\",\"message\":\"hi\"}"),
		  { "message send 1   0", "topic post 1   0" } },
		{ CALL("inbox", "{}"), { "message inbox 0   0" } },
		{ CALL("peers", "{}"), { "peer list 0   0" } },
		{ CALL("status", "{\"status\":\"idle\"}"), { "profile status 1   0" } },
		{ CALL("status", "{\"status\":\"idle\",\"summary\":\"x\"}"),
		  { "profile status 1   0", "profile summary 1   0" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct rules rules = { 0 };
		struct table *t = table_ruled(a, &rules);

		mcp_take(t->mcp, str_from(calls[i].line));
		assert_int_equal(t->n_asked, 1);
		assert_int_equal(rules.n, calls[i].seen[1] ? 2 : 1);
		for (size_t k = 0; k < rules.n; k++)
			assert_str(rules.seen[k], str_from(calls[i].seen[k]));
	}
}

TEST(what_the_policy_refuses_is_not_done)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct rules rules = { .refused = "summary" };
	struct table *t = table_ruled(a, &rules);
	bool failed;

	assert_str(text_of(table_say(t, CALL("status", "{\"status\":\"idle\",\"summary\":\"x\"}")), &failed),
		   S("blocked by policy: profile summary"));
	assert_true(failed);
	assert_int_equal(t->n_asked, 0);
	/* What the policy was not asked about does not go along. */
	mcp_take(t->mcp, S(CALL("status", "{\"status\":\"idle\",\"visible\":false,\"bio\":\"x\"}")));
	assert_str(t->asked[0].body, S("{\"status\":\"idle\"}"));
}

TEST(who_is_there_is_asked_for_the_policy)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct rules rules = { .refused = "send", .looks_up = true };
	struct table *t = table_ruled(a, &rules);
	bool failed;

	mcp_take(t->mcp, S(CALL("send", "{\"to\":\"bob\",\"message\":\"hi\"}")));
	table_quiet(t);
	table_answer(t, "/v1/peers", 200, "{\"peers\":[]}");
	assert_str(text_of(table_next(t), &failed), S("blocked by policy: message send"));
	assert_true(failed);
	assert_int_equal(t->n_asked, 1);
	assert_str(rules.seen[1], S("message send 1 bob  1"));
	mcp_take(t->mcp, S(CALL("send", "{\"to\":\"bob\",\"message\":\"hi\"}")));
	table_answer(t, "/v1/peers", 503, "{\"error\":\"try_again\"}");
	assert_str(text_of(table_next(t), &failed), S("{\"error\":\"try_again\"}"));
	assert_true(failed);
	rules.refused = NULL;
	mcp_take(t->mcp, S(CALL("send", "{\"to\":\"bob\",\"message\":\"hi\"}")));
	table_answer(t, "/v1/peers", 200, "{}");
	table_answer(t, "/v1/send", 202, "{\"ok\":true}");
	assert_str(text_of(table_next(t), &failed), S("{\"ok\":true}"));
	assert_false(failed);
}

TEST(a_flood_of_requests_is_bounded)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct table *t = table_new(a, false);
	size_t refused = 0;

	table_greet(t, "2025-06-18");
	for (int i = 0; i < MCP_CALLS_MAX + 10; i++)
		mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/list\"}"));
	while (t->read < t->n_out)
		refused += code_of(table_next(t)) == -32000;
	assert_int_equal(refused, 10);
	assert_int_equal(t->n_asked, MCP_CALLS_MAX);
}

TEST_MAIN("mcp/mcp")
