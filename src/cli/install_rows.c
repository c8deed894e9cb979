#include "cli/install.h"

#include <string.h>

#include "cli/install_toml.h"
#include "cli/skill.h"
#include "cli/text.h"
#include "client/json_edit.h"

/* ---- MCP servers in JSON: mcpServers.claudemesh ---- */

#define MCP_PATH JSON_PATH(S("mcpServers"), S("claudemesh"))

static str json_text(struct arena *a, str text)
{
	struct buf b = buf_make(1 << 16);
	struct json_out o = json_out(&b);
	str out;

	json_str(&o, text);
	out = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return out;
}

static struct err *mcp_put(struct arena *a, struct change *c, str command)
{
	const struct json *there, *args;

	TRY(json_edit_get(a, c->before, MCP_PATH, &there));
	if (there && str_eq(json_get_str(there, S("command")), command))
		return NULL;
	args = json_get(there, S("args"));
	/* Ours of another place: what was added to it stays. */
	if (args && args->type == JSON_ARR && args->first && str_eq(args->first->s, S("mcp")))
		return json_edit_set(a, c->before, JSON_PATH(S("mcpServers"), S("claudemesh"), S("command")),
				     json_text(a, command), &c->after);
	return json_edit_set(a, c->before, MCP_PATH,
			     arena_printf(a, "{\"command\":%.*s,\"args\":[\"mcp\"]}", STRF(json_text(a, command))),
			     &c->after);
}

/* Without a member left, what we made goes too; a file that holds nothing was ours. */
static struct err *drop_empty(struct arena *a, struct change *c, struct json_path path)
{
	const struct json *there;

	TRY(json_edit_get(a, c->after, path, &there));
	if (there && (there->type == JSON_OBJ || there->type == JSON_ARR) && !there->count)
		TRY(json_edit_remove(a, c->after, path, &c->after));
	TRY(json_edit_get(a, c->after, (struct json_path){ .n = 0 }, &there));
	if (there && !there->count)
		c->after = STR_NONE;
	return NULL;
}

static struct err *mcp_take(struct arena *a, struct change *c)
{
	TRY(json_edit_remove(a, c->before, MCP_PATH, &c->after));
	return change_is_none(c) ? NULL : drop_empty(a, c, JSON_PATH(S("mcpServers")));
}

/* ---- hooks ---- */

struct hook_event { const char *event, *status; };

static const struct hook_event claude_events[] = {
	{ "SessionStart", "idle" }, { "UserPromptSubmit", "working" }, { "Stop", "idle" }, { "SessionEnd", "idle" },
	{ 0 }
};
static const struct hook_event codex_events[] = {
	{ "SessionStart", "idle" }, { "UserPromptSubmit", "working" }, { "Stop", "idle" }, { 0 }
};
static const struct hook_event gemini_events[] = {
	{ "SessionStart", "idle" }, { "BeforeAgent", "working" }, { "AfterAgent", "idle" }, { "SessionEnd", "idle" },
	{ 0 }
};
static const struct hook_event cursor_events[] = {
	{ "sessionStart", "idle" }, { "beforeSubmitPrompt", "working" }, { "stop", "idle" }, { "sessionEnd", "idle" },
	{ 0 }
};

/* Ours is a command "PATH/claudemesh hook STATUS", the program quoted or not. */
static bool is_ours(str command)
{
	static const str ends[] = { S("claudemesh hook idle"), S("claudemesh hook working"), S("claudemesh' hook idle"),
				    S("claudemesh' hook working") };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(command, ends[i]) &&
		    (command.len == ends[i].len || command.ptr[command.len - ends[i].len - 1] == '/'))
			return true;
	return false;
}

/* Ours in an item of the list: itself (Cursor), or one of its "hooks" (all others). */
static const struct json *ours_of(const struct json *item, size_t *ret_inner)
{
	const struct json *inner = json_get(item, S("hooks"));

	*ret_inner = 0;
	if (is_ours(json_get_str(item, S("command"))))
		return item;
	for (const struct json *h = inner && inner->type == JSON_ARR ? inner->first : NULL; h; h = h->next, ++*ret_inner)
		if (is_ours(json_get_str(h, S("command"))))
			return h;
	return NULL;
}

/* The first of ours in the list of an event; NULL if there is none. */
static struct err *hook_find(struct arena *a, const struct change *c, const char *event, const struct json **ret_ours,
			     const struct json **ret_item, size_t *ret_index, size_t *ret_inner)
{
	const struct json *list, *item;

	*ret_ours = NULL;
	*ret_index = 0;
	TRY(json_edit_get(a, c->after, JSON_PATH(S("hooks"), str_from(event)), &list));
	for (item = list && list->type == JSON_ARR ? list->first : NULL; item; item = item->next, ++*ret_index) {
		*ret_ours = ours_of(item, ret_inner);
		*ret_item = item;
		if (*ret_ours)
			break;
	}
	return NULL;
}

/* Takes away the item, or of several hooks in it only ours. */
static struct err *hook_cut(struct arena *a, struct change *c, const char *event, const struct json *item,
			    size_t index, size_t inner)
{
	const struct json *hooks = json_get(item, S("hooks"));

	if (!hooks || hooks->count < 2)
		return json_edit_remove_item(a, c->after, JSON_PATH(S("hooks"), str_from(event)), index, &c->after);
	return json_edit_remove_item(a, c->after,
				     JSON_PATH(S("hooks"), str_from(event), arena_printf(a, "%zu", index), S("hooks")),
				     inner, &c->after);
}

static struct err *hook_take(struct arena *a, struct change *c, const char *event)
{
	struct json_path path = JSON_PATH(S("hooks"), str_from(event));
	const struct json *list, *ours, *item;
	size_t index, inner;

	for (;;) {
		TRY(hook_find(a, c, event, &ours, &item, &index, &inner));
		if (!ours)
			break;
		TRY(hook_cut(a, c, event, item, index, inner));
	}
	TRY(json_edit_get(a, c->after, path, &list));
	if (list && list->type == JSON_ARR && !list->count)
		TRY(json_edit_remove(a, c->after, path, &c->after));
	return NULL;
}

static struct err *hook_put(struct arena *a, struct change *c, const struct hook_event *ev, str command,
			    bool flat)
{
	str wanted = arena_printf(a, "%.*s hook %s", STRF(text_shell_word(a, command)), ev->status);
	struct json_path path = JSON_PATH(S("hooks"), str_from(ev->event));
	str value = json_text(a, wanted);
	const struct json *ours, *item;
	size_t index, inner;

	TRY(hook_find(a, c, ev->event, &ours, &item, &index, &inner));
	if (ours && str_eq(json_get_str(ours, S("command")), wanted))
		return NULL;
	/* Of another place: the program has moved. */
	if (ours)
		TRY(hook_cut(a, c, ev->event, item, index, inner));
	value = flat ? arena_printf(a, "{\"command\":%.*s}", STRF(value))
		     : arena_printf(a, "{\"hooks\":[{\"type\":\"command\",\"command\":%.*s}]}", STRF(value));
	return json_edit_append(a, c->after, path, value, &c->after);
}

static struct err *hooks_put(struct arena *a, struct change *c, const struct hook_event *events, str command,
			     bool flat)
{
	for (; events->event; events++)
		TRY(hook_put(a, c, events, command, flat));
	return NULL;
}

static struct err *hooks_take(struct arena *a, struct change *c, const struct hook_event *events)
{
	if (!str_trim(c->before).len)
		return NULL;
	for (; events->event; events++)
		TRY(hook_take(a, c, events->event));
	return change_is_none(c) ? NULL : drop_empty(a, c, JSON_PATH(S("hooks")));
}

static struct err *claude_hooks_put(struct arena *a, struct change *c, str command)
{
	return hooks_put(a, c, claude_events, command, false);
}

static struct err *claude_hooks_take(struct arena *a, struct change *c)
{
	return hooks_take(a, c, claude_events);
}

static struct err *codex_hooks_put(struct arena *a, struct change *c, str command)
{
	return hooks_put(a, c, codex_events, command, false);
}

static struct err *codex_hooks_take(struct arena *a, struct change *c)
{
	return hooks_take(a, c, codex_events);
}

static struct err *gemini_hooks_put(struct arena *a, struct change *c, str command)
{
	return hooks_put(a, c, gemini_events, command, false);
}

static struct err *gemini_hooks_take(struct arena *a, struct change *c)
{
	return hooks_take(a, c, gemini_events);
}

static struct err *cursor_hooks_put(struct arena *a, struct change *c, str command)
{
	const struct json *version;

	TRY(json_edit_get(a, c->before, JSON_PATH(S("version")), &version));
	if (!version)
		TRY(json_edit_set(a, c->before, JSON_PATH(S("version")), S("1"), &c->after));
	return hooks_put(a, c, cursor_events, command, true);
}

static struct err *cursor_hooks_take(struct arena *a, struct change *c)
{
	const struct json *all;

	TRY(hooks_take(a, c, cursor_events));
	if (change_is_none(c) || !c->after.ptr)
		return NULL;
	TRY(json_edit_get(a, c->after, (struct json_path){ .n = 0 }, &all));
	if (all && all->count == 1 && str_eq(all->first->key, S("version")))
		c->after = STR_NONE; /* nothing but the number that we wrote */
	return NULL;
}

/* ---- Codex: TOML, where we only add and cut a block of ours ---- */

#define BLOCK_BEGIN "# claudemesh: begin ('claudemesh uninstall' removes this)\n"
#define BLOCK_END "# claudemesh: end\n"

static ptrdiff_t find(str text, str part)
{
	const char *at = text.len >= part.len ? memmem(text.ptr, text.len, part.ptr, part.len) : NULL;

	return at ? at - text.ptr : -1;
}

/* The text without our block; *ret_at: where it was, or the end. */
static str without_block(struct arena *a, str text, size_t *ret_at)
{
	ptrdiff_t from = find(text, S(BLOCK_BEGIN)), to = find(text, S(BLOCK_END));

	*ret_at = text.len;
	if (from < 0 || to < from)
		return text;
	*ret_at = (size_t)from;
	to += (ptrdiff_t)sizeof(BLOCK_END) - 1;
	return arena_printf(a, "%.*s%.*s", (int)from, text.ptr, (int)(text.len - (size_t)to), text.ptr + to);
}

static struct err *codex_put(struct arena *a, struct change *c, str command)
{
	size_t at;
	str rest = without_block(a, c->before, &at);
	bool open = at && rest.ptr[at - 1] != '\n';

	switch (toml_look(a, rest, "mcp_servers", "claudemesh")) {
	case TOML_TAKEN: return NULL;
	case TOML_CLOSED:
		return FAIL(a, CONFLICT, "'mcp_servers' is written in one piece; put into it: claudemesh = { command = %.*s, "
			    "args = [\"mcp\"] }", STRF(json_text(a, command)));
	case TOML_FREE: break;
	}
	/* A TOML basic string has JSON's escapes. */
	c->after = arena_printf(a, "%.*s%s" BLOCK_BEGIN "[mcp_servers.claudemesh]\ncommand = %.*s\nargs = [\"mcp\"]\n"
				BLOCK_END "%.*s", (int)at, rest.len ? rest.ptr : "", open ? "\n" : "",
				STRF(json_text(a, command)), STRF(str_skip(rest, at)));
	return NULL;
}

static struct err *codex_take(struct arena *a, struct change *c)
{
	size_t at;
	str old;

	if (!c->before.ptr)
		return NULL;
	c->after = without_block(a, c->before, &at);
	if (change_is_none(c))
		return NULL;
	/* The line break that we had to add. */
	TRY(change_copy(a, c, &old));
	if (old.ptr && str_eq(c->after, arena_printf(a, "%.*s\n", STRF(old))))
		c->after = old;
	if (!str_trim(c->after).len)
		c->after = STR_NONE;
	return NULL;
}

/* ---- the skill ---- */

static struct err *skill_put(struct arena *a UNUSED, struct change *c, str command UNUSED)
{
	c->after = str_from(skill_bundled);
	return NULL;
}

#define SKILL_HEAD "---\nname: claudemesh\n"

/* What lay there before us comes back; ours goes, and leaves a copy if it is not this text. */
static struct err *skill_take(struct arena *a, struct change *c)
{
	str old;

	if (!str_starts(c->before, S(SKILL_HEAD)))
		return NULL;
	TRY(change_copy(a, c, &old));
	c->after = old.ptr && !str_starts(old, S(SKILL_HEAD)) ? old : STR_NONE;
	c->undo = str_eq(c->before, str_from(skill_bundled));
	return NULL;
}

#define CLAUDE .agent = "claude", .agent_name = "Claude Code", .home_env = "CLAUDE_CONFIG_DIR", .home = ".claude", \
	.program = "claude"
#define CODEX .agent = "codex", .agent_name = "Codex", .home_env = "CODEX_HOME", .home = ".codex", \
	.program = "codex"
#define GEMINI .agent = "gemini", .agent_name = "Gemini CLI", .home = ".gemini", .program = "gemini"
#define CURSOR .agent = "cursor", .agent_name = "Cursor", .home = ".cursor", .program = "cursor-agent"

/* ---- status line of Claude Code: only on request, and never instead of another ---- */

#define STATUS_PATH JSON_PATH(S("statusLine"))
#define STATUS_WORDS " status-line"

static bool is_our_line(const struct json *there)
{
	str command = json_get_str(there, S("command"));

	return str_ends(command, S("/claudemesh" STATUS_WORDS)) || str_ends(command, S("/claudemesh'" STATUS_WORDS)) ||
	       str_eq(command, S("claudemesh" STATUS_WORDS));
}

static struct err *status_line_put(struct arena *a, struct change *c, str command)
{
	str line = arena_printf(a, "%.*s" STATUS_WORDS, STRF(text_shell_word(a, command)));
	const struct json *there;

	TRY(json_edit_get(a, c->before, STATUS_PATH, &there));
	if (there && !is_our_line(there))
		return FAIL(a, EXISTS, "there is a status line already");
	if (there && str_eq(json_get_str(there, S("command")), line))
		return NULL;
	return json_edit_set(a, c->before, STATUS_PATH,
			     arena_printf(a, "{\"type\":\"command\",\"command\":%.*s}", STRF(json_text(a, line))),
			     &c->after);
}

static struct err *status_line_take(struct arena *a, struct change *c)
{
	const struct json *there;

	TRY(json_edit_get(a, c->before, STATUS_PATH, &there));
	if (!is_our_line(there))
		return NULL;
	TRY(json_edit_remove(a, c->before, STATUS_PATH, &c->after));
	return drop_empty(a, c, STATUS_PATH);
}

const struct place_row install_rows[] = {
	{ CLAUDE, .file = "../.claude.json", .what = "MCP server", .put = mcp_put, .take = mcp_take },
	{ CLAUDE, .file = "settings.json", .what = "hooks", .is_hooks = true, .put = claude_hooks_put,
	  .take = claude_hooks_take },
	{ CLAUDE, .file = "settings.json", .what = "status line", .is_status_line = true, .put = status_line_put,
	  .take = status_line_take },
	{ CLAUDE, .file = "skills/claudemesh/SKILL.md", .what = "skill", .is_skill = true, .put = skill_put,
	  .take = skill_take },
	{ CODEX, .file = "config.toml", .what = "MCP server", .put = codex_put, .take = codex_take },
	{ CODEX, .file = "hooks.json", .what = "hooks", .is_hooks = true, .put = codex_hooks_put,
	  .take = codex_hooks_take },
	{ GEMINI, .file = "settings.json", .what = "MCP server", .put = mcp_put, .take = mcp_take },
	{ GEMINI, .file = "settings.json", .what = "hooks", .is_hooks = true, .put = gemini_hooks_put,
	  .take = gemini_hooks_take },
	{ CURSOR, .file = "mcp.json", .what = "MCP server", .put = mcp_put, .take = mcp_take },
	{ CURSOR, .file = "hooks.json", .what = "hooks", .is_hooks = true, .put = cursor_hooks_put,
	  .take = cursor_hooks_take },
	{ 0 }
};
