/*
 * skills.c - the mesh's skills as prompts (/claudemesh:NAME in Claude Code) and as resources
 * skill://claudemesh/NAME. Asked of the daemon each time, so that a list is never stale; a
 * daemon that is away makes it empty, not an error.
 */
#include "mcp/mcp_internal.h"
#include "mcp/skill_text.h"
#include "net/url.h"

#define SKILL_URI "skill://claudemesh/"

enum { SKILL_TEXT_MAX = 1 << 20 };

/* The policy's word, as for `claudemesh skill list` and `skill get`. */
static struct err *may(struct mcp_call *c, const char *verb)
{
	const struct mcp_env *env = &c->mcp->env;
	bool needs_peers; /* never: nobody is named */

	return env->may ? env->may(env->may_arg, c->arena, &(struct mcp_deed){ .resource = "skill", .verb = verb,
									       .ret_needs_peers = &needs_peers })
			: NULL;
}

/* ---- lists ---- */

static bool entries_of(struct mcp_call *c, const struct err *e, int status, const struct json *body,
		       struct skill_list_args *ret_list)
{
	struct err *bad;

	if (e || status != 200)
		return false;
	bad = json_decode(c->arena, body, skill_list_fields, ret_list, sizeof(*ret_list), NULL);
	return !bad;
}

static str uri_of(struct arena *a, str name)
{
	return arena_printf(a, SKILL_URI "%.*s", STRF(url_encode(a, name)));
}

static void put_prompts(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	struct skill_list_args list = { 0 };
	struct mcp_result r;

	if (!entries_of(c, e, status, body, &list))
		list.skills.n = 0;
	mcp_result(c, &r);
	json_key(&r.json, S("prompts"));
	json_arr(&r.json);
	for (size_t i = 0; i < list.skills.n; i++) {
		json_obj(&r.json);
		json_put_str(&r.json, "name", list.skills.items[i].name);
		json_put_str(&r.json, "description", list.skills.items[i].description);
		json_put_raw(&r.json, "arguments", S("[]"));
		json_obj_end(&r.json);
	}
	json_arr_end(&r.json);
	mcp_result_end_list(&r);
}

static void prompts_list_run(struct mcp_call *c)
{
	struct err *e = may(c, "list");

	if (e)
		put_prompts(c, e, 0, NULL); /* an empty list, as of a daemon that is away */
	else
		mcp_ask(c, S("GET"), S("/v1/skills"), STR_NONE, put_prompts);
}

static void put_resources(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	struct skill_list_args list = { 0 };
	struct mcp_result r;

	if (!entries_of(c, e, status, body, &list))
		list.skills.n = 0;
	mcp_result(c, &r);
	json_key(&r.json, S("resources"));
	json_arr(&r.json);
	for (size_t i = 0; i < list.skills.n; i++) {
		json_obj(&r.json);
		json_put_str(&r.json, "uri", uri_of(c->arena, list.skills.items[i].name));
		json_put_str(&r.json, "name", list.skills.items[i].name);
		json_put_str(&r.json, "description", list.skills.items[i].description);
		json_put_str(&r.json, "mimeType", S("text/markdown"));
		json_obj_end(&r.json);
	}
	json_arr_end(&r.json);
	mcp_result_end_list(&r);
}

static void resources_list_run(struct mcp_call *c)
{
	struct err *e = may(c, "list");

	if (e)
		put_resources(c, e, 0, NULL);
	else
		mcp_ask(c, S("GET"), S("/v1/skills"), STR_NONE, put_resources);
}

static void templates_list_run(struct mcp_call *c)
{
	struct mcp_result r;

	mcp_result(c, &r);
	json_put_raw(&r.json, "resourceTemplates",
		     S("[{\"uriTemplate\":\"" SKILL_URI "{name}\",\"name\":\"skill\","
		       "\"mimeType\":\"text/markdown\"}]"));
	mcp_result_end_list(&r);
}

/* ---- one skill ---- */

static str decoded(struct arena *a, str text)
{
	str name = STR_NONE;
	struct err *bad = url_decode(a, text, &name);

	return bad ? STR_NONE : name;
}

static str name_asked(const struct mcp_call *c, str *ret_uri)
{
	str uri = json_get_str(c->params, S("uri"));
	str name = STR_NONE;

	*ret_uri = uri;
	if (!uri.ptr)
		return json_get_str(c->params, S("name"));
	if (str_starts(uri, S(SKILL_URI)))
		name = decoded(c->arena, str_skip(uri, sizeof(SKILL_URI) - 1));
	return name;
}

/* False: the call has been answered with the reason. */
static bool skill_of(struct mcp_call *c, const struct err *e, int status, const struct json *body,
		     struct skill_args *ret_skill, struct skill_manifest_args *ret_manifest)
{
	bool is_resource = str_eq(str_from(c->method->name), S("resources/read"));
	struct skill_data_args data = { 0 };
	struct err *bad = NULL;

	*ret_manifest = (struct skill_manifest_args){ 0 };
	if (!e && status == 404) {
		mcp_error(c, !is_resource || c->era == ERA_STATELESS ? RPC_PARAMS : RPC_NO_RESOURCE,
			  "no skill of this name in the mesh; claudemesh skill list shows them");
		return false;
	}
	if (!e && status == 200)
		bad = json_decode(c->arena, body, skill_data_fields, &data, sizeof(data), NULL);
	if (!bad && data.skill.manifest && data.skill.manifest->type == JSON_OBJ)
		bad = json_decode(c->arena, data.skill.manifest, skill_manifest_fields, ret_manifest,
				  sizeof(*ret_manifest), NULL);
	if (e || bad || status != 200 || !data.skill.present) {
		mcp_error(c, RPC_INTERNAL, "the skill cannot be read now; is the daemon running? "
			  "(claudemesh daemon status)");
		return false;
	}
	*ret_skill = data.skill;
	return true;
}

static void ask_skill(struct mcp_call *c, mcp_done_fn *done)
{
	str uri, name = name_asked(c, &uri);
	struct err *e = may(c, "get");

	if (e) {
		mcp_error(c, RPC_INVALID, "%.*s", STRF(e->text));
		return;
	}
	if (!name.len) {
		mcp_error(c, RPC_PARAMS, uri.ptr ? "resources here are " SKILL_URI "NAME" : "name is missing");
		return;
	}
	mcp_ask(c, S("GET"), arena_printf(c->arena, "/v1/skills/%.*s", STRF(url_encode(c->arena, name))),
		STR_NONE, done);
}

static void put_prompt(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	struct skill_manifest_args manifest;
	struct skill_args skill;
	struct mcp_result r;
	struct buf text;

	if (!skill_of(c, e, status, body, &skill, &manifest))
		return;
	text = buf_make(SKILL_TEXT_MAX);
	skill_prompt(&text, &skill, &manifest);
	mcp_result(c, &r);
	json_put_str(&r.json, "description", skill.description);
	json_key(&r.json, S("messages"));
	json_arr(&r.json);
	json_obj(&r.json);
	json_put_str(&r.json, "role", S("user"));
	json_key(&r.json, S("content"));
	json_obj(&r.json);
	json_put_str(&r.json, "type", S("text"));
	json_put_str(&r.json, "text", buf_str(&text));
	json_obj_end(&r.json);
	json_obj_end(&r.json);
	json_arr_end(&r.json);
	buf_done(&text);
	mcp_result_end(&r);
}

static void prompts_get_run(struct mcp_call *c)
{
	ask_skill(c, put_prompt);
}

static void put_resource(struct mcp_call *c, const struct err *e, int status, const struct json *body)
{
	struct skill_manifest_args manifest;
	struct skill_args skill;
	struct mcp_result r;
	struct buf text;

	if (!skill_of(c, e, status, body, &skill, &manifest))
		return;
	text = buf_make(SKILL_TEXT_MAX);
	skill_file(&text, &skill, &manifest);
	mcp_result(c, &r);
	json_key(&r.json, S("contents"));
	json_arr(&r.json);
	json_obj(&r.json);
	json_put_str(&r.json, "uri", uri_of(c->arena, skill.name));
	json_put_str(&r.json, "mimeType", S("text/markdown"));
	json_put_str(&r.json, "text", buf_str(&text));
	json_obj_end(&r.json);
	json_arr_end(&r.json);
	buf_done(&text);
	mcp_result_end_list(&r);
}

static void resources_read_run(struct mcp_call *c)
{
	ask_skill(c, put_resource);
}

const struct mcp_method mcp_skill_methods[] = {
	{ "prompts/list", IN_BOTH, prompts_list_run, "Lists the mesh's skills as prompts." },
	{ "prompts/get", IN_BOTH, prompts_get_run, "A skill as the text of a prompt." },
	{ "resources/list", IN_BOTH, resources_list_run, "Lists the mesh's skills as resources." },
	{ "resources/read", IN_BOTH, resources_read_run, "A skill as a Markdown file." },
	{ "resources/templates/list", IN_BOTH, templates_list_run, "How the address of a skill is made." },
	{ 0 }
};
