#include "mcp/skill_text.h"

/* A YAML double-quoted scalar: JSON's escapes are YAML's, too. */
static void add_scalar(struct buf *b, const char *key, str value)
{
	struct json_out o = json_out(b);

	if (!value.len)
		return;
	buf_printf(b, "%s: ", key);
	json_str(&o, value);
	buf_add_byte(b, '\n');
}

static void add_list(struct buf *b, const char *key, const struct strs *list)
{
	if (!list->n)
		return;
	buf_printf(b, "%s:\n", key);
	for (size_t i = 0; i < list->n; i++) {
		struct json_out o = json_out(b);

		buf_add(b, S("  - "));
		json_str(&o, list->items[i]);
		buf_add_byte(b, '\n');
	}
}

/* All but the description, which skill and manifest both have. */
static void add_manifest(struct buf *b, const struct skill_manifest_args *m)
{
	add_scalar(b, "when_to_use", m->when_to_use);
	add_list(b, "allowed-tools", &m->allowed_tools);
	add_scalar(b, "model", m->model);
	add_scalar(b, "context", m->context);
	add_scalar(b, "agent", m->agent);
	if (m->user_invocable && m->user_invocable->type == JSON_BOOL && !m->user_invocable->b)
		buf_add(b, S("user-invocable: false\n"));
	add_scalar(b, "argument-hint", m->argument_hint);
}

static void add_fork(struct buf *b, const struct skill_manifest_args *m)
{
	if (!str_eq(m->context, S("fork")))
		return;
	buf_printf(b, "Run this skill in a sub-agent of its own, of type %.*s",
		   STRF(m->agent.len ? m->agent : S("general-purpose")));
	if (m->model.len)
		buf_printf(b, ", with the model %.*s", STRF(m->model));
	for (size_t i = 0; i < m->allowed_tools.n; i++)
		buf_printf(b, "%s%.*s", i ? ", " : ", with these tools only: ", STRF(m->allowed_tools.items[i]));
	buf_add(b, S(". Give it the text below and report what it returns.\n\n"));
}

void skill_prompt(struct buf *b, const struct skill_args *s, const struct skill_manifest_args *m)
{
	size_t start;

	buf_add(b, S("---\n"));
	start = b->len;
	add_scalar(b, "description", m->description);
	add_manifest(b, m);
	if (b->len == start)
		b->len = start - 4; /* nothing to say */
	else
		buf_add(b, S("---\n\n"));
	add_fork(b, m);
	buf_add(b, s->instructions);
}

void skill_file(struct buf *b, const struct skill_args *s, const struct skill_manifest_args *m)
{
	buf_add(b, S("---\n"));
	add_scalar(b, "name", s->name);
	add_scalar(b, "description", m->description.len ? m->description : s->description);
	add_list(b, "tags", &s->tags);
	add_manifest(b, m);
	buf_add(b, S("---\n\n"));
	buf_add(b, s->instructions);
}
