#include "cli/skill.h"

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"
#include "net/url.h"
#include "proto/skill.h"

/* ---- the bundled one ---- */

static struct err *skill_run(struct cli *c, const void *flags UNUSED)
{
	if (c->out.json) {
		json_put_str(out_json(&c->out), "text", str_from(skill_bundled));
		out_json_end(&c->out);
		return NULL;
	}
	out_block(&c->out, 0, str_from(skill_bundled));
	return NULL;
}

const struct command skill_command = {
	.name = "skill",
	.arguments = "",
	.group = GROUP_SKILL,
	COMMAND_FREE,
	.run = skill_run,
	.doc = "Prints what an agent should know of claudemesh.",
	.fields = "text",
};

/* ---- of the mesh ---- */

static struct err *no_such_skill(struct cli *c, str name)
{
	return cli_hint(c, FAIL(c->arena, NOT_FOUND, "the mesh has no skill '%.*s'", STRF(name)),
			"claudemesh skill list");
}

static str joined(struct arena *a, const struct strs *words)
{
	str all = STR_NONE;

	for (size_t i = 0; i < words->n; i++)
		all = arena_printf(a, "%.*s%s%.*s", STRF(all), i ? ", " : "", STRF(words->items[i]));
	return all;
}

/* Asks the broker by itself, where there is no daemon. */
static struct err *visit_once(struct cli *c, const char *type, const struct json_field *fields, const void *args,
			      const struct json_field *reply_fields, void *ret_reply, size_t reply_size)
{
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = visit_call(c->arena, stay.visit, type, fields, args, reply_fields, ret_reply, reply_size);
	visit_close(stay.visit);
	return e;
}

/* "/v1/skills/NAME?mesh=M" */
static struct err *skill_target(struct cli *c, const struct warm *w, str name, str *ret_target)
{
	struct query q = { .name = "mesh" };

	TRY(warm_mesh(c, w, &q.value));
	*ret_target = warm_target(c->arena, arena_printf(c->arena, "/v1/skills/%.*s",
							 STRF(url_encode(c->arena, name))).ptr, &q, 1);
	return NULL;
}

static struct err *ask_list(struct cli *c, str word, struct skill_list_args *ret_list)
{
	const struct list_skills_args args = { .query = word };
	struct query q[] = { { "query", word }, { "mesh", STR_NONE } };
	const struct json *body;
	struct warm w;

	TRY(warm_open(c, &w));
	if (!w.is_up)
		return visit_once(c, "list_skills", list_skills_fields, &args, skill_list_fields, ret_list,
				  sizeof(*ret_list));
	TRY(warm_mesh(c, &w, &q[1].value));
	TRY(warm_get(c, &w, warm_target(c->arena, "/v1/skills", q, ARRAY_LEN(q)), &body));
	return json_decode(c->arena, body, skill_list_fields, ret_list, sizeof(*ret_list), NULL);
}

static struct err *list_run(struct cli *c, const void *flags UNUSED)
{
	struct skill_list_args list;

	TRY(ask_list(c, c->args_n ? c->args[0] : STR_NONE, &list));
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "skills");
		for (size_t i = 0; i < list.skills.n; i++) {
			json_obj(&c->out.json_out);
			json_encode(&c->out.json_out, skill_entry_fields, &list.skills.items[i]);
			json_obj_end(&c->out.json_out);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "skills (%zu)", list.skills.n);
	for (size_t i = 0; i < list.skills.n; i++) {
		const struct skill_entry_args *s = &list.skills.items[i];

		out_span(&c->out, TONE_BOLD, "  %.*s", STRF(s->name));
		out_span(&c->out, TONE_DIM, " \xc2\xb7 by %.*s", STRF(s->author));
		if (s->tags.n)
			out_span(&c->out, TONE_DIM, " [%.*s]", STRF(joined(c->arena, &s->tags)));
		out_end(&c->out);
		out_block(&c->out, 4, s->description);
	}
	if (!list.skills.n)
		out_hint(&c->out, "claudemesh skill share SKILL.md");
	return NULL;
}

const struct command skill_list_command = {
	.name = "skill list",
	.arguments = "[WORD]",
	.group = GROUP_SKILL,
	COMMAND_GATE(READ, "skill", "list"),
	.run = list_run,
	.doc = "Lists the skills of the mesh, or those a word is found in.",
	.fields = "name description tags author createdAt",
};

static struct err *ask_one(struct cli *c, str name, struct skill_data_args *ret_data)
{
	const struct get_skill_args args = { .name = name };
	const struct json *body;
	struct warm w;
	str target;
	struct err *e;

	TRY(warm_open(c, &w));
	if (!w.is_up)
		return visit_once(c, "get_skill", get_skill_fields, &args, skill_data_fields, ret_data,
				  sizeof(*ret_data));
	TRY(skill_target(c, &w, name, &target));
	e = warm_get(c, &w, target, &body);
	if (e && str_eq(err_wire(e), S("skill_not_found"))) {
		*ret_data = (struct skill_data_args){ 0 };
		return NULL;
	}
	TRY(e);
	return json_decode(c->arena, body, skill_data_fields, ret_data, sizeof(*ret_data), NULL);
}

static struct err *get_run(struct cli *c, const void *flags UNUSED)
{
	struct skill_data_args data;

	TRY(ask_one(c, c->args[0], &data));
	if (!data.skill.present)
		return no_such_skill(c, c->args[0]);
	if (c->out.json) {
		json_encode(out_json(&c->out), skill_fields, &data.skill);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "%.*s", STRF(data.skill.name));
	out_kv(&c->out,
	       (struct kv[]){ { "author", data.skill.author },
			      { "created", context_time(c->arena, data.skill.createdAt) },
			      { "tags", joined(c->arena, &data.skill.tags) },
			      { "for", data.skill.description } }, 4);
	out_end(&c->out);
	out_block(&c->out, 0, data.skill.instructions);
	return NULL;
}

const struct command skill_get_command = {
	.name = "skill get",
	.arguments = "NAME",
	.group = GROUP_SKILL,
	COMMAND_GATE(READ, "skill", "get"),
	.run = get_run,
	.doc = "Shows a skill of the mesh with its instructions.",
	.fields = "name description instructions tags author manifest createdAt updatedAt",
};

static struct err *take_away(struct cli *c, str name, bool *ret_removed)
{
	const struct remove_skill_args args = { .name = name };
	struct skill_ack_args ack = { .action = S("") };
	const struct json *body;
	struct warm w;
	str target;
	struct err *e;

	TRY(warm_open(c, &w));
	if (w.is_up) {
		TRY(skill_target(c, &w, name, &target));
		e = warm_send(c, &w, "DELETE", target, NULL, NULL, &body);
		*ret_removed = !e;
		return e && str_eq(err_wire(e), S("skill_not_found")) ? NULL : e;
	}
	TRY(visit_once(c, "remove_skill", remove_skill_fields, &args, skill_ack_fields, &ack, sizeof(ack)));
	*ret_removed = str_eq(ack.action, S("removed"));
	return NULL;
}

static struct err *remove_run(struct cli *c, const void *flags UNUSED)
{
	bool removed;

	TRY(take_away(c, c->args[0], &removed));
	if (!removed)
		return no_such_skill(c, c->args[0]);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "name", c->args[0]);
		json_put_bool(j, "removed", true);
		out_json_end(&c->out);
	}
	out_ok(&c->out, STR_NONE, "removed %.*s", STRF(c->args[0]));
	return NULL;
}

const struct command skill_remove_command = {
	.name = "skill remove",
	.arguments = "NAME",
	.group = GROUP_SKILL,
	COMMAND_GATE(WRITE, "skill", "remove"),
	.run = remove_run,
	.doc = "Removes a skill from the mesh; its author or an admin may.",
	.fields = "name removed",
};
