#include "cli/launch_plan.h"

#include "base/test.h"
#include "json/json.h"

static struct launch_input input(struct arena *a)
{
	struct config_args *config = NEW(a, struct config_args);
	struct config_mesh_args *meshes = NEW_ARRAY(a, struct config_mesh_args, 2);

	meshes[0] = (struct config_mesh_args){ .meshId = S("i1"), .memberId = S("m1"), .slug = S("one"), .name = S("one"),
		.pubkey = S("p1"), .secretKey = S("s1"), .brokerUrl = S("ws://b"), .joinedAt = S("t") };
	meshes[1] = meshes[0];
	meshes[1].slug = S("two");
	config->meshes = (struct config_mesh_list){ meshes, 2, true };
	return (struct launch_input){
		.agent = S("claude"), .self = S("/opt/my \"tools\"/claudemesh"), .dir = S("/tmp/d"), .user_dir = S("/home/u/.claudemesh"),
		.config = config, .mesh = &meshes[1], .name = S("alice"), .session_id = S("uuid"), .is_new = true,
	};
}

static str line_of(struct arena *a, const struct launch_plan *p)
{
	str line = STR_NONE;

	for (size_t i = 0; i < p->n_argv; i++)
		line = arena_printf(a, "%.*s%s%.*s", STRF(line), i ? " " : "", STRF(p->argv[i]));
	return line;
}

static const struct json *file_of(struct arena *a, const struct launch_plan *p, const char *name)
{
	const struct json *v = NULL;

	for (size_t i = 0; i < p->n_files; i++)
		if (str_ends(p->files[i].path, str_from(name)))
			assert_ok(json_parse(a, p->files[i].content, &v));
	assert_non_null(v);
	return v;
}

static str env_of(const struct launch_plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_env; i++)
		if (strcmp(p->env[i].name, name) == 0)
			return p->env[i].value;
	return STR_NONE;
}

TEST(a_new_session_of_claude)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct launch_input in = input(a);
	const struct json *hooks, *config;
	struct launch_plan p;

	assert_ok(launch_plan_make(a, &in, &p));
	assert_str(line_of(a, &p), S("claude --dangerously-load-development-channels server:claudemesh --mcp-config /tmp/d/mcp.json"
				     " --settings /tmp/d/settings.json --session-id uuid"));
	config = file_of(a, &p, "config.json");
	assert_int_equal(json_get(config, S("meshes"))->count, 1);
	assert_str(json_get_str(json_get(config, S("meshes"))->first, S("slug")), S("two"));
	assert_str(json_get_str(config, S("displayName")), S("alice"));
	assert_str(json_get_str(json_get(json_get(file_of(a, &p, "mcp.json"), S("mcpServers")), S("claudemesh")), S("command")), in.self);
	hooks = json_get(file_of(a, &p, "settings.json"), S("hooks"));
	assert_int_equal(hooks->count, 2);
	assert_str(json_get_str(json_get(json_get(hooks, S("Stop"))->first, S("hooks"))->first, S("command")),
		   S("'/opt/my \"tools\"/claudemesh' hook idle"));
	assert_str(env_of(&p, "CLAUDEMESH_CONFIG_DIR"), S("/tmp/d"));
	assert_str(env_of(&p, "CLAUDEMESH_IPC_TOKEN_FILE"), S("/tmp/d/session-token"));
	assert_str(env_of(&p, "MCP_TIMEOUT"), S("30000"));
	assert_false(env_of(&p, "CLAUDEMESH_ROLE").ptr);
	assert_true(p.wakes);
}

TEST(what_is_passed_on_comes_last_and_cannot_name_another_channel)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *passed[] = { (char *)"--model", (char *)"opus", (char *)"--dangerously-load-development-channels",
			   (char *)"server:other", (char *)"hello", NULL };
	struct launch_input in = input(a);
	struct launch_plan p;

	in.is_new = false;
	in.passed = passed;
	in.system_prompt = S("be brief");
	in.mcp_timeout = S("1");
	assert_ok(launch_plan_make(a, &in, &p));
	assert_str(line_of(a, &p), S("claude --dangerously-load-development-channels server:claudemesh --mcp-config /tmp/d/mcp.json"
				     " --settings /tmp/d/settings.json --resume uuid --system-prompt be brief --model opus hello"));
	assert_false(env_of(&p, "MCP_TIMEOUT").ptr);
	in.continues = true;
	in.system_prompt = STR_NONE;
	in.passed = NULL;
	assert_ok(launch_plan_make(a, &in, &p));
	assert_true(str_ends(line_of(a, &p), S("settings.json --continue")));
}

TEST(other_agents_get_the_environment_alone)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *passed[] = { (char *)"exec", (char *)"--x", NULL };
	struct launch_input in = input(a);
	struct launch_plan p;

	in.agent = S("codex");
	in.passed = passed;
	in.role = S("reviewer");
	in.message_mode = S("inbox");
	assert_ok(launch_plan_make(a, &in, &p));
	assert_str(line_of(a, &p), S("codex exec --x"));
	assert_str(env_of(&p, "CLAUDEMESH_MESSAGE_MODE"), S("inbox"));
	in.message_mode = S("push");
	assert_ok(launch_plan_make(a, &in, &p));
	assert_false(env_of(&p, "CLAUDEMESH_MESSAGE_MODE").ptr);
	assert_str(env_of(&p, "CLAUDEMESH_ROLE"), S("reviewer"));
	assert_false(p.wakes);
	assert_int_equal(p.n_files, 1);
	in.agent = S("emacs");
	assert_err(launch_plan_make(a, &in, &p), BAD_REQUEST);
}

TEST_MAIN("cli/launch_plan")
