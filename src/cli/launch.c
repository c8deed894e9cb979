#include "cli/launch.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ids.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/groups.h"
#include "cli/launch_run.h"
#include "cli/launch_wizard.h"
#include "cli/policy.h"
#include "cli/text.h"
#include "cli/warm.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

enum { TOKEN_BYTES = 32, AGAIN_ASK_MS = 2000 };

static const char *const mode_words[] = { "", "push", "inbox", "off", NULL };
enum mode { MODE_ABSENT };
#define FLAG_C_mode enum mode
#define FLAG_KIND_mode FLAG_ENUM
#define FLAG_WORDS_mode mode_words

#define LAUNCH_FLAGS(F, T) \
	F(T, str,  agent, "NAME", 1, 32, "claude (default), codex, gemini or cursor-agent") \
	F(T, str,  name, "NAME", 1, NAME_BYTES_MAX, "what peers see; default: your usual name") \
	F(T, str,  join, "LINK", 1, 8192, "first join with this invite") \
	F(T, str,  role, "TEXT", 1, NAME_BYTES_MAX, "what this session is") \
	F(T, str,  groups, "A[:ROLE],B", 1, 2048, "groups that it is in") \
	F(T, mode, message_mode, "MODE", 0, 0, "push (default), inbox or off") \
	F(T, str,  system_prompt, "TEXT", 1, 65536, "handed on to the agent") \
	F(T, str,  resume, "ID", 1, 128, "an earlier session of the agent") \
	F(T, bool, continue_, "", 0, 0, "the newest session of this directory") \
	F(T, bool, print, "", 0, 0, "show what would be done, do nothing")
CLI_FLAGS(launch, LAUNCH_FLAGS);

/* ---- which session ---- */

static bool is_uuid(str text)
{
	if (text.len != 36)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text.ptr[i] != '-' : !strchr("0123456789abcdef", text.ptr[i]))
			return false;
	}
	return true;
}

/* Claude Code keeps the sessions of a directory in ~/.claude/projects/<its path, '/' as '-'>. */
static str newest_session(struct arena *a, str cwd)
{
	char *folder = arena_cstr(a, cwd);
	str root = str_from(getenv("CLAUDE_CONFIG_DIR")), newest = STR_NONE, dir;
	struct timespec newest_at = { 0 };
	struct dirent *entry;
	DIR *d;

	for (char *p = folder; *p; p++)
		if (*p == '/' || *p == '.')
			*p = '-';
	if (!root.len)
		root = arena_printf(a, "%s/.claude", getenv("HOME") ? getenv("HOME") : "");
	dir = arena_printf(a, "%.*s/projects/%s", STRF(root), folder);
	d = opendir(dir.ptr);
	while (d && (entry = readdir(d))) {
		str name = str_from(entry->d_name);
		struct stat st;

		if (!str_ends(name, S(".jsonl")) || !is_uuid(str_of(name.ptr, name.len - 6)) ||
		    stat(arena_printf(a, "%.*s/%.*s", STRF(dir), STRF(name)).ptr, &st) != 0)
			continue;
		if (newest.ptr && (st.st_mtim.tv_sec < newest_at.tv_sec ||
				   (st.st_mtim.tv_sec == newest_at.tv_sec && st.st_mtim.tv_nsec < newest_at.tv_nsec)))
			continue;
		newest = arena_dup(a, str_of(name.ptr, name.len - 6));
		newest_at = st.st_mtim;
	}
	if (d)
		closedir(d);
	return newest;
}

static struct err *find_session(struct cli *c, const struct launch_flags *in, str cwd, struct launch_input *li)
{
	li->continues = in->continue_;
	if (in->resume.len && in->continue_)
		return FAIL(c->arena, BAD_REQUEST, "--resume and --continue name two sessions");
	if (in->resume.len) {
		li->session_id = in->resume;
		return NULL;
	}
	if (in->continue_)
		li->session_id = newest_session(c->arena, cwd);
	if (in->continue_ && !li->session_id.len)
		return FAIL(c->arena, NOT_FOUND, "there is no session of %.*s to continue", STRF(cwd));
	li->is_new = !in->continue_;
	if (li->is_new)
		li->session_id = id_uuid(c->arena, &random_system);
	return NULL;
}

/* ---- what is given ---- */

static struct err *join_first(struct cli *c, const struct client *client, const struct config_args *config, str link,
			      str who, str *ret_slug)
{
	struct mesh_made made;

	TRY(policy_ask(c, &(struct policy_request){ .resource = S("mesh"), .verb = S("join"), .is_write = true,
						     .command = S("launch") }));
	TRY(mesh_join(c->arena, client, str_trim(link), config_who(c->arena, config, who), STR_NONE, &made));
	out_ok(&c->out, STR_NONE, made.already_member ? "you are in %.*s already" : "joined %.*s",
	       STRF(made.mesh.slug));
	if (!str_empty(made.warning))
		out_warn(&c->out, STR_NONE, "%.*s", STRF(made.warning));
	warm_reload(c);
	*ret_slug = made.mesh.slug;
	return NULL;
}

static struct err *find_mesh(struct cli *c, const struct launch_flags *in, struct config_args *config,
			     const struct config_mesh_args **ret_mesh)
{
	str slug = c->args_n ? c->args[0] : STR_NONE;
	struct client client;

	TRY(context_user(c, &client));
	TRY(context_config(c, &client, config));
	if (in->join.len) {
		TRY(join_first(c, &client, config, in->join, in->name, &slug));
		TRY(context_config(c, &client, config));
	}
	if (!config->meshes.n)
		return cli_hint(c, FAIL(c->arena, NOT_FOUND, "no mesh is joined yet"),
				"claudemesh create NAME, or claudemesh launch --join LINK");
	if (slug.len)
		return config_find_mesh(c->arena, config, slug, ret_mesh);
	return context_mesh(c, config, ret_mesh);
}

/* ---- doing ---- */

static str register_body(struct arena *a, const struct launch_input *li, str token, str cwd)
{
	struct local_register_args in = {
		.token = token, .session_id = li->session_id, .mesh = li->mesh->slug, .display_name = li->name,
		.pid = getpid(), .cwd = cwd, .role = li->role, .message_mode = li->message_mode,
		.hooks = str_eq(li->agent, S("claude")), /* the settings that we hand it have them */
	};
	struct buf b = buf_make(1 << 16);
	struct json_out o = json_out(&b);
	str text;

	in.groups = (struct strs){ .items = NEW_ARRAY(a, str, li->groups.n), .n = li->groups.n, .present = true };
	for (size_t i = 0; i < li->groups.n; i++)
		in.groups.items[i] = arena_printf(a, "@%.*s%s%.*s", STRF(li->groups.items[i].name),
						  li->groups.items[i].role.len ? ":" : "", STRF(li->groups.items[i].role));
	json_obj(&o);
	json_encode(&o, local_register_fields, &in);
	json_obj_end(&o);
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

/* A session on its way to the daemon. */
struct joining {
	struct cli *c;
	struct warm warm;
	str body;
	bool done;
};

static struct err *register_session(struct arena *a, struct joining *s, i64 deadline_ms)
{
	const struct ipc_request rq = { .target = S("/v1/sessions/register"), .body = s->body, .deadline_ms = deadline_ms };
	const struct json *body;

	s->warm.ipc.token = STR_NONE;
	TRY(ipc_ask(a, &s->warm.ipc, &rq, &body));
	s->done = true;
	return NULL;
}

/* Without a daemon the agent runs all the same: its messages wait at the broker. */
static void join_mesh(struct joining *s)
{
	struct err *e = warm_open(s->c, &s->warm);

	if (!e && s->warm.is_up)
		e = register_session(s->c->arena, s, 0);
	if (e)
		out_warn(&s->c->out, S("claudemesh daemon status"), "this session is not on the mesh yet: %.*s",
			 STRF(e->text));
}

/* A daemon that was slow, or is started later, as the MCP server does, hears of the session then:
 * it would refuse the session's token for as long as the agent runs. */
static bool join_again(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct joining *s = arg;
	struct err *e = register_session(a, s, AGAIN_ASK_MS);

	/* What is wrong with the request stays wrong. */
	return !e || e->code == ERR_BAD_REQUEST || e->code == ERR_FORBIDDEN;
}

static void end_session(struct cli *c, const struct warm *w, str token)
{
	struct ipc ipc = w->ipc;
	const struct json *body;
	struct err *e;

	ipc.token = token;
	e = ipc_ask(c->arena, &ipc, &(struct ipc_request){ .method = S("DELETE"), .target = S("/v1/sessions/me") }, &body);
	(void)e; /* the daemon sees our process end */
}

static void banner(struct cli *c, const struct launch_input *li, const struct launch_plan *p)
{
	struct output *o = &c->out;

	out_span(o, TONE_BOLD, "  claudemesh launch");
	out_span(o, TONE_DIM, " \xe2\x80\x94 as %.*s", STRF(li->name));
	if (li->role.len)
		out_span(o, TONE_DIM, " (%.*s)", STRF(li->role));
	out_span(o, TONE_DIM, " on %.*s", STRF(li->mesh->slug));
	for (size_t i = 0; i < li->groups.n; i++)
		out_span(o, TONE_DIM, " @%.*s", STRF(li->groups.items[i].name));
	out_end(o);
	if (!p->wakes)
		out_info(o, "this agent hears messages at its next turn, by hooks: claudemesh install");
}

static void print_plan(struct cli *c, const struct launch_plan *p)
{
	struct output *o = &c->out;

	out_section(o, "files, gone when the agent ends");
	for (size_t i = 0; i < p->n_files; i++)
		out_info(o, "%.*s", STRF(p->files[i].path));
	out_info(o, "%.*s", STRF(p->token_file));
	out_section(o, "environment");
	for (size_t i = 0; i < p->n_env; i++)
		out_info(o, "%s=%.*s", p->env[i].name, STRF(text_shell_word(c->arena, p->env[i].value)));
	out_section(o, "command");
	for (size_t i = 0; i < p->n_argv; i++) {
		if (i && str_starts(p->argv[i], S("-"))) {
			out_span(o, TONE_PLAIN, " \\");
			out_end(o);
		}
		out_span(o, TONE_PLAIN, "%s%.*s", !i ? "  " : str_starts(p->argv[i], S("-")) ? "    " : " ",
			 STRF(text_shell_word(c->arena, p->argv[i])));
	}
	out_end(o);
}

static void print_json(struct cli *c, const struct launch_input *li, const struct launch_plan *p)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "sessionId", li->session_id);
	json_put_str(j, "mesh", li->mesh->slug);
	json_key(j, S("env"));
	json_obj(j);
	for (size_t i = 0; i < p->n_env; i++)
		json_put_str(j, p->env[i].name, p->env[i].value);
	json_obj_end(j);
	json_key(j, S("argv"));
	json_arr(j);
	for (size_t i = 0; i < p->n_argv; i++)
		json_str(j, p->argv[i]);
	json_arr_end(j);
	out_json_end(&c->out);
}

/* Ends as the agent did. */
static struct err *finish(struct cli *c, int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	TRY(out_flush(&c->out, c->arena));
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Between the directory and its end nothing returns early. */
static struct err *run_agent(struct cli *c, struct launch_input *li, str token, struct joining *s, int *ret_status)
{
	/* Where the user wants no daemon there is no place of one. */
	bool tries = !s->done && !str_empty(s->warm.ipc.place.socket) &&
		     daemon_policy_from(c->global.no_daemon, c->global.strict) != DAEMON_NONE;
	const struct launch_meanwhile meanwhile = { tries ? join_again : NULL, s };
	struct launch_plan plan;
	struct err *e = launch_dir_make(c->arena, &li->dir);

	if (!e)
		e = launch_plan_make(c->arena, li, &plan);
	if (!e)
		e = launch_write(c->arena, &plan, token);
	if (!e)
		e = launch_agent(c->arena, &plan, &meanwhile, ret_status);
	launch_dir_remove(c->arena, li->dir);
	return e;
}

/* What may take its time comes before there are files that a signal could leave behind. */
static struct err *run_plan(struct cli *c, struct launch_input *li, const struct launch_plan *p, str cwd,
			    int *ret_status)
{
	struct joining s = { .c = c };
	u8 bytes[TOKEN_BYTES];
	struct err *e;
	str token;

	random_fill(&random_system, bytes, sizeof(bytes));
	token = hex_encode(c->arena, str_of(bytes, sizeof(bytes)));
	s.body = register_body(c->arena, li, token, cwd);
	join_mesh(&s);
	banner(c, li, p);
	e = out_flush(&c->out, c->arena);
	if (!e)
		e = run_agent(c, li, token, &s, ret_status);
	if (s.done)
		end_session(c, &s.warm, token);
	return e;
}

static struct err *fill_input(struct cli *c, const struct launch_flags *in, struct config_args *config, str cwd,
			      struct launch_input *li)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
	struct launch_wishes wishes = {
		.agent = in->agent, .name = in->name, .role = in->role, .groups = in->groups,
		.mode = in->message_mode ? str_from(mode_words[in->message_mode]) : STR_NONE,
	};
	struct paths paths;

	TRY(paths_user_from_env(c->arena, &paths));
	TRY(find_mesh(c, in, config, &li->mesh));
	if (launch_wizard_may(c) && !in->print)
		TRY(launch_wizard(c, li->mesh->slug, cwd, config_who(c->arena, config, STR_NONE), &wishes));
	li->agent = in->agent.len ? in->agent : S("claude");
	li->self = n > 0 ? arena_dup(c->arena, str_of(self, (size_t)n)) : S("claudemesh");
	li->user_dir = paths.dir;
	li->config = config;
	li->name = config_who(c->arena, config, wishes.name);
	li->role = wishes.role;
	li->message_mode = wishes.mode.len ? wishes.mode : S("push");
	li->system_prompt = in->system_prompt;
	li->passed = c->passed;
	li->mcp_timeout = str_from(getenv("MCP_TIMEOUT"));
	li->mcp_output = str_from(getenv("MAX_MCP_OUTPUT_TOKENS"));
	TRY(groups_read(c, wishes.groups, &li->groups));
	li->groups.present = wishes.groups.len != 0;
	return find_session(c, in, cwd, li);
}

/* Before anything is asked or joined. */
static struct err *find_agent(struct cli *c, const struct launch_flags *in)
{
	str agent = in->agent.len ? in->agent : S("claude");
	struct err *e;

	TRY(launch_agent_check(c->arena, agent));
	e = in->print ? NULL : launch_find(c->arena, agent);
	return e ? cli_hint(c, e, "--agent NAME for another: %.*s", STRF(launch_agents(c->arena))) : NULL;
}

static struct err *launch_run(struct cli *c, const void *flags)
{
	const struct launch_flags *in = flags;
	struct launch_input li = { 0 };
	struct config_args config;
	struct launch_plan plan;
	char cwd[PATH_MAX];
	int status = 0;

	if (!getcwd(cwd, sizeof(cwd)))
		return FAIL(c->arena, IO, "this directory is gone");
	if (in->print && in->join.len)
		return cli_hint(c, FAIL(c->arena, BAD_REQUEST, "--print does nothing, so it cannot join a mesh"),
				"claudemesh join LINK");
	TRY(find_agent(c, in));
	TRY(fill_input(c, in, &config, str_from(cwd), &li));
	li.dir = launch_dir_pattern(c->arena);
	TRY(launch_plan_make(c->arena, &li, &plan));
	if (in->print) {
		if (c->out.json)
			print_json(c, &li, &plan);
		else
			print_plan(c, &plan);
		return NULL;
	}
	TRY(run_plan(c, &li, &plan, str_from(cwd), &status));
	return finish(c, status);
}

struct err *launch_with(struct cli *c, str link)
{
	const struct launch_flags flags = { .join = link };

	c->command = &launch_command;
	return launch_run(c, &flags);
}

const struct command launch_command = {
	.name = "launch",
	.aliases = "connect, workspace, workspace launch, workspace connect, workspace open",
	.arguments = "[SLUG]",
	.group = GROUP_MESH,
	COMMAND_FREE,
	COMMAND_FLAGS(launch),
	.passes_dashes = true,
	.run = launch_run,
	.doc = "Starts an agent as a session of the mesh.",
	.more = "On a terminal it asks for what flags do not say; --yes asks nothing. An invite\n"
		"link in the place of a command joins first. Words behind '--' are for the\n"
		"agent: launch -- --model opus.\n"
		"Messages of peers reach Claude Code the moment they come; other agents at\n"
		"their next turn. A resumed session has its address in the mesh again.",
	.fields = "sessionId mesh env argv",
};
