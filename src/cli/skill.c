#include "cli/skill.h"

#include "cli/commands.h"
#include "cli/context.h"
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

static struct err *list_run(struct cli *c, const void *flags UNUSED)
{
	struct list_skills_args args = { .query = c->args_n ? c->args[0] : STR_NONE };
	struct skill_list_args list;
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = visit_call(c->arena, stay.visit, "list_skills", list_skills_fields, &args, skill_list_fields, &list,
		       sizeof(list));
	visit_close(stay.visit);
	TRY(e);
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

static struct err *get_run(struct cli *c, const void *flags UNUSED)
{
	struct get_skill_args args = { .name = c->args[0] };
	struct skill_data_args data;
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = visit_call(c->arena, stay.visit, "get_skill", get_skill_fields, &args, skill_data_fields, &data,
		       sizeof(data));
	visit_close(stay.visit);
	TRY(e);
	if (!data.skill.present)
		return no_such_skill(c, args.name);
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
};

static struct err *remove_run(struct cli *c, const void *flags UNUSED)
{
	struct remove_skill_args args = { .name = c->args[0] };
	struct skill_ack_args ack;
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = visit_call(c->arena, stay.visit, "remove_skill", remove_skill_fields, &args, skill_ack_fields, &ack,
		       sizeof(ack));
	visit_close(stay.visit);
	TRY(e);
	if (!str_eq(ack.action, S("removed")))
		return no_such_skill(c, args.name);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "name", args.name);
		json_put_bool(j, "removed", true);
		out_json_end(&c->out);
	}
	out_ok(&c->out, STR_NONE, "removed %.*s", STRF(args.name));
	return NULL;
}

const struct command skill_remove_command = {
	.name = "skill remove",
	.arguments = "NAME",
	.group = GROUP_SKILL,
	COMMAND_GATE(WRITE, "skill", "remove"),
	.run = remove_run,
	.doc = "Removes a skill from the mesh; its author or an admin may.",
};
