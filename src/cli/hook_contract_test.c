#include "cli/hook_contract.h"

#include "base/test.h"

static str answer(struct arena *a, const char *input, const char *text)
{
	struct hook_input in;
	struct buf b = buf_make(1 << 16);
	str out;

	hook_read(a, str_from(input), &in);
	hook_answer(&b, &in, str_from(text));
	out = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return out;
}

TEST(each_agent_gets_text_where_its_contract_has_a_place)
{
	static const struct { const char *input, *want; } cases[] = {
		{ "{\"hook_event_name\":\"UserPromptSubmit\",\"session_id\":\"s\"}",
		  "{\"hookSpecificOutput\":{\"hookEventName\":\"UserPromptSubmit\",\"additionalContext\":\"hi\"}}" },
		{ "{\"hook_event_name\":\"SessionStart\"}",
		  "{\"hookSpecificOutput\":{\"hookEventName\":\"SessionStart\",\"additionalContext\":\"hi\"}}" },
		{ "{\"hook_event_name\":\"BeforeAgent\"}",
		  "{\"hookSpecificOutput\":{\"hookEventName\":\"BeforeAgent\",\"additionalContext\":\"hi\"}}" },
		{ "{\"hook_event_name\":\"Stop\",\"stop_hook_active\":false}", "{\"decision\":\"block\",\"reason\":\"hi\"}" },
		{ "{\"hook_event_name\":\"AfterAgent\"}", "{\"decision\":\"block\",\"reason\":\"hi\"}" },
		{ "{\"hook_event_name\":\"stop\",\"loop_count\":0}", "{\"followup_message\":\"hi\"}" },
		{ "{\"hook_event_name\":\"sessionStart\"}", "{\"additional_context\":\"hi\"}" },
		{ "{\"hook_event_name\":\"beforeSubmitPrompt\"}", "{\"continue\":true}" },
		{ "{\"hook_event_name\":\"SessionEnd\"}", "{}" },
		{ "{\"hook_event_name\":\"PreToolUse\"}", "{}" },
		{ "{\"hook_event_name\":7}", "{}" }, { "[]", "{}" }, { "", "{}" }, { "nonsense", "{}" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(answer(a, cases[i].input, "hi"), str_from(cases[i].want));
}

TEST(without_text_the_answer_does_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(answer(a, "{\"hook_event_name\":\"Stop\"}", ""), S("{}"));
	assert_str(answer(a, "{\"hook_event_name\":\"beforeSubmitPrompt\"}", ""), S("{\"continue\":true}"));
}

TEST(a_stop_that_follows_our_own_is_let_through)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(answer(a, "{\"hook_event_name\":\"Stop\",\"stop_hook_active\":true}", "hi"), S("{}"));
	assert_str(answer(a, "{\"hook_event_name\":\"stop\",\"loop_count\":1}", "hi"), S("{}"));
	assert_str(answer(a, "{\"hook_event_name\":\"AfterAgent\",\"stop_hook_active\":true}", "hi"), S("{}"));
}

TEST(session_and_directory_by_their_names)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct hook_input in;

	hook_read(a, S("{\"hook_event_name\":\"stop\",\"conversation_id\":\"c\",\"workspace_roots\":[\"/w\"]}"), &in);
	assert_str(in.session_id, S("c"));
	assert_str(in.cwd, S("/w"));
	assert_int_equal(in.moment, HOOK_STOP);
	hook_read(a, S("{\"session_id\":\"s\",\"conversation_id\":\"c\",\"cwd\":\"/d\",\"workspace_roots\":[\"/w\"]}"), &in);
	assert_str(in.session_id, S("s"));
	assert_str(in.cwd, S("/d"));
	assert_int_equal(in.moment, HOOK_OTHER);
}

TEST_MAIN("cli/hook_contract")
