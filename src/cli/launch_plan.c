#include "cli/launch_plan.h"

#include "base/buf.h"
#include "cli/text.h"
#include "proto/reach.h"

enum { CONFIG_BYTES_MAX = 1 << 20 };

struct agent_row {
	const char *name;
	bool is_claude;               /* takes our files and the channel */
};

static const struct agent_row agents[] = { { "claude", true }, { "codex" }, { "gemini" }, { "cursor-agent" } };

str launch_agents(struct arena *a)
{
	str all = STR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(agents); i++)
		all = arena_printf(a, "%.*s%s%s", STRF(all), i ? ", " : "", agents[i].name);
	return all;
}

static const struct agent_row *row_of(str name)
{
	for (size_t i = 0; i < ARRAY_LEN(agents); i++)
		if (str_eq(name, str_from(agents[i].name)))
			return &agents[i];
	return NULL;
}

struct err *launch_agent_check(struct arena *a, str name)
{
	if (row_of(name))
		return NULL;
	return FAIL(a, BAD_REQUEST, "there is no agent '%.*s'; there are %.*s", STRF(name), STRF(launch_agents(a)));
}

static str taken(struct arena *a, struct buf *b)
{
	str text = arena_dup(a, buf_str(b));

	buf_done(b);
	return text;
}

/* Exactly the chosen mesh, and who we are in it. */
static str config_text(struct arena *a, const struct launch_input *in)
{
	struct config_args only = *in->config;
	struct config_mesh_args mesh = *in->mesh;
	struct buf b = buf_make(CONFIG_BYTES_MAX);
	struct json_out o = json_out(&b);

	only.version = 1;
	only.meshes = (struct config_mesh_list){ &mesh, 1, true };
	only.displayName = in->name;
	only.role = in->role;
	only.groups = in->groups;
	only.messageMode = in->message_mode;
	json_obj(&o);
	json_encode(&o, config_fields, &only);
	json_obj_end(&o);
	return taken(a, &b);
}

static str mcp_text(struct arena *a, str self)
{
	struct buf b = buf_make(CONFIG_BYTES_MAX);
	struct json_out o = json_out(&b);

	buf_add(&b, S("{\"mcpServers\":{\"claudemesh\":{\"command\":"));
	json_str(&o, self);
	buf_add(&b, S(",\"args\":[\"mcp\"]}}}"));
	return taken(a, &b);
}

static void put_hook(struct arena *a, struct json_out *o, str self, const char *event, const char *status)
{
	json_key(o, str_from(event));
	json_arr(o);
	json_obj(o);
	json_key(o, S("hooks"));
	json_arr(o);
	json_obj(o);
	json_put_str(o, "type", S("command"));
	json_put_str(o, "command", arena_printf(a, "%.*s hook %s", STRF(text_shell_word(a, self)), status));
	json_obj_end(o);
	json_arr_end(o);
	json_obj_end(o);
	json_arr_end(o);
}

static str settings_text(struct arena *a, str self)
{
	struct buf b = buf_make(CONFIG_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_key(&o, S("hooks"));
	json_obj(&o);
	put_hook(a, &o, self, "UserPromptSubmit", "working");
	put_hook(a, &o, self, "Stop", "idle");
	json_obj_end(&o);
	json_obj_end(&o);
	return taken(a, &b);
}

static str add_file(struct arena *a, struct launch_plan *p, const struct launch_input *in, const char *name,
		    str content)
{
	str path = arena_printf(a, "%.*s/%s", STRF(in->dir), name);

	p->files[p->n_files++] = (struct launch_file){ path, content };
	return path;
}

static void add_env(struct launch_plan *p, const char *name, str value)
{
	if (value.len)
		p->env[p->n_env++] = (struct launch_env){ name, value };
}

static void add_arg(struct launch_plan *p, const char *flag, str value)
{
	if (!value.ptr)
		return;
	p->argv[p->n_argv++] = str_from(flag);
	if (value.len)
		p->argv[p->n_argv++] = value;
}

/* Ours says which channel; a second one would be an error. */
static bool is_ours(str arg)
{
	return str_eq(arg, S("--dangerously-load-development-channels"));
}

static void claude_args(struct arena *a, struct launch_plan *p, const struct launch_input *in)
{
	add_arg(p, "--dangerously-load-development-channels", S("server:claudemesh"));
	add_arg(p, "--mcp-config", add_file(a, p, in, "mcp.json", mcp_text(a, in->self)));
	add_arg(p, "--settings", add_file(a, p, in, "settings.json", settings_text(a, in->self)));
	if (in->is_new)
		add_arg(p, "--session-id", in->session_id);
	else if (in->continues)
		add_arg(p, "--continue", S(""));
	else
		add_arg(p, "--resume", in->session_id);
	add_arg(p, "--system-prompt", in->system_prompt.len ? in->system_prompt : STR_NONE);
}

static void make_argv(struct arena *a, struct launch_plan *p, const struct launch_input *in, bool is_claude)
{
	size_t n = 0;

	while (in->passed && in->passed[n])
		n++;
	p->argv = NEW_ARRAY(a, str, n + LAUNCH_OWN_ARGS_MAX);
	p->argv[p->n_argv++] = p->program;
	if (is_claude)
		claude_args(a, p, in);
	for (size_t i = 0; i < n; i++) {
		str arg = str_from(in->passed[i]);

		if (is_claude && is_ours(arg)) {
			i += in->passed[i + 1] && in->passed[i + 1][0] != '-'; /* with its value */
			continue;
		}
		p->argv[p->n_argv++] = arg;
	}
}

struct err *launch_plan_make(struct arena *a, const struct launch_input *in, struct launch_plan *ret_plan)
{
	struct launch_plan *p = ret_plan;
	const struct agent_row *row = row_of(in->agent);

	*p = (struct launch_plan){ 0 };
	TRY(launch_agent_check(a, in->agent));
	p->program = in->agent;
	p->wakes = row->is_claude;
	add_file(a, p, in, "config.json", config_text(a, in));
	p->token_file = arena_printf(a, "%.*s/session-token", STRF(in->dir));
	add_env(p, "CLAUDEMESH_CONFIG_DIR", in->dir);
	add_env(p, "CLAUDEMESH_USER_DIR", in->user_dir);
	add_env(p, "CLAUDEMESH_DISPLAY_NAME", in->name);
	add_env(p, "CLAUDEMESH_SESSION_ID", in->session_id);
	add_env(p, "CLAUDEMESH_IPC_TOKEN_FILE", p->token_file);
	add_env(p, "CLAUDEMESH_ROLE", in->role);
	add_env(p, "CLAUDEMESH_CHANNEL", row->is_claude ? S("1") : STR_NONE);
	add_env(p, "CLAUDEMESH_MESSAGE_MODE",
		str_eq(in->message_mode, S(MESSAGE_MODE_PUSH)) ? STR_NONE : in->message_mode);
	add_env(p, "MCP_TIMEOUT", in->mcp_timeout.len ? STR_NONE : S("30000"));
	add_env(p, "MAX_MCP_OUTPUT_TOKENS", in->mcp_output.len ? STR_NONE : S("50000"));
	make_argv(a, p, in, row->is_claude);
	return NULL;
}
