#include "cli/hook_contract.h"

enum place {
	NOWHERE,              /* the agent takes no text here; it is answered {} */
	CONTEXT,              /* {"hookSpecificOutput":{"hookEventName":E,"additionalContext":T}} */
	CURSOR_CONTEXT,       /* {"additional_context":T} */
	BLOCK,                /* {"decision":"block","reason":T}: not yet, first this */
	FOLLOW_UP,            /* {"followup_message":T}: the next user message */
	CONTINUE,             /* {"continue":true}: may not be left out */
};

struct hook_row {
	const char *event;
	enum hook_moment moment;
	enum place place;
	const char *agents;
};

/* Claude Code: code.claude.com/docs/en/hooks; Codex: developers.openai.com/codex/hooks;
 * Gemini CLI: geminicli.com/docs/hooks/reference; Cursor: cursor.com/docs/agent/hooks. */
static const struct hook_row rows[] = {
	{ "SessionStart", HOOK_START, CONTEXT, "Claude Code, Codex, Gemini CLI" },
	{ "UserPromptSubmit", HOOK_PROMPT, CONTEXT, "Claude Code, Codex" },
	{ "Stop", HOOK_STOP, BLOCK, "Claude Code, Codex" },
	{ "SessionEnd", HOOK_END, NOWHERE, "Claude Code, Gemini CLI" },
	{ "BeforeAgent", HOOK_PROMPT, CONTEXT, "Gemini CLI" },
	{ "AfterAgent", HOOK_STOP, BLOCK, "Gemini CLI" },
	{ "sessionStart", HOOK_START, CURSOR_CONTEXT, "Cursor" },
	{ "beforeSubmitPrompt", HOOK_PROMPT, CONTINUE, "Cursor" },
	{ "stop", HOOK_STOP, FOLLOW_UP, "Cursor" },
	{ "sessionEnd", HOOK_END, NOWHERE, "Cursor" },
};

const char *hook_agents(size_t i, const char **ret_event)
{
	if (i >= ARRAY_LEN(rows))
		return NULL;
	*ret_event = rows[i].event;
	return rows[i].agents;
}

static const struct hook_row *find(str event)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(event, str_from(rows[i].event)))
			return &rows[i];
	return NULL;
}

/* Cursor has no session id of its own: a conversation is one. */
static str session_of(const struct json *in)
{
	str id = json_get_str(in, S("session_id"));

	return id.len ? id : json_get_str(in, S("conversation_id"));
}

static str directory_of(const struct json *in)
{
	const struct json *roots = json_get(in, S("workspace_roots"));
	str cwd = json_get_str(in, S("cwd"));

	if (!cwd.len && roots && roots->type == JSON_ARR && roots->first && roots->first->type == JSON_STR)
		return roots->first->s;
	return cwd;
}

void hook_read(struct arena *a, str text, struct hook_input *ret_input)
{
	const struct json *in = NULL;

	*ret_input = (struct hook_input){ 0 };
	if (json_parse(a, text, &in))
		return;
	ret_input->row = find(json_get_str(in, S("hook_event_name")));
	ret_input->moment = ret_input->row ? ret_input->row->moment : HOOK_OTHER;
	ret_input->session_id = session_of(in);
	ret_input->cwd = directory_of(in);
	ret_input->again = json_get_bool(in, S("stop_hook_active")) || json_get_int(in, S("loop_count"), 0) > 0;
}

bool hook_takes_text(const struct hook_input *in)
{
	if (!in->row || in->row->place == NOWHERE || in->row->place == CONTINUE)
		return false;
	/* A stop that follows our own is let through: two agents must not keep each other awake. */
	return in->moment != HOOK_STOP || !in->again;
}

static void put_context(struct json_out *o, const char *event, str text)
{
	json_key(o, S("hookSpecificOutput"));
	json_obj(o);
	json_put_str(o, "hookEventName", str_from(event));
	json_put_str(o, "additionalContext", text);
	json_obj_end(o);
}

void hook_answer(struct buf *b, const struct hook_input *in, str text)
{
	struct json_out o = json_out(b);

	json_obj(&o);
	if (in->row && in->row->place == CONTINUE)
		json_put_bool(&o, "continue", true);
	if (text.len && hook_takes_text(in)) {
		switch (in->row->place) {
		case CONTEXT: put_context(&o, in->row->event, text); break;
		case CURSOR_CONTEXT: json_put_str(&o, "additional_context", text); break;
		case BLOCK:
			json_put_str(&o, "decision", S("block"));
			json_put_str(&o, "reason", text);
			break;
		case FOLLOW_UP: json_put_str(&o, "followup_message", text); break;
		case CONTINUE:
		case NOWHERE: break;
		}
	}
	json_obj_end(&o);
}
