#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

#include "proto/peer.h"

static struct err *summary_run(struct cli *c, const void *flags UNUSED)
{
	struct set_summary_args args = { .scope = SCOPE_MEMBER };
	struct local_profile_args profile = { 0 };
	struct warm warm;
	struct stay stay;
	bool confirmed;
	struct err *e;

	TRY(cli_text(c, c->args[0], SUMMARY_BYTES_MAX, &args.summary));
	TRY(warm_open(c, &warm));
	if (warm.is_up) {
		profile.summary = args.summary.ptr ? args.summary : S("");
		TRY(warm_profile(c, &warm, &profile, &confirmed));
	} else {
		TRY(stay_open(c, &stay));
		e = visit_tell(c->arena, stay.visit, "set_summary", set_summary_fields, &args, &confirmed);
		visit_close(stay.visit);
		TRY(e);
	}
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "summary", args.summary);
		json_put_bool(j, "confirmed", confirmed);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, confirmed ? STR_NONE : S("this broker does not confirm it"), "summary %s",
	       str_empty(args.summary) ? "cleared" : "set");
	return NULL;
}

const struct command summary_command = {
	.name = "summary",
	.aliases = "profile summary",
	.arguments = "TEXT...",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "profile", "summary"),
	.run = summary_run,
	.doc = "Tells the others in one line what you do; '' clears it.",
	.fields = "summary confirmed",
};
