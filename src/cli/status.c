#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

#include "client/validate.h"
#include "proto/peer.h"

static struct err *status_set_run(struct cli *c, const void *flags UNUSED)
{
	struct set_status_args args = { .scope = SCOPE_MEMBER };
	struct invalid why;
	struct local_profile_args profile = { 0 };
	struct warm warm;
	struct stay stay;
	bool confirmed;
	struct err *e;

	if (!valid_status(c->arena, c->args[0], &args.status, &why))
		return invalid_err(c->arena, &why);
	TRY(warm_open(c, &warm));
	if (warm.is_up) {
		profile.status = str_from(status_words[args.status]);
		TRY(warm_profile(c, &warm, &profile, &confirmed));
	} else {
		TRY(stay_open(c, &stay));
		e = visit_tell(c->arena, stay.visit, "set_status", set_status_fields, &args, &confirmed);
		visit_close(stay.visit);
		TRY(e);
	}
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "status", enum_word(status_words, (int)args.status));
		json_put_bool(j, "confirmed", confirmed);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, confirmed ? STR_NONE : S("this broker does not confirm it"),
	       "status set to %s", status_words[args.status]);
	return NULL;
}

const struct command status_set_command = {
	.name = "status set",
	.aliases = "profile status set",
	.arguments = "STATUS",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "profile", "status"),
	.run = status_set_run,
	.doc = "Sets your status: idle, working or dnd.",
	.more = "With dnd only messages of priority 'now' are brought to you;\n"
		"'inbox' shows the others. 'working' does the same for a minute.",
	.fields = "status confirmed",
};
