#include "cli/commands.h"
#include "cli/argument.h"
#include "cli/context.h"
#include "cli/warm.h"

#include "proto/peer.h"

static struct err *visible_run(struct cli *c, const void *flags UNUSED)
{
	struct set_visible_args args = { .scope = SCOPE_MEMBER };
	const struct json visible = { .type = JSON_BOOL, .b = true }, hidden = { .type = JSON_BOOL };
	struct local_profile_args profile = { 0 };
	struct warm warm;
	struct stay stay;
	bool confirmed;
	struct err *e;

	if (!argument_bool(c->args[0], &args.visible))
		return argument_check(c->arena, S("true|false"), c->args[0]);
	TRY(warm_open(c, &warm));
	if (warm.is_up) {
		profile.visible = args.visible ? &visible : &hidden;
		TRY(warm_profile(c, &warm, &profile, &confirmed));
	} else {
		TRY(stay_open(c, &stay));
		e = visit_tell(c->arena, stay.visit, "set_visible", set_visible_fields, &args,
			       &confirmed);
		visit_close(stay.visit);
		TRY(e);
	}
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
	.fields = "visible confirmed",
};
