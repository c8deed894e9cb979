#include "cli/commands.h"
#include "cli/context.h"

#include "proto/peer.h"

static const struct {
	const char *word;
	bool visible;
} words[] = {
	{ "true", true }, { "yes", true }, { "1", true }, { "on", true },
	{ "false", false }, { "no", false }, { "0", false }, { "off", false },
};

static struct err *read_word(struct arena *a, str typed, bool *ret_visible)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(typed, str_from(words[i].word))) {
			*ret_visible = words[i].visible;
			return NULL;
		}
	}
	return FAIL(a, BAD_REQUEST, "'%.*s' is neither true nor false", STRF(typed));
}

static struct err *visible_run(struct cli *c, const void *flags UNUSED)
{
	struct set_visible_args args = { .scope = SCOPE_MEMBER };
	struct stay stay;
	bool confirmed;
	struct err *e;

	TRY(read_word(c->arena, c->args[0], &args.visible));
	TRY(stay_open(c, &stay));
	e = visit_tell(c->arena, stay.visit, "set_visible", set_visible_fields, &args, &confirmed);
	visit_close(stay.visit);
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_bool(j, "visible", args.visible);
		json_put_bool(j, "confirmed", confirmed);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, confirmed ? STR_NONE : S("this broker does not confirm it"), "%s",
	       args.visible ? "you are listed again"
			    : "you are hidden: not listed for others, not reached by '*' and '@group'");
	return NULL;
}

const struct command visible_command = {
	.name = "visible",
	.aliases = "profile visible",
	.arguments = "true|false",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "profile", "visible"),
	.run = visible_run,
	.doc = "Shows you in the others' peer lists, or hides you.",
	.more = "Hidden, you still get what is sent to you directly, but nothing for '*' or\n"
		"a group. It holds for all your sessions, until you change it.",
};
